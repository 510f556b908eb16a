//! What a caller's dialect has that others say in another way, or not at all.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, translate, translate_limited};

const GPT: &str = "openai/gpt-5.2";
const GEMINI: &str = "google/gemini-3.1-flash-lite";

fn refused(caller: Caller, model: &str, body: &Value) -> String {
    let refused = translate_limited(caller, model, body, None).err();
    refused.map_or_else(|| format!("{body} was taken"), |refused| refused.what)
}

/// A call of Google's dialect in which these parts are said.
fn with_parts(parts: &Value) -> Value {
    json!({"contents": [{"parts": parts}]})
}

#[test]
fn a_file_that_google_alone_opens_is_refused() {
    for address in [
        "gs://bucket/a.pdf",
        "https://generativelanguage.googleapis.com/v1beta/files/a",
        "https://youtu.be/a",
    ] {
        let file = json!({"fileData": {"fileUri": address, "mimeType": "application/pdf"}});
        assert_eq!(
            refused(Caller::Google, CLAUDE, &with_parts(&json!([file]))),
            "A file by its address at Google"
        );
    }
}

#[test]
fn a_file_without_a_type_has_that_of_its_ending() {
    let at = |address: &str| with_parts(&json!([{"fileData": {"fileUri": address}}]));
    let (sent, _) = translate(Caller::Google, CLAUDE, &at("https://a.example/b.PDF?x=1"));
    assert_eq!(sent["messages"][0]["content"][0]["type"], "document");
    for body in [
        at("https://a.example/b"),
        with_parts(&json!([{"inlineData": {"data": "AAAA"}}])),
    ] {
        assert_eq!(
            refused(Caller::Google, CLAUDE, &body),
            "`mimeType` of a file must say what the file is"
        );
    }
}

#[test]
fn an_instruction_of_googles_is_a_content_of_texts() {
    let said = |instruction: Value| {
        let mut body = with_parts(&json!([{"text": "?"}]));
        body["systemInstruction"] = instruction;
        refused(Caller::Google, GPT, &body)
    };
    assert_eq!(
        said(json!("Be brief.")),
        "`systemInstruction` must be a content, with its text in `parts`"
    );
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    assert_eq!(
        said(json!({"parts": [picture]})),
        "A part of `systemInstruction` that is no text"
    );
}

#[test]
fn a_reference_that_may_be_null_is_one_of_two() {
    let schema = json!({"type": "OBJECT", "properties": {"a": {"$ref": "#/$defs/A", "nullable": true}},
        "$defs": {"A": {"type": "STRING"}}});
    let mut body = with_parts(&json!([{"text": "?"}]));
    body["generationConfig"] =
        json!({"responseMimeType": "application/json", "responseSchema": schema});
    let (sent, _) = translate(Caller::Google, GPT, &body);
    assert_eq!(
        sent["response_format"]["json_schema"]["schema"]["properties"]["a"],
        json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]})
    );
}

#[test]
fn a_choice_among_tools_says_how() {
    let choice = json!({"type": "allowed_tools", "allowed_tools": {"mode": "some", "tools": []}});
    let body = json!({"messages": [{"role": "user", "content": "?"}], "tool_choice": choice});
    assert_eq!(
        refused(Caller::Chat, CLAUDE, &body),
        "`mode` of the allowed tools must be one of auto and required"
    );
}

#[test]
fn what_claude_code_finds_is_said_as_words() {
    let found = json!({"type": "search_result", "title": "Rome", "source": "https://a.example",
        "content": [{"type": "text", "text": "Sun"}, {"type": "text", "text": "all day"}]});
    let result = json!({"type": "tool_result", "tool_use_id": "t1",
        "content": [{"type": "tool_reference", "tool_name": "Glob"}, found]});
    let billing =
        json!({"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=1"});
    let body = json!({"max_tokens": 50, "system": [billing, {"type": "text", "text": "Be brief."}],
        "tools": [{"name": "find", "input_schema": {"type": "object"}}], "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "find", "input": {}}]},
            {"role": "user", "content": [result]}]});
    let (sent, answers) = translate(Caller::Messages, GPT, &body);
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": "Be brief."})
    );
    assert_eq!(
        sent["messages"][3]["content"],
        "Tool: Glob\n\nRome (https://a.example):\nSun\nall day"
    );
    assert_eq!(answers.ignored(), Some("x-anthropic-billing-header"));
}

#[test]
fn what_codex_says_of_itself_is_named_and_not_said() {
    let body = json!({"input": "?", "client_metadata": {"x": "y"}});
    for model in [CLAUDE, GEMINI] {
        let (sent, answers) = translate(Caller::Responses, model, &body);
        assert_eq!(answers.ignored(), Some("client_metadata"));
        assert!(!sent.to_string().contains("metadata"), "{sent}");
    }
}
