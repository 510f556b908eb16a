//! How providers say no, and what they say when something is wrong.

pub mod faults;
pub mod refusals;
mod restrictions;
pub mod vendor_errors;
