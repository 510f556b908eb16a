//! Rules of one word or one number, each of which a caller would notice.

use serde_json::{Value, json};

use super::round_trip_tests::{Caller, answer, translate};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer};

const HAIKU: &str = "anthropic/claude-haiku-5-5";
const OPUS: &str = "anthropic/claude-opus-5-5";
const GEMINI: &str = "google/gemini-3.1-flash-lite";
const MISTRAL: &str = "mistral/mistral-small-latest";

/// A chat with more fields.
fn ask(more: &Value) -> Value {
    let mut body = json!({"model": "x", "messages": [{"role": "user", "content": "?"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What a model is sent of a chat.
fn sent(model: &str, more: &Value) -> Value {
    translate(Caller::Chat, model, &ask(more)).0
}

fn function(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}})
}

/// Two answers of a tool, of which the second failed.
fn results(first: &str, second: &str) -> Value {
    let result = |id: &str, text: &str, failed: bool| json!({"type": "tool_result", "tool_use_id": id, "content": text, "is_error": failed});
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "w", "input": {}});
    json!({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": [call("a"), call("b")]},
        {"role": "user", "content": [result("a", first, false), result("b", second, true)]}]})
}

#[test]
fn a_model_is_told_not_to_think_where_it_can_be() {
    let none = json!({"reasoning_effort": "none"});
    let (haiku, opus) = (sent(HAIKU, &none), sent(OPUS, &none));
    assert_eq!(haiku["thinking"], json!({"type": "disabled"}));
    assert_eq!(haiku["output_config"], Value::Null);
    // One that always thinks, thinks little.
    assert_eq!(opus["thinking"], Value::Null);
    assert_eq!(opus["output_config"], json!({"effort": "low"}));
    let budget = &sent("google/gemini-2.5-pro", &none)["generationConfig"];
    assert_eq!(budget["thinkingConfig"]["thinkingBudget"], 128);
    let off = json!({"contents": [{"parts": [{"text": "?"}]}],
        "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}});
    for (model, field, told) in [
        ("openrouter/x/y", "reasoning", json!({"effort": "none"})),
        (
            "deepseek/deepseek-flash",
            "thinking",
            json!({"type": "disabled"}),
        ),
    ] {
        let (sent, _) = translate(Caller::Google, model, &off);
        assert_eq!(sent[field], told, "{model}");
        assert_eq!(sent["reasoning_effort"], Value::Null, "{model}");
    }
}

#[test]
fn no_tool_is_called_where_none_may_be() {
    let none =
        json!({"tools": [function("a")], "tool_choice": "none", "parallel_tool_calls": false});
    assert_eq!(sent(HAIKU, &none)["tool_choice"], json!({"type": "none"}));
    let calling = &sent(GEMINI, &none)["toolConfig"]["functionCallingConfig"];
    assert_eq!(calling, &json!({"mode": "NONE"}));
}

/// Anthropic takes marks for an hour before those for five minutes alone.
#[test]
fn a_mark_for_an_hour_behind_a_short_one_is_short() {
    let part = |mark: &Value| json!({"type": "text", "text": "a", "cache_control": mark});
    let (short, long) = (
        json!({"type": "ephemeral"}),
        json!({"type": "ephemeral", "ttl": "1h"}),
    );
    for (marks, written) in [
        ([&short, &long], [&short, &short]),
        ([&long, &short], [&long, &short]),
    ] {
        let parts = marks.map(part);
        let sent = sent(
            HAIKU,
            &json!({"messages": [{"role": "user", "content": parts}]}),
        );
        let blocks = &sent["messages"][0]["content"];
        let told = [&blocks[0]["cache_control"], &blocks[1]["cache_control"]];
        assert_eq!(told, written);
    }
}

#[test]
fn a_tier_has_a_word_in_each_dialect() {
    let tier = |model: &str, tier: &str, field: &str| {
        sent(model, &json!({"service_tier": tier}))[field].clone()
    };
    assert_eq!(tier(HAIKU, "default", "service_tier"), "standard_only");
    assert_eq!(tier(HAIKU, "auto", "service_tier"), Value::Null);
    for (asked, told) in [
        ("flex", "FLEX"),
        ("priority", "PRIORITY"),
        ("default", "STANDARD"),
    ] {
        assert_eq!(tier(GEMINI, asked, "serviceTier"), told);
    }
}

#[test]
fn a_temperature_is_no_higher_than_anthropic_reads() {
    let old = "anthropic/claude-sonnet-4-5";
    for (asked, told) in [(json!(1.5), json!(1)), (json!(0.3), json!(0.3))] {
        assert_eq!(
            sent(old, &json!({"temperature": asked}))["temperature"],
            told
        );
    }
}

#[test]
fn what_a_tool_failed_with_is_called_so() {
    for (first, second, told) in [
        (
            "fine",
            "no",
            [json!({"output": "fine"}), json!({"error": "no"})],
        ),
        (
            r#"{"a":1}"#,
            r#"{"b":2}"#,
            [json!({"a": 1}), json!({"error": r#"{"b":2}"#})],
        ),
    ] {
        let (sent, _) = translate(Caller::Messages, GEMINI, &results(first, second));
        let parts = &sent["contents"][2]["parts"];
        let responses = [0, 1].map(|at| parts[at]["functionResponse"]["response"].clone());
        assert_eq!(responses, told);
    }
}

#[test]
fn an_end_has_a_word_in_each_dialect() {
    let google = |reason: &str, part: &Value| json!({"candidates": [{"content": {"parts": [part]}, "finishReason": reason}]});
    let claude = |reason: &str| json!({"type": "message", "content": [{"type": "text", "text": "a"}], "stop_reason": reason});
    let (text, call) = (
        json!({"text": "a"}),
        json!({"functionCall": {"name": "w", "args": {}}}),
    );
    for (model, said, word) in [
        (GEMINI, google("STOP", &call), "tool_calls"),
        (GEMINI, google("CONTINUATION", &text), "length"),
        (GEMINI, google("SAFETY", &text), "content_filter"),
        (HAIKU, claude("pause_turn"), "length"),
        (HAIKU, claude("model_context_window_exceeded"), "length"),
        (HAIKU, claude("end_turn"), "stop"),
    ] {
        let (_, mut answers) = translate(Caller::Chat, model, &ask(&json!({})));
        assert_eq!(
            answer(&mut answers, &said)["choices"][0]["finish_reason"],
            word,
            "{said}"
        );
    }
    let response = json!({"input": "?"});
    let (_, mut answers) = translate(Caller::Responses, GEMINI, &response);
    let response = answer(&mut answers, &google("SAFETY", &text));
    assert_eq!(
        (
            &response["status"],
            &response["incomplete_details"]["reason"]
        ),
        (&json!("incomplete"), &json!("content_filter"))
    );
}

#[test]
fn calls_are_told_apart_by_their_ids_and_may_have_arguments_as_an_object() {
    let call = |id: &str, arguments: &Value| json!({"index": 0, "id": id, "type": "function", "function": {"name": "w", "arguments": arguments}});
    let said = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"content": null,
        "tool_calls": [call("a", &json!({"x": 1})), call("b", &json!("{\"x\":2}"))]}}]});
    let asked =
        json!({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]});
    let (_, mut answers) = translate(Caller::Messages, MISTRAL, &asked);
    let blocks = answer(&mut answers, &said)["content"].clone();
    let told = [0, 1].map(|at| (blocks[at]["id"].clone(), blocks[at]["input"]["x"].clone()));
    assert_eq!(told, [(json!("a"), json!(1)), (json!("b"), json!(2))]);
}

