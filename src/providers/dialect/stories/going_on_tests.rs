//! What a caller keeps of an answer, and what the next call has of it: marks for
//! the cache, instructions, items and thoughts of other makers.

use serde_json::{Value, json};

use super::round_trip_tests::{CLAUDE, Caller, GEMINI, answer, send_back, translate};

const DEEPSEEK: &str = "deepseek/deepseek-v4-pro";

fn mark() -> Value {
    json!({"type": "ephemeral"})
}

/// How a call of a function is told in a chat, with its result.
fn called(result: &Value) -> Value {
    let function = json!({"name": "w", "arguments": "{}"});
    json!([{"role": "user", "content": "?"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        result])
}

#[test]
fn marks_for_the_cache_are_read_wherever_callers_put_them() {
    let tool = |more: Value| {
        let mut function = json!({"name": "w", "parameters": {"type": "object", "properties": {}}});
        for (name, value) in more.as_object().unwrap() {
            function[name] = value.clone();
        }
        json!([{"type": "function", "function": function}])
    };
    let ask = json!([{"role": "user", "content": "?"}]);
    let result = |content: Value| json!({"role": "tool", "tool_call_id": "c1", "content": content});
    let text = |more: &str| json!([{"type": "text", "text": "sun", more: mark()}]);
    let mut whole = result(json!("sun"));
    whole["cache_control"] = mark();
    for (body, place) in [
        (
            json!({"messages": called(&result(text("cache_control")))}),
            "/messages/2/content/0",
        ),
        (json!({"messages": called(&whole)}), "/messages/2/content/0"),
        (
            json!({"messages": [{"role": "user", "content": "?", "cache_control": mark()}]}),
            "/messages/0/content/0",
        ),
        (
            json!({"messages": [{"role": "system", "content": "Be brief.", "cache_control": mark()}, ask[0]]}),
            "/system/0",
        ),
        (
            json!({"messages": [{"role": "user", "content": text("prompt_cache_breakpoint")}]}),
            "/messages/0/content/0",
        ),
        (
            json!({"messages": ask, "tools": tool(json!({"cache_control": mark()}))}),
            "/tools/0",
        ),
    ] {
        let (sent, answers) = translate(Caller::Chat, CLAUDE, &body);
        let marked = &sent.pointer(place).unwrap()["cache_control"];
        assert_eq!(*marked, mark(), "{body}");
        assert_eq!(answers.ignored(), None);
    }
    let input = json!([{"role": "user", "content": [
        {"type": "input_text", "text": "?", "prompt_cache_breakpoint": {"mode": "explicit"}}]}]);
    let (sent, _) = translate(Caller::Responses, CLAUDE, &json!({"input": input}));
    assert_eq!(sent["messages"][0]["content"][0]["cache_control"], mark());
}

#[test]
fn of_many_marks_the_last_stay_and_the_others_are_named() {
    let turn = |role: &str| json!({"role": role, "content": "x", "cache_control": mark()});
    let mut messages = vec![turn("system")];
    for _ in 0..3 {
        messages.extend([turn("user"), turn("assistant")]);
    }
    messages.push(turn("user"));
    let (sent, answers) = translate(Caller::Chat, CLAUDE, &json!({"messages": messages}));
    let turns = sent["messages"].as_array().unwrap().iter();
    let marked: Vec<bool> = turns
        .map(|turn| turn["content"][0]["cache_control"].is_object())
        .collect();
    assert_eq!(marked, [false, false, false, false, true, true, true]);
    assert!(sent["system"][0]["cache_control"].is_object());
    assert_eq!(answers.ignored(), Some("cache_control (of more than 4)"));
}

#[test]
fn one_instruction_stands_before_a_chat_of_others_than_openai() {
    let body = json!({"max_tokens": 50,
        "system": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
        "messages": [{"role": "user", "content": "?"}, {"role": "system", "content": "Three."},
            {"role": "assistant", "content": "Yes."}, {"role": "system", "content": "Four."},
            {"role": "user", "content": "Go on."}]});
    let told = |model: &str| {
        let (sent, _) = translate(Caller::Messages, model, &body);
        let messages = sent["messages"].as_array().unwrap().iter();
        let told =
            messages.map(|it| format!("{}: {}", it["role"].as_str().unwrap(), it["content"]));
        told.collect::<Vec<_>>().join("\n")
    };
    for model in [
        "ollama/qwen3.8:27b",
        "groq/qwen/qwen3-32b",
        "mistral/mistral-small-latest",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(model), @r#"
            system: "One.\n\nTwo."
            user: [{"text":"?","type":"text"},{"text":"Three.","type":"text"}]
            assistant: "Yes."
            user: [{"text":"Four.","type":"text"},{"text":"Go on.","type":"text"}]
            "#);
        }
    }
    insta::assert_snapshot!(told("openai/gpt-5.2"), @r#"
    system: "One."
    system: "Two."
    user: "?"
    system: "Three."
    assistant: "Yes."
    system: "Four."
    user: "Go on."
    "#);
}

#[test]
fn a_marked_instruction_stays_marked_among_others() {
    let body = json!({"max_tokens": 50, "system": [
            {"type": "text", "text": "One.", "cache_control": mark()}, {"type": "text", "text": "Two."}],
        "messages": [{"role": "user", "content": "?"}]});
    let (sent, _) = translate(
        Caller::Messages,
        "openrouter/anthropic/claude-opus-4.6",
        &body,
    );
    let first = json!({"type": "text", "text": "One.", "cache_control": mark()});
    let second = json!({"type": "text", "text": "Two."});
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": [first, second]})
    );
}

