//! Usage in words and as a chart.

pub mod chart;
pub mod report;
