//! The answer to a call of Anthropic's Messages that asks for no word
//! (`max_tokens: 0`). It has Anthropic keep the prompt in its cache; nobody else
//! has words for that, so that nobody is asked. `docs/providers.md` §12.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::{event_stream_response, json_response};

/// What a model by this name has said: nothing, for nothing.
pub fn say_nothing(model: &str, is_streamed: bool) -> Result<Response, Problem> {
    let usage = json!({"input_tokens": 0, "output_tokens": 0});
    let end = json!({"stop_reason": "max_tokens", "stop_sequence": null});
    let mut message = json!({"id": "msg_0", "type": "message", "role": "assistant", "model": model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage});
    if !is_streamed {
        message["stop_reason"] = end["stop_reason"].clone();
        return json_response(StatusCode::OK, &message);
    }
    let events = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "message_delta", "delta": end, "usage": usage}),
        json!({"type": "message_stop"}),
    ];
    let events: String = events.iter().map(write_event).collect();
    Ok(event_stream_response(Body::from(events), None))
}

fn write_event(event: &Value) -> String {
    let name = event["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {event}\n\n")
}
