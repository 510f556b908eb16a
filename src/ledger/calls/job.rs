//! Calls that are settled once more when their provider says what they used.

use std::sync::Arc;

use crate::model::{PromptTokens, Usage};
use crate::store::{Booking, JobHash};

use crate::ledger::calls::hold::{CallEnd, Hold};
use crate::ledger::{Ledger, Shared};

/// A call whose provider works on it after its answer, until it says what it used.
#[derive(Debug)]
pub struct OngoingJob {
    booking: Arc<Booking>,
    shared: Arc<Shared>,
}

impl Hold {
    /// What is needed to settle the call again, if it goes on after its answer.
    pub fn ongoing_job(&self) -> OngoingJob {
        OngoingJob {
            booking: Arc::clone(&self.booking),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Ledger {
    /// The call that began a job, which another process may have been; none if its
    /// end was told before.
    pub async fn ongoing_job(&self, job: &JobHash) -> anyhow::Result<Option<OngoingJob>> {
        let booking = self.store.ongoing_job(job).await?;
        Ok(booking.map(|booking| OngoingJob {
            booking: Arc::new(booking),
            shared: Arc::clone(&self.shared),
        }))
    }
}

impl OngoingJob {
    /// Has what the job used put in the place of the estimate. Of one that ended
    /// without a word of it, the estimate stands.
    pub fn settle_soon(self, usage: Option<Usage>) {
        let (known, held) = (self.booking.known, self.booking.held);
        let mut hold = Hold::take_up(self.booking, self.shared);
        hold.prompt = PromptTokens {
            likely: known.prompt,
            most: held.input_tokens,
        };
        hold.settle_soon(match usage {
            Some(_) => CallEnd::Answered { usage },
            None => CallEnd::Abandoned,
        });
    }
}
