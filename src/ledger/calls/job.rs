//! Calls that are settled once more when their provider says what they used.

use std::sync::Arc;

use crate::model::{PromptTokens, Usage};
use crate::store::{Booking, JobHash};

use crate::ledger::calls::call_end::CallEnd;
use crate::ledger::calls::hold::Hold;
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
    /// without a word of it, the estimate stands. It costs what `model` costs, where
    /// its provider names one in the end.
    pub fn settle_soon(self, usage: Option<Usage>, model: Option<String>) {
        let (known, most) = (self.booking.known, self.booking.held.input_tokens);
        let mut hold = Hold::take_up(self.booking, self.shared);
        hold.told_model = model;
        hold.prompt = PromptTokens {
            likely: known.prompt,
            most,
        };
        let ended = match usage {
            Some(_) => CallEnd::Answered { usage },
            None => CallEnd::Abandoned,
        };
        hold.settle_soon(&ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::stories::story::{NOW_MS, check_sums, open, order, sqlite};
    use crate::model::{Clock, ProviderId, UsageDetails};

    #[tokio::test]
    async fn an_end_that_is_told_many_times_at_once_is_settled_once() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&sqlite(&folder), &Clock::held_at(NOW_MS)).await;
        let provider = ProviderId::from("openai");
        let answer = ledger.hold(order(&provider, 7), Vec::new()).await;
        let mut hold = answer.unwrap().unwrap();
        hold.begin().await.unwrap();
        let told = [0; 3].map(|_| hold.ongoing_job());
        let details = UsageDetails {
            jobs: 1,
            ..UsageDetails::default()
        };
        let ongoing = Usage {
            details,
            ..Usage::default()
        };
        hold.note_report(Some(ongoing), false);
        let begun = CallEnd::Answered { usage: None };
        ledger.settle(hold, &begun).await.unwrap();
        ledger.flush().await;
        for job in told {
            job.settle_soon(
                Some(Usage {
                    input_tokens: 10,
                    output_tokens: 400,
                    ..Usage::default()
                }),
                None,
            );
        }
        ledger.flush().await;
        let rows = check_sums(&ledger).await;
        let [row] = rows.as_slice() else {
            panic!("{rows:?}");
        };
        assert_eq!(
            (row.state.as_str(), row.used.output_tokens),
            ("settled", 400)
        );
        ledger.close().await;
    }
}
