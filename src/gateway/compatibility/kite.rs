//! Kite's calls: one key's metadata, `/chat`, and tools by name.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::ProviderInfo;
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::call_task::EventWriter;
use crate::gateway::compatibility::conversation::{Message, ask_of};
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::unified::{
    AnswerProgress, BegunAsk, add_request_key, begin_ask, respond_whole,
};
use crate::gateway::rest::{keys, parse_json, read_body};
use crate::model::{
    Answer, Ask, AskRefusal, Choices, KeyRefusal, ProviderId, Refusal, Role, Scope,
};

/// What Kite calls a model: how long it thinks.
const EFFORTS: [&str; 3] = ["low", "medium", "high"];
/// Parameters of a tool that choose who answers.
const CHOOSING: [&str; 2] = ["provider", "model"];

/// A conversation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chat {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    model: Option<String>,
    provider: Option<String>,
    persona: Option<String>,
    /// Whom the token speaks for is known.
    #[serde(default, rename = "userId")]
    _user: Option<Value>,
}

/// A tool that is to run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCall {
    tool: String,
    #[serde(default)]
    parameters: Map<String, Value>,
}

/// Shows what is known of the caller's key for a provider. The key itself
/// stays where it is.
pub async fn show_key(call: Call) -> HandlerResult {
    let (app, session) = (&call.gateway.app, &call.session);
    let typed = call.last_path_value();
    let providers = app.providers();
    let provider = providers.find(typed).map(ProviderInfo::id);
    let provider = provider.ok_or_else(|| Refusal::Key(providers.unknown(typed)))?;
    let owned = app.keys.list_owned(&session.caller, Scope::User).await?;
    let key = owned.into_iter().find(|key| key.provider == *provider);
    let key = key.ok_or_else(|| {
        Refusal::Key(KeyRefusal::NoSuchKey {
            provider: provider.clone(),
            scope: Scope::User,
        })
    })?;
    let uses = app.keys.uses(&session.caller, Scope::User).await?;
    let name = key.name.clone();
    let mut body = json!(keys::describe_key(key, &uses));
    body["success"] = json!(true);
    body["keyName"] = json!(name);
    json_response(StatusCode::OK, &body)
}

/// Answers a conversation, at once or as it comes.
pub async fn chat(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let chat: Chat = parse_json(&body)?;
    let model = chat
        .model
        .filter(|model| !EFFORTS.contains(&model.as_str()));
    let choices = Choices {
        provider: chat.provider.as_deref().map(ProviderId::from),
        model,
        persona: chat.persona,
    };
    let ask = ask_of(&call, chat.messages, choices)?;
    let said: Vec<Value> = ask
        .turns
        .iter()
        .map(|turn| {
            let role = match turn.role {
                Role::Person => "user",
                Role::Model => "assistant",
            };
            json!({"role": role, "content": turn.text.0})
        })
        .collect();
    let (task, context) = match begin_ask(call, ask, &body).await? {
        BegunAsk::Running(task, context) => (task, context),
        BegunAsk::Repeated(response) => return Ok(response),
    };
    if chat.stream {
        let events = ChatEvents(String::new());
        let streamed = task.stream_events(events, *context).await;
        return Ok(streamed.map_err(|failure| failure.error)?);
    }
    let describe = |_: &Answer, text: String| {
        let mut messages = said;
        messages.push(json!({"role": "assistant", "content": text}));
        json!({"response": text, "messages": messages})
    };
    respond_whole(task, describe).await
}

/// Lists the personas, each as a tool.
pub async fn list_tools(call: Call) -> HandlerResult {
    let personas = call.gateway.app.asks.personas().iter();
    let tools = personas.map(|persona| {
        json!({
            "name": persona.name, "description": persona.description,
            "parameters": {
                "type": "object", "required": ["prompt"],
                "properties": {
                    "prompt": {"type": "string"}, "provider": {"type": "string"},
                    "model": {"type": "string"},
                },
            },
        })
    });
    let tools: Vec<Value> = tools.collect();
    json_response(StatusCode::OK, &json!({"success": true, "tools": tools}))
}

/// Runs a persona as a tool: what it answers is the tool's result.
pub async fn execute_tool(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let ToolCall { tool, parameters } = parse_json(&body)?;
    let asks = &call.gateway.app.asks;
    let persona = asks.find_persona(&tool).map(|persona| persona.name.clone());
    let persona = persona.ok_or_else(|| AskRefusal::NoSuchPersona {
        name: tool.chars().take(40).collect(),
    })?;
    let text = |name: &str| parameters.get(name)?.as_str().map(str::to_owned);
    let choices = Choices {
        provider: text("provider").as_deref().map(ProviderId::from),
        model: text("model"),
        persona: Some(persona.clone()),
    };
    let prompt = write_parameters(&parameters)?;
    let ask = Ask::of(call.session.caller.clone(), &prompt, choices);
    let ask = add_request_key(&call, ask)?;
    let task = match begin_ask(call, ask, &body).await? {
        BegunAsk::Running(task, _) => task,
        BegunAsk::Repeated(response) => return Ok(response),
    };
    let describe = |answer: &Answer, text: String| {
        json!({
            "success": true, "tool": persona, "content": text, "result": text,
            "provider": answer.provider.as_str(), "model": answer.model,
            "source": answer.source.as_str(),
        })
    };
    respond_whole(task, describe).await
}

/// What a tool is told: its only text as it is, several with their names.
fn write_parameters(parameters: &Map<String, Value>) -> Result<String, Problem> {
    let told = parameters.iter();
    let told: Vec<_> = told
        .filter(|(name, _)| !CHOOSING.contains(&name.as_str()))
        .collect();
    if let [(_, Value::String(only))] = told[..] {
        return Ok(only.clone());
    }
    if told.is_empty() {
        return Err(AskRefusal::EmptyPrompt.into());
    }
    let lines = told.into_iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}\n"),
        other => format!("{name}: {other}\n"),
    });
    Ok(lines.collect())
}

/// Writes pieces of text as `chunk`, and the whole as `fullResponse`.
struct ChatEvents(String);

impl EventWriter<AnswerProgress, Answer> for ChatEvents {
    const KEEP_ALIVE_EVERY: Option<Duration> = None;

    fn write_progress(&mut self, progress: AnswerProgress) -> String {
        progress.add_to(&mut self.0);
        match progress {
            AnswerProgress::Words(piece) => format!("data: {}\n\n", json!({"chunk": piece})),
            // What was shown was thinking; `fullResponse` has none of it.
            AnswerProgress::TakenBack => String::from(": taken back\n\n"),
        }
    }

    fn write_result(&mut self, _: Answer) -> String {
        let text = std::mem::take(&mut self.0);
        format!("data: {}\n\n", json!({"done": true, "fullResponse": text}))
    }
}
