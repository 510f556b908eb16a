//! Pictures that an earlier process left in the making.

use tokio_util::sync::CancellationToken;

use crate::app::{App, Error};
use crate::ledger::Hold;
use crate::model::{
    Attempt, FailureClass, Made, Offer, PictureJob, ProviderFailure, Refusal, Source, Stage, Trace,
};
use crate::providers::Provider;

use super::follow::{End, Follow};
use super::{Due, Pictured};

/// How many are gone on with at once.
const OPEN_MAX: u32 = 500;
/// How many ended pictures are looked at for what they left at their host.
const MARKS_MAX: u32 = 500;

impl App {
    /// Pictures that an earlier process left in the making.
    pub async fn open_pictures(&self) -> anyhow::Result<Vec<PictureJob>> {
        let before_ms = self.started_at_ms;
        self.store.open_pictures(before_ms, OPEN_MAX).await
    }

    /// Goes on with one. What its host never told the name of is given back,
    /// since nobody can fetch it.
    pub async fn go_on(
        &self,
        mut job: PictureJob,
        stop: &CancellationToken,
        watch: &mut (dyn FnMut(Stage) + Send),
    ) -> Pictured {
        let mut pictured = Pictured {
            result: Err(Refusal::Stopped.into()),
            attempt: Some(job.attempt),
            trace: Trace::default(),
            demoted: Vec::new(),
            goes_on: false,
            due: None,
        };
        let went = self
            .go_on_to_its_end(&mut job, stop, watch, &mut pictured.due)
            .await;
        pictured.goes_on = matches!(went, Err(Error::Refused(Refusal::Stopping)));
        pictured.result = went;
        pictured
    }

    async fn go_on_to_its_end(
        &self,
        job: &mut PictureJob,
        stop: &CancellationToken,
        watch: &mut (dyn FnMut(Stage) + Send),
        due: &mut Option<Due>,
    ) -> Result<Made, Error> {
        let hold = self.ledger.take_up(job.attempt).await?;
        let Some(hold) = hold else {
            // What is settled was shown; what was never written, never made.
            let made = self.store.maker_of(job.attempt).await?;
            let refusal = made.map_or(Refusal::PictureLost, |_| Refusal::PictureShown);
            return Err(refusal.into());
        };
        let attempt = hold.attempt().clone();
        let provider = self.known(&attempt.provider)?;
        let offer = self.offer_of(&attempt).await?;
        let Some(offer) = offer else {
            self.release(hold).await;
            return Err(Refusal::PictureLost.into());
        };
        if job.host_job.is_none() {
            self.stop_leftovers(provider, &[job.mark], &offer).await;
            self.release(hold).await;
            return Err(Refusal::PictureLost.into());
        }
        let follow = Follow {
            app: self,
            provider,
            offer: &offer,
            request: None,
            stop,
        };
        let end = follow.to_its_end(job, watch).await?;
        self.made_of(end, hold, (&attempt, job), due).await
    }

    async fn made_of(
        &self,
        end: End,
        hold: Hold,
        (attempt, job): (&Attempt, &PictureJob),
        due: &mut Option<Due>,
    ) -> Result<Made, Error> {
        match end {
            End::Painted(painted) => {
                let owed = due.insert(Due::new(hold, &painted, None));
                Ok(Made {
                    provider: attempt.provider.clone(),
                    model: attempt.model.clone(),
                    source: attempt.source,
                    pictures: painted.pictures,
                    seed: Some(job.seed),
                    cost: owed.cost(),
                    fell_back_from: Vec::new(),
                })
            }
            End::GoesOn | End::CutShort => {
                hold.leave();
                Err(Refusal::Stopping.into())
            }
            End::Stopped { .. } => {
                self.release(hold).await;
                Err(Refusal::Stopped.into())
            }
            End::Failed(failure) => {
                self.release(hold).await;
                Err(Error::Refused(Refusal::Provider {
                    failure,
                    payer: attempt.source,
                }))
            }
        }
    }

    /// The key that an attempt was made with, if it is still there.
    async fn offer_of(&self, attempt: &Attempt) -> anyhow::Result<Option<Offer>> {
        match (attempt.source, attempt.key) {
            (Source::BotDefault, _) => Ok(self
                .bot_default_offers()
                .find(|offer| offer.provider == attempt.provider)),
            (_, Some(key)) => {
                let can_open = |kid: &str| self.vault.can_open(kid);
                self.store.offer_of_key(key, can_open).await
            }
            _ => Ok(None),
        }
    }

    /// Stops machines that were started for pictures that have ended; their
    /// ids.
    pub async fn stop_all_leftovers(&self) -> anyhow::Result<Vec<String>> {
        let marks = self.store.ended_marks(MARKS_MAX).await?;
        let mut stopped = Vec::new();
        for (provider, key) in self.store.keys_of_pictures().await? {
            let Some(provider) = self.providers.get(&provider) else {
                continue;
            };
            let can_open = |kid: &str| self.vault.can_open(kid);
            let offer = match key {
                Some(key) => self.store.offer_of_key(key, can_open).await?,
                None => self
                    .bot_default_offers()
                    .find(|it| it.provider == provider.id),
            };
            if let Some(offer) = offer {
                stopped.extend(self.stop_leftovers(provider, &marks, &offer).await);
            }
        }
        Ok(stopped)
    }

    /// Stops what was started with these marks; the ids.
    async fn stop_leftovers(
        &self,
        provider: &Provider,
        marks: &[u32],
        offer: &Offer,
    ) -> Vec<String> {
        let Ok(key) = self.open_key(offer, None) else {
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

fn log_leftovers(failure: &ProviderFailure) {
    if failure.class != FailureClass::NotSetUp {
        tracing::warn!(provider = %failure.provider, "could not look for machines that were left over: {:?}", failure.class);
    }
}
