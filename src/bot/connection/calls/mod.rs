//! Calls to Discord: their names, their turn, and how long they wait.

pub mod channel_calls;
pub mod interaction_calls;
mod limiter;
pub mod patience;
pub mod promises;
pub mod rest;
