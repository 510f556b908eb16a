//! Interactions: commands, forms and buttons.

mod buttons;
pub mod commands;
pub mod custom_id;
pub mod dispatch;
mod forms;
mod greeting;
mod key_imports;
mod key_panel;
mod key_presses;
pub mod key_target;
mod model_choice;
pub mod named_commands;
mod private_reply;
pub mod unread_events;
