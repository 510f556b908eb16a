//! What owners do with the keys that they have stored.

mod by_id;
pub mod list;
mod pause;
mod remove;
pub mod test;
pub mod uses;
