//! Google's two spellings of a field, and its numbers in texts, put into one;
//! `docs/providers.md` §10.6.

use crate::providers::dialect::bodies::json::{Json, object};

/// Fields whose content is the caller's own, and not Google's.
const OF_CALLERS: [&str; 8] = [
    "args",
    "response",
    "parameters",
    "parametersJsonSchema",
    "responseSchema",
    "responseJsonSchema",
    "labels",
    "partMetadata",
];
/// Lists, for which proto3 takes one item alone too.
const LISTS: [&str; 4] = ["contents", "parts", "tools", "functionDeclarations"];
/// Whole numbers, which proto3 may write as texts.
const WHOLE: [&str; 5] = [
    "maxOutputTokens",
    "candidateCount",
    "seed",
    "thinkingBudget",
    "topK",
];

/// Limits in schemas, which are numbers and may be written as texts.
const LIMITS: [&str; 8] = [
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
];

/// Writes a body with every field in camel case, and numbers as numbers.
pub fn one_spelling(json: &Json) -> Json {
    match json {
        Json::List(items) => Json::List(items.iter().map(one_spelling).collect()),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = camel(name);
                let value = if OF_CALLERS.contains(&name.as_str()) {
                    value.clone()
                } else if WHOLE.contains(&name.as_str()) {
                    as_number(value)
                } else {
                    one_spelling(value)
                };
                let value = match value {
                    Json::Object(_) if LISTS.contains(&name.as_str()) => Json::List(vec![value]),
                    value => value,
                };
                (name, value)
            });
            Json::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn as_number(value: &Json) -> Json {
    match value {
        Json::Text(digits) if is_number(digits) => Json::Number(digits.clone()),
        other => other.clone(),
    }
}

/// Whether a text is a number as JSON writes it.
fn is_number(digits: &str) -> bool {
    matches!(Json::parse(digits.as_bytes()), Some(Json::Number(_)))
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut written = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        written.extend(letters.next().map(|it| it.to_ascii_uppercase()));
        written.push_str(letters.as_str());
    }
    written
}

/// A schema of Google's as a JSON schema: types in small letters, and what may
/// be null says so.
pub fn json_schema(schema: &Json) -> Json {
    let Json::Object(fields) = schema else {
        return schema.clone();
    };
    let may_be_null = schema["nullable"].as_bool() == Some(true);
    let is_whole = schema["type"]
        .as_str()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("integer"));
    let mut written = Json::Object(Vec::new());
    for (name, value) in fields {
        match name.as_str() {
            "nullable" | "propertyOrdering" | "property_ordering" | "example" => {}
            "type" => match value.as_str().map(str::to_ascii_lowercase) {
                Some(kind) if may_be_null => {
                    written.set("type", vec![kind.into(), "null".into()]);
                }
                Some(kind) => written.set("type", kind),
                None => written.set("type", value.clone()),
            },
            "format" if value.as_str().is_some_and(is_number_format) => {}
            "items" | "additionalProperties" => written.set(name, json_schema(value)),
            "properties" | "$defs" | "defs" => {
                let inner = value.fields().iter();
                let inner = inner.map(|(name, it)| (name.clone(), json_schema(it)));
                written.set(name, Json::Object(inner.collect()));
            }
            "anyOf" | "any_of" | "oneOf" | "prefixItems" => {
                let inner: Vec<Json> = value.items().iter().map(json_schema).collect();
                written.set(&camel(name), inner);
            }
            "enum" if is_whole => {
                let values = value.items().iter().map(as_number);
                written.set(name, values.collect::<Vec<_>>());
            }
            _ if LIMITS.contains(&name.as_str()) => written.set(name, as_number(value)),
            _ => written.set(name, value.clone()),
        }
    }
    order_properties(schema, &mut written);
    if may_be_null {
        allow_null(&mut written);
    }
    written
}

/// Puts properties in the order that the schema asks for, which is that of the
/// answer; others follow.
fn order_properties(schema: &Json, written: &mut Json) {
    let asked = schema.get("propertyOrdering");
    let asked = asked.or(schema.get("property_ordering"));
    let names: Vec<&str> = asked
        .map(|names| names.items().iter().filter_map(Json::as_str).collect())
        .unwrap_or_default();
    if let Some(Json::Object(properties)) = written.get_mut("properties") {
        let place = |name: &str| names.iter().position(|it| *it == name);
        properties.sort_by_key(|(name, _)| place(name).unwrap_or(names.len()));
    }
}

/// Lets a schema be null wherever it says what it may be; beside its type,
/// which says so already.
fn allow_null(schema: &mut Json) {
    if let Some(Json::List(values)) = schema.get_mut("enum")
        && !values.contains(&Json::Null)
    {
        values.push(Json::Null);
    }
    let null = || object([("type", "null".into())]);
    for join in ["anyOf", "oneOf"] {
        if let Some(Json::List(joined)) = schema.get_mut(join) {
            joined.push(null());
        }
    }
    if schema.get("$ref").is_some() {
        *schema = object([("anyOf", vec![schema.clone(), null()].into())]);
    }
}

fn is_number_format(format: &str) -> bool {
    matches!(format, "int32" | "int64" | "float" | "double" | "enum")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(schema: &str) -> String {
        json_schema(&Json::parse(schema.as_bytes()).unwrap()).to_string()
    }

    #[test]
    fn numbers_in_texts_become_numbers_and_properties_have_their_order() {
        insta::assert_snapshot!(written(r#"{"type":"OBJECT","properties":{"b":{"type":"INTEGER","enum":["1","2"],"format":"int32"},"a":{"type":"NUMBER","minimum":"0.5","maximum":"1e3"},"c":{"type":"STRING","enum":["1"],"minLength":"1"}},"propertyOrdering":["c","a"],"minProperties":"1"}"#), @r#"{"type":"object","properties":{"c":{"type":"string","enum":["1"],"minLength":1},"a":{"type":"number","minimum":0.5,"maximum":1e3},"b":{"type":"integer","enum":[1,2]}},"minProperties":1}"#);
        insta::assert_snapshot!(written(r#"{"type":"INTEGER","minimum":"one"}"#), @r#"{"type":"integer","minimum":"one"}"#);
    }
}
