//! RunPod: a ComfyUI worker behind an endpoint of one's own, and public
//! endpoints that take a prompt; `docs/providers.md` §14.8.

use serde_json::{Value, json};

use crate::model::{FailureClass, MissingPicture, NanoDollars, ProviderFailure, Stage, Usage};
use crate::providers::dialect::encode_picture;

use super::complaint::sort_complaint;
use super::fetch::{decode_picture, fetch_stored};
use super::host::{Host, checked_id};
use super::job::{
    FailedPictures, FetchedPicture, ImageRequest, JobState, PictureResult, PictureStart, Result,
    UPLOAD, expired,
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
        failure,
        usage: reported_usage(answer),
        machine_ms: machine_ms(answer),
        said: None,
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
    let mut result = PictureResult {
        usage: reported_usage(answer),
        machine_ms: machine_ms(answer),
        ..PictureResult::default()
    };
    let errors = errors_of(output);
    for item in items_of(output) {
        result.keep(read_item(host, item).await);
    }
    if let Some(errors) = errors {
        let failure = sort_complaint(host, errors);
        if result.pictures.is_empty() {
            return Ok(ended_badly(answer, failure));
        }
        let missing = MissingPicture::NotMade(failure.class);
        let times = errors.as_array().map_or(1, Vec::len).max(1);
        result.missing.extend(vec![missing; times]);
    }
    JobState::ended(host, result)
}

/// What the worker says that went wrong.
fn errors_of(output: &Value) -> Option<&Value> {
    let is_said = |said: &&Value| match said {
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => false,
    };
    let is_error = output["status"] == "error";
    let errors = [&output["errors"], &output["error"]];
    let message = is_error.then(|| &output["message"]);
    errors.into_iter().chain(message).find(is_said)
}

/// Everything in an output that may be a picture, in each of the forms that
/// workers and public endpoints have.
fn items_of(output: &Value) -> Vec<&Value> {
    if output.is_string() {
        return vec![output];
    }
    let places = if output.is_array() {
        vec![output]
    } else {
        // Workers before 5.0 have one picture, in their message.
        let message = (output["status"] != "error").then(|| &output["message"]);
        let named = ["images", "image", "image_url", "result"].map(|name| &output[name]);
        named.into_iter().chain(message).collect()
    };
    let places = places.into_iter().filter(|value| !value.is_null());
    places
        .flat_map(|place| match place {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        })
        .collect()
}

/// Reads a picture: an address, base64, or an object that has one of them.
async fn read_item(host: &Host<'_>, item: &Value) -> FetchedPicture {
    let inner = ["data", "image", "url", "image_url", "result"];
    let text = item
        .as_str()
        .or_else(|| inner.iter().find_map(|name| item[name].as_str()));
    let text = text.unwrap_or_default().trim();
    if text.starts_with("http://") || text.starts_with("https://") {
        fetch_stored(host, text).await
    } else {
        decode_picture(text)
    }
}
