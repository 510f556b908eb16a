//! Parses a chat request in OpenAI's dialect; `docs/providers.md` §7.1.

use serde_json::{Map, Value};

use crate::providers::dialect::neutral::{
    NeutralRequest, NeutralTurn, OutputFormat, Part, Tool, ToolCall, ToolChoice, Untranslatable,
};

/// Fields that are parsed below, and hints that change no answer.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "temperature",
    "top_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
];
/// Fields that may be ignored at these values, which are the usual ones.
const USUAL: &[(&str, &[&str])] = &[
    ("store", &["false"]),
    ("logprobs", &["false"]),
    ("top_logprobs", &["0"]),
    ("service_tier", &["\"auto\"", "\"default\""]),
    ("modalities", &["[\"text\"]"]),
    ("logit_bias", &["{}"]),
    ("metadata", &["{}"]),
];

/// Parses the body of a request. What other dialects cannot express is
/// refused by its name.
pub fn parse_request(
    body: &[u8],
    output_limit: Option<u64>,
) -> Result<NeutralRequest, Untranslatable> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|_| Untranslatable::new("a body that is no JSON object"))?;
    let null = Value::Null;
    let at = |name: &str| body.get(name).unwrap_or(&null);
    for (name, value) in &body {
        refuse_unknown(name, value)?;
    }
    if !matches!(at("n").as_u64(), None | Some(1)) {
        return Err(Untranslatable::new("`n` other than 1"));
    }
    let asked = at("max_completion_tokens")
        .as_u64()
        .or_else(|| at("max_tokens").as_u64());
    let max_tokens = match (asked, output_limit) {
        (Some(asked), Some(limit)) => Some(asked.min(limit)),
        (asked, limit) => asked.or(limit),
    };
    let mut request = NeutralRequest {
        system: Vec::new(),
        turns: Vec::new(),
        max_tokens,
        stop: parse_stop(at("stop")),
        tools: parse_tools(at("tools"))?,
        tool_choice: parse_tool_choice(at("tool_choice"))?,
        parallel_tools: at("parallel_tool_calls") != false,
        output: parse_output_format(at("response_format"))?,
        temperature: at("temperature").as_f64(),
        top_p: at("top_p").as_f64(),
        seed: at("seed").as_i64(),
        presence_penalty: at("presence_penalty").as_f64().filter(|it| *it != 0.0),
        frequency_penalty: at("frequency_penalty").as_f64().filter(|it| *it != 0.0),
        user: at("safety_identifier")
            .as_str()
            .or(at("user").as_str())
            .map(Into::into),
        wants_usage: at("stream_options")["include_usage"] == true,
    };
    let messages = at("messages").as_array().filter(|all| !all.is_empty());
    for message in messages.ok_or_else(|| Untranslatable::new("a call without `messages`"))? {
        add_message(&mut request, message)?;
    }
    Ok(request)
}

