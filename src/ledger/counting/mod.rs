//! Counters of limits: what they count, and over which time.

pub mod counter;
pub mod headroom;
pub mod meter;
pub mod span;
