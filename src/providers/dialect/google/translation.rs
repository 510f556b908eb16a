//! Google's Gemini; `providers.md` §4.

use serde_json::{Value, json};

use super as wire;
use crate::providers::dialect::openai::chunks::Chunks;
use crate::providers::dialect::openai::request::{Choice, Output, Part, Request, ToolCall, Turn};
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::translation::{add, no_words};
use crate::providers::relay::Untranslatable;

/// Google's word for a call that another model wanted, which has no mark of
/// Google's: "Thought signatures", ai.google.dev.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Says answers back.
pub struct Back {
    pub chunks: Chunks,
    calls: usize,
    finished: bool,
    reading: ParsedAnswer,
}

/// Says a call: where to, and what.
pub fn request(
    request: &Request,
    model: &str,
    stream: bool,
) -> Result<(String, Value), Untranslatable> {
    let path = wire::path(model, stream).ok_or_else(|| no_words("that `model`"))?;
    if !request.parallel && !request.tools.is_empty() {
        return Err(no_words(
            "`parallel_tool_calls: false`, for a model of Google's",
        ));
    }
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
        Output::Text => {}
        Output::Json => config["responseMimeType"] = json!("application/json"),
        Output::Schema(schema) => {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = schema.clone();
        }
    }
    let mut body = json!({"contents": contents(&request.turns)?, "generationConfig": config});
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system.join("\n\n")}]});
    }
    add_tools(request, &mut body);
    Ok((path, body))
}

fn add_tools(request: &Request, body: &mut Value) {
    if request.tools.is_empty() {
        return;
    }
    let tools = request.tools.iter().map(|tool| {
        let mut said = json!({"name": tool.name, "parametersJsonSchema": tool.parameters});
        if let Some(description) = &tool.description {
            said["description"] = json!(description);
        }
        said
    });
    body["tools"] = json!([{"functionDeclarations": tools.collect::<Vec<_>>()}]);
    let calling = match &request.choice {
        Choice::Auto => json!({"mode": "AUTO"}),
        Choice::None => json!({"mode": "NONE"}),
        Choice::Any => json!({"mode": "ANY"}),
        Choice::One(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    body["toolConfig"] = json!({"functionCallingConfig": calling});
}

fn contents(turns: &[Turn]) -> Result<Vec<Value>, Untranslatable> {
    let mut contents: Vec<Value> = Vec::new();
    for turn in turns {
        let (role, parts) = match turn {
            Turn::Person(parts) => ("user", parts.iter().map(part).collect::<Result<_, _>>()?),
            Turn::Tool { call, text } => ("user", vec![result(turns, call, text)?]),
            Turn::Model { text, calls } => ("model", said(text, calls)),
        };
        add(&mut contents, role, "parts", parts);
    }
    Ok(contents)
}

/// What a tool said: Google knows it by its function's name.
fn result(turns: &[Turn], id: &str, text: &str) -> Result<Value, Untranslatable> {
    let calls = turns.iter().flat_map(|turn| match turn {
        Turn::Model { calls, .. } => calls.as_slice(),
        _ => &[],
    });
    let call = calls.into_iter().find(|call| call.id == id);
    let name = call.map(|call| call.name.as_str());
    let name = name
        .ok_or_else(|| no_words("a `tool` message whose `tool_call_id` no call before it has"))?;
    let response = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => json!({"result": text}),
    };
    Ok(json!({"functionResponse": {"name": name, "response": response}}))
}

fn said(text: &str, calls: &[ToolCall]) -> Vec<Value> {
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

fn part(part: &Part) -> Result<Value, Untranslatable> {
    match part {
        Part::Text(text) => Ok(json!({"text": text})),
        Part::Picture(kind, data) => Ok(json!({"inlineData": {"mimeType": kind, "data": data}})),
        Part::PictureAt(_) => Err(no_words(
            "a picture by its address, for a model of Google's: send it as `data:image/…;base64,…`",
        )),
    }
}

impl Back {
    pub fn new(chunks: Chunks) -> Self {
        Self {
            chunks,
            calls: 0,
            finished: false,
            reading: ParsedAnswer::default(),
        }
    }

    /// Says one event.
    pub fn event(&mut self, event: &Value, out: &mut Vec<u8>) {
        let (text, calls) = self.take(event);
        if !text.is_empty() {
            self.chunks.say(json!({"content": text}), out);
        }
        for mut call in calls {
            call["index"] = json!(self.calls);
            self.calls += 1;
            self.chunks.say(json!({"tool_calls": [call]}), out);
        }
        if let Some(reason) = reason(event).filter(|_| !self.finished) {
            self.finished = true;
            let reason = if self.calls > 0 { "tool_calls" } else { reason };
            self.chunks.finish(reason, out);
        }
    }

    /// Says a whole answer.
    pub fn whole(&mut self, answer: &Value) -> Value {
        let (text, calls) = self.take(answer);
        let reason = match reason(answer) {
            _ if !calls.is_empty() => "tool_calls",
            Some(reason) => reason,
            None => "stop",
        };
        let content = if text.is_empty() && !calls.is_empty() {
            Value::Null
        } else {
            json!(text)
        };
        let mut message = json!({"role": "assistant", "content": content, "refusal": null});
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        self.chunks.whole(&message, reason)
    }

    /// What is said in an event, and the calls in it.
    fn take(&mut self, event: &Value) -> (String, Vec<Value>) {
        wire::read(event, &mut self.reading);
        self.chunks
            .named(&event["responseId"], &event["modelVersion"]);
        self.chunks.usage = self.reading.usage;
        let parts = event["candidates"][0]["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten();
        let calls = parts
            .filter(|part| part["functionCall"].is_object())
            .enumerate();
        let calls = calls
            .map(|(at, part)| call(self.calls + at, part))
            .collect();
        (std::mem::take(&mut self.reading.text), calls)
    }
}

fn call(number: usize, part: &Value) -> Value {
    let theirs = &part["functionCall"];
    let id = theirs["id"]
        .as_str()
        .map_or_else(|| format!("call_{number}"), Into::into);
    let arguments = Some(&theirs["args"]).filter(|args| args.is_object());
    let arguments = arguments.map_or_else(|| "{}".to_owned(), Value::to_string);
    let mut call = json!({"id": id, "type": "function",
        "function": {"name": theirs["name"], "arguments": arguments}});
    if let Some(signature) = part["thoughtSignature"].as_str() {
        call["extra_content"] = json!({"google": {"thought_signature": signature}});
    }
    call
}

fn reason(event: &Value) -> Option<&'static str> {
    if event.pointer("/promptFeedback/blockReason").is_some() {
        return Some("content_filter");
    }
    Some(match event["candidates"][0]["finishReason"].as_str()? {
        "MAX_TOKENS" => "length",
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "OTHER" => "stop",
        _ => "content_filter",
    })
}
