//! The pages, one file or folder for each, and the table of their rows.

mod home;
mod servers;
mod usage;

use super::routes::Row;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[
    home::ROWS,
    usage::ROWS,
    usage::billing::ROWS,
    servers::ROWS,
    servers::overview::ROWS,
    servers::usage::ROWS,
    servers::keys::ROWS,
    servers::budgets::ROWS,
    servers::rules::ROWS,
    servers::models::ROWS,
];
