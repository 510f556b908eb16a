//! Commands that ask a language model, and what is chosen for them.

pub mod ask;
pub mod forget;
pub mod message_menu;
pub mod model;
pub mod persona;
mod private_ask;
pub mod summarize;