/// An answer of a vendor's that tells thoughts and signs nothing.
fn unsigned() -> Value {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}});
    let message = json!({"role": "assistant", "reasoning": "hm", "tool_calls": [call]});
    json!({"id": "c1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}})
}

#[test]
fn a_thought_that_nobody_signed_is_known_for_one_of_another_maker() {
    let ask = json!({"input": "?", "tools": [{"type": "function", "name": "weather"}]});
    let (_, mut answers) = translate(
        Caller::Responses,
        DEEPSEEK.replace("deepseek/", "cerebras/").as_str(),
        &ask,
    );
    let told = answer(&mut answers, &unsigned());
    assert_eq!(told["output"][0]["encrypted_content"], "latchkey.other.");
    let ask = json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}]});
    let (_, mut answers) = translate(Caller::Messages, DEEPSEEK, &ask);
    let told = answer(&mut answers, &unsigned());
    assert_eq!(told["content"][0]["signature"], "latchkey.other.");
    // Whoever wants its words gets them.
    let sent = send_back(Caller::Messages, DEEPSEEK, &unsigned());
    assert_eq!(sent["messages"][1]["reasoning_content"], "hm");
}

#[test]
fn the_id_of_an_item_tells_what_it_is() {
    let ask = json!({"input": "?", "tools": [{"type": "custom", "name": "patch"},
        {"type": "function", "name": "w", "parameters": {"type": "object", "properties": {}}}]});
    let (_, mut answers) = translate(Caller::Responses, CLAUDE, &ask);
    let said = json!({"id": "m", "type": "message", "model": "c", "stop_reason": "tool_use", "content": [
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "t1", "name": "patch", "input": {"input": "x"}},
        {"type": "tool_use", "id": "t2", "name": "w", "input": {}}],
        "usage": {"input_tokens": 5, "output_tokens": 7}});
    let told = answer(&mut answers, &said);
    let ids = told["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"]);
    assert_eq!(ids.collect::<Vec<_>>(), ["msg_m_0", "ctc_m_1", "fc_m_2"]);
}

#[test]
fn an_empty_answer_has_a_part_at_google() {
    let ask = json!({"contents": [{"parts": [{"text": "?"}]}]});
    let (_, mut answers) = translate(Caller::Google, CLAUDE, &ask);
    let said = json!({"id": "m", "type": "message", "model": "c", "stop_reason": "end_turn", "content": [],
        "usage": {"input_tokens": 5, "output_tokens": 7}});
    let told = answer(&mut answers, &said);
    assert_eq!(
        told["candidates"][0]["content"]["parts"],
        json!([{"text": ""}])
    );
}

