//! An answer on its way back to a program.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::ledger::{BrokenPictures, CallEnd, Hold};
use crate::model::{
    AskRefusal, AttemptId, LimitLeft, PassedEvents, PriceEstimate, ProviderFailure, Settlement,
    Source, Usage,
};
use crate::providers::{RelayFailure, Relayed, WholeOrBegun};

use crate::app::payers::Payer;
use crate::app::pictures::estimate_price;
use crate::app::policy::CallerPolicy;
use crate::app::programs::Programs;
use crate::app::programs::jobs::hash_job;
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
    /// What a stream cost that has ended, or pictures, until that is taken.
    pub(in crate::app) receipt: Option<Box<RelayReceipt>>,
    /// Whether somebody is told what it cost, whatever it is.
    pub(in crate::app) tells_cost: bool,
    pub(in crate::app) _busy: TaskTrackerToken,
}

/// An answer that is no stream.
pub enum RelayedAnswer {
    Whole(Bytes),
    /// The beginning of a large one, whose rest comes piece by piece.
    Begun(Bytes),
}

/// What a call cost that was passed on.
pub struct RelayReceipt {
    pub attempt: AttemptId,
    pub source: Source,
    pub settlement: Settlement,
    /// What was known of the price of pictures before they were made.
    pub estimate: Option<PriceEstimate>,
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

    /// The provider's headers that tell of limits: none where the key is not
    /// the caller's, since the limits are not theirs either.
    pub fn told_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        if self.payer.source.is_own() {
            self.relayed.told_headers()
        } else {
            Vec::new()
        }
    }

    /// What the caller's own limits left when the call was made. Those that
    /// others use too are nobody's to know.
    pub fn limits_left(&self) -> &[LimitLeft] {
        self.hold.as_ref().map_or(&[], Hold::left)
    }

    /// The fields of the call that were ignored, with commas between them.
    pub fn ignored(&self) -> Option<&str> {
        self.relayed.ignored()
    }

    /// What the caller got, where the events are numbered.
    pub fn passed_events(&self) -> PassedEvents {
        self.relayed.passed_events()
    }

    /// Whether the answer comes piece by piece.
    pub fn streams(&self) -> bool {
        self.relayed.streams()
    }

    /// All of it, or the beginning of a large one, whose rest comes piece by
    /// piece.
    pub async fn whole_or_begun(&mut self) -> Result<RelayedAnswer, RelayError> {
        let programs = Arc::clone(&self.programs);
        let came = tokio::select! {
            biased;
            came = self.relayed.whole_or_begun() => came,
            () = programs.tasks.cut_off() => return Err(self.stopped()),
        };
        self.hear();
        match came {
            Ok(WholeOrBegun::Whole(answer)) => {
                settled(self.end(None)).await;
                Ok(RelayedAnswer::Whole(answer))
            }
            Ok(WholeOrBegun::Begun(first)) => Ok(RelayedAnswer::Begun(first)),
            Err(failure) => {
                settled(self.end(Some(&failure))).await;
                Err(self.not_relayed(failure))
            }
        }
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
                settled(self.end(None)).await;
                Ok(None)
            }
            Err(failure) => {
                settled(self.end(Some(&failure))).await;
                Err(self.not_relayed(failure))
            }
        }
    }

    /// Takes what a stream cost that has ended, or pictures, once.
    pub fn take_receipt(&mut self) -> Option<Box<RelayReceipt>> {
        self.receipt.take()
    }

    fn hear(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.hear(self.relayed.newly_heard());
            hold.note_report(self.relayed.known_usage(), self.relayed.is_counted());
        }
    }

    /// Settles it. Where limits bind it, the answer ends when that is on disk,
    /// or is kept: whoever was answered is then never charged more than that,
    /// whatever becomes of the process. The task goes on if the caller leaves.
    fn end(&mut self, failure: Option<&ProviderFailure>) -> Option<JoinHandle<()>> {
        let mut hold = self.hold.take()?;
        self.note_jobs(&hold);
        if !self.streams() {
            hold.note_answers_told(self.relayed.choices());
        }
        let ended = AnswerEnd::of(&self.relayed, failure);
        let is_told = self.tells_cost || self.streams() || ended.pictures > 0;
        if is_told && failure.is_none() {
            self.receipt = Some(Box::new(RelayReceipt {
                attempt: hold.id(),
                source: hold.attempt().source,
                settlement: hold.settlement_if(&ended.as_ended()),
                estimate: estimate_price(&hold).filter(|_| ended.pictures > 0),
            }));
        }
        if hold.is_exempt() {
            hold.settle_soon(&ended.as_ended());
            return None;
        }
        let (programs, policy) = (Arc::clone(&self.programs), self.policy.clone());
        let settling = async move {
            programs
                .settle_relay(&policy, hold, &ended.as_ended())
                .await;
        };
        Some(self.programs.tasks.spawn(settling))
    }

    /// Notes a job that the call has begun, and settles one whose end it tells.
    fn note_jobs(&mut self, hold: &Hold) {
        let attempt = hold.attempt();
        let hash = |id: &str| hash_job(attempt.person, &attempt.provider, id);
        if let Some(id) = self.relayed.begun_job() {
            let job = hold.ongoing_job();
            self.programs.note_job(hash(id), attempt.id, job);
        }
        if let Some(ended) = self.relayed.take_ended_job() {
            let (usage, model) = (ended.usage, ended.model);
            self.programs.end_job(hash(&ended.id), usage, model);
        }
    }

    fn stopped(&self) -> RelayError {
        RelayError {
            payer: Some(self.payer.clone()),
            ..AskRefusal::Stopping.into()
        }
    }

    fn not_relayed(&mut self, failure: ProviderFailure) -> RelayError {
        let said = self.relayed.take_said();
        not_relayed(RelayFailure { failure, said }, self.payer.clone())
    }
}

