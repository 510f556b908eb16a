//! Makes pictures, whatever the host; `providers.md` §2.4, §4, §6.
//!
//! Some answer with the picture, others take a job and are asked about it
//! until it is done. A job is begun once and never again: only a look at it
//! is repeated. What the host calls the job is text that only its own file
//! reads; it holds no secret, since it is stored.

mod comfyui;
mod fetch;
mod google;
mod host;
mod machine;
mod openai;
mod runcomfy;
mod runpod;
mod salad;
mod workflow;

use std::sync::Arc;

use crate::model::{
    Credential, FailureClass, ImageSpec, NanoDollars, Picture, ProviderFailure, Size, Stage, Usage,
};

use super::Providers;
use super::catalogue::{ImageWire, Provider};

pub use workflow::{Workflow, Workflows};

/// What is to be made.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// The model's name; a workflow's where there is one.
    pub model: String,
    pub wish: ImageSpec,
    /// The seed, chosen by the person or for them.
    pub seed: u32,
    /// Ours, to be found again by.
    pub mark: u32,
    pub workflow: Option<Arc<Workflow>>,
    /// Whether the provider is asked to moderate as little as it can.
    pub lenient: bool,
}

/// What became of a request.
#[derive(Debug)]
pub enum Begun {
    Done(Painted),
    /// The host has taken it, and calls it so.
    Job(String),
}

/// What a look at a job found.
#[derive(Debug)]
pub enum Looked {
    Waiting(Stage),
    /// It has moved on, and is called so from now on.
    Moved(String, Stage),
    Done(Painted),
}

/// Pictures, and what they used.
#[derive(Debug, Default)]
pub struct Painted {
    pub pictures: Vec<Picture>,
    /// Tokens and dollars, as far as the host reports them.
    pub usage: Option<Usage>,
    /// How long a machine worked for them.
    pub machine_ms: u64,
}

type Result<T> = std::result::Result<T, ProviderFailure>;

/// What a picture is called where it is sent along with a graph.
const UPLOAD: &str = "latchkey.png";

impl Providers {
    /// Has a picture made, or begins to.
    pub async fn paint(
        &self,
        provider: &Provider,
        request: &ImageRequest,
        credential: Option<&Credential>,
    ) -> Result<Begun> {
        let host = self.host(provider, credential);
        match host.wire()? {
            ImageWire::OpenAi | ImageWire::Xai | ImageWire::OpenRouter => {
                openai::paint(&host, request).await.map(Begun::Done)
            }
            ImageWire::Google => google::paint(&host, request).await.map(Begun::Done),
            ImageWire::RunComfyServerless => runcomfy::begin(&host, request).await,
            ImageWire::RunComfy => machine::begin(&host, request).await,
            ImageWire::Salad => salad::begin(&host, request).await,
            ImageWire::RunPod => runpod::begin(&host, request).await,
            ImageWire::ComfyUi => comfyui::begin(&host, request).await,
        }
    }

    /// Looks how far a job is. `request` is what it was begun with, as long
    /// as its words are known.
    pub async fn look(
        &self,
        provider: &Provider,
        request: Option<&ImageRequest>,
        job: &str,
        credential: Option<&Credential>,
    ) -> Result<Looked> {
        let host = self.host(provider, credential);
        match host.wire()? {
            ImageWire::RunComfyServerless => runcomfy::look(&host, job).await,
            ImageWire::RunComfy => machine::look(&host, request, job).await,
            ImageWire::Salad => salad::look(&host, job).await,
            ImageWire::RunPod => runpod::look(&host, job).await,
            ImageWire::ComfyUi => comfyui::look(&host, job).await,
            _ => Err(host.fail(FailureClass::BadRequest)),
        }
    }

    /// Gives a job up at its host.
    pub async fn cancel(
        &self,
        provider: &Provider,
        job: &str,
        credential: Option<&Credential>,
    ) -> Result<()> {
        let host = self.host(provider, credential);
        match host.wire()? {
            ImageWire::RunComfyServerless => runcomfy::cancel(&host, job).await,
            ImageWire::RunComfy => machine::stop(&host, job).await,
            ImageWire::Salad => salad::cancel(&host, job).await,
            ImageWire::RunPod => runpod::cancel(&host, job).await,
            ImageWire::ComfyUi => comfyui::cancel(&host, job).await,
            _ => Ok(()),
        }
    }

    /// Clears away what a job leaves behind at its host, however it ended.
    pub async fn clear_away(
        &self,
        provider: &Provider,
        job: &str,
        credential: Option<&Credential>,
    ) -> Result<()> {
        if !provider.images.starts_machines() {
            return Ok(());
        }
        machine::stop(&self.host(provider, credential), job).await
    }
}

impl Painted {
    /// Joins what several calls made.
    fn add(&mut self, more: Self) {
        self.pictures.extend(more.pictures);
        self.machine_ms += more.machine_ms;
        let (Some(usage), Some(old)) = (more.usage, self.usage) else {
            self.usage = self.usage.or(more.usage);
            return;
        };
        self.usage = Some(Usage {
            input_tokens: old.input_tokens + usage.input_tokens,
            output_tokens: old.output_tokens + usage.output_tokens,
            cached_tokens: old.cached_tokens + usage.cached_tokens,
            reasoning_tokens: old.reasoning_tokens + usage.reasoning_tokens,
            cost: old
                .cost
                .zip(usage.cost)
                .map(|(old, new)| NanoDollars(old.0.saturating_add(new.0))),
        });
    }
}

/// Has a host that makes one at a time make several. What has been made is
/// paid for, whatever comes of the rest.
async fn one_by_one<F>(times: u8, mut once: impl FnMut() -> F) -> Result<Painted>
where
    F: Future<Output = Result<Painted>>,
{
    let mut painted = Painted::default();
    for _ in 0..times {
        match once().await {
            Ok(more) => painted.add(more),
            Err(_) if !painted.pictures.is_empty() => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(painted)
}

/// A wish for hosts that take nothing but words.
fn in_words(wish: &ImageSpec) -> String {
    if wish.negative.0.is_empty() {
        return wish.prompt.0.clone();
    }
    format!("{}\n\nDo not show: {}", wish.prompt.0, wish.negative.0)
}

/// The known proportions that are the nearest to a size.
fn nearest<const N: usize>(known: &[(u32, u32); N], size: Size) -> (u32, u32) {
    let ratio = |(width, height): (u32, u32)| f64::from(width) / f64::from(height);
    let wanted = ratio((size.width, size.height)).ln();
    let far = |known: (u32, u32)| (ratio(known).ln() - wanted).abs();
    let found = known.iter().copied();
    let found = found.min_by(|a, b| far(*a).total_cmp(&far(*b)));
    found.unwrap_or((size.width, size.height))
}

/// A job that its host no longer knows is one that it has forgotten.
fn expired(failure: ProviderFailure) -> ProviderFailure {
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
    use super::*;

    #[test]
    fn the_nearest_proportions_are_made() {
        let known = [(1_024, 1_024), (1_536, 1_024), (1_024, 1_536)];
        for (typed, made) in [
            ("512x512", known[0]),
            ("1920x1080", known[1]),
            ("768x1024", known[2]),
            ("1024x1000", known[0]),
        ] {
            let size = Size::parse(typed).unwrap();
            assert_eq!(nearest(&known, size), made, "{typed}");
        }
    }
}
