//! Anthropic's Messages; `docs/providers.md` §9.
//!
//! - `models`: what each family of models takes.
//! - `request`, `blocks`, `schema`: a request, written from the neutral form.
//! - `answer`: answers, read in the neutral form.
//! - `inward`, `outward`: the requests of callers who speak this dialect, and
//!   the answers for them.

mod answer;
mod blocks;
mod inward;
mod kept_schemas;
mod marks;
mod models;
mod outward;
mod request;
mod schema;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::model::{Check, Credential, FailureClass, FinishReason, Role, Surface, Turn, Usage};

use super::bodies::raw_object::RawObject;
use super::chat_request::{ChatRequest, encode_picture};
use super::model_list;
use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, FieldPath, ReportedUsage};
use super::request_fields::{NO_FIELDS, NO_PICTURE_FIELDS, PictureFields, RequestFields};
use super::responses;
use super::surface::is_list;
use super::translating::settled_names::NameRule;

pub use answer::MessageReader;
pub use inward::{read_block, read_request, read_tool};
pub use models::{abilities_of, longest_answer};
pub use outward::MessageWriter;
pub use request::write_request;

pub const CHAT_PATH: &str = "/v1/messages";
pub const MODELS_PAGE: &str = "/v1/models?limit=100";
const MODELS_PATH: &str = "/v1/models";
/// Required on every request. The newer version refuses sampling
/// parameters, which we never send; the older one still works for all.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// Names the workspace, for a key that has access to several.
const WORKSPACE_HEADER: &str = "anthropic-workspace-id";
const WORKSPACE_EXTRA: &str = "workspace";

/// Which names of functions Anthropic takes; `docs/providers.md` §9.5.
pub const NAME_RULE: NameRule = NameRule {
    characters_max: 128,
    more_letters: "",
    begins_with_letter: false,
};

/// Which names of properties Anthropic takes in a tool's schema;
/// `docs/providers.md` §9.5.
pub const KEY_RULE: NameRule = NameRule {
    characters_max: 64,
    more_letters: ".",
    begins_with_letter: false,
};

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&["max_tokens"]],
    pictures: PictureFields {
        types: &["image"],
        media_types: &["media_type"],
        ..NO_PICTURE_FIELDS
    },
    ..NO_FIELDS
};

/// Headers of every call, beside the key's own.
pub fn headers(credential: Option<&Credential>) -> Vec<(&'static str, &str)> {
    let workspace = credential.and_then(|it| it.extras.get(WORKSPACE_EXTRA));
    let workspace = workspace.map(|id| (WORKSPACE_HEADER, id.expose_secret()));
    std::iter::once(VERSION).chain(workspace).collect()
}

/// What a call asks for, by its address.
pub fn surface_of(method: &Method, path: &str) -> Surface {
    match (method, path) {
        (&Method::POST, CHAT_PATH) => Surface::Chat,
        (&Method::POST, "/v1/messages/count_tokens") => Surface::Free,
        (&Method::GET, _) if is_list(path, MODELS_PATH) => Surface::Free,
        _ => Surface::Other,
    }
}

/// What a failed check says of the key, where Anthropic means something of
/// its own by it. Its own clients treat a 404 so: the key's workspace is
/// gone.
pub fn judge_check(class: FailureClass) -> Option<Check> {
    (class == FailureClass::ModelNotFound).then_some(Check::Invalid)
}

/// The name of a model in a list, if it can still be used.
pub fn listed_model(entry: &Value) -> Option<&str> {
    model_list::name_of(entry).filter(|_| entry["lifecycle"] != "retired")
}

/// Writes the body of a chat request. No sampling parameters: new models
/// refuse them.
pub fn write_chat(request: &ChatRequest, stream: bool) -> Value {
    let mut body = json!({
        "model": request.model,
        "max_tokens": request.max_output_tokens,
        "messages": request.turns.iter().map(write_message).collect::<Vec<_>>(),
        "stream": stream,
    });
    if !request.system.is_empty() {
        body["system"] = json!(request.system);
    }
    body
}

/// Turns of one role may follow each other: Anthropic joins them.
fn write_message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let pictures = turn.pictures.iter().map(|picture| {
        json!({"type": "image", "source": {
            "type": "base64", "media_type": picture.kind.media_type(),
            "data": encode_picture(picture),
        }})
    });
    let text = json!({"type": "text", "text": turn.text.0});
    let parts: Vec<Value> = pictures.chain([text]).collect();
    json!({"role": role, "content": parts})
}

/// Lowers the limit on the output of a chat; whether anything was changed.
pub fn limit_output(request: &mut RawObject, tokens: u64) -> bool {
    request.set_at_most("max_tokens", tokens)
}

/// Reads an event of a stream, or a whole answer.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    match event["type"].as_str() {
        Some("message") => {
            for block in event["content"].as_array().into_iter().flatten() {
                answer.add_text(block.get("text").and_then(Value::as_str));
                answer.hear_thought(&block["thinking"]);
                answer.hear(&block["input"]);
            }
            answer.set_model(event, "model");
            read_stop(&event["stop_reason"], answer);
            take_usage(&event["usage"], answer);
            take_cost(&event["usage"], answer);
        }
        Some("message_start") => {
            answer.set_model(&event["message"], "model");
            take_usage(&event["message"]["usage"], answer);
        }
        Some("content_block_delta") => {
            answer.progressed = true;
            if event["delta"]["type"] == "text_delta" {
                answer.add_text(event["delta"]["text"].as_str());
            }
            answer.hear_thought(&event["delta"]["thinking"]);
            answer.hear(&event["delta"]["partial_json"]);
        }
        Some("message_delta") => {
            read_stop(&event["delta"]["stop_reason"], answer);
            take_usage(&event["usage"], answer);
            take_cost(&event["usage"], answer);
        }
        Some("error") => {
            answer.failed = true;
            answer.failure_has_usage = event["usage"].is_object();
            take_usage(&event["usage"], answer);
        }
        _ => {}
    }
}

