//! What an emulated model is asked, read from any dialect.

use serde_json::Value;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::INPUT_TOKENS;
use crate::providers::api::{Api, Surface};
use crate::providers::call::Call;
use crate::providers::json_fields::{either_spelling, list};
use crate::providers::keys::{Dialect, Emulated};
use crate::providers::picture_apis::pictures::{count_pictures, count_shown};
use crate::providers::sound_apis::form::seconds;

/// How many tokens a second of sound has: D, "Audio understanding" (ai.google.dev).
const SOUND_TOKENS_PER_S: f64 = 32.0;
/// The longest part of a prompt that may be what somebody asks.
const REQUEST_BYTES_MAX: usize = 400;

/// A function that the model may call.
pub struct Tool {
    pub name: String,
    pub schema: Value,
    /// What stands before its name in the Responses.
    pub namespace: Option<String>,
    /// Whether it takes a text in the place of an object, as the Responses have
    /// it.
    pub takes_text: bool,
}

/// Which tools the model has to call.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    Free,
    No,
    Any,
    One(String),
}

/// A chat request.
pub struct Ask<'a> {
    pub surface: Surface,
    pub body: &'a Value,
    pub model: String,
    pub prompt: String,
    /// The prompt without what a program has put around it: what names the
    /// tools that are wanted.
    pub request: String,
    /// What tools said, where that comes after the prompt.
    pub told: Vec<String>,
    /// How many tools were called in the conversation so far.
    pub called: usize,
    pub tools: Vec<Tool>,
    pub choice: Choice,
    /// How many tools may be called at once.
    pub calls_max: usize,
    /// The schema of the JSON that was asked for; null where any will do.
    pub schema: Option<Value>,
    /// Whether the model lets its thoughts be seen.
    pub thinks: bool,
    pub stream: bool,
    pub usage_wanted: bool,
    /// Whose words thoughts and the ids of calls are told in.
    pub vendor: &'static str,
    /// How many pictures the model is shown.
    pub pictures: usize,
    /// Tokens of the prompt.
    pub input: u64,
    /// Those of them that are sound.
    pub sound: u64,
    /// The cost in dollars that this provider reports with its answer.
    pub cost: Option<f64>,
    /// The tier of service that the answer names, where this provider names one:
    /// `OpenAI` calls `priority` what is asked for as `fast`.
    pub tier: Option<String>,
}

impl<'a> Ask<'a> {
    /// Reads a request; none where the provider has no chat at this address.
    pub fn parse(call: &Call<'a>) -> Option<Self> {
        let body = call.body;
        let Api::Chat(surface) = call.api() else {
            return None;
        };
        let mut ask = Self {
            surface,
            body,
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            prompt: String::new(),
            request: String::new(),
            told: Vec::new(),
            called: 0,
            tools: Vec::new(),
            choice: Choice::Free,
            calls_max: usize::MAX,
            schema: None,
            thinks: false,
            stream: body["stream"] == true,
            usage_wanted: true,
            vendor: call.provider.id,
            pictures: count_pictures(body),
            input: INPUT_TOKENS,
            sound: 0,
            cost: (call.provider.id == "openrouter").then_some(0.000_012_3),
            tier: served_tier(call),
        };
        match surface {
            Surface::Chat => ask.read_chat(call.provider)?,
            Surface::Responses => ask.read_responses(),
            Surface::Messages => ask.read_messages()?,
            Surface::Generate => ask.read_generate(call.path)?,
            Surface::Ollama => ask.read_ollama()?,
        }
        Some(ask)
    }

    /// Whether the model does nothing but write sound down.
    pub fn writes_down(&self) -> bool {
        self.vendor == "google" && self.model.contains("-transcribe")
    }

    fn read_chat(&mut self, vendor: &Emulated) -> Option<()> {
        let (body, provider) = (self.body, vendor.id);
        self.read_turns(body["messages"].as_array()?, |turn| match &turn["role"] {
            role if role == "tool" => TurnContent::Tool(text_of(&turn["content"])),
            role if role == "user" => said_by_person(&turn["content"]),
            role if role == "assistant" => TurnContent::Model(list(&turn["tool_calls"]).count()),
            _ => TurnContent::System(text_of(&turn["content"])),
        });
        self.tools = list(&body["tools"])
            .map(|tool| &tool["function"])
            .map(|function| tool(&function["name"], &function["parameters"]))
            .collect();
        self.choice = choice_of(
            &body["tool_choice"],
            &body["tool_choice"]["function"]["name"],
        );
        self.calls_max = calls_max(body["parallel_tool_calls"] != false);
        self.schema = schema_in(&body["response_format"], "/json_schema/schema");
        self.thinks = match provider {
            "deepseek" | "moonshot" => body["thinking"]["type"] != "disabled",
            "openrouter" => body["reasoning"]["effort"] != "none",
            _ => false,
        };
        let comes_unasked =
            provider == "mistral" || vendor.plain.is_some_and(|it| !it.asks_for_usage);
        self.usage_wanted = comes_unasked || body["stream_options"]["include_usage"] == true;
        if provider == "openai" {
            self.input += count_shown(&self.model, &body["messages"]);
        }
        Some(())
    }

