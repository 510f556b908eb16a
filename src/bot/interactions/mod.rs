//! Interactions: commands, forms and buttons.

mod buttons;
pub mod commands;
pub mod custom_id;
pub mod dispatch;
mod forms;
mod greeting;
pub mod keys;
mod model_choice;
pub mod named_commands;
mod private_reply;
pub mod unread_events;
