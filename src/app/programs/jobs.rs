//! Jobs that go on at their provider after the call that began them was answered,
//! until somebody asks what became of them: only then does their provider say what
//! they used. They are known as long as this process lives.

use std::collections::hash_map::RandomState;
use std::sync::Mutex;

use crate::ledger::OngoingJob;
use crate::model::{BoundedMap, PersonId, ProviderId, Usage, lock};

/// How many jobs are known at once.
const JOBS_MAX: usize = 4_096;
/// The longest name of a job, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Whose job it is, at which provider, and what that calls it.
type JobName = (PersonId, ProviderId, String);

/// Jobs that go on.
pub struct OngoingJobs(Mutex<BoundedMap<JobName, OngoingJob, RandomState>>);

impl Default for OngoingJobs {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(JOBS_MAX)))
    }
}

impl OngoingJobs {
    /// Notes a job that a call has begun.
    pub fn note(&self, name: JobName, job: OngoingJob) {
        if name.2.len() <= NAME_BYTES_MAX {
            lock(&self.0).put(name, job);
        }
    }

    /// Settles a job by what its provider says that it used.
    pub fn end(&self, name: &JobName, usage: Usage) {
        let job = lock(&self.0).remove(name);
        if let Some(job) = job {
            job.settle_soon(usage);
        }
    }
}