    fn read_responses(&mut self) {
        let body = self.body;
        if let Some(text) = body["input"].as_str() {
            text.clone_into(&mut self.prompt);
            text.clone_into(&mut self.request);
        }
        let items: Vec<Value> = list(&body["input"]).cloned().collect();
        self.read_turns(&items, |item| match item["type"].as_str() {
            Some("function_call_output" | "custom_tool_call_output") => {
                TurnContent::Tool(text_of(&item["output"]))
            }
            Some("function_call" | "custom_tool_call") => TurnContent::Model(1),
            None | Some("message") if item["role"] == "user" => said_by_person(&item["content"]),
            None | Some("message") if item["role"] != "assistant" => {
                TurnContent::System(text_of(&item["content"]))
            }
            _ => TurnContent::Model(0),
        });
        // Codex sends its tools as an item of the input.
        let added = items.iter().flat_map(|item| list(&item["tools"]));
        self.tools = list(&body["tools"])
            .chain(added)
            .flat_map(response_tools)
            .collect();
        self.choice = choice_of(&body["tool_choice"], &body["tool_choice"]["name"]);
        self.calls_max = calls_max(body["parallel_tool_calls"] != false);
        self.schema = schema_in(&body["text"]["format"], "/schema");
        self.thinks = !body["reasoning"]["summary"].is_null();
    }

    fn read_messages(&mut self) -> Option<()> {
        let body = self.body;
        self.read_turns(body["messages"].as_array()?, |turn| {
            let content = &turn["content"];
            let of_type = |kind: &'static str| list(content).filter(move |it| it["type"] == kind);
            match turn["role"].as_str() {
                Some("assistant") => TurnContent::Model(of_type("tool_use").count()),
                Some("user") => {
                    let results: Vec<String> = of_type("tool_result")
                        .map(|result| text_of(&result["content"]))
                        .collect();
                    if results.is_empty() {
                        said_by_person(content)
                    } else {
                        TurnContent::Tools(results)
                    }
                }
                _ => TurnContent::System(text_of(content)),
            }
        });
        self.tools = list(&body["tools"])
            .map(|it| tool(&it["name"], &it["input_schema"]))
            .collect();
        self.choice = choice_of(&body["tool_choice"]["type"], &body["tool_choice"]["name"]);
        self.calls_max = calls_max(body["tool_choice"]["disable_parallel_tool_use"] != true);
        // The second is its name of before, for which a beta is named.
        self.schema = schema_in(&body["output_config"]["format"], "/schema")
            .or_else(|| schema_in(&body["output_format"], "/schema"));
        self.thinks = matches!(
            body["thinking"]["type"].as_str(),
            Some("enabled" | "adaptive")
        );
        Some(())
    }

    fn read_generate(&mut self, path: &str) -> Option<()> {
        let body = self.body;
        let (model, verb) = path.strip_prefix("/models/")?.split_once(':')?;
        model.clone_into(&mut self.model);
        self.stream = verb == "streamGenerateContent";
        self.read_turns(body["contents"].as_array()?, |turn| {
            let with = |field: &'static str| {
                list(&turn["parts"]).filter(move |part| either_spelling(part, field).is_object())
            };
            let results: Vec<String> = with("functionResponse")
                .map(|part| either_spelling(part, "functionResponse")["response"].to_string())
                .collect();
            match turn["role"].as_str() {
                Some("model") => TurnContent::Model(with("functionCall").count()),
                _ if results.is_empty() => said_by_person(&turn["parts"]),
                _ => TurnContent::Tools(results),
            }
        });
        let declared =
            list(&body["tools"]).flat_map(|it| list(either_spelling(it, "functionDeclarations")));
        self.tools = declared
            .map(|it| {
                let plain =
                    Some(either_spelling(it, "parametersJsonSchema")).filter(|it| !it.is_null());
                tool(&it["name"], plain.unwrap_or(&it["parameters"]))
            })
            .collect();
        let config = either_spelling(either_spelling(body, "toolConfig"), "functionCallingConfig");
        self.choice = match config["mode"].as_str() {
            Some("NONE") => Choice::No,
            Some("ANY") => either_spelling(config, "allowedFunctionNames")[0]
                .as_str()
                .map_or(Choice::Any, |name| Choice::One(name.to_owned())),
            _ => Choice::Free,
        };
        let config = either_spelling(body, "generationConfig");
        self.schema =
            (*either_spelling(config, "responseMimeType") == "application/json").then(|| {
                let plain =
                    Some(either_spelling(config, "responseJsonSchema")).filter(|it| !it.is_null());
                plain
                    .unwrap_or(either_spelling(config, "responseSchema"))
                    .clone()
            });
        self.sound = list(&body["contents"])
            .flat_map(|turn| list(&turn["parts"]))
            .map(sound_tokens)
            .sum();
        self.input += self.sound;
        let thinking = either_spelling(config, "thinkingConfig");
        self.thinks = *either_spelling(thinking, "includeThoughts") == true;
        Some(())
    }

    fn read_ollama(&mut self) -> Option<()> {
        let body = self.body;
        let last = body["messages"].as_array()?.last()?;
        self.prompt = text_of(&last["content"]);
        self.stream = body["stream"] != false;
        Some(())
    }

    /// Reads the turns of a conversation, in their order.
    fn read_turns(&mut self, turns: &[Value], read: impl Fn(&Value) -> TurnContent) {
        for turn in turns {
            match read(turn) {
                TurnContent::Person(text, end) => {
                    self.prompt = text;
                    self.request = end;
                    self.told.clear();
                }
                TurnContent::System(text) if self.prompt.is_empty() => self.prompt = text,
                TurnContent::System(_) => {}
                TurnContent::Tool(text) => self.told.push(text),
                TurnContent::Tools(texts) => self.told = texts,
                TurnContent::Model(calls) => {
                    self.called += calls;
                    self.told.clear();
                }
            }
        }
    }
}

