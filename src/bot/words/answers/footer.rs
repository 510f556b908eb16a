//! Words around an answer: its footer, and what went wrong on the way.

use crate::app::Demotion;
use crate::bot::connection::card::Card;
use crate::bot::conversation::transcript::small_print;
use crate::model::{
    Answer, FellBack, Finish, Health, LeftOut, NanoDollars, Owner, Source, WhyFellBack,
};

use crate::bot::words::Voice;

/// The longest name of a model that is shown.
const MODEL_CHARACTERS_MAX: usize = 80;

/// Nobody wants to count the zeros of less: a hundredth of a cent.
const SMALL: NanoDollars = NanoDollars(100_000);

/// The small print under an answer: model, whose key, tokens.
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
    match answer.finish {
        Finish::Complete => {}
        Finish::Length => parts.push(lang.words("cut at the length limit").to_owned()),
        Finish::Blocked => parts.push(lang.words("partly withheld by the provider").to_owned()),
    }
    let passed = answer.fell_back_from.iter();
    parts.extend(passed.map(|passed| fell_back(voice, passed)));
    let told_less = answer.left_out.iter();
    parts.extend(told_less.map(|what| left_out(voice, *what).to_owned()));
    small_print(&parts.join(" · "))
}

/// A payer that could not pay, and why.
pub fn fell_back(voice: Voice<'_>, passed: &FellBack) -> String {
    let values: &[(&str, &dyn std::fmt::Display)] = &[
        ("source", &voice.source(passed.source)),
        ("provider", &voice.name(&passed.provider)),
    ];
    let sentence = match passed.why {
        WhyFellBack::TurnedDown => "{source} for {provider} was turned down",
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

/// What an answer cost.
pub fn cost(voice: Voice<'_>, cost: Option<NanoDollars>) -> String {
    match cost {
        None => voice.lang.words("price unknown").to_owned(),
        Some(NanoDollars(0)) => voice.lang.words("free").to_owned(),
        Some(cost) if cost < SMALL => voice.lang.say("under {cost}", &[("cost", &SMALL)]),
        Some(cost) => cost.to_string(),
    }
}

/// A model's name as its provider gave it: hostile until shown otherwise.
pub fn plain_model(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(*c);
    name.chars()
        .filter(plain)
        .take(MODEL_CHARACTERS_MAX)
        .collect()
}

/// The model said nothing at all.
pub fn no_answer(voice: Voice<'_>) -> String {
    voice
        .lang
        .words("*The model gave an empty answer. Try other words.*")
        .to_owned()
}

/// A fixed reply, where there is no key at all.
pub fn demo(voice: Voice<'_>) -> String {
    let text = "This is a demo reply: no model was asked, since nobody has a key here yet.\n\
        With a key I answer questions, continue conversations when you reply to me or write to me directly, \
        and use the persona and model that you choose.\n\
        **Add a key in a minute**: `/keys add provider:… scope:user` opens a form and shows where to get one; \
        it is stored encrypted, and only you can use it. Whoever manages a server shares one with `scope:guild`.";
    voice.lang.words(text).to_owned()
}

/// What stands under a demo reply.
pub fn demo_footer(voice: Voice<'_>) -> String {
    let words = voice.lang.words("demo reply · no model was asked · free");
    small_print(&format!("{} {words}", mark(Source::Demo)))
}

/// What stands under an answer that broke off.
pub fn broken_off(voice: Voice<'_>, why: &str) -> String {
    let words = "The answer stops here. {why}";
    small_print(&voice.lang.say(words, &[("why", &why)]))
}

/// What stands under the beginning of a long answer.
pub fn in_a_file(voice: Voice<'_>) -> String {
    let words = "This is the beginning; the whole answer is in the file.";
    small_print(voice.lang.words(words))
}

/// What the file of a long answer is.
pub fn whole_answer(voice: Voice<'_>) -> String {
    voice.lang.words("The whole answer").to_owned()
}

/// What the file of a long question is.
pub fn whole_question(voice: Voice<'_>) -> String {
    voice.lang.words("The whole question").to_owned()
}

/// Stands in a channel where the reason for a no is nobody else's business.
pub fn written_directly(voice: Voice<'_>, told: bool) -> Card {
    Card::text(voice.lang.words(if told {
        "I could not answer; I wrote you directly why."
    } else {
        "I could not answer, and you take no direct messages from me. `/keys status` says who pays here."
    }))
}

/// Nothing was asked.
pub fn how_to_talk(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Write what you want to know after my name, or reply to a message and mention me. `/ask` works too.",
    ))
}

/// What the model was not told.
fn left_out(voice: Voice<'_>, what: LeftOut) -> &str {
    voice.lang.words(match what {
        LeftOut::Older => "older messages were left out",
        LeftOut::Pictures => "pictures were left out: this model sees none",
        LeftOut::TooLarge => "a file was too large to read",
        LeftOut::Unreadable => "a file is neither text nor a picture",
        LeftOut::Hidden => "a message that Discord doesn't show me was left out",
    })
}

/// Stands where an answer was promised to everyone, when the reason it does
/// not come is about a key.
pub fn continued_privately(voice: Voice<'_>) -> Card {
    Card::text(
        voice
            .lang
            .words("I could not answer; only the person who asked can see why."),
    )
}

/// Tells whoever asked that their key stopped working.
pub fn demoted(voice: Voice<'_>, demotion: &Demotion) -> Card {
    let sentence = match demotion.health {
        Health::OutOfCredit => {
            "Your {provider} key is out of credit, so I stopped using it. \
             Top it up, then run `/keys test provider:{id}`."
        }
        _ => {
            "{provider} no longer accepts your key, so I stopped using it. \
             Replace it with `/keys add provider:{id} scope:user`, or try it again with `/keys test provider:{id}`."
        }
    };
    words(voice, demotion, sentence)
}

/// Tells whoever added a key, in a direct message, that it stopped working.
pub fn demoted_directly(voice: Voice<'_>, demotion: &Demotion) -> Card {
    match (demotion.owner, demotion.health) {
        (Owner::Person(_), _) => demoted(voice, demotion),
        (Owner::Server(_), Health::OutOfCredit) => words(
            voice,
            demotion,
            "The {provider} key that you added to a server is out of credit, so I stopped using it. \
             Top it up, then run `/keys test provider:{id} scope:guild` there.",
        ),
        (Owner::Server(_), _) => words(
            voice,
            demotion,
            "{provider} no longer accepts the key that you added to a server, so I stopped using it. \
             Replace it there with `/keys add provider:{id} scope:guild`.",
        ),
    }
}

fn words(voice: Voice<'_>, demotion: &Demotion, sentence: &str) -> Card {
    let provider = voice.name(&demotion.provider);
    Card::text(voice.lang.say(
        sentence,
        &[("provider", &provider), ("id", &demotion.provider)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_name_for_a_model_cannot_spoil_the_message() {
        assert_eq!(
            plain_model("openai/gpt-oss-120b:free"),
            "openai/gpt-oss-120b:free"
        );
        assert_eq!(plain_model("x\n# <@1> **big**"), "x@1big");
        assert_eq!(plain_model(&"x".repeat(5_000)).len(), MODEL_CHARACTERS_MAX);
    }
}
