//! Rules of Anthropic's Messages: models, texts, pictures, marks.

use serde_json::Value;

use super::anthropic_tools::{broken_pair, broken_tool};
use crate::providers::api::Api;
use crate::providers::call::Call;
use crate::providers::chat::SIGNATURE;
use crate::providers::json_fields::{list, text};

/// What a family of models takes.
struct Family {
    /// What stands at the beginning of the models' names.
    names: &'static [&'static str],
    /// The longest answer, in tokens.
    output_tokens: u64,
    takes_forced_tools: bool,
    /// Whether `temperature`, `top_p` and `top_k` are read.
    has_sampling: bool,
    /// Whether thinking may have a budget, and an answer may be begun for the
    /// model.
    is_old: bool,
}

/// From `GET /v1/models/{id}` and what Anthropic answers, by
/// `docs/providers.md` §9.4. The first whose name fits is the family.
const FAMILIES: &[Family] = &[
    Family {
        names: &[
            "claude-opus-5-5",
            "claude-sonnet-5-5",
            "claude-fable-5-",
            "claude-mythos-5-",
        ],
        output_tokens: 128_000,
        takes_forced_tools: false,
        has_sampling: false,
        is_old: false,
    },
    Family {
        names: &["claude-opus-4-8", "claude-opus-4-7"],
        output_tokens: 128_000,
        takes_forced_tools: true,
        has_sampling: false,
        is_old: false,
    },
    Family {
        names: &["claude-opus-4-6", "claude-sonnet-4-6"],
        output_tokens: 128_000,
        takes_forced_tools: true,
        has_sampling: true,
        is_old: false,
    },
    Family {
        names: &[
            "claude-opus-4-5",
            "claude-sonnet-4",
            "claude-haiku-4-5",
            "claude-3-7",
        ],
        output_tokens: 64_000,
        takes_forced_tools: true,
        has_sampling: true,
        is_old: true,
    },
    Family {
        names: &["claude-opus-4"],
        output_tokens: 32_000,
        takes_forced_tools: true,
        has_sampling: true,
        is_old: true,
    },
    Family {
        names: &["claude-3-5"],
        output_tokens: 8_192,
        takes_forced_tools: true,
        has_sampling: true,
        is_old: true,
    },
    Family {
        names: &["claude-3"],
        output_tokens: 4_096,
        takes_forced_tools: true,
        has_sampling: true,
        is_old: true,
    },
    Family {
        names: &["claude"],
        output_tokens: 128_000,
        takes_forced_tools: true,
        has_sampling: false,
        is_old: false,
    },
];
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// How an answer is sampled, and the value of each that changes nothing.
const SAMPLING: [(&str, Option<f64>); 3] = [
    ("temperature", Some(1.0)),
    ("top_p", Some(1.0)),
    ("top_k", None),
];
/// The version of the API that knows no sampling.
const WITHOUT_SAMPLING: &str = "2026-10-21";
/// The most marks for the cache.
const CACHE_MARKS_MAX: usize = 4;

/// The rule that a body breaks first, in Anthropic's words.
pub fn broken_rule(call: &Call<'_>) -> Option<String> {
    let body = call.body;
    let model = text(body, "model");
    let fits = |family: &&Family| family.names.iter().any(|it| model.starts_with(it));
    let family = FAMILIES.iter().find(fits);
    broken_limit(call)
        .or_else(|| broken_list(body))
        .or_else(|| broken_sampling(call, family))
        .or_else(|| broken_family(body, family?))
        .or_else(|| list(&body["messages"]).enumerate().find_map(broken_message))
        .or_else(|| broken_pair(&body["messages"]))
        .or_else(|| broken_thinking(body))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
        .or_else(|| broken_rest(body))
}

/// A call has to say how long its answer may be; a count of tokens has not.
fn broken_limit(call: &Call<'_>) -> Option<String> {
    let is_missing = call.api() != Api::CountMessages && call.body["max_tokens"].is_null();
    is_missing.then(|| "max_tokens: Field required".to_owned())
}

/// Sampling is unknown to the newest version of the API, whatever its value.
/// In older versions, models that read none take the values that are meant
/// where none is said: `docs/providers.md` §9.1, §9.4. The words are those of
/// <https://github.com/UKGovernmentBEIS/inspect_ai/issues/3721> and of
/// <https://github.com/ttlequals0/MinusPod/releases/tag/v2.101.10>.
fn broken_sampling(call: &Call<'_>, family: Option<&Family>) -> Option<String> {
    let mut given = SAMPLING
        .iter()
        .filter(|(name, _)| !call.body[*name].is_null());
    if call.header("anthropic-version") == Some(WITHOUT_SAMPLING) {
        let (name, _) = given.next()?;
        return Some(format!("{name}: Extra inputs are not permitted"));
    }
    if family.is_some_and(|family| family.has_sampling) {
        return None;
    }
    let (name, _) = given.find(|(name, usual)| call.body[*name].as_f64() != *usual)?;
    Some(format!("`{name}` is deprecated for this model."))
}

fn broken_list(body: &Value) -> Option<String> {
    let is_empty = list(&body["messages"]).next().is_none();
    is_empty.then(|| "messages: at least one message is required".to_owned())
}

