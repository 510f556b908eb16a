//! Asks and conversations: who answers, how, and what goes wrong.

pub mod answers;
mod asking;
mod chat_faults;
mod chats;
mod choices;
mod faults;
pub mod files;
mod known_sounds;
mod named_models;
mod once;
mod reported;
mod sounds;
mod thinking;
mod typed_keys;
mod voice_messages;
