//! What programs do over HTTP: tokens, relayed calls, keys by their id.

pub mod idempotency;
mod keys;
pub mod relay;
pub mod tokens;

pub use idempotency::{Claim, Claimed};
pub use relay::{NotRelayed, Relay, RelayAsk};
