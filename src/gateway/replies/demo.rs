//! Replies that no model gives, in the dialects of those who call: where no
//! key can pay, and the operator wants a fixed reply then
//! (`ask.demo_replies`). Each says of itself what it is, and so do its headers.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Payer, demo_picture};
use crate::gateway::calls::proxy::RelayTarget;
use crate::gateway::replies::problem::{Problem, write_payer_headers};
use crate::model::{CallDialect, Surface};

/// What stands first in every demo reply.
pub const DEMO_NOTICE: &str = "This is a demo reply: no model was asked, since no key here can pay for one. Add yours with `POST /api/v1/api-keys`, or `/keys add` in Discord.";
/// How many pictures a demo makes at the most.
const PICTURES_MAX: usize = 4;

/// In whose words, and in which form, a demo reply is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoSurface {
    wire: Wire,
    is_streamed: bool,
    /// As the call named it.
    model: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Google,
    /// Google's stream as one JSON list, which comes without `alt=sse`.
    GoogleList,
    OpenAiImages {
        count: usize,
    },
}

impl DemoSurface {
    /// How a reply to a call would be written; none where there are no words
    /// for one.
    pub fn of(target: &RelayTarget) -> Option<Self> {
        let path = target.path.as_str();
        let wire = match target.surface {
            Surface::Chat if target.dialect == CallDialect::OpenAi => Wire::OpenAiChat,
            Surface::Chat if path.ends_with("/chat/completions") => Wire::OpenAiChat,
            Surface::Chat if path.ends_with("/messages") => Wire::Anthropic,
            Surface::Chat if path.contains(":streamGenerateContent") => {
                let is_sse = target
                    .query
                    .as_deref()
                    .is_some_and(|it| it.contains("alt=sse"));
                if is_sse {
                    Wire::Google
                } else {
                    Wire::GoogleList
                }
            }
            Surface::Chat if path.contains(":generateContent") => Wire::Google,
            Surface::Responses => Wire::OpenAiResponses,
            Surface::Images if !target.stream => {
                let count = target.body.count().unwrap_or(1);
                Wire::OpenAiImages {
                    count: count.clamp(1, PICTURES_MAX),
                }
            }
            _ => return None,
        };
        Some(Self {
            wire,
            is_streamed: target.stream,
            model: target.model.clone().unwrap_or_default(),
        })
    }

    /// The reply as JSON, or as server-sent events.
    fn write(&self, id: &str, created_s: i64) -> Result<String, Problem> {
        let events = |all: &[Value]| -> String {
            let written = all.iter().map(|event| format!("data: {event}\n\n"));
            written.collect::<Vec<_>>().concat()
        };
        let named = |all: &[Value]| -> String {
            let write = |event: &Value| {
                let name = event["type"].as_str().unwrap_or_default();
                format!("event: {name}\ndata: {event}\n\n")
            };
            all.iter().map(write).collect::<Vec<_>>().concat()
        };
        Ok(match (self.wire, self.is_streamed) {
            (Wire::OpenAiChat, false) => self.chat(id, created_s).to_string(),
            (Wire::OpenAiChat, true) => {
                format!(
                    "{}data: [DONE]\n\n",
                    events(&self.chat_chunks(id, created_s))
                )
            }
            (Wire::OpenAiResponses, false) => self.response(id, created_s, true).to_string(),
            (Wire::OpenAiResponses, true) => named(&self.response_events(id, created_s)),
            (Wire::Anthropic, false) => self.message(id, true).to_string(),
            (Wire::Anthropic, true) => named(&self.message_events(id)),
            (Wire::Google, false) => self.content().to_string(),
            (Wire::Google, true) => events(&[self.content()]),
            (Wire::GoogleList, _) => json!([self.content()]).to_string(),
            (Wire::OpenAiImages { count }, _) => {
                let picture = STANDARD.encode(demo_picture()?);
                let data = vec![json!({"b64_json": picture}); count];
                json!({"created": created_s, "data": data, "output_format": "png", "usage": null})
                    .to_string()
            }
        })
    }

