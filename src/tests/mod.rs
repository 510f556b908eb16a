//! Whole-program transcripts: what a person does, and what they see.
//!
//! Each test runs the real bot against the emulator. When it ends, every
//! REST call that the bot made is held against Discord's own schema.

mod actor;
mod advice;
mod anthropic_rules;
mod asks;
mod browser;
mod citations;
mod command_line;
mod console;
mod crowds;
pub mod database_file;
mod database_trouble;
mod discord;
mod doctor;
mod ending;
mod form_memory;
mod google_rules;
mod http;
mod images;
mod keys;
mod killed;
mod languages;
pub mod link;
mod memory;
mod money;
mod openai_document;
mod openai_rules;
mod operators;
pub mod outside;
mod own_address;
mod pages;
pub mod postgres;
mod privacy;
mod process;
mod program;
mod programs;
pub mod refusals;
mod secrets;
mod served;
mod shape;
mod shared_keys;
mod spec;
mod spooled;
mod stage;
mod stopping;
mod tidy;
mod tokens;
mod translations;
mod wrong_settings;

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
