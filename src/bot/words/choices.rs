//! Words about chosen models and personas.

use std::fmt::Display;

use crate::app::{ModelChoice, Persona};
use crate::bot::connection::card::Card;
use crate::model::{Choice, ChoiceKind, ChoiceScope};

use crate::bot::words::Voice;
use crate::bot::words::answers::footer::plain_model;

/// How many usable models are named.
const MODELS_SHOWN: usize = 20;

/// A model with its provider's name.
pub fn model_name(voice: Voice<'_>, model: &ModelChoice) -> String {
    format!(
        "{} {}",
        voice.name(&model.provider),
        plain_model(&model.model)
    )
}

/// What is chosen, and what could be.
pub fn models(voice: Voice<'_>, chosen: &[Choice], usable: &[ModelChoice]) -> Card {
    let lang = voice.lang;
    let mut lines = chosen_lines(voice, ChoiceKind::Model, chosen);
    if lines.is_empty() {
        lines.push(lang.words("No model is chosen here: the first provider that somebody can pay for answers, with its default.").to_owned());
    }
    let mut names: Vec<String> = usable
        .iter()
        .take(MODELS_SHOWN)
        .map(|it| format!("`{}`", it.full()))
        .collect();
    if usable.len() > MODELS_SHOWN {
        names.push(lang.say(
            "and {count} more",
            &[("count", &(usable.len() - MODELS_SHOWN))],
        ));
    }
    lines.push(if names.is_empty() {
        lang.words("Nobody has a key here, so no model can answer. `/keys add` adds yours.")
            .to_owned()
    } else {
        lang.say("You can use {models}.", &[("models", &names.join(", "))])
    });
    Card::text(lines.join("\n"))
}

/// All personas, and the chosen one.
pub fn personas(voice: Voice<'_>, all: &[Persona], chosen: &[Choice]) -> Card {
    let mut lines = chosen_lines(voice, ChoiceKind::Persona, chosen);
    lines.extend(
        all.iter()
            .map(|it| format!("- **{}**: {}", it.name, it.description)),
    );
    lines.push(
        voice
            .lang
            .words("Use one with `/ask persona:`, or for a whole channel with `/persona set`.")
            .to_owned(),
    );
    Card::text(lines.join("\n"))
}

/// Something was chosen.
pub fn chosen(voice: Voice<'_>, kind: ChoiceKind, scope: ChoiceScope, value: &str) -> Card {
    let sentence = match (kind, scope) {
        (ChoiceKind::Model, ChoiceScope::Person(_)) => {
            "`{value}` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back."
        }
        (ChoiceKind::Model, ChoiceScope::Channel(_)) => {
            "`{value}` answers in this channel from now on, unless somebody chose another for themselves. `/model reset for:channel` takes that back."
        }
        (ChoiceKind::Model, ChoiceScope::Server(_)) => {
            "`{value}` answers in this server from now on, unless a channel or somebody chose another. `/model reset for:server` takes that back."
        }
        (ChoiceKind::Persona, ChoiceScope::Person(_)) => {
            "You are answered as `{value}` from now on. `/persona reset for:me` takes that back."
        }
        (ChoiceKind::Persona, ChoiceScope::Channel(_)) => {
            "This channel is answered as `{value}` from now on. `/persona reset` takes that back."
        }
        (ChoiceKind::Persona, ChoiceScope::Server(_)) => {
            "This server is answered as `{value}` from now on. `/persona reset for:server` takes that back."
        }
    };
    let value = value.replace('`', "'");
    Card::text(voice.lang.say(sentence, &[("value", &value)]))
}

/// A choice was taken back.
pub fn unchosen(voice: Voice<'_>, kind: ChoiceKind, scope: ChoiceScope) -> Card {
    let values: &[(&str, &dyn Display)] = &[("whom", &whom(voice, scope))];
    Card::text(match kind {
        ChoiceKind::Model => voice
            .lang
            .say("No model is chosen for {whom} any more.", values),
        ChoiceKind::Persona => voice
            .lang
            .say("No persona is chosen for {whom} any more.", values),
    })
}

fn chosen_lines(voice: Voice<'_>, kind: ChoiceKind, chosen: &[Choice]) -> Vec<String> {
    let of_kind = chosen.iter().filter(|it| it.kind == kind);
    let line = |it: &Choice| {
        let value = it.value.replace('`', "'");
        voice.lang.say(
            "Chosen for {whom}: `{value}`.",
            &[("whom", &whom(voice, it.scope)), ("value", &value)],
        )
    };
    of_kind.map(line).collect()
}

fn whom(voice: Voice<'_>, scope: ChoiceScope) -> &str {
    voice.lang.words(match scope {
        ChoiceScope::Person(_) => "you",
        ChoiceScope::Channel(_) => "this channel",
        ChoiceScope::Server(_) => "this server",
    })
}
