//! In which language a person is spoken to, and how that writes things.

pub(super) mod formats;
pub(super) mod lang;
pub mod phrasebook;
mod punctuation;
pub(super) mod voice;