#[test]
fn ids_and_names_are_changed_only_where_a_provider_refuses_them() {
    let long = "a".repeat(41);
    let talk = |id: &str| {
        let call =
            json!({"id": id, "type": "function", "function": {"name": "w", "arguments": "{}"}});
        json!({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": id, "content": "x"}]})
    };
    let id = |id: &str| sent(HAIKU, &talk(id))["messages"][1]["content"][0]["id"].clone();
    let longest = "a".repeat(40);
    assert_eq!(id(&longest), longest);
    assert!(id(&long).as_str().unwrap().starts_with("call_"));
    let name = "b".repeat(100);
    let tools = json!({"tools": [function(&name)]});
    assert_eq!(
        sent(GEMINI, &tools)["tools"][0]["functionDeclarations"][0]["name"],
        name
    );
    assert_eq!(sent(HAIKU, &tools)["tools"][0]["name"], name);
}

#[test]
fn deepseek_is_given_back_that_it_thought_nothing() {
    let call = json!({"type": "tool_use", "id": "a", "name": "w", "input": {}});
    let asked = json!({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]}]});
    let (sent, _) = translate(Caller::Messages, "deepseek/deepseek-flash", &asked);
    assert_eq!(sent["messages"][1]["reasoning_content"], "", "{sent}");
}

