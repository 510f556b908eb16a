//! The only module that knows Discord.
//!
//! serenity keeps the gateway, poise reads commands, and everything that
//! is said to Discord goes through [`rest`]. serenity's own limiter, its
//! error texts and poise's modals are not used, for the reasons that stand
//! where their replacements are.

mod answers;
mod callers;
mod connection;
mod conversation;
mod interactions;
mod pictures;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

pub use connection::Rest;
pub use connection::{Connection, Introduction, Settings};
pub use conversation::{Limits as ChatLimits, Settings as ChatSettings};

use crate::app::{App, Error};
use crate::model::{Caller, Place};
use connection::card::Card;
pub use connection::shards::ShardRange;
use words::{Lang, Voice};

/// How many edits a second all answers together may make. Discord takes 50
/// requests a second; the others are for first words.
const EDITS_A_SECOND: u32 = 20;

/// The bot's side of Discord.
pub struct Bot {
    pub app: Arc<App>,
    rest: Rest,
    api_url: String,
    /// Who we are, once Discord has said so.
    me: AtomicU64,
    chat: conversation::Settings,
    rooms: conversation::Rooms,
    edit_interval: Duration,
    /// Whether Discord shows the bot what people say to each other.
    reads_all: bool,
    /// How many answers grow right now.
    growing: AtomicU32,
    running: answers::running_answers::Running,
    /// One person's own questions, and one channel's, wait in line.
    people: answers::admission::Lines,
    channels: answers::admission::Lines,
    /// And their pictures.
    painters: answers::admission::Lines,
    shards: ShardRange,
    /// The roles of the operator's home server, if there is one.
    home_roles: Option<callers::home_roles::HomeRoles>,
    /// What people have bought, where a tier is sold.
    entitlements: Option<callers::entitlements::Entitlements>,
    /// Members that programs with tokens speak for.
    members: callers::members::MemberCache,
    /// Interactions that could not be read.
    dropped: AtomicU64,
}

impl Bot {
    /// How many interactions came that could not be read.
    #[cfg(test)]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The bot's own user.
    fn me(&self) -> u64 {
        self.me.load(Ordering::Relaxed)
    }

    /// How long to wait between two edits of an answer: with many answers
    /// at once, all of them together stay below Discord's limit.
    fn pace(&self) -> Duration {
        let growing = self.growing.load(Ordering::Relaxed);
        self.edit_interval
            .max(Duration::from_secs(1) * growing / EDITS_A_SECOND)
    }

    /// Whether only adults, or nobody else, read along. Discord is asked
    /// only where the operator wants to know.
    async fn is_age_restricted(&self, caller: &Caller) -> bool {
        if !self.app.pictures_for_adults_only() || caller.place == Place::Direct {
            return true;
        }
        let Some(channel) = caller.channel else {
            return false;
        };
        let channel = self.rest.channel(channel).await;
        channel.is_ok_and(|channel| channel["nsfw"] == true)
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
    let kind = match error {
        Error::Refused(_) => "refused",
        Error::Failed(_) => "failed",
    };
    metrics::counter!("latchkey_bot_refusals_total", "kind" => kind).increment(1);
    if let Error::Failed(failure) = error {
        tracing::error!("could not do what was asked: {failure:#}");
    }
    words::error(voice, error)
}
