//! Puts OpenAI's chat into Anthropic's Messages, and the answers back.
//!
//! Not every model of Anthropic's can be told to answer in JSON, so JSON is
//! asked for as the input of a tool that the model must call.

use serde_json::{Value, json};

use crate::providers::dialect::neutral::{
    NeutralRequest, NeutralTurn, OutputFormat, Part, ToolCall, ToolChoice, Untranslatable,
};
use crate::providers::dialect::openai::{ChunkWriter, parse_request};
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::translation::{
    AnswerTranslator, OpenAiChat, Translation, append_parts, whole_message,
};

use super::{CHAT_PATH, read_event};

/// The longest answer where nobody limits it: the field is mandatory.
const MAX_TOKENS: u64 = 8_192;
/// The tool whose input is the JSON that was asked for.
const JSON_TOOL: &str = "answer_in_json";

/// Translates a chat request.
pub fn translate_chat(chat: &OpenAiChat<'_>) -> Result<Translation, Untranslatable> {
    let request = parse_request(chat.body, chat.output_limit)?;
    let body = write_request(&request, chat.model, chat.stream)?;
    let answers = FromAnthropic {
        chunks: ChunkWriter::new(chat.at_s, chat.model, request.wants_usage),
        is_json: wants_json(&request),
        tool_blocks: Vec::new(),
        answer: ParsedAnswer::default(),
    };
    Ok(Translation {
        path: CHAT_PATH.to_owned(),
        body: body.to_string().into(),
        answers: Box::new(answers),
    })
}

fn wants_json(request: &NeutralRequest) -> bool {
    !matches!(request.output, OutputFormat::Text)
}

fn write_request(
    request: &NeutralRequest,
    model: &str,
    stream: bool,
) -> Result<Value, Untranslatable> {
    refuse_unsayable(request)?;
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens.unwrap_or(MAX_TOKENS),
        "messages": write_messages(&request.turns),
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
    write_tools(request, &mut body);
    Ok(body)
}

/// Refuses what Anthropic's dialect cannot express.
fn refuse_unsayable(request: &NeutralRequest) -> Result<(), Untranslatable> {
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
            wants_json(request) && !request.tools.is_empty(),
            "`response_format` together with `tools`",
        ),
        (
            request.turns.is_empty(),
            "a call without anything that a person says",
        ),
    ];
    match refused.iter().find(|(is_there, _)| *is_there) {
        Some((_, what)) => Err(Untranslatable::new(format!(
            "{what}, for a model of Anthropic's"
        ))),
        None => Ok(()),
    }
}

fn write_tools(request: &NeutralRequest, body: &mut Value) {
    let anything = || json!({"type": "object", "additionalProperties": true});
    let schema = match &request.output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some(anything()),
        OutputFormat::Schema(schema) if schema.is_object() => Some(schema.clone()),
        OutputFormat::Schema(_) => Some(anything()),
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
        let mut written = json!({"name": tool.name, "input_schema": tool.parameters});
        if let Some(description) = &tool.description {
            written["description"] = json!(description);
        }
        written
    });
    body["tools"] = tools.collect();
    let mut choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Any => json!({"type": "any"}),
        ToolChoice::One(name) => json!({"type": "tool", "name": name}),
    };
    if !request.parallel_tools && request.tool_choice != ToolChoice::None {
        choice["disable_parallel_tool_use"] = json!(true);
    }
    body["tool_choice"] = choice;
}

/// The results of several tools stand in one message, before what a person
/// says.
fn write_messages(turns: &[NeutralTurn]) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for turn in turns {
        let (role, blocks) = match turn {
            NeutralTurn::Person(parts) => ("user", parts.iter().map(write_part).collect()),
            NeutralTurn::Tool { call, text } => {
                let result = json!({"type": "tool_result", "tool_use_id": call, "content": text});
                ("user", vec![result])
            }
            NeutralTurn::Model { text, calls } => ("assistant", write_model_turn(text, calls)),
        };
        append_parts(&mut messages, role, "content", blocks);
    }
    messages
}

