//! Puts OpenAI's chat into Google's `generateContent`, and the answers back.

use serde_json::{Value, json};

use crate::providers::dialect::neutral::{
    NeutralRequest, NeutralTurn, OutputFormat, Part, ToolCall, ToolChoice, Untranslatable,
};
use crate::providers::dialect::openai::{ChunkWriter, parse_request};
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::translation::{
    AnswerTranslator, OpenAiChat, Translation, append_parts, whole_message,
};

use super::{chat_path, read_event};

/// The signature that Google accepts for a tool call which another model
/// asked for and Google has not signed: "Thought signatures", ai.google.dev.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Translates a chat request.
pub fn translate_chat(chat: &OpenAiChat<'_>) -> Result<Translation, Untranslatable> {
    let request = parse_request(chat.body, chat.output_limit)?;
    let path = chat_path(chat.model, chat.stream);
    let path = path.ok_or_else(|| Untranslatable::new("that `model`"))?;
    let body = write_request(&request)?;
    let answers = FromGoogle {
        chunks: ChunkWriter::new(chat.at_s, chat.model, request.wants_usage),
        calls: 0,
        finished: false,
        answer: ParsedAnswer::default(),
    };
    Ok(Translation {
        path,
        body: body.to_string().into(),
        answers: Box::new(answers),
    })
}

fn write_request(request: &NeutralRequest) -> Result<Value, Untranslatable> {
    if !request.parallel_tools && !request.tools.is_empty() {
        return Err(Untranslatable::new(
            "`parallel_tool_calls: false`, for a model of Google's",
        ));
    }
    let contents = write_contents(&request.turns)?;
    let mut body = json!({"contents": contents, "generationConfig": write_config(request)});
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system.join("\n\n")}]});
    }
    write_tools(request, &mut body);
    Ok(body)
}

fn write_config(request: &NeutralRequest) -> Value {
    let mut config = json!({});
    let numbers = [
        ("temperature", request.temperature),
        ("topP", request.top_p),
        ("presencePenalty", request.presence_penalty),
        ("frequencyPenalty", request.frequency_penalty),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            config[name] = json!(value);
        }
    }
    for (name, value) in [
        ("maxOutputTokens", request.max_tokens.map(|it| json!(it))),
        ("seed", request.seed.map(|it| json!(it))),
    ] {
        if let Some(value) = value {
            config[name] = value;
        }
    }
    if !request.stop.is_empty() {
        config["stopSequences"] = json!(request.stop);
    }
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::Json => config["responseMimeType"] = json!("application/json"),
        OutputFormat::Schema(schema) => {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = schema.clone();
        }
    }
    config
}

fn write_tools(request: &NeutralRequest, body: &mut Value) {
    if request.tools.is_empty() {
        return;
    }
    let tools = request.tools.iter().map(|tool| {
        let mut written = json!({"name": tool.name, "parametersJsonSchema": tool.parameters});
        if let Some(description) = &tool.description {
            written["description"] = json!(description);
        }
        written
    });
    body["tools"] = json!([{"functionDeclarations": tools.collect::<Vec<_>>()}]);
    let calling = match &request.tool_choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Any => json!({"mode": "ANY"}),
        ToolChoice::One(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    body["toolConfig"] = json!({"functionCallingConfig": calling});
}

fn write_contents(turns: &[NeutralTurn]) -> Result<Vec<Value>, Untranslatable> {
    let mut contents: Vec<Value> = Vec::new();
    for turn in turns {
        let (role, parts) = match turn {
            NeutralTurn::Person(parts) => (
                "user",
                parts.iter().map(write_part).collect::<Result<_, _>>()?,
            ),
            NeutralTurn::Tool { call, text } => {
                ("user", vec![write_tool_result(turns, call, text)?])
            }
            NeutralTurn::Model { text, calls } => ("model", write_model_turn(text, calls)),
        };
        append_parts(&mut contents, role, "parts", parts);
    }
    Ok(contents)
}

/// Writes the result of a tool, which Google knows by its function's name.
fn write_tool_result(turns: &[NeutralTurn], id: &str, text: &str) -> Result<Value, Untranslatable> {
    let calls = turns.iter().flat_map(|turn| match turn {
        NeutralTurn::Model { calls, .. } => calls.as_slice(),
        _ => &[],
    });
    let call = calls.into_iter().find(|call| call.id == id);
    let name = call.map(|call| call.name.as_str());
    let name = name.ok_or_else(|| {
        Untranslatable::new("a `tool` message whose `tool_call_id` no call before it has")
    })?;
    let response = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => json!({"result": text}),
    };
    Ok(json!({"functionResponse": {"name": name, "response": response}}))
}

