//! What a caller's dialect has that others say in another way, or not at all.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, GEMINI, answer, translate, translate_limited};

const GPT: &str = "openai/gpt-5.2";

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

#[test]
fn thinking_is_read_in_the_words_of_the_vendors_own_layers() {
    let ask = |name: &str, value: Value| {
        let mut body = json!({"max_tokens": 5_000, "messages": [{"role": "user", "content": "?"}]});
        body[name] = value;
        body
    };
    let budget = json!({"type": "enabled", "budget_tokens": 2_000});
    let (sent, _) = translate(
        Caller::Chat,
        "anthropic/claude-haiku-4-5",
        &ask("thinking", budget),
    );
    assert_eq!(sent["thinking"]["budget_tokens"], 2_000);
    let off = json!({"type": "disabled"});
    let (sent, _) = translate(
        Caller::Chat,
        "anthropic/claude-haiku-5-5",
        &ask("thinking", off),
    );
    assert_eq!(sent["thinking"]["type"], "disabled");
    let config = |more: Value| json!({"google": {"thinking_config": more}});
    let shown = config(json!({"thinking_level": "low", "include_thoughts": true}));
    let (sent, _) = translate(Caller::Chat, GEMINI, &ask("extra_body", shown));
    let config_sent = &sent["generationConfig"]["thinkingConfig"];
    assert_eq!(config_sent["includeThoughts"], true);
    assert!(config_sent["thinkingLevel"].is_string(), "{sent}");
    let budget = config(json!({"thinking_budget": 3_000}));
    let (sent, _) = translate(
        Caller::Chat,
        "google/gemini-2.5-flash",
        &ask("extra_body", budget),
    );
    let config_sent = &sent["generationConfig"]["thinkingConfig"];
    assert_eq!(config_sent["thinkingBudget"], 3_000);
    let other = json!({"google": {"cached_content": "x"}});
    let what = refused(Caller::Chat, GEMINI, &ask("extra_body", other));
    assert_eq!(what, "`extra_body.google.cached_content`");
}

/// A schema that Anthropic's grammar cannot keep is told to the model in words.
#[test]
fn a_schema_that_no_grammar_keeps_is_asked_for_in_words() {
    let tree = json!({"type": "object", "properties": {"child": {"$ref": "#"}}});
    let names = json!({"type": "object", "additionalProperties": {"type": "string"}});
    for schema in [tree, names] {
        let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": true}});
        let ask =
            json!({"messages": [{"role": "user", "content": "?"}], "response_format": format});
        let (sent, mut answers) = translate(Caller::Chat, CLAUDE, &ask);
        assert!(sent["output_config"]["format"].is_null(), "{sent}");
        let told = sent["system"][0]["text"].as_str().unwrap();
        assert!(told.ends_with(&format!("JSON schema: {schema}")), "{told}");
        assert_eq!(answers.ignored(), Some("strict"));
        let said = json!({"id": "m", "type": "message", "model": "c", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "```json\n{\"child\": {}}\n```"}],
            "usage": {"input_tokens": 5, "output_tokens": 7}});
        let heard = answer(&mut answers, &said);
        assert_eq!(heard["choices"][0]["message"]["content"], "{\"child\": {}}");
        // A model that is made to call a tool is given it there.
        let (sent, _) = translate(Caller::Chat, "anthropic/claude-haiku-5-5", &ask);
        assert_eq!(sent["tool_choice"]["name"], "answer_in_json");
    }
}

#[test]
fn older_functions_are_called_in_their_own_words() {
    let weather = json!({"name": "weather", "parameters": {"type": "object", "properties": {}}});
    let ask = json!({"messages": [{"role": "user", "content": "?"}], "functions": [weather]});
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": "Rome"}});
    let said = json!({"id": "m", "type": "message", "model": "c", "stop_reason": "tool_use",
        "content": [call("t1"), call("t2")], "usage": {"input_tokens": 5, "output_tokens": 7}});
    let (_, mut answers) = translate(Caller::Chat, CLAUDE, &ask);
    let heard = answer(&mut answers, &said);
    let choice = &heard["choices"][0];
    assert_eq!(choice["finish_reason"], "function_call");
    let function = json!({"name": "weather", "arguments": "{\"city\":\"Rome\"}"});
    assert_eq!(choice["message"]["function_call"], function);
    assert!(choice["message"].get("tool_calls").is_none());
    let (_, mut answers) = translate(Caller::Chat, CLAUDE, &ask);
    let mut out = Vec::new();
    let data = said.to_string();
    answers
        .write_whole_as_stream(&said, data.as_bytes(), &mut out)
        .unwrap();
    let stream = String::from_utf8(out).unwrap();
    assert_eq!(
        stream.matches("\"name\":\"weather\"").count(),
        1,
        "{stream}"
    );
    assert!(
        stream.contains("\"finish_reason\":\"function_call\"") && !stream.contains("tool_calls"),
        "{stream}"
    );
}

/// What the receipt estimates, the answer says too.
#[test]
fn an_answer_that_nobody_counted_says_what_it_is_taken_for() {
    let ask = json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}]});
    let message = json!({"role": "assistant", "content": "nine letters and more"});
    let said = json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "message": message, "finish_reason": "stop"}]});
    let (_, mut answers) = translate(Caller::Messages, "mistral/mistral-small-latest", &ask);
    answers.expect_prompt(7);
    let told = answer(&mut answers, &said);
    let usage = &told["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"]),
        (&json!(7), &json!(6))
    );
    let (_, mut answers) = translate(Caller::Messages, "mistral/mistral-small-latest", &ask);
    answers.expect_prompt(7);
    let mut out = Vec::new();
    let data = said.to_string();
    answers
        .write_whole_as_stream(&said, data.as_bytes(), &mut out)
        .unwrap();
    let stream = String::from_utf8(out).unwrap();
    let (_, end) = stream.split_once("event: message_delta").unwrap();
    assert!(
        end.contains("\"input_tokens\":7,") && end.contains("\"output_tokens\":6,"),
        "{end}"
    );
}
