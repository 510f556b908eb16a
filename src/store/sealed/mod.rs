//! Stored keys, and all that is kept for their sake.

mod checks;
mod departures;
pub mod imports;
pub mod keys;
mod masters;
