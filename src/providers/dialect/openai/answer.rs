//! Reads answers in OpenAI's dialect: chats, embeddings, pictures.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::{FinishReason, Usage};
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::reported_usage::{Field, FieldPath, ReportedUsage};
use crate::providers::dialect::responses;

/// Reads a chunk of a stream, or a whole answer.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if has_error(event) {
        answer.failed = true;
        answer.failure_has_usage = take_usages(event, answer);
        return;
    }
    answer.set_model(event, "model");
    answer.reported.set_tier(event["service_tier"].as_str());
    for (place, choice) in event["choices"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let message = choice
            .get("delta")
            .or_else(|| choice.get("message"))
            .unwrap_or(&Value::Null);
        answer.hear_thought(thought_in(message));
        // Some vendors tell what was thought before a text was gone on with.
        answer.hear_thought(thought_in(choice));
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            answer.hear(&call["function"]["arguments"]);
        }
        answer.hear(&message["function_call"]["arguments"]);
        take_tools(message, answer);
        answer.hear(&message["refusal"]);
        if place > 0 {
            answer.hear(&message["content"]);
            answer.hear(&choice["text"]);
            continue;
        }
        read_content(&message["content"], answer);
        // A text that was gone on with.
        answer.add_text(choice["text"].as_str());
        let has = |field: &str| message.get(field).is_some_and(|text| !text.is_null());
        answer.progressed |= has("reasoning_content") || has("reasoning");
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            set_finish(reason, answer);
        }
    }
    let choices = event["choices"].as_array().map_or(0, Vec::len);
    answer.choices = answer.choices.max(choices as u64);
    let has_usage = take_usages(event, answer);
    answer.failure_has_usage |= answer.failed && has_usage;
    let has_found = event["web_search"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    if has_found || event["model"].as_str().is_some_and(searches_always) {
        count_search(answer);
    }
}

/// Takes over what an event says of usage, in each place where a vendor says it;
/// whether it says anything.
fn take_usages(event: &Value, answer: &mut ParsedAnswer) -> bool {
    let places = [
        // Moonshot's stands in a choice: `docs/providers.md` §7.3.
        event.pointer("/choices/0/usage"),
        event.get("usage"),
        event.pointer("/x_groq/usage"),
    ];
    let mut has_usage = false;
    for usage in places.into_iter().flatten() {
        has_usage |= usage.is_object();
        take_usage(usage, answer);
    }
    has_usage
}

/// What Moonshot calls its search, which is called as a tool of the caller's is
/// (<https://platform.kimi.ai/docs/pricing/tools>).
const MOONSHOTS_SEARCH: &str = "$web_search";

/// Takes over which tools of the provider's own an answer has used: OpenAI's
/// chat cites what it found on the web, Groq lists what it ran
/// (<https://console.groq.com/docs/compound/built-in-tools>), Moonshot calls its
/// search. What Z.ai has found stands beside the choices.
fn take_tools(message: &Value, answer: &mut ParsedAnswer) {
    let cited = message["annotations"].as_array().into_iter().flatten();
    let has_searched = cited.into_iter().any(|it| it["type"] == "url_citation");
    if has_searched {
        count_search(answer);
    }
    let ran = message["executed_tools"].as_array().map(Vec::len);
    let ran = ran.map(|tools| tools as u64);
    answer.reported.set(Field::ToolCalls, ran);
    let called = message["tool_calls"].as_array().into_iter().flatten();
    for _ in called.filter(|call| call["function"]["name"] == MOONSHOTS_SEARCH) {
        let before = answer.reported.count(Field::WebSearches);
        answer.reported.set(Field::WebSearches, Some(before + 1));
    }
}

/// Models of OpenAI's that search before every answer of a chat
/// (<https://platform.openai.com/docs/guides/tools-web-search>).
fn searches_always(model: &str) -> bool {
    model.contains("-search-preview") || model.contains("-search-api")
}

/// Counts the search of an answer, unless its provider has.
fn count_search(answer: &mut ParsedAnswer) {
    if answer.reported.count(Field::WebSearches) == 0 {
        answer.reported.set(Field::WebSearches, Some(1));
        answer.usage = usage_of(&answer.reported).or(answer.usage);
    }
}

