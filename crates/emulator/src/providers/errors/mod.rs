//! How providers say no, and what they say when something is wrong.

pub mod faults;
pub mod refusals;
mod restrictions;
pub mod unknown_models;
pub mod vendor_errors;
