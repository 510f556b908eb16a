//! Rules of Anthropic's Messages: models, texts, pictures, marks.

use serde_json::Value;

use super::anthropic_fields::broken_field;
use super::anthropic_marks::broken_marks;
use super::anthropic_schemas::broken_format;
use super::anthropic_thinking;
use super::anthropic_tools::{broken_pair, broken_tool, broken_tools};
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
/// The longest picture, in letters of base64.
const PICTURE_LETTERS_MAX: usize = 5 * 1024 * 1024;
/// Models that take no instruction among the messages, by how their names begin.
const WITHOUT_LATER_INSTRUCTIONS: [&str; 7] = [
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-opus-4-5",
    "claude-opus-4-1",
    "claude-sonnet-4",
    "claude-haiku-4",
    "claude-3",
];

/// The rule that a body breaks first, in Anthropic's words.
pub fn broken_rule(call: &Call<'_>) -> Option<String> {
    let body = call.body;
    let model = text(body, "model");
    let fits = |family: &&Family| family.names.iter().any(|it| model.starts_with(it));
    let family = FAMILIES.iter().find(fits);
    broken_limit(call)
        .or_else(|| broken_list(body))
        .or_else(|| broken_field(body))
        .or_else(|| broken_sampling(call, family))
        .or_else(|| broken_family(body, family?))
        .or_else(|| anthropic_thinking::broken_thinking(body))
        .or_else(|| broken_instructions(body))
        .or_else(|| list(&body["messages"]).enumerate().find_map(broken_message))
        .or_else(|| broken_pair(&body["messages"]))
        .or_else(|| broken_thinking(body))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
        .or_else(|| broken_tools(body))
        .or_else(|| broken_rest(body))
}

/// A call has to say in which version of the API it is, and how long its answer
/// may be; a count of tokens has not.
fn broken_limit(call: &Call<'_>) -> Option<String> {
    if call.header("anthropic-version").is_none_or(str::is_empty) {
        return Some("anthropic-version: header is required".to_owned());
    }
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
        let asked = call.body["temperature"].as_f64();
        let is_taken = asked.is_none_or(|it| (0.0..=1.0).contains(&it));
        return (!is_taken).then(|| "temperature: range: 0..1".to_owned());
    }
    let (name, _) = given.find(|(name, usual)| call.body[*name].as_f64() != *usual)?;
    Some(format!("`{name}` is deprecated for this model."))
}

fn text_at_end(message: &Value) -> &str {
    let whole = message["content"].as_str();
    let last = list(&message["content"]).last();
    whole
        .or(last.and_then(|it| it["text"].as_str()))
        .unwrap_or_default()
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
    let ends_blank = text_at_end(last).ends_with(char::is_whitespace);
    if last["role"] == "assistant" && ends_blank {
        return Some(
            "messages: final assistant content cannot end with trailing whitespace".to_owned(),
        );
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

/// An instruction among the messages stands behind a person's turn, and last or
/// before the model's. Its own words for that are not known (?).
fn broken_instructions(body: &Value) -> Option<String> {
    let model = text(body, "model");
    let messages: Vec<&Value> = list(&body["messages"]).collect();
    let at = messages.iter().position(|it| it["role"] == "system")?;
    let is_old = WITHOUT_LATER_INSTRUCTIONS.iter();
    if is_old.clone().any(|name| model.starts_with(name)) {
        return Some("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.".to_owned());
    }
    let role = |at: Option<usize>| at.and_then(|at| messages.get(at)).map(|it| &it["role"]);
    let stands_well = role(at.checked_sub(1)).is_some_and(|it| it == "user")
        && role(Some(at + 1)).is_none_or(|it| it == "assistant");
    (!stands_well).then(|| {
        format!("messages.{at}: a `system` message must follow a user message, and be the last or precede an assistant message")
    })
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
        "base64" if text(source, "data").len() > PICTURE_LETTERS_MAX => Some(format!(
            "{place}.image.source.base64: image exceeds 5 MB maximum: {} bytes > {PICTURE_LETTERS_MAX} bytes",
            text(source, "data").len()
        )),
        "base64" if is_another(text(source, "media_type"), text(source, "data")) => Some(format!(
            "{place}.image.source.base64: Image does not match the provided media type {}",
            text(source, "media_type")
        )),
        "url" if !text(source, "url").starts_with("https://") => Some(format!(
            "{place}.image.source.url: Only HTTPS URLs are supported."
        )),
        _ => None,
    }
}

/// Whether the first bytes of a picture are those of another kind than it is
/// called; C, by reports with the body.
fn is_another(media_type: &str, data: &str) -> bool {
    let beginnings = [
        ("image/png", "iVBORw0KGgo"),
        ("image/jpeg", "/9j/"),
        ("image/gif", "R0lGOD"),
        ("image/webp", "UklGR"),
    ];
    let mut found = beginnings
        .iter()
        .filter(|(_, start)| data.starts_with(start));
    found.next().is_some_and(|(kind, _)| *kind != media_type)
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
    if let Some(broken) = broken_marks(body) {
        return Some(broken);
    }
    broken_format(&body["output_config"]["format"]["schema"])
}
