//! Calls whose arguments are no object: a dialect that has them as text passes
//! them as they came, and no other makes an empty object of them.

use serde_json::{Value, json};

use super::AnswerTranslator;
use super::round_trip_tests::{Caller, answer, translate, translate_limited};

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

#[test]
fn a_callers_own_call_must_have_an_object() {
    let parts = |args: Value| json!([{"functionCall": {"name": "w", "args": args}}]);
    let talk = |args: Value| {
        json!({"contents": [{"parts": [{"text": "?"}]},
        {"role": "model", "parts": parts(args)},
        {"parts": [{"functionResponse": {"name": "w", "response": {"output": "sun"}}}]}]})
    };
    for args in [json!([1]), json!("sun")] {
        let refused = translate_limited(Caller::Google, MISTRAL, &talk(args), None);
        assert_eq!(
            refused.err().unwrap().what,
            "`args` of a `functionCall` must be an object"
        );
    }
    let (sent, _) = translate(Caller::Google, MISTRAL, &talk(Value::Null));
    assert_eq!(
        sent["messages"][1]["tool_calls"][0]["function"]["arguments"],
        "{}"
    );
}
