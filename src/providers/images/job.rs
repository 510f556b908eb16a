//! What an image host is asked for, and what it gives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::UnboundedSender;

use crate::model::{
    FailureClass, ForeignFile, ImageSpec, MissingPicture, Picture, ProviderFailure, Stage, Steps,
    Usage, Words, lock,
};
use crate::providers::catalogue::ImageWire;

use super::host::Host;
use super::workflow::Workflow;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// The model's name; a workflow's where there is one.
    pub model: String,
    pub spec: ImageSpec,
    /// The seed, chosen by the person or for them.
    pub seed: u64,
    /// A number of ours, by which the job can be found at its host.
    pub mark: u32,
    pub workflow: Option<Arc<Workflow>>,
    /// Whether the provider is asked to moderate as little as it can.
    pub lenient: bool,
    pub made: MadeSoFar,
    /// Who is told of unfinished pictures.
    pub previews: Option<UnboundedSender<Picture>>,
}

/// What the single calls of a request have made so far. Whoever stops the
/// request takes it: it is paid for.
#[derive(Clone, Debug, Default)]
pub struct MadeSoFar {
    result: Arc<Mutex<PictureResult>>,
    unfinished: Arc<AtomicU64>,
}

impl MadeSoFar {
    /// Notes an unfinished picture, which is paid for by itself.
    pub(super) fn note_unfinished(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    /// How many unfinished pictures have come.
    pub fn unfinished(&self) -> u64 {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// Adds what one more call made; whether there is any picture now.
    fn add(&self, more: PictureResult) -> bool {
        let mut made = lock(&self.result);
        made.add(more);
        !made.pictures.is_empty()
    }

    /// Takes what the calls have made.
    fn take(&self) -> PictureResult {
        let mut made = lock(&self.result);
        std::mem::take(&mut *made)
    }

    /// Takes the pictures of a request that somebody stops; none where there
    /// is none.
    pub fn take_stopped(&self, asked: u8) -> Option<PictureResult> {
        let mut made = self.take();
        made.miss(asked, FailureClass::Cancelled);
        (!made.pictures.is_empty()).then_some(made)
    }
}

/// How a host answers a request.
#[derive(Debug)]
pub enum PictureStart {
    Done(PictureResult),
    Failed(FailedPictures),
    /// The host has taken a job, and calls it so.
    Job(String),
}

/// How far a job is.
#[derive(Debug)]
pub enum JobState {
    Waiting(Stage),
    /// The host has another name for the job from now on.
    Renamed(String, Stage),
    Done(PictureResult),
    /// It has ended, and there is no picture.
    Failed(FailedPictures),
    /// It has ended well, and its host does not give its pictures out. The next
    /// look may get them.
    Unfetched(FailedPictures),
}

/// A job that its host tells of on its own.
pub struct WatchedJob<'a> {
    /// What the host calls it.
    pub name: &'a str,
    /// What it was queued with.
    pub mark: u32,
    /// How many unfinished pictures are wanted.
    pub previews: u8,
}

/// What a host has told of a job on its own.
#[derive(Clone, Debug, Default)]
pub struct JobNews {
    pub steps: Option<Steps>,
    /// What it looks like so far.
    pub preview: Option<Picture>,
    /// Whether it has ended, so that a look finds out how.
    pub has_ended: bool,
}

/// Pictures, and what they used.
#[derive(Debug, Default)]
pub struct PictureResult {
    pub pictures: Vec<Picture>,
    /// Those that were to come and did not, each with its reason.
    pub missing: Vec<MissingPicture>,
    /// Tokens and dollars, as far as the host reports them.
    pub usage: Option<Usage>,
    /// How long a machine worked for them.
    pub machine_ms: u64,
}

/// A request that came to nothing, and what it used all the same.
#[derive(Debug)]
pub struct FailedPictures {
    pub failure: ProviderFailure,
    pub usage: Option<Usage>,
    /// How long a machine worked; 0 where nobody says.
    pub machine_ms: u64,
    /// Whether a machine has worked, which is paid for whatever came of it.
    pub has_run: bool,
    /// How many pictures were made that could not be taken.
    pub untaken: u64,
    /// What the model said in the place of a picture.
    pub said: Option<Words>,
}

pub type Result<T> = std::result::Result<T, ProviderFailure>;

/// One picture as it was read, or why it is missing.
pub type FetchedPicture = std::result::Result<Picture, MissingPicture>;

/// The name of a picture that is sent along with a graph.
pub const UPLOAD: &str = "latchkey.png";

impl FailedPictures {
    /// Nothing was begun.
    pub fn unbegun(failure: ProviderFailure) -> Self {
        Self {
            failure,
            usage: None,
            machine_ms: 0,
            has_run: false,
            untaken: 0,
            said: None,
        }
    }

    /// Whether nobody says what it used: no tokens, no machine, no picture and no
    /// words.
    pub fn is_untold(&self) -> bool {
        self.usage.is_none() && !self.has_run && self.untaken == 0 && self.said.is_none()
    }

