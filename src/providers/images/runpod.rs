//! RunPod: a ComfyUI worker behind an endpoint of one's own, and public
//! endpoints that take a prompt; `docs/providers.md` §14.8.

use serde_json::{Value, json};

use crate::model::{FailureClass, NanoDollars, ProviderFailure, Stage, Usage};
use crate::providers::dialect::encode_picture;

use super::complaint::sort_complaint;
use super::host::{Host, checked_id};
use super::job::{
    FailedPictures, ImageRequest, JobState, PictureResult, PictureStart, Result, UPLOAD, expired,
};
use super::outputs::read_output;
use super::workflow::Workflow;

/// The side of the picture that a public endpoint makes where no size is
/// asked for.
const SIDE: u32 = 1_024;

/// Starts a job.
pub async fn start_job(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    let own = host.required_extra("endpoint");
    let (endpoint, input) = match &request.workflow {
        Some(workflow) => (own?, write_worker_input(host, request, workflow)?),
        None => (request.model.as_str(), write_public_input(request)),
    };
    let body = json!({"input": input});
    let answer = host.post(&format!("/{endpoint}/run"), &body).await?;
    if answer["status"] == "FAILED" {
        return Err(sort_complaint(host, &answer["error"]));
    }
    let job = checked_id(host, &answer["id"])?;
    Ok(PictureStart::Job(format!("{endpoint}/{job}")))
}

fn write_worker_input(
    host: &Host<'_>,
    request: &ImageRequest,
    workflow: &Workflow,
) -> Result<Value> {
    let graph = workflow.fill(&request.spec, request.seed, UPLOAD);
    let graph = graph.ok_or_else(|| host.failed(FailureClass::BadRequest))?;
    let mut input = json!({"workflow": graph});
    if let Some(picture) = &request.spec.picture {
        input["images"] = json!([{"name": UPLOAD, "image": encode_picture(picture)}]);
    }
    Ok(input)
}

fn write_public_input(request: &ImageRequest) -> Value {
    let spec = &request.spec;
    let (width, height) = spec
        .size
        .map_or((SIDE, SIDE), |size| (size.width, size.height));
    let mut input = json!({
        "prompt": spec.prompt.0, "width": width, "height": height, "seed": request.seed,
    });
    if !spec.negative.0.is_empty() {
        input["negative_prompt"] = json!(spec.negative.0);
    }
    input
}

/// Asks how far a job is.
pub async fn poll_job(host: &Host<'_>, job: &str) -> Result<JobState> {
    let (endpoint, job) = split_job(host, job)?;
    let answer = host.get(&format!("/{endpoint}/status/{job}")).await;
    let answer = answer.map_err(expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "IN_QUEUE" => Ok(JobState::Waiting(Stage::Queued(None))),
        "IN_PROGRESS" | "RUNNING" => Ok(JobState::Waiting(Stage::Running)),
        "COMPLETED" => read_result(host, &answer).await,
        "TIMED_OUT" => Ok(ended_badly(&answer, host.failed(FailureClass::TimedOut))),
        "CANCELLED" => Ok(ended_badly(&answer, host.failed(FailureClass::Cancelled))),
        "FAILED" => Ok(ended_badly(&answer, sort_complaint(host, &answer["error"]))),
        _ => Err(host.failed(FailureClass::Upstream)),
    }
}

/// Gives a job up.
pub async fn cancel_job(host: &Host<'_>, job: &str) -> Result<()> {
    let (endpoint, job) = split_job(host, job)?;
    let path = format!("/{endpoint}/cancel/{job}");
    host.post(&path, &json!({})).await.map(drop)
}

fn split_job<'a>(host: &Host<'_>, job: &'a str) -> Result<(&'a str, &'a str)> {
    job.split_once('/')
        .ok_or_else(|| host.failed(FailureClass::BadRequest))
}

/// The end of a job without pictures, whose machine is paid for all the same.
fn ended_badly(answer: &Value, failure: ProviderFailure) -> JobState {
    JobState::Failed(FailedPictures {
        usage: reported_usage(answer),
        ..FailedPictures::after_end(failure, machine_ms(answer))
    })
}

fn machine_ms(answer: &Value) -> u64 {
    answer["executionTime"].as_u64().unwrap_or(0)
}

fn reported_usage(answer: &Value) -> Option<Usage> {
    let cost = answer.pointer("/output/cost").and_then(Value::as_f64);
    let cost = cost.and_then(NanoDollars::from_dollars)?;
    Some(Usage {
        cost: Some(cost),
        ..Usage::default()
    })
}

/// Reads what a finished job has to give. `COMPLETED` alone does not say that
/// there is anything: results that are larger than RunPod passes on are
/// dropped, and workers put their errors into the output.
async fn read_result(host: &Host<'_>, answer: &Value) -> Result<JobState> {
    let output = &answer["output"];
    if output.is_null() {
        return Ok(ended_badly(answer, host.failed(FailureClass::ResultLost)));
    }
    let result = PictureResult {
        usage: reported_usage(answer),
        machine_ms: machine_ms(answer),
        ..PictureResult::default()
    };
    Ok(match read_output(host, output, result).await {
        Ok(result) => JobState::ended(host, result),
        Err(failed) => JobState::Failed(*failed),
    })
}
