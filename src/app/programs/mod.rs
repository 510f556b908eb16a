//! What programs do over HTTP: tokens, relayed calls, keys by their id.

pub mod idempotency;
pub mod relay;

pub use idempotency::{Claim, Claimed};
pub use relay::{NotRelayed, Relay, RelayAsk};
