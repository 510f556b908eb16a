//! What went wrong at a provider, sorted, with its own words for the owner.

mod error_body;
pub mod failure;
pub mod provider_error;
