//! Discord's own `OpenAPI` document, as the judge of every call.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use latchkey_emulator::RestCall;
use serde_json::{Value, json};

use super::outside;

const DOCUMENT_FILE: &str = "specs/discord-openapi.json";

static DOCUMENT: LazyLock<Option<Value>> = LazyLock::new(|| {
    let path = outside::file(DOCUMENT_FILE)?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> =
    LazyLock::new(Mutex::default);

/// What Discord's schema says against the calls; nothing is good.
pub fn violations(calls: &[RestCall]) -> Vec<String> {
    let Some(document) = DOCUMENT.as_ref() else {
        return Vec::new();
    };
    calls
        .iter()
        .filter_map(|call| violation(document, call))
        .collect()
}

/// What Discord's schema says against what a call to read something was
/// answered; nothing is good.
pub fn answer_violations(path: &str, answer: &Value) -> Vec<String> {
    let Some(document) = DOCUMENT.as_ref() else {
        return Vec::new();
    };
    let answered = &document["paths"][path]["get"]["responses"]["200"];
    let schema = &answered["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "{path} has no schema");
    let validator = validator(document, &format!("answer {path}"), schema);
    let problems = validator.iter_errors(answer);
    problems
        .map(|error| format!("{path}: {error} at {}", error.instance_path()))
        .collect()
}

fn violation(document: &Value, call: &RestCall) -> Option<String> {
    let path = call.path.strip_prefix("/api/v10").unwrap_or(&call.path);
    let method = call.method.to_lowercase();
    let shown = format!(
        "{} {}",
        call.method,
        template(document, path, &method).unwrap_or(path)
    );
    let Some(template) = template(document, path, &method) else {
        return Some(format!("{shown}: Discord has no such call"));
    };
    let operation = &document["paths"][template][&method];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    match (&call.body, schema) {
        (None, Value::Null) => None,
        (None, _) if operation["requestBody"]["required"] != true => None,
        (None, _) => Some(format!("{shown}: needs a body")),
        (Some(_), Value::Null) => Some(format!("{shown}: takes no body")),
        (Some(body), schema) => {
            let validator = validator(document, &format!("{method} {template}"), schema);
            let problems: Vec<String> = validator
                .iter_errors(body)
                .map(|error| format!("{error} at {}", error.instance_path()))
                .collect();
            (!problems.is_empty()).then(|| format!("{shown}: {}", problems.join("; ")))
        }
    }
}

/// The path of the document that a path falls under; fixed words win over
/// parameters.
pub fn template<'a>(document: &'a Value, path: &str, method: &str) -> Option<&'a str> {
    let fits = |template: &str| {
        let (mut ours, mut theirs) = (path.split('/'), template.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || b.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let paths = document["paths"].as_object()?;
    let fitting = paths
        .iter()
        .filter(|(template, item)| fits(template) && item.get(method).is_some());
    fitting
        .map(|(template, _)| template.as_str())
        .min_by_key(|template| template.matches('{').count())
}

fn validator(document: &Value, name: &str, schema: &Value) -> &'static Validator {
    let mut validators = VALIDATORS.lock().unwrap();
    validators.entry(name.to_owned()).or_insert_with(|| {
        let root = json!({"components": document["components"], "allOf": [schema]});
        // Kept for the whole run; there are a dozen of them.
        Box::leak(Box::new(jsonschema::validator_for(&root).unwrap()))
    })
}

#[test]
fn the_schema_catches_a_title_that_is_too_long() {
    if outside::file(DOCUMENT_FILE).is_none() {
        return;
    }
    let modal = |title: &str| RestCall {
        method: "POST".into(),
        path: "/api/v10/interactions/1/token/callback".into(),
        body: Some(
            json!({"type": 9, "data": {"custom_id": "x", "title": title, "components": [
            {"type": 18, "label": "Key", "component": {"type": 4, "custom_id": "k", "style": 1}}]}}),
        ),
        status: 204,
    };
    assert_eq!(violations(&[modal("Your key")]), Vec::<String>::new());
    assert_eq!(violations(&[modal(&"x".repeat(46))]).len(), 1);
}