    /// A machine worked for so long, or for as long as nobody says.
    pub fn after_work(failure: ProviderFailure, machine_ms: u64) -> Self {
        Self {
            machine_ms,
            has_run: true,
            ..Self::unbegun(failure)
        }
    }
}

impl PictureResult {
    /// Keeps a picture that came, or notes why it did not.
    pub fn keep(&mut self, came: FetchedPicture) {
        match came {
            Ok(picture) => self.pictures.push(picture),
            Err(missing) => self.missing.push(missing),
        }
    }

    /// Notes why the rest of what was asked for is missing.
    pub fn miss(&mut self, asked: u8, class: FailureClass) {
        let came = self.pictures.len() + self.missing.len();
        let rest = usize::from(asked).saturating_sub(came);
        let missing = MissingPicture::NotMade(class);
        self.missing.extend(vec![missing; rest]);
    }

    /// What came before a failure, with the failure as the reason of what did
    /// not; the failure itself where nothing came and nothing is paid for.
    pub fn without_the_rest(mut self, failure: ProviderFailure) -> Result<Self> {
        if self.pictures.is_empty() && self.missing.is_empty() && self.usage.is_none() {
            return Err(failure);
        }
        self.missing.push(MissingPicture::NotMade(failure.class));
        Ok(self)
    }

    /// What is kept, or the failure that its reasons come to where nothing is.
    fn settle(self, host: &Host<'_>) -> std::result::Result<Self, Box<FailedPictures>> {
        if !self.pictures.is_empty() {
            return Ok(self);
        }
        let worst = self.missing.iter().max_by_key(|missing| weight(missing));
        let runs_graphs = host
            .provider
            .images
            .wire
            .is_some_and(ImageWire::runs_workflows);
        let class = match worst.map_or(FailureClass::NoImageOutput(ForeignFile::Nothing), class_of)
        {
            FailureClass::NoImageOutput(_) if !runs_graphs => FailureClass::NoPicture,
            class => class,
        };
        let subject = match worst {
            Some(MissingPicture::Untrusted(name) | MissingPicture::NotFetched(name)) => {
                name.as_deref().map(Into::into)
            }
            _ => None,
        };
        let untaken = self
            .missing
            .iter()
            .filter(|missing| was_made(missing))
            .count() as u64;
        let said = match worst {
            Some(MissingPicture::InWords(said)) => Some(said.clone()),
            _ => None,
        };
        let failure = ProviderFailure {
            subject,
            ..host.failed(class)
        };
        Err(Box::new(FailedPictures {
            failure,
            usage: self.usage,
            machine_ms: self.machine_ms,
            has_run: runs_graphs,
            untaken,
            said,
        }))
    }

    /// Adds what another call made.
    fn add(&mut self, more: Self) {
        self.pictures.extend(more.pictures);
        self.missing.extend(more.missing);
        self.machine_ms += more.machine_ms;
        self.usage = match (self.usage, more.usage) {
            (Some(old), Some(new)) => Some(old.plus(new)),
            (old, new) => old.or(new),
        };
    }
}

impl PictureStart {
    /// The end of a request that was answered at once.
    pub fn ended(host: &Host<'_>, result: PictureResult) -> Self {
        match result.settle(host) {
            Ok(result) => Self::Done(result),
            Err(failed) => Self::Failed(*failed),
        }
    }
}

impl JobState {
    /// The end of a job that broke off after a machine had worked at it, for a
    /// time that nobody says. What it had saved by then is kept.
    pub fn broken_off(mut saved: PictureResult, failure: ProviderFailure) -> Self {
        if saved.pictures.is_empty() {
            return Self::Failed(FailedPictures::after_work(failure, 0));
        }
        saved.missing.push(MissingPicture::NotMade(failure.class));
        Self::Done(saved)
    }

