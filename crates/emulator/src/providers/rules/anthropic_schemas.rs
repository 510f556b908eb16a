//! What Anthropic refuses in the schema of an answer, and of a tool;
//! `docs/providers.md` §9.5.

use serde_json::Value;

use crate::providers::json_fields::list;

/// Words that the grammar of an answer can't keep.
const UNREAD: [&str; 12] = [
    "oneOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "maxItems",
    "uniqueItems",
    "not",
];
/// The types of JSON schema.
const TYPES: [&str; 7] = [
    "string", "number", "integer", "boolean", "object", "array", "null",
];

/// The schemas inside a schema.
fn inner(schema: &Value) -> impl Iterator<Item = &Value> {
    let named = ["properties", "$defs", "definitions"].into_iter();
    let named = named.flat_map(move |word| schema[word].as_object().into_iter().flatten());
    let listed = ["anyOf", "allOf", "oneOf"].into_iter();
    let listed = listed.flat_map(move |word| list(&schema[word]));
    named
        .map(|(_, inner)| inner)
        .chain(listed)
        .chain(schema.get("items"))
}

/// What is wrong with the schema of an answer.
pub fn broken_format(schema: &Value) -> Option<String> {
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        return Some("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
    }
    if let Some(word) = UNREAD.iter().find(|word| !schema[**word].is_null()) {
        let kind = schema["type"].as_str().unwrap_or("None");
        return Some(format!(
            "output_config.format.schema: For '{kind}' type, property '{word}' is not supported"
        ));
    }
    inner(schema).find_map(broken_format)
}

/// Whether a tool's schema is none of JSON schema.
pub fn is_invalid(schema: &Value) -> bool {
    let is_type = |kind: &Value| kind.as_str().is_none_or(|it| TYPES.contains(&it));
    let kind = &schema["type"];
    !is_type(kind) || !list(kind).all(is_type) || inner(schema).any(is_invalid)
}
