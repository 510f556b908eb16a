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

use crate::bot::interactions::commands::context::Command;
use crate::bot::words;

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
