//! Latchkey: a Discord bot that answers with AI models and pays with the
//! right person's key.
//!
//! # Bird's-eye view
//!
//! People bring their own provider keys, server managers share a key with
//! their server, the operator sets defaults, and every answer says whose
//! key paid. Everything above [`app`] turns the outside world into an *ask*
//! and an answer into words. Everything below does one thing and knows
//! nothing of Discord or HTTP.
//!
//! ```text
//! Discord ──▶ bot ──────┐         ┌─▶ resolver   which key pays (pure)
//! HTTP ─────▶ gateway ──┼─▶ app ──┼─▶ ledger     hold, then settle     ─▶ store
//! shell ────▶ cli ──────┘         ├─▶ vault      open the key          ─▶ store
//!                                 └─▶ providers  call the model
//!        all of them speak model; emulator stands in for Discord and the providers
//! ```
//!
//! # Codemap, in reading order
//!
//! - [`model`]: plain types. The words used everywhere else.
//! - [`resolver`]: `choose()`, which key pays and why. Pure.
//! - [`ledger`]: every call is reserved before it is made and settled after
//!   it; limits, and what models cost.
//! - [`vault`]: master keys, and the seal format with its diagram.
//! - [`store`]: the only SQL, once for SQLite and PostgreSQL.
//! - [`providers`]: the catalogue, key checks, four chat dialects, image
//!   hosts with their jobs, and `outbound`, the one place where a key leaves
//!   the process.
//! - [`app`]: everything the program can do, one file a verb.
//! - [`bot`]: the only module that knows Discord; `reply` holds its words.
//! - [`gateway`]: the only module that serves HTTP: a table of addresses,
//!   who speaks, passing calls on, our own API.
//! - [`config`]: settings and secrets, read once.
//! - [`cli`]: one file a verb, and `assemble`, which puts it all together.
//!
//! `crates/emulator` is a Discord and providers of our own, for tests and
//! `latchkey demo`; it is a crate that uses nothing of this one.
//!
//! # Invariants
//!
//! - A plaintext key exists only in `vault`, in `providers::outbound` and
//!   in the edge that received it, as a secret type all the way.
//! - A key leaves only to an origin that it was stored with.
//! - A server's key pays only in that server, where the server itself
//!   installed the bot; never in a direct message.
//! - Every provider call has a hold before it, and exactly one settlement
//!   after it; no limit is exceeded, by however many asks at once.
//! - A job at an image host is begun once, and known on disk before it is
//!   looked at; it is settled when its picture is shown.
//! - Every reply that is about a key is ephemeral, and none can ping but the
//!   one that brings somebody a picture that took long.
//! - Every address says in one table what it needs; what is about a server
//!   is asked of Discord each time.
//! - Nothing that people say is stored or logged.
//! - Every queue, retry, body, wait and list has a stated limit.
//! - No module uses more than its row in `tests/tidy.rs` allows.
//!
//! # A walkthrough: `/ask prompt:hello`
//!
//! 1. serenity reads the interaction from the gateway, `bot::interactions::dispatch`
//!    hands it to poise, and poise to `bot::interactions::commands::ask`.
//! 2. `bot::answers::streaming` has `app` find out who can pay: `store` reads the
//!    keys and limits that belong here, `resolver` puts the keys in order,
//!    and `ledger` reserves what the first payer's limits leave room for. A
//!    refusal goes back as an ephemeral reply; otherwise Discord is told to
//!    wait.
//! 3. `app` opens the payer's key with `vault`, lets `providers` call the
//!    model, and `ledger` settles what was really used. If the provider
//!    turns the key down, the key is demoted and the next payer tried.
//! 4. What the model says grows in the channel, edited at a pace that
//!    Discord's buckets allow, and ends with a line that says who paid.
//!
//! A program's call goes the same way, from `gateway::proxy`: its body goes
//! to the provider as it came, and what was used is read as the answer
//! passes.
//!
//! A message to the bot goes the same way, from `bot::conversation`, which first
//! reads from Discord what was said before.

mod app;
mod bot;
mod cli;
mod config;
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
