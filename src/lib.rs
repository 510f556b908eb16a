//! Latchkey: a Discord bot that answers with AI models and pays with the
//! right person's key. `docs/architecture.md` has the bird's-eye view, what
//! is in each room, what always holds, and walks through the code;
//! `docs/glossary.md` has the words. The modules, in reading order:
//!
//! - [`model`]: plain types that all other modules speak. No I/O.
//! - [`resolver`]: `choose()`, which key pays and why. Pure.
//! - [`vault`]: seals keys for storage and opens them for one call.
//! - [`store`]: the only SQL, once for SQLite and PostgreSQL.
//! - [`ledger`]: reserves every provider call and settles it after; limits, prices.
//! - [`providers`]: the catalogue, the dialects, and where a key leaves the process.
//! - [`app`]: everything the program can do, a room for each subject.
//! - [`bot`]: the only module that knows Discord.
//! - [`gateway`]: the only module that serves HTTP to programs.
//! - [`console`]: the only module that speaks HTML, on the gateway's listener.
//! - [`config`], [`cli`]: settings and secrets; the verbs, and what puts all together.
//!
//! What each may use is a table in `tests/tidy.rs`, kept by a test. A Discord
//! and providers of our own, for tests and the demo, are `crates/emulator`.

mod app;
mod bot;
mod cli;
mod config;
mod console;
mod gateway;
#[cfg(any(fuzzing, feature = "internals"))]
pub mod internals;
mod ledger;
mod model;
mod providers;
mod resolver;
mod store;
#[cfg(test)]
mod tests;
mod vault;

pub use cli::run;
