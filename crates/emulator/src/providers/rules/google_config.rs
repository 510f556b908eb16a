//! Rules of what Google is asked for: sampling, thinking, the choice among
//! functions; `docs/providers.md` §10.5 and §10.6.

use serde_json::Value;

use crate::providers::json_fields::{either_spelling as field, list, text};

/// The longest answers, by how the names of models begin; the last fits all.
const LONGEST: [(&str, u64); 4] = [
    ("gemini-2.0", 8_192),
    ("gemini-1", 8_192),
    ("gemma", 8_192),
    ("", 65_536),
];
/// Models without the lowest level of thinking.
const WITHOUT_MINIMAL: [&str; 5] = [
    "gemini-3.7-flash",
    "gemini-3.8-flash",
    "gemini-3.1-pro",
    "gemini-3-pro",
    "gemini-4",
];
/// Models that think always, and are told a budget.
const ALWAYS_THINKING: &str = "gemini-2.5-pro";
const MEDIA_TYPES: [&str; 3] = ["text/plain", "application/json", "text/x.enum"];

/// The rule of sampling, and of the form of an answer, that a body breaks.
pub fn broken_sampling(model: &str, config: &Value) -> Option<String> {
    // C, a report with the words: <https://github.com/stackblitz-labs/bolt.diy/issues/955>.
    let longest = LONGEST.iter().find(|(name, _)| model.starts_with(name));
    let (most, asked) = (longest?.1, field(config, "maxOutputTokens").as_u64());
    if let Some(asked) = asked.filter(|asked| *asked > most) {
        let above = most + 1;
        return Some(format!(
            "Unable to submit request because it has a maxOutputTokens value of {asked} but the supported range is from 1 (inclusive) to {above} (exclusive). Update the value and try again."
        ));
    }
    for (name, snake, most) in [("temperature", "temperature", 2.0), ("topP", "top_p", 1.0)] {
        let asked = field(config, name).as_f64();
        if asked.is_some_and(|it| !(0.0..=most).contains(&it)) {
            return Some(format!(
                "* GenerateContentRequest.generation_config.{snake}: {snake} must be in the range [0.0, {most:.1}].\n"
            ));
        }
    }
    if *field(config, "responseLogprobs") == true {
        return Some("Logprobs is not enabled for this model".to_owned());
    }
    let media_type = field(config, "responseMimeType");
    if !media_type
        .as_str()
        .is_none_or(|it| it.is_empty() || MEDIA_TYPES.contains(&it))
    {
        let known = MEDIA_TYPES.join(", ");
        return Some(format!(
            "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are {known}.\n"
        ));
    }
    let schemas = ["responseSchema", "responseJsonSchema"].map(|name| field(config, name));
    let is_json = matches!(
        media_type.as_str(),
        Some("application/json" | "text/x.enum")
    );
    match schemas.iter().filter(|it| !it.is_null()).count() {
        0 => None,
        1 if is_json => None,
        1 => Some("* GenerateContentRequest.generation_config.response_schema: only allowed when response_mime_type is set to application/json.\n".to_owned()),
        _ => Some("Only one of response_schema and response_json_schema can be set.".to_owned()),
    }
}

/// The rule of thinking that a body breaks.
pub fn broken_thinking(model: &str, config: &Value) -> Option<String> {
    let thinking = field(config, "thinkingConfig");
    let level = field(thinking, "thinkingLevel");
    let budget = field(thinking, "thinkingBudget");
    if !level.is_null() && !budget.is_null() {
        return Some("You can only set only one of thinking budget and thinking level.".to_owned());
    }
    if !level.is_null() && model.starts_with("gemini-2.5") {
        return Some("Thinking level is not supported for this model.".to_owned());
    }
    let is_minimal = level
        .as_str()
        .is_some_and(|it| it.eq_ignore_ascii_case("minimal"));
    if is_minimal && WITHOUT_MINIMAL.iter().any(|it| model.starts_with(it)) {
        return Some("Thinking level MINIMAL is not supported for this model.".to_owned());
    }
    (*budget == 0 && model.starts_with(ALWAYS_THINKING))
        .then(|| "Budget 0 is invalid. This model only works in thinking mode.".to_owned())
}

/// The rule of tools, or of the choice among them, that a body breaks.
pub fn broken_choice(model: &str, body: &Value) -> Option<String> {
    let tools: Vec<&Value> = list(&body["tools"]).collect();
    let functions = tools
        .iter()
        .flat_map(|it| list(field(it, "functionDeclarations")));
    let functions: Vec<&Value> = functions.collect();
    let is_own = |tool: &&&Value| field(tool, "functionDeclarations").is_null();
    let has_own = tools.iter().any(|tool| is_own(&tool));
    if has_own && !functions.is_empty() && model.starts_with("gemini-2.5") {
        return Some("Tool use with function calling is unsupported".to_owned());
    }
    let has_both =
        |it: &&&Value| !it["parameters"].is_null() && !field(it, "parametersJsonSchema").is_null();
    if functions.iter().any(|it| has_both(&it)) {
        return Some("Only one of parameters and parameters_json_schema can be set.".to_owned());
    }
    let calling = field(field(body, "toolConfig"), "functionCallingConfig");
    // C: <https://github.com/musistudio/claude-code-router/pull/1207>.
    if !calling.is_null() && functions.is_empty() {
        return Some("Function calling config is set without function_declarations.".to_owned());
    }
    let allowed = list(field(calling, "allowedFunctionNames")).next();
    let is_strict = matches!(text(calling, "mode"), "ANY" | "VALIDATED");
    (allowed.is_some() && !is_strict).then(|| {
        "Allowed function names should only be set when the function calling mode is ANY."
            .to_owned()
    })
}
