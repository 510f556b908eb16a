//! What people do in Discord.

pub mod actions;
mod command_line;
mod managing;
