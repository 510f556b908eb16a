//! The dialects that providers speak: how each writes a chat, an answer and
//! what was used, and how OpenAI's chat is put into the others.

mod answer_format;
pub mod anthropic;
pub mod google;
pub mod ollama;
pub mod openai;
pub mod parsed_answer;
pub mod raw_object;
#[cfg(test)]
mod recordings;
pub mod surface;
pub mod translation;
#[cfg(test)]
mod translation_tests;

pub use answer_format::AnswerFormat;
