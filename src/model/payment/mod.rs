//! Who pays for a call, how much, and up to which limit.

pub mod money;
pub mod offer;
pub mod quota;
pub mod receipt;
