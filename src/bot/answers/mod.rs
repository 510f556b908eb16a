//! Answers of language models: streamed into messages, with their buttons.

pub mod buttons;
pub mod last_words;
mod layout;
mod length;
pub mod notices;
pub mod refusals;
pub mod running;
pub mod split;
pub mod typed_keys;
pub mod writing;
