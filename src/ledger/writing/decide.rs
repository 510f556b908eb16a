//! Decides a batch inside its transaction: settles, corrects, and then decides
//! its holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{LimitUse, Outcome, Settlement};
use crate::store::{FinishedAttempt, FoundAttempt, JournalEntries, LedgerChanges};

use crate::ledger::calls::hold::Hold;
use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::writing::batch::{CounterSet, add_up};
use crate::ledger::writing::writer::PendingHold;

/// The counters that holds and settlements count in.
pub fn counters_in(holds: &[PendingHold], entries: &JournalEntries) -> BTreeSet<Arc<str>> {
    let held = holds.iter().flat_map(|hold| &hold.request.limits);
    let settled = entries
        .closings
        .iter()
        .flat_map(|finished| &finished.booking.counted);
    held.map(|applied| Arc::clone(&applied.counter))
        .chain(settled.map(|counted| Arc::clone(&counted.counter)))
        .collect()
}

/// A closing, as its transaction found it.
pub struct FoundClosing<'a> {
    pub finished: &'a FinishedAttempt,
    pub limits: &'a [AppliedLimit],
    pub found: FoundAttempt,
}

/// Settles attempts in their counters and totals. Returns, for each, what the
/// owners of budgets are warned of.
pub fn settle_all<'a>(
    counters: &mut CounterSet<'_>,
    changes: &mut LedgerChanges,
    closings: impl Iterator<Item = FoundClosing<'a>>,
) -> anyhow::Result<Vec<Vec<LimitUse>>> {
    let mut warnings = Vec::new();
    // What was read of an attempt knows nothing of an earlier one of the batch.
    let mut corrected = BTreeSet::new();
    for closing in closings {
        let FoundClosing {
            finished,
            limits,
            found,
        } = closing;
        match found {
            FoundAttempt::Closed(person) => {
                warnings.push(counters.settle(finished, limits)?);
                add_up(&mut changes.totals, finished, person);
                continue;
            }
            // What an estimate says is replaced by what is known, and by
            // nothing else.
            FoundAttempt::Estimated { person, estimate }
                if knows_more(finished, &estimate)
                    && corrected.insert(finished.booking.attempt.id) =>
            {
                counters.correct(finished, &estimate)?;
                let estimated = FinishedAttempt {
                    settlement: *estimate,
                    ..finished.clone()
                };
                add_up(&mut changes.taken_back, &estimated, person);
                add_up(&mut changes.totals, finished, person);
                changes.corrections.push(finished.clone());
            }
            FoundAttempt::Estimated { .. } | FoundAttempt::Gone => {}
        }
        warnings.push(Vec::new());
    }
    Ok(warnings)
}

/// Whether a settlement is to replace an estimate: that of another process, or of
/// a job that went on.
fn knows_more(finished: &FinishedAttempt, estimate: &Settlement) -> bool {
    let settlement = &finished.settlement;
    let is_guess = matches!(settlement.outcome, Outcome::Lost | Outcome::Ongoing);
    !(is_guess || settlement.is_released() && estimate.is_released())
}

/// Decides holds, and replies to each at once: its caller may prepare for the
/// call while the transaction is written.
pub fn decide_all(
    counters: &mut CounterSet<'_>,
    changes: &mut LedgerChanges,
    holds: Vec<PendingHold>,
) -> anyhow::Result<()> {
    for hold in holds {
        let PendingHold {
            request,
            decided,
            shared,
        } = hold;
        // Nobody would make the call.
        if decided.is_closed() {
            continue;
        }
        let limits = request.limits.clone();
        let held = counters.hold(request)?.map(Arc::new);
        changes.bookings.extend(held.as_ref().ok().cloned());
        let left = counters.left_to_person(&limits)?;
        // The caller may have gone.
        let _ = decided.send(held.map(|booking| Hold::new(booking, shared).leaving(left)));
    }
    Ok(())
}
