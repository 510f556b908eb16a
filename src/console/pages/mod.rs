//! The pages, one file or folder for each, and the table of their rows.

mod home;

use super::routes::Row;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[home::ROWS];
