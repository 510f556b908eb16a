//! Stored keys: added, listed, tested, paused and removed by their owners.

mod access;
pub mod add;
mod credential;
mod departures;
mod list;
mod pause;
mod remove;
mod request_key;
mod status;
pub mod test;

pub use add::{AddForm, AddedKey};
pub use credential::credential;
pub use list::{Listing, ServerKeys};
pub use request_key::RequestKey;
pub use status::{ProviderStatus, Status};
pub use test::TestedKey;
