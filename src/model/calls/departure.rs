//! Whether a call has left for its provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether anything of a call can have reached its provider. Whoever sends
/// the call notes it, and whoever settles the call reads it; every clone is
/// about the same call.
#[derive(Clone, Debug, Default)]
pub struct Departure(Arc<AtomicBool>);

impl Departure {
    /// Notes that the call is being written to its provider.
    pub fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Notes that the provider did not take what was sent.
    pub fn take_back(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether anything of the call can have reached its provider.
    pub fn may_have_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