/// What a message lets see of its thinking. Some vendors have one name for it,
/// some the other, and some say the same under both.
fn thought_in(message: &Value) -> &Value {
    let names = ["reasoning_content", "reasoning"].into_iter();
    let mut told = names.map(|name| &message[name]);
    let has_words = |thought: &&Value| thought.as_str().is_some_and(|text| !text.is_empty());
    told.find(has_words).unwrap_or(&Value::Null)
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

/// Where usage stands. Some vendors name it as the Responses do.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/input_tokens"),
    (Field::Input, "/prompt_tokens"),
    (Field::Output, "/output_tokens"),
    (Field::Output, "/completion_tokens"),
    (Field::Total, "/total_tokens"),
    // Moonshot's and Together's name, DeepSeek's, and everybody else's.
    (Field::Cached, "/cached_tokens"),
    (Field::Cached, "/prompt_cache_hit_tokens"),
    (Field::Cached, "/prompt_tokens_details/cached_tokens"),
    (
        Field::CacheWrite,
        "/prompt_tokens_details/cache_write_tokens",
    ),
    // Qwen's.
    (
        Field::CacheWrite,
        "/prompt_tokens_details/cache_creation_input_tokens",
    ),
    (Field::InputAudio, "/prompt_tokens_details/audio_tokens"),
    (Field::InputImage, "/prompt_tokens_details/image_tokens"),
    (Field::InputVideo, "/prompt_tokens_details/video_tokens"),
    (
        Field::Reasoning,
        "/completion_tokens_details/reasoning_tokens",
    ),
    (
        Field::OutputAudio,
        "/completion_tokens_details/audio_tokens",
    ),
    (
        Field::OutputImage,
        "/completion_tokens_details/image_tokens",
    ),
    (Field::WebSearches, "/num_sources_used"),
    (Field::WebSearches, "/num_search_queries"),
    (Field::WebSearches, "/server_tool_use/web_search_requests"),
    (Field::WebSearches, "/plugins/search/count"),
];

/// Adds what a piece of an answer reports of usage to what earlier ones did.
pub fn take_usage(usage: &Value, answer: &mut ParsedAnswer) {
    answer.reported.take_piece(usage, USAGE_PATHS);
    responses::take_cost(usage, &mut answer.reported);
    responses::take_tool_details(usage, &mut answer.reported);
    answer.reported.set_tier(usage["service_tier"].as_str());
    answer.usage = usage_of(&answer.reported);
}

fn usage_of(reported: &ReportedUsage) -> Option<Usage> {
    let (prompt, completion) = reported.totals()?;
    // Some vendors leave reasoning out of the completion but not of the total.
    let by_total = reported.count(Field::Total).saturating_sub(prompt);
    Some(reported.usage(prompt, completion.max(by_total)))
}

fn set_finish(reason: &str, answer: &mut ParsedAnswer) {
    answer.failed |= reason == "error";
    answer.finish = Some(match reason {
        "length" => FinishReason::Length,
        "content_filter" => FinishReason::Blocked,
        _ => FinishReason::Complete,
    });
}

/// A whole answer as OpenAI itself writes it, without its text.
#[derive(Deserialize)]
struct SkimmedAnswer<'a> {
    error: Option<IgnoredAny>,
    x_groq: Option<IgnoredAny>,
    web_search: Option<IgnoredAny>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    service_tier: Option<Cow<'a, str>>,
    #[serde(borrow)]
    choices: Vec<SkimmedChoice<'a>>,
    #[serde(borrow)]
    usage: &'a RawValue,
}

#[derive(Deserialize)]
struct SkimmedChoice<'a> {
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<SkimmedMessage<'a>>,
}

/// What a message has of tools of the provider's own.
#[derive(Deserialize)]
struct SkimmedMessage<'a> {
    annotations: Option<Vec<IgnoredAny>>,
    executed_tools: Option<IgnoredAny>,
    #[serde(borrow)]
    tool_calls: Option<Vec<SkimmedCall<'a>>>,
}

#[derive(Deserialize)]
struct SkimmedCall<'a> {
    #[serde(borrow)]
    function: Option<SkimmedFunction<'a>>,
}

#[derive(Deserialize)]
struct SkimmedFunction<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

impl SkimmedMessage<'_> {
    fn used_no_tools(&self) -> bool {
        let has_cited = self.annotations.as_ref().is_some_and(|all| !all.is_empty());
        !has_cited && self.executed_tools.is_none() && !self.has_searched()
    }

    fn has_searched(&self) -> bool {
        let calls = self.tool_calls.iter().flatten();
        let mut functions = calls.filter_map(|call| call.function.as_ref());
        functions.any(|function| function.name.as_deref() == Some(MOONSHOTS_SEARCH))
    }
}

/// Reads how a whole answer ended and what it used, at a tenth of the cost
/// of [`read_event`]. Returns false where the answer must be read with its text:
/// it is not written as OpenAI itself writes it, counts no words, or is an error.
pub fn skim_answer(body: &[u8], answer: &mut ParsedAnswer) -> bool {
    let Ok(skimmed) = serde_json::from_slice::<SkimmedAnswer<'_>>(body) else {
        return false;
    };
    let Ok(usage) = serde_json::from_str::<Value>(skimmed.usage.get()) else {
        return false;
    };
    let messages = skimmed.choices.iter().filter_map(|it| it.message.as_ref());
    let is_plain = skimmed.error.is_none()
        && skimmed.x_groq.is_none()
        && skimmed.web_search.is_none()
        && messages.into_iter().all(SkimmedMessage::used_no_tools);
    let reason = skimmed.choices.first().map(|choice| &choice.finish_reason);
    let Some(Some(reason)) = reason.filter(|_| is_plain) else {
        return false;
    };
    if reason == "error" {
        return false;
    }
    let tier = skimmed.service_tier.as_deref();
    answer.reported.set_tier(tier);
    take_usage(&usage, answer);
    if skimmed.model.as_deref().is_some_and(searches_always) {
        count_search(answer);
    }
    set_finish(reason, answer);
    // Whose count lacks what was said is read with its text.
    answer.usage.is_some_and(|usage| usage.output_tokens > 0)
}

