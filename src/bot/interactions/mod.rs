//! Interactions: commands, forms and buttons, and who sends them.

pub mod commands;
pub mod custom_id;
pub mod dispatch;
pub mod forms;
pub mod private_reply;
