//! The rows that the ledger writes, and the totals that are read of them.

pub mod journal;
mod key_uses;
pub mod leases;
pub mod ledger;
pub mod overview;
pub mod totals;
pub mod usage;
