//! The console over HTTP: what people see in a browser, and what they do
//! there.

mod addresses;
mod amounts;
mod chosen_models;
mod front;
mod html;
mod imports;
mod key_consent;
mod key_ends;
mod key_forms;
mod keys;
mod large_files;
mod models;
mod operator;
mod operator_limits;
mod operator_rules;
mod playground;
mod playground_accounts;
mod playground_keys;
mod playground_streams;
mod playground_visitors;
mod rungs;
mod server_budgets;
mod servers;
mod states;
mod stopped;
mod typed_again;
mod usage;
mod visitor;

pub use visitor::{ORIGIN, SeenPage, Visitor, parameter};
