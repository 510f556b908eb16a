//! Calls whose arguments are no object: a dialect that has them as text passes
//! them as they came, and no other makes an empty object of them.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, GEMINI, answer, translate};
use crate::providers::dialect::AnswerTranslator;

const MISTRAL: &str = "mistral/mistral-small-latest";

fn ask(caller: Caller) -> Value {
    let parameters = json!({"type": "object", "properties": {}});
    match caller {
        Caller::Chat => panic!("Mistral speaks it"),
        Caller::Responses => json!({"input": "?", "tools": [
            {"type": "function", "name": "w", "parameters": parameters},
            {"type": "custom", "name": "patch"}]}),
        Caller::Messages => {
            json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}],
            "tools": [{"name": "w", "input_schema": parameters}]})
        }
        Caller::Google => json!({"contents": [{"parts": [{"text": "?"}]}],
            "tools": [{"functionDeclarations": [{"name": "w", "parameters": parameters}]}]}),
    }
}

/// An answer with a whole call and one of this function with these arguments.
fn calls(name: &str, arguments: &str, finish: &str) -> Value {
    let call = |id: &str, name: &str, arguments: &str| {
        json!({"id": id, "type": "function",
        "function": {"name": name, "arguments": arguments}})
    };
    let message = json!({"role": "assistant", "content": "Wait.",
        "tool_calls": [call("c1", "w", "{\"x\":1}"), call("c2", name, arguments)]});
    json!({"id": "c1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}})
}

fn answers(caller: Caller) -> Box<AnswerTranslator> {
    translate(caller, MISTRAL, &ask(caller)).1
}

const BROKEN: [&str; 3] = ["{\"x\":", "[1]", "\"sun\""];

#[test]
fn google_is_told_that_a_call_is_malformed() {
    for arguments in BROKEN {
        let said = calls("w", arguments, "tool_calls");
        let told = answer(&mut answers(Caller::Google), &said);
        let candidate = &told["candidates"][0];
        assert_eq!(candidate["finishReason"], "MALFORMED_FUNCTION_CALL");
        let parts = candidate["content"]["parts"].as_array().unwrap();
        let called: Vec<&Value> = parts.iter().map(|it| &it["functionCall"]["args"]).collect();
        assert_eq!(called, [&Value::Null, &json!({"x": 1})], "{arguments}");
    }
    let cut = calls("w", "{\"x\":", "length");
    let told = answer(&mut answers(Caller::Google), &cut);
    assert_eq!(told["candidates"][0]["finishReason"], "MAX_TOKENS");
}

#[test]
fn an_answer_of_anthropics_with_such_a_call_is_none() {
    for arguments in BROKEN {
        let said = calls("w", arguments, "tool_calls");
        let data = said.to_string();
        let told = answers(Caller::Messages).translate_whole(&said, data.as_bytes());
        assert!(told.is_err(), "{arguments}");
    }
    // What was cut off is left out.
    let cut = calls("w", "{\"x\":", "length");
    let told = answer(&mut answers(Caller::Messages), &cut);
    let kinds = told["content"].as_array().unwrap().iter();
    let kinds: Vec<&str> = kinds.filter_map(|it| it["type"].as_str()).collect();
    assert_eq!(
        (kinds, &told["stop_reason"]),
        (vec!["text", "tool_use"], &json!("max_tokens"))
    );
    let none = calls("w", "", "tool_calls");
    let told = answer(&mut answers(Caller::Messages), &none);
    assert_eq!(told["content"][2]["input"], json!({}));
}

#[test]
fn the_responses_have_arguments_as_text() {
    for arguments in BROKEN {
        let told = answer(
            &mut answers(Caller::Responses),
            &calls("w", arguments, "tool_calls"),
        );
        assert_eq!(told["output"][2]["arguments"], arguments);
        // A tool that takes a text may get one that is in no object.
        let told = answer(
            &mut answers(Caller::Responses),
            &calls("patch", arguments, "tool_calls"),
        );
        assert_eq!(told["output"][2]["input"], arguments);
    }
    let told = answer(
        &mut answers(Caller::Responses),
        &calls("patch", "{\"input\":\"*** Begin\"}", "tool_calls"),
    );
    assert_eq!(told["output"][2]["input"], "*** Begin");
}

/// What stands in the history of a caller: a call with these arguments, and what
/// came of it.
fn history(caller: Caller, arguments: &Value) -> Value {
    match caller {
        Caller::Chat => json!({"messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function",
                "function": {"name": "w", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "sun"}]}),
        Caller::Responses => json!({"input": [{"role": "user", "content": "?"},
            {"type": "function_call", "call_id": "c1", "name": "w", "arguments": arguments},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"}]}),
        Caller::Messages => json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "w", "input": arguments}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "sun"}]}]}),
        Caller::Google => json!({"contents": [{"parts": [{"text": "?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "w", "args": arguments}}]},
            {"parts": [{"functionResponse": {"name": "w", "response": {"output": "sun"}}}]}]}),
    }
}

/// The arguments as they are sent to a model of Anthropic's, of Google's, or of
/// Mistral's, and what is ignored.
fn sent_arguments(caller: Caller, model: &str, arguments: &Value) -> (Value, Option<String>) {
    let (sent, answers) = translate(caller, model, &history(caller, arguments));
    let written = match model {
        CLAUDE => sent["messages"][1]["content"][0]["input"].clone(),
        GEMINI => sent["contents"][1]["parts"][0]["functionCall"]["args"].clone(),
        _ => {
            let call = &sent["messages"][1]["tool_calls"][0];
            serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap()
        }
    };
    (written, answers.ignored().map(str::to_owned))
}

#[test]
fn a_conversation_goes_on_after_such_a_call() {
    let named = Some("arguments (that are no JSON object)".to_owned());
    let wrapped = |value: Value| (json!({"invalid_arguments": value}), named.clone());
    for caller in [Caller::Chat, Caller::Responses] {
        for model in [CLAUDE, GEMINI] {
            for (written, expected) in [
                ("{\"x\":", wrapped(json!("{\"x\":"))),
                ("[1]", wrapped(json!([1]))),
                ("\"sun\"", wrapped(json!("sun"))),
                ("", (json!({}), None)),
                ("null", (json!({}), None)),
                ("{\"x\":1}", (json!({"x": 1}), None)),
            ] {
                assert_eq!(sent_arguments(caller, model, &json!(written)), expected);
            }
        }
    }
    for caller in [Caller::Messages, Caller::Google] {
        for (written, expected) in [
            (json!([1]), wrapped(json!([1]))),
            (json!("sun"), wrapped(json!("sun"))),
            (Value::Null, (json!({}), None)),
            (json!({"x": 1}), (json!({"x": 1}), None)),
        ] {
            assert_eq!(sent_arguments(caller, MISTRAL, &written), expected);
        }
    }
}
