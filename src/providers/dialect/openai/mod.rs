//! OpenAI's chat dialect, as eight vendors speak it; `providers.md` §2.

pub mod chunks;
pub mod request;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::model::{Finish, NanoDollars, Role, Turn, Usage};

use crate::providers::catalogue::OpenAiQuirks;
use crate::providers::chat::{ChatRequest, base64};
use crate::providers::dialect::parsed_answer::{ParsedAnswer, TOKENS_MAX, count};

pub const PATH: &str = "/chat/completions";

/// The request's body.
pub fn body(request: &ChatRequest, quirks: OpenAiQuirks, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.extend(request.turns.iter().map(message));
    let mut body = json!({"model": request.model, "messages": messages, "stream": stream});
    body[quirks.output_limit] = json!(request.max_output_tokens);
    if stream && quirks.asks_for_usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn message(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let text = json!({"type": "text", "text": turn.text.0});
    let shown = turn.pictures.iter().map(|picture| {
        let url = format!(
            "data:{};base64,{}",
            picture.kind.media_type(),
            base64(picture)
        );
        json!({"type": "image_url", "image_url": {"url": url}})
    });
    let parts: Vec<Value> = shown.chain([text]).collect();
    json!({"role": role, "content": parts})
}

/// Reads a chunk of a stream, or a whole answer.
pub fn read(event: &Value, into: &mut ParsedAnswer) {
    if event.get("error").is_some_and(|error| !error.is_null()) {
        into.failed = true;
        return;
    }
    into.name(event, "model");
    if let Some(choice) = event.pointer("/choices/0") {
        let said = choice
            .get("delta")
            .or_else(|| choice.get("message"))
            .unwrap_or(&Value::Null);
        read_content(&said["content"], into);
        let thinks = |field: &str| said.get(field).is_some_and(|text| !text.is_null());
        into.moved |= thinks("reasoning_content") || thinks("reasoning");
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            finish(reason, into);
        }
    }
    for usage in [event.get("usage"), event.pointer("/x_groq/usage")]
        .into_iter()
        .flatten()
    {
        into.usage = read_usage(usage).or(into.usage);
    }
}

/// Text, or Mistral's list of parts.
fn read_content(content: &Value, into: &mut ParsedAnswer) {
    into.say(content.as_str());
    for part in content.as_array().into_iter().flatten() {
        into.say(part.get("text").and_then(Value::as_str));
    }
}

fn read_usage(usage: &Value) -> Option<Usage> {
    Some(
        Counts {
            prompt: count(usage, "/prompt_tokens")?,
            completion: count(usage, "/completion_tokens")?,
            total: count(usage, "/total_tokens"),
            cached: count(usage, "/prompt_tokens_details/cached_tokens")
                .or_else(|| count(usage, "/prompt_cache_hit_tokens")),
            reasoning: count(usage, "/completion_tokens_details/reasoning_tokens"),
            cost: usage.get("cost").and_then(Value::as_f64),
        }
        .usage(),
    )
}

/// What a vendor counts, in its words.
struct Counts {
    prompt: u64,
    completion: u64,
    total: Option<u64>,
    cached: Option<u64>,
    reasoning: Option<u64>,
    /// OpenRouter says it, in dollars.
    cost: Option<f64>,
}

impl Counts {
    fn usage(self) -> Usage {
        // Some vendors leave reasoning out of the completion but not of the total.
        let by_total = self.total.unwrap_or(0).saturating_sub(self.prompt);
        Usage {
            input_tokens: self.prompt,
            output_tokens: self.completion.max(by_total),
            cached_tokens: self.cached.unwrap_or(0),
            reasoning_tokens: self.reasoning.unwrap_or(0),
            cost: self.cost.and_then(NanoDollars::from_dollars),
        }
    }
}

fn finish(reason: &str, into: &mut ParsedAnswer) {
    into.failed |= reason == "error";
    into.finish = Some(match reason {
        "length" => Finish::Length,
        "content_filter" => Finish::Blocked,
        _ => Finish::Complete,
    });
}

/// A whole answer as OpenAI itself writes it, without its words.
#[derive(Deserialize)]
struct Skimmed<'a> {
    error: Option<IgnoredAny>,
    x_groq: Option<IgnoredAny>,
    #[serde(borrow)]
    choices: Vec<SkimmedChoice<'a>>,
    usage: SkimmedUsage,
}

#[derive(Deserialize)]
struct SkimmedChoice<'a> {
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct SkimmedUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: Option<u64>,
    prompt_cache_hit_tokens: Option<u64>,
    prompt_tokens_details: Option<SkimmedDetails>,
    completion_tokens_details: Option<SkimmedDetails>,
    cost: Option<f64>,
}

#[derive(Default, Deserialize)]
struct SkimmedDetails {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

/// Reads how a whole answer ended and what it used, at a tenth of the cost
/// of [`read`]. False where it is not written as OpenAI itself writes it,
/// an error among them: then nothing was read.
pub fn skim(answer: &[u8], into: &mut ParsedAnswer) -> bool {
    let Ok(skimmed) = serde_json::from_slice::<Skimmed<'_>>(answer) else {
        return false;
    };
    let usage = skimmed.usage;
    let counts = Counts {
        prompt: usage.prompt_tokens,
        completion: usage.completion_tokens,
        total: usage.total_tokens,
        cached: usage
            .prompt_tokens_details
            .unwrap_or_default()
            .cached_tokens
            .or(usage.prompt_cache_hit_tokens),
        reasoning: usage
            .completion_tokens_details
            .unwrap_or_default()
            .reasoning_tokens,
        cost: usage.cost,
    };
    let counted = [
        Some(counts.prompt),
        Some(counts.completion),
        counts.total,
        counts.cached,
    ];
    let counted = counted.into_iter().chain([counts.reasoning]).flatten();
    let is_plain = skimmed.error.is_none() && skimmed.x_groq.is_none();
    let reason = skimmed.choices.first().map(|choice| &choice.finish_reason);
    let Some(Some(reason)) = reason.filter(|_| is_plain && counted.max() <= Some(TOKENS_MAX))
    else {
        return false;
    };
    if reason == "error" {
        return false;
    }
    finish(reason, into);
    into.usage = Some(counts.usage());
    true
}
