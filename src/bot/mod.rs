//! The only module that knows Discord.
//!
//! serenity keeps the gateway, poise reads commands, and everything that
//! is said to Discord goes through [`rest`]. serenity's own limiter, its
//! error texts and poise's modals are not used, for the reasons that stand
//! where their replacements are.

mod caller;
mod calls;
mod card;
mod chart;
mod commands;
mod connect;
mod custom_id;
mod dispatch;
mod duration;
mod forms;
mod home;
mod limiter;
mod private;
mod register;
mod reply;
mod rest;
mod split;
mod streaming;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub use connect::{Connection, Introduction, Settings};
pub use rest::Rest;

use crate::app::{App, Error};
use crate::model::Caller;
use card::Card;
use reply::{Lang, Voice};

/// The bot's side of Discord.
pub struct Bot {
    pub app: Arc<App>,
    rest: Rest,
    edit_interval: Duration,
    /// The roles of the operator's home server, if there is one.
    home: Option<home::Home>,
    /// Interactions that could not be read.
    dropped: AtomicU64,
}

impl Bot {
    /// How many interactions came that could not be read.
    #[cfg(test)]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// A caller with their roles in the operator's home server.
    async fn caller(&self, mut caller: Caller) -> Caller {
        if let Some(home) = &self.home {
            caller.home_roles = home.roles_of(&self.rest, &caller).await;
        }
        caller
    }

    /// How the bot speaks to somebody.
    fn voice(&self, locale: &str) -> Voice<'_> {
        Voice {
            lang: Lang::of(locale),
            catalogue: self.app.catalogue(),
            byok: self.app.byok_enabled(),
        }
    }
}

/// Turns an error into words, and a failure into a line in the log.
fn explain(voice: Voice<'_>, error: &Error) -> Card {
    if let Error::Failed(failure) = error {
        tracing::error!("could not do what was asked: {failure:#}");
    }
    reply::error(voice, error)
}
