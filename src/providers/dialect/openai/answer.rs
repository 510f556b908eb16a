//! Reads answers in OpenAI's dialect: chats, embeddings, pictures.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::model::{Finish, NanoDollars, Usage};
use crate::providers::dialect::parsed_answer::{ParsedAnswer, TOKENS_MAX, read_count};
use crate::providers::dialect::responses;

/// Reads a chunk of a stream, or a whole answer.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if has_error(event) {
        answer.failed = true;
        return;
    }
    answer.set_model(event, "model");
    if let Some(choice) = event.pointer("/choices/0") {
        let message = choice
            .get("delta")
            .or_else(|| choice.get("message"))
            .unwrap_or(&Value::Null);
        read_content(&message["content"], answer);
        let has = |field: &str| message.get(field).is_some_and(|text| !text.is_null());
        answer.progressed |= has("reasoning_content") || has("reasoning");
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            set_finish(reason, answer);
        }
    }
    for usage in [event.get("usage"), event.pointer("/x_groq/usage")]
        .into_iter()
        .flatten()
    {
        answer.usage = read_usage(usage).or(answer.usage);
    }
}

/// Whether an answer of OpenAI's reports an error.
pub fn has_error(answer: &Value) -> bool {
    answer.get("error").is_some_and(|error| !error.is_null())
}

/// Reads text, or Mistral's list of parts.
fn read_content(content: &Value, answer: &mut ParsedAnswer) {
    answer.add_text(content.as_str());
    for part in content.as_array().into_iter().flatten() {
        answer.add_text(part.get("text").and_then(Value::as_str));
    }
}

fn read_usage(usage: &Value) -> Option<Usage> {
    Some(
        Counts {
            prompt: read_count(usage, "/prompt_tokens")?,
            completion: read_count(usage, "/completion_tokens")?,
            total: read_count(usage, "/total_tokens"),
            cached: read_count(usage, "/prompt_tokens_details/cached_tokens")
                .or_else(|| read_count(usage, "/prompt_cache_hit_tokens")),
            reasoning: read_count(usage, "/completion_tokens_details/reasoning_tokens"),
            cost: usage.get("cost").and_then(Value::as_f64),
        }
        .usage(),
    )
}

/// The counts of a vendor, before they become a [`Usage`].
struct Counts {
    prompt: u64,
    completion: u64,
    total: Option<u64>,
    cached: Option<u64>,
    reasoning: Option<u64>,
    /// In dollars; OpenRouter reports it.
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

fn set_finish(reason: &str, answer: &mut ParsedAnswer) {
    answer.failed |= reason == "error";
    answer.finish = Some(match reason {
        "length" => Finish::Length,
        "content_filter" => Finish::Blocked,
        _ => Finish::Complete,
    });
}

/// A whole answer as OpenAI itself writes it, without its text.
#[derive(Deserialize)]
struct SkimmedAnswer<'a> {
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
/// of [`read_event`]. Returns false, and reads nothing, where the answer is
/// not written as OpenAI itself writes it, or is an error.
pub fn skim_answer(body: &[u8], answer: &mut ParsedAnswer) -> bool {
    let Ok(skimmed) = serde_json::from_slice::<SkimmedAnswer<'_>>(body) else {
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
    set_finish(reason, answer);
    answer.usage = Some(counts.usage());
    true
}

/// Reads what was used for embeddings. Ollama answers in the same way, with
/// a count of its own.
pub fn read_embeddings(body: &Value, answer: &mut ParsedAnswer) {
    answer.failed |= has_error(body);
    answer.set_model(body, "model");
    let tokens =
        read_count(body, "/usage/prompt_tokens").or_else(|| read_count(body, "/prompt_eval_count"));
    answer.usage = tokens.map(|input_tokens| Usage {
        input_tokens,
        ..Usage::default()
    });
}

/// Reads how many pictures were made, and what was used for them.
pub fn read_images(event: &Value, answer: &mut ParsedAnswer) {
    answer.failed |= has_error(event);
    let done = event["type"] == "image_generation.completed";
    answer.pictures += event["pictures"].as_u64().unwrap_or(u64::from(done));
    answer.progressed = true;
    answer.usage = responses::read_usage(&event["usage"]).or(answer.usage);
}
