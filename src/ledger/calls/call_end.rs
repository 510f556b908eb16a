//! How a call ended, as whoever made it says.

use crate::model::{ProviderFailure, Usage};

use crate::ledger::traffic::CallResult;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum CallEnd<'a> {
    Answered {
        /// None: the provider did not report it.
        usage: Option<Usage>,
    },
    /// Pictures were made. The usage is what the provider reported, if it did.
    Painted {
        pictures: u32,
        usage: Option<Usage>,
        machine_ms: u64,
    },
    Failed(&'a ProviderFailure),
    /// There are no pictures to show.
    Broken(&'a BrokenPictures),
    /// Nobody waits for the answer any more.
    Abandoned,
    /// Nobody waits for the pictures any more, at which a machine had worked for
    /// so long.
    Stopped {
        machine_ms: u64,
    },
    /// The call came to nothing, and nothing is counted for it.
    Released,
}

/// What an ask for pictures used that came to none.
#[derive(Clone, Copy, Debug)]
pub struct BrokenPictures {
    /// How many were made all the same, and could not be taken.
    pub untaken: u64,
    /// What the host reported, if it did.
    pub usage: Option<Usage>,
    /// How long its machine worked; 0 where nobody knows.
    pub machine_ms: u64,
    /// Whether it worked at all.
    pub has_run: bool,
}

/// How a call ended, as traffic counts it; none where it was never made, or
/// came to nothing by itself.
pub(super) fn result_of(ended: &CallEnd<'_>) -> Option<CallResult> {
    match ended {
        CallEnd::Answered { .. } | CallEnd::Painted { .. } => Some(CallResult::Answered),
        CallEnd::Failed(failure) => Some(CallResult::of_failure(failure.class)),
        CallEnd::Broken(_) => Some(CallResult::Down),
        CallEnd::Abandoned | CallEnd::Stopped { .. } => Some(CallResult::GivenUp),
        CallEnd::Released => None,
    }
}