#[test]
fn a_schema_inside_another_says_no_more_which_draft_it_is_of() {
    let schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "items": {"type": "string"}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "l", "schema": schema}});
    let (sent, _) = translate(
        Caller::Responses,
        MISTRAL,
        &json!({"input": "?", "text": {"format": {"type": "json_schema", "name": "l", "schema": schema}}}),
    );
    let written = sent["response_format"]["json_schema"]["schema"].clone();
    assert_eq!(
        written["properties"]["answer"],
        json!({"type": "array", "items": {"type": "string"}})
    );
    let written =
        &self::sent(HAIKU, &json!({"response_format": format}))["tools"][0]["input_schema"];
    assert_eq!(written["properties"]["answer"]["type"], "array");
}

/// Places in a text are counted in characters.
#[test]
fn a_source_stands_behind_the_text_that_it_is_of() {
    let said = json!({"type": "message", "content": [{"type": "text", "text": "äöü", "citations": [
        {"type": "web_search_result_location", "url": "https://a.example", "title": "A"}]}], "stop_reason": "end_turn"});
    let (_, mut answers) = translate(Caller::Responses, HAIKU, &json!({"input": "?"}));
    let cited = answer(&mut answers, &said)["output"][0]["content"][0]["annotations"][0].clone();
    assert_eq!(
        (&cited["url"], &cited["end_index"]),
        (&json!("https://a.example"), &json!(3))
    );
    let content = json!({"contents": [{"parts": [{"text": "?"}]}]});
    let (_, mut answers) = translate(Caller::Google, HAIKU, &content);
    let web =
        &answer(&mut answers, &said)["candidates"][0]["groundingMetadata"]["groundingChunks"][0];
    assert_eq!(web["web"]["uri"], "https://a.example");
}

#[test]
fn the_summary_of_a_thought_goes_back_with_its_signature() {
    let detail = json!({"type": "reasoning.summary", "summary": "so", "format": "anthropic-claude-v1", "signature": "S1"});
    let messages = json!([{"role": "user", "content": "?"},
        {"role": "assistant", "content": "a", "reasoning_details": [detail]}, {"role": "user", "content": "?"}]);
    let sent = sent(OPUS, &json!({"messages": messages}));
    let thought = &sent["messages"][1]["content"][0];
    assert_eq!(
        (&thought["thinking"], &thought["signature"]),
        (&json!("so"), &json!("S1"))
    );
}

#[test]
fn who_speaks_is_said_before_the_text() {
    let messages = json!([{"role": "user", "name": "mia", "content": "?"}]);
    let sent = sent(HAIKU, &json!({"messages": messages}));
    assert_eq!(sent["messages"][0]["content"][0]["text"], "mia: ?");
}

/// Google signs the end of a text in a part of its own.
#[test]
fn a_signature_behind_the_last_word_is_told_in_a_stream() {
    let (_, mut answers) = translate(Caller::Chat, GEMINI, &ask(&json!({"stream": true})));
    let parts = json!([{"text": "a"}, {"text": "", "thoughtSignature": "c2ln"}]);
    let event = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
    let mut out = Vec::new();
    answers
        .write_event(&event, event.to_string().as_bytes(), &mut out)
        .unwrap();
    answers.write_end(&mut out);
    let written = String::from_utf8(out).unwrap();
    let signed = written
        .lines()
        .filter(|line| line.contains(r#""thought_signature":"c2ln""#));
    assert_eq!(signed.count(), 1, "{written}");
}

/// A whole response without usage is counted by all that stands in it.
#[test]
fn what_a_response_calls_and_thinks_is_heard_beside_its_words() {
    let long = "x".repeat(5_000);
    let words = json!({"type": "message", "role": "assistant", "content": [
        {"type": "output_text", "text": "I will look."}]});
    for beside in [
        json!({"type": "function_call", "name": "f", "arguments": long}),
        json!({"type": "custom_tool_call", "name": "f", "input": long}),
    ] {
        let mut answer = ParsedAnswer::default();
        let response =
            json!({"object": "response", "status": "completed", "output": [words, beside]});
        AnswerFormat::Responses.read_event(&response, &mut answer);
        assert_eq!(answer.text, "I will look.");
        assert_eq!(answer.heard.written, 5_000, "{beside}");
    }
    let mut answer = ParsedAnswer::default();
    let thought = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": long}]});
    let response = json!({"object": "response", "status": "completed", "output": [words, thought]});
    AnswerFormat::Responses.read_event(&response, &mut answer);
    assert_eq!(answer.heard.thought, 5_000);
}
