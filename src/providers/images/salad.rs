//! SaladCloud: a job queue, or a container behind its gateway; both run
//! Salad's `comfyui-api`; `docs/providers.md` §14.7.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::model::{FailureClass, ProviderFailure, Stage};
use crate::providers::dialect::picture_data_url;

use super::complaint::sort_complaint;
use super::host::{Host, HostCall, Verdict, checked_id};
use super::job::{
    FailedPictures, ImageRequest, JobState, PictureResult, PictureStart, Result, expired,
};
use super::outputs::read_output;

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
        (None, Some(domain)) => make_by_gateway(host, domain, &input).await,
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

async fn make_by_gateway(host: &Host<'_>, domain: &str, input: &Value) -> Result<PictureStart> {
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
    }?;
    Ok(match read_pictures(host, &answer, 0).await {
        Ok(made) => PictureStart::ended(host, made),
        Err(failed) => PictureStart::Failed(*failed),
    })
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
        "succeeded" => {
            let worked_ms = worked_ms(&answer);
            Ok(
                match read_pictures(host, &answer["output"], worked_ms).await {
                    Ok(made) => JobState::ended(host, made),
                    Err(failed) => JobState::Failed(*failed),
                },
            )
        }
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
    let machine_ms = match machine_ms(&answer["output"]) {
        0 => worked_ms(answer),
        told => told,
    };
    JobState::Failed(FailedPictures::after_end(failure, machine_ms))
}

/// How long a job was worked at, by its events: from each start to what came
/// next, since one whose container fails is started again.
fn worked_ms(answer: &Value) -> u64 {
    let events = answer["events"].as_array().into_iter().flatten();
    let mut times: Vec<(Timestamp, &str)> = events
        .filter_map(|event| {
            let time = event["time"].as_str()?.parse().ok()?;
            Some((time, event["action"].as_str()?))
        })
        .collect();
    times.sort_by_key(|(time, _)| *time);
    let pairs = times.windows(2).filter(|pair| pair[0].1 == "started");
    let worked = pairs.map(|pair| pair[1].0.as_millisecond() - pair[0].0.as_millisecond());
    worked.filter_map(|ms| u64::try_from(ms).ok()).sum()
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

/// Reads what the graph gave out: pictures, and films and sounds beside them.
async fn read_pictures(
    host: &Host<'_>,
    answer: &Value,
    worked_ms: u64,
) -> std::result::Result<PictureResult, Box<FailedPictures>> {
    let result = PictureResult {
        machine_ms: match machine_ms(answer) {
            0 => worked_ms,
            told => told,
        },
        ..PictureResult::default()
    };
    let read = read_output(host, answer, result).await;
    read.map_err(|mut failed| {
        failed.failure = of_the_graph(failed.failure);
        failed
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_was_worked_at_from_each_start_to_what_came_next() {
        let event = |action: &str, second: u32| json!({"action": action, "time": format!("2026-11-21T12:00:{second:02}Z")});
        for (events, expected) in [
            (json!([]), 0),
            (json!(null), 0),
            (json!([event("created", 0), event("failed", 9)]), 0),
            (json!([event("created", 0), event("started", 2)]), 0),
            (
                json!([
                    event("created", 0),
                    event("started", 2),
                    event("succeeded", 8)
                ]),
                6_000,
            ),
            // The newest first.
            (
                json!([
                    event("cancelled", 5),
                    event("started", 2),
                    event("created", 0)
                ]),
                3_000,
            ),
            (
                json!([event("started", 1), event("started", 4), event("failed", 6)]),
                5_000,
            ),
            (
                json!([{"action": "started", "time": "soon"}, event("failed", 6)]),
                0,
            ),
        ] {
            assert_eq!(worked_ms(&json!({"events": events})), expected, "{events}");
        }
    }
}
