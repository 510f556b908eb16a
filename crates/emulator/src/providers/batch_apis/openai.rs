//! `OpenAI`'s files, batches and fine-tuning jobs (S: openai-spec, `OpenAIFile`,
//! `Batch`, `FineTuningJob`). What is not found is told as public reports have it (C:
//! <https://github.com/BerriAI/litellm/issues/37148>); the words for jobs are a guess.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Desk, INPUT_TOKENS, OUTPUT_TOKENS, json as answered};
use crate::providers::errors::refusals::json_response;
use crate::providers::errors::vendor_errors::openai as error;
use crate::world::KeptThing;

const PURPOSES: [&str; 6] = [
    "assistants",
    "batch",
    "fine-tune",
    "vision",
    "user_data",
    "evals",
];
const ENDPOINTS: [&str; 8] = [
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
];
const BATCH_FIELDS: [&str; 5] = [
    "input_file_id",
    "endpoint",
    "completion_window",
    "metadata",
    "output_expires_after",
];
const JOB_FIELDS: [&str; 9] = [
    "model",
    "training_file",
    "validation_file",
    "hyperparameters",
    "suffix",
    "integrations",
    "seed",
    "method",
    "metadata",
];
/// What every batch runs.
const MODEL: &str = "gpt-6-luna";

pub fn answer(desk: &Desk<'_>) -> Option<Response> {
    let parts: Vec<&str> = desk.call.path.trim_matches('/').split('/').collect();
    Some(match parts.as_slice() {
        ["files"] if desk.is("POST") => keep_file(desk),
        ["files"] => list(desk, "file"),
        ["files", id] if desk.is("DELETE") && !desk.forget("file", id) => no_file(id),
        ["files", id] if desk.is("DELETE") => {
            answered(json!({"id": id, "object": "file", "deleted": true}))
        }
        ["files", id] => show(desk, "file", id, no_file),
        ["files", id, "content"] => match desk.look("file", id, |_| {}) {
            Some(file) => {
                ([(CONTENT_TYPE, "application/octet-stream")], file.content).into_response()
            }
            None => no_file(id),
        },
        ["batches"] if desk.is("POST") => keep_batch(desk),
        ["batches"] => list(desk, "batch"),
        ["batches", id] => match desk.look("batch", id, advance_batch) {
            Some(batch) => answered(batch.shown),
            None => no_batch(id),
        },
        ["batches", id, "cancel"] => {
            let cancel = |batch: &mut KeptThing| batch.shown["status"] = json!("cancelling");
            match desk.look("batch", id, cancel) {
                Some(batch) => answered(batch.shown),
                None => no_batch(id),
            }
        }
        ["fine_tuning", "jobs"] if desk.is("POST") => keep_job(desk),
        ["fine_tuning", "jobs"] => list(desk, "job"),
        ["fine_tuning", "jobs", id] => match desk.look("job", id, advance_job) {
            Some(job) => answered(job.shown),
            None => no_job(id),
        },
        ["fine_tuning", "jobs", id, "cancel"] => {
            let cancel = |job: &mut KeptThing| job.shown["status"] = json!("cancelled");
            match desk.look("job", id, cancel) {
                Some(job) => answered(job.shown),
                None => no_job(id),
            }
        }
        _ => return None,
    })
}

fn list(desk: &Desk<'_>, kind: &str) -> Response {
    answered(json!({"object": "list", "data": desk.list(kind), "has_more": false}))
}

fn show(desk: &Desk<'_>, kind: &str, id: &str, missing: fn(&str) -> Response) -> Response {
    let found = desk.look(kind, id, |_| {});
    found.map_or_else(|| missing(id), |found| answered(found.shown))
}

fn no_file(id: &str) -> Response {
    let message = format!("No such File object: {id}");
    json_response(404, error(&message, "id", Value::Null))
}

fn no_batch(id: &str) -> Response {
    let message = format!("No batch found with id '{id}'.");
    json_response(404, error(&message, Value::Null, "batch_not_found"))
}

fn no_job(id: &str) -> Response {
    let message = format!("Could not find fine tune: {id}");
    json_response(404, error(&message, "fine_tune_id", "fine_tune_not_found"))
}

fn wrong(message: &str, param: &str, code: &str) -> Response {
    json_response(400, error(message, param, code))
}

/// A field that `OpenAI` does not know.
fn stray(desk: &Desk<'_>, known: &[&str]) -> Option<Response> {
    let mut fields = desk.call.body.as_object().into_iter().flatten();
    let (name, _) = fields.find(|(name, _)| !known.contains(&name.as_str()))?;
    let message = format!("Unknown parameter: '{name}'.");
    Some(wrong(&message, name, "unknown_parameter"))
}

