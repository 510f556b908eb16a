//! A call in OpenAI's chat dialect, taken apart; `providers.md` §2.1.

use serde_json::{Map, Value};

use crate::providers::dialect::translation::no_words;
use crate::providers::relay::Untranslatable;

/// Fields that are read below, and hints that change no answer.
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
/// Fields whose usual values mean that they are not there.
const USUAL: &[(&str, &[&str])] = &[
    ("store", &["false"]),
    ("logprobs", &["false"]),
    ("top_logprobs", &["0"]),
    ("service_tier", &["\"auto\"", "\"default\""]),
    ("modalities", &["[\"text\"]"]),
    ("logit_bias", &["{}"]),
    ("metadata", &["{}"]),
];

/// What a model is asked, whatever the dialect.
#[derive(Debug)]
pub struct Request {
    /// What the model is told before everything else.
    pub system: Vec<String>,
    pub turns: Vec<Turn>,
    pub max_tokens: Option<u64>,
    pub stop: Vec<String>,
    pub tools: Vec<Tool>,
    pub choice: Choice,
    pub parallel: bool,
    pub output: Output,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub seed: Option<i64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub user: Option<String>,
    /// Whether usage is wanted at a stream's end.
    pub wants_usage: bool,
}

/// One message.
#[derive(Debug)]
pub enum Turn {
    Person(Vec<Part>),
    Model {
        text: String,
        calls: Vec<ToolCall>,
    },
    /// What a tool said.
    Tool {
        call: String,
        text: String,
    },
}

/// One part of what a person said.
#[derive(Debug)]
pub enum Part {
    Text(String),
    /// Media type and base64.
    Picture(String, String),
    PictureAt(String),
}

/// A call that the model wants made.
#[derive(Debug)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Value,
    /// Google's mark on it, which it wants back.
    pub signature: Option<String>,
}

/// A function that the model may want called.
#[derive(Debug)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Value,
}

/// Which tools the model may choose.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    Auto,
    None,
    Any,
    One(String),
}

/// What the answer must be.
#[derive(Debug)]
pub enum Output {
    Text,
    Json,
    Schema(Value),
}

impl Request {
    /// Reads a body; what nobody could say elsewhere is refused.
    pub fn read(body: &[u8], output_limit: Option<u64>) -> Result<Self, Untranslatable> {
        let body: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| no_words("a body that is no JSON object"))?;
        let null = Value::Null;
        let at = |name: &str| body.get(name).unwrap_or(&null);
        for (name, value) in &body {
            refuse_unknown(name, value)?;
        }
        if !matches!(at("n").as_u64(), None | Some(1)) {
            return Err(no_words("`n` other than 1"));
        }
        let asked = at("max_completion_tokens")
            .as_u64()
            .or_else(|| at("max_tokens").as_u64());
        let max_tokens = match (asked, output_limit) {
            (Some(asked), Some(limit)) => Some(asked.min(limit)),
            (asked, limit) => asked.or(limit),
        };
        let mut request = Self {
            system: Vec::new(),
            turns: Vec::new(),
            max_tokens,
            stop: texts(at("stop")),
            tools: tools(at("tools"))?,
            choice: choice(at("tool_choice"))?,
            parallel: at("parallel_tool_calls") != false,
            output: output(at("response_format"))?,
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
        for message in messages.ok_or_else(|| no_words("a call without `messages`"))? {
            request.add(message)?;
        }
        Ok(request)
    }

