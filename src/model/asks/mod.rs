//! Asks and what comes of them: conversations, answers, pictures.

pub mod ask;
pub mod chat;
pub mod choice;
pub mod image;
pub mod lora;
pub mod record;
pub mod turn;
pub mod unread_file;