fn missing(desk: &Desk<'_>, names: &[&str]) -> Option<Response> {
    let name = names
        .iter()
        .find(|name| !desk.call.body[**name].is_string())?;
    let message = format!("Missing required parameter: '{name}'.");
    Some(wrong(&message, name, "missing_required_parameter"))
}

fn keep_file(desk: &Desk<'_>) -> Response {
    let body = desk.call.body;
    if let Some(refusal) = missing(desk, &["purpose"]) {
        return refusal;
    }
    let purpose = body["purpose"].as_str().unwrap_or_default();
    if !PURPOSES.contains(&purpose) {
        let message = format!("'{purpose}' is not one of {PURPOSES:?} - 'purpose'");
        return wrong(&message, "purpose", "invalid_value");
    }
    if !body["file"].is_object() {
        return wrong(
            "Missing required parameter: 'file'.",
            "file",
            "missing_required_parameter",
        );
    }
    let content = body["file"]["bytes"].to_string();
    desk.keep("file", ("file-", content), |id| {
        json!({"id": id, "object": "file", "bytes": body["file"]["bytes"], "created_at": 1,
            "filename": body["file"]["name"], "purpose": purpose, "status": "processed"})
    })
}

fn keep_batch(desk: &Desk<'_>) -> Response {
    let body = desk.call.body;
    let refusal = stray(desk, &BATCH_FIELDS)
        .or_else(|| missing(desk, &["input_file_id", "endpoint", "completion_window"]));
    if let Some(refusal) = refusal {
        return refusal;
    }
    if !ENDPOINTS.contains(&body["endpoint"].as_str().unwrap_or_default()) {
        return wrong("Invalid value for 'endpoint'.", "endpoint", "invalid_value");
    }
    if body["completion_window"] != "24h" {
        return wrong(
            "Invalid value: 'completion_window' must be '24h'.",
            "completion_window",
            "invalid_value",
        );
    }
    let file = body["input_file_id"].as_str().unwrap_or_default();
    if desk.look("file", file, |_| {}).is_none() {
        return no_file(file);
    }
    desk.keep("batch", ("batch_", String::new()), |id| {
        json!({"id": id, "object": "batch", "endpoint": body["endpoint"], "errors": null,
            "input_file_id": file, "completion_window": "24h", "status": "validating",
            "output_file_id": null, "error_file_id": null, "created_at": 1,
            "request_counts": {"total": 0, "completed": 0, "failed": 0}, "metadata": body["metadata"]})
    })
}

/// A batch of two calls, which is done when it is looked at twice.
fn advance_batch(batch: &mut KeptThing) {
    batch.looks += 1;
    let is_cancelled = batch.shown["status"] == "cancelling";
    if batch.looks < 2 && !is_cancelled {
        batch.shown["status"] = json!("in_progress");
        return;
    }
    let made = u64::from(!is_cancelled) * 2;
    let (input, output) = (made * INPUT_TOKENS, made * OUTPUT_TOKENS);
    let shown = &mut batch.shown;
    shown["status"] = json!(if is_cancelled {
        "cancelled"
    } else {
        "completed"
    });
    shown["model"] = json!(MODEL);
    shown["request_counts"] = json!({"total": 2, "completed": made, "failed": 0});
    shown["usage"] = json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input + output});
}

fn keep_job(desk: &Desk<'_>) -> Response {
    let body = desk.call.body;
    let refusal = stray(desk, &JOB_FIELDS).or_else(|| missing(desk, &["model", "training_file"]));
    if let Some(refusal) = refusal {
        return refusal;
    }
    let file = body["training_file"].as_str().unwrap_or_default();
    if desk.look("file", file, |_| {}).is_none() {
        return no_file(file);
    }
    desk.keep("job", ("ftjob-", String::new()), |id| {
        json!({"id": id, "object": "fine_tuning.job", "model": body["model"], "created_at": 1,
            "status": "validating_files", "training_file": file, "validation_file": null,
            "trained_tokens": null, "fine_tuned_model": null, "finished_at": null,
            "error": null, "result_files": [], "seed": 1, "organization_id": "org-made-up"})
    })
}

fn advance_job(job: &mut KeptThing) {
    job.looks += 1;
    if job.shown["status"] == "cancelled" {
        return;
    }
    if job.looks < 2 {
        job.shown["status"] = json!("running");
        return;
    }
    job.shown["status"] = json!("succeeded");
    job.shown["trained_tokens"] = json!(5_768);
    job.shown["fine_tuned_model"] = json!("ft:gpt-4.1-mini:made-up::1");
}
