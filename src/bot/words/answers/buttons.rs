//! What stands under an answer: its buttons, and what they show.

use std::fmt::Display;

use crate::app::{ModelChoice, OwnAttempt};
use crate::bot::answers::split;
use crate::bot::connection::card::{Button, ButtonStyle, Card, Choice, Select};
use crate::bot::conversation::transcript::small_print;
use crate::bot::interactions::custom_id::CustomId;
use crate::model::{AnswerRecord, NanoDollars, Step, Verdict};

use crate::bot::words::Voice;
use crate::bot::words::answers::footer::{cost, plain_model};
use crate::bot::words::choices::model_name;
use crate::bot::words::refusal::skip_reason;

/// Discord's most options of a menu.
const OPTIONS_MAX: usize = 25;

/// Under an answer that grows.
pub fn growing(voice: Voice<'_>, id: &str) -> Vec<Button> {
    vec![button(voice, "Stop", &CustomId::StopAnswer(id.to_owned()))]
}

/// Under an answer that has ended.
pub fn ended(voice: Voice<'_>, id: &str) -> Vec<Button> {
    let id = || id.to_owned();
    vec![
        button(voice, "Again", &CustomId::RepeatAnswer(id())),
        button(voice, "Other model", &CustomId::OtherModel(id())),
        button(voice, "Details", &CustomId::AnswerDetails(id())),
    ]
}

pub fn button(voice: Voice<'_>, label: &str, id: &CustomId) -> Button {
    Button {
        label: voice.lang.words(label).to_owned(),
        custom_id: id.write(),
        style: ButtonStyle::Secondary,
    }
}

/// An answer that a restart broke off.
pub fn ends_here(voice: Voice<'_>, text: &str, id: &str) -> Card {
    let why = "The answer stops here: I was restarted. **Again** asks once more.";
    let why = small_print(voice.lang.words(why));
    let shown = split::split(text, split::LIMIT - split::units(&why) - 1);
    let text = shown
        .first()
        .map_or(String::new(), |shown| format!("{shown}\n"));
    Card {
        text: text + &why,
        buttons: ended(voice, id),
        ..Card::default()
    }
}

/// Somebody's other question is answered first.
pub fn in_line(voice: Voice<'_>) -> Card {
    Card::text(
        voice.lang.words(
            "⏳ One after the other: this comes as soon as what was asked before is answered.",
        ),
    )
}

/// A menu of models.
pub fn choose_model(voice: Voice<'_>, id: &str, models: &[ModelChoice]) -> Card {
    if models.is_empty() {
        return Card::text(voice.lang.words(
            "Nobody has a key here that can pay for another model. `/keys add` adds yours.",
        ));
    }
    let choices = models.iter().take(OPTIONS_MAX).map(|model| Choice {
        label: model_name(voice, model),
        value: model.full(),
    });
    Card {
        text: voice.lang.words("Which model should answer?").to_owned(),
        select: Some(Select {
            custom_id: CustomId::ModelMenu(id.to_owned()).write(),
            placeholder: voice.lang.words("A model").to_owned(),
            choices: choices.collect(),
        }),
        ..Card::default()
    }
}

/// Who could have paid, and what was used.
pub fn details(voice: Voice<'_>, answer: &AnswerRecord, used: Option<&OwnAttempt>) -> Card {
    let lang = voice.lang;
    let mut lines = Vec::new();
    if let Some(used) = used {
        let model = plain_model(&used.model);
        let price = cost(voice, used.cost_nano.map(NanoDollars));
        let estimated = if used.estimated {
            lang.words(" (estimated)")
        } else {
            ""
        };
        let values: &[(&str, &dyn Display)] = &[
            ("model", &model),
            ("input", &used.input_tokens),
            ("output", &used.output_tokens),
            ("estimated", &estimated),
            ("price", &price),
        ];
        lines.push(lang.say(
            "**{model}**: {input} tokens in, {output} out{estimated}, {price}.",
            values,
        ));
        if let (Some(first), Some(all)) = (used.first_byte_ms, used.duration_ms) {
            let values: &[(&str, &dyn Display)] =
                &[("first", &seconds(first)), ("all", &seconds(all))];
            lines.push(lang.say(
                "First words after {first} s, all of it after {all} s.",
                values,
            ));
        }
    }
    lines.push(lang.words("Who could pay, in this order:").to_owned());
    lines.extend(answer.trace.0.iter().map(|step| verdict(voice, step)));
    if answer.trace.0.is_empty() {
        lines.push(
            lang.words("- It was broken off before that was written down.")
                .to_owned(),
        );
    }
    Card::text(lines.join("\n"))
}

fn verdict(voice: Voice<'_>, step: &Step) -> String {
    let why = match step.verdict {
        Verdict::Taken => voice.lang.words("pays").to_owned(),
        Verdict::Behind => voice.lang.words("waits behind it").to_owned(),
        Verdict::Absent => voice.lang.words("none").to_owned(),
        Verdict::Skipped(skip) => skip_reason(voice, skip).to_owned(),
    };
    let values: &[(&str, &dyn Display)] = &[
        ("provider", &voice.name(&step.provider)),
        ("source", &voice.source(step.source)),
        ("why", &why),
    ];
    voice.lang.say("- {provider}, {source}: {why}", values)
}

/// Tenths are enough.
fn seconds(ms: i64) -> String {
    format!("{}.{}", ms / 1_000, ms % 1_000 / 100)
}
