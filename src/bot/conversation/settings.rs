//! What the operator settled of conversations.

use crate::app::FileLimits;

/// How conversations are led.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// How many messages are read back at the most.
    pub memory_messages: usize,
    /// How many messages an answer fills before it becomes a file. Where
    /// only the person installed the app, Discord allows six.
    pub answer_messages: usize,
    pub file_limits: FileLimits,
    /// How many questions of one person, and in one channel, are answered
    /// at once.
    pub asks_per_person: usize,
    pub asks_per_channel: usize,
    /// How many pictures of one person are made at once.
    pub pictures_per_person: usize,
}
