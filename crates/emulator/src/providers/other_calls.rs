//! Calls other than chats: completions, embeddings and token counts.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::chat::INPUT_TOKENS;
use super::completions::answer_completion;
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
    if let Some(answer) = answer_completion(call) {
        return Some(answer);
    }
    Some(match provider.dialect {
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
                &json!({"object": "list", "model": model, "data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}),
            )
        }
        Dialect::Anthropic if ends("/count_tokens") => {
            whole_answer(&json!({"input_tokens": INPUT_TOKENS}))
        }
        Dialect::Google if ends(":countTokens") => {
            whole_answer(&json!({"totalTokens": INPUT_TOKENS}))
        }
        Dialect::Google if ends(":embedContent") => {
            whole_answer(&json!({"embedding": {"values": [0.25, -0.5]}}))
        }
        Dialect::Google if ends(":batchEmbedContents") => {
            let many = body["requests"].as_array().map_or(0, Vec::len);
            let one = json!({"values": [0.25, -0.5]});
            whole_answer(&json!({"embeddings": vec![one; many]}))
        }
        _ => return None,
    })
}

fn whole_answer(body: &Value) -> Response {
    Json(body).into_response()
}
