//! Tests that tell the ledger whole stories, on both databases.

mod erasure;
mod lease_story;
mod outages;
mod properties;
mod race;
mod receipts;
mod spooled;
pub mod story;
