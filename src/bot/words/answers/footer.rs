//! The small print under an answer.

use crate::bot::conversation::transcript::small_print;
use crate::bot::conversation::voice_questions::HeardSound;
use crate::bot::words::files::{self, name_in_footer};
use crate::bot::words::keys::skip_reason::bare_reason;
use crate::bot::words::speech::formats::{cost, plain_model};
use crate::bot::words::speech::voice::Voice;
use crate::model::{
    Answer, BrokenAnswer, FellBack, FinishReason, LeftOut, ProviderId, Source, UnpaidChoice, Usage,
    WhyFellBack, WhyUnpaid,
};

/// The small print under an answer: model, whose key, tokens, price.
pub fn footer(voice: Voice<'_>, answer: &Answer) -> String {
    let lang = voice.lang;
    let mut parts = vec![
        model_part(voice, &answer.provider, &answer.model),
        payer_part(voice, answer.source),
        tokens_part(voice, &answer.usage, answer.estimated),
        cost(voice, answer.cost),
    ];
    let cut = match answer.finish {
        FinishReason::Complete => None,
        FinishReason::Length => Some(lang.words("cut at the length limit")),
        FinishReason::Blocked => Some(lang.words("partly withheld by the provider")),
    };
    parts.extend(cut.map(str::to_owned));
    let passed = answer.fell_back_from.iter();
    parts.extend(passed.map(|passed| fell_back(voice, passed)));
    parts.extend(answer.unpaid_choice.as_ref().map(|it| unpaid(voice, it)));
    let told_less = answer.left_out.iter();
    parts.extend(told_less.filter_map(|what| left_out(voice, what)));
    parts.extend(files::left_out_files(voice, &answer.left_out));
    small_print(&parts.join(" · "))
}

/// Who wrote down a sound that an answer is to, and what that cost.
pub fn heard_line(voice: Voice<'_>, heard: &HeardSound) -> String {
    let HeardSound { voice: heard, file } = heard;
    let payer = &heard.payer;
    let what = match file {
        None => voice.lang.words("voice message written down").to_owned(),
        Some(file) => voice
            .lang
            .say("`{file}` written down", &[("file", &name_in_footer(file))]),
    };
    let parts = [
        what,
        model_part(voice, &payer.provider, &payer.model),
        payer_part(voice, payer.source),
        cost(voice, heard.cost),
    ];
    small_print(&parts.join(" · "))
}

fn model_part(voice: Voice<'_>, provider: &ProviderId, model: &str) -> String {
    format!("{} {}", voice.name(provider), plain_model(model))
}

fn payer_part(voice: Voice<'_>, source: Source) -> String {
    format!("{} {}", mark(source), voice.source(source))
}

fn tokens_part(voice: Voice<'_>, usage: &Usage, estimated: bool) -> String {
    let tokens = if estimated {
        "about {input} tokens in, {output} out"
    } else {
        "{input} tokens in, {output} out"
    };
    let (input, output) = (&usage.input_tokens, &usage.output_tokens);
    voice
        .lang
        .say(tokens, &[("input", input), ("output", output)])
}

/// A payer that could not pay, and why.
pub fn fell_back(voice: Voice<'_>, passed: &FellBack) -> String {
    let values: &[(&str, &dyn std::fmt::Display)] = &[
        ("source", &voice.source(passed.source)),
        ("provider", &voice.name(&passed.provider)),
    ];
    let sentence = match passed.why {
        WhyFellBack::Restricted => "{source} for {provider} may not do this",
        WhyFellBack::TurnedDown => "{source} for {provider} was turned down",
        WhyFellBack::Damaged => "{source} for {provider} is damaged",
        WhyFellBack::Limit => "{source} for {provider} has reached its limit",
    };
    voice.lang.say(sentence, values)
}

/// A model that was chosen and did not answer, why, and how to choose another.
fn unpaid(voice: Voice<'_>, choice: &UnpaidChoice) -> String {
    let lang = voice.lang;
    let provider = voice.name(&choice.provider);
    let why = match choice.why {
        WhyUnpaid::NoKey => lang.say("no key pays for {provider}", &[("provider", &provider)]),
        WhyUnpaid::NotAllowed => lang
            .words("the bot's operator does not allow it")
            .to_owned(),
        WhyUnpaid::Skipped(source, skip) => {
            let values: &[(&str, &dyn std::fmt::Display)] = &[
                ("source", &voice.source(source)),
                ("why", &bare_reason(voice, skip)),
            ];
            lang.say("the {source} {why}", values)
        }
    };
    let model = format!("{}/{}", choice.provider, plain_model(&choice.model));
    lang.say(
        "`{model}`, which is chosen here, did not answer: {why}; `/model set` chooses another",
        &[("model", &model), ("why", &why)],
    )
}

/// Who pays, at a glance.
pub fn mark(source: Source) -> &'static str {
    match source {
        Source::Request => "🔑",
        Source::Personal => "👤",
        Source::Server => "🏠",
        Source::BotDefault => "🤖",
        Source::Demo => "🎭",
    }
}

/// What the model was not told, but for files.
fn left_out(voice: Voice<'_>, what: &LeftOut) -> Option<String> {
    let words = match what {
        LeftOut::Older => "older messages were left out",
        LeftOut::Pictures => "pictures were left out: this model sees none",
        LeftOut::RefusedPictures => {
            "pictures of earlier messages were left out: the provider can't read one of them"
        }
        LeftOut::Unread => "what was said before could not be read just now",
        LeftOut::Deleted => "the message that this replies to was deleted",
        LeftOut::Hidden => "a message that Discord doesn't show me was left out",
        LeftOut::File(_) => return None,
    };
    Some(voice.lang.words(words).to_owned())
}

/// What stands under a demo reply.
pub fn demo_footer(voice: Voice<'_>) -> String {
    let words = voice.lang.words("demo reply · no model was asked · free");
    small_print(&format!("{} {words}", mark(Source::Demo)))
}

/// What stands under an answer that broke off: why, and, where it was charged
/// for, what a whole answer has there.
pub fn broken_off_footer(voice: Voice<'_>, why: &str, broken: Option<&BrokenAnswer>) -> String {
    let words = "The answer stops here. {why}";
    let stops = small_print(&voice.lang.say(words, &[("why", &why)]));
    let Some(broken) = broken else {
        return stops;
    };
    let parts = [
        model_part(voice, &broken.provider, &broken.model),
        payer_part(voice, broken.source),
        tokens_part(voice, &broken.usage, broken.estimated),
        cost(voice, broken.cost),
        voice.lang.words("broken off").to_owned(),
    ];
    format!("{stops}\n{}", small_print(&parts.join(" · ")))
}

/// What stands under the beginning of a long answer.
pub fn continued_in_file(voice: Voice<'_>) -> String {
    let words = "This is the beginning; the whole answer is in the file.";
    small_print(voice.lang.words(words))
}

/// Stands under the beginning of a long answer whose file could not be
/// attached.
pub fn continued_directly(voice: Voice<'_>) -> String {
    let words = "This is the beginning; the rest could not be attached here, so whoever asked has the whole answer directly.";
    small_print(voice.lang.words(words))
}

/// Stands under the beginning of a long answer whose file could be sent to
/// nobody.
pub fn continued_nowhere(voice: Voice<'_>) -> String {
    let words = "This is the beginning; the rest could not be attached: it may be too large, or I may not attach files here, which whoever manages the server can allow.";
    small_print(voice.lang.words(words))
}