#[test]
fn what_a_provider_would_have_to_keep_is_refused_with_a_way_out() {
    let refused = |more: Value| {
        let refused =
            super::round_trip_tests::translate_limited(Caller::Responses, GEMINI, &more, None);
        refused.err().unwrap().what
    };
    insta::assert_snapshot!(refused(json!({"input": [{"type": "item_reference", "id": "rs_1"}]})), @"An `item_reference`, in whose place a client that is told `store: false` writes the item,");
    insta::assert_snapshot!(refused(json!({"input": "?", "background": true})), @"`background`, which needs a provider that keeps responses,");
}

/// Anthropic's automatic caching: a mark on the whole call.
#[test]
fn a_mark_on_the_whole_call_reaches_those_who_choose_by_themselves() {
    let ask = json!([{"role": "user", "content": "?"}]);
    let long = json!({"type": "ephemeral", "ttl": "1h"});
    for (caller, body) in [
        (
            Caller::Chat,
            json!({"messages": ask, "cache_control": long}),
        ),
        (
            Caller::Responses,
            json!({"input": "?", "cache_control": long}),
        ),
    ] {
        let (sent, answers) = translate(caller, CLAUDE, &body);
        assert_eq!((&sent["cache_control"], answers.ignored()), (&long, None));
    }
    let body = json!({"max_tokens": 50, "messages": ask, "cache_control": mark()});
    for (model, told, ignored) in [
        ("openrouter/anthropic/claude-opus-5-5", mark(), None),
        (
            "openrouter/google/gemini-3.5-flash",
            Value::Null,
            Some("cache_control"),
        ),
        (GEMINI, Value::Null, Some("cache_control")),
        (DEEPSEEK, Value::Null, Some("cache_control")),
        ("openai/gpt-5.2", Value::Null, Some("cache_control")),
    ] {
        let (sent, answers) = translate(Caller::Messages, model, &body);
        let told = (&told, ignored);
        assert_eq!((&sent["cache_control"], answers.ignored()), told, "{model}");
    }
    // It is one of the four, and the last of them.
    let turn = |text: &str| json!({"role": "user", "content": text, "cache_control": mark()});
    let messages = ["a", "b", "c", "d"].map(turn);
    let body = json!({"messages": messages, "cache_control": long});
    let (sent, answers) = translate(Caller::Chat, CLAUDE, &body);
    let marks = sent["messages"]
        .to_string()
        .matches("cache_control")
        .count();
    assert_eq!((marks, &sent["cache_control"]), (3, &mark()));
    assert_eq!(answers.ignored(), Some("cache_control (of more than 4)"));
}

