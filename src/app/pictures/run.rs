//! One ask for pictures from its first payer to its end.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::payers::OpenKey;
use crate::app::programs::relay::{Payer, payer};
use crate::app::quotas::caller_policy::CallerPolicy;
use crate::app::quotas::notice::Notice;
use crate::app::{App, Demotion, Error};
use crate::ledger::{Ended, Hold};
use crate::model::{
    AskRefusal, Attempt, AttemptId, ConversationRefusal, Credential, FailureClass, FellBack,
    ImageSpec, Made, NanoDollars, Offer, PictureJob, ProviderFailure, Refusal, Stage, Trace, Usage,
    WhyFellBack,
};
use crate::providers::{Begun, ImageRequest, ImageWire, Painted, Workflow};

use crate::app::pictures::follow::{End, Follow};
use crate::app::pictures::{Moderation, ReadyPicture};

/// How an ask for pictures ended.
pub struct PictureOutcome {
    pub result: Result<Made, Error>,
    /// The last attempt, and everybody who could have paid.
    pub attempt: Option<AttemptId>,
    pub trace: Trace,
    pub demoted: Vec<Demotion>,
    /// It goes on in the next process, which will show it.
    pub goes_on: bool,
    /// What is owed for the pictures, once they are shown.
    pub due: Option<UnsettledPictures>,
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
    standing: Option<CallerPolicy>,
}

impl UnsettledPictures {
    pub(in crate::app) fn new(
        hold: Hold,
        painted: &Painted,
        standing: Option<CallerPolicy>,
    ) -> Self {
        Self {
            hold: Some(hold),
            pictures: painted.pictures.len() as u64,
            usage: painted.usage,
            machine_ms: painted.machine_ms,
            standing,
        }
    }

