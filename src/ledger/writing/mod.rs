//! How what happens gets to disk, in batches, when the database is away too.

mod backlog;
pub mod batch;
mod collector;
mod decide;
pub mod outage;
mod spooling;
mod write_behind;
pub mod writer;
