//! The pages, one file or folder for each, and the table of their rows.

mod home;
mod playground;

use super::routes::Row;

pub use playground::PlaygroundLimits;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[home::ROWS, playground::ROWS];
