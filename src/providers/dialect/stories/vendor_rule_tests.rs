//! What vendors refuse of each other's calls, put into a form that they take,
//! and taken out of their answers again.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, answer, model_turn, send_back, translate};

const HAIKU: &str = "anthropic/claude-haiku-5-5";
const GPT: &str = "openai/gpt-5.2";
const GEMINI: &str = "google/gemini-3.1-flash-lite";

fn claude(content: &Value, reason: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": content,
        "stop_reason": reason, "usage": {"input_tokens": 5, "output_tokens": 7}})
}

fn gpt(message: &Value) -> Value {
    json!({"id": "c1", "model": "g", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}})
}

fn call(id: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "w", "arguments": "{}"}})
}

/// An instruction between calls and their results stands behind all of them.
#[test]
fn results_come_first_and_in_the_order_of_their_calls() {
    let talk = json!({"model": "x", "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": null, "tool_calls": [call("c1"), call("c2")]},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "developer", "content": "note"},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "user", "content": "go"}]});
    let (sent, _) = translate(Caller::Chat, HAIKU, &talk);
    let blocks = sent["messages"][2]["content"].as_array().unwrap();
    let kinds = blocks
        .iter()
        .map(|it| it["content"].as_str().or(it["text"].as_str()).unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["one", "two", "note", "go"]);
    let (sent, _) = translate(Caller::Chat, GEMINI, &talk);
    let parts = sent["contents"][2]["parts"].as_array().unwrap();
    let ids = parts.iter().map(|it| {
        it["functionResponse"]["id"]
            .as_str()
            .or(it["text"].as_str())
            .unwrap()
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["c1", "c2", "note", "go"]);
}

#[test]
fn an_empty_object_is_no_empty_text() {
    let format = json!({"type": "json_object"});
    let ask = json!({"model": "x", "messages": [{"role": "user", "content": "?"}], "response_format": format});
    let (_, mut answers) = translate(Caller::Chat, HAIKU, &ask);
    let said = claude(
        &json!([{"type": "tool_use", "id": "t", "name": "answer_in_json", "input": {}}]),
        "tool_use",
    );
    assert_eq!(
        answer(&mut answers, &said)["choices"][0]["message"]["content"],
        "{}"
    );
    // What was cut off is no object.
    let (_, mut answers) = translate(Caller::Chat, HAIKU, &ask);
    let cut = claude(&said["content"], "max_tokens");
    assert_eq!(
        answer(&mut answers, &cut)["choices"][0]["message"]["content"],
        ""
    );
}

fn ask_google(config: &Value) -> Value {
    json!({"contents": [{"parts": [{"text": "?"}]}], "generationConfig": config})
}

#[test]
fn a_list_or_a_word_is_asked_for_inside_an_object() {
    let list = json!({"responseMimeType": "application/json", "responseSchema": {"type": "ARRAY", "items": {"type": "STRING"}}});
    let word = json!({"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a", "b"]}});
    for (config, wrapped, value) in [
        (&list, json!({"answer": ["x"]}), "[\"x\"]"),
        (&word, json!({"answer": "b"}), "b"),
    ] {
        let (sent, mut answers) = translate(Caller::Google, GPT, &ask_google(config));
        let schema = &sent["response_format"]["json_schema"]["schema"];
        assert_eq!(schema["type"], "object", "{sent}");
        let text = &answer(&mut answers, &gpt(&json!({"content": wrapped.to_string()})))["candidates"]
            [0]["content"]["parts"][0]["text"];
        assert_eq!(text, value);
        let (sent, mut answers) = translate(Caller::Google, HAIKU, &ask_google(config));
        assert_eq!(
            sent["tools"][0]["input_schema"]["required"],
            json!(["answer"]),
            "{sent}"
        );
        let said = claude(
            &json!([{"type": "tool_use", "id": "t", "name": "answer_in_json", "input": wrapped}]),
            "tool_use",
        );
        let text = &answer(&mut answers, &said)["candidates"][0]["content"]["parts"][0]["text"];
        assert_eq!(text, value);
    }
}