    /// The end of a job.
    pub fn ended(host: &Host<'_>, result: PictureResult) -> Self {
        match result.settle(host) {
            Ok(result) => Self::Done(result),
            Err(failed) if failed.failure.class == FailureClass::ResultUnreachable => {
                Self::Unfetched(*failed)
            }
            Err(failed) => Self::Failed(*failed),
        }
    }
}

/// How much a reason says of a request that came to nothing: what somebody can
/// do something about comes first.
fn weight(missing: &MissingPicture) -> u8 {
    match missing {
        MissingPicture::NotAPicture(_) => 0,
        MissingPicture::Gone => 1,
        MissingPicture::NotFetched(_) => 2,
        MissingPicture::TooLarge => 3,
        MissingPicture::Untrusted(_) => 4,
        MissingPicture::NotMade(_) => 5,
        MissingPicture::InWords(_) => 6,
        MissingPicture::Refused => 7,
    }
}

fn class_of(missing: &MissingPicture) -> FailureClass {
    match missing {
        MissingPicture::Refused => FailureClass::ContentBlocked,
        MissingPicture::NotAPicture(file) => FailureClass::NoImageOutput(*file),
        MissingPicture::InWords(_) => FailureClass::NoPicture,
        MissingPicture::TooLarge => FailureClass::TooLarge,
        MissingPicture::Untrusted(_) => FailureClass::UntrustedResult,
        MissingPicture::Gone => FailureClass::Expired,
        MissingPicture::NotFetched(_) => FailureClass::ResultUnreachable,
        MissingPicture::NotMade(class) => *class,
    }
}

/// Whether a picture was made that is missing.
fn was_made(missing: &MissingPicture) -> bool {
    matches!(
        missing,
        MissingPicture::Untrusted(_)
            | MissingPicture::NotFetched(_)
            | MissingPicture::Gone
            | MissingPicture::TooLarge
    )
}

/// Has a host that makes one picture a call make several. What has been made
/// is paid for, whatever comes of the rest, and kept; why the rest is missing
/// is noted. A call that makes nothing at all is not followed by others.
pub async fn make_one_by_one<F>(
    request: &ImageRequest,
    mut make_one: impl FnMut() -> F,
) -> Result<PictureResult>
where
    F: Future<Output = Result<PictureResult>>,
{
    let asked = request.spec.pictures();
    let mut has_any = false;
    for _ in 0..asked {
        match make_one().await {
            Ok(more) => has_any = request.made.add(more),
            Err(failure) if !has_any => return Err(failure),
            Err(failure) => {
                let mut made = request.made.take();
                made.miss(asked, failure.class);
                return Ok(made);
            }
        }
        if !has_any {
            break;
        }
    }
    Ok(request.made.take())
}

/// The whole request as a prompt, for hosts that take nothing else.
pub fn full_prompt(spec: &ImageSpec) -> String {
    if spec.negative.0.is_empty() {
        return spec.prompt.0.clone();
    }
    format!("{}\n\nDo not show: {}", spec.prompt.0, spec.negative.0)
}

/// A job that its host does not know any more has expired.
pub fn expired(failure: ProviderFailure) -> ProviderFailure {
    match failure.status {
        Some(404 | 410) => ProviderFailure {
            class: FailureClass::Expired,
            ..failure
        },
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use futures_util::FutureExt;

    use super::*;
    use crate::model::{PictureKind, ProviderId};
    use crate::providers::transport::http::failed;

    fn picture() -> Picture {
        Picture {
            kind: PictureKind::Png,
            bytes: [1].as_slice().into(),
        }
    }

    fn answered(came: Vec<FetchedPicture>) -> PictureResult {
        let mut result = PictureResult::default();
        for came in came {
            result.keep(came);
        }
        result
    }

    fn four() -> ImageRequest {
        ImageRequest {
            model: "made-up".to_owned(),
            spec: ImageSpec {
                count: 4,
                ..ImageSpec::default()
            },
            seed: 0,
            mark: 0,
            workflow: None,
            lenient: false,
            made: MadeSoFar::default(),
            previews: None,
        }
    }

    /// Has four pictures made by calls that are answered like this.
    async fn make(answers: Vec<Result<PictureResult>>) -> String {
        let answers = RefCell::new(answers.into_iter());
        let make_one = || async {
            let next = answers.borrow_mut().next();
            next.unwrap_or_else(|| Ok(answered(vec![Ok(picture())])))
        };
        match make_one_by_one(&four(), make_one).await {
            Ok(result) => format!("{} {:?}", result.pictures.len(), result.missing),
            Err(failure) => format!("{:?}", failure.class),
        }
    }

    #[tokio::test]
    async fn what_is_good_is_kept_and_the_rest_has_its_reasons() {
        let limited = || Err(failed(&ProviderId::from("xai"), FailureClass::RateLimited));
        let refused = || Ok(answered(vec![Err(MissingPicture::Refused)]));
        let good = || Ok(answered(vec![Ok(picture())]));
        let mut seen = Vec::new();
        for answers in [
            vec![],
            vec![limited()],
            vec![refused()],
            vec![good(), good(), limited()],
            vec![good(), refused(), good()],
            vec![good(), refused(), limited()],
        ] {
            seen.push(make(answers).await);
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        4 []
        RateLimited
        0 [Refused]
        2 [NotMade(RateLimited), NotMade(RateLimited)]
        3 [Refused]
        1 [Refused, NotMade(RateLimited), NotMade(RateLimited)]
        ");
    }

    #[tokio::test]
    async fn what_was_made_before_somebody_stopped_it_is_there() {
        for good in 0..4 {
            let (request, calls) = (four(), Cell::new(0));
            let make_one = || {
                calls.set(calls.get() + 1);
                let hangs = calls.get() > good;
                async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    Ok(answered(vec![Ok(picture())]))
                }
            };
            let making = make_one_by_one(&request, make_one);
            assert!(making.now_or_never().is_none());
            let stopped = request.made.take_stopped(4);
            let seen = stopped.map(|made| (made.pictures.len(), made.missing));
            let missing = MissingPicture::NotMade(FailureClass::Cancelled);
            let expected = (good > 0).then(|| (good, vec![missing; 4 - good]));
            assert_eq!(seen, expected);
            assert!(request.made.take_stopped(4).is_none());
        }
    }
}
