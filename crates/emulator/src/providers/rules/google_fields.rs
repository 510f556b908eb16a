//! The names and types of fields below the top of Google's generateContent, as
//! its protocol buffers have them (S: `google-genai` for Python, what its `models.py`
//! writes for Google's own addresses); `docs/providers.md` §10.6 and, for
//! transcripts, §14.13.

use serde_json::Value;

use crate::providers::json_fields::{either_spelling as field, list, snake_case, text};

const OF_CONTENT: &[&str] = &["role", "parts"];
const OF_PART: &[&str] = &[
    "text",
    "thought",
    "thoughtSignature",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "partMetadata",
    "videoMetadata",
    "audioMetadata",
    "documentMetadata",
    "spreadsheetMetadata",
    "speechMetadata",
    "audioTranscription",
    "mediaProcessing",
    "mediaResolution",
];
const OF_CONFIG: &[&str] = &[
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "stopSequences",
    "candidateCount",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseFormat",
    "responseModalities",
    "thinkingConfig",
    "responseLogprobs",
    "logprobs",
    "mediaResolution",
    "audioTimestamp",
    "audioTranscriptionConfig",
    "speechConfig",
    "imageConfig",
    "enableEnhancedCivicAnswers",
    "routingConfig",
    "modelSelectionConfig",
];
/// Words of a schema in `OpenAPI`'s form.
const OF_SCHEMA: &[&str] = &[
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "default",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
    "additionalProperties",
    "defs",
    "ref",
];
const LEVELS: [&str; 6] = [
    "thinking_level_unspecified",
    "minimal",
    "low",
    "medium",
    "high",
    "xhigh",
];
/// How the media types of files begin that are read.
const MEDIA_TYPES: [&str; 5] = ["image/", "audio/", "video/", "text/", "application/pdf"];
const INVALID: &str = "Invalid JSON payload received.";

/// The field that Google does not know, or that is of another type.
pub fn broken_field(body: &Value) -> Option<String> {
    let config = field(body, "generationConfig");
    unknown("generation_config", config, OF_CONFIG)
        .or_else(|| broken_level(field(config, "thinkingConfig")))
        .or_else(|| list(&body["contents"]).enumerate().find_map(broken_content))
        .or_else(|| list(&body["tools"]).enumerate().find_map(broken_tool))
        .or_else(|| {
            let place = "generation_config.response_schema";
            broken_schema(place, field(config, "responseSchema"))
        })
}

fn unknown(place: &str, object: &Value, known: &[&str]) -> Option<String> {
    let is_known = |name: &str| known.iter().any(|it| *it == name || snake_case(it) == name);
    let mut names = object.as_object().into_iter().flatten();
    let (name, _) = names.find(|(name, _)| !is_known(name))?;
    Some(format!(
        "{INVALID} Unknown name \"{name}\" at '{place}': Cannot find field."
    ))
}

fn broken_level(thinking: &Value) -> Option<String> {
    let level = field(thinking, "thinkingLevel");
    let is_known = level
        .as_str()
        .is_none_or(|it| LEVELS.contains(&it.to_lowercase().as_str()));
    (!is_known).then(|| {
        format!("Invalid value at 'generation_config.thinking_config.thinking_level' (type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), {level}")
    })
}

fn broken_content((at, content): (usize, &Value)) -> Option<String> {
    let place = format!("contents[{at}]");
    let mut parts = list(&content["parts"]).enumerate();
    unknown(&place, content, OF_CONTENT)
        .or_else(|| parts.find_map(|(number, part)| broken_part(&place, number, part)))
}

fn broken_part(place: &str, number: usize, part: &Value) -> Option<String> {
    let place = format!("{place}.parts[{number}]");
    let said = &part["text"];
    if !said.is_null() && !said.is_string() {
        return Some(format!(
            "Invalid value at '{place}.text' (TYPE_STRING), {said}"
        ));
    }
    let response = &field(part, "functionResponse")["response"];
    if !response.is_null() && !response.is_object() {
        return Some(format!(
            "Invalid value at '{place}.function_response.response' (type.googleapis.com/google.protobuf.Struct), {response}"
        ));
    }
    let media_type = field(field(part, "inlineData"), "mimeType").as_str();
    let is_read = |it: &str| MEDIA_TYPES.iter().any(|start| it.starts_with(start));
    if let Some(media_type) = media_type.filter(|it| !is_read(it)) {
        return Some(format!("Unsupported MIME type: {media_type}"));
    }
    unknown(&place, part, OF_PART)
}

fn broken_tool((at, tool): (usize, &Value)) -> Option<String> {
    let mut declared = list(field(tool, "functionDeclarations")).enumerate();
    declared.find_map(|(number, function)| {
        let place = format!("tools[{at}].function_declarations[{number}].parameters");
        let parameters = &function["parameters"];
        let is_object = text(parameters, "type").eq_ignore_ascii_case("object");
        let has_none = |it: &Value| it.as_object().is_none_or(serde_json::Map::is_empty);
        if is_object && has_none(&parameters["properties"]) {
            return Some(format!(
                "* GenerateContentRequest.{place}.properties: should be non-empty for OBJECT type\n"
            ));
        }
        broken_schema(&place, parameters)
    })
}

/// What Google does not know of a schema in `OpenAPI`'s form.
fn broken_schema(place: &str, schema: &Value) -> Option<String> {
    if schema["type"].is_array() {
        return Some(format!(
            "{INVALID} Unknown name \"type\" at '{place}': Proto field is not repeating, cannot start list."
        ));
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut named = properties
        .enumerate()
        .map(|(at, (_, inner))| (format!("{place}.properties[{at}].value"), inner));
    let mut listed = list(field(schema, "anyOf"))
        .enumerate()
        .map(|(at, inner)| (format!("{place}.any_of[{at}]"), inner));
    unknown(place, schema, OF_SCHEMA)
        .or_else(|| named.find_map(|(place, inner)| broken_schema(&place, inner)))
        .or_else(|| listed.find_map(|(place, inner)| broken_schema(&place, inner)))
        .or_else(|| broken_schema(&format!("{place}.items"), schema.get("items")?))
}
