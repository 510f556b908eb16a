//! SaladCloud: a job queue, or a container behind its gateway; both run
//! Salad's `comfyui-api`; `docs/providers.md` §14.7.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::model::{FailureClass, ProviderFailure, Stage};
use crate::providers::dialect::picture_data_url;

use super::fetch::decode_picture;
use super::host::{Host, HostCall, checked_id};
use super::job::{ImageRequest, JobState, PictureResult, PictureStart, Result, expired};

/// How long a call through the gateway may take, which cuts calls off after
/// 100 s.
const GATEWAY_CALL: Duration = Duration::from_secs(110);

/// Starts a job, or has a container make the pictures at once.
pub async fn start_job(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    let bad = || host.failed(FailureClass::BadRequest);
    let workflow = request.workflow.as_ref().ok_or_else(bad)?;
    let picture = request.spec.picture.as_ref().map(picture_data_url);
    let graph = workflow.fill(
        &request.spec,
        request.seed,
        picture.as_deref().unwrap_or_default(),
    );
    let input = json!({"prompt": graph.ok_or_else(bad)?});
    match (host.extra("queue"), host.extra("access_domain")) {
        (Some(queue), _) => start_in_queue(host, queue, &input, request.mark).await,
        (None, Some(domain)) => {
            let made = make_by_gateway(host, domain, &input).await;
            made.map(|made| PictureStart::ended(host, made))
        }
        (None, None) => Err(host.failed(FailureClass::NotSetUp)),
    }
}

async fn start_in_queue(
    host: &Host<'_>,
    queue: &str,
    input: &Value,
    mark: u32,
) -> Result<PictureStart> {
    let project = host.required_extra("project")?;
    let path = jobs_path(host, project, queue)?;
    let body = json!({"input": input, "metadata": {"latchkey": mark.to_string()}});
    let answer = host.post(&path, &body).await?;
    let job = checked_id(host, &answer["id"])?;
    Ok(PictureStart::Job(format!("{project}/{queue}/{job}")))
}

fn jobs_path(host: &Host<'_>, project: &str, queue: &str) -> Result<String> {
    let organization = host.required_extra("organization")?;
    Ok(format!(
        "/organizations/{organization}/projects/{project}/queues/{queue}/jobs"
    ))
}

async fn make_by_gateway(host: &Host<'_>, domain: &str, input: &Value) -> Result<PictureResult> {
    let call = HostCall {
        method: Method::POST,
        url: gateway_url(host, domain)?,
        body: Some(input),
        within: GATEWAY_CALL,
    };
    let answer = host.send(call).await;
    let answer = answer
        .map_err(sort_graph_failure)
        .map_err(sort_gateway_failure);
    Ok(read_pictures(&answer?))
}

/// The container's own address. Where the operator has put another address
/// in the place of Salad's, the container is below that.
fn gateway_url(host: &Host<'_>, domain: &str) -> Result<Url> {
    let salad = host.base().domain() == Some("api.salad.com");
    let url = if salad {
        Url::parse(&format!("https://{domain}.salad.cloud/prompt"))
    } else {
        let base = host.base().as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{domain}/prompt"))
    };
    url.map_err(|_| host.failed(FailureClass::BadRequest))
}

/// The container refuses graphs that it cannot run with 400 or 422.
fn sort_graph_failure(failure: ProviderFailure) -> ProviderFailure {
    match (failure.class, failure.status) {
        (FailureClass::BadRequest, Some(400 | 422)) => ProviderFailure {
            class: FailureClass::WorkflowFailed,
            ..failure
        },
        _ => failure,
    }
}

/// The gateway answers with a page of its own when no container is well,
/// and when one takes longer than it waits.
fn sort_gateway_failure(failure: ProviderFailure) -> ProviderFailure {
    let class = match failure.status {
        Some(503) => FailureClass::MachineFailed,
        Some(504 | 524) => FailureClass::TimedOut,
        _ => failure.class,
    };
    ProviderFailure { class, ..failure }
}

/// Asks how far a job is.
pub async fn poll_job(host: &Host<'_>, job: &str) -> Result<JobState> {
    let answer = host.get(&job_path(host, job)?).await;
    let answer = answer.map_err(expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "pending" => Ok(JobState::Waiting(Stage::Queued(None))),
        "running" => Ok(JobState::Waiting(Stage::Running)),
        "succeeded" => JobState::ended(host, read_pictures(&answer["output"])),
        "cancelled" => Err(host.failed(FailureClass::Cancelled)),
        "failed" if answer.pointer("/output/error").is_some() => {
            Err(host.failed(FailureClass::WorkflowFailed))
        }
        "failed" => Err(host.failed(FailureClass::MachineFailed)),
        _ => Err(host.failed(FailureClass::Upstream)),
    }
}

/// Gives a job up.
pub async fn cancel_job(host: &Host<'_>, job: &str) -> Result<()> {
    host.delete(&job_path(host, job)?).await.map(drop)
}

fn job_path(host: &Host<'_>, job: &str) -> Result<String> {
    let mut parts = job.splitn(3, '/');
    let (Some(project), Some(queue), Some(job)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(host.failed(FailureClass::BadRequest));
    };
    Ok(format!("{}/{job}", jobs_path(host, project, queue)?))
}

fn read_pictures(answer: &Value) -> PictureResult {
    let mut result = PictureResult::default();
    let images = answer["images"].as_array().into_iter().flatten();
    for text in images.filter_map(Value::as_str) {
        result.keep(decode_picture(text));
    }
    let seconds = answer.pointer("/stats/total_time").and_then(Value::as_f64);
    PictureResult {
        machine_ms: seconds.map_or(0, milliseconds),
        ..result
    }
}

/// Salad says seconds with a fraction; nonsense counts as nothing.
fn milliseconds(seconds: f64) -> u64 {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|time| u64::try_from(time.as_millis()).ok())
        .unwrap_or(0)
}
