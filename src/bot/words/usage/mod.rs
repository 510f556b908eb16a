//! Usage in words, in a chart and in tables.

mod chart;
mod report;
mod tables;

pub use report::report;
