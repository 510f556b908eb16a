//! Whole-program transcripts: what a person does, and what they see.
//!
//! Each test runs the real bot against the emulator. When it ends, every
//! REST call that the bot made is held against Discord's own schema.

mod accounts;
mod actor;
mod add_keys;
mod advice;
mod answers;
mod anthropic_rules;
mod asking;
mod blocked_words;
mod brought_keys;
mod browser;
mod budgets;
mod card_pictures;
mod chat_faults;
mod chats;
mod checks;
mod choices;
mod citations;
mod clients;
mod colours;
mod command_line;
mod compatibility;
mod console;
mod crowds;
mod damaged_keys;
pub mod database_file;
mod database_trouble;
mod defects;
mod demo_page;
mod departures;
mod discord_gateway;
mod discord_rules;
mod emulated;
mod faults;
mod fees;
mod file_addresses;
mod files;
mod flows;
mod form_memory;
mod form_page;
mod gateway;
mod gateway_rules;
mod greetings;
mod heads;
mod host_specs;
mod imports;
mod kept_keys;
mod key_forms;
mod key_panel;
mod key_refusals;
mod killed;
mod languages;
mod layout;
mod leaving;
mod length;
pub mod link;
mod manage_keys;
mod memory;
mod message_kinds;
mod messages;
mod named_providers;
mod nothing_twice;
mod offered_buttons;
mod once;
mod only_native;
mod openai_others;
mod openai_rules;
mod operators;
pub mod outside;
mod page;
mod page_policy;
mod panel_page;
mod passing_through;
mod pasted_again;
mod pasted_keys;
mod payers;
mod permissions;
mod picture_apis;
mod picture_confirmations;
mod picture_edits;
mod picture_hosts;
mod picture_jobs;
mod picture_kills;
mod picture_kinds;
mod picture_loras;
mod picture_models;
mod picture_restarts;
mod picture_sockets;
mod picture_spending;
mod picture_storage;
mod pictures;
mod policy;
pub mod postgres;
mod privacy;
mod process;
mod profile_pages;
mod program;
mod program_pictures;
mod programs;
mod promises;
mod provider_errors;
mod quotas;
mod receipts;
pub mod refusals;
mod refused_pictures;
mod rest;
mod restricted_keys;
mod secrets;
mod served;
mod sessions;
mod shape;
mod shared_keys;
mod shown_pictures;
mod sign_in;
mod sign_in_doctor;
mod sign_in_pages;
mod signed_out_pages;
mod smuggling;
mod spec;
mod stage;
mod stopping;
mod system_keys;
mod thinking;
mod throttles;
mod tidy;
mod tokens;
mod translations;
mod twin;
mod typed_keys;
mod uncounted;
mod unread_events;
mod unseen;
mod usages;
mod walks;

use std::io::Write;

use latchkey_emulator::providers::{Standing, sample};
use latchkey_emulator::{RestFault, RestTrouble};

pub use actor::Actor;
pub use console::Visitor;
pub use stage::{Setup, Stage, run, run_with};

/// Wipes what is freed, as the program's own allocator does: tests search
/// memory for what should be gone.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Says which skips fail a test: `inside` lets those be skipped whose data is
/// not part of the repository, any other value none.
const FORBID_SKIPS: &str = "LATCHKEY_FORBID_SKIPS";

/// Prints that the calling test is skipped, and why. Fails the test where
/// skips are forbidden, as in CI.
pub fn skip<T>(why: &str) -> Option<T> {
    skip_unless(forbidden_skips().is_some(), why)
}

/// Skips a test whose data is not part of the repository.
fn skip_outside<T>(why: &str) -> Option<T> {
    let forbidden = forbidden_skips().is_some_and(|which| which != "inside");
    skip_unless(forbidden, why)
}

fn forbidden_skips() -> Option<std::ffi::OsString> {
    let mut found = std::env::vars_os().filter(|(name, _)| name == FORBID_SKIPS);
    found.next().map(|(_, which)| which)
}

fn skip_unless<T>(forbidden: bool, why: &str) -> Option<T> {
    // The test runner names each thread after the test that runs on it.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(
        !forbidden,
        "skipped, which is forbidden here: {test}: {why}"
    );
    // Past the test runner, which shows what a test prints only if it fails.
    writeln!(std::io::stderr(), "skipped: {test}: {why}").unwrap();
    None
}

/// Where pictures are kept, if anybody wants to look at them.
fn pictures() -> Option<std::ffi::OsString> {
    let mut wanted = std::env::vars_os().filter(|(key, _)| key == "LATCHKEY_SCREENSHOTS");
    wanted.next().map(|(_, folder)| folder)
}

/// Whether anybody wants to look at pictures.
pub fn keeps_pictures() -> bool {
    pictures().is_some()
}

/// Keeps a picture, where `LATCHKEY_SCREENSHOTS` names a folder.
pub fn keep_picture(name: &str, bytes: &[u8]) {
    if let Some(folder) = pictures() {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, bytes).unwrap();
    }
}

/// A key that works with an emulated provider.
pub fn good(provider: &str) -> String {
    sample(provider, Standing::Good)
}

/// Calls of Discord's REST API that fail: which, by method and a part of
/// their path, in which way, and how often.
pub fn rest_fault(
    (method, path): (&'static str, &'static str),
    trouble: RestTrouble,
    times: u32,
) -> RestFault {
    RestFault {
        method,
        path,
        content: "",
        trouble,
        after: 0,
        times,
        delay: std::time::Duration::ZERO,
    }
}

/// What the bot wrote in a channel, message by message, for everybody.
pub fn bot_wrote(stage: &Stage, channel: u64) -> String {
    stage.world().look(|state| {
        let own = state.messages.iter();
        let own = own.filter(|m| m.channel == channel && m.author.is_none());
        let texts = own.map(|m| if m.loading { "…" } else { m.content.as_str() });
        texts.collect::<Vec<_>>().join("\n---\n")
    })
}

/// What is left of a minute depends on how much of it the machine took.
pub fn without_seconds_left(told: &str) -> String {
    (1..=60).fold(told.to_owned(), |told, left| {
        told.replace(&format!(" {left} seconds"), " <n> seconds")
    })
}

/// A key that it does not know.
pub fn bad(provider: &str) -> String {
    sample(provider, Standing::Bad)
}
