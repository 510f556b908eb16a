//! RunPod: a ComfyUI worker behind an endpoint of one's own, and public
//! endpoints that take a prompt; `docs/providers.md` §14.8.

use serde_json::{Value, json};

use crate::model::{FailureClass, NanoDollars, Stage, Usage};
use crate::providers::dialect::encode_picture;

use super::fetch::{decode_picture, fetch_stored};
use super::host::{Host, checked_id};
use super::job::{
    Came, ImageRequest, JobState, PictureResult, PictureStart, Result, UPLOAD, expired,
};
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
        return Err(host.failed(class_of_error(&answer)));
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
        "COMPLETED" => JobState::ended(host, read_result(host, &answer).await?),
        "TIMED_OUT" => Err(host.failed(FailureClass::TimedOut)),
        "CANCELLED" => Err(host.failed(FailureClass::Cancelled)),
        "FAILED" => Err(host.failed(class_of_error(&answer))),
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

/// Sorts an error: of the graph, which the worker names, or of its machine.
fn class_of_error(answer: &Value) -> FailureClass {
    let text = answer["error"].to_string().to_ascii_lowercase();
    let of_the_graph = ["workflow", "node", "prompt", "value not in list"];
    if of_the_graph.iter().any(|word| text.contains(word)) {
        FailureClass::WorkflowFailed
    } else {
        FailureClass::MachineFailed
    }
}

async fn read_result(host: &Host<'_>, answer: &Value) -> Result<PictureResult> {
    let output = &answer["output"];
    let mut result = PictureResult::default();
    for image in output["images"].as_array().into_iter().flatten() {
        result.keep(read_worker_picture(host, image).await);
    }
    // Workers before 5.0 answered with one.
    let is_single = result.pictures.is_empty() && result.missing.is_empty();
    if let Some(text) = output["message"].as_str().filter(|_| is_single) {
        result.keep(decode_picture(text));
    }
    if let Some(url) = output["image_url"].as_str() {
        result.keep(fetch_stored(host, url).await);
    }
    let mut errors = output["errors"].as_array().into_iter().flatten();
    if result.pictures.is_empty() && errors.next().is_some() {
        return Err(host.failed(FailureClass::WorkflowFailed));
    }
    let cost = output["cost"].as_f64().and_then(NanoDollars::from_dollars);
    Ok(PictureResult {
        usage: cost.map(|cost| Usage {
            cost: Some(cost),
            ..Usage::default()
        }),
        machine_ms: answer["executionTime"].as_u64().unwrap_or(0),
        ..result
    })
}

async fn read_worker_picture(host: &Host<'_>, image: &Value) -> Came {
    let data = image["data"].as_str().unwrap_or_default();
    match image["type"].as_str() {
        Some("s3_url") => fetch_stored(host, data).await,
        _ => decode_picture(data),
    }
}
