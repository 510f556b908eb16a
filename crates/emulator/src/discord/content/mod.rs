//! What messages hold: their bodies, parts, files and kinds.

pub mod attachments;
mod components;
pub mod kinds;
pub mod message_body;
pub mod message_payload;
pub mod multipart;
mod voice;
