//! Every word that the bot says. Commands and forms only choose which.
//!
//! A refusal says what happened and what to do next, with the command to
//! type. Nothing here is given a stored key, so nothing here can show one.

pub mod answers;
pub mod choices;
mod errors;
pub mod files;
mod formats;
pub mod help;
pub mod keys;
mod lang;
#[cfg(test)]
mod languages;
mod missing_pictures;
mod offers;
pub mod phrasebook;
pub mod pictures;
pub mod privacy;
mod punctuation;
pub mod quotas;
mod refusal;
pub mod tokens;
pub mod usage;
mod voice;
#[cfg(test)]
mod walk;

pub use errors::{error, old_command, something_broke, unreadable_interaction};
pub use lang::{DEFAULT_LOCALE, Lang, known_locale, localizations};
pub use offers::{with_offers, with_offers_about};
pub use voice::{OwnKeys, Reader, Voice};
