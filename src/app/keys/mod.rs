//! Stored keys: added, listed, tested, paused and removed by their owners.

mod access;
pub mod add;
mod departures;
mod list;
mod pause;
mod remove;
mod status;
pub mod test;

pub use add::{AddForm, AddedKey};
pub use list::{Listing, ServerKeys};
pub use status::{ProviderStatus, Status};
pub use test::TestedKey;