/// Where the usage of embeddings stands; Google and Ollama have counts of their
/// own.
const EMBEDDINGS_PATHS: &[FieldPath] = &[
    (Field::Input, "/prompt_eval_count"),
    (Field::Input, "/usageMetadata/promptTokenCount"),
    (Field::Input, "/usage/total_tokens"),
    (Field::Input, "/usage/prompt_tokens"),
    (Field::Searches, "/usage/search_units"),
    (Field::Searches, "/meta/billed_units/search_units"),
];

/// Reads what was used for embeddings, and for rankings.
pub fn read_embeddings(body: &Value, answer: &mut ParsedAnswer) {
    answer.failed |= has_error(body);
    answer.set_model(body, "model");
    answer.reported.take_piece(body, EMBEDDINGS_PATHS);
    responses::take_cost(&body["usage"], &mut answer.reported);
    let input = answer.reported.get(Field::Input);
    let input = input.or(answer.reported.get(Field::Searches).map(|_| 0));
    answer.usage = input.map(|input| answer.reported.usage(input, 0));
    answer.failure_has_usage |= answer.failed && answer.usage.is_some();
}

/// Where the usage of pictures stands at whoever names it as in a chat.
const IMAGES_PATHS: &[FieldPath] = &[
    (Field::Input, "/prompt_tokens"),
    (Field::Output, "/completion_tokens"),
    (Field::InputImage, "/prompt_tokens_details/image_tokens"),
    (
        Field::Reasoning,
        "/completion_tokens_details/reasoning_tokens",
    ),
];

/// What ends the events of one picture, which has the usage: one that was
/// made, and one that was changed.
const PICTURE_DONE: [&str; 2] = ["image_generation.completed", "image_edit.completed"];

/// Reads how many pictures were made, and what was used for them. Tokens of
/// which it is not said whether they are text are those of pictures, which
/// are the dearer ones.
pub fn read_images(event: &Value, answer: &mut ParsedAnswer) {
    answer.failed |= has_error(event);
    let kind = event["type"].as_str().unwrap_or_default();
    let is_done = u64::from(PICTURE_DONE.contains(&kind));
    answer.pictures += event["pictures"].as_u64().unwrap_or(is_done);
    answer.progressed = true;
    answer.reported.take_piece(&event["usage"], IMAGES_PATHS);
    responses::take_usage(&event["usage"], answer);
    answer.failure_has_usage |= answer.failed && event["usage"].is_object();
    let reported = &answer.reported;
    if let Some(usage) = &mut answer.usage {
        let input_text = reported.count(Field::InputText);
        usage.details.input_image = usage.input_tokens.saturating_sub(input_text);
        let output_text = reported.count(Field::OutputText) + usage.reasoning_tokens;
        usage.details.output_image = usage.output_tokens.saturating_sub(output_text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `OpenRouter` and vLLM's server say each thought under both names.
    #[test]
    fn a_thought_under_two_names_is_heard_once() {
        for message in [
            json!({"reasoning": "Hm, yes.", "reasoning_content": "Hm, yes."}),
            json!({"reasoning": "Hm, yes.", "reasoning_content": ""}),
            json!({"reasoning": null, "reasoning_content": "Hm, yes."}),
        ] {
            for event in [
                json!({"choices": [{"index": 0, "delta": message}]}),
                json!({"choices": [{"index": 0, "message": message}]}),
            ] {
                let mut answer = ParsedAnswer::default();
                read_event(&event, &mut answer);
                assert_eq!(answer.take_heard(0).thought, 8, "{event}");
                assert!(answer.progressed && answer.has_words, "{event}");
            }
        }
    }

    /// C: <https://github.com/earendil-works/pi/issues/2017>.
    #[test]
    fn usage_may_stand_in_the_choice_that_ends_a_stream() {
        let usage = json!({"prompt_tokens": 39, "completion_tokens": 211, "total_tokens": 250,
            "cached_tokens": 9});
        let mut answer = ParsedAnswer::default();
        for (delta, reason, usage) in [
            (json!({"content": "x"}), Value::Null, Value::Null),
            (json!({}), json!("stop"), usage),
        ] {
            let choice =
                json!({"index": 0, "delta": delta, "finish_reason": reason, "usage": usage});
            read_event(&json!({"choices": [choice]}), &mut answer);
        }
        let usage = answer.usage.unwrap();
        let counted = (usage.input_tokens, usage.cached_tokens, usage.output_tokens);
        assert_eq!(counted, (39, 9, 211));
        assert!(answer.is_counted());
    }
}
