//! What callers get back: answers, errors, and headers that tell of limits.

pub mod demo;
pub mod failure_kind;
mod heartbeats;
pub mod limit_headers;
pub mod no_words;
pub mod picture_costs;
pub mod problem;
pub mod receipt;
pub mod responses;
pub mod streaming;
pub mod told_headers;
