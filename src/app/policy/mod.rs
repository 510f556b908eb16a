//! The policy for a caller: what they may use where, by the operator's tiers
//! and by everything that is set for them.

mod caller_policy;
mod notice;

pub use caller_policy::{CallerPolicy, Policies, QuotaSettings};
pub use notice::Notice;
