//! Pictures that an earlier process left in the making.

use tokio_util::sync::CancellationToken;

use crate::app::Error;
use crate::app::pictures::Pictures;
use crate::ledger::{CallEnd, Hold};
use crate::model::{
    AskRefusal, FailureClass, Offer, PictureAnswer, PictureJob, PictureRefusal, ProviderFailure,
    Trace,
};
use crate::providers::{ImageWire, Provider};

use crate::app::pictures::PictureOutcome;
use crate::app::pictures::job::follow::{JobEnd, JobFollower};
use crate::app::pictures::job::run::{EndedJob, PayingKey, Watcher};

/// How many are gone on with at once.
const OPEN_MAX: u32 = 500;
/// How many ended pictures are looked at for what they left at their host.
const MARKS_MAX: u32 = 500;

/// A picture that an earlier process left in the making.
pub struct LeftPicture {
    pub job: PictureJob,
    /// Whether that process showed it, and ended before it could book it.
    pub is_shown: bool,
}

impl Pictures {
    /// Pictures that an earlier process left in the making.
    pub async fn unfinished_pictures(&self) -> anyhow::Result<Vec<PictureJob>> {
        let before_ms = self.started_at_ms;
        self.store.open_pictures(before_ms, OPEN_MAX).await
    }

    /// Goes on with one. What its host never told the name of is given back,
    /// since nobody can fetch it, unless it was shown.
    pub async fn resume_picture(
        &self,
        mut left: LeftPicture,
        stop: &CancellationToken,
        watch: Watcher<'_>,
    ) -> PictureOutcome {
        let mut outcome = PictureOutcome {
            result: Err(AskRefusal::Stopped.into()),
            attempt: Some(left.job.attempt),
            trace: Trace::default(),
            demoted: Vec::new(),
            goes_on: false,
            unsettled: None,
        };
        let went = self
            .go_on_to_its_end(&mut left, stop, watch, &mut outcome)
            .await;
        outcome.result = went;
        outcome
    }

    async fn go_on_to_its_end(
        &self,
        left: &mut LeftPicture,
        stop: &CancellationToken,
        watch: Watcher<'_>,
        outcome: &mut PictureOutcome,
    ) -> Result<PictureAnswer, Error> {
        let LeftPicture { job, is_shown } = left;
        let hold = self.payers.take_up(job.attempt).await?;
        let Some(hold) = hold else {
            // An answer is booked once it was shown. What was given back, never
            // written, or broke off may not have been told.
            let refusal = match self.store.counted_end(job.attempt).await? {
                None => PictureRefusal::PictureLost,
                Some((_, true)) => PictureRefusal::PictureShown,
                Some((provider, false)) => PictureRefusal::PictureCutOff { provider },
            };
            return Err(refusal.into());
        };
        let (payer, key) = (hold.attempt().source, hold.attempt().key);
        let provider = self.models.provider(&hold.attempt().provider)?;
        let offer = self.payers.offer_of(&provider.id, key).await?;
        let Some(offer) = offer else {
            return Err(self.end_lost(hold, *is_shown).await);
        };
        if job.host_job.is_none() && !has_jobs(provider) {
            return Err(self.end_cut_off(hold, *is_shown).await);
        }
        if job.host_job.is_none() {
            self.stop_leftovers(provider, &[job.mark], &offer).await;
            return Err(self.end_lost(hold, *is_shown).await);
        }
        let follower = JobFollower {
            pictures: self,
            provider,
            key: PayingKey {
                offer: &offer,
                request_key: None,
            },
            request: None,
            stop,
        };
        let end = follower.follow_to_end(job, watch).await?;
        if *is_shown && !matches!(end, JobEnd::Made(_) | JobEnd::GoesOn) {
            return Err(self.end_lost(hold, true).await);
        }
        let ended = EndedJob {
            end,
            hold,
            seed: Some(job.seed),
            policy: None,
        };
        let made = self.conclude(ended, outcome).await?;
        if let Err(failure) = &made {
            let demoted = self.payers.demote(&offer, failure).await?;
            self.people
                .tell_owners(demoted.into_iter().collect(), Vec::new());
        }
        made.map_err(|failure| AskRefusal::Provider { failure, payer }.into())
    }

    /// Ends what can't be gone on with. What was shown is paid for at what was
    /// held: its host may have forgotten it. The rest is given back.
    async fn end_lost(&self, hold: Hold, is_shown: bool) -> Error {
        if is_shown {
            self.payers.settle(hold, &CallEnd::Abandoned).await;
            PictureRefusal::PictureShown.into()
        } else {
            self.payers.release(hold).await;
            PictureRefusal::PictureLost.into()
        }
    }

    /// Ends what a provider was making in the answer to a call that ended with
    /// an earlier process: it may count it, and so it is paid for at what was
    /// held.
    async fn end_cut_off(&self, hold: Hold, is_shown: bool) -> Error {
        let provider = hold.attempt().provider.clone();
        self.payers.settle(hold, &CallEnd::Abandoned).await;
        if is_shown {
            PictureRefusal::PictureShown.into()
        } else {
            PictureRefusal::PictureCutOff { provider }.into()
        }
    }

    /// Stops machines that were started for pictures that have ended; their
    /// ids.
    pub async fn stop_all_leftovers(&self) -> anyhow::Result<Vec<String>> {
        let marks = self.store.ended_marks(MARKS_MAX).await?;
        let mut stopped = Vec::new();
        for (provider, key) in self.store.keys_of_pictures().await? {
            let provider = self.models.catalogue().get(&provider);
            // Nobody else's key need be opened for this.
            let Some(provider) = provider.filter(|it| it.images.starts_machines()) else {
                continue;
            };
            if let Some(offer) = self.payers.offer_of(&provider.id, key).await? {
                stopped.extend(self.stop_leftovers(provider, &marks, &offer).await);
            }
        }
        Ok(stopped)
    }

    /// Stops what was started with these marks; the ids.
    pub(in crate::app::pictures) async fn stop_leftovers(
        &self,
        provider: &Provider,
        marks: &[u32],
        offer: &Offer,
    ) -> Vec<String> {
        let Ok(key) = self.payers.open_key(offer, None) else {
            return Vec::new();
        };
        let stopped = self
            .providers
            .stop_leftovers(provider, marks, key.credential())
            .await;
        match stopped {
            Ok(stopped) => {
                for machine in &stopped {
                    tracing::warn!(provider = %provider.id, machine, "stopped a machine that was left over");
                }
                stopped
            }
            Err(failure) => {
                log_leftovers(&failure);
                Vec::new()
            }
        }
    }
}

/// Whether a provider takes jobs, and is asked about them.
pub(in crate::app::pictures) fn has_jobs(provider: &Provider) -> bool {
    provider.images.wire.is_some_and(ImageWire::runs_workflows)
}

fn log_leftovers(failure: &ProviderFailure) {
    if failure.class != FailureClass::NotSetUp {
        tracing::warn!(provider = %failure.provider, "could not look for machines that were left over: {:?}", failure.class);
    }
}