    fn ended(&self) -> Ended<'static> {
        Ended::Painted {
            pictures: self.pictures,
            usage: self.usage,
            machine_ms: self.machine_ms,
        }
    }

    pub(in crate::app) fn cost(&self) -> Option<NanoDollars> {
        self.hold.as_ref()?.cost_if(self.ended())
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

/// A payer for whom room is reserved, and what is asked of them.
pub struct ReservedPicture {
    pub offer: Offer,
    pub hold: Hold,
    pub model: String,
    pub workflow: Option<Arc<Workflow>>,
    pub wish: ImageSpec,
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
    pub fn open(self, app: &'a App) -> anyhow::Result<OpenKey<'a>> {
        app.open_key(self.offer, self.request_key)
    }
}

/// Where a picture will be shown.
#[derive(Clone, Debug)]
pub struct PicturePlace {
    /// Its answer's id.
    pub id: String,
    pub channel: u64,
    /// The message that it was promised with.
    pub message: Option<u64>,
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
pub enum Seen {
    /// Who is asked to pay for it now.
    Payer(Payer),
    Stage(Stage),
}

/// Whoever looks how far a picture is.
pub type Watcher<'a> = &'a mut (dyn FnMut(Seen) + Send);

impl App {
    /// Makes pictures: each payer in turn until one is not turned down.
    pub async fn make_pictures(
        &self,
        ready: ReadyPicture,
        waits: Waiter<'_>,
        stop: &CancellationToken,
        watch: Watcher<'_>,
    ) -> PictureOutcome {
        let mut pictured = PictureOutcome {
            result: Err(AskRefusal::Stopped.into()),
            attempt: None,
            trace: ready.trace.clone(),
            demoted: Vec::new(),
            goes_on: false,
            due: None,
        };
        let made = self
            .try_painters(ready, waits, (stop, watch), &mut pictured)
            .await;
        pictured.result = made;
        pictured
    }

    async fn try_painters(
        &self,
        mut ask: ReadyPicture,
        waits: Waiter<'_>,
        (stop, watch): (&CancellationToken, Watcher<'_>),
        pictured: &mut PictureOutcome,
    ) -> Result<Made, Error> {
        let mut last_failure = None;
        while let Some(mut reserved) = ask.reserved.take() {
            pictured.attempt = Some(reserved.hold.id());
            watch(Seen::Payer(payer(&reserved.offer, &reserved.hold)));
            reserved.hold.begin().await?;
            let offer = reserved.offer.clone();
            let (request, mut job) = self.request(&ask.standing, &reserved, waits)?;
            let with = PayingKey {
                offer: &offer,
                request_key: ask.request_key.as_ref(),
            };
            let end = self.paint(&request, &mut job, (with, stop), watch).await?;
            let seed = request.workflow.is_some().then_some(request.seed);
            let asked = (seed, Some(&ask.standing));
            let failure = match self.conclude(end, reserved.hold, asked, pictured).await? {
                Ok(made) => {
                    return Ok(Made {
                        fell_back_from: ask.passed.fell_back,
                        ..made
                    });
                }
                Err(failure) => failure,
            };
            let refusal = Refusal::Ask(AskRefusal::Provider {
                failure: failure.clone(),
                payer: offer.source,
            });
            if !another_may_help(&failure) {
                return Err(refusal.into());
            }
            let demoted = self.demote(&offer, &failure).await?;
            pictured.demoted.extend(demoted);
            ask.passed.fell_back.push(FellBack {
                source: offer.source,
                provider: offer.provider,
                why: WhyFellBack::TurnedDown,
            });
            last_failure = Some(refusal);
            self.reserve_picture(&mut ask).await?;
        }
        let nobody = Refusal::Ask(AskRefusal::NobodyPays { trace: ask.trace });
        Err(last_failure.unwrap_or(nobody).into())
    }

    /// What one payer's host is asked for, and the row of it.
    fn request(
        &self,
        standing: &CallerPolicy,
        reserved: &ReservedPicture,
        waits: Waiter<'_>,
    ) -> anyhow::Result<(ImageRequest, PictureJob)> {
        let wish = reserved.wish.clone();
        let (seed, mark) = (wish.seed.map_or_else(random, Ok)?, random()?);
        let (id, channel, message) = match waits {
            Waiter::Here(spot) => (spot.id.as_str(), Some(spot.channel), spot.message),
            Waiter::Program(id) => (id, None, None),
        };
        let job = PictureJob {
            id: id.to_owned(),
            person: standing.caller.person,
            server: standing.caller.place.server(),
            channel,
            message,
            attempt: reserved.hold.id(),
            size: wish.size,
            count: wish.pictures(),
            seed,
            is_edit: wish.is_edit,
            mark,
            host_job: None,
            began_at_ms: self.clock.now_ms(),
            ended_at_ms: None,
        };
        let request = ImageRequest {
            model: reserved.model.clone(),
            wish,
            seed,
            mark,
            workflow: reserved.workflow.clone(),
            lenient: self.settings.images.moderation == Moderation::Off,
        };
        Ok((request, job))
    }

    /// Takes what came of one payer's host, or gives everything back. There
    /// is nobody's standing where an earlier process has asked.
    pub(in crate::app) async fn conclude(
        &self,
        end: End,
        hold: Hold,
        (seed, standing): (Option<u32>, Option<&CallerPolicy>),
        pictured: &mut PictureOutcome,
    ) -> Result<Result<Made, ProviderFailure>, Error> {
        match end {
            End::Painted(painted) => {
                let Attempt {
                    provider,
                    model,
                    source,
                    ..
                } = hold.attempt().clone();
                let usage = painted.usage;
                let due = UnsettledPictures::new(hold, &painted, standing.cloned());
                let cost = due.cost();
                pictured.due = Some(due);
                Ok(Ok(Made {
                    provider,
                    model,
                    source,
                    pictures: painted.pictures,
                    seed,
                    usage,
                    cost,
                    fell_back_from: Vec::new(),
                }))
            }
            End::GoesOn => {
                hold.leave();
                pictured.goes_on = true;
                Err(AskRefusal::Stopping.into())
            }
            End::CutShort => {
                self.release(hold).await;
                Err(AskRefusal::Stopping.into())
            }
            End::Stopped { ran } => {
                // What had begun to run is settled at what it held.
                if !ran {
                    self.release(hold).await;
                }
                Err(AskRefusal::Stopped.into())
            }
            End::Failed(failure) => {
                self.release(hold).await;
                Ok(Err(failure))
            }
        }
    }

    /// Asks one payer's host, and follows what it makes of it.
    async fn paint(
        &self,
        request: &ImageRequest,
        job: &mut PictureJob,
        (with, stop): (PayingKey<'_>, &CancellationToken),
        watch: Watcher<'_>,
    ) -> Result<End, Error> {
        let offer = with.offer;
        let provider = self.known(&offer.provider)?;
        self.store.begin_picture(job).await?;
        let key = with.open(self)?;
        let painting = self.providers.paint(provider, request, key.credential());
        let begun = if provider.images.wire.is_some_and(ImageWire::runs_workflows) {
            // A job that is begun must be known, whatever happens meanwhile.
            painting.await
        } else {
            watch(Seen::Stage(Stage::Running));
            tokio::select! {
                begun = painting => begun,
                () = stop.cancelled() => return Ok(End::Stopped { ran: true }),
                () = self.must_stop() => return Ok(End::CutShort),
            }
        };
        drop(key);
        match begun {
            Ok(Begun::Done(painted)) => Ok(self.used(offer, painted)),
            Err(failure) => Ok(End::Failed(failure)),
            Ok(Begun::Job(host_job)) => {
                let noted = self.store.set_host_job(&job.id, &host_job).await;
                job.host_job = Some(host_job);
                let follow = Follow {
                    app: self,
                    provider,
                    with,
                    request: Some(request),
                    stop,
                };
                if let Err(error) = noted {
                    // Nobody would find it again.
                    follow.give_up(job).await;
                    return Err(error.into());
                }
                let end = follow.to_its_end(job, watch).await?;
                Ok(match end {
                    End::Painted(painted) => self.used(offer, painted),
                    other => other,
                })
            }
        }
    }

    fn used(&self, offer: &Offer, painted: Painted) -> End {
        self.note_use(offer.key);
        End::Painted(painted)
    }

    /// Gives back everything that was reserved: nothing came of it.
    pub(in crate::app) async fn release(&self, hold: Hold) {
        if let Err(error) = self.ledger.settle(hold, Ended::Released).await {
            tracing::error!("could not release an attempt: {error:#}");
        }
    }

    /// The pictures are shown: settles what is owed for them, and says which
    /// owners should be told of it.
    pub async fn pictures_shown(&self, mut due: UnsettledPictures) -> Vec<Notice> {
        let ended = due.ended();
        let Some(hold) = due.hold.take() else {
            return Vec::new();
        };
        match self.ledger.settle(hold, ended).await {
            Ok(settled) => due.standing.as_ref().map_or_else(Vec::new, |standing| {
                self.notices(standing, &settled.warnings)
            }),
            Err(error) => {
                tracing::error!("could not settle a picture: {error:#}");
                Vec::new()
            }
        }
    }

    /// The pictures could not be shown to anybody: gives everything back.
    pub async fn pictures_not_shown(&self, mut due: UnsettledPictures) {
        if let Some(hold) = due.hold.take() {
            self.release(hold).await;
        }
    }

    /// The picture was delivered, or why not was said.
    pub async fn picture_ended(&self, id: &str) -> anyhow::Result<()> {
        self.store.end_picture(id, self.clock.now_ms()).await
    }

    /// What made a picture, but for its words.
    pub async fn picture(&self, id: &str) -> Result<PictureJob, Error> {
        let found = self.store.load_picture(id).await?;
        Ok(found.ok_or(ConversationRefusal::StaleAnswer)?)
    }
}

/// As for words: only the provider's word on the key, or a key that cannot
/// do this.
fn another_may_help(failure: &ProviderFailure) -> bool {
    matches!(
        failure.class,
        FailureClass::AuthInvalid
            | FailureClass::Billing
            | FailureClass::WrongOrigin
            | FailureClass::NotSetUp
    )
}

fn random() -> anyhow::Result<u32> {
    Ok(getrandom::u32()?)
}
