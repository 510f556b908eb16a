//! Interactions: commands, forms and buttons, and who sends them.

pub mod caller;
pub mod commands;
pub mod custom_id;
pub mod dispatch;
pub mod duration;
pub mod entitlements;
pub mod forms;
pub mod home_roles;
pub mod memo;
pub mod private;
