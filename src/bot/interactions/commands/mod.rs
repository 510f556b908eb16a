//! The slash commands, one file each.

mod admin;
mod asks;
pub mod context;
mod help;
mod imagine;
mod keys;
mod options;
mod privacy;
mod quota;
mod server;
mod token;
mod usage;

use std::borrow::Cow;

use crate::bot::interactions::commands::context::Command;
use crate::bot::words;

/// Every command, with its descriptions in every language.
pub fn all() -> Vec<Command> {
    let mut commands = vec![
        asks::ask::ask(),
        asks::forget::forget(),
        help::help(),
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

/// Texts by locale, as poise keeps them.
type Localizations = Cow<'static, [(Cow<'static, str>, Cow<'static, str>)]>;

fn localize(command: &mut Command) {
    command.description_localizations = localizations(command.description.as_deref());
    for parameter in &mut command.parameters {
        parameter.description_localizations = localizations(parameter.description.as_deref());
        for choice in parameter.choices.to_mut() {
            choice.localizations = localizations(Some(choice.name.as_ref()));
        }
    }
    command.subcommands.iter_mut().for_each(localize);
}

/// What Discord shows in the place of an English text, by locale.
fn localizations(english: Option<&str>) -> Localizations {
    let all = words::localizations(english.unwrap_or_default());
    let all = all.into_iter().map(|(k, v)| (k.into(), v.into()));
    all.collect()
}
