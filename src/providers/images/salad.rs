//! SaladCloud: a job queue, or a container behind its gateway; both run
//! Salad's `comfyui-api`; `providers.md` §6.4.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::model::{FailureClass, ProviderFailure, Stage};
use crate::providers::dialect::picture_data_url;

use super::host::{Host, id};
use super::openai::of_base64;
use super::{Begun, ImageRequest, Looked, Painted, Result};

/// The gateway cuts calls off after 100 s.
const GATEWAY_CUTS: std::time::Duration = std::time::Duration::from_secs(110);

pub async fn begin(host: &Host<'_>, request: &ImageRequest) -> Result<Begun> {
    let not_ours = || host.fail(FailureClass::BadRequest);
    let workflow = request.workflow.as_ref().ok_or_else(not_ours)?;
    let picture = request.wish.picture.as_ref().map(picture_data_url);
    let graph = workflow.fill(request, picture.as_deref().unwrap_or_default());
    let input = json!({"prompt": graph.ok_or_else(not_ours)?});
    match (host.extra("queue"), host.extra("access_domain")) {
        (Some(queue), _) => by_queue(host, queue, &input, request.mark).await,
        (None, Some(domain)) => by_gateway(host, domain, &input).await.map(Begun::Done),
        (None, None) => Err(host.fail(FailureClass::NotSetUp)),
    }
}

async fn by_queue(host: &Host<'_>, queue: &str, input: &Value, mark: u32) -> Result<Begun> {
    let project = host.needs("project")?;
    let path = jobs(host, project, queue)?;
    let body = json!({"input": input, "metadata": {"latchkey": mark.to_string()}});
    let answer = host.post(&path, &body).await?;
    let job = id(host, &answer["id"])?;
    Ok(Begun::Job(format!("{project}/{queue}/{job}")))
}

fn jobs(host: &Host<'_>, project: &str, queue: &str) -> Result<String> {
    let organization = host.needs("organization")?;
    Ok(format!(
        "/organizations/{organization}/projects/{project}/queues/{queue}/jobs"
    ))
}

async fn by_gateway(host: &Host<'_>, domain: &str, input: &Value) -> Result<Painted> {
    let url = gateway(host, domain)?;
    let answer = host
        .call(Method::POST, url, Some(input), GATEWAY_CUTS)
        .await;
    painted(
        host,
        &answer.map_err(|failure| of_gateway(of_graph(failure)))?,
    )
}

/// The container's own address. One of the operator's in the place of
/// Salad's stands for both.
fn gateway(host: &Host<'_>, domain: &str) -> Result<Url> {
    let salad = host.base().domain() == Some("api.salad.com");
    let url = if salad {
        Url::parse(&format!("https://{domain}.salad.cloud/prompt"))
    } else {
        let base = host.base().as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{domain}/prompt"))
    };
    url.map_err(|_| host.fail(FailureClass::BadRequest))
}

/// The container refuses graphs that it cannot run with 400 or 422.
fn of_graph(failure: ProviderFailure) -> ProviderFailure {
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
fn of_gateway(failure: ProviderFailure) -> ProviderFailure {
    let class = match failure.status {
        Some(503) => FailureClass::MachineFailed,
        Some(504 | 524) => FailureClass::TimedOut,
        _ => failure.class,
    };
    ProviderFailure { class, ..failure }
}

pub async fn look(host: &Host<'_>, job: &str) -> Result<Looked> {
    let answer = host.get(&path(host, job)?).await;
    let answer = answer.map_err(super::expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "pending" => Ok(Looked::Waiting(Stage::Queued(None))),
        "running" => Ok(Looked::Waiting(Stage::Running)),
        "succeeded" => painted(host, &answer["output"]).map(Looked::Done),
        "cancelled" => Err(host.fail(FailureClass::Cancelled)),
        "failed" if answer.pointer("/output/error").is_some() => {
            Err(host.fail(FailureClass::WorkflowFailed))
        }
        "failed" => Err(host.fail(FailureClass::MachineFailed)),
        _ => Err(host.fail(FailureClass::Upstream)),
    }
}

pub async fn cancel(host: &Host<'_>, job: &str) -> Result<()> {
    host.delete(&path(host, job)?).await.map(drop)
}

fn path(host: &Host<'_>, job: &str) -> Result<String> {
    let mut parts = job.splitn(3, '/');
    let (Some(project), Some(queue), Some(job)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(host.fail(FailureClass::BadRequest));
    };
    Ok(format!("{}/{job}", jobs(host, project, queue)?))
}

fn painted(host: &Host<'_>, answer: &Value) -> Result<Painted> {
    let images = answer["images"].as_array().into_iter().flatten();
    let pictures = images
        .filter_map(Value::as_str)
        .map(|text| of_base64(host, text))
        .collect::<Result<Vec<_>>>()?;
    if pictures.is_empty() {
        return Err(host.fail(FailureClass::NoPicture));
    }
    let seconds = answer.pointer("/stats/total_time").and_then(Value::as_f64);
    Ok(Painted {
        pictures,
        machine_ms: seconds.map_or(0, milliseconds),
        usage: None,
    })
}

/// Salad says seconds with a fraction; nonsense counts as nothing.
fn milliseconds(seconds: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|time| u64::try_from(time.as_millis()).ok())
        .unwrap_or(0)
}
