//! The small print under an answer.

use crate::bot::conversation::transcript::small_print;
use crate::bot::words::files;
use crate::bot::words::formats::{cost, plain_model};
use crate::bot::words::voice::Voice;
use crate::model::{Answer, FellBack, FinishReason, LeftOut, Source, WhyFellBack};

/// The small print under an answer: model, whose key, tokens, price.
pub fn footer(voice: Voice<'_>, answer: &Answer) -> String {
    let lang = voice.lang;
    let provider = voice.name(&answer.provider);
    let model = plain_model(&answer.model);
    let mut parts = vec![
        format!("{provider} {model}"),
        format!("{} {}", mark(answer.source), voice.source(answer.source)),
    ];
    let tokens = if answer.estimated {
        "about {input} tokens in, {output} out"
    } else {
        "{input} tokens in, {output} out"
    };
    parts.push(lang.say(
        tokens,
        &[
            ("input", &answer.usage.input_tokens),
            ("output", &answer.usage.output_tokens),
        ],
    ));
    parts.push(cost(voice, answer.cost));
    let cut = match answer.finish {
        FinishReason::Complete => None,
        FinishReason::Length => Some(lang.words("cut at the length limit")),
        FinishReason::Blocked => Some(lang.words("partly withheld by the provider")),
    };
    parts.extend(cut.map(str::to_owned));
    let passed = answer.fell_back_from.iter();
    parts.extend(passed.map(|passed| fell_back(voice, passed)));
    let told_less = answer.left_out.iter();
    parts.extend(told_less.filter_map(|what| left_out(voice, what)));
    parts.extend(files::left_out_files(voice, &answer.left_out));
    small_print(&parts.join(" · "))
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

/// What stands under an answer that broke off.
pub fn broken_off_footer(voice: Voice<'_>, why: &str) -> String {
    let words = "The answer stops here. {why}";
    small_print(&voice.lang.say(words, &[("why", &why)]))
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

/// The same, where nobody could be sent the file either.
pub fn continued_nowhere(voice: Voice<'_>) -> String {
    let words = "This is the beginning; the rest could not be attached: it may be too large, or I may not attach files here, which whoever manages the server can allow.";
    small_print(voice.lang.words(words))
}
