//! What an image host is asked for, and what it gives.

use std::sync::Arc;

use crate::model::{FailureClass, ImageSpec, Picture, ProviderFailure, Size, Stage, Usage};

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
}

/// How a host answers a request.
#[derive(Debug)]
pub enum PictureStart {
    Done(PictureResult),
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
}

/// Pictures, and what they used.
#[derive(Debug, Default)]
pub struct PictureResult {
    pub pictures: Vec<Picture>,
    /// Tokens and dollars, as far as the host reports them.
    pub usage: Option<Usage>,
    /// How long a machine worked for them.
    pub machine_ms: u64,
}

pub type Result<T> = std::result::Result<T, ProviderFailure>;

/// The name of a picture that is sent along with a graph.
pub const UPLOAD: &str = "latchkey.png";

impl PictureResult {
    /// Adds what another call made.
    fn add(&mut self, more: Self) {
        self.pictures.extend(more.pictures);
        self.machine_ms += more.machine_ms;
        self.usage = match (self.usage, more.usage) {
            (Some(old), Some(new)) => Some(old.plus(new)),
            (old, new) => old.or(new),
        };
    }
}

/// Has a host that makes one picture a call make several. What has been made
/// is paid for, whatever comes of the rest.
pub async fn make_one_by_one<F>(times: u8, mut make_one: impl FnMut() -> F) -> Result<PictureResult>
where
    F: Future<Output = Result<PictureResult>>,
{
    let mut result = PictureResult::default();
    for _ in 0..times {
        match make_one().await {
            Ok(more) => result.add(more),
            Err(_) if !result.pictures.is_empty() => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(result)
}

/// The whole request as a prompt, for hosts that take nothing else.
pub fn full_prompt(spec: &ImageSpec) -> String {
    if spec.negative.0.is_empty() {
        return spec.prompt.0.clone();
    }
    format!("{}\n\nDo not show: {}", spec.prompt.0, spec.negative.0)
}

/// The known proportions that are the nearest to a size.
pub fn nearest_proportions<const N: usize>(known: &[(u32, u32); N], size: Size) -> (u32, u32) {
    let ratio = |(width, height): (u32, u32)| f64::from(width) / f64::from(height);
    let wanted = ratio((size.width, size.height)).ln();
    let distance = |known: (u32, u32)| (ratio(known).ln() - wanted).abs();
    let nearest = known.iter().copied();
    let nearest = nearest.min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    nearest.unwrap_or((size.width, size.height))
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
            assert_eq!(nearest_proportions(&known, size), made, "{typed}");
        }
    }
}
