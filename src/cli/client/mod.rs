//! The verbs that call a running gateway, on this machine or another.

mod ask;
mod gateway;
mod hidden;
mod imagine;
mod keys;
mod login;
mod numbers;
mod own_key;
mod shown;
mod wording;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub use ask::Question;
pub use imagine::Picture;
use keys::KeyOwner;
pub use keys::KeyVerb;
#[cfg(feature = "demo")]
pub use numbers::read_port;
use numbers::{read_days, read_server};

use super::SettingsFile;

/// How many days `latchkey usage` shows where nobody says it.
const DAYS_DEFAULT: u16 = 30;

/// A verb that needs a gateway.
#[derive(Debug, Subcommand)]
pub enum ClientVerb {
    /// Store a token for a gateway; it is typed hidden, or read from standard input.
    Login {
        /// The gateway's address.
        url: String,
    },
    /// Forget the stored token.
    Logout,
    /// Ask a model; what is piped in comes after the prompt.
    Ask(Question),
    /// Make a picture and write it to a file.
    Imagine(Picture),
    /// See and change keys: yours, a server's with --guild, the bot's with --system.
    Keys {
        #[command(subcommand)]
        verb: Option<KeyVerb>,
        /// The id of a server that you manage, and in which your token was
        /// made with `here:True`.
        #[arg(long, global = true, value_parser = read_server)]
        guild: Option<u64>,
        /// The keys that the whole bot pays with, for the operator's people.
        #[arg(long, global = true, conflicts_with = "guild")]
        system: bool,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// What was used in the last days.
    Usage {
        /// How many days; left out, 30.
        #[arg(long, value_parser = read_days)]
        days: Option<u16>,
        /// In the place of --days: today, 7d, this-month, last-month, a month such
        /// as 2026-11, or a year such as 2026.
        #[arg(long, conflicts_with = "days")]
        period: Option<String>,
        /// As a table for spreadsheets.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        #[command(flatten)]
        form: Form,
    },
    /// Each limit that applies to you, and what is left of it.
    Quota(Form),
    /// The models that your keys can use.
    Models(Form),
}

/// How an answer is shown.
#[derive(Debug, Args)]
pub struct Form {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl ClientVerb {
    /// Where its settings are, if what it does depends on them: a question goes
    /// to a provider itself where nobody is logged in.
    pub fn settings(&mut self) -> Option<&mut SettingsFile> {
        match self {
            Self::Ask(question) => Some(&mut question.settings),
            _ => None,
        }
    }
}

/// Runs a verb.
pub async fn run(verb: ClientVerb) -> anyhow::Result<ExitCode> {
    match verb {
        ClientVerb::Login { url } => login::login(&url).await?,
        ClientVerb::Logout => login::logout()?,
        ClientVerb::Ask(question) => ask::ask(question).await?,
        ClientVerb::Imagine(picture) => imagine::imagine(picture).await?,
        ClientVerb::Keys {
            verb,
            guild,
            system,
            json,
        } => {
            let whose = match guild {
                _ if system => KeyOwner::Operator,
                Some(id) => KeyOwner::Server(id),
                None => KeyOwner::Me,
            };
            return keys::keys(verb, whose, json).await;
        }
        ClientVerb::Usage {
            days,
            period,
            csv,
            form,
        } => {
            let asked = match period {
                Some(period) => ("period", period),
                None => ("days", days.unwrap_or(DAYS_DEFAULT).to_string()),
            };
            shown::usage(asked, csv, form.json).await?;
        }
        ClientVerb::Quota(form) => shown::quota(form.json).await?,
        ClientVerb::Models(form) => shown::models(form.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}
