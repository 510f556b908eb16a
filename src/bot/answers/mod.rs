//! Answers of language models: streamed into messages, with their buttons.

pub mod admission;
pub mod buttons;
pub mod message_renderer;
pub mod running_answers;
pub mod split;
pub mod streaming;
pub mod target;
