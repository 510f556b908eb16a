//! Ends of streams: calls that come with them or behind them, answers without a
//! word, and what is known of a prompt at the beginning.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, GEMINI, answer, translate};

const MISTRAL: &str = "mistral/mistral-small-latest";
/// It takes tools in OpenAI's Responses alone.
const GPT: &str = "openai/gpt-6-luna";

const CALLERS: [Caller; 4] = [
    Caller::Chat,
    Caller::Responses,
    Caller::Messages,
    Caller::Google,
];

/// Whether a caller speaks the dialect of this model's provider.
fn is_native(caller: Caller, model: &str) -> bool {
    let own = match caller {
        Caller::Chat => MISTRAL,
        Caller::Responses => GPT,
        Caller::Messages => CLAUDE,
        Caller::Google => GEMINI,
    };
    model == own
}

/// A question with a tool, in the caller's dialect.
fn ask(caller: Caller) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let said = json!([{"role": "user", "content": "?"}]);
    match caller {
        Caller::Chat => json!({"messages": said, "stream_options": {"include_usage": true},
            "tools": [{"type": "function", "function": {"name": "w", "parameters": schema}}]}),
        Caller::Responses => {
            json!({"input": "?", "tools": [{"type": "function", "name": "w", "parameters": schema}]})
        }
        Caller::Messages => json!({"max_tokens": 50, "messages": said,
            "tools": [{"name": "w", "input_schema": schema}]}),
        Caller::Google => json!({"contents": [{"parts": [{"text": "?"}]}],
            "tools": [{"functionDeclarations": [{"name": "w", "parametersJsonSchema": schema}]}]}),
    }
}

/// What a caller gets for a stream of these events.
fn streamed(caller: Caller, model: &str, events: &[Value]) -> String {
    let (_, mut answers) = translate(caller, model, &ask(caller));
    let mut out = Vec::new();
    for event in events {
        let data = event.to_string();
        let written = answers.write_event(event, data.as_bytes(), &mut out);
        written.unwrap();
    }
    answers.write_end(&mut out);
    String::from_utf8(out).unwrap()
}

/// A chunk of a chat.
fn chunk(delta: &Value, finish: &Value) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn function() -> Value {
    json!([{"index": 0, "id": "a", "type": "function",
        "function": {"name": "w", "arguments": "{\"city\":\"Rome\"}"}}])
}

/// A chunk of Google's.
fn content(parts: &Value, finish: &Value) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 41, "totalTokenCount": 41}, "modelVersion": "m", "responseId": "r"})
}

fn response(kind: &str, output: &Value) -> Value {
    json!({"type": format!("response.{kind}"), "response": {"id": "resp_1", "object": "response",
        "model": "m", "status": kind, "output": output, "usage": null}})
}

/// The ways in which each API may tell of a call in its last events.
fn late_calls() -> Vec<(&'static str, Vec<Value>)> {
    let begun = chunk(&json!({"role": "assistant", "content": ""}), &Value::Null);
    let stop = chunk(&json!({}), &json!("stop"));
    let mut whole = chunk(&json!({}), &json!("tool_calls"));
    let choice = &mut whole["choices"][0];
    choice.as_object_mut().unwrap().remove("delta");
    choice["message"] = json!({"role": "assistant", "content": null, "tool_calls": function()});
    let calls = |finish: &Value| chunk(&json!({"tool_calls": function()}), finish);
    let call = json!({"functionCall": {"name": "w", "args": {"city": "Rome"}}});
    let item = json!({"type": "function_call", "id": "fc_1", "call_id": "a", "name": "w",
        "arguments": "{\"city\":\"Rome\"}"});
    let block = json!({"type": "tool_use", "id": "a", "name": "w", "input": {"city": "Rome"}});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "usage": {"input_tokens": 41, "output_tokens": 1}});
    vec![
        (MISTRAL, vec![begun.clone(), calls(&json!("tool_calls"))]),
        (MISTRAL, vec![begun.clone(), calls(&json!("stop"))]),
        (MISTRAL, vec![whole]),
        (MISTRAL, vec![begun.clone(), stop, calls(&Value::Null)]),
        (MISTRAL, vec![begun, calls(&Value::Null)]),
        (
            GPT,
            vec![
                response("created", &json!([])),
                response("completed", &json!([item])),
            ],
        ),
        (
            GPT,
            vec![
                response("created", &json!([])),
                json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
                response("completed", &json!([])),
            ],
        ),
        (
            CLAUDE,
            vec![
                json!({"type": "message_start", "message": message}),
                json!({"type": "content_block_start", "index": 0, "content_block": block}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
                json!({"type": "message_stop"}),
            ],
        ),
        (
            GEMINI,
            vec![
                content(&json!([{"text": "a"}]), &Value::Null),
                content(&json!([call]), &json!("STOP")),
            ],
        ),
        (
            GEMINI,
            vec![
                content(&json!([{"text": ""}]), &json!("STOP")),
                content(&json!([call]), &json!("STOP")),
            ],
        ),
    ]
}

