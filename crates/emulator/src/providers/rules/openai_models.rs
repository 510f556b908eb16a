//! What `OpenAI`'s models that reason refuse, in a chat and in its Responses.

use serde_json::{Value, json};

use super::BrokenRule;
use crate::providers::json_fields::list;

/// What a family of models that reason takes.
struct Family {
    /// What stands at the beginning of the models' names.
    names: &'static [&'static str],
    efforts: &'static [&'static str],
    /// An effort that the Responses take beside those.
    in_responses: Option<&'static str>,
    /// How hard a model thinks that nobody tells.
    usual: &'static str,
    /// What `OpenAI` advises where functions and thinking do not go together in
    /// a chat.
    advice: Option<&'static str>,
}

const LATER_ADVICE: Option<&str> =
    Some("To use function tools, use /v1/responses or set reasoning_effort to 'none'.");

/// By `docs/providers.md` §7.6. The first whose name fits is the family.
const FAMILIES: &[Family] = &[
    Family {
        names: &["gpt-6.2", "gpt-6.1-sol", "gpt-6-astra"],
        efforts: &["low", "medium", "high", "xhigh"],
        in_responses: Some("max"),
        usual: "medium",
        advice: LATER_ADVICE,
    },
    Family {
        names: &["gpt-6", "gpt-5.6"],
        efforts: &["none", "low", "medium", "high", "xhigh", "max"],
        in_responses: None,
        usual: "medium",
        advice: LATER_ADVICE,
    },
    Family {
        names: &["gpt-5.5", "gpt-5.4"],
        efforts: &["none", "low", "medium", "high", "xhigh"],
        in_responses: None,
        usual: "none",
        advice: Some("Please use /v1/responses instead."),
    },
    Family {
        names: &["gpt-5.3", "gpt-5.2"],
        efforts: &["none", "low", "medium", "high", "xhigh"],
        in_responses: None,
        usual: "none",
        advice: None,
    },
    Family {
        names: &["gpt-5.1"],
        efforts: &["none", "low", "medium", "high"],
        in_responses: None,
        usual: "none",
        advice: None,
    },
    Family {
        names: &["gpt-5"],
        efforts: &["minimal", "low", "medium", "high"],
        in_responses: None,
        usual: "medium",
        advice: None,
    },
    Family {
        names: &["o1", "o3", "o4"],
        efforts: &["low", "medium", "high"],
        in_responses: None,
        usual: "medium",
        advice: None,
    },
];
/// Parts of the names of models that have no chat.
const WITHOUT_CHAT: [&str; 2] = ["-codex", "-pro"];
/// What such a model answers where the limit has its old name
/// (<https://github.com/griptape-ai/ComfyUI-Griptape/issues/312>).
const OLD_LIMIT: &str = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
/// Fields that a model does not read that thinks, with the value that asks for
/// nothing.
const SAMPLING: [(&str, &str); 7] = [
    ("top_p", "1"),
    ("presence_penalty", "0"),
    ("frequency_penalty", "0"),
    ("logit_bias", "{}"),
    ("logprobs", "false"),
    ("top_logprobs", "0"),
    ("stop", "[]"),
];

/// The longest answers, by how the names of models begin: what `OpenAI`'s pages
/// on its models say. The first that fits counts.
const LONGEST: [(&str, u64); 12] = [
    ("gpt-5-pro", 272_000),
    ("gpt-5.1-chat", 16_384),
    ("gpt-5", 128_000),
    ("gpt-6", 128_000),
    ("gpt-4o-2024-05-13", 4_096),
    ("gpt-4o", 16_384),
    ("gpt-4.1", 32_768),
    ("gpt-4-turbo", 4_096),
    ("gpt-3.5-turbo", 4_096),
    ("o1", 100_000),
    ("o3", 100_000),
    ("o4-mini", 100_000),
];

/// The longest answer of a model, in tokens.
pub fn longest_answer(model: &str) -> Option<u64> {
    let found = LONGEST.iter().find(|(name, _)| model.starts_with(name));
    found.map(|(_, tokens)| *tokens)
}

fn family_of(model: &str) -> Option<&'static Family> {
    let fits = |family: &&Family| family.names.iter().any(|it| model.starts_with(it));
    FAMILIES.iter().find(fits)
}

/// Whether a model reasons.
pub fn reasons(model: &str) -> bool {
    family_of(model).is_some()
}

