//! Every word that the bot says. Commands and forms only choose which.
//!
//! A refusal says what happened and what to do next, with the command to
//! type. Nothing here is given a stored key, so nothing here can show one.

pub mod answers;
pub mod choices;
mod errors;
pub mod files;
pub mod help;
pub mod keys;
#[cfg(test)]
mod languages;
mod missing_pictures;
mod offers;
pub mod pictures;
pub mod privacy;
pub mod quotas;
mod refusal;
pub mod speech;
pub mod tokens;
pub mod usage;
#[cfg(test)]
mod walk;

pub use errors::{error, old_command, something_broke, unreadable_interaction};
pub use offers::{with_offers, with_offers_about};
pub use speech::lang::{DEFAULT_LOCALE, Lang, known_locale, localizations};
pub use speech::voice::{KnownServers, OwnKeys, Reader, Voice};
