//! What clients and servers of others were reported to send, each with the
//! report.

use serde_json::{Value, json};

use super::round_trip_tests::{Caller, GEMINI, translate};

const MISTRAL: &str = "mistral/mistral-small-latest";
/// It takes tools in OpenAI's Responses alone.
const GPT: &str = "openai/gpt-6-luna";
/// It is told a budget for its thinking.
const SONNET: &str = "anthropic/claude-sonnet-4-5";

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}})
}

fn tool_use(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "w", "input": {"city": "Rome"}})
}

fn tool_result(id: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": "sun"})
}

/// <https://github.com/BerriAI/litellm/issues/25669>: clients that put
/// Anthropic's tools, calls and results into a chat.
#[test]
fn anthropics_words_in_a_chat_are_read() {
    let said = |messages: Value| {
        json!({"messages": messages,
        "tools": [{"name": "w", "description": "d", "input_schema": schema()}]})
    };
    let body = said(json!([{"role": "user", "content": "?"},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}, tool_use("t1")]},
        {"role": "user", "content": [tool_result("t1"), {"type": "text", "text": "go on"}]}]));
    let (sent, _) = translate(Caller::Chat, GEMINI, &body);
    let contents = &sent["contents"];
    let call = &contents[1]["parts"][1]["functionCall"];
    let result = &contents[2]["parts"][0]["functionResponse"];
    assert_eq!(
        (&call["id"], &call["args"]),
        (&json!("t1"), &json!({"city": "Rome"}))
    );
    assert_eq!(
        (&result["id"], &result["response"]),
        (&json!("t1"), &json!({"output": "sun"}))
    );
    assert_eq!(contents[2]["parts"][1]["text"], "go on");
    let declared = &sent["tools"][0]["functionDeclarations"][0];
    assert_eq!(
        (&declared["name"], &declared["parametersJsonSchema"]),
        (&json!("w"), &schema())
    );
    let picture = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let (sent, _) = translate(
        Caller::Chat,
        GEMINI,
        &said(json!([{"role": "user", "content": [picture]}])),
    );
    assert_eq!(
        sent["contents"][0]["parts"][0]["inlineData"]["mimeType"],
        "image/png"
    );
}

/// <https://github.com/BerriAI/litellm/issues/27276>
#[test]
fn a_function_in_a_response_may_be_written_as_in_a_chat() {
    let function = json!({"name": "w", "description": "d", "parameters": schema()});
    let body = json!({"input": "?", "tools": [{"type": "function", "function": function}]});
    let (sent, _) = translate(Caller::Responses, MISTRAL, &body);
    assert_eq!(sent["tools"][0]["function"], function);
}

/// <https://github.com/BerriAI/litellm/issues/25321>: servers that tell the
/// arguments of a call once, at its end.
#[test]
fn arguments_that_come_whole_are_told() {
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "w", "arguments": ""});
    let response = |status: &str| json!({"id": "resp_1", "object": "response", "model": "m", "status": status, "output": []});
    let events = [
        json!({"type": "response.created", "response": response("in_progress")}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": call}),
        json!({"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{\"city\":\"Rome\"}"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call}),
        json!({"type": "response.completed", "response": response("completed")}),
    ];
    let body = json!({"max_tokens": 50, "messages": [{"role": "user", "content": "?"}],
        "tools": [{"name": "w", "input_schema": schema()}]});
    let (_, mut answers) = translate(Caller::Messages, GPT, &body);
    let mut out = Vec::new();
    for event in &events {
        let data = event.to_string();
        answers
            .write_event(event, data.as_bytes(), &mut out)
            .unwrap();
    }
    answers.write_end(&mut out);
    let told = String::from_utf8(out).unwrap();
    assert_eq!(told.matches("Rome").count(), 1, "{told}");
}

/// <https://github.com/BerriAI/litellm/issues/15601>: many clients of OpenAI's
/// chat give nothing back of what a model thought before it called a tool.
#[test]
fn a_model_with_a_budget_thinks_no_more_where_its_thought_is_lost() {
    let function = json!({"name": "w", "parameters": schema()});
    let call =
        json!({"id": "t1", "type": "function", "function": {"name": "w", "arguments": "{}"}});
    let body = |details: Value| {
        json!({"max_tokens": 5_000, "reasoning_effort": "low", "tools": [{"type": "function", "function": function}],
            "messages": [{"role": "user", "content": "?"},
                {"role": "assistant", "content": null, "tool_calls": [call], "reasoning_details": details},
                {"role": "tool", "tool_call_id": "t1", "content": "sun"}]})
    };
    let (sent, answers) = translate(Caller::Chat, SONNET, &body(Value::Null));
    assert_eq!(
        (&sent["thinking"], answers.ignored()),
        (&Value::Null, Some("reasoning_effort"))
    );
    let own = json!([{"type": "reasoning.text", "text": "so", "signature": "c2ln", "format": "anthropic-claude-v1"}]);
    let (sent, answers) = translate(Caller::Chat, SONNET, &body(own));
    assert_eq!(
        (&sent["thinking"]["type"], answers.ignored()),
        (&json!("enabled"), None)
    );
    assert_eq!(sent["messages"][1]["content"][0]["type"], "thinking");
    // A model that thinks as much as it finds right goes on thinking.
    let newer = "anthropic/claude-sonnet-4-6";
    let (sent, _) = translate(Caller::Chat, newer, &body(Value::Null));
    assert_eq!(sent["thinking"]["type"], "adaptive");
}

/// <https://github.com/ogx-ai/ogx/pull/6367>,
/// <https://github.com/decolua/9router/issues/2393>: words before results.
#[test]
fn results_stand_behind_their_calls_whatever_is_said_before_them() {
    let text = |text: &str| json!({"type": "text", "text": text});
    let body = json!({"max_tokens": 50, "tools": [{"name": "w", "input_schema": schema()}], "messages": [
        {"role": "user", "content": "?"}, {"role": "assistant", "content": [tool_use("t1"), tool_use("t2")]},
        {"role": "user", "content": [text("and Oslo?"), tool_result("t1"), text("b"), tool_result("t2")]}]});
    let roles = |sent: &Value| -> Vec<String> {
        let messages = sent["messages"].as_array().unwrap().iter();
        messages
            .map(|it| it["role"].as_str().unwrap().to_owned())
            .collect()
    };
    let (sent, _) = translate(Caller::Messages, MISTRAL, &body);
    assert_eq!(roles(&sent), ["user", "assistant", "tool", "tool", "user"]);
    let part = |name: &str, inner: Value| json!({name: inner});
    let call = || part("functionCall", json!({"name": "w", "args": {}}));
    let result = || {
        part(
            "functionResponse",
            json!({"name": "w", "response": {"r": 1}}),
        )
    };
    let body = json!({"tools": [{"functionDeclarations": [{"name": "w"}]}], "contents": [
        {"role": "user", "parts": [{"text": "?"}]}, {"role": "model", "parts": [{"text": "wait"}, call(), call()]},
        {"role": "user", "parts": [{"text": "x"}, result(), {"text": "y"}]}, {"role": "user", "parts": [result()]}]});
    let (sent, _) = translate(Caller::Google, MISTRAL, &body);
    assert_eq!(roles(&sent), ["user", "assistant", "tool", "tool", "user"]);
    let ids = |at: usize, field: &str| sent["messages"][at].pointer(field).unwrap().clone();
    assert_eq!(ids(1, "/tool_calls/0/id"), ids(2, "/tool_call_id"));
    assert_eq!(ids(1, "/tool_calls/1/id"), ids(3, "/tool_call_id"));
}
