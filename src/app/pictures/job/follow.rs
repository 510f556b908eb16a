//! Follows a job at its host until it ends, and leaves nothing there.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::Error;
use crate::app::pictures::Pictures;
use crate::model::{FailureClass, PictureJob, ProviderFailure, Stage};
use crate::providers::{FailedPictures, ImageRequest, JobState, PictureResult, Provider};

use crate::app::pictures::job::listen::{self, NewsReceiver};
use crate::app::pictures::job::run::{PayingKey, PictureProgress, Watcher};

/// How often in a row a look may fail before the job is given up.
const MISSES_MAX: u32 = 20;
/// How often in a row a host may not know a job before it is believed: a
/// history comes a moment after its queue, and what was begun just now may not
/// be known everywhere.
const GONE_MAX: u32 = 2;
/// How often in a row a host may not know a job that it was never seen to know.
const FRESH_GONE_MAX: u32 = 5;
/// How often pictures that are there are looked for once more.
const FETCHES_MAX: u32 = 3;
/// How many times the first wait the longest is.
pub const SLOWEST: u32 = 5;
/// How often something is cleared away at a host.
const TRIES: u32 = 4;

/// How a job ended.
pub enum JobEnd {
    Made(PictureResult),
    /// The host made nothing that can be shown.
    Failed(FailedPictures),
    /// The host did not answer when it was asked to begin, or to make pictures
    /// at once.
    NotAnswered(ProviderFailure),
    /// Its time is over, or the host no longer says how far it is.
    GivenUp {
        failure: ProviderFailure,
        ran: MachineUse,
    },
    /// Somebody cancelled it.
    Stopped {
        ran: MachineUse,
    },
    /// This process ends before it does.
    GoesOn,
    /// This process ends, and nobody else can go on with it.
    CutShort {
        ran: MachineUse,
    },
}

impl JobEnd {
    /// Whether the host may still work on the job.
    fn leaves_job_running(&self) -> bool {
        match self {
            Self::Stopped { .. } | Self::CutShort { .. } | Self::GivenUp { .. } => true,
            // Whoever stands before the host gave up, and not the host.
            Self::Failed(failed) => {
                failed.failure.class == FailureClass::TimedOut && failed.failure.status.is_some()
            }
            Self::Made(_) | Self::NotAnswered(_) | Self::GoesOn => false,
        }
    }
}

/// How long a machine was at a job that nobody waits for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineUse {
    /// The job had not begun to run.
    None,
    /// The job may have begun, and its machine was seen at it for so long.
    For { machine_ms: u64 },
}

/// What a host is asked for once nobody waits for a job any more.
#[derive(Clone, Copy)]
enum HostRequest {
    Cancel,
    /// To clear away what the job leaves there.
    ClearAway,
}

/// A job that is followed.
pub struct JobFollower<'a> {
    pub pictures: &'a Pictures,
    pub provider: &'a Provider,
    pub key: PayingKey<'a>,
    /// What it was begun with, as long as its words are known.
    pub request: Option<&'a ImageRequest>,
    pub stop: &'a CancellationToken,
}

