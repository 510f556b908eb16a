//! Values that fit a JSON schema, as a model writes them that was told to.

use serde_json::{Map, Value, json};

/// How deep a schema is followed that refers to itself.
const DEPTH_MAX: usize = 8;

/// Makes a value that fits a schema.
pub fn value_of(schema: &Value) -> Value {
    Filler { root: schema }.fill(schema, "", 0)
}

struct Filler<'a> {
    root: &'a Value,
}

impl Filler<'_> {
    /// Makes the value of a property, whose name may tell what it is.
    fn fill(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        if let Some(place) = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
            let found = self.root.pointer(place).unwrap_or(&Value::Null);
            return self.fill(found, name, depth + 1);
        }
        if !schema["const"].is_null() {
            return schema["const"].clone();
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let chosen = ["anyOf", "oneOf", "allOf"].iter().find_map(|list| {
            let all = schema[*list].as_array()?;
            all.iter().find(|one| one["type"] != "null")
        });
        match (chosen, type_of(schema).as_deref()) {
            (Some(one), _) => self.fill(one, name, depth + 1),
            (None, Some("object")) => self.fill_object(schema, depth),
            (None, Some("array")) => {
                let least = schema["minItems"].as_u64().unwrap_or(1).max(1);
                let one = self.fill(&schema["items"], name, depth + 1);
                (0..least).map(|_| one.clone()).collect()
            }
            (None, Some("integer" | "number")) => json!(number_of(schema)),
            (None, Some("boolean")) => json!(true),
            (None, Some("null")) => Value::Null,
            (None, _) if name == "city" => json!("Rome"),
            (None, _) => json!("made up"),
        }
    }

    fn fill_object(&self, schema: &Value, depth: usize) -> Value {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let filled: Map<String, Value> = properties
            .map(|(name, schema)| (name.clone(), self.fill(schema, name, depth + 1)))
            .collect();
        Value::Object(filled)
    }
}

/// The type that a schema names, in small letters: Google writes them large.
fn type_of(schema: &Value) -> Option<String> {
    let named = match &schema["type"] {
        Value::Array(all) => all.iter().find(|one| *one != "null")?,
        one => one,
    };
    let is_object = schema["properties"].is_object();
    let implied = is_object.then_some("object");
    Some(named.as_str().or(implied)?.to_ascii_lowercase())
}

/// Ten, or the nearest number that the schema allows.
fn number_of(schema: &Value) -> i64 {
    let at = |name: &str| schema[name].as_i64();
    let least = at("minimum").or(at("exclusiveMinimum").map(|it| it + 1));
    let most = at("maximum").or(at("exclusiveMaximum").map(|it| it - 1));
    let number = least.map_or(10, |least| least.max(10));
    most.map_or(number, |most| most.min(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_schemas() {
        let schema = json!({"type": "object", "$defs": {"place": {"type": "object",
        "properties": {"city": {"type": "string"}}}},
        "properties": {
            "answer": {"type": "integer"}, "kind": {"enum": ["a", "b"]},
            "where": {"$ref": "#/$defs/place"}, "few": {"type": "number", "maximum": 3},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
            "list": {"type": ["array", "null"], "items": {"type": "STRING"}, "minItems": 2},
        }});
        assert_eq!(
            value_of(&schema),
            json!({"answer": 10, "kind": "a", "where": {"city": "Rome"}, "few": 3, "maybe": true,
                "list": ["made up", "made up"]})
        );
        // One that never ends ends somewhere.
        let own = json!({"properties": {"next": {"$ref": "#"}}});
        assert!(value_of(&own)["next"]["next"].is_object());
    }
}
