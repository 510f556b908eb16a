//! Calls other than chats: completions, embeddings, token counts, and what is
//! older or newer than chats.

use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::chat::INPUT_TOKENS;
use super::completions::answer_completion;
use super::errors::refusals::json_response;
use super::errors::vendor_errors::google;
use super::json_fields::list;
use super::keys::Dialect;

/// Answers one of these calls; none where it is a chat.
pub fn answer_other_call(call: &Call<'_>) -> Option<Response> {
    let Call {
        provider,
        path,
        body,
        ..
    } = *call;
    let ends = |end: &str| path.ends_with(end);
    let model = &body["model"];
    let special = answer_completion(call)
        .or_else(|| answer_embedding(call))
        .or_else(|| answer_upload(call));
    if special.is_some() {
        return special;
    }
    Some(match provider.dialect {
        Dialect::OpenAi if path == "/completions" => whole_answer(
            &json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": model,
            "choices": [{"text": "one two", "index": 0, "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": INPUT_TOKENS, "completion_tokens": 10, "total_tokens": INPUT_TOKENS + 10}}),
        ),
        Dialect::OpenAi if path == "/responses/compact" => whole_answer(
            &json!({"id": "resp_1", "object": "response.compaction", "created_at": 1,
            "output": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "sealed"}],
            "usage": {"input_tokens": 10_000, "input_tokens_details": {"cached_tokens": 2_000, "cache_write_tokens": 0},
                "output_tokens": 500, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10_500}}),
        ),
        // S: openai-spec, `cancelResponse` and `Getinputtokencounts`.
        Dialect::OpenAi if path.starts_with("/responses/") && ends("/cancel") => {
            let id = path.split('/').nth(2);
            whole_answer(&json!({"id": id, "object": "response", "created_at": 1,
                "status": "cancelled", "background": true, "error": null, "output": [], "usage": null}))
        }
        Dialect::OpenAi if path == "/responses/input_tokens" => {
            whole_answer(&json!({"object": "response.input_tokens", "input_tokens": INPUT_TOKENS}))
        }
        Dialect::Google if ends("/interactions") => whole_answer(
            &json!({"id": "v1_1", "object": "interaction", "model": model, "status": "completed",
            "steps": [{"type": "model_output", "content": [{"type": "text", "text": "one two"}]}],
            "usage": {"total_input_tokens": INPUT_TOKENS, "total_output_tokens": 4, "total_thought_tokens": 6,
                "total_cached_tokens": 0, "total_tool_use_tokens": 0, "total_tokens": INPUT_TOKENS + 10}}),
        ),
        Dialect::Anthropic if ends("/count_tokens") => {
            whole_answer(&json!({"input_tokens": INPUT_TOKENS}))
        }
        Dialect::Google if ends(":countTokens") => {
            whole_answer(&json!({"totalTokens": INPUT_TOKENS}))
        }
        _ => return None,
    })
}

/// Answers a leg of an upload behind the first, which its address tells from
/// others: it needs no key.
pub fn answer_later_leg(call: &Call<'_>) -> Option<Response> {
    let command = call.header("x-goog-upload-command")?;
    (command != "start").then(|| answer_upload(call)).flatten()
}

/// Answers one leg of an upload of Google's, where the answer to the first names
/// the address of the others (<https://ai.google.dev/gemini-api/docs/files>; S:
/// `upload_file` of `google-genai` for Python).
fn answer_upload(call: &Call<'_>) -> Option<Response> {
    if call.provider.dialect != Dialect::Google || !call.path.starts_with("/upload/") {
        return None;
    }
    let command = call.header("x-goog-upload-command").unwrap_or_default();
    let status = HeaderName::from_static("x-goog-upload-status");
    let address = HeaderName::from_static("x-goog-upload-url");
    let next = format!(
        "{}{}?upload_id=made-up&upload_protocol=resumable",
        call.base, call.path
    );
    let is_done = command.contains("finalize");
    let state = if is_done { "final" } else { "active" };
    let file = json!({"file": {"name": "files/made-up", "mimeType": "text/plain", "state": "ACTIVE",
        "uri": "https://generativelanguage.googleapis.com/v1beta/files/made-up"}});
    let body = if is_done { file } else { json!({}) };
    let mut response = ([(status, state.to_owned())], Json(body)).into_response();
    if command == "start" {
        let next = HeaderValue::from_str(&next).ok()?;
        response.headers_mut().insert(address, next);
    }
    Some(response)
}

/// Answers a call for vectors; none where it is something else.
fn answer_embedding(call: &Call<'_>) -> Option<Response> {
    let Call {
        provider,
        path,
        body,
        ..
    } = *call;
    let ends = |end: &str| path.ends_with(end);
    Some(match provider.dialect {
        Dialect::OpenAi if path == "/embeddings" && provider.id == "mistral" && has_stray(body) => {
            // S: `EmbeddingRequest` of Mistral's OpenAPI document is closed.
            let detail = json!([{"type": "extra_forbidden", "loc": ["body"], "msg": "Extra inputs are not permitted"}]);
            json_response(
                422,
                json!({"object": "error", "message": {"detail": detail}}),
            )
        }
        Dialect::OpenAi if path == "/embeddings" => {
            let many = body["input"].as_array().map_or(1, Vec::len);
            let vector = match body["encoding_format"].as_str() {
                // The bytes of 0.25, -0.5 and 0.125, as OpenAI packs them.
                Some("base64") => json!("AACAPgAAAL8AAAA+"),
                _ => json!([0.25, -0.5, 0.125]),
            };
            let one =
                |index: usize| json!({"object": "embedding", "index": index, "embedding": vector});
            let data: Vec<Value> = (0..many).map(one).collect();
            whole_answer(
                &json!({"object": "list", "model": body["model"], "data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}),
            )
        }
        Dialect::Google if ends(":embedContent") => {
            whole_answer(&json!({"embedding": {"values": [0.25, -0.5]},
                "usageMetadata": {"promptTokenCount": INPUT_TOKENS}}))
        }
        Dialect::Google if ends(":batchEmbedContents") && names_another_model(path, body) => {
            // S: `batchEmbedContents` of `google-genai` names the model in each request.
            json_response(
                400,
                google(
                    400,
                    "INVALID_ARGUMENT",
                    "The model in each request must be that of the path.",
                ),
            )
        }
        Dialect::Google if ends(":batchEmbedContents") => {
            let many = body["requests"].as_array().map_or(0, Vec::len);
            let one = json!({"values": [0.25, -0.5]});
            let counted = many as u64 * INPUT_TOKENS;
            whole_answer(&json!({"embeddings": vec![one; many],
                "usageMetadata": {"promptTokenCount": counted}}))
        }
        _ => return None,
    })
}

/// Whether a call for embeddings has a field that Mistral does not know.
fn has_stray(body: &Value) -> bool {
    let known = [
        "model",
        "input",
        "metadata",
        "output_dimension",
        "output_dtype",
        "encoding_format",
    ];
    let mut names = body.as_object().into_iter().flatten().map(|(name, _)| name);
    names.any(|name| !known.contains(&name.as_str()))
}

/// Whether one of several requests for embeddings is of another model than the
/// path.
fn names_another_model(path: &str, body: &Value) -> bool {
    let model = path.trim_start_matches('/').split(':').next();
    let mut requests = list(&body["requests"]);
    requests.any(|request| request["model"].as_str() != model)
}

fn whole_answer(body: &Value) -> Response {
    Json(body).into_response()
}
