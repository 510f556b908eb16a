//! Answers of language models: streamed into messages, with their buttons.

mod admission;
pub mod buttons;
pub mod deletions;
pub mod edit_pace;
mod growing;
pub mod last_words;
mod layout;
mod length;
pub mod message_renderer;
pub mod notices;
pub mod promise;
pub mod refusals;
pub mod running_answers;
pub mod split;
pub mod streaming;
pub mod target;
pub mod unfinished;
mod whole_answer;
