//! What vendors have bounds for: how long answers are, how many tools are strict,
//! the names of arguments, the types of pictures, references.

use serde_json::{Value, json};

use super::round_trip_tests::{Caller, answer, translate, translate_limited};

const HAIKU: &str = "anthropic/claude-haiku-5-5";
const GPT: &str = "openai/gpt-4o";
const GEMINI: &str = "google/gemini-3.1-flash-lite";
/// The beginning of a picture.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB";

fn ask(limit: u64) -> Value {
    json!({"model": "x", "max_tokens": limit, "messages": [{"role": "user", "content": "?"}]})
}

#[test]
fn a_limit_is_no_higher_than_what_the_model_writes() {
    for (caller, model, asked, field, sent_limit) in [
        (
            Caller::Messages,
            GPT,
            32_000,
            "/max_completion_tokens",
            16_384,
        ),
        (
            Caller::Messages,
            GEMINI,
            128_000,
            "/generationConfig/maxOutputTokens",
            65_536,
        ),
        (
            Caller::Messages,
            "groq/llama-3.3-70b-versatile",
            128_000,
            "/max_completion_tokens",
            32_768,
        ),
        (
            Caller::Chat,
            "anthropic/claude-opus-4-5",
            200_000,
            "/max_tokens",
            64_000,
        ),
        (
            Caller::Messages,
            "openai/gpt-5.2",
            128_000,
            "/max_completion_tokens",
            128_000,
        ),
        (
            Caller::Messages,
            "mistral/mistral-made-up",
            900_000,
            "/max_tokens",
            900_000,
        ),
    ] {
        let (sent, answers) = translate(caller, model, &ask(asked));
        assert_eq!(sent.pointer(field), Some(&json!(sent_limit)), "{sent}");
        let told = (sent_limit < asked).then(|| format!("max_tokens (above {sent_limit})"));
        assert_eq!(answers.ignored(), told.as_deref(), "{model}");
    }
    // Who asks for none is told nothing.
    let talk = json!({"model": "x", "messages": [{"role": "user", "content": "?"}]});
    let sent = translate_limited(Caller::Chat, GEMINI, &talk, Some(900_000));
    let sent = sent.ok().unwrap();
    assert_eq!(sent.answers.ignored(), None);
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["generationConfig"]["maxOutputTokens"], 65_536);
}

#[test]
fn a_reference_in_what_a_tool_gave_back_is_words_to_google() {
    let result = json!({"parameters": {"c": [{"$ref": "#/$defs/S"}]}}).to_string();
    let talk = json!({"model": "x", "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": result}]});
    let (sent, _) = translate(Caller::Chat, GEMINI, &talk);
    let response = &sent["contents"][2]["parts"][0]["functionResponse"]["response"];
    assert_eq!(response, &json!({"output": result}));
}

fn strange_tool() -> Value {
    json!({"name": "w", "input_schema": {"type": "object", "required": ["a b"],
        "properties": {"a b": {"type": "string"}, "c": {}}, "anyOf": [{"required": ["@x"]}, {"properties": {"@x": {}}}]}})
}

#[test]
fn arguments_have_names_that_each_side_takes() {
    let mut talk = ask(9);
    let function = json!({"name": "w", "parameters": strange_tool()["input_schema"]});
    talk["tools"] = json!([{"type": "function", "function": function}]);
    talk["messages"] = json!([{"role": "user", "content": "?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{\"a b\":\"one\"}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"}]);
    let (sent, mut answers) = translate(Caller::Chat, HAIKU, &talk);
    let schema = &sent["tools"][0]["input_schema"];
    let name = schema["required"][0].as_str().unwrap();
    assert!(name.starts_with("a_b_"), "{sent}");
    for (key, _) in schema["properties"].as_object().unwrap() {
        assert!(!key.contains(['@', ' ']), "{sent}");
    }
    assert_eq!(
        sent["messages"][1]["content"][0]["input"],
        json!({name: "one"})
    );
    let said = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "c",
        "content": [{"type": "tool_use", "id": "t", "name": "w", "input": {name: "two", "c": 1.0}}],
        "stop_reason": "tool_use", "usage": {"input_tokens": 5, "output_tokens": 7}});
    let call = answer(&mut answers, &said);
    let call = &call["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["arguments"], "{\"a b\":\"two\",\"c\":1.0}");
}