impl Drop for Relay {
    /// Whoever leaves while nothing is passed on may have been heard of since. A job
    /// goes on without them.
    fn drop(&mut self) {
        self.hear();
        if let Some(hold) = self.hold.take() {
            self.note_jobs(&hold);
        }
    }
}

/// Waits until an answer is settled, if anybody has to wait for that.
async fn settled(settling: Option<JoinHandle<()>>) {
    if let Some(settling) = settling {
        // An error means that it panicked, which the log has.
        let _ = settling.await;
    }
}

/// How an answer ended, and what it reported.
struct AnswerEnd {
    usage: Option<Usage>,
    pictures: u64,
    failure: Option<ProviderFailure>,
    /// What was used where pictures were asked for and none came.
    broken: Option<BrokenPictures>,
}

impl AnswerEnd {
    fn of(relayed: &Relayed, failure: Option<&ProviderFailure>) -> Self {
        let (usage, pictures) = (relayed.usage(), relayed.pictures());
        let failure = failure.cloned();
        let lacks_pictures = relayed.asked_for_pictures() && pictures == 0 && failure.is_none();
        let broken = BrokenPictures {
            untaken: 0,
            usage,
            machine_ms: 0,
            has_run: false,
        };
        let is_said = lacks_pictures && usage.is_some();
        // What nobody says of an answer without a picture, nobody knows.
        let is_unsaid = lacks_pictures && usage.is_none();
        Self {
            usage,
            pictures,
            failure: failure.or_else(|| is_unsaid.then(|| relayed.no_picture())),
            broken: is_said.then_some(broken),
        }
    }

    fn as_ended(&self) -> CallEnd<'_> {
        match (&self.failure, &self.broken) {
            (Some(failure), _) => CallEnd::Failed(failure),
            (None, Some(broken)) => CallEnd::Broken(broken),
            (None, None) if self.pictures > 0 => CallEnd::Painted {
                pictures: u32::try_from(self.pictures).unwrap_or(u32::MAX),
                usage: self.usage,
                machine_ms: 0,
            },
            (None, None) => CallEnd::Answered { usage: self.usage },
        }
    }
}
