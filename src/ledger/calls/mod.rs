//! One provider call: what is held for it, and what it comes to.

pub mod attempt_ids;
pub mod call_end;
pub mod call_order;
mod charge;
pub mod hold;
pub mod job;
pub mod overshoot;
mod pace;
mod reserve;
pub mod settlement;