#[test]
fn arguments_that_come_in_pieces_get_their_names_back() {
    let mut talk = ask(9);
    let function = json!({"name": "w", "parameters": strange_tool()["input_schema"]});
    talk["tools"] = json!([{"type": "function", "function": function}]);
    talk["stream"] = json!(true);
    let (sent, mut answers) = translate(Caller::Chat, HAIKU, &talk);
    let name = sent["tools"][0]["input_schema"]["required"][0]
        .as_str()
        .unwrap();
    let (first, rest) = name.split_at(3);
    let delta = |text: String| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": text}});
    let mut out = Vec::new();
    for event in [
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "w", "input": {}}}),
        delta(String::new()),
        delta(format!("{{\"{first}")),
        delta(format!("{rest}\": 1}}")),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
    ] {
        answers
            .write_event(&event, event.to_string().as_bytes(), &mut out)
            .unwrap();
    }
    answers.write_end(&mut out);
    let written = String::from_utf8(out).unwrap();
    assert!(written.contains(r#"{\"a b\":1}"#), "{written}");
    assert!(!written.contains(name), "{written}");
}

#[test]
fn no_more_tools_are_strict_than_may_be() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let tool = |at: u64| json!({"type": "function", "function": {"name": format!("w{at}"), "parameters": schema, "strict": true}});
    let mut talk = ask(9);
    talk["tools"] = (0..22).map(tool).collect();
    let (sent, answers) = translate(Caller::Chat, HAIKU, &talk);
    let tools = sent["tools"].as_array().unwrap();
    let strict = tools.iter().filter(|tool| tool["strict"] == true);
    assert_eq!((tools.len(), strict.count()), (22, 20));
    assert_eq!(answers.ignored(), Some("strict (of more than 20 tools)"));
}

#[test]
fn a_picture_is_called_what_its_bytes_are() {
    let shown = |kind: &str| json!([{"type": "image_url", "image_url": {"url": format!("data:{kind};base64,{PNG}")}}]);
    for kind in ["image/jpeg", "image/png", "application/octet-stream"] {
        let talk = json!({"model": "x", "messages": [{"role": "user", "content": shown(kind)}]});
        let (sent, _) = translate(Caller::Chat, HAIKU, &talk);
        let source = &sent["messages"][0]["content"][0]["source"];
        assert_eq!(source["media_type"], "image/png", "{kind}");
        let (sent, _) = translate(Caller::Chat, GEMINI, &talk);
        let data = &sent["contents"][0]["parts"][0]["inlineData"];
        assert_eq!(data["mimeType"], "image/png", "{kind}");
    }
    let source = json!({"type": "base64", "media_type": "image/webp", "data": PNG});
    let mut talk = ask(9);
    talk["messages"] = json!([{"role": "user", "content": [{"type": "image", "source": source}]}]);
    let (sent, _) = translate(Caller::Messages, GPT, &talk);
    let url = sent["messages"][0]["content"][0]["image_url"]["url"]
        .as_str()
        .unwrap();
    assert!(url.starts_with("data:image/png;"), "{url}");
}

#[test]
fn what_another_model_thought_is_named_where_google_is_not_given_it() {
    let mut talk = ask(9);
    talk["messages"] = json!([{"role": "user", "content": "?"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "a"}]},
        {"role": "user", "content": "go on"}]);
    let (_, answers) = translate(Caller::Messages, GEMINI, &talk);
    assert_eq!(answers.ignored(), Some("thinking"));
}

#[test]
fn a_tool_that_must_be_called_is_refused_for_the_right_reason() {
    let mut talk = ask(9_000);
    talk["tools"] = json!([{"type": "function", "function": {"name": "w"}}]);
    talk["tool_choice"] = json!("required");
    talk["reasoning_effort"] = json!("high");
    let refused = |model: &str| {
        let refused = translate_limited(Caller::Chat, model, &talk, None);
        refused.err().map(|it| it.what).unwrap_or_default()
    };
    assert!(refused("anthropic/claude-sonnet-4-5").ends_with("refuses while it thinks,"));
    assert!(refused("anthropic/claude-opus-5-5").ends_with("which this model refuses,"));
}
