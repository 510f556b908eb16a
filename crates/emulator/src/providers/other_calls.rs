//! Calls other than ordinary chats: tools, JSON output, OpenAI's Responses,
//! embeddings, and token counts.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answers::answer_prompt;
use super::call::Call;
use super::keys::{Dialect, Emulated};

/// How many input tokens the emulated models report, whatever the prompt.
const INPUT_TOKENS: u64 = 12;
/// The tool that emulated models call where the prompt has this word.
const TOPIC: &str = "weather";

/// Answers one of these calls; none where it is an ordinary chat.
pub fn answer_other_call(call: &Call<'_>) -> Option<Response> {
    let Call {
        provider,
        path,
        body,
        ..
    } = *call;
    let ends = |end: &str| path.ends_with(end);
    let model = &body["model"];
    Some(match provider.dialect {
        Dialect::OpenAi if path == "/responses" => answer_responses(body),
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
        _ => return answer_with_tool_or_json(provider, path, body),
    })
}

fn whole_answer(body: &Value) -> Response {
    Json(body).into_response()
}

fn event_stream(events: &[Value], named: bool) -> Response {
    let event = |event: &Value| {
        let name = event["type"].as_str().filter(|_| named);
        let name = name.map_or_else(String::new, |name| format!("event: {name}\n"));
        format!("{name}data: {event}\n\n")
    };
    let mut text: String = events.iter().map(event).collect();
    if !named && events.iter().any(|event| !event["choices"].is_null()) {
        text.push_str("data: [DONE]\n\n");
    }
    ([("content-type", "text/event-stream")], text).into_response()
}

