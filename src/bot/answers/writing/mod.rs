//! Writes an answer into its messages, piece by piece or as a whole.

pub mod edit_pace;
mod growing;
pub mod message_renderer;
mod replacing;
pub mod streaming;
pub mod target;
mod whole_answer;