/// Whether a model has no chat.
pub fn is_without_chat(model: &str) -> bool {
    reasons(model) && WITHOUT_CHAT.iter().any(|part| model.contains(part))
}

/// What a model refuses in a chat.
pub fn broken_chat(body: &Value) -> Option<BrokenRule> {
    let model = body["model"].as_str()?;
    let Some(family) = family_of(model) else {
        return unsupported_at(&body["reasoning_effort"], "reasoning_effort");
    };
    if !body["max_tokens"].is_null() {
        return Some((
            OLD_LIMIT.to_owned(),
            json!("max_tokens"),
            json!("unsupported_parameter"),
        ));
    }
    let effort = &body["reasoning_effort"];
    if let Some(broken) = family.refuse_effort(model, effort, "reasoning_effort", None) {
        return Some(broken);
    }
    let thinks = effort.as_str().unwrap_or(family.usual) != "none";
    let has_functions = list(&body["tools"]).any(|tool| tool["type"] == "function");
    if let Some(advice) = family.advice.filter(|_| thinks && has_functions) {
        let words = format!(
            "Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {advice}"
        );
        return Some((words, json!("reasoning_effort"), Value::Null));
    }
    let asked = &body["temperature"];
    if thinks && !asked.is_null() && asked.as_f64() != Some(1.0) {
        let words = format!(
            "Unsupported value: 'temperature' does not support {asked} with this model. Only the default (1) value is supported."
        );
        return Some((words, json!("temperature"), json!("unsupported_value")));
    }
    let asks = |value: &Value, nothing: &str| {
        let written = value
            .as_f64()
            .map_or_else(|| json!(value), |it| json!(it))
            .to_string();
        written.trim_end_matches(".0") != nothing
    };
    SAMPLING
        .iter()
        .filter(|(name, nothing)| thinks && asks(&body[*name], nothing))
        .find_map(|(name, _)| unsupported_at(&body[*name], name))
}

/// What a model refuses in a call of the Responses.
pub fn broken_response(body: &Value) -> Option<BrokenRule> {
    let model = body["model"].as_str()?;
    let reasoning = &body["reasoning"];
    let Some(family) = family_of(model) else {
        let wants_sealed = list(&body["include"]).any(|it| it == "reasoning.encrypted_content");
        if wants_sealed {
            let words = "Encrypted content is not supported with this model.";
            return Some((words.to_owned(), json!("include"), Value::Null));
        }
        return unsupported_at(&reasoning["effort"], "reasoning.effort");
    };
    let effort = &reasoning["effort"];
    let more = family.in_responses;
    if let Some(broken) = family.refuse_effort(model, effort, "reasoning.effort", more) {
        return Some(broken);
    }
    let thinks = effort.as_str().unwrap_or(family.usual) != "none";
    let mut wanted = list(&body["include"]);
    if thinks && wanted.any(|it| it == "message.output_text.logprobs") {
        let words = "logprobs are not supported with reasoning models.";
        let code = json!("unsupported_parameter");
        return Some((words.to_owned(), json!("include"), code));
    }
    ["temperature", "top_p"]
        .iter()
        .filter(|name| thinks && body[**name].as_f64() != Some(1.0))
        .find_map(|name| unsupported_at(&body[*name], name))
}

impl Family {
    fn refuse_effort(
        &self,
        model: &str,
        effort: &Value,
        place: &str,
        more: Option<&str>,
    ) -> Option<BrokenRule> {
        let asked = effort.as_str()?;
        let known: Vec<&str> = self.efforts.iter().copied().chain(more).collect();
        if known.contains(&asked) {
            return None;
        }
        let (last, first) = known.split_last()?;
        let first: Vec<String> = first.iter().map(|it| format!("'{it}'")).collect();
        let words = format!(
            "Unsupported value: '{asked}' is not supported with the '{model}' model. Supported values are: {}, and '{last}'.",
            first.join(", ")
        );
        Some((words, json!(place), json!("unsupported_value")))
    }
}

/// The refusal of a field that has a value.
fn unsupported_at(value: &Value, name: &str) -> Option<BrokenRule> {
    if value.is_null() {
        return None;
    }
    let words = format!("Unsupported parameter: '{name}' is not supported with this model.");
    Some((words, json!(name), json!("unsupported_parameter")))
}
