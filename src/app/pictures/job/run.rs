//! One ask for pictures from its first payer to its end.

use std::pin::pin;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ledger::{BrokenPictures, CallEnd, Hold};
use crate::model::{
    AskRefusal, Attempt, AttemptId, ConversationRefusal, Credential, FailureClass, NanoDollars,
    Offer, Picture, PictureAnswer, PictureJob, PictureRefusal, PriceEstimate, ProviderFailure,
    Stage, Steps, Trace, Usage,
};
use crate::providers::{FailedPictures, ImageRequest, PictureResult, PictureStart};

use crate::app::Error;
use crate::app::payers::{Demotion, OpenKey, Payer, Payers};
use crate::app::pictures::Pictures;
use crate::app::pictures::ReadyPicture;
use crate::app::pictures::job::call::PictureCall;
use crate::app::pictures::job::follow::{JobEnd, JobFollower, MachineUse};
use crate::app::pictures::job::resume::has_jobs;
use crate::app::policy::CallerPolicy;
use crate::app::policy::Notice;

/// How an ask for pictures ended.
pub struct PictureOutcome {
    pub result: Result<PictureAnswer, Error>,
    /// The last attempt, and everybody who could have paid.
    pub attempt: Option<AttemptId>,
    pub trace: Trace,
    pub demoted: Vec<Demotion>,
    /// It goes on in the next process, which will show it.
    pub goes_on: bool,
    /// What is owed for the pictures, once they are shown.
    pub unsettled: Option<UnsettledPictures>,
}

/// What is owed for pictures that were made. It is settled when they are
/// shown, so that a crash before that costs nobody anything.
pub struct UnsettledPictures {
    /// None once it is settled.
    hold: Option<Hold>,
    pictures: u64,
    usage: Option<Usage>,
    machine_ms: u64,
    /// Whose budgets to look at.
    policy: Option<CallerPolicy>,
}

impl UnsettledPictures {
    fn new(hold: Hold, result: &PictureResult, policy: Option<CallerPolicy>) -> Self {
        Self {
            hold: Some(hold),
            pictures: result.pictures.len() as u64,
            usage: result.usage,
            machine_ms: result.machine_ms,
            policy,
        }
    }

    fn ended(&self) -> CallEnd<'static> {
        CallEnd::Painted {
            pictures: u32::try_from(self.pictures).unwrap_or(u32::MAX),
            usage: self.usage,
            machine_ms: self.machine_ms,
        }
    }

    fn estimate(&self) -> Option<PriceEstimate> {
        estimate_price(self.hold.as_ref()?)
    }

    fn cost(&self) -> Option<NanoDollars> {
        self.hold.as_ref()?.settlement_if(&self.ended()).cost
    }
}

/// Whoever is cut off before the pictures are shown leaves that, and the
/// settlement, to the next process.
impl Drop for UnsettledPictures {
    fn drop(&mut self) {
        if let Some(hold) = self.hold.take() {
            hold.leave();
        }
    }
}

/// The key that pays for a picture.
#[derive(Clone, Copy)]
pub struct PayingKey<'a> {
    pub offer: &'a Offer,
    /// The key itself, where it came with the call.
    pub request_key: Option<&'a Credential>,
}

impl<'a> PayingKey<'a> {
    /// Opens it for one call.
    pub fn open(self, payers: &'a Payers) -> Result<OpenKey<'a>, ProviderFailure> {
        payers.open_key(self.offer, self.request_key)
    }
}

/// What came of one payer's host, and what was reserved for it.
pub struct EndedJob<'a> {
    pub end: JobEnd,
    pub hold: Hold,
    /// None where the host takes no seed.
    pub seed: Option<u64>,
    /// None where an earlier process began the picture.
    pub policy: Option<&'a CallerPolicy>,
}

/// What one payer's host is asked, with which key, and who may stop it.
pub struct HostCall<'a> {
    pub request: &'a ImageRequest,
    pub key: PayingKey<'a>,
    pub stop: &'a CancellationToken,
}

/// Where a picture will be shown.
#[derive(Clone, Debug)]
pub struct PicturePlace {
    /// Its answer's id.
    pub id: String,
    pub channel: u64,
    /// The message that it was promised with.
    pub message: Option<u64>,
    /// Whether nobody sees it before they press on it.
    pub is_spoiler: bool,
}

