//! The connection to Discord: its gateway, its REST calls and their limits.

pub mod calls;
pub mod channels;
mod connect;
pub mod limiter;
mod register;
pub mod rest;

pub use connect::{Connection, Introduction, Settings};
pub use rest::Rest;
