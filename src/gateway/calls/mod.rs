//! Calls that were let in: what came with them, and who works on them.

pub mod call;
pub mod call_task;
pub mod idempotency;
pub mod proxy;
pub mod request_key;
pub mod unique_fields;
