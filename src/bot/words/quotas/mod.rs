//! Words about limits and budgets.

pub mod budget;
pub mod limits;
pub mod status;