#[test]
fn a_call_in_the_last_event_or_behind_it_is_told_with_its_end() {
    for (model, events) in late_calls() {
        for caller in CALLERS.into_iter().filter(|it| !is_native(*it, model)) {
            let told = streamed(caller, model, &events);
            let ends: &[&str] = match caller {
                Caller::Chat => &["\"finish_reason\":\"tool_calls\""],
                Caller::Responses => &["\"status\":\"completed\",\"completed_at\""],
                Caller::Messages => &["\"stop_reason\":\"tool_use\""],
                Caller::Google => &["\"finishReason\":\"STOP\"", "functionCall"],
            };
            for part in ends.iter().chain(&["Rome", "\"w\""]) {
                assert!(told.contains(part), "{part} of {events:?}: {told}");
            }
            for wrong in ["\"finish_reason\":\"stop\"", "end_turn", "MALFORMED"] {
                assert!(!told.contains(wrong), "{wrong} of {events:?}: {told}");
            }
        }
    }
}

/// Google's models now and then end with nothing said, most often when a task is
/// done (`docs/providers.md` §10.6).
#[test]
fn an_answer_without_a_word_is_an_empty_one_in_every_dialect() {
    let mut bare = content(&json!([]), &json!("STOP"));
    let said = bare["candidates"][0]["content"].as_object_mut().unwrap();
    said.remove("parts");
    let thought = content(&json!([{"text": "Done.", "thought": true}]), &json!("STOP"));
    for (said, thinks) in [
        (bare, false),
        (content(&json!([{"text": ""}]), &json!("STOP")), false),
        (thought, true),
    ] {
        let whole = |caller: Caller| answer(&mut translate(caller, GEMINI, &ask(caller)).1, &said);
        let choice = whole(Caller::Chat)["choices"][0].clone();
        let told = (&choice["message"]["content"], &choice["finish_reason"]);
        assert_eq!(told, (&json!(""), &json!("stop")), "{said}");
        let message = whole(Caller::Messages);
        let blocks = message["content"].as_array().unwrap();
        let told = (blocks.len(), &message["stop_reason"]);
        assert_eq!(told, (usize::from(thinks), &json!("end_turn")), "{said}");
        let response = whole(Caller::Responses);
        let items = response["output"].as_array().unwrap();
        let words = &items[items.len() - 1]["content"][0];
        let told = (&words["text"], &words["type"], &response["status"]);
        assert_eq!(
            told,
            (&json!(""), &json!("output_text"), &json!("completed")),
            "{said}"
        );
        for (caller, end) in [
            (Caller::Chat, "\"finish_reason\":\"stop\""),
            (Caller::Messages, "\"stop_reason\":\"end_turn\""),
            (Caller::Responses, "event: response.output_text.done"),
        ] {
            let told = streamed(caller, GEMINI, std::slice::from_ref(&said));
            assert!(told.contains(end) && !told.contains("error\":{"), "{told}");
        }
    }
    let silent = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": ""}}]});
    let whole = answer(
        &mut translate(Caller::Google, MISTRAL, &ask(Caller::Google)).1,
        &silent,
    );
    let candidate = &whole["candidates"][0];
    let told = (
        &candidate["content"]["parts"][0]["text"],
        &candidate["finishReason"],
    );
    assert_eq!(told, (&json!(""), &json!("STOP")));
}

/// The usage in the event with this type.
fn usage_in(stream: &str, kind: &str) -> Value {
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let mut events = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let event = events.find(|event| event["type"] == kind).unwrap();
    let usage = event.get("usage").unwrap_or(&event["message"]["usage"]);
    usage.clone()
}

/// Claude Code reads how full its context is in both places.
#[test]
fn the_length_of_a_prompt_is_told_as_soon_as_it_is_known() {
    let google = [
        content(&json!([{"text": "a"}]), &Value::Null),
        content(&json!([{"text": "b"}]), &json!("STOP")),
    ];
    let told = streamed(Caller::Messages, GEMINI, &google);
    assert_eq!(usage_in(&told, "message_start")["input_tokens"], 41);
    assert_eq!(usage_in(&told, "message_delta")["input_tokens"], 41);
    let usage = json!({"prompt_tokens": 41, "completion_tokens": 2, "total_tokens": 43});
    let mut last = chunk(&json!({}), &json!("stop"));
    last["usage"] = usage;
    let chat = [
        chunk(&json!({"role": "assistant", "content": "a"}), &Value::Null),
        last,
    ];
    let told = streamed(Caller::Messages, MISTRAL, &chat);
    assert_eq!(usage_in(&told, "message_start")["input_tokens"], 0);
    let end = usage_in(&told, "message_delta");
    assert_eq!(
        (&end["input_tokens"], &end["output_tokens"]),
        (&json!(41), &json!(2))
    );
}
