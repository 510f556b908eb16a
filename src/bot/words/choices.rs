//! Words about chosen models and personas.

use std::fmt::Display;

use crate::app::{ChosenModel, ModelChoice, ModelStanding, ModelUsers, Persona};
use crate::bot::connection::wire::card::{Card, Choice as MenuChoice, Select};
use crate::bot::interactions::custom_id::CustomId;
use crate::model::{Choice, ChoiceKind, ChoiceScope, ProviderId, Refusal};

use crate::bot::words::keys::advice::{bring_any_key, bring_own_key};
use crate::bot::words::refusal::refusal;
use crate::bot::words::speech::formats::{count_of, day, in_code, plain_model};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;

/// Discord's most options of a menu.
const OPTIONS_MAX: usize = 25;
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

/// The menu of models for another answer.
pub fn model_menu(voice: Voice<'_>, id: &str, models: &[ModelChoice]) -> Card {
    menu_of(voice, &CustomId::ModelMenu(id.to_owned()), models)
}

/// The menu of models for all that somebody asks from now on.
pub fn choice_menu(voice: Voice<'_>, models: &[ModelChoice]) -> Card {
    menu_of(voice, &CustomId::ChosenModel, models)
}

fn menu_of(voice: Voice<'_>, id: &CustomId, models: &[ModelChoice]) -> Card {
    if models.is_empty() {
        let nobody = "Nobody has a key here that can pay for another model. {advice}";
        let advice: &[(&str, &dyn Display)] = &[("advice", &bring_any_key(voice))];
        return Card::text(voice.lang.say(nobody, advice));
    }
    let choices = models.iter().take(OPTIONS_MAX).map(|model| MenuChoice {
        label: model_name(voice, model),
        value: voice.providers.full_name(model),
    });
    let more = models.len().saturating_sub(OPTIONS_MAX);
    let text = if more == 0 {
        voice.lang.words("Which model should answer?").to_owned()
    } else {
        let words = Plural(
            "Which model should answer? The menu holds {shown}, and {n} more can answer: \
             `/ask model:` takes each of them.",
            "Which model should answer? The menu holds {shown}, and {n} more can answer: \
             `/ask model:` takes each of them.",
        );
        let values: &[(&str, &dyn Display)] = &[("shown", &OPTIONS_MAX)];
        voice.lang.say_count(count_of(more), words, values)
    };
    Card {
        text,
        select: Some(Select {
            custom_id: id.write(),
            placeholder: voice.lang.words("A model").to_owned(),
            choices: choices.collect(),
        }),
        ..Card::default()
    }
}

/// What somebody can use, and the providers whose paying keys work only in part.
pub struct UsableModels {
    pub models: Vec<ModelChoice>,
    pub partial: Vec<ProviderId>,
}

/// What is chosen, and what could be, or why nothing can be used.
pub fn models(voice: Voice<'_>, chosen: &[Choice], usable: Result<UsableModels, Refusal>) -> Card {
    let lang = voice.lang;
    let mut lines = chosen_lines(voice, ChoiceKind::Model, chosen);
    let UsableModels {
        models: usable,
        partial,
    } = match usable {
        Ok(usable) => usable,
        Err(blocked) => {
            lines.push(refusal(voice, &blocked).text);
            return Card::text(lines.join("\n"));
        }
    };
    let of_models = chosen.iter().filter(|it| it.kind == ChoiceKind::Model);
    lines.extend(of_models.filter_map(|it| unpaid_choice(voice, it, &usable)));
    if lines.is_empty() {
        lines.push(lang.words("No model is chosen here: the first provider that somebody can pay for answers, with its default.").to_owned());
    }
    let mut names: Vec<String> = usable
        .iter()
        .take(MODELS_SHOWN)
        .map(|it| format!("`{}`", voice.providers.full_name(it)))
        .collect();
    if usable.len() > MODELS_SHOWN {
        let more = count_of(usable.len() - MODELS_SHOWN);
        names.push(lang.say_count(more, Plural("and {n} more", "and {n} more"), &[]));
    }
    lines.push(if names.is_empty() {
        lang.say(
            "Nobody has a key here, so no model can answer. {advice}",
            &[("advice", &bring_any_key(voice))],
        )
    } else {
        lang.say("You can use {models}.", &[("models", &lang.list(&names))])
    });
    if !partial.is_empty() {
        let names: Vec<String> = partial.iter().map(|id| voice.name(id)).collect();
        lines.push(lang.say(
            "⚠️ The key that pays for {providers} works only in part: some of those models may be refused.",
            &[("providers", &lang.list(&names))],
        ));
    }
    Card::text(lines.join("\n"))
}

