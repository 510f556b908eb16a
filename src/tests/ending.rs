//! What is checked when a test ends, and what is said of one that does not end.

use std::sync::atomic::Ordering;

use latchkey_emulator::WorldState;

use super::discord::length;
use super::{Stage, spec};

/// Holds a test to what is true of all: no reply is too long, Discord refused
/// nothing but what it should, and each call is as its document says.
pub fn holds(stage: &Stage) {
    let too_long = stage.world().look(length::too_long);
    assert!(too_long.is_empty(), "too many lines: {too_long:#?}");
    let calls: Vec<_> = stage.world().with(|state| state.calls.drain(..).collect());
    if stage.expects_refusals.load(Ordering::Relaxed) {
        return;
    }
    let faults = stage.world().look(|state| state.rest_faults.len());
    let refused = calls
        .iter()
        .filter(|call| call.status >= 400 && call.status != 429)
        // Whoever is asked about may be no member of the home server.
        .filter(|call| !(call.status == 404 && call.path.contains("/members/")))
        // And a message that was answered may be gone.
        .filter(|call| !(call.status == 404 && call.method == "GET"));
    assert!(
        faults > 0 || refused.count() == 0,
        "Discord refused a call: {calls:#?}"
    );
    let violations = spec::violations(&calls);
    assert!(
        violations.is_empty(),
        "Discord's schema says: {violations:#?}"
    );
}

/// What still runs, and what was asked last: of the bot, and of providers.
pub async fn waits_for(stage: &Stage) -> String {
    let running = stage.running.lock().await;
    let tasks = running.as_ref().map(|running| running.app.tasks.count());
    let asked = stage.world().look(what_was_asked);
    format!("tasks of the program: {tasks:?}; {asked}")
}

fn what_was_asked(state: &WorldState) -> String {
    let typed = state.interactions.last();
    let typed = typed.map(|last| (&last.line, last.acknowledged.is_some()));
    let called = state.providers.calls.back();
    let called = called.map(|last| (&last.provider, &last.method, &last.path));
    format!("last line and whether it was acknowledged: {typed:?}; last call: {called:?}")
}
