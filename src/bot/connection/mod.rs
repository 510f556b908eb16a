//! The connection to Discord: its gateway, its REST calls and their limits.

pub mod card;
pub mod channel_calls;
mod connect;
pub mod interaction_calls;
pub mod limiter;
mod register;
pub mod rest;
pub mod shards;

pub use connect::{Connection, Introduction, Settings};
pub use rest::Rest;
