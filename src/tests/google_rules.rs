//! The emulated Google refuses what the real one refuses: `docs/providers.md`
//! §10.6.

use serde_json::{Value, json};

use super::program::Program;
use super::{good, run};

/// Models, fields beside a question, and what is refused of them.
#[expect(clippy::too_many_lines, reason = "one row for each rule")]
fn rules() -> Vec<(&'static str, Value, &'static str)> {
    let functions = |parameters: Value| json!([{"functionDeclarations": [{"name": "w", "parameters": parameters}]}]);
    let with = |parameters: Value| json!({"tools": functions(parameters)});
    let config = |config: Value| json!({"generationConfig": config});
    let thinks = |thinking: Value| json!({"generationConfig": {"thinkingConfig": thinking}});
    let says = |parts: Value| json!({"contents": [{"role": "user", "parts": parts}]});
    let call = json!({"functionCall": {"name": "w", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"});
    let turn = |role: &str, part: Value| json!({"role": role, "parts": [part]});
    let gave = |response: Value| {
        let result = json!({"functionResponse": {"name": "w", "response": response}});
        json!({"contents": [turn("user", json!({"text": "?"})), turn("model", call.clone()), turn("user", result)]})
    };
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let mut allowed = with(object.clone());
    allowed["toolConfig"] =
        json!({"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["w"]}});
    let (new, old) = ("gemini-3.8-flash", "gemini-2.5-flash");
    vec![
        ("gemini-nope", json!({}), "is not found for API version"),
        (
            new,
            says(json!([{"text": "a", "x": 1}])),
            "Unknown name \"x\" at 'contents[0].parts[0]'",
        ),
        (
            new,
            says(json!([{"text": 5}])),
            "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5",
        ),
        (
            new,
            says(json!([{"inlineData": {"mimeType": "application/zip", "data": "AAAA"}}])),
            "Unsupported MIME type",
        ),
        (
            new,
            gave(json!("x")),
            "Invalid value at 'contents[2].parts[0].function_response.response'",
        ),
        (
            new,
            gave(json!({"a": {"$ref": "#/$defs/S"}})),
            "does not match to a display_name",
        ),
        (
            new,
            json!({"contents": [turn("model", call.clone()), turn("user", json!({"functionResponse": {"name": "w", "response": {}}}))]}),
            "function call turn comes immediately",
        ),
        (
            new,
            with(
                json!({"type": "object", "properties": {"a": {"type": "integer", "exclusiveMinimum": 1}}}),
            ),
            "Unknown name \"exclusiveMinimum\"",
        ),
        (
            new,
            with(json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}})),
            "cannot start list",
        ),
        (
            new,
            with(json!({"type": "object", "properties": {}})),
            "should be non-empty for OBJECT type",
        ),
        (new, allowed, "Allowed function names"),
        (
            new,
            config(json!({"maxOutputTokens": 65_537})),
            "supported range is from 1 (inclusive) to 65537 (exclusive)",
        ),
        (
            new,
            config(json!({"temperature": 2.5})),
            "temperature must be in the range",
        ),
        (
            new,
            config(json!({"responseLogprobs": true})),
            "Logprobs is not enabled",
        ),
        (
            new,
            config(json!({"responseMimeType": "application/xml"})),
            "allowed mimetypes are",
        ),
        (
            new,
            config(json!({"responseSchema": {"type": "object"}})),
            "only allowed when response_mime_type",
        ),
        (
            new,
            config(json!({"made_up": 1})),
            "Unknown name \"made_up\"",
        ),
        (
            new,
            thinks(json!({"thinkingLevel": "x"})),
            "thinking_config.thinking_level",
        ),
        (
            new,
            thinks(json!({"thinkingLevel": "minimal"})),
            "MINIMAL is not supported",
        ),
        (
            "gemini-2.5-pro",
            thinks(json!({"thinkingBudget": 0})),
            "Budget 0 is invalid",
        ),
        (
            old,
            json!({"tools": [{"googleSearch": {}}, functions(object)[0]]}),
            "Tool use with function calling",
        ),
    ]
}

#[tokio::test]
async fn fields_are_of_the_types_and_within_the_bounds_of_googles() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        for (model, more, told) in rules() {
            stage.clock.advance_ms(1_000);
            let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            let path = format!("/google/models/{model}:generateContent");
            let answer = program.posts(&path, &body).await;
            let said = answer.json()["error"]["message"]
                .to_string()
                .replace("\\\"", "\"");
            assert!(
                answer.status >= 400 && said.contains(told),
                "{told}: {}",
                answer.text
            );
        }
    })
    .await;
}