fn answer_responses(body: &Value) -> Response {
    let input = &body["input"];
    let last = input
        .as_array()
        .and_then(|turns| turns.last())
        .map(|turn| &turn["content"]);
    let last = last.unwrap_or(input);
    let part = last
        .as_array()
        .and_then(|parts| parts.first())
        .map(|part| &part["text"]);
    let said = answer_prompt(part.unwrap_or(last).as_str().unwrap_or_default());
    let message = json!({"type": "message", "id": "msg_0", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": said, "annotations": []}]});
    let response = json!({"id": "resp_0", "object": "response", "created_at": 1_795_219_200, "status": "completed",
        "model": body["model"], "output": [message], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [],
        "usage": {"input_tokens": INPUT_TOKENS, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": said.split_whitespace().count(), "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0}});
    if body["stream"] != true {
        return whole_answer(&response);
    }
    let delta = |text: &str| {
        json!({"type": "response.output_text.delta", "item_id": "msg_0", "output_index": 0,
        "content_index": 0, "delta": text, "sequence_number": 1, "logprobs": []})
    };
    let mut all = vec![
        json!({"type": "response.created", "response": {"id": "resp_0", "status": "in_progress", "output": []}, "sequence_number": 0}),
    ];
    all.extend(said.split_inclusive(' ').map(delta));
    all.push(json!({"type": "response.completed", "response": response, "sequence_number": 99}));
    event_stream(&all, true)
}

/// Answers with a call of a tool that was offered, or with JSON where it was
/// asked for.
fn answer_with_tool_or_json(provider: &Emulated, path: &str, body: &Value) -> Option<Response> {
    let streams = body["stream"] == true || path.ends_with(":streamGenerateContent");
    match (provider.dialect, path) {
        (Dialect::OpenAi, "/chat/completions") => answer_openai_tool(body, streams),
        (Dialect::Anthropic, "/v1/messages") => answer_anthropic_tool(body, streams),
        (Dialect::Google, _) => answer_google_tool(body, streams),
        _ => None,
    }
}

fn tool_input() -> Value {
    json!({"city": "Rome"})
}

fn json_answer() -> Value {
    json!({"answer": 10})
}

fn answer_openai_tool(body: &Value, streams: bool) -> Option<Response> {
    let last = body["messages"].as_array()?.last()?;
    let format = body["response_format"]["type"].as_str();
    if format.is_some_and(|kind| kind.starts_with("json")) {
        let message = json!({"role": "assistant", "content": json_answer().to_string()});
        return Some(openai_answer(body, &message, "stop", streams));
    }
    if last["role"] == "tool" {
        let said = format!("The tool said: {}", last["content"].as_str()?);
        let message = json!({"role": "assistant", "content": said});
        return Some(openai_answer(body, &message, "stop", streams));
    }
    is_about_tool(&last["content"], &body["tools"])?;
    let call = json!({"index": 0, "id": "call_0", "type": "function",
        "function": {"name": TOPIC, "arguments": tool_input().to_string()}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    Some(openai_answer(body, &message, "tool_calls", streams))
}

fn answer_anthropic_tool(body: &Value, streams: bool) -> Option<Response> {
    let last = body["messages"].as_array()?.last()?;
    let choice = &body["tool_choice"];
    if choice["type"] == "tool" && choice["name"] != TOPIC {
        return Some(anthropic_answer(
            body,
            &choice["name"],
            &json_answer(),
            streams,
        ));
    }
    let parts = last["content"].as_array().into_iter().flatten();
    let mut results = parts.filter(|part| part["type"] == "tool_result");
    if let Some(result) = results.next() {
        let told = result["content"]
            .as_str()
            .or(result["content"][0]["text"].as_str())?;
        let text = format!("The tool said: {told}");
        return Some(whole_answer(
            &json!({"id": "msg_0", "type": "message", "role": "assistant", "model": body["model"],
            "stop_reason": "end_turn", "content": [{"type": "text", "text": text}],
            "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 5}}),
        ));
    }
    is_about_tool(&last["content"], &body["tools"])?;
    Some(anthropic_answer(
        body,
        &json!(TOPIC),
        &tool_input(),
        streams,
    ))
}

fn answer_google_tool(body: &Value, streams: bool) -> Option<Response> {
    let parts = &body["contents"].as_array()?.last()?["parts"];
    let part = if body["generationConfig"]["responseMimeType"] == "application/json" {
        json!({"text": json_answer().to_string()})
    } else if let Some(told) = parts[0]["functionResponse"]["response"].as_object() {
        json!({"text": format!("The tool said: {}", json!(told))})
    } else {
        is_about_tool(parts, &body["tools"])?;
        json!({"functionCall": {"name": TOPIC, "args": tool_input()}, "thoughtSignature": "bWFkZS11cA=="})
    };
    let said = json!({"candidates": [{"content": {"parts": [part], "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": 5}, "modelVersion": "gemini-emulated"});
    Some(if streams {
        event_stream(&[said], false)
    } else {
        whole_answer(&said)
    })
}

/// Some where tools were offered and the prompt has the word [`TOPIC`].
fn is_about_tool(prompt: &Value, tools: &Value) -> Option<()> {
    let offered = tools.as_array().is_some_and(|tools| !tools.is_empty());
    (offered && prompt.to_string().contains(TOPIC)).then_some(())
}

fn openai_answer(body: &Value, message: &Value, reason: &str, streams: bool) -> Response {
    let usage = json!({"prompt_tokens": INPUT_TOKENS, "completion_tokens": 5, "total_tokens": 17});
    let head = |object: &str| json!({"id": "chatcmpl-0", "object": object, "created": 1_795_219_200, "model": body["model"]});
    if !streams {
        let mut said = head("chat.completion");
        said["choices"] = json!([{"index": 0, "message": message, "finish_reason": reason}]);
        said["usage"] = usage;
        return whole_answer(&said);
    }
    let chunk = |choices: Value| {
        let mut chunk = head("chat.completion.chunk");
        chunk["choices"] = choices;
        chunk
    };
    let mut last = chunk(json!([]));
    last["usage"] = usage;
    let mut all = vec![
        chunk(json!([{"index": 0, "delta": message, "finish_reason": null}])),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}])),
    ];
    if body["stream_options"]["include_usage"] == true {
        all.push(last);
    }
    event_stream(&all, false)
}

fn anthropic_answer(body: &Value, name: &Value, input: &Value, streams: bool) -> Response {
    let usage = json!({"input_tokens": INPUT_TOKENS, "output_tokens": 5});
    let message = |content: Value, reason: Value| {
        json!({"id": "msg_0", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": reason, "stop_sequence": null, "usage": usage})
    };
    if !streams {
        let block = json!({"type": "tool_use", "id": "toolu_0", "name": name, "input": input});
        return whole_answer(&message(json!([block]), json!("tool_use")));
    }
    event_stream(
        &[
            json!({"type": "message_start", "message": message(json!([]), Value::Null)}),
            json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "tool_use", "id": "toolu_0", "name": name, "input": {}}}),
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": input.to_string()}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 5}}),
            json!({"type": "message_stop"}),
        ],
        true,
    )
}
