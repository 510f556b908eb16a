//! Jobs that go on at their provider after the call that began them was answered,
//! until somebody asks what became of them: only then does their provider say what
//! they used. They are known here, and by their rows after a restart.

use std::collections::hash_map::RandomState;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::ledger::OngoingJob;
use crate::model::{AttemptId, BoundedMap, PersonId, ProviderId, Usage, lock};
use crate::store::JobHash;

use super::Programs;

/// How many jobs are known at once.
const JOBS_MAX: usize = 4_096;
/// For how long it is known by its row which call began a job.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Jobs that go on.
pub struct OngoingJobs(Mutex<BoundedMap<JobHash, OngoingJob, RandomState>>);

impl Default for OngoingJobs {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(JOBS_MAX)))
    }
}

/// Whose job it is, at which provider, and what that calls it.
pub fn hash_job(person: PersonId, provider: &ProviderId, name: &str) -> JobHash {
    let hash = Sha256::new()
        .chain_update(person.0.to_be_bytes())
        .chain_update(provider.as_str())
        .chain_update([0])
        .chain_update(name);
    hash.finalize().into()
}

impl Programs {
    /// Notes a job that a call has begun.
    pub(super) fn note_job(self: &Arc<Self>, hash: JobHash, attempt: AttemptId, job: OngoingJob) {
        lock(&self.jobs.0).put(hash, job);
        let programs = Arc::clone(self);
        let now_ms = self.clock.now_ms();
        self.tasks.spawn(async move {
            if let Err(error) = programs.store.note_job(&hash, attempt, now_ms).await {
                tracing::warn!("could not note a job, which a restart would forget: {error:#}");
            }
        });
    }

    /// Settles a job by what its provider says that it used, if it does.
    pub(super) fn end_job(
        self: &Arc<Self>,
        hash: JobHash,
        usage: Option<Usage>,
        model: Option<String>,
    ) {
        let known = lock(&self.jobs.0).remove(&hash);
        let programs = Arc::clone(self);
        self.tasks.spawn(async move {
            match programs.take_job(&hash, known).await {
                Ok(Some(job)) => job.settle_soon(usage, model),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!("could not settle a job, which stays an estimate: {error:#}");
                }
            }
        });
    }

    /// Takes a job that is known, or the row of one; none where another process, or
    /// somebody before, has done so.
    async fn take_job(
        &self,
        hash: &JobHash,
        known: Option<OngoingJob>,
    ) -> anyhow::Result<Option<OngoingJob>> {
        let is_known = known.is_some();
        let job = match known {
            Some(known) => Some(known),
            None => self.ledger.ongoing_job(hash).await?,
        };
        let Some(job) = job else {
            return Ok(None);
        };
        // Of all who are told at once, in whatever process, one takes the row.
        let is_taken = self.store.take_job(hash).await? || is_known;
        Ok(is_taken.then_some(job))
    }

    /// Forgets jobs of which nobody is told the end any more.
    pub(super) async fn forget_jobs(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.forget_jobs(now_ms - KEPT_MS).await
    }
}