/// Who waits for a picture.
#[derive(Clone, Copy, Debug)]
pub enum Waiter<'a> {
    /// Somebody in Discord, where it will be shown whatever happens.
    Here(&'a PicturePlace),
    /// A program, as long as it stays on the line; by the picture's id.
    Program(&'a str),
}

/// What is seen of a picture while it is made.
#[derive(Clone, Debug)]
pub enum PictureProgress {
    /// Who is asked to pay for it now, and what it may cost them.
    Payer(Payer, Option<PriceEstimate>),
    Stage(Stage),
    Steps(Steps),
    /// What it looks like so far.
    Preview(Picture),
}

/// Whoever looks how far a picture is.
pub type Watcher<'a> = &'a mut (dyn FnMut(PictureProgress) + Send);

/// What is made at once may have been made, and by no machine that is paid for
/// by the second.
const AT_ONCE: MachineUse = MachineUse::For { machine_ms: 0 };

/// What pictures may cost, by what is held for them.
pub fn estimate_price(hold: &Hold) -> Option<PriceEstimate> {
    let (cost, is_most) = hold.estimate_pictures()?;
    Some(PriceEstimate {
        cost,
        pictures: u8::try_from(hold.held_pictures()).unwrap_or(u8::MAX),
        is_most,
    })
}

/// The end of a job that was never begun.
fn failed_at_once(failure: ProviderFailure) -> JobEnd {
    JobEnd::Failed(FailedPictures::unbegun(failure))
}

impl Pictures {
    /// Makes pictures: each payer in turn until one is not turned down.
    pub async fn make(
        &self,
        ready: ReadyPicture,
        waiter: Waiter<'_>,
        stop: &CancellationToken,
        watch: Watcher<'_>,
    ) -> PictureOutcome {
        let ReadyPicture {
            order,
            mut queue,
            reserved,
            ..
        } = ready;
        let mut outcome = PictureOutcome {
            result: Err(AskRefusal::Stopped.into()),
            attempt: None,
            trace: Trace::default(),
            demoted: Vec::new(),
            goes_on: false,
            unsettled: None,
        };
        let mut call = PictureCall {
            pictures: self,
            order,
            waiter,
            stop,
            watch,
            outcome: &mut outcome,
        };
        let made = self.payers.pay(&mut call, &mut queue, reserved).await;
        PictureOutcome {
            result: made.map(|made| PictureAnswer {
                fell_back_from: queue.fell_back,
                ..made
            }),
            trace: queue.trace,
            demoted: queue.demoted,
            ..outcome
        }
    }

    /// Takes what came of one payer's host, or gives everything back.
    pub(in crate::app::pictures) async fn conclude(
        &self,
        ended: EndedJob<'_>,
        outcome: &mut PictureOutcome,
    ) -> Result<Result<PictureAnswer, ProviderFailure>, Error> {
        let EndedJob {
            end,
            hold,
            seed,
            policy,
        } = ended;
        match end {
            JobEnd::Made(result) => {
                let Attempt {
                    provider,
                    model,
                    source,
                    ..
                } = hold.attempt().clone();
                let usage = result.usage;
                let unsettled = UnsettledPictures::new(hold, &result, policy.cloned());
                let (cost, estimate) = (unsettled.cost(), unsettled.estimate());
                outcome.unsettled = Some(unsettled);
                Ok(Ok(PictureAnswer {
                    provider,
                    model,
                    source,
                    pictures: result.pictures,
                    missing: result.missing,
                    seed,
                    usage,
                    cost,
                    estimate,
                    fell_back_from: Vec::new(),
                }))
            }
            JobEnd::GoesOn => {
                hold.leave();
                outcome.goes_on = true;
                Err(AskRefusal::Stopping.into())
            }
            JobEnd::CutShort { ran } => {
                self.give_up_hold(hold, ran).await;
                Err(AskRefusal::Stopping.into())
            }
            JobEnd::Stopped { ran } => {
                self.give_up_hold(hold, ran).await;
                Err(AskRefusal::Stopped.into())
            }
            // The pictures came, and are more than is read.
            JobEnd::NotAnswered(failure) if failure.class == FailureClass::TooLarge => {
                let untaken = hold.held_pictures();
                let failed = FailedPictures {
                    untaken,
                    ..FailedPictures::unbegun(failure)
                };
                self.settle_broken(hold, failed).await.map(Err)
            }
            JobEnd::NotAnswered(failure) => {
                self.payers.settle(hold, &CallEnd::Failed(&failure)).await;
                Ok(Err(failure))
            }
            JobEnd::Failed(failed) => self.settle_broken(hold, failed).await.map(Err),
            JobEnd::GivenUp { failure, ran } => {
                self.give_up_hold(hold, ran).await;
                Ok(Err(failure))
            }
        }
    }

    /// Settles what was held for a job that its host could not do. Refused
    /// where the model answered in words.
    async fn settle_broken(
        &self,
        hold: Hold,
        failed: FailedPictures,
    ) -> Result<ProviderFailure, Error> {
        // It answered, and what it made of the call nobody can read.
        if failed.is_untold() && failed.failure.may_have_worked() {
            let failure = failed.failure;
            self.payers.settle(hold, &CallEnd::Failed(&failure)).await;
            return Ok(failure);
        }
        let broken = BrokenPictures {
            untaken: failed.untaken,
            usage: failed.usage,
            machine_ms: failed.machine_ms,
            has_run: failed.has_run,
        };
        let ended = CallEnd::Broken(&broken);
        self.payers.settle(hold, &ended).await;
        match failed.said {
            Some(words) => Err(PictureRefusal::AnsweredInWords {
                provider: failed.failure.provider,
                words,
            }
            .into()),
            None => Ok(failed.failure),
        }
    }

    /// Gives back what was held for pictures that nobody waits for any more,
    /// unless their host had begun to make them.
    async fn give_up_hold(&self, hold: Hold, ran: MachineUse) {
        match ran {
            MachineUse::None => self.payers.release(hold).await,
            MachineUse::For { machine_ms } => {
                let ended = CallEnd::Stopped { machine_ms };
                self.payers.settle(hold, &ended).await;
            }
        }
    }

    /// Asks one payer's host, and follows what it makes of it.
    pub(in crate::app::pictures) async fn call_host(
        &self,
        call: HostCall<'_>,
        job: &mut PictureJob,
        watch: Watcher<'_>,
    ) -> Result<JobEnd, Error> {
        let HostCall { request, key, stop } = call;
        let offer = key.offer;
        let provider = self.models.provider(&offer.provider)?;
        self.store.begin_picture(job).await?;
        let opened = match key.open(&self.payers) {
            Ok(opened) => opened,
            Err(failure) => return Ok(failed_at_once(failure)),
        };
        let (sender, mut previews) = mpsc::unbounded_channel();
        let request = &ImageRequest {
            previews: Some(sender),
            ..request.clone()
        };
        let starting = self
            .providers
            .start_pictures(provider, request, opened.credential());
        let started = if has_jobs(provider) {
            // A job that is begun must be known, whatever happens meanwhile.
            starting.await
        } else {
            watch(PictureProgress::Stage(Stage::Running));
            let mut starting = pin!(starting);
            loop {
                tokio::select! {
                    biased;
                    Some(preview) = previews.recv() => watch(PictureProgress::Preview(preview)),
                    started = &mut starting => break started,
                    () = stop.cancelled() => return Ok(self.end_stopped(offer, request)),
                    () = self.tasks.cut_off() => return Ok(JobEnd::CutShort { ran: AT_ONCE }),
                }
            }
        };
        drop(opened);
        match started {
            Ok(PictureStart::Done(mut pictures)) => {
                pictures.miss(job.count, FailureClass::NoPicture);
                Ok(self.note_made(offer, pictures))
            }
            Ok(PictureStart::Failed(failed)) => Ok(JobEnd::Failed(failed)),
            Err(failure) => Ok(JobEnd::NotAnswered(failure)),
            Ok(PictureStart::Job(host_job)) => {
                let noted = self.store.set_host_job(&job.id, &host_job).await;
                job.host_job = Some(host_job);
                // It waits there, until a look says otherwise.
                watch(PictureProgress::Stage(Stage::Queued(None)));
                let follower = JobFollower {
                    pictures: self,
                    provider,
                    key,
                    request: Some(request),
                    stop,
                };
                if let Err(error) = noted {
                    // Without its name at the host, no restart would find the
                    // job again.
                    follower.give_up(job).await;
                    return Err(error.into());
                }
                let end = follower.follow_to_end(job, watch).await?;
                Ok(match end {
                    JobEnd::Made(pictures) => self.note_made(offer, pictures),
                    other => other,
                })
            }
        }
    }

    /// The end of a request that somebody stopped. What its host had made until
    /// then is paid for, so that it is kept.
    fn end_stopped(&self, offer: &Offer, request: &ImageRequest) -> JobEnd {
        match request.made.take_stopped(request.spec.pictures()) {
            Some(made) => self.note_made(offer, made),
            None => JobEnd::Stopped { ran: AT_ONCE },
        }
    }

    fn note_made(&self, offer: &Offer, pictures: PictureResult) -> JobEnd {
        self.payers.note_use(offer.key);
        JobEnd::Made(pictures)
    }

    /// The pictures are shown: settles what is owed for them, and says which
    /// owners should be told of it.
    pub async fn settle_shown(&self, mut unsettled: UnsettledPictures) -> Vec<Notice> {
        let ended = unsettled.ended();
        let Some(hold) = unsettled.hold.take() else {
            return Vec::new();
        };
        let settled = self.payers.settle(hold, &ended).await;
        match (settled, &unsettled.policy) {
            (Some(settled), Some(policy)) => policy.notices(&settled.warnings),
            _ => Vec::new(),
        }
    }

    /// The pictures could not be shown to anybody: gives everything back.
    pub async fn release_unshown(&self, mut unsettled: UnsettledPictures) {
        if let Some(hold) = unsettled.hold.take() {
            self.payers.release(hold).await;
        }
    }

    /// The picture was delivered, or why not was said.
    pub async fn close_picture(&self, id: &str) -> anyhow::Result<()> {
        self.store.end_picture(id, self.clock.now_ms()).await
    }

    /// What made a picture, but for its words.
    pub async fn find_picture(&self, id: &str) -> Result<PictureJob, Error> {
        let found = self.store.load_picture(id).await?;
        Ok(found.ok_or(ConversationRefusal::StaleAnswer)?)
    }
}
