//! Calls to providers: what was sent, what they said, what was used.

pub mod attempt;
pub mod check;
pub mod departure;
pub mod passed_events;
pub mod paths;
pub mod provider;
pub mod provider_error;
pub mod service_terms;
pub mod sound;
pub mod usage;
