//! Words around an answer.

pub mod buttons;
pub mod footer;
pub mod forget;
