//! Puts JSON schemas into the form that Anthropic takes; `docs/providers.md`
//! §9.5.

use crate::providers::dialect::bodies::json::Json;

/// What joins schemas at the top, where the parameters of a tool may have
/// none of it.
const JOINS: [&str; 3] = ["anyOf", "oneOf", "allOf"];
/// Formats of texts that a strict schema may ask for.
const FORMATS: [&str; 10] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
];
/// Words that a strict schema may not have. They are said in the description,
/// as Anthropic's own libraries do.
const UNREAD: [&str; 18] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "not",
    "patternProperties",
    "propertyNames",
    "prefixItems",
    "examples",
];

/// The parameters of a tool: an object, without joins at the top. What a join
/// asks for is said in the description.
pub fn write_parameters(parameters: &Json) -> Json {
    let mut schema = parameters.clone();
    let mut said = Vec::new();
    for join in JOINS {
        if let Some(joined) = schema.remove(join) {
            if join == "allOf" {
                joined
                    .items()
                    .iter()
                    .for_each(|part| merge(&mut schema, part));
            } else {
                add_properties(&mut schema, &joined);
            }
            said.push(format!("{join}: {joined}"));
        }
    }
    if !schema["type"].is("object") {
        schema.set("type", "object");
    }
    describe(&mut schema, &said);
    schema
}

/// Adds what one part of `allOf` asks for.
fn merge(schema: &mut Json, part: &Json) {
    add_properties(schema, &Json::List(vec![part.clone()]));
    let mut required = schema["required"].items().to_vec();
    for name in part["required"].items() {
        if !required.contains(name) {
            required.push(name.clone());
        }
    }
    if !required.is_empty() {
        schema.set("required", required);
    }
}

/// Adds the properties of joined schemas to those of the whole.
fn add_properties(schema: &mut Json, joined: &Json) {
    for part in joined.items() {
        for (name, property) in part["properties"].fields() {
            if schema.get("properties").is_none() {
                schema.set("properties", Json::Object(Vec::new()));
            }
            if let Some(properties) = schema.get_mut("properties")
                && properties.get(name).is_none()
            {
                properties.set(name, property.clone());
            }
        }
    }
}

/// A schema that an answer must follow: each object closed, and what the
/// grammar cannot keep said in words.
pub fn write_strict(schema: &Json) -> Json {
    let mut strict = schema.clone();
    let mut said = Vec::new();
    for word in UNREAD {
        let is_kept = word == "minItems" && strict[word].as_u64().is_some_and(|it| it <= 1);
        if !is_kept && let Some(value) = strict.remove(word) {
            said.push(format!("{word}: {value}"));
        }
    }
    if strict["format"]
        .as_str()
        .is_some_and(|it| !FORMATS.contains(&it))
        && let Some(format) = strict.remove("format")
    {
        said.push(format!("format: {format}"));
    }
    if let Some(one_of) = strict.remove("oneOf") {
        strict.set("anyOf", one_of);
    }
    strict.remove("$schema");
    join_all(&mut strict);
    for word in ["properties", "$defs", "definitions"] {
        if let Some(Json::Object(fields)) = strict.get_mut(word) {
            for (_, inner) in fields {
                *inner = write_strict(inner);
            }
        }
    }
    for word in ["anyOf", "allOf"] {
        if let Some(Json::List(items)) = strict.get_mut(word) {
            for inner in items {
                *inner = write_strict(inner);
            }
        }
    }
    if let Some(items) = strict.get_mut("items") {
        *items = write_strict(items);
    }
    let is_object = strict["type"].is("object")
        || strict["type"].items().iter().any(|it| it.is("object"))
        || strict.get("properties").is_some();
    if is_object {
        strict.set("additionalProperties", false);
    }
    describe(&mut strict, &said);
    strict
}

/// Makes one schema of the parts of `allOf`: nothing would follow them all once
/// each is closed. What is only referred to stays.
fn join_all(schema: &mut Json) {
    let refers = |part: &Json| part.get("$ref").is_some();
    if schema["allOf"].items().iter().any(refers) {
        return;
    }
    let Some(joined) = schema.remove("allOf") else {
        return;
    };
    for part in joined.items() {
        merge(schema, part);
        for (name, value) in part.fields() {
            if schema.get(name).is_none() {
                schema.set(name, value.clone());
            }
        }
    }
}

/// Whether a tool's schema can be kept to as it is: strict tools are not
/// changed, since their caller relies on every word.
pub fn is_strict(schema: &Json) -> bool {
    write_strict(schema) == *schema
}

fn describe(schema: &mut Json, said: &[String]) {
    if said.is_empty() {
        return;
    }
    let said = format!("{{{}}}", said.join(", "));
    let described = match schema["description"].as_str() {
        Some(words) => format!("{words}\n\n{said}"),
        None => said,
    };
    schema.set("description", described);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(schema: &str, write: fn(&Json) -> Json) -> String {
        write(&Json::parse(schema.as_bytes()).unwrap()).to_string()
    }

    #[test]
    fn joins_at_the_top_become_words() {
        insta::assert_snapshot!(written(r#"{"type":"object","properties":{"route":{"type":"string"}},"anyOf":[{"required":["route"]},{"properties":{"file":{"type":"string"}}}]}"#, write_parameters), @r#"{"type":"object","properties":{"route":{"type":"string"},"file":{"type":"string"}},"description":"{anyOf: [{\"required\":[\"route\"]},{\"properties\":{\"file\":{\"type\":\"string\"}}}]}"}"#);
        insta::assert_snapshot!(written(r#"{"allOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}],"description":"Two."}"#, write_parameters), @r#"{"description":"Two.\n\n{allOf: [{\"properties\":{\"a\":{}},\"required\":[\"a\"]},{\"properties\":{\"b\":{}},\"required\":[\"b\"]}]}","properties":{"a":{},"b":{}},"required":["a","b"],"type":"object"}"#);
    }

    #[test]
    fn a_strict_schema_is_closed_and_says_what_it_cannot_keep() {
        insta::assert_snapshot!(written(r#"{"type":"object","properties":{"z":{"type":"integer","minimum":1},"a":{"type":"array","items":{"oneOf":[{"type":"object","properties":{}},{"type":"string","format":"regex"}]}}}}"#, write_strict), @r#"{"type":"object","properties":{"z":{"type":"integer","description":"{minimum: 1}"},"a":{"type":"array","items":{"anyOf":[{"type":"object","properties":{},"additionalProperties":false},{"type":"string","description":"{format: \"regex\"}"}]}}},"additionalProperties":false}"#);
        insta::assert_snapshot!(written(r#"{"allOf":[{"type":"object","properties":{"a":{}},"required":["a"]},{"properties":{"b":{"type":"array","prefixItems":[{"type":"integer"}]}}}]}"#, write_strict), @r#"{"properties":{"a":{},"b":{"type":"array","description":"{prefixItems: [{\"type\":\"integer\"}]}"}},"required":["a"],"type":"object","additionalProperties":false}"#);
        let closed = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}"#;
        assert!(is_strict(&Json::parse(closed.as_bytes()).unwrap()));
    }
}