    fn add(&mut self, message: &Value) -> Result<(), Untranslatable> {
        let content = &message["content"];
        match message["role"].as_str() {
            Some("system" | "developer") => self.system.push(text(content)?),
            Some("user") => self.turns.push(Turn::Person(parts(content)?)),
            Some("assistant") => {
                if !message["audio"].is_null() || !message["function_call"].is_null() {
                    return Err(no_words("`audio` or `function_call` in a message"));
                }
                let calls = message["tool_calls"].as_array().into_iter().flatten();
                self.turns.push(Turn::Model {
                    text: text(content)?,
                    calls: calls.map(tool_call).collect::<Result<_, _>>()?,
                });
            }
            Some("tool") => self.turns.push(Turn::Tool {
                call: message["tool_call_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                text: text(content)?,
            }),
            _ => {
                return Err(no_words(
                    "a message whose `role` is none of system, developer, user, assistant and tool",
                ));
            }
        }
        Ok(())
    }
}

fn refuse_unknown(name: &str, value: &Value) -> Result<(), Untranslatable> {
    let written = value.to_string();
    let is_usual =
        |(known, usual): &&(&str, &[&str])| *known == name && usual.contains(&written.as_str());
    if value.is_null() || KNOWN.contains(&name) || USUAL.iter().any(|it| is_usual(&it)) {
        return Ok(());
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    Err(no_words(format!("`{name}`")))
}

/// Text, or parts that are all text.
fn text(content: &Value) -> Result<String, Untranslatable> {
    match content {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => {
            let parts = parts(content)?;
            let texts = parts.into_iter().map(|part| match part {
                Part::Text(text) => Ok(text),
                Part::Picture(..) | Part::PictureAt(_) => {
                    Err(no_words("a picture in a message that is no person's"))
                }
            });
            texts
                .collect::<Result<Vec<_>, _>>()
                .map(|texts| texts.concat())
        }
    }
}

fn parts(content: &Value) -> Result<Vec<Part>, Untranslatable> {
    if let Some(text) = content.as_str() {
        return Ok(vec![Part::Text(text.to_owned())]);
    }
    let list = content
        .as_array()
        .ok_or_else(|| no_words("a message without `content`"))?;
    list.iter().map(part).collect()
}

fn part(part: &Value) -> Result<Part, Untranslatable> {
    match part["type"].as_str() {
        Some("text" | "refusal") => {
            let said = part["text"].as_str().or(part["refusal"].as_str());
            Ok(Part::Text(said.unwrap_or_default().to_owned()))
        }
        Some("image_url") => {
            let url = part["image_url"]["url"].as_str().unwrap_or_default();
            let Some(data) = url.strip_prefix("data:") else {
                return Ok(Part::PictureAt(url.to_owned()));
            };
            let (kind, data) = data
                .split_once(";base64,")
                .ok_or_else(|| no_words("a picture that is not base64"))?;
            Ok(Part::Picture(kind.to_owned(), data.to_owned()))
        }
        Some(kind) => {
            let kind: String = kind.chars().filter(|c| !c.is_control()).take(40).collect();
            Err(no_words(format!("`{kind}` in a message")))
        }
        None => Err(no_words("a part of a message without `type`")),
    }
}

fn tool_call(call: &Value) -> Result<ToolCall, Untranslatable> {
    if !matches!(call["type"].as_str(), None | Some("function")) {
        return Err(no_words("a tool call that is no function's"));
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
            .map_err(|_| no_words("`arguments` of a tool call that are no JSON"))?,
        signature: call
            .pointer("/extra_content/google/thought_signature")
            .and_then(Value::as_str)
            .map(Into::into),
    })
}

fn tools(tools: &Value) -> Result<Vec<Tool>, Untranslatable> {
    let tools = tools.as_array().into_iter().flatten();
    tools
        .map(|tool| {
            if tool["type"] != "function" {
                return Err(no_words("a tool that is no function"));
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

fn choice(choice: &Value) -> Result<Choice, Untranslatable> {
    match (choice.as_str(), choice["type"].as_str()) {
        (None, None) if choice.is_null() => Ok(Choice::Auto),
        (Some("auto"), _) => Ok(Choice::Auto),
        (Some("none"), _) => Ok(Choice::None),
        (Some("required"), _) => Ok(Choice::Any),
        (_, Some("function")) => {
            let name = choice["function"]["name"].as_str().unwrap_or_default();
            Ok(Choice::One(name.to_owned()))
        }
        _ => Err(no_words("that `tool_choice`")),
    }
}

fn output(format: &Value) -> Result<Output, Untranslatable> {
    match format["type"].as_str() {
        None if format.is_null() => Ok(Output::Text),
        Some("text") => Ok(Output::Text),
        Some("json_object") => Ok(Output::Json),
        Some("json_schema") => Ok(Output::Schema(format["json_schema"]["schema"].clone())),
        _ => Err(no_words("that `response_format`")),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(|text| vec![text.to_owned()]);
    let list = value.as_array().into_iter().flatten();
    one.unwrap_or_else(|| {
        list.filter_map(|text| text.as_str().map(Into::into))
            .collect()
    })
}
