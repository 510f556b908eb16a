//! One provider call: what is held for it, and what it comes to.

pub mod attempt_ids;
pub mod call_end;
mod charge;
pub mod hold;
pub mod overshoot;
pub mod settlement;
