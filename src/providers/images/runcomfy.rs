//! RunComfy's serverless deployments; `providers.md` §6.1.

use serde_json::{Value, json};

use crate::model::{FailureClass, Stage};
use crate::providers::dialect::picture_data_url;

use super::host::{Host, id};
use super::{Begun, ImageRequest, Looked, Painted, Result, fetch};

pub async fn begin(host: &Host<'_>, request: &ImageRequest) -> Result<Begun> {
    let deployment = host.needs("deployment")?;
    let not_ours = || host.fail(FailureClass::BadRequest);
    let workflow = request.workflow.as_ref().ok_or_else(not_ours)?;
    let picture = request.wish.picture.as_ref().map(picture_data_url);
    let graph = workflow.fill(request, picture.as_deref().unwrap_or_default());
    let body = json!({"workflow_api_json": graph.ok_or_else(not_ours)?});
    let path = format!("/prod/v1/deployments/{deployment}/inference");
    let answer = host.post(&path, &body).await?;
    let job = id(host, &answer["request_id"])?;
    Ok(Begun::Job(format!("{deployment}/{job}")))
}

pub async fn look(host: &Host<'_>, job: &str) -> Result<Looked> {
    let path = path(host, job)?;
    let answer = host.get(&format!("{path}/status")).await;
    let answer = answer.map_err(super::expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "in_queue" => {
            let before = answer["queue_position"].as_u64();
            Ok(Looked::Waiting(Stage::Queued(before)))
        }
        // No machine has it yet.
        "in_progress" if answer["instance_id"].is_null() => Ok(Looked::Waiting(Stage::Starting)),
        "in_progress" => Ok(Looked::Waiting(Stage::Running)),
        "canceled" | "cancelled" => Err(host.fail(FailureClass::Cancelled)),
        "completed" | "succeeded" | "failed" => {
            let result = host.get(&format!("{path}/result")).await;
            done(host, &result.map_err(super::expired)?).await
        }
        _ => Err(host.fail(FailureClass::Upstream)),
    }
}

pub async fn cancel(host: &Host<'_>, job: &str) -> Result<()> {
    let path = path(host, job)?;
    host.post(&format!("{path}/cancel"), &json!({}))
        .await
        .map(drop)
}

fn path(host: &Host<'_>, job: &str) -> Result<String> {
    let (deployment, request) = job
        .split_once('/')
        .ok_or_else(|| host.fail(FailureClass::BadRequest))?;
    Ok(format!(
        "/prod/v1/deployments/{deployment}/requests/{request}"
    ))
}

/// Only the result tells success from failure.
async fn done(host: &Host<'_>, result: &Value) -> Result<Looked> {
    match result["status"].as_str().unwrap_or_default() {
        "succeeded" | "completed" => {}
        "failed" => {
            let first = result.pointer("/error/0").or(result.get("error"));
            return Err(host.fail(why(first.unwrap_or(&Value::Null))));
        }
        "canceled" | "cancelled" => return Err(host.fail(FailureClass::Cancelled)),
        // The two answers were not taken at the same moment.
        _ => return Ok(Looked::Waiting(Stage::Running)),
    }
    let mut painted = Painted::default();
    let nodes = result["outputs"].as_object().into_iter().flatten();
    for image in nodes.flat_map(|(_, node)| node["images"].as_array().into_iter().flatten()) {
        if image["type"] != "temp" {
            let url = image["url"].as_str().unwrap_or_default();
            painted.pictures.push(fetch::picture(host, url).await?);
        }
    }
    if painted.pictures.is_empty() {
        return Err(host.fail(FailureClass::NoPicture));
    }
    Ok(Looked::Done(painted))
}

fn why(error: &Value) -> FailureClass {
    let said = error.to_string().to_ascii_lowercase();
    if ["node", "prompt", "workflow"]
        .iter()
        .any(|word| said.contains(word))
    {
        FailureClass::WorkflowFailed
    } else {
        FailureClass::MachineFailed
    }
}
