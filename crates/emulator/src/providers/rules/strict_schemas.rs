//! What `OpenAI` refuses in a schema that is to be kept strictly.

use serde_json::Value;

use crate::providers::json_fields::list;

/// What is wrong with a strict schema: the place in it, and why.
pub fn broken_schema(schema: &Value) -> Option<String> {
    broken_below(schema, &mut Vec::new())
}

fn broken_below(schema: &Value, place: &mut Vec<String>) -> Option<String> {
    let properties = schema["properties"].as_object();
    if schema["type"] == "object" || properties.is_some() {
        let context = format!("In context=({}),", place.join(", "));
        if schema["additionalProperties"] != false {
            return Some(format!(
                "{context} 'additionalProperties' is required to be supplied and to be false."
            ));
        }
        let asked: Vec<&str> = list(&schema["required"])
            .filter_map(Value::as_str)
            .collect();
        let mut names = properties.into_iter().flatten().map(|(name, _)| name);
        if let Some(missing) = names.find(|name| !asked.contains(&name.as_str())) {
            return Some(format!(
                "{context} 'required' is required to be supplied and to be an array including every key in properties. Missing '{missing}'."
            ));
        }
    }
    let named = ["properties", "$defs"].into_iter().flat_map(|table| {
        let inner = schema[table].as_object().into_iter().flatten();
        inner.map(move |(name, inner)| (vec![table.to_owned(), name.clone()], inner))
    });
    let numbered = list(&schema["anyOf"]).enumerate();
    let numbered = numbered.map(|(at, inner)| (vec!["anyOf".to_owned(), at.to_string()], inner));
    let items = schema
        .get("items")
        .map(|inner| (vec!["items".to_owned()], inner));
    let inner: Vec<(Vec<String>, &Value)> = named.chain(numbered).chain(items).collect();
    inner.into_iter().find_map(|(steps, inner)| {
        let depth = place.len();
        place.extend(steps.iter().map(|step| format!("'{step}'")));
        let broken = broken_below(inner, place);
        place.truncate(depth);
        broken
    })
}
