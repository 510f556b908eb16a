//! The pages, one file or folder for each, and the table of their rows.

mod home;
mod keys;
mod old_addresses;
mod profile;
pub mod sign_in;
mod tokens;

use super::routes::Row;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[
    home::ROWS,
    keys::ROWS,
    old_addresses::ROWS,
    profile::ROWS,
    sign_in::ROWS,
    tokens::ROWS,
];