/// That nobody pays here for the provider of a model that is chosen.
fn unpaid_choice(voice: Voice<'_>, chosen: &Choice, usable: &[ModelChoice]) -> Option<String> {
    let (provider, _) = chosen.value.split_once('/')?;
    let provider = voice.providers.find(provider)?;
    if usable.iter().any(|it| it.provider == *provider.id()) {
        return None;
    }
    Some(voice.lang.say(
        "⚠️ Nobody has a key here that pays for {provider}, so `{model}` does not answer. {advice}",
        &[
            ("provider", &provider.name()),
            ("model", &in_code(&chosen.value)),
            ("advice", &bring_own_key(voice, provider.id())),
        ],
    ))
}

/// The personas, those that can be chosen in lines, and the chosen one.
pub fn personas<'a>(
    voice: Voice<'_>,
    all: impl Iterator<Item = &'a Persona>,
    chosen: &[Choice],
) -> Card {
    let mut lines = chosen_lines(voice, ChoiceKind::Persona, chosen);
    let (of_commands, offered): (Vec<_>, Vec<_>) = all.partition(|it| it.has_command);
    lines.extend(offered.into_iter().map(|it| {
        format!(
            "- **{}**: {}",
            it.name,
            voice.lang.words_if_ours(&it.description)
        )
    }));
    lines.push(
        voice
            .lang
            .words("Use one with `/ask persona:`, or from now on with `/persona set`.")
            .to_owned(),
    );
    let names = of_commands.iter().map(|it| format!("`{}`", it.name));
    let names: Vec<String> = names.collect();
    lines.extend((!names.is_empty()).then(|| {
        voice.lang.say(
            "My own commands use {personas}; `/ask persona:` takes these too.",
            &[("personas", &voice.lang.list(&names))],
        )
    }));
    Card::text(lines.join("\n"))
}

/// A model was chosen, with a warning where its provider does not list it.
pub fn chosen_model(voice: Voice<'_>, scope: ChoiceScope, chosen_model: &ChosenModel) -> Card {
    let model = &chosen_model.model;
    let card = chosen(voice, ChoiceKind::Model, scope, &chosen_model.full);
    let provider = voice.name(&model.provider);
    let standing = match (chosen_model.standing, chosen_model.users) {
        (ModelStanding::Listed, _) => None,
        (ModelStanding::Unlisted, _) => Some(
            "⚠️ {provider} does not list such a model, so asks may fail. `/model show` lists what can be used here.",
        ),
        (ModelStanding::Unsaid, _) => {
            Some("⚠️ {provider} could not be asked whether it has such a model.")
        }
        (ModelStanding::NobodyPays, ModelUsers::KeyOwners) => {
            Some("I could not look whether there is such a model.")
        }
        (ModelStanding::NobodyPays, _) => Some(
            "⚠️ Nobody has a key here that pays for {provider}, so it does not answer yet, and I could not look \
             whether there is such a model. {advice}",
        ),
    };
    let users = (chosen_model.users == ModelUsers::KeyOwners).then_some(
        "⚠️ No key pays for {provider} for everybody here: it answers whoever has a key of their own for it, and \
         for all others the bot's own order decides. `/keys add provider:{id} scope:guild` lets it answer everybody.",
    );
    let values: &[(&str, &dyn Display)] = &[
        ("provider", &provider),
        ("id", &model.provider),
        ("advice", &bring_any_key(voice)),
    ];
    let mut lines = vec![card.text];
    lines.extend(warn_of_end(voice, chosen_model));
    let warnings = users.into_iter().chain(standing);
    lines.extend(warnings.map(|warning| voice.lang.say(warning, values)));
    lines.extend(chosen_model.elsewhere.as_ref().map(|other| {
        let (provider, full) = (voice.name(&other.provider), voice.providers.full_name(other));
        voice.lang.say(
            "{provider} has a model of that name too, and somebody pays for it here: `/model set model:{model}`.",
            &[("provider", &provider), ("model", &in_code(&full))],
        )
    }));
    Card::text(lines.join("\n"))
}