#[test]
fn marks_are_breakpoints_in_openais_responses_where_the_model_takes_them() {
    let text = |text: &str| json!({"type": "text", "text": text, "cache_control": mark()});
    let picture = json!({"type": "image", "cache_control": mark(),
        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let call = json!({"type": "tool_use", "id": "c1", "name": "w", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": "sun"});
    let body = |result: &Value| {
        json!({"max_tokens": 50, "system": [text("Be brief.")],
            "tools": [{"name": "w", "input_schema": {"type": "object"}}],
            "messages": [{"role": "user", "content": [picture, text("?")]},
                {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]},
                {"role": "user", "content": [text("Go on.")]}]})
    };
    let (sent, answers) = translate(Caller::Messages, "openai/gpt-6-luna", &body(&result));
    let end = json!({"mode": "explicit"});
    for place in [
        "/0/content/0",
        "/1/content/0",
        "/1/content/1",
        "/4/content/0",
    ] {
        let part = sent["input"].pointer(place).unwrap();
        assert_eq!(part["prompt_cache_breakpoint"], end, "{place} of {sent}");
    }
    assert_eq!(answers.ignored(), None);
    let mut marked = result;
    marked["cache_control"] = mark();
    let (_, answers) = translate(Caller::Messages, "openai/gpt-6-luna", &body(&marked));
    assert_eq!(
        answers.ignored(),
        Some("cache_control (but for what is said)")
    );
    let mut older = body(&marked);
    older["output_config"] = json!({"effort": "high"});
    let (sent, answers) = translate(Caller::Messages, "openai/gpt-5.4", &older);
    assert!(sent["input"].is_array() && !sent.to_string().contains("breakpoint"));
    assert_eq!(answers.ignored(), Some("cache_control"));
}

#[test]
fn what_stands_inside_other_fields_and_has_no_words_is_named() {
    let body = json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "c2ln"},
                {"type": "text", "text": "a"}]}, {"role": "user", "content": "?"}],
        "tools": [{"name": "w", "input_schema": {"type": "object"}, "input_examples": [{}],
            "eager_input_streaming": true, "defer_loading": null}],
        "output_config": {"effort": "low", "task_budget": {"type": "tokens", "total": 9}}});
    for model in [
        "openai/gpt-6-luna",
        "openai/gpt-5.2",
        "groq/openai/gpt-oss-20b",
    ] {
        let (_, answers) = translate(Caller::Messages, model, &body);
        let told = "eager_input_streaming (of tools), input_examples (of tools), task_budget (of output_config), thinking";
        assert_eq!(answers.ignored(), Some(told), "{model}");
    }
    let body = json!({"contents": [{"parts": [{"text": "?", "mediaResolution": {"level": "HIGH"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}, "retrievalConfig": {}},
        "tools": [{"functionDeclarations": [{"name": "w", "behavior": "BLOCKING"}]}]});
    let (_, answers) = translate(Caller::Google, "openai/gpt-5.2", &body);
    let told =
        "behavior (of functions), retrievalConfig (of toolConfig), mediaResolution (of parts)";
    assert_eq!(answers.ignored(), Some(told));
}

/// OpenRouter has a place for a mark on a text alone.
#[test]
fn a_mark_that_has_no_place_at_openrouter_is_named() {
    let picture = json!({"type": "image", "cache_control": mark(),
        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let call =
        json!({"type": "tool_use", "id": "c1", "name": "w", "input": {}, "cache_control": mark()});
    let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": "sun", "cache_control": mark()});
    let ask = json!({"role": "user", "content": "?"});
    let answer = json!({"role": "assistant", "content": [call]});
    let plain = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "w", "input": {}}]});
    let told = json!({"role": "user", "content": [result]});
    for (messages, ignored) in [
        (
            json!([{"role": "user", "content": [picture]}]),
            Some("cache_control (but of texts)"),
        ),
        (
            json!([ask, answer, told]),
            Some("cache_control (but of texts)"),
        ),
        (json!([ask, plain, told]), None),
    ] {
        let body = json!({"max_tokens": 50, "messages": messages});
        let (sent, answers) = translate(
            Caller::Messages,
            "openrouter/anthropic/claude-opus-5-5",
            &body,
        );
        assert_eq!(answers.ignored(), ignored, "{messages}");
        let marks = sent.to_string().matches("cache_control").count();
        assert_eq!(marks, usize::from(messages[2].is_object()), "{sent}");
    }
}

/// Moonshot refuses a call of its models' without what they thought, and takes
/// a blank for it; which of its models may be told not to think is told.
#[test]
fn moonshot_is_given_a_thought_with_each_call() {
    let call = json!({"type": "tool_use", "id": "c1", "name": "w", "input": {}});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"});
    let talk = |said: Value| {
        json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"},
            {"role": "assistant", "content": said},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "x"}]}]})
    };
    for (said, told) in [(json!([call]), " "), (json!([thought, call]), "hm")] {
        let (sent, _) = translate(Caller::Messages, "moonshot/kimi-k2.6", &talk(said));
        assert_eq!(sent["messages"][1]["reasoning_content"], told, "{sent}");
    }
    for (model, told, ignored) in [
        ("moonshot/kimi-k2.6", json!("disabled"), None),
        ("moonshot/kimi-k3", Value::Null, Some("reasoning_effort")),
    ] {
        let body = json!({"max_tokens": 50, "thinking": {"type": "disabled"},
            "messages": [{"role": "user", "content": "?"}]});
        let (sent, answers) = translate(Caller::Messages, model, &body);
        assert_eq!(
            (&sent["thinking"]["type"], answers.ignored()),
            (&told, ignored),
            "{model}"
        );
    }
}
