//! Programs that call over HTTP, and what passes between them and providers.

mod batches;
mod brought_keys;
mod clients;
mod compatibility;
mod embeddings;
mod errors_with_usage;
mod flows;
pub mod gateway;
mod gateway_rules;
mod google_transcripts;
mod heads;
pub mod leaving;
mod matrix;
mod named_providers;
mod only_native;
mod openai_others;
mod passing_through;
mod policy;
mod provider_errors;
mod rankings;
mod rest;
mod smuggling;
mod speech;
mod throttles;
pub mod transcripts;
mod unbegun;
