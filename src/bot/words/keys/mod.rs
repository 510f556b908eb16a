//! Words about stored keys.

pub mod changes;
pub mod once;
pub mod status;