fn write_model_turn(text: &str, calls: &[ToolCall]) -> Vec<Value> {
    let text = (!text.is_empty()).then(|| json!({"text": text}));
    let calls = calls.iter().enumerate().map(|(at, call)| {
        let mut part = json!({"functionCall": {"name": call.name, "args": call.arguments}});
        let signature = call
            .signature
            .as_deref()
            .or((at == 0).then_some(NO_SIGNATURE));
        if let Some(signature) = signature {
            part["thoughtSignature"] = json!(signature);
        }
        part
    });
    text.into_iter().chain(calls).collect()
}

fn write_part(part: &Part) -> Result<Value, Untranslatable> {
    match part {
        Part::Text(text) => Ok(json!({"text": text})),
        Part::Picture(kind, data) => Ok(json!({"inlineData": {"mimeType": kind, "data": data}})),
        Part::PictureAt(_) => Err(Untranslatable::new(
            "a picture by its address, for a model of Google's: send it as `data:image/…;base64,…`",
        )),
    }
}

/// Translates Google's answers.
struct FromGoogle {
    chunks: ChunkWriter,
    /// How many tool calls were written.
    calls: usize,
    finished: bool,
    answer: ParsedAnswer,
}

impl AnswerTranslator for FromGoogle {
    fn write_event(&mut self, event: &Value, out: &mut Vec<u8>) {
        let (text, calls) = self.read_content(event);
        if !text.is_empty() {
            self.chunks.write_delta(json!({"content": text}), out);
        }
        for mut call in calls {
            call["index"] = json!(self.calls);
            self.calls += 1;
            self.chunks.write_delta(json!({"tool_calls": [call]}), out);
        }
        if let Some(reason) = finish_reason(event).filter(|_| !self.finished) {
            self.finished = true;
            let reason = if self.calls > 0 { "tool_calls" } else { reason };
            self.chunks.write_finish(reason, out);
        }
    }

    fn write_end(&mut self, out: &mut Vec<u8>) {
        self.chunks.write_end(out);
    }

    fn translate_whole(&mut self, answer: &Value) -> Value {
        let (text, calls) = self.read_content(answer);
        let reason = match finish_reason(answer) {
            _ if !calls.is_empty() => "tool_calls",
            Some(reason) => reason,
            None => "stop",
        };
        self.chunks
            .whole_answer(&whole_message(&text, &calls), reason)
    }
}

impl FromGoogle {
    /// Reads the text of an event, and the tool calls in it.
    fn read_content(&mut self, event: &Value) -> (String, Vec<Value>) {
        read_event(event, &mut self.answer);
        self.chunks
            .set_names(&event["responseId"], &event["modelVersion"]);
        self.chunks.usage = self.answer.usage;
        let parts = event["candidates"][0]["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten();
        let calls = parts
            .filter(|part| part["functionCall"].is_object())
            .enumerate();
        let calls = calls
            .map(|(at, part)| write_tool_call(self.calls + at, part))
            .collect();
        (std::mem::take(&mut self.answer.text), calls)
    }
}

fn write_tool_call(number: usize, part: &Value) -> Value {
    let google_call = &part["functionCall"];
    let id = google_call["id"]
        .as_str()
        .map_or_else(|| format!("call_{number}"), Into::into);
    let arguments = Some(&google_call["args"]).filter(|args| args.is_object());
    let arguments = arguments.map_or_else(|| "{}".to_owned(), Value::to_string);
    let mut call = json!({"id": id, "type": "function",
        "function": {"name": google_call["name"], "arguments": arguments}});
    if let Some(signature) = part["thoughtSignature"].as_str() {
        call["extra_content"] = json!({"google": {"thought_signature": signature}});
    }
    call
}

fn finish_reason(event: &Value) -> Option<&'static str> {
    if event.pointer("/promptFeedback/blockReason").is_some() {
        return Some("content_filter");
    }
    Some(match event["candidates"][0]["finishReason"].as_str()? {
        "MAX_TOKENS" => "length",
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "OTHER" => "stop",
        _ => "content_filter",
    })
}
