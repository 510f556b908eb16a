//! SaladCloud: a job queue, or a container behind its gateway; both run
//! Salad's `comfyui-api`; `docs/providers.md` §14.7.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::model::{FailureClass, ProviderFailure, Stage};
use crate::providers::dialect::picture_data_url;

use super::complaint::sort_complaint;
use super::fetch::{decode_picture, fetch_stored};
use super::host::{Host, HostCall, Verdict, checked_id};
use super::job::{
    FailedPictures, ImageRequest, JobState, PictureResult, PictureStart, Result, expired,
};

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
    let verdict = host.ask_verdict(call, host.credential).await;
    let answer = match verdict.map_err(sort_gateway_failure)? {
        Verdict::Taken(answer) => Ok(answer),
        Verdict::Refused(said) => Err(of_the_graph(sort_complaint(host, &said))),
    };
    Ok(read_pictures(host, &answer?).await)
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
        "succeeded" => JobState::ended(host, read_pictures(host, &answer["output"]).await),
        "cancelled" => Ok(ended_badly(&answer, host.failed(FailureClass::Cancelled))),
        "failed" => Ok(ended_badly(
            &answer,
            class_of_output(host, &answer["output"]),
        )),
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

/// The end of a job without pictures, whose machine is paid for all the same.
fn ended_badly(answer: &Value, failure: ProviderFailure) -> JobState {
    JobState::Failed(FailedPictures {
        failure,
        usage: None,
        machine_ms: machine_ms(&answer["output"]),
        said: None,
    })
}

/// The container says what was wrong with the graph. Where it said nothing, it
/// failed itself.
fn class_of_output(host: &Host<'_>, output: &Value) -> ProviderFailure {
    match output.get("error") {
        None => host.failed(FailureClass::MachineFailed),
        Some(_) => of_the_graph(sort_complaint(host, output)),
    }
}

/// A complaint that names nothing better is about the graph: the container
/// was well enough to make it.
fn of_the_graph(failure: ProviderFailure) -> ProviderFailure {
    match failure.class {
        FailureClass::MachineFailed => ProviderFailure {
            class: FailureClass::WorkflowFailed,
            ..failure
        },
        _ => failure,
    }
}

/// Reads what the graph gave out: pictures, and films and sounds beside them,
/// as base64 or as addresses.
async fn read_pictures(host: &Host<'_>, answer: &Value) -> PictureResult {
    let mut result = PictureResult {
        machine_ms: machine_ms(answer),
        ..PictureResult::default()
    };
    let images = answer["images"].as_array().into_iter().flatten();
    for text in images.filter_map(Value::as_str) {
        result.keep(if text.starts_with("https://") {
            fetch_stored(host, text).await
        } else {
            decode_picture(text)
        });
    }
    result
}

/// How long the container worked, which it tells in milliseconds.
fn machine_ms(output: &Value) -> u64 {
    let time = &output["stats"]["total_time"];
    let broken = || {
        let time = Duration::try_from_secs_f64(time.as_f64()? / 1_000.0).ok()?;
        u64::try_from(time.as_millis()).ok()
    };
    time.as_u64().or_else(broken).unwrap_or(0)
}
