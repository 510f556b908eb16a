//! The pages, one file or folder for each, and the table of their rows.

mod home;
mod ids;
pub mod keys;
mod models;
mod old_addresses;
mod operator;
mod playground;
mod profile;
mod servers;
pub mod sign_in;
mod stopped;
mod tokens;
mod usage;

use super::routes::Row;

pub use playground::PlaygroundLimits;

/// The rows of all pages.
pub const ROWS: &[&[Row]] = &[
    home::ROWS,
    keys::ROWS,
    models::ROWS,
    old_addresses::ROWS,
    operator::ROWS,
    playground::ROWS,
    profile::ROWS,
    sign_in::ROWS,
    tokens::ROWS,
    usage::ROWS,
    usage::billing::ROWS,
    servers::ROWS,
    servers::overview::ROWS,
    servers::usage::ROWS,
    servers::keys::ROWS,
    servers::budgets::ROWS,
    servers::clearing::ROWS,
    servers::rules::ROWS,
    servers::models::ROWS,
];
