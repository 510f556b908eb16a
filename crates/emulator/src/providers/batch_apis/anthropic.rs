//! Anthropic's batches of messages (S: `MessageBatch` and
//! `MessageBatchIndividualResponse` of `anthropic` for Python).

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Desk, INPUT_TOKENS, OUTPUT_TOKENS, json as answered};
use crate::providers::errors::refusals::json_response;
use crate::providers::errors::vendor_errors::anthropic as error;
use crate::world::KeptThing;

pub fn answer(desk: &Desk<'_>) -> Option<Response> {
    let rest = desk.call.path.strip_prefix("/v1/messages/batches")?;
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    Some(match parts.as_slice() {
        [] if desk.is("POST") => keep(desk),
        [] => answered(json!({"data": desk.list("batch"), "has_more": false,
            "first_id": null, "last_id": null})),
        [id] if desk.is("DELETE") && !desk.forget("batch", id) => missing(),
        [id] if desk.is("DELETE") => answered(json!({"id": id, "type": "message_batch_deleted"})),
        [id] => shown(desk.look("batch", id, advance)),
        [id, "cancel"] => shown(desk.look("batch", id, |batch| {
            batch.shown["processing_status"] = json!("canceling");
        })),
        [id, "results"] => match desk.look("batch", id, |_| {}) {
            Some(batch) if batch.shown["processing_status"] == "ended" => results(&batch),
            Some(_) => json_response(
                404,
                error("not_found_error", "Batch has no available results."),
            ),
            None => missing(),
        },
        _ => return None,
    })
}

fn shown(found: Option<KeptThing>) -> Response {
    found.map_or_else(missing, |batch| answered(batch.shown))
}

fn missing() -> Response {
    json_response(404, error("not_found_error", "Not found"))
}

fn keep(desk: &Desk<'_>) -> Response {
    let wrong = |message: &str| json_response(400, error("invalid_request_error", message));
    let body = desk.call.body;
    let mut fields = body.as_object().into_iter().flatten();
    if let Some((name, _)) = fields.find(|(name, _)| *name != "requests") {
        return wrong(&format!("{name}: Extra inputs are not permitted"));
    }
    let requests = body["requests"].as_array().map_or(&[][..], Vec::as_slice);
    if requests.is_empty() {
        return wrong("requests: Field required");
    }
    for (at, request) in requests.iter().enumerate() {
        for (place, is_there) in [
            ("custom_id", request["custom_id"].is_string()),
            ("params.model", request["params"]["model"].is_string()),
            (
                "params.max_tokens",
                request["params"]["max_tokens"].is_u64(),
            ),
            ("params.messages", request["params"]["messages"].is_array()),
        ] {
            if !is_there {
                return wrong(&format!("requests.{at}.{place}: Field required"));
            }
        }
    }
    let content = body["requests"].to_string();
    desk.keep("batch", ("msgbatch_", content), |id| {
        json!({"id": id, "type": "message_batch", "processing_status": "in_progress",
            "request_counts": counts(requests.len(), 0), "results_url": null, "ended_at": null,
            "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z",
            "archived_at": null, "cancel_initiated_at": null})
    })
}

fn counts(processing: usize, succeeded: usize) -> Value {
    json!({"processing": processing, "succeeded": succeeded, "errored": 0, "canceled": 0, "expired": 0})
}

fn advance(batch: &mut KeptThing) {
    batch.looks += 1;
    let is_canceled = batch.shown["processing_status"] == "canceling";
    if batch.looks < 2 && !is_canceled {
        return;
    }
    let made = if is_canceled {
        0
    } else {
        requests(batch).len()
    };
    batch.shown["processing_status"] = json!("ended");
    batch.shown["request_counts"] = counts(0, made);
    let url = format!(
        "https://api.anthropic.com/v1/messages/batches/{}/results",
        batch.id
    );
    batch.shown["results_url"] = json!(url);
}

fn requests(batch: &KeptThing) -> Vec<Value> {
    serde_json::from_str(&batch.content).unwrap_or_default()
}

fn results(batch: &KeptThing) -> Response {
    let lines = requests(batch).into_iter().map(|request| {
        let message = json!({"id": "msg_1", "type": "message", "role": "assistant",
            "model": request["params"]["model"], "content": [{"type": "text", "text": "one two"}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": INPUT_TOKENS, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": OUTPUT_TOKENS, "service_tier": "batch"}});
        let result = json!({"type": "succeeded", "message": message});
        format!("{}\n", json!({"custom_id": request["custom_id"], "result": result}))
    });
    let lines: String = lines.collect();
    ([(CONTENT_TYPE, "application/x-jsonl")], lines).into_response()
}
