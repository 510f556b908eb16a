//! Anthropic's Messages; `providers.md` §3.
//!
//! JSON output has no words there that every model knows, so it is asked
//! for as the input of a tool that the model must call.

use serde_json::{Value, json};

use super as wire;
use crate::providers::dialect::openai::chunks::Chunks;
use crate::providers::dialect::openai::request::{Choice, Output, Part, Request, ToolCall, Turn};
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::translation::{add, no_words};
use crate::providers::relay::Untranslatable;

/// The longest answer where nobody says: the field is mandatory.
const MAX_TOKENS: u64 = 8_192;
/// The tool whose input is the JSON that was asked for.
const JSON_TOOL: &str = "answer_in_json";

/// Says answers back.
pub struct Back {
    pub chunks: Chunks,
    /// The answer is the input of our tool.
    json: bool,
    /// Blocks that are tool calls: theirs, and the place in the list here.
    calls: Vec<u64>,
    reading: ParsedAnswer,
}

/// Says a call.
pub fn request(
    request: &Request,
    model: &str,
    stream: bool,
    chunks: Chunks,
) -> Result<(Value, Back), Untranslatable> {
    refuse(request)?;
    let json = !matches!(request.output, Output::Text);
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens.unwrap_or(MAX_TOKENS),
        "messages": messages(&request.turns),
        "stream": stream,
    });
    if !request.system.is_empty() {
        body["system"] = json!(request.system.join("\n\n"));
    }
    if !request.stop.is_empty() {
        body["stop_sequences"] = json!(request.stop);
    }
    // Newer models refuse these even at their usual values.
    for (name, value) in [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
    ] {
        if let Some(value) = value.filter(|value| (*value - 1.0).abs() > f64::EPSILON) {
            body[name] = json!(value);
        }
    }
    if let Some(user) = &request.user {
        body["metadata"] = json!({"user_id": user});
    }
    add_tools(request, &mut body);
    let back = Back {
        chunks,
        json,
        calls: Vec::new(),
        reading: ParsedAnswer::default(),
    };
    Ok((body, back))
}

fn refuse(request: &Request) -> Result<(), Untranslatable> {
    let json = !matches!(request.output, Output::Text);
    let refused = [
        (request.seed.is_some(), "`seed`"),
        (request.presence_penalty.is_some(), "`presence_penalty`"),
        (request.frequency_penalty.is_some(), "`frequency_penalty`"),
        (
            request
                .temperature
                .is_some_and(|it| !(0.0..=1.0).contains(&it)),
            "`temperature` above 1",
        ),
        (
            json && !request.tools.is_empty(),
            "`response_format` together with `tools`",
        ),
        (
            request.turns.is_empty(),
            "a call without anything that a person says",
        ),
    ];
    match refused.iter().find(|(is_there, _)| *is_there) {
        Some((_, what)) => Err(no_words(format!("{what}, for a model of Anthropic's"))),
        None => Ok(()),
    }
}

fn add_tools(request: &Request, body: &mut Value) {
    let anything = || json!({"type": "object", "additionalProperties": true});
    let schema = match &request.output {
        Output::Text => None,
        Output::Json => Some(anything()),
        Output::Schema(schema) if schema.is_object() => Some(schema.clone()),
        Output::Schema(_) => Some(anything()),
    };
    if let Some(schema) = schema {
        body["tools"] = json!([{
            "name": JSON_TOOL, "description": "Give your answer as the input of this tool.", "input_schema": schema,
        }]);
        body["tool_choice"] = json!({"type": "tool", "name": JSON_TOOL});
        return;
    }
    if request.tools.is_empty() {
        return;
    }
    let tools = request.tools.iter().map(|tool| {
        let mut said = json!({"name": tool.name, "input_schema": tool.parameters});
        if let Some(description) = &tool.description {
            said["description"] = json!(description);
        }
        said
    });
    body["tools"] = tools.collect();
    let mut choice = match &request.choice {
        Choice::Auto => json!({"type": "auto"}),
        Choice::None => json!({"type": "none"}),
        Choice::Any => json!({"type": "any"}),
        Choice::One(name) => json!({"type": "tool", "name": name}),
    };
    if !request.parallel && request.choice != Choice::None {
        choice["disable_parallel_tool_use"] = json!(true);
    }
    body["tool_choice"] = choice;
}