impl JobFollower<'_> {
    /// Looks again and again, cancels it when somebody says so or its time
    /// is over, and clears away what it leaves at its host.
    pub async fn follow_to_end(
        &self,
        job: &mut PictureJob,
        watch: Watcher<'_>,
    ) -> Result<JobEnd, Error> {
        let mut ran_from = None;
        let mut seen = |seen: PictureProgress| {
            if matches!(seen, PictureProgress::Stage(Stage::Running)) {
                ran_from.get_or_insert_with(Instant::now);
            }
            watch(seen);
        };
        let deadline = Instant::now() + self.time_left(job);
        let (hearing, listening) = listen::begin(job);
        let looking = async {
            tokio::select! {
                end = self.until_done(job, hearing, &mut seen) => end,
                never = Box::pin(self.listen(listening)) => match never {},
            }
        };
        let mut end = tokio::select! {
            end = looking => end?,
            () = self.stop.cancelled() => JobEnd::Stopped { ran: MachineUse::None },
            () = tokio::time::sleep_until(deadline) => JobEnd::GivenUp {
                failure: self.failed(FailureClass::TimedOut),
                ran: MachineUse::None,
            },
            () = self.pictures.tasks.cut_off() => match job.channel {
                Some(_) => return Ok(JobEnd::GoesOn),
                // The program that waits for it is cut off too.
                None => JobEnd::CutShort { ran: MachineUse::None },
            },
        };
        self.note_machine_time(&mut end, ran_from.map(|from| from.elapsed()));
        if let JobEnd::Made(result) = &mut end {
            result.miss(job.count, FailureClass::NoPicture);
        }
        if end.leaves_job_running() {
            self.give_up(job).await;
        } else {
            self.ask_host(job, HostRequest::ClearAway).await;
        }
        Ok(end)
    }

    /// Writes into the end of a job how long its machine was seen at it, where
    /// the host does not say.
    fn note_machine_time(&self, end: &mut JobEnd, ran_for: Option<Duration>) {
        let ran_ms = ran_for.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX));
        match end {
            JobEnd::Stopped { ran } | JobEnd::CutShort { ran } => {
                if ran_for.is_some() {
                    *ran = MachineUse::For { machine_ms: ran_ms };
                }
            }
            JobEnd::GivenUp { ran, .. } => {
                // What an earlier process began may have run before this one looked.
                let may_have_run = *ran != MachineUse::None || self.request.is_none();
                if ran_for.is_some() || may_have_run {
                    *ran = MachineUse::For { machine_ms: ran_ms };
                }
            }
            JobEnd::Made(result) if result.machine_ms == 0 => result.machine_ms = ran_ms,
            JobEnd::Failed(failed) => {
                if failed.machine_ms == 0 {
                    failed.machine_ms = ran_ms;
                }
                // A machine that is started costs money at once.
                let has_machine = self.provider.images.starts_machines();
                failed.has_run |= ran_for.is_some() || self.request.is_none() || has_machine;
            }
            JobEnd::Made(_) | JobEnd::NotAnswered(_) | JobEnd::GoesOn => {}
        }
    }

    /// Cancels a job at its host, and clears away what it leaves there.
    pub async fn give_up(&self, job: &PictureJob) {
        self.ask_host(job, HostRequest::Cancel).await;
        self.ask_host(job, HostRequest::ClearAway).await;
    }

    fn time_left(&self, job: &PictureJob) -> Duration {
        let since = self.pictures.clock.now_ms() - job.began_at_ms;
        let since = Duration::from_millis(u64::try_from(since).unwrap_or(0));
        self.pictures.settings.deadline.saturating_sub(since)
    }

    fn failed(&self, class: FailureClass) -> ProviderFailure {
        ProviderFailure {
            provider: self.provider.id.clone(),
            class,
            status: None,
            retry_after: None,
            subject: None,
        }
    }

    async fn until_done(
        &self,
        job: &mut PictureJob,
        mut hearing: NewsReceiver,
        seen: &mut (dyn FnMut(PictureProgress) + Send),
    ) -> Result<JobEnd, Error> {
        let first = self.pictures.settings.poll;
        let (mut wait, mut misses) = (first, 0);
        // What an earlier process began was known.
        let (mut gone, mut is_known) = (0, self.request.is_none());
        let mut fetches = 0;
        loop {
            if hearing.wait(wait + jitter(wait), seen).await {
                wait = first;
            }
            let looked = self.look(job).await?;
            match looked {
                Ok(JobState::Done(result)) => return Ok(JobEnd::Made(result)),
                Ok(JobState::Failed(failed)) => return Ok(JobEnd::Failed(failed)),
                Ok(JobState::Unfetched(_)) if fetches < FETCHES_MAX => fetches += 1,
                Ok(JobState::Unfetched(failed)) => return Ok(JobEnd::Failed(failed)),
                Ok(JobState::Waiting(stage)) => {
                    (misses, gone, is_known) = (0, 0, true);
                    seen(PictureProgress::Stage(stage));
                }
                Ok(JobState::Renamed(host_job, stage)) => {
                    self.pictures.store.set_host_job(&job.id, &host_job).await?;
                    job.host_job = Some(host_job);
                    hearing.rename(job);
                    is_known = false;
                    seen(PictureProgress::Stage(stage));
                }
                Err(failure) if is_unknown(&failure) && gone < gone_max(is_known) => gone += 1,
                Err(failure) if may_pass(&failure) && misses < MISSES_MAX => {
                    misses += 1;
                    wait = failure.retry_after.unwrap_or(wait).min(first * 2 * SLOWEST);
                }
                // Nobody knows what becomes of it.
                Err(failure) if may_pass(&failure) => {
                    let ran = MachineUse::For { machine_ms: 0 };
                    return Ok(JobEnd::GivenUp { failure, ran });
                }
                // The key is not good for a look any more, and the job runs on.
                Err(failure) if failure.class.is_about_the_key() => {
                    let ran = MachineUse::None;
                    return Ok(JobEnd::GivenUp { failure, ran });
                }
                Err(failure) => return Ok(JobEnd::Failed(FailedPictures::unbegun(failure))),
            }
            wait = (wait + wait / 5).min(first * SLOWEST);
        }
    }

    async fn look(&self, job: &PictureJob) -> Result<Result<JobState, ProviderFailure>, Error> {
        let key = match self.key.open(&self.pictures.payers) {
            Ok(key) => key,
            Err(failure) => return Ok(Err(failure)),
        };
        let name = job.host_job.as_deref().unwrap_or_default();
        let providers = &self.pictures.providers;
        let looked = providers
            .poll_job(self.provider, self.request, name, key.credential())
            .await;
        // A look has nothing in it that could be wrong, and says nothing of the job.
        Ok(looked.map_err(|failure| match failure.class {
            FailureClass::BadRequest if failure.status.is_some() => ProviderFailure {
                class: FailureClass::Upstream,
                ..failure
            },
            _ => failure,
        }))
    }

    /// Asks the host for something about a job, again where that may help.
    async fn ask_host(&self, job: &PictureJob, request: HostRequest) {
        let Some(name) = job.host_job.as_deref() else {
            return;
        };
        let Ok(key) = self.key.open(&self.pictures.payers) else {
            tracing::error!(provider = %self.provider.id, "the key of a job is gone; what it left at its host stays there");
            return;
        };
        let providers = &self.pictures.providers;
        for tries in 1..=TRIES {
            let done = match request {
                HostRequest::Cancel => {
                    providers
                        .cancel_job(self.provider, name, key.credential())
                        .await
                }
                HostRequest::ClearAway => {
                    providers
                        .clear_away(self.provider, name, key.credential())
                        .await
                }
            };
            match done {
                Ok(()) => return,
                Err(failure) if !may_pass(&failure) || tries == TRIES => {
                    tracing::warn!(provider = %self.provider.id, "could not clear away a job: {:?}", failure.class);
                    return;
                }
                Err(_) => sleep(self.pictures.settings.poll * tries).await,
            }
        }
    }
}

/// Whether the host does not know the job, for now or any more.
fn is_unknown(failure: &ProviderFailure) -> bool {
    failure.class == FailureClass::Expired
}

fn gone_max(is_known: bool) -> u32 {
    if is_known { GONE_MAX } else { FRESH_GONE_MAX }
}

/// Whether the next look may tell more: nothing of it is about the job.
fn may_pass(failure: &ProviderFailure) -> bool {
    matches!(
        failure.class,
        FailureClass::RateLimited
            | FailureClass::Upstream
            | FailureClass::Overloaded
            | FailureClass::Unreachable
            | FailureClass::CutOff
    ) || failure.class == FailureClass::TimedOut && failure.status.is_none()
}

/// Up to a quarter more, so that many jobs do not ask at once.
fn jitter(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(0);
    wait / 4 * (random % 256) / 256
}
