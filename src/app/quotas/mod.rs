//! Limits: what a caller may use where, what is used, and who is told.

mod budget;
pub mod caller_policy;
pub mod notice;
mod status;
mod usage;

pub use budget::Budget;
pub use caller_policy::Quota;
pub use notice::Notice;
pub use status::QuotaStatus;
pub use usage::{UsageReport, UsageScope};