fn read_stop(reason: &Value, answer: &mut ParsedAnswer) {
    answer.finish = match reason.as_str() {
        None => answer.finish,
        Some("max_tokens" | "model_context_window_exceeded") => Some(FinishReason::Length),
        Some("refusal") => Some(FinishReason::Blocked),
        Some(_) => Some(FinishReason::Complete),
    };
}

/// Where usage stands. In `message_delta` it is cumulative, and may lack what
/// `message_start` said.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/input_tokens"),
    (Field::Cached, "/cache_read_input_tokens"),
    (Field::CacheWrite, "/cache_creation_input_tokens"),
    (
        Field::CacheWrite5m,
        "/cache_creation/ephemeral_5m_input_tokens",
    ),
    (
        Field::CacheWrite1h,
        "/cache_creation/ephemeral_1h_input_tokens",
    ),
    (Field::Output, "/output_tokens"),
    (Field::Reasoning, "/output_tokens_details/thinking_tokens"),
    (Field::WebSearches, "/server_tool_use/web_search_requests"),
];

/// What a round has used. The totals leave out compactions
/// (<https://platform.claude.com/docs/en/build-with-claude/compaction>), and
/// what another model was asked
/// (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool>).
const ROUND_COUNTS: [&str; 4] = [
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
];

/// The same usage, with that of the compactions in its totals.
fn add_compactions(usage: &Value) -> Option<Value> {
    let rounds = usage["iterations"].as_array()?;
    let compactions = rounds.iter().filter(|it| it["type"] == "compaction");
    let mut all = usage.clone();
    for (compaction, name) in compactions.flat_map(|it| ROUND_COUNTS.map(|name| (it, name))) {
        let counts = [&all[name], &compaction[name]].map(|count| count.as_u64().unwrap_or(0));
        all[name] = counts[0].saturating_add(counts[1]).into();
    }
    Some(all)
}

/// How many tokens other models used in rounds of their own. They are paid for at
/// their own prices.
fn count_other_models(usage: &Value) -> Option<u64> {
    let is_own = |round: &&Value| matches!(round["type"].as_str(), Some("message" | "compaction"));
    let rounds = usage["iterations"].as_array()?.iter();
    let counts = rounds
        .filter(|round| !is_own(round))
        .flat_map(|round| ROUND_COUNTS.map(|name| round[name].as_u64().unwrap_or(0)));
    Some(counts.fold(0, u64::saturating_add))
}

/// The tools of Anthropic's that cost nothing but their tokens, by the names of
/// their counts
/// (<https://platform.claude.com/docs/en/about-claude/pricing>), and the one that
/// has a count of its own here.
const OTHERWISE_PAID_TOOLS: [&str; 3] = [
    "web_search_requests",
    "web_fetch_requests",
    "tool_search_requests",
];

/// How often the other tools were called.
fn count_other_tools(usage: &Value) -> Option<u64> {
    let counts = usage["server_tool_use"].as_object()?.iter();
    let others = counts.filter(|(name, _)| !OTHERWISE_PAID_TOOLS.contains(&name.as_str()));
    let others = others.filter_map(|(_, count)| count.as_u64());
    Some(others.fold(0, u64::saturating_add))
}

fn take_usage(usage: &Value, answer: &mut ParsedAnswer) {
    let reported = &mut answer.reported;
    reported.set(Field::OtherModel, count_other_models(usage));
    reported.set(Field::ToolCalls, count_other_tools(usage));
    let with_compactions = add_compactions(usage);
    let usage = with_compactions.as_ref().unwrap_or(usage);
    answer.reported.take_piece(usage, USAGE_PATHS);
    answer.reported.set_tier(usage["service_tier"].as_str());
    answer.reported.set_speed(usage["speed"].as_str());
    answer.reported.set_place(usage["inference_geo"].as_str());
    answer.usage = usage_of(&answer.reported);
}

/// Takes over what it cost, which OpenRouter says at the end of its messages too.
fn take_cost(usage: &Value, answer: &mut ParsedAnswer) {
    responses::take_cost(usage, &mut answer.reported);
    answer.usage = usage_of(&answer.reported).or(answer.usage);
}

/// Input excludes what was read from or written to the cache, so that is
/// added. What was written and is not said for how long was written for five
/// minutes.
fn usage_of(reported: &ReportedUsage) -> Option<Usage> {
    let (fresh, output) = (reported.get(Field::Input)?, reported.get(Field::Output)?);
    let split = reported.count(Field::CacheWrite5m) + reported.count(Field::CacheWrite1h);
    let rest = reported.count(Field::CacheWrite).saturating_sub(split);
    let input = fresh + reported.count(Field::Cached) + split + rest;
    let mut usage = reported.usage(input, output);
    usage.details.cache_write_5m += rest;
    usage.details.cache_write = 0;
    Some(usage)
}