/// A warning of a model that its provider ends.
fn warn_of_end(voice: Voice<'_>, chosen: &ChosenModel) -> Option<String> {
    let end = chosen.end.as_ref()?;
    let (provider, date) = (voice.name(&chosen.model.provider), day(end.on));
    Some(match &end.replacement {
        Some(next) => voice.lang.say(
            "⚠️ {provider} ends this model on {date}. `/model set model:{model}` takes what comes after it.",
            &[("provider", &provider), ("date", &date), ("model", &in_code(next))],
        ),
        None => voice.lang.say(
            "⚠️ {provider} ends this model on {date}.",
            &[("provider", &provider), ("date", &date)],
        ),
    })
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
            "You are answered as `{value}` from now on. `/persona reset` takes that back."
        }
        (ChoiceKind::Persona, ChoiceScope::Channel(_)) => {
            "This channel is answered as `{value}` from now on. `/persona reset for:channel` takes that back."
        }
        (ChoiceKind::Persona, ChoiceScope::Server(_)) => {
            "This server is answered as `{value}` from now on. `/persona reset for:server` takes that back."
        }
        (ChoiceKind::Previews, _) => {
            "Links in my answers show previews of their pages in this server from now on. `/server previews shown:False` takes that back."
        }
    };
    let value = in_code(value);
    Card::text(voice.lang.say(sentence, &[("value", &value)]))
}

/// A choice was taken back.
pub fn reset(voice: Voice<'_>, kind: ChoiceKind, scope: ChoiceScope) -> Card {
    let values: &[(&str, &dyn Display)] = &[("whom", &whom(voice, scope))];
    Card::text(match kind {
        ChoiceKind::Model => voice.lang.say("No model is chosen for {whom}.", values),
        ChoiceKind::Persona => voice.lang.say("No persona is chosen for {whom}.", values),
        ChoiceKind::Previews => voice
            .lang
            .say("Links in my answers show no previews in {whom}.", values),
    })
}

fn chosen_lines(voice: Voice<'_>, kind: ChoiceKind, chosen: &[Choice]) -> Vec<String> {
    let of_kind = chosen.iter().filter(|it| it.kind == kind);
    let line = |it: &Choice| {
        let value = in_code(&it.value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KnownProviders;
    use crate::bot::words::DEFAULT_LOCALE;
    use crate::providers::Catalogue;

    #[test]
    fn a_menu_says_what_it_does_not_hold() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let voice = Voice::to_a_member(DEFAULT_LOCALE, KnownProviders::new(&catalogue));
        for (count, more) in [(1, None), (25, None), (26, Some(1)), (40, Some(15))] {
            let models = (0..count).map(|number| ModelChoice {
                provider: ProviderId::from("openai"),
                model: format!("made-up-{number}"),
            });
            let card = model_menu(voice, "1", &models.collect::<Vec<_>>());
            let said = more.map_or("Which model should answer?".to_owned(), |more| {
                format!(
                    "Which model should answer? The menu holds 25, and {more} more can answer: `/ask model:` takes each of them."
                )
            });
            assert_eq!(card.text, said);
            assert_eq!(card.select.unwrap().choices.len(), count.min(OPTIONS_MAX));
        }
    }
}
