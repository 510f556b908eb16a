//! An answer on its way back to a program.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::ledger::{CallEnd, Hold};
use crate::model::{AskRefusal, AttemptId, ProviderFailure, Settlement, Source, Usage};
use crate::providers::Relayed;

use crate::app::payers::Payer;
use crate::app::policy::CallerPolicy;
use crate::app::programs::Programs;
use crate::app::programs::relay::RelayError;
use crate::app::programs::relay::call::not_relayed;

/// An answer on its way. Dropped before its end, the provider is cut off
/// and what came is settled.
pub struct Relay {
    pub payer: Payer,
    pub(in crate::app) programs: Arc<Programs>,
    pub(in crate::app) policy: CallerPolicy,
    pub(in crate::app) relayed: Box<Relayed>,
    /// None once it is settled.
    pub(in crate::app) hold: Option<Hold>,
    /// What a stream cost that has ended, until that is taken.
    pub(in crate::app) receipt: Option<Box<RelayReceipt>>,
    pub(in crate::app) _busy: TaskTrackerToken,
}

/// What a call cost that was passed on.
pub struct RelayReceipt {
    pub attempt: AttemptId,
    pub source: Source,
    pub settlement: Settlement,
}

impl Relay {
    /// What kind of thing the answer is.
    pub fn content_type(&self) -> &str {
        self.relayed.content_type()
    }

    /// The provider's status, one that is no error.
    pub fn status(&self) -> u16 {
        self.relayed.status()
    }

    /// Whether the answer comes piece by piece.
    pub fn streams(&self) -> bool {
        self.relayed.streams()
    }

    /// All of it.
    pub async fn whole(&mut self) -> Result<Bytes, RelayError> {
        let programs = Arc::clone(&self.programs);
        let came = tokio::select! {
            biased;
            came = self.relayed.whole() => came,
            () = programs.tasks.cut_off() => return Err(self.stopped()),
        };
        self.hear();
        self.end(came.as_ref().err());
        came.map_err(|failure| self.not_relayed(failure))
    }

    /// The next piece of it; none at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, RelayError> {
        let programs = Arc::clone(&self.programs);
        let came = tokio::select! {
            biased;
            came = self.relayed.next() => came,
            () = programs.tasks.cut_off() => return Err(self.stopped()),
        };
        self.hear();
        match came {
            Ok(Some(piece)) => Ok(Some(piece)),
            Ok(None) => {
                self.end(None);
                Ok(None)
            }
            Err(failure) => {
                self.end(Some(&failure));
                Err(self.not_relayed(failure))
            }
        }
    }

    /// Takes what a stream cost that has ended, once.
    pub fn take_receipt(&mut self) -> Option<Box<RelayReceipt>> {
        self.receipt.take()
    }

    fn hear(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.hear_bytes(self.relayed.newly_heard());
        }
    }

    /// Settles it. Whoever waits for the answer does not wait for that.
    fn end(&mut self, failure: Option<&ProviderFailure>) {
        let Some(hold) = self.hold.take() else { return };
        let ended = Came {
            usage: self.relayed.usage(),
            pictures: self.relayed.pictures(),
            failure: failure.cloned(),
        };
        if self.streams() && failure.is_none() {
            self.receipt = Some(Box::new(RelayReceipt {
                attempt: hold.id(),
                source: hold.attempt().source,
                settlement: hold.settlement_if(ended.as_ended()),
            }));
        }
        if hold.is_exempt() {
            hold.settle_soon(ended.as_ended());
            return;
        }
        let (programs, policy) = (Arc::clone(&self.programs), self.policy.clone());
        self.programs
            .tasks
            .spawn(async move { programs.settle_relay(&policy, hold, ended.as_ended()).await });
    }

    fn stopped(&self) -> RelayError {
        RelayError {
            payer: Some(self.payer.clone()),
            ..AskRefusal::Stopping.into()
        }
    }

    fn not_relayed(&self, failure: ProviderFailure) -> RelayError {
        not_relayed(failure.into(), self.payer.clone())
    }
}

/// What came of a call.
struct Came {
    usage: Option<Usage>,
    pictures: u64,
    failure: Option<ProviderFailure>,
}

impl Came {
    fn as_ended(&self) -> CallEnd<'_> {
        match &self.failure {
            Some(failure) => CallEnd::Failed(failure),
            None if self.pictures > 0 => CallEnd::Painted {
                pictures: self.pictures,
                usage: self.usage,
                machine_ms: 0,
            },
            None => CallEnd::Answered { usage: self.usage },
        }
    }
}
