//! Words about limits, budgets, blocks and tiers.

mod blocks;
mod budget;
mod limits;
mod operators;
mod overshoots;
pub mod reached;
mod status;

pub use blocks::{
    blocked, confirm_stop, server_blocks, was_blocked, was_unblocked, with_still_stopped,
};
pub use budget::{
    budget, budget_set, confirm_clearing, limits_changed, limits_cleared, role_exempted,
};
pub use limits::{amount, describe_limit};
pub use operators::{operators_limit_set, operators_view, tier_given};
pub use overshoots::overshoots;
pub use reached::notice;
pub use status::status;
