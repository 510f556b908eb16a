//! The pages, one file or folder for each, and the table of their rows.

mod home;
mod playground;
mod profile;
pub mod sign_in;
mod tokens;

use super::routes::Row;

pub use playground::PlaygroundLimits;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[
    home::ROWS,
    playground::ROWS,
    profile::ROWS,
    sign_in::ROWS,
    tokens::ROWS,
];