/// How many tokens of a part of Google's are sound.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sounds of tests last for seconds"
)]
fn sound_tokens(part: &Value) -> u64 {
    let data = either_spelling(part, "inlineData");
    let media_type = either_spelling(data, "mimeType").as_str();
    if !media_type.is_some_and(|it| it.starts_with("audio/")) {
        return 0;
    }
    let bytes = data["data"]
        .as_str()
        .and_then(|it| STANDARD.decode(it).ok());
    let seconds = bytes.and_then(|bytes| seconds(&bytes)).unwrap_or_default();
    (seconds * SOUND_TOKENS_PER_S).ceil() as u64
}

/// What one turn of a conversation holds.
enum TurnContent {
    System(String),
    /// What somebody says, and what they ask in it.
    Person(String, String),
    Tool(String),
    Tools(Vec<String>),
    /// How many tools the model called.
    Model(usize),
}

/// Programs put pages of their own around what somebody asks, so that the
/// short parts are what is asked.
fn said_by_person(content: &Value) -> TurnContent {
    let parts = list(content).filter_map(|part| part["text"].as_str());
    let short: Vec<&str> = parts
        .filter(|part| part.len() <= REQUEST_BYTES_MAX)
        .collect();
    let text = text_of(content);
    let request = if content.is_string() {
        text.clone()
    } else {
        short.join("\n")
    };
    TurnContent::Person(text, request)
}

/// Returns the texts of a message, without its pictures.
fn text_of(content: &Value) -> String {
    let texts = list(content).filter_map(|part| part["text"].as_str());
    content
        .as_str()
        .map_or_else(|| texts.collect(), str::to_owned)
}

/// The tools that an entry of the Responses stands for: itself, or those of its
/// namespace ([openai-spec], `NamespaceToolParam`).
fn response_tools(entry: &Value) -> Vec<Tool> {
    let read = |it: &Value, namespace: Option<&str>| {
        let takes_text = it["type"] == "custom";
        let is_called = takes_text || it["type"] == "function";
        is_called.then(|| Tool {
            namespace: namespace.map(str::to_owned),
            takes_text,
            ..tool(&it["name"], &it["parameters"])
        })
    };
    if entry["type"] == "namespace" {
        let inside = list(&entry["tools"]);
        return inside
            .filter_map(|it| read(it, entry["name"].as_str()))
            .collect();
    }
    read(entry, None).into_iter().collect()
}

fn tool(name: &Value, schema: &Value) -> Tool {
    Tool {
        name: name.as_str().unwrap_or_default().to_owned(),
        schema: schema.clone(),
        namespace: None,
        takes_text: false,
    }
}

fn choice_of(kind: &Value, name: &Value) -> Choice {
    match (kind.as_str(), name.as_str()) {
        (Some("none"), _) => Choice::No,
        (Some("required" | "any"), _) => Choice::Any,
        (_, Some(name)) => Choice::One(name.to_owned()),
        _ => Choice::Free,
    }
}

fn calls_max(is_parallel: bool) -> usize {
    if is_parallel { usize::MAX } else { 1 }
}

fn schema_in(format: &Value, place: &str) -> Option<Value> {
    match format["type"].as_str()? {
        "json_schema" => Some(format.pointer(place).cloned().unwrap_or_default()),
        "json_object" => Some(Value::Null),
        _ => None,
    }
}

/// On which tier a call is served: the one that is asked for, which the real
/// providers say where they have room. `docs/providers.md` §16.1.
fn served_tier(call: &Call<'_>) -> Option<String> {
    let asked = |field: &str| call.body[field].as_str();
    let tier = match (call.provider.id, call.provider.dialect) {
        ("openai", _) => match asked("service_tier") {
            None | Some("auto") => "default",
            Some("fast") => "priority",
            Some(tier) => tier,
        },
        ("groq", _) => match asked("service_tier")? {
            "auto" => "on_demand",
            tier => tier,
        },
        (_, Dialect::Anthropic) => "standard",
        (_, Dialect::Google) => asked("serviceTier").or(asked("service_tier"))?,
        _ => return None,
    };
    Some(tier.to_owned())
}
