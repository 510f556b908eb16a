//! RunPod: a ComfyUI worker behind an endpoint of one's own, and public
//! endpoints that take a prompt; `providers.md` §6.5.

use serde_json::{Value, json};

use crate::model::{FailureClass, NanoDollars, Picture, Stage, Usage};
use crate::providers::dialect::encode_picture;

use super::host::{Host, id};
use super::openai::of_base64;
use super::{Begun, ImageRequest, Looked, Painted, Result, UPLOAD, fetch};

/// What a public endpoint makes where no size is wished.
const SIDE: u32 = 1_024;

pub async fn begin(host: &Host<'_>, request: &ImageRequest) -> Result<Begun> {
    let own = host.needs("endpoint");
    let (endpoint, input) = match &request.workflow {
        Some(workflow) => (own?, worker_input(host, request, workflow)?),
        None => (request.model.as_str(), public_input(request)),
    };
    let body = json!({"input": input});
    let answer = host.post(&format!("/{endpoint}/run"), &body).await?;
    if answer["status"] == "FAILED" {
        return Err(host.fail(failed(&answer)));
    }
    let job = id(host, &answer["id"])?;
    Ok(Begun::Job(format!("{endpoint}/{job}")))
}

fn worker_input(
    host: &Host<'_>,
    request: &ImageRequest,
    workflow: &super::Workflow,
) -> Result<Value> {
    let graph = workflow.fill(request, UPLOAD);
    let graph = graph.ok_or_else(|| host.fail(FailureClass::BadRequest))?;
    let mut input = json!({"workflow": graph});
    if let Some(picture) = &request.wish.picture {
        input["images"] = json!([{"name": UPLOAD, "image": encode_picture(picture)}]);
    }
    Ok(input)
}

fn public_input(request: &ImageRequest) -> Value {
    let wish = &request.wish;
    let (width, height) = wish
        .size
        .map_or((SIDE, SIDE), |size| (size.width, size.height));
    let mut input = json!({
        "prompt": wish.prompt.0, "width": width, "height": height, "seed": request.seed,
    });
    if !wish.negative.0.is_empty() {
        input["negative_prompt"] = json!(wish.negative.0);
    }
    input
}

pub async fn look(host: &Host<'_>, job: &str) -> Result<Looked> {
    let (endpoint, job) = parts(host, job)?;
    let answer = host.get(&format!("/{endpoint}/status/{job}")).await;
    let answer = answer.map_err(super::expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "IN_QUEUE" => Ok(Looked::Waiting(Stage::Queued(None))),
        "IN_PROGRESS" | "RUNNING" => Ok(Looked::Waiting(Stage::Running)),
        "COMPLETED" => done(host, &answer).await.map(Looked::Done),
        "TIMED_OUT" => Err(host.fail(FailureClass::TimedOut)),
        "CANCELLED" => Err(host.fail(FailureClass::Cancelled)),
        "FAILED" => Err(host.fail(failed(&answer))),
        _ => Err(host.fail(FailureClass::Upstream)),
    }
}

pub async fn cancel(host: &Host<'_>, job: &str) -> Result<()> {
    let (endpoint, job) = parts(host, job)?;
    let path = format!("/{endpoint}/cancel/{job}");
    host.post(&path, &json!({})).await.map(drop)
}

fn parts<'a>(host: &Host<'_>, job: &'a str) -> Result<(&'a str, &'a str)> {
    job.split_once('/')
        .ok_or_else(|| host.fail(FailureClass::BadRequest))
}

/// What failed: the graph, which the worker names, or its machine.
fn failed(answer: &Value) -> FailureClass {
    let said = answer["error"].to_string().to_ascii_lowercase();
    let of_the_graph = ["workflow", "node", "prompt", "value not in list"];
    if of_the_graph.iter().any(|word| said.contains(word)) {
        FailureClass::WorkflowFailed
    } else {
        FailureClass::MachineFailed
    }
}

async fn done(host: &Host<'_>, answer: &Value) -> Result<Painted> {
    let output = &answer["output"];
    let mut pictures = Vec::new();
    for image in output["images"].as_array().into_iter().flatten() {
        pictures.push(of_worker(host, image).await?);
    }
    // Workers before 5.0 answered with one.
    let single = output["message"].as_str().filter(|_| pictures.is_empty());
    if let Some(text) = single {
        pictures.push(of_base64(host, text)?);
    }
    if let Some(url) = output["image_url"].as_str() {
        pictures.push(fetch::picture(host, url).await?);
    }
    if pictures.is_empty() {
        let errors = output["errors"]
            .as_array()
            .is_some_and(|all| !all.is_empty());
        return Err(host.fail(if errors {
            FailureClass::WorkflowFailed
        } else {
            FailureClass::NoPicture
        }));
    }
    let cost = output["cost"].as_f64().and_then(NanoDollars::from_dollars);
    Ok(Painted {
        pictures,
        usage: cost.map(|cost| Usage {
            cost: Some(cost),
            ..Usage::default()
        }),
        machine_ms: answer["executionTime"].as_u64().unwrap_or(0),
    })
}

async fn of_worker(host: &Host<'_>, image: &Value) -> Result<Picture> {
    let data = image["data"].as_str().unwrap_or_default();
    match image["type"].as_str() {
        Some("s3_url") => fetch::picture(host, data).await,
        _ => of_base64(host, data),
    }
}
