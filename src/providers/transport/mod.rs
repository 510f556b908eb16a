//! HTTP to providers: clients, waits, retries, and where a key leaves.

pub(super) mod clients;
pub(super) mod http;
pub(super) mod outbound;
pub(super) mod retries;
pub mod sse;
pub(super) mod timeouts;
