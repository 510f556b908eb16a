//! OpenAI's Responses, the newer API for chats; `docs/providers.md` §8.
//!
//! - `ask`: a chat of the bot's.
//! - `costs`: what an answer says that it cost, and which tools it used.
//! - `inward`, `tool_names`: a caller's call, in the neutral form.
//! - `outward`, `items`: the answer for such a caller.
//! - `request`: a chat, written from the neutral form.
//! - `reader`, `json_so_far`: answers, read in the neutral form.

mod ask;
mod costs;
mod inward;
mod items;
mod json_so_far;
mod outward;
mod reader;
mod request;
mod tool_names;

use std::collections::HashSet;

use serde_json::Value;

use crate::model::{FinishReason, Usage};

pub use ask::write_chat;
pub use costs::{take_cost, take_tool_details};
pub use inward::read_request;
pub use outward::ResponseWriter;
pub use reader::ResponseReader;
pub use request::write_request;

use super::bodies::raw_object::RawObject;
use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, FieldPath, ReportedUsage, read_count};
use super::request_fields::{NO_FIELDS, NO_PICTURE_FIELDS, PictureFields, RequestFields};

pub const PATH: &str = "/responses";
/// What limits the output.
const LIMIT: &str = "max_output_tokens";
/// The least that the output may be limited to, in tokens.
pub const OUTPUT_TOKENS_MIN: u64 = 16;
/// What stands between two messages of one response.
const BETWEEN_MESSAGES: &str = "\n\n";

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&[LIMIT]],
    pictures: PictureFields {
        types: &["input_image"],
        urls: &["image_url"],
        ..NO_PICTURE_FIELDS
    },
    ..NO_FIELDS
};

/// Lowers the limit on the output; whether anything was changed.
pub fn limit_output(request: &mut RawObject, tokens: u64) -> bool {
    request.set_at_most(LIMIT, tokens)
}

/// The response that failed in an event of a stream, or in a whole answer.
pub fn failed_response(event: &Value) -> Option<&Value> {
    let response = event.get("response").unwrap_or(event);
    (response["status"] == "failed").then_some(response)
}

/// Reads a whole answer, or an event of a stream, of which the last holds
/// the whole answer. A response that failed is one: it says so itself, to a
/// caller who knows it, and what it used is paid for.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    let has_error = event.get("error").is_some_and(|error| !error.is_null());
    if has_error && event["object"] != "response" {
        answer.failed = true;
        answer.failure_has_usage = event["usage"].is_object();
        take_usage(&event["usage"], answer);
        return;
    }
    match event["type"].as_str() {
        Some("response.output_text.delta") => {
            let place = event["output_index"].as_u64().unwrap_or(0);
            add_message_text(place, event["delta"].as_str(), answer);
        }
        Some("response.function_call_arguments.delta") => {
            answer.add_text(event["delta"].as_str());
        }
        Some("response.reasoning_text.delta" | "response.reasoning_summary_text.delta") => {
            answer.hear_thought(&event["delta"]);
        }
        Some("response.refusal.delta" | "response.custom_tool_call_input.delta") => {
            answer.hear(&event["delta"]);
            answer.progressed = true;
        }
        Some("error") => answer.failed = true,
        Some(kind) if kind.starts_with("response.") => {
            answer.progressed = true;
            if let Some(id) = event["response"]["id"].as_str() {
                answer.response_id = Some(id.to_owned());
            }
            if matches!(
                kind,
                "response.completed" | "response.incomplete" | "response.failed"
            ) {
                read_response(&event["response"], answer);
            } else if event["response"]["background"] == true {
                // It goes on if the caller leaves the stream.
                note_job(&event["response"], answer);
            }
        }
        _ => {
            read_messages(event, answer);
            read_response(event, answer);
        }
    }
}

/// Adds text of the message at this place, apart from that of others.
fn add_message_text(place: u64, text: Option<&str>, answer: &mut ParsedAnswer) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return;
    };
    if answer.speaking.replace(place).is_some_and(|it| it != place) {
        answer.add_text(Some(BETWEEN_MESSAGES));
    }
    answer.add_text(Some(text));
}

/// Reads what a whole response says.
fn read_messages(response: &Value, answer: &mut ParsedAnswer) {
    let items = response["output"].as_array().into_iter().flatten();
    for (place, item) in (0..).zip(items) {
        for part in item["content"].as_array().into_iter().flatten() {
            if part["type"] == "output_text" {
                add_message_text(place, part["text"].as_str(), answer);
            }
            answer.hear(&part["refusal"]);
        }
        if item["type"] != "message" {
            hear_item(item, answer);
        }
    }
}

/// Notes that the provider works on after the answer, if its status says so: it
/// reports what it used with the end, which is asked for by the id.
pub fn note_job(response: &Value, answer: &mut ParsedAnswer) {
    let goes_on = matches!(response["status"].as_str(), Some("queued" | "in_progress"));
    let is_job = goes_on && !response["usage"].is_object();
    answer.reported.replace(Field::Jobs, is_job.into());
    let id = response["id"].as_str().filter(|_| is_job);
    answer.job = id.map(str::to_owned);
}

