//! Rules of Anthropic's thinking and efforts; `docs/providers.md` §9.4 and §9.5.

use serde_json::Value;

use crate::providers::json_fields::text;

/// The least that a model thinks with that is told a budget, in tokens.
const BUDGET_MIN: u64 = 1_024;
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
/// Efforts of which some models have not all, by how their names begin: those that
/// they have, in the order of Anthropic's words.
const FEWER_EFFORTS: [(&str, &[&str]); 3] = [
    ("claude-opus-4-6", &["high", "low", "max", "medium"]),
    ("claude-sonnet-4-6", &["high", "low", "max", "medium"]),
    ("claude-opus-4-5", &["high", "low", "medium"]),
];
/// Models that always think.
const ALWAYS: [&str; 4] = [
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-fable-5",
    "claude-mythos-5",
];
/// Models that need to think for the highest efforts.
const UNTHINKING: [&str; 2] = ["claude-opus-5", "claude-haiku-5"];
/// Models that think with a budget alone, or never.
const WITHOUT_ADAPTIVE: [&str; 8] = [
    "claude-opus-4-5",
    "claude-sonnet-4-5",
    "claude-haiku-4-5",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-sonnet-4-2",
    "claude-opus-4-0",
    "claude-3",
];
/// The one that can leave off thinking before its answer, and think between tools.
const BETWEEN_TOOLS: &str = "claude-sonnet-5-5";

fn is_of(model: &str, names: &[&str]) -> bool {
    names.iter().any(|name| model.starts_with(name))
}

/// The rule of thinking, or of an effort, that a body breaks.
pub fn broken_thinking(body: &Value) -> Option<String> {
    let model = text(body, "model");
    broken_effort(model, body)
        .or_else(|| broken_kind(model, body))
        .or_else(|| broken_beside(body))
}

fn broken_effort(model: &str, body: &Value) -> Option<String> {
    let effort = &body["output_config"]["effort"];
    if effort.is_null() {
        return None;
    }
    let effort = effort.as_str().unwrap_or_default();
    if !EFFORTS.contains(&effort) {
        return Some(
            "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"
                .to_owned(),
        );
    }
    let is_off = body["thinking"]["type"] == "disabled" && is_of(model, &UNTHINKING);
    if is_off && matches!(effort, "xhigh" | "max") {
        return Some(format!(
            "output_config.effort '{effort}' is not supported when thinking is disabled on this model. Use effort 'high' or below, or enable thinking."
        ));
    }
    let mut fewer = FEWER_EFFORTS.iter();
    let (_, known) = fewer.find(|(name, _)| model.starts_with(name))?;
    (!known.contains(&effort)).then(|| {
        format!(
            "This model does not support effort level '{effort}'. Supported levels: {}.",
            known.join(", ")
        )
    })
}

fn broken_kind(model: &str, body: &Value) -> Option<String> {
    let thinking = &body["thinking"];
    let budget = &thinking["budget_tokens"];
    match text(thinking, "type") {
        "enabled" if budget.as_u64().is_none_or(|it| it < BUDGET_MIN) => Some(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {BUDGET_MIN}"
        )),
        "enabled" if budget.as_u64() >= body["max_tokens"].as_u64().or(Some(u64::MAX)) => {
            Some("`max_tokens` must be greater than `thinking.budget_tokens`.".to_owned())
        }
        kind @ "disabled" if is_of(model, &ALWAYS) => Some(unsupported(kind)),
        kind @ "between_tools" if !model.starts_with(BETWEEN_TOOLS) => Some(unsupported(kind)),
        "adaptive" if is_of(model, &WITHOUT_ADAPTIVE) => {
            Some("adaptive thinking is not supported on this model".to_owned())
        }
        _ => None,
    }
}

fn unsupported(kind: &str) -> String {
    format!(
        "\"thinking.type.{kind}\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
    )
}

/// What does not go together with thinking: C, a report with the body at
/// <https://github.com/MartialBE/one-hub/issues/529> for the temperature.
fn broken_beside(body: &Value) -> Option<String> {
    let kind = text(&body["thinking"], "type");
    if !matches!(kind, "enabled" | "adaptive") {
        return None;
    }
    let temperature = &body["temperature"];
    if !temperature.is_null() && temperature.as_f64() != Some(1.0) {
        return Some("`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking".to_owned());
    }
    let is_forced = matches!(text(&body["tool_choice"], "type"), "any" | "tool");
    (kind == "enabled" && is_forced)
        .then(|| "Thinking may not be enabled when tool_choice forces tool use.".to_owned())
}