/// What several tools said stands in one message, before what a person says.
fn messages(turns: &[Turn]) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for turn in turns {
        let (role, blocks) = match turn {
            Turn::Person(parts) => ("user", parts.iter().map(part).collect()),
            Turn::Tool { call, text } => {
                let result = json!({"type": "tool_result", "tool_use_id": call, "content": text});
                ("user", vec![result])
            }
            Turn::Model { text, calls } => ("assistant", said(text, calls)),
        };
        add(&mut messages, role, "content", blocks);
    }
    messages
}

fn said(text: &str, calls: &[ToolCall]) -> Vec<Value> {
    let text = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
    let calls = calls.iter().map(
        |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}),
    );
    text.into_iter().chain(calls).collect()
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Picture(kind, data) => {
            json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
        }
        Part::PictureAt(url) => json!({"type": "image", "source": {"type": "url", "url": url}}),
    }
}

impl Back {
    /// Says one event.
    pub fn event(&mut self, event: &Value, out: &mut Vec<u8>) {
        wire::read(event, &mut self.reading);
        self.reading.text.clear();
        match event["type"].as_str() {
            Some("message_start") => {
                let message = &event["message"];
                self.chunks.named(&message["id"], &message["model"]);
                self.chunks.say(json!({"content": ""}), out);
            }
            Some("content_block_start")
                if event["content_block"]["type"] == "tool_use" && !self.json =>
            {
                let (at, block) = (self.calls.len(), &event["content_block"]);
                self.calls.push(event["index"].as_u64().unwrap_or(0));
                let call = json!({"index": at, "id": block["id"], "type": "function",
                    "function": {"name": block["name"], "arguments": ""}});
                self.chunks.say(json!({"tool_calls": [call]}), out);
            }
            Some("content_block_delta") => self.delta(event, out),
            Some("message_delta") => {
                if let Some(reason) = event["delta"]["stop_reason"].as_str() {
                    let reason = self.reason(reason);
                    self.chunks.finish(reason, out);
                }
                self.chunks.usage = self.reading.usage;
            }
            _ => {}
        }
    }

    fn delta(&mut self, event: &Value, out: &mut Vec<u8>) {
        let delta = &event["delta"];
        if let Some(text) = delta["text"].as_str() {
            if !self.json {
                self.chunks.say(json!({"content": text}), out);
            }
        } else if let Some(part) = delta["partial_json"].as_str() {
            if self.json {
                self.chunks.say(json!({"content": part}), out);
                return;
            }
            let block = event["index"].as_u64();
            let at = self.calls.iter().position(|index| Some(*index) == block);
            let call = json!({"index": at, "function": {"arguments": part}});
            self.chunks.say(json!({"tool_calls": [call]}), out);
        }
    }

    /// Says a whole answer.
    pub fn whole(&mut self, answer: &Value) -> Value {
        wire::read(answer, &mut self.reading);
        self.chunks.named(&answer["id"], &answer["model"]);
        self.chunks.usage = self.reading.usage;
        let blocks = answer["content"].as_array().cloned().unwrap_or_default();
        let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
        let mut text: String = of("text")
            .filter_map(|block| block["text"].as_str())
            .collect();
        let mut calls: Vec<Value> = Vec::new();
        for block in of("tool_use") {
            let input = block["input"].to_string();
            if self.json {
                text = input;
            } else {
                calls.push(json!({"id": block["id"], "type": "function",
                    "function": {"name": block["name"], "arguments": input}}));
            }
        }
        let content = if text.is_empty() && !calls.is_empty() {
            Value::Null
        } else {
            json!(text)
        };
        let mut message = json!({"role": "assistant", "content": content, "refusal": null});
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        let reason = self.reason(answer["stop_reason"].as_str().unwrap_or_default());
        self.chunks.whole(&message, reason)
    }

    fn reason(&self, theirs: &str) -> &'static str {
        match theirs {
            "tool_use" if !self.json => "tool_calls",
            "max_tokens" | "model_context_window_exceeded" => "length",
            "refusal" => "content_filter",
            _ => "stop",
        }
    }
}