#[test]
fn names_of_functions_are_those_that_each_side_takes() {
    let long = format!("mcp__{}", "a".repeat(80));
    let ask = json!({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": long, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]}],
        "tools": [{"name": long, "input_schema": {"type": "object"}}], "tool_choice": {"type": "tool", "name": long}});
    let (sent, mut answers) = translate(Caller::Messages, GPT, &ask);
    let name = sent["tools"][0]["function"]["name"].clone();
    assert!(name.as_str().unwrap().len() <= 64, "{name}");
    assert_eq!(sent["tool_choice"]["function"]["name"], name);
    assert_eq!(
        sent["messages"][1]["tool_calls"][0]["function"]["name"],
        name
    );
    let said = gpt(&json!({"content": null, "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}}]}));
    assert_eq!(answer(&mut answers, &said)["content"][0]["name"], long);
    let ask = json!({"contents": [{"parts": [{"text": "?"}]}],
        "tools": [{"functionDeclarations": [{"name": "mcp.server:do-it"}]}]});
    for (model, field) in [(GPT, "/tools/0/function/name"), (HAIKU, "/tools/0/name")] {
        let (sent, _) = translate(Caller::Google, model, &ask);
        let name = sent.pointer(field).unwrap().as_str().unwrap();
        assert!(name.starts_with("mcp_server_do-it_"), "{name}");
    }
    let ask = json!({"model": "x", "messages": [{"role": "user", "content": "?"}],
        "tools": [{"type": "function", "function": {"name": "1c_reload"}}]});
    let (sent, _) = translate(Caller::Chat, GEMINI, &ask);
    let name = &sent["tools"][0]["functionDeclarations"][0]["name"];
    assert!(name.as_str().unwrap().starts_with("_1c_reload_"), "{name}");
}

#[test]
fn several_thoughts_come_back_with_all_their_signatures() {
    let thought = |text: &str, signature: &str| json!({"type": "thinking", "thinking": text, "signature": signature});
    let tool = json!({"type": "tool_use", "id": "t1", "name": "weather", "input": {}});
    let redacted = json!({"type": "redacted_thinking", "data": "RED"});
    for content in [
        json!([thought("one", "S1"), thought("two", "S2"), tool]),
        json!([thought("one", "S1"), redacted, tool]),
    ] {
        let sent = send_back(Caller::Google, CLAUDE, &claude(&content, "tool_use"));
        let back = model_turn(&sent).as_array().unwrap();
        assert_eq!(back[..2], content.as_array().unwrap()[..2]);
    }
}

#[test]
fn one_part_or_content_stands_for_a_list_of_it() {
    let ask = json!({"systemInstruction": {"parts": {"text": "Be brief."}}, "contents": {"parts": {"text": "Hello"}}});
    for model in [HAIKU, GPT] {
        let (sent, _) = translate(Caller::Google, model, &ask);
        let sent = sent.to_string();
        assert!(
            sent.contains("Be brief.") && sent.contains("Hello"),
            "{sent}"
        );
    }
}

#[test]
fn what_may_be_null_stays_so() {
    let either = json!({"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "nullable": true});
    let word = json!({"type": "STRING", "enum": ["a"], "nullable": true});
    let schema = json!({"type": "OBJECT", "properties": {"e": either, "w": word}});
    let config = json!({"responseMimeType": "application/json", "responseSchema": schema});
    let (sent, _) = translate(Caller::Google, GPT, &ask_google(&config));
    let written = &sent["response_format"]["json_schema"]["schema"]["properties"];
    assert_eq!(
        written["e"],
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]})
    );
    assert_eq!(
        written["w"],
        json!({"type": ["string", "null"], "enum": ["a", null]})
    );
}

#[test]
fn a_reference_stands_alone_for_google() {
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/definitions/A", "description": "the a", "default": null}},
        "definitions": {"A": {"type": "string"}}});
    let ask = json!({"model": "x", "messages": [{"role": "user", "content": "?"}],
        "tools": [{"type": "function", "function": {"name": "w", "parameters": schema}}]});
    let (sent, _) = translate(Caller::Chat, GEMINI, &ask);
    let written = &sent["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert_eq!(
        written["properties"]["a"],
        json!({"description": "the a", "default": null, "anyOf": [{"$ref": "#/$defs/A"}]})
    );
    assert_eq!(written["$defs"]["A"], json!({"type": "string"}));
}

#[test]
fn allowed_tools_are_those_that_are_offered() {
    let function = |name: &str| json!({"type": "function", "function": {"name": name}});
    let choice = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [function("a"), function("b")]}});
    let ask = json!({"model": "x", "messages": [{"role": "user", "content": "?"}],
        "tools": [function("a"), function("b"), function("c")], "tool_choice": choice});
    let (sent, _) = translate(Caller::Chat, HAIKU, &ask);
    assert_eq!(sent["tools"].as_array().unwrap().len(), 2, "{sent}");
    assert_eq!(sent["tool_choice"]["type"], "any");
    let function = |name: &str| json!({"type": "function", "name": name});
    let choice = json!({"type": "allowed_tools", "mode": "auto", "tools": [function("c")]});
    let ask = json!({"model": "x", "input": "?", "tool_choice": choice,
        "tools": [function("a"), function("c")]});
    let (sent, _) = translate(Caller::Responses, GEMINI, &ask);
    let declared = &sent["tools"][0]["functionDeclarations"];
    assert_eq!(declared.as_array().unwrap().len(), 1, "{sent}");
}

#[test]
fn what_is_asked_of_a_document_is_said_or_named() {
    let of_words = json!({"type": "document", "title": "T", "context": "from the archive",
        "citations": {"enabled": true}, "source": {"type": "text", "media_type": "text/plain", "data": "words"}});
    let of_pdf = json!({"type": "document", "context": "old",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}});
    let ask = json!({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": [of_words, of_pdf]}]});
    let (sent, answers) = translate(Caller::Messages, GEMINI, &ask);
    assert_eq!(
        sent["contents"][0]["parts"][0]["text"],
        "T\nfrom the archive:\nwords"
    );
    assert_eq!(answers.ignored(), Some("citations, context"));
}

#[test]
fn a_call_without_an_id_gets_one() {
    let ask = json!({"model": "x", "messages": [{"role": "user", "content": "?"}]});
    let (_, mut answers) = translate(Caller::Chat, HAIKU, &ask);
    let said = claude(
        &json!([{"type": "tool_use", "name": "w", "input": {}}]),
        "tool_use",
    );
    assert_eq!(
        answer(&mut answers, &said)["choices"][0]["message"]["tool_calls"][0]["id"],
        "call_0"
    );
}
