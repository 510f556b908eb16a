//! One provider call: what is held for it, and what it comes to.

pub mod attempt_ids;
mod charge;
pub mod hold;
pub mod overshoot;
pub mod settlement;
