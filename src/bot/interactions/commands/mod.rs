//! The slash commands, one file each.

mod admin;
mod asks;
pub mod context;
mod imagine;
mod keys;
mod options;
mod privacy;
mod quota;
mod server;
mod token;
mod usage;

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse};

use crate::bot::interactions::commands::context::Command;
use crate::bot::words;
use crate::model::Scope;

/// Discord takes no more choices than this, and serenity does not count.
const CHOICES_MAX: usize = 25;
/// Discord's longest choice.
const CHOICE_CHARACTERS_MAX: usize = 100;

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum ScopeChoice {
    #[name = "user"]
    User,
    #[name = "guild"]
    Guild,
}

impl From<ScopeChoice> for Scope {
    fn from(choice: ScopeChoice) -> Self {
        match choice {
            ScopeChoice::User => Self::User,
            ScopeChoice::Guild => Self::Guild,
        }
    }
}

/// Every command, with its descriptions in every language.
pub fn all() -> Vec<Command> {
    let mut commands = vec![
        asks::ask::ask(),
        asks::forget::forget(),
        imagine::imagine(),
        keys::keys(),
        asks::model::model(),
        asks::persona::persona(),
        quota::quota(),
        privacy::privacy(),
        usage::usage(),
        server::server(),
        asks::summarize::summarize(),
        token::token(),
        admin::admin(),
        asks::message_menu::summarize_message(),
        asks::message_menu::explain_message(),
        asks::message_menu::translate_message(),
        asks::message_menu::reply_for_me(),
    ];
    commands.iter_mut().for_each(localize);
    commands
}

fn localize(command: &mut Command) {
    let description = command.description.as_deref().unwrap_or_default();
    command.description_localizations = words::localizations(description)
        .into_iter()
        .map(|(k, v)| (k.into(), v.into()))
        .collect();
    for parameter in &mut command.parameters {
        let description = parameter.description.as_deref().unwrap_or_default();
        parameter.description_localizations = words::localizations(description)
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
    }
    command.subcommands.iter_mut().for_each(localize);
}

/// Choices that match what was typed, as many as Discord takes.
fn choices(
    all: impl IntoIterator<Item = (String, String)>,
    partial: &str,
) -> CreateAutocompleteResponse {
    let partial = partial.to_lowercase();
    let matching = all
        .into_iter()
        .filter(|(label, value)| {
            label.to_lowercase().contains(&partial) || value.to_lowercase().contains(&partial)
        })
        .take(CHOICES_MAX)
        .map(|(label, value)| {
            let clip = |text: String| text.chars().take(CHOICE_CHARACTERS_MAX).collect::<String>();
            AutocompleteChoice::new(clip(label), clip(value))
        });
    CreateAutocompleteResponse::new().set_choices(matching.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_choices_are_offered_than_discord_takes() {
        let many = (0..40).map(|n| (format!("Model {n}"), format!("model-{n}")));
        let response = serde_json::to_value(choices(many, "model")).unwrap();
        assert_eq!(response["choices"].as_array().unwrap().len(), 25);
    }
}
