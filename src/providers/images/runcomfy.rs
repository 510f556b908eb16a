//! RunComfy's serverless deployments; `docs/providers.md` §14.4.

use serde_json::{Value, json};

use crate::model::{FailureClass, ForeignFile, MissingPicture, Stage};
use crate::providers::dialect::picture_data_url;

use super::comfyui::{is_film_or_sound, results_in, saved_in};
use super::complaint::sort_complaint;
use super::fetch::fetch_stored;
use super::host::{Host, checked_id};
use super::job::{ImageRequest, JobState, PictureResult, PictureStart, Result, expired};

/// Starts a job.
pub async fn start_job(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    let deployment = host.required_extra("deployment")?;
    let bad = || host.failed(FailureClass::BadRequest);
    let workflow = request.workflow.as_ref().ok_or_else(bad)?;
    let picture = request.spec.picture.as_ref().map(picture_data_url);
    let graph = workflow.fill(
        &request.spec,
        request.seed,
        picture.as_deref().unwrap_or_default(),
    );
    let body = json!({"workflow_api_json": graph.ok_or_else(bad)?});
    let path = format!("/prod/v1/deployments/{deployment}/inference");
    let answer = host.post(&path, &body).await?;
    let job = checked_id(host, &answer["request_id"])?;
    Ok(PictureStart::Job(format!("{deployment}/{job}")))
}

/// Asks how far a job is.
pub async fn poll_job(host: &Host<'_>, job: &str) -> Result<JobState> {
    let path = job_path(host, job)?;
    let answer = host.get(&format!("{path}/status")).await;
    let answer = answer.map_err(expired)?;
    match answer["status"].as_str().unwrap_or_default() {
        "in_queue" => {
            let before = answer["queue_position"].as_u64();
            Ok(JobState::Waiting(Stage::Queued(before)))
        }
        // No machine has it yet.
        "in_progress" if answer["instance_id"].is_null() => Ok(JobState::Waiting(Stage::Starting)),
        "in_progress" => Ok(JobState::Waiting(Stage::Running)),
        "canceled" | "cancelled" => Err(host.failed(FailureClass::Cancelled)),
        "completed" | "succeeded" | "failed" => {
            let result = host.get(&format!("{path}/result")).await;
            read_result(host, &result.map_err(expired)?).await
        }
        _ => Err(host.failed(FailureClass::Upstream)),
    }
}

/// Gives a job up.
pub async fn cancel_job(host: &Host<'_>, job: &str) -> Result<()> {
    let path = job_path(host, job)?;
    host.post(&format!("{path}/cancel"), &json!({}))
        .await
        .map(drop)
}

fn job_path(host: &Host<'_>, job: &str) -> Result<String> {
    let (deployment, request) = job
        .split_once('/')
        .ok_or_else(|| host.failed(FailureClass::BadRequest))?;
    Ok(format!(
        "/prod/v1/deployments/{deployment}/requests/{request}"
    ))
}

/// Only the result tells success from failure.
async fn read_result(host: &Host<'_>, result: &Value) -> Result<JobState> {
    match result["status"].as_str().unwrap_or_default() {
        "succeeded" | "completed" => {}
        "failed" => {
            let first = result.pointer("/error/0").or(result.get("error"));
            let failure = sort_complaint(host, first.unwrap_or(&Value::Null));
            let saved = fetch_pictures(host, saved_in(&result["outputs"])).await;
            return Ok(JobState::broken_off(saved, failure));
        }
        "canceled" | "cancelled" => return Err(host.failed(FailureClass::Cancelled)),
        // The two answers were not taken at the same moment.
        _ => return Ok(JobState::Waiting(Stage::Running)),
    }
    let made = fetch_pictures(host, results_in(&result["outputs"])).await;
    Ok(JobState::ended(host, made))
}

async fn fetch_pictures(host: &Host<'_>, files: Vec<&Value>) -> PictureResult {
    let mut made = PictureResult::default();
    for file in files {
        made.keep(if is_film_or_sound(file) {
            Err(MissingPicture::NotAPicture(ForeignFile::FilmOrSound))
        } else {
            fetch_stored(host, file["url"].as_str().unwrap_or_default()).await
        });
    }
    made
}