fn add_message(request: &mut NeutralRequest, message: &Value) -> Result<(), Untranslatable> {
    let content = &message["content"];
    match message["role"].as_str() {
        Some("system" | "developer") => request.system.push(parse_text(content)?),
        Some("user") => request
            .turns
            .push(NeutralTurn::Person(parse_parts(content)?)),
        Some("assistant") => {
            if !message["audio"].is_null() || !message["function_call"].is_null() {
                return Err(Untranslatable::new(
                    "`audio` or `function_call` in a message",
                ));
            }
            let calls = message["tool_calls"].as_array().into_iter().flatten();
            request.turns.push(NeutralTurn::Model {
                text: parse_text(content)?,
                calls: calls.map(parse_tool_call).collect::<Result<_, _>>()?,
            });
        }
        Some("tool") => request.turns.push(NeutralTurn::Tool {
            call: message["tool_call_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            text: parse_text(content)?,
        }),
        _ => {
            return Err(Untranslatable::new(
                "a message whose `role` is none of system, developer, user, assistant and tool",
            ));
        }
    }
    Ok(())
}

/// Refuses a field that is neither known nor at a value to be ignored.
fn refuse_unknown(name: &str, value: &Value) -> Result<(), Untranslatable> {
    let written = value.to_string();
    let is_usual =
        |(known, usual): &&(&str, &[&str])| *known == name && usual.contains(&written.as_str());
    if value.is_null() || KNOWN.contains(&name) || USUAL.iter().any(|it| is_usual(&it)) {
        return Ok(());
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    Err(Untranslatable::new(format!("`{name}`")))
}

/// Parses text, or parts that are all text.
fn parse_text(content: &Value) -> Result<String, Untranslatable> {
    match content {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => {
            let parts = parse_parts(content)?;
            let texts = parts.into_iter().map(|part| match part {
                Part::Text(text) => Ok(text),
                Part::Picture(..) | Part::PictureAt(_) => Err(Untranslatable::new(
                    "a picture in a message that is no person's",
                )),
            });
            texts
                .collect::<Result<Vec<_>, _>>()
                .map(|texts| texts.concat())
        }
    }
}

fn parse_parts(content: &Value) -> Result<Vec<Part>, Untranslatable> {
    if let Some(text) = content.as_str() {
        return Ok(vec![Part::Text(text.to_owned())]);
    }
    let list = content
        .as_array()
        .ok_or_else(|| Untranslatable::new("a message without `content`"))?;
    list.iter().map(parse_part).collect()
}

fn parse_part(part: &Value) -> Result<Part, Untranslatable> {
    match part["type"].as_str() {
        Some("text" | "refusal") => {
            let text = part["text"].as_str().or(part["refusal"].as_str());
            Ok(Part::Text(text.unwrap_or_default().to_owned()))
        }
        Some("image_url") => {
            let url = part["image_url"]["url"].as_str().unwrap_or_default();
            let Some(data) = url.strip_prefix("data:") else {
                return Ok(Part::PictureAt(url.to_owned()));
            };
            let (kind, data) = data
                .split_once(";base64,")
                .ok_or_else(|| Untranslatable::new("a picture that is not base64"))?;
            Ok(Part::Picture(kind.to_owned(), data.to_owned()))
        }
        Some(kind) => {
            let kind: String = kind.chars().filter(|c| !c.is_control()).take(40).collect();
            Err(Untranslatable::new(format!("`{kind}` in a message")))
        }
        None => Err(Untranslatable::new("a part of a message without `type`")),
    }
}

fn parse_tool_call(call: &Value) -> Result<ToolCall, Untranslatable> {
    if !matches!(call["type"].as_str(), None | Some("function")) {
        return Err(Untranslatable::new("a tool call that is no function's"));
    }
    let function = &call["function"];
    let written = function["arguments"].as_str().unwrap_or_default();
    let arguments = if written.trim().is_empty() {
        "{}"
    } else {
        written
    };
    Ok(ToolCall {
        id: call["id"].as_str().unwrap_or_default().to_owned(),
        name: function["name"].as_str().unwrap_or_default().to_owned(),
        arguments: serde_json::from_str(arguments)
            .map_err(|_| Untranslatable::new("`arguments` of a tool call that are no JSON"))?,
        signature: call
            .pointer("/extra_content/google/thought_signature")
            .and_then(Value::as_str)
            .map(Into::into),
    })
}

fn parse_tools(tools: &Value) -> Result<Vec<Tool>, Untranslatable> {
    let tools = tools.as_array().into_iter().flatten();
    tools
        .map(|tool| {
            if tool["type"] != "function" {
                return Err(Untranslatable::new("a tool that is no function"));
            }
            let function = &tool["function"];
            let empty = || serde_json::json!({"type": "object", "properties": {}});
            Ok(Tool {
                name: function["name"].as_str().unwrap_or_default().to_owned(),
                description: function["description"].as_str().map(Into::into),
                parameters: Some(&function["parameters"])
                    .filter(|it| it.is_object())
                    .cloned()
                    .unwrap_or_else(empty),
            })
        })
        .collect()
}

fn parse_tool_choice(choice: &Value) -> Result<ToolChoice, Untranslatable> {
    match (choice.as_str(), choice["type"].as_str()) {
        (None, None) if choice.is_null() => Ok(ToolChoice::Auto),
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("required"), _) => Ok(ToolChoice::Any),
        (_, Some("function")) => {
            let name = choice["function"]["name"].as_str().unwrap_or_default();
            Ok(ToolChoice::One(name.to_owned()))
        }
        _ => Err(Untranslatable::new("that `tool_choice`")),
    }
}

fn parse_output_format(format: &Value) -> Result<OutputFormat, Untranslatable> {
    match format["type"].as_str() {
        None if format.is_null() => Ok(OutputFormat::Text),
        Some("text") => Ok(OutputFormat::Text),
        Some("json_object") => Ok(OutputFormat::Json),
        Some("json_schema") => Ok(OutputFormat::Schema(
            format["json_schema"]["schema"].clone(),
        )),
        _ => Err(Untranslatable::new("that `response_format`")),
    }
}

/// Parses one text, or a list of texts.
fn parse_stop(value: &Value) -> Vec<String> {
    let one = value.as_str().map(|text| vec![text.to_owned()]);
    let list = value.as_array().into_iter().flatten();
    one.unwrap_or_else(|| {
        list.filter_map(|text| text.as_str().map(Into::into))
            .collect()
    })
}