fn broken_family(body: &Value, family: &Family) -> Option<String> {
    let (model, most) = (text(body, "model"), family.output_tokens);
    let asked = body["max_tokens"].as_u64().unwrap_or(0);
    if asked > most {
        return Some(format!(
            "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for {model}"
        ));
    }
    let choice = text(&body["tool_choice"], "type");
    if matches!(choice, "any" | "tool") && !family.takes_forced_tools {
        return Some(
            "tool_choice: type \"tool\" and \"any\" are not supported for this model.".to_owned(),
        );
    }
    let last = list(&body["messages"]).last()?;
    if last["role"] == "assistant" && !family.is_old {
        return Some("This model does not support assistant message prefill. The conversation must end with a user message.".to_owned());
    }
    if body["thinking"]["type"] == "enabled" && !family.is_old && !model.contains("-4-6") {
        return Some("\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.".to_owned());
    }
    let effort = &body["output_config"]["effort"];
    let has_no_effort = ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"];
    if !effort.is_null() && has_no_effort.iter().any(|it| model.starts_with(it)) {
        return Some("This model does not support the effort parameter.".to_owned());
    }
    None
}

fn broken_message((at, message): (usize, &Value)) -> Option<String> {
    let (role, content) = (text(message, "role"), &message["content"]);
    if !matches!(role, "user" | "assistant" | "system") {
        return Some(format!(
            "messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\". For instructions on how to use tools, see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview."
        ));
    }
    let is_empty = content == "" || content.as_array().is_some_and(Vec::is_empty);
    if role == "user" && is_empty {
        return Some(format!(
            "messages.{at}: user messages must have non-empty content"
        ));
    }
    let blocks: Vec<&Value> = list(content).collect();
    let is_text = |block: &&&Value| block["type"] == "text";
    if blocks
        .iter()
        .filter(is_text)
        .any(|it| text(it, "text").is_empty())
    {
        return Some("messages: text content blocks must be non-empty".to_owned());
    }
    let is_blank =
        |block: &&Value| block["type"] == "text" && text(block, "text").trim().is_empty();
    let is_blank_text = content
        .as_str()
        .is_some_and(|it| !it.is_empty() && it.trim().is_empty());
    if is_blank_text || (!blocks.is_empty() && blocks.iter().all(is_blank)) {
        return Some("messages: text content blocks must contain non-whitespace text".to_owned());
    }
    let numbered = blocks.iter().enumerate();
    let is_foreign = |(_, block): &(usize, &&Value)| {
        let seals = [&block["signature"], &block["data"]];
        let is_thought = text(block, "type").ends_with("thinking");
        is_thought && seals.iter().any(|it| !it.is_null() && **it != SIGNATURE)
    };
    if let Some((number, block)) = numbered.clone().find(is_foreign) {
        let kind = text(block, "type");
        return Some(format!(
            "messages.{at}.content.{number}: Invalid `signature` in `{kind}` block"
        ));
    }
    numbered
        .filter(|(_, block)| block["type"] == "image")
        .find_map(|(number, block)| {
            broken_picture(&format!("messages.{at}.content.{number}"), block)
        })
}

/// Whoever is told a budget has to go on from what the model thought:
/// <https://github.com/BerriAI/litellm/issues/15601>.
fn broken_thinking(body: &Value) -> Option<String> {
    let is_asked = body["thinking"]["type"] == "enabled";
    let answers = list(&body["messages"]).enumerate();
    let answers = answers.filter(|(_, message)| message["role"] == "assistant");
    let (at, last) = answers.last().filter(|_| is_asked)?;
    let calls = list(&last["content"]).any(|block| block["type"] == "tool_use");
    let first = text(list(&last["content"]).next()?, "type");
    (calls && !first.ends_with("thinking")).then(|| {
        format!(
            "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`."
        )
    })
}

fn broken_picture(place: &str, block: &Value) -> Option<String> {
    let source = &block["source"];
    match text(source, "type") {
        "base64" if !PICTURES.contains(&text(source, "media_type")) => Some(format!(
            "{place}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        )),
        "url" if !text(source, "url").starts_with("https://") => Some(format!(
            "{place}.image.source.url: Only HTTPS URLs are supported."
        )),
        _ => None,
    }
}

/// Rules of what stands beside the messages.
fn broken_rest(body: &Value) -> Option<String> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|it| it.trim().is_empty());
    if list(&body["stop_sequences"]).any(is_blank) {
        return Some("stop_sequences: each stop sequence must contain non-whitespace".to_owned());
    }
    let system = &body["system"];
    let has_blank_block = list(system).any(|block| is_blank(&block["text"]));
    if (is_blank(system) && system != "") || has_blank_block {
        return Some("system: text content blocks must contain non-whitespace text".to_owned());
    }
    if !body["temperature"].is_null() && !body["top_p"].is_null() {
        return Some("`temperature` and `top_p` cannot both be specified for this model. Please use only one.".to_owned());
    }
    let marks = count_marks(body);
    if marks > CACHE_MARKS_MAX {
        return Some(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {marks}."
        ));
    }
    let schema = &body["output_config"]["format"]["schema"];
    let is_open = schema["type"] == "object" && schema["additionalProperties"] != false;
    is_open.then(|| "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned())
}

/// How many marks for the cache a value has, wherever they stand.
fn count_marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count_marks).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, inner)| match name.as_str() {
                "cache_control" => usize::from(!inner.is_null()),
                "input" | "input_schema" => 0,
                _ => count_marks(inner),
            })
            .sum(),
        _ => 0,
    }
}
