//! Makes pictures, whatever the host; `docs/providers.md` §14.
//!
//! Some hosts answer with the picture, others take a job and are asked about
//! it until it is done. A job is started once and never again: only the
//! question how far it is is repeated. The host's name for the job is text
//! that only the file of that host reads; it holds no secret, since it is
//! stored.

mod comfy_events;
mod comfy_socket;
mod comfyui;
mod complaint;
mod fetch;
mod google;
mod host;
mod job;
mod machine;
mod openai;
mod outputs;
mod runcomfy;
mod runpod;
mod salad;
mod sizes;
mod strip;
mod workflow;

use crate::model::{Credential, FailureClass, ImageSpec, ProviderFailure};

use super::catalogue::{ImageWire, Provider};
use super::picture_tokens::{PictureSpec, tokens_of_picture};
use super::registry::Providers;
use host::Host;
use job::Result;
use strip::strip_all;

pub use comfy_socket::JobSocket;
pub use job::{
    FailedPictures, ImageRequest, JobNews, JobState, MadeSoFar, PictureResult, PictureStart,
    WatchedJob,
};
pub use workflow::{Workflow, Workflows};

/// The most tokens that all pictures of an ask are. Nothing where they are
/// paid for one by one, or by the second.
pub fn tokens_of_pictures(provider: &Provider, model: &str, spec: &ImageSpec) -> u64 {
    let asked = match provider.images.wire {
        Some(ImageWire::OpenAi) => PictureSpec {
            size: sizes::asked_size(model, spec),
            quality: spec.wish("quality").map(ToOwned::to_owned),
            partial_pictures: u64::from(spec.shown_previews()),
        },
        _ => PictureSpec::default(),
    };
    tokens_of_picture(provider.id.as_str(), model, &asked)
        .saturating_mul(u64::from(spec.pictures()))
}

impl Providers {
    /// Has pictures made, or starts a job that makes them. They come without
    /// anything that hides in their files.
    pub async fn start_pictures(
        &self,
        provider: &Provider,
        request: &ImageRequest,
        credential: Option<&Credential>,
    ) -> Result<PictureStart> {
        let host = self.host(provider, credential);
        match start_at(&host, request).await? {
            PictureStart::Done(made) => Ok(PictureStart::ended(&host, strip_all(made).await)),
            started => Ok(started),
        }
    }

    /// Asks how far a job is. `request` is what it was started with, as long
    /// as that is known. Pictures come without anything that hides in their
    /// files.
    pub async fn poll_job(
        &self,
        provider: &Provider,
        request: Option<&ImageRequest>,
        job: &str,
        credential: Option<&Credential>,
    ) -> Result<JobState> {
        let host = self.host(provider, credential);
        match poll_at(&host, request, job).await? {
            JobState::Done(made) => Ok(JobState::ended(&host, strip_all(made).await)),
            looked => Ok(looked),
        }
    }

    /// Connects to a host that tells on its own how far a job is. None where it
    /// does not, or not now: whoever looks finds out all the same.
    pub async fn watch_job(
        &self,
        provider: &Provider,
        job: &WatchedJob<'_>,
        credential: Option<&Credential>,
    ) -> Option<JobSocket> {
        let host = self.host(provider, credential);
        let opened = match provider.images.wire {
            Some(ImageWire::ComfyUi) => comfyui::watch_job(&host, job).await,
            Some(ImageWire::RunComfy) => machine::watch_job(&host, job).await,
            _ => return None,
        };
        let log = |failure: &ProviderFailure| {
            tracing::debug!(provider = %provider.id, "no WebSocket: {:?}", failure.class);
        };
        opened.inspect_err(log).ok()
    }

    /// Gives a job up at its host.
    pub async fn cancel_job(
        &self,
        provider: &Provider,
        job: &str,
        credential: Option<&Credential>,
    ) -> Result<()> {
        let host = self.host(provider, credential);
        match host.wire()? {
            ImageWire::RunComfyServerless => runcomfy::cancel_job(&host, job).await,
            ImageWire::RunComfy => machine::stop_machine(&host, job).await,
            ImageWire::Salad => salad::cancel_job(&host, job).await,
            ImageWire::RunPod => runpod::cancel_job(&host, job).await,
            ImageWire::ComfyUi => comfyui::cancel_job(&host, job).await,
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
        machine::stop_machine(&self.host(provider, credential), job).await
    }

    /// Stops the machines that were started with one of these marks, by what
    /// the account says runs; their ids.
    pub async fn stop_leftovers(
        &self,
        provider: &Provider,
        marks: &[u32],
        credential: Option<&Credential>,
    ) -> Result<Vec<String>> {
        if !provider.images.starts_machines() {
            return Ok(Vec::new());
        }
        machine::stop_marked(&self.host(provider, credential), marks).await
    }

    /// The LoRAs that a host has; none where it does not tell.
    pub async fn list_loras(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Vec<String>> {
        match provider.images.wire {
            Some(ImageWire::ComfyUi) => comfyui::list_loras(&self.host(provider, credential)).await,
            _ => Ok(Vec::new()),
        }
    }

    /// Whether `OpenAI`'s moderation, which is free, flags a text.
    pub async fn is_flagged(
        &self,
        provider: &Provider,
        text: &str,
        credential: Option<&Credential>,
    ) -> Result<bool> {
        openai::is_flagged(&self.host(provider, credential), text).await
    }

    fn host<'a>(&'a self, provider: &'a Provider, credential: Option<&'a Credential>) -> Host<'a> {
        Host {
            outbound: &self.outbound,
            provider,
            credential,
        }
    }
}

async fn start_at(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    match host.wire()? {
        ImageWire::OpenAi | ImageWire::Xai | ImageWire::OpenRouter => {
            let made = openai::make_pictures(host, request).await;
            made.map(|made| PictureStart::ended(host, made))
        }
        ImageWire::Google => {
            let made = google::make_pictures(host, request).await;
            made.map(|made| PictureStart::ended(host, made))
        }
        ImageWire::RunComfyServerless => runcomfy::start_job(host, request).await,
        ImageWire::RunComfy => machine::start_job(host, request).await,
        ImageWire::Salad => salad::start_job(host, request).await,
        ImageWire::RunPod => runpod::start_job(host, request).await,
        ImageWire::ComfyUi => comfyui::start_job(host, request).await,
    }
}

async fn poll_at(host: &Host<'_>, request: Option<&ImageRequest>, job: &str) -> Result<JobState> {
    match host.wire()? {
        ImageWire::RunComfyServerless => runcomfy::poll_job(host, job).await,
        ImageWire::RunComfy => machine::poll_job(host, request, job).await,
        ImageWire::Salad => salad::poll_job(host, job).await,
        ImageWire::RunPod => runpod::poll_job(host, job).await,
        ImageWire::ComfyUi => comfyui::poll_job(host, job).await,
        _ => Err(host.failed(FailureClass::BadRequest)),
    }
}
