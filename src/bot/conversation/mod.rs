//! Conversations: messages that come in, and what was said before them.
//!
//! Memory is Discord's own history, read when it is needed; nothing that
//! people say is kept here.

pub mod channel_kinds;
mod distinct_names;
pub mod files;
pub mod heard_files;
pub mod incoming;
pub mod markup;
pub mod memory;
pub mod message_text;
pub mod names;
mod poll_result;
pub mod seen_events;
pub mod settings;
pub mod sounds;
pub mod transcript;
pub mod turns;
pub mod utterance;
pub mod voice_questions;
