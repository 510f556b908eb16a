//! Fields that a provider refuses: those that it does not know, and those
//! that it does not take together or beyond a number.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::api::{Api, Surface};
use super::call::Call;
use super::errors::refusals::json_response;
use super::errors::vendor_errors;
use super::json_fields::snake_case;

/// Fields of OpenAI's chat, for those who refuse all others.
const CHAT: &[&str] = &[
    "model",
    "messages",
    "max_completion_tokens",
    "max_tokens",
    "n",
    "stream",
    "stream_options",
    "stop",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "user",
    "metadata",
    "store",
    "service_tier",
    "reasoning_effort",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
];
/// Fields that OpenAI has beside those.
const CHAT_OF_OPENAI: &[&str] = &[
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "modalities",
    "audio",
    "prediction",
    "verbosity",
    "web_search_options",
    "moderation",
];
/// Fields that those whom `assets/providers.toml` describes have beside those
/// of OpenAI's chat: the union of what Fireworks documents (S fireworks-ai
/// 1.2.30 for Python).
const CHAT_OF_OTHERS: &[&str] = &[
    "top_k",
    "min_p",
    "repetition_penalty",
    "thinking",
    "reasoning_history",
    "prompt_cache_key",
    "context_length_exceeded_behavior",
];
const CHAT_OF_GROQ: &[&str] = &[
    "include_reasoning",
    "reasoning_format",
    "disable_tool_validation",
    "citation_options",
    "documents",
    "compound_custom",
    "search_settings",
    "include_domains",
    "exclude_domains",
];
const CHAT_OF_MISTRAL: &[&str] = &[
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "metadata",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "reasoning_effort",
    "prompt_mode",
    "guardrails",
    "prompt_cache_key",
    "service_tier",
    "safe_prompt",
    "min_tokens",
    "repetition_penalty",
    "top_k",
    "logprobs",
    "top_logprobs",
];
const RESPONSES: &[&str] = &[
    "model",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "store",
    "background",
    "previous_response_id",
    "conversation",
    "prompt",
    "context_management",
    "truncation",
    "include",
    "reasoning",
    "text",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "service_tier",
    "stream",
    "stream_options",
    "temperature",
    "top_p",
    "top_logprobs",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "metadata",
    "moderation",
    // Not in the document, and sent by OpenAI's own Codex
    // (`docs/providers.md` §8).
    "client_metadata",
];
const MESSAGES: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "thinking",
    "tool_choice",
    "tools",
    "output_config",
    "cache_control",
    "service_tier",
    "inference_geo",
    "speed",
];
/// Fields that Anthropic knows where the call names a feature beyond the
/// ordinary ones (`docs/providers.md` §9.1).
const MESSAGES_BETA: &[&str] = &[
    "output_format",
    "container",
    "context_management",
    "mcp_servers",
    "fallbacks",
    "thread",
    "safeguards",
    "task_budget",
];
/// Fields of Google's, in the spelling that its documents have.
const GENERATE_CONTENT: &[&str] = &[
    "contents",
    "systemInstruction",
    "generationConfig",
    "tools",
    "toolConfig",
    "safetySettings",
    "cachedContent",
    "model",
    "labels",
    "serviceTier",
    "store",
];

/// The most answers that OpenAI gives to one question.
const ANSWERS_MAX: u64 = 128;
/// The least that OpenAI's Responses may be limited to, in tokens.
const OUTPUT_TOKENS_MIN: u64 = 16;