    fn chat(&self, id: &str, created_s: i64) -> Value {
        json!({
            "id": format!("chatcmpl-{id}"), "object": "chat.completion", "created": created_s,
            "model": self.model, "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": DEMO_NOTICE, "refusal": null},
            }],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        })
    }

    fn chat_chunks(&self, id: &str, created_s: i64) -> [Value; 2] {
        let chunk = |delta: Value, finish: Value| {
            json!({
                "id": format!("chatcmpl-{id}"), "object": "chat.completion.chunk",
                "created": created_s, "model": self.model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            })
        };
        let said = json!({"role": "assistant", "content": DEMO_NOTICE});
        [chunk(said, Value::Null), chunk(json!({}), json!("stop"))]
    }

    fn response(&self, id: &str, created_s: i64, is_done: bool) -> Value {
        let output = if is_done {
            json!([output_item(id, true)])
        } else {
            json!([])
        };
        let usage = json!({
            "input_tokens": 0, "output_tokens": 0, "total_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        });
        json!({
            "id": format!("resp_{id}"), "object": "response", "created_at": created_s,
            "status": if is_done { "completed" } else { "in_progress" },
            "error": null, "incomplete_details": null, "instructions": null, "metadata": {},
            "model": self.model, "output": output, "parallel_tool_calls": true,
            "temperature": null, "top_p": null, "tool_choice": "auto", "tools": [],
            "usage": if is_done { usage } else { Value::Null },
        })
    }

    fn response_events(&self, id: &str, created_s: i64) -> Vec<Value> {
        let item = format!("msg_{id}");
        let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
        let place = json!({"item_id": item, "output_index": 0, "content_index": 0});
        let here = |event: Value| {
            let mut event = event;
            if let (Some(fields), Some(place)) = (event.as_object_mut(), place.as_object()) {
                fields.extend(place.clone());
            }
            event
        };
        let begun = self.response(id, created_s, false);
        let mut events = vec![
            json!({"type": "response.created", "response": begun}),
            json!({"type": "response.in_progress", "response": begun}),
            json!({"type": "response.output_item.added", "output_index": 0, "item": output_item(id, false)}),
            here(json!({"type": "response.content_part.added", "part": part("")})),
            here(
                json!({"type": "response.output_text.delta", "delta": DEMO_NOTICE, "logprobs": []}),
            ),
            here(json!({"type": "response.output_text.done", "text": DEMO_NOTICE, "logprobs": []})),
            here(json!({"type": "response.content_part.done", "part": part(DEMO_NOTICE)})),
            json!({"type": "response.output_item.done", "output_index": 0, "item": output_item(id, true)}),
            json!({"type": "response.completed", "response": self.response(id, created_s, true)}),
        ];
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        events
    }

    fn message(&self, id: &str, is_done: bool) -> Value {
        let content = if is_done {
            json!([{"type": "text", "text": DEMO_NOTICE}])
        } else {
            json!([])
        };
        json!({
            "id": format!("msg_{id}"), "type": "message", "role": "assistant",
            "model": self.model, "content": content,
            "stop_reason": if is_done { json!("end_turn") } else { Value::Null },
            "stop_sequence": null, "usage": {"input_tokens": 0, "output_tokens": 0},
        })
    }

    fn message_events(&self, id: &str) -> [Value; 6] {
        [
            json!({"type": "message_start", "message": self.message(id, false)}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": DEMO_NOTICE}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 0}}),
            json!({"type": "message_stop"}),
        ]
    }

    fn content(&self) -> Value {
        json!({
            "candidates": [{
                "content": {"role": "model", "parts": [{"text": DEMO_NOTICE}]},
                "finishReason": "STOP", "index": 0,
            }],
            "usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0},
            "modelVersion": self.model,
        })
    }
}

/// The one item of a response in OpenAI's Responses.
fn output_item(id: &str, is_done: bool) -> Value {
    let content = json!([{"type": "output_text", "text": DEMO_NOTICE, "annotations": []}]);
    json!({
        "id": format!("msg_{id}"), "type": "message", "role": "assistant",
        "status": if is_done { "completed" } else { "in_progress" },
        "content": if is_done { content } else { json!([]) },
    })
}

/// Responds with a demo reply.
pub fn respond_demo(
    surface: &DemoSurface,
    payer: &Payer,
    created_s: i64,
) -> Result<Response, Problem> {
    let body = surface.write(&payer.attempt.to_string(), created_s)?;
    let is_events = surface.is_streamed && surface.wire != Wire::GoogleList;
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    write_payer_headers(headers, payer);
    let media_type = if is_events {
        "text/event-stream"
    } else {
        "application/json"
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
