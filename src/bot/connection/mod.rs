//! The connection to Discord: its gateway, its REST calls and their limits.

pub mod calls;
pub mod channel_access;
pub mod command_links;
pub mod connect;
pub mod go_between;
mod register;
pub mod renewals;
pub mod settings;
pub mod shards;
pub mod wire;
