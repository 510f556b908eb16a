//! Google's batches (D: <https://ai.google.dev/api/batch-api>). One that is made is an
//! operation with the batch in `metadata`, and so is one that is looked at.

use axum::response::Response;
use serde_json::{Value, json};

use super::{Desk, INPUT_TOKENS, OUTPUT_TOKENS, json as answered};
use crate::providers::errors::refusals::json_response;
use crate::providers::errors::vendor_errors::google as error;
use crate::world::KeptThing;

pub fn answer(desk: &Desk<'_>) -> Option<Response> {
    let path = desk.call.path;
    if let Some(model) = path.strip_suffix(":batchGenerateContent") {
        return Some(keep(desk, model.trim_start_matches("/models/")));
    }
    if path == "/batches" {
        return Some(answered(json!({"operations": desk.list("batch")})));
    }
    let id = path.strip_prefix("/batches/")?;
    Some(match id.strip_suffix(":cancel") {
        Some(id) => {
            let cancel = |batch: &mut KeptThing| {
                batch.shown["done"] = json!(true);
                batch.shown["metadata"]["state"] = json!("BATCH_STATE_CANCELLED");
                batch.shown["metadata"]["batchStats"]["successfulRequestCount"] = json!("0");
            };
            let found = desk.look("batch", id, cancel);
            found.map_or_else(missing, |_| answered(json!({})))
        }
        None if desk.is("DELETE") && !desk.forget("batch", id) => missing(),
        None if desk.is("DELETE") => answered(json!({})),
        None => {
            let found = desk.look("batch", id, advance);
            found.map_or_else(missing, |batch| answered(batch.shown))
        }
    })
}

fn missing() -> Response {
    json_response(
        404,
        error(404, "NOT_FOUND", "Requested entity was not found."),
    )
}

fn keep(desk: &Desk<'_>, model: &str) -> Response {
    let batch = &desk.call.body["batch"];
    let name = batch.get("displayName").or(batch.get("display_name"));
    let input = batch.get("inputConfig").or(batch.get("input_config"));
    let requests = input.and_then(|it| it.pointer("/requests/requests"));
    let (Some(name), Some(Value::Array(requests))) = (name, requests) else {
        let message =
            "* BatchGenerateContentRequest.batch: display_name and input_config are required\n";
        return json_response(400, error(400, "INVALID_ARGUMENT", message));
    };
    desk.keep("batch", ("", requests.len().to_string()), |id| {
        let name_of_batch = format!("batches/{id}");
        json!({"name": name_of_batch, "metadata": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": format!("models/{model}"), "displayName": name, "name": name_of_batch,
            "batchStats": {"requestCount": requests.len().to_string()},
            "state": "BATCH_STATE_PENDING"}})
    })
}

fn advance(batch: &mut KeptThing) {
    batch.looks += 1;
    if batch.shown["done"] == true {
        return;
    }
    if batch.looks < 2 {
        batch.shown["metadata"]["state"] = json!("BATCH_STATE_RUNNING");
        return;
    }
    let made: usize = batch.content.parse().unwrap_or_default();
    let model = batch.shown["metadata"]["model"]
        .as_str()
        .unwrap_or_default();
    let model = model.trim_start_matches("models/");
    let content = json!({"role": "model", "parts": [{"text": "one two"}]});
    let response = json!({"candidates": [{"content": content, "finishReason": "STOP"}],
        "modelVersion": model, "usageMetadata": {"promptTokenCount": INPUT_TOKENS,
            "candidatesTokenCount": OUTPUT_TOKENS, "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS}});
    let answers = vec![json!({"response": response}); made];
    let shown = &mut batch.shown;
    shown["done"] = json!(true);
    shown["metadata"]["state"] = json!("BATCH_STATE_SUCCEEDED");
    shown["metadata"]["batchStats"]["successfulRequestCount"] = json!(made.to_string());
    shown["response"] = json!({"inlinedResponses": {"inlinedResponses": answers}});
}