fn write_model_turn(text: &str, calls: &[ToolCall]) -> Vec<Value> {
    let text = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
    let calls = calls.iter().map(
        |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}),
    );
    text.into_iter().chain(calls).collect()
}

fn write_part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Picture(kind, data) => {
            json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
        }
        Part::PictureAt(url) => json!({"type": "image", "source": {"type": "url", "url": url}}),
    }
}

/// Translates Anthropic's answers.
struct FromAnthropic {
    chunks: ChunkWriter,
    /// The answer is the input of our tool.
    is_json: bool,
    /// The indices of the blocks that are tool calls. A call's place in this
    /// list is its index for the caller.
    tool_blocks: Vec<u64>,
    answer: ParsedAnswer,
}

impl AnswerTranslator for FromAnthropic {
    fn write_event(&mut self, event: &Value, out: &mut Vec<u8>) {
        read_event(event, &mut self.answer);
        self.answer.text.clear();
        match event["type"].as_str() {
            Some("message_start") => {
                let message = &event["message"];
                self.chunks.set_names(&message["id"], &message["model"]);
                self.chunks.write_delta(json!({"content": ""}), out);
            }
            Some("content_block_start")
                if event["content_block"]["type"] == "tool_use" && !self.is_json =>
            {
                let (at, block) = (self.tool_blocks.len(), &event["content_block"]);
                self.tool_blocks.push(event["index"].as_u64().unwrap_or(0));
                let call = json!({"index": at, "id": block["id"], "type": "function",
                    "function": {"name": block["name"], "arguments": ""}});
                self.chunks.write_delta(json!({"tool_calls": [call]}), out);
            }
            Some("content_block_delta") => self.write_block_delta(event, out),
            Some("message_delta") => {
                if let Some(reason) = event["delta"]["stop_reason"].as_str() {
                    let reason = self.finish_reason(reason);
                    self.chunks.write_finish(reason, out);
                }
                self.chunks.usage = self.answer.usage;
            }
            _ => {}
        }
    }

    fn write_end(&mut self, out: &mut Vec<u8>) {
        self.chunks.write_end(out);
    }

    fn translate_whole(&mut self, answer: &Value) -> Value {
        read_event(answer, &mut self.answer);
        self.chunks.set_names(&answer["id"], &answer["model"]);
        self.chunks.usage = self.answer.usage;
        let blocks = answer["content"].as_array().cloned().unwrap_or_default();
        let of_type = |kind: &'static str| blocks.iter().filter(move |it| it["type"] == kind);
        let mut text: String = of_type("text")
            .filter_map(|block| block["text"].as_str())
            .collect();
        let mut calls: Vec<Value> = Vec::new();
        for block in of_type("tool_use") {
            let input = block["input"].to_string();
            if self.is_json {
                text = input;
            } else {
                calls.push(json!({"id": block["id"], "type": "function",
                    "function": {"name": block["name"], "arguments": input}}));
            }
        }
        let reason = self.finish_reason(answer["stop_reason"].as_str().unwrap_or_default());
        self.chunks
            .whole_answer(&whole_message(&text, &calls), reason)
    }
}

impl FromAnthropic {
    fn write_block_delta(&mut self, event: &Value, out: &mut Vec<u8>) {
        let delta = &event["delta"];
        if let Some(text) = delta["text"].as_str() {
            if !self.is_json {
                self.chunks.write_delta(json!({"content": text}), out);
            }
        } else if let Some(part) = delta["partial_json"].as_str() {
            if self.is_json {
                self.chunks.write_delta(json!({"content": part}), out);
                return;
            }
            let block = event["index"].as_u64();
            let at = self
                .tool_blocks
                .iter()
                .position(|index| Some(*index) == block);
            let call = json!({"index": at, "function": {"arguments": part}});
            self.chunks.write_delta(json!({"tool_calls": [call]}), out);
        }
    }

    fn finish_reason(&self, stop_reason: &str) -> &'static str {
        match stop_reason {
            "tool_use" if !self.is_json => "tool_calls",
            "max_tokens" | "model_context_window_exceeded" => "length",
            "refusal" => "content_filter",
            _ => "stop",
        }
    }
}