fn read_response(response: &Value, answer: &mut ParsedAnswer) {
    answer.set_model(response, "model");
    let tier = response["service_tier"].as_str();
    answer.reported.set_tier(tier);
    note_job(response, answer);
    answer.finish = match response["status"].as_str() {
        Some("incomplete") if response["incomplete_details"]["reason"] == "content_filter" => {
            Some(FinishReason::Blocked)
        }
        Some("incomplete") => Some(FinishReason::Length),
        Some("completed") => Some(FinishReason::Complete),
        Some("failed" | "cancelled") => Some(FinishReason::Blocked),
        _ => answer.finish,
    };
    // Where a stream has told the words, its last event repeats them.
    if !answer.has_words {
        read_output(&response["output"], answer);
    }
    take_tool_calls(response, answer);
    take_usage(&response["usage"], answer);
}

/// Reads the words of a whole response.
fn read_output(output: &Value, answer: &mut ParsedAnswer) {
    for item in output.as_array().into_iter().flatten() {
        for part in item["content"].as_array().into_iter().flatten() {
            if item["type"] != "reasoning" {
                answer.add_text(part["text"].as_str());
            }
            answer.hear(&part["refusal"]);
        }
        hear_item(item, answer);
    }
}

/// Counts what stands in an item beside its words: what the model thought, and
/// what a function is called with, or a tool of the caller's own.
fn hear_item(item: &Value, answer: &mut ParsedAnswer) {
    if item["type"] == "reasoning" {
        let parts = [&item["content"], &item["summary"]];
        for part in parts.into_iter().filter_map(Value::as_array).flatten() {
            answer.hear_thought(&part["text"]);
        }
    }
    answer.hear(&item["arguments"]);
    answer.hear(&item["input"]);
}

/// Where usage stands, in Responses and in pictures.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/input_tokens"),
    (Field::Output, "/output_tokens"),
    (Field::Total, "/total_tokens"),
    (Field::Cached, "/input_tokens_details/cached_tokens"),
    // Perplexity's names (S: `perplexityai` for Python, `types/responses_usage.py`).
    (
        Field::Cached,
        "/input_tokens_details/cache_read_input_tokens",
    ),
    (
        Field::CacheWrite,
        "/input_tokens_details/cache_creation_input_tokens",
    ),
    (
        Field::CacheWrite,
        "/input_tokens_details/cache_write_tokens",
    ),
    (
        Field::CacheWrite12h,
        "/input_tokens_details/cache_write_tokens_details/ttl_12h_tokens",
    ),
    (Field::InputText, "/input_tokens_details/text_tokens"),
    (Field::InputAudio, "/input_tokens_details/audio_tokens"),
    (Field::InputImage, "/input_tokens_details/image_tokens"),
    (Field::Reasoning, "/output_tokens_details/reasoning_tokens"),
    (Field::OutputText, "/output_tokens_details/text_tokens"),
    (Field::OutputAudio, "/output_tokens_details/audio_tokens"),
    (Field::OutputImage, "/output_tokens_details/image_tokens"),
];

/// Takes over usage as the Responses and the pictures report it.
pub fn take_usage(usage: &Value, answer: &mut ParsedAnswer) {
    answer.reported.take_piece(usage, USAGE_PATHS);
    take_cost(usage, &mut answer.reported);
    take_tool_details(usage, &mut answer.reported);
    answer.usage = usage_of(&answer.reported);
}

fn usage_of(reported: &ReportedUsage) -> Option<Usage> {
    // What it cost is enough.
    let by_cost = || {
        let counts = [Field::Input, Field::Output].map(|field| reported.count(field));
        reported.has_cost().then_some(counts.into())
    };
    let (input, output) = reported.totals().or_else(by_cost)?;
    let mut usage = reported.usage(input, output);
    // What was written for twelve hours is a part of what was written.
    let short = usage.details.cache_write;
    usage.details.cache_write = short.saturating_sub(usage.details.cache_write_12h);
    Some(usage)
}

/// The items of a response that are paid for by the piece.
const PAID_ITEMS: [(&str, Field); 3] = [
    ("web_search_call", Field::WebSearches),
    ("file_search_call", Field::FileSearches),
    ("image_generation_call", Field::Pictures),
];

/// Takes over how often a response used the provider's own tools: as it says,
/// or else by its items.
fn take_tool_calls(response: &Value, answer: &mut ParsedAnswer) {
    let output = response["output"].as_array();
    for (kind, field) in PAID_ITEMS {
        let items = output.into_iter().flatten();
        let of_kind = items.filter(|item| item["type"] == kind).count() as u64;
        answer.reported.set(field, Some(of_kind));
    }
    let searches = read_count(response, "/tool_usage/web_search/num_requests");
    answer.reported.set(Field::WebSearches, searches);
    let containers = count_containers(output.map(Vec::as_slice).unwrap_or_default());
    answer.reported.set(Field::Containers, Some(containers));
}

/// In how many containers of the provider's code ran, as far as the items say: one
/// that names none ran in one of its own. A shell of the caller's own says `local`.
fn count_containers(output: &[Value]) -> u64 {
    let mut named = HashSet::new();
    let mut unnamed = 0;
    for item in output {
        let id = match item["type"].as_str() {
            Some("code_interpreter_call") => &item["container_id"],
            Some("shell_call") if item["environment"]["type"] != "local" => {
                &item["environment"]["container_id"]
            }
            _ => continue,
        };
        match id.as_str() {
            Some(id) => _ = named.insert(id),
            None => unnamed = 1,
        }
    }
    (named.len() as u64).max(unnamed)
}