/// Refuses a call by its fields; none where they are all taken.
pub fn refuse_fields(call: &Call<'_>) -> Option<Response> {
    let fields = call.body.as_object()?;
    let unknown = |known: &[&[&str]]| {
        let is_known = |name: &&String| known.iter().any(|list| list.contains(&name.as_str()));
        fields.keys().find(|name| !is_known(name)).cloned()
    };
    match (call.provider.id, call.api()) {
        ("openai", Api::Chat(Surface::Chat)) => refuse_limits(call.body).or_else(|| {
            Some(openai_refusal(&format!(
                "Unrecognized request argument supplied: {}",
                unknown(&[CHAT, CHAT_OF_OPENAI])?
            )))
        }),
        ("openai", Api::Chat(Surface::Responses)) => refuse_short_limit(call.body).or_else(|| {
            let name = unknown(&[RESPONSES])?;
            Some(openai_refusal(&format!("Unknown parameter: '{name}'.")))
        }),
        ("groq", Api::Chat(Surface::Chat)) => refuse_count(&call.body["n"], 1).or_else(|| {
            let name = unknown(&[CHAT, CHAT_OF_GROQ])?;
            Some(openai_refusal(&format!("property '{name}' is unsupported")))
        }),
        ("mistral", Api::Chat(Surface::Chat)) => {
            let name = unknown(&[CHAT_OF_MISTRAL])?;
            let detail = json!([{"type": "extra_forbidden", "loc": ["body", name],
                "msg": "Extra inputs are not permitted"}]);
            let body = json!({"object": "error", "message": {"detail": detail}});
            Some(json_response(422, body))
        }
        ("anthropic", Api::Chat(Surface::Messages) | Api::CountMessages) => {
            let beta = call
                .header("anthropic-beta")
                .map_or(&[][..], |_| MESSAGES_BETA);
            let Some(name) = unknown(&[MESSAGES, beta]) else {
                return refuse_thread(fields);
            };
            let message = format!("{name}: Extra inputs are not permitted");
            let body = vendor_errors::anthropic("invalid_request_error", &message);
            Some(json_response(400, body))
        }
        ("google", Api::Chat(Surface::Generate)) => {
            let snake = fields.keys().find(|name| !is_googles(name))?;
            let message = format!(
                "Invalid JSON payload received. Unknown name \"{snake}\": Cannot find field."
            );
            let body = vendor_errors::google(400, "INVALID_ARGUMENT", &message);
            Some(json_response(400, body))
        }
        (_, Api::Chat(Surface::Chat)) => {
            let plain = call.provider.plain?;
            let name = unknown(&[CHAT, CHAT_OF_OTHERS])?;
            Some(openai_refusal(&plain.refuse_field(&name)?))
        }
        _ => None,
    }
}

/// Refuses to keep a conversation, as Anthropic does where it can't: its
/// libraries then send the whole of it each time (`docs/providers.md` §9.1).
fn refuse_thread(fields: &Map<String, Value>) -> Option<Response> {
    fields.get("thread").filter(|thread| !thread.is_null())?;
    let words = "thread: not supported for this request";
    let mut body = vendor_errors::anthropic("invalid_request_error", words);
    body["error"]["details"] =
        json!({"error_code": "thread_unsupported_request", "unsupported": ["thread"]});
    Some(json_response(400, body))
}

/// Whether Google knows a field, in either of its spellings.
fn is_googles(name: &str) -> bool {
    GENERATE_CONTENT
        .iter()
        .any(|known| *known == name || snake_case(known) == name)
}

/// Refuses two limits at once, and more answers than there can be.
fn refuse_limits(body: &Value) -> Option<Response> {
    if !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null() {
        return Some(openai_refusal(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ));
    }
    refuse_count(&body["n"], ANSWERS_MAX)
}

fn refuse_short_limit(body: &Value) -> Option<Response> {
    let limit = body["max_output_tokens"].as_u64()?;
    let words = format!(
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {OUTPUT_TOKENS_MIN}, but got {limit} instead."
    );
    let body = vendor_errors::openai(&words, "max_output_tokens", "integer_below_min_value");
    (limit < OUTPUT_TOKENS_MIN).then(|| json_response(400, body))
}

fn refuse_count(count: &Value, most: u64) -> Option<Response> {
    let is_taken = count.is_null() || count.as_u64().is_some_and(|it| (1..=most).contains(&it));
    (!is_taken).then(|| openai_refusal("Invalid 'n': integer above maximum value."))
}

fn openai_refusal(message: &str) -> Response {
    let body = vendor_errors::openai(message, Value::Null, Value::Null);
    json_response(400, body)
}
