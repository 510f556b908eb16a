//! The emulated `OpenAI` refuses what the real one refuses of its models that
//! reason, in a chat and in its Responses, and of those that make pictures:
//! `docs/providers.md` §7.6, §8 and §14.1.

use serde_json::{Value, json};

use super::program::Program;
use super::{good, run};

const CHAT: &str = "/openai/v1/chat/completions";
const RESPONSES: &str = "/openai/v1/responses";
const PICTURES: &str = "/openai/v1/images/generations";
const EDITS: &str = "/openai/v1/images/edits";

/// A body with more fields, and what is refused of it: the status, the place
/// and the code, or nothing.
type Rule = (&'static str, &'static str, Value, &'static str);

fn function(parameters: &Value, strict: bool) -> Value {
    json!({"type": "function", "function": {"name": "weather", "parameters": parameters, "strict": strict}})
}

fn open_parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}})
}

#[expect(clippy::too_many_lines, reason = "one line for each rule")]
fn chat_rules() -> Vec<Rule> {
    let tools = || json!([function(&open_parameters(), false)]);
    let with_tools = |effort: Value| json!({"tools": tools(), "reasoning_effort": effort});
    vec![
        (
            CHAT,
            "gpt-6-luna",
            with_tools(Value::Null),
            "400 reasoning_effort null",
        ),
        (
            CHAT,
            "gpt-6-luna",
            with_tools(json!("high")),
            "400 reasoning_effort null",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"response_format": {"type": "json_object"}}),
            "400 messages null",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"response_format": {"type": "json_object"},
                "messages": [{"role": "system", "content": "In JSON."}, {"role": "user", "content": "ten?"}]}),
            "200",
        ),
        (CHAT, "gpt-6-luna", with_tools(json!("none")), "200"),
        (
            CHAT,
            "gpt-6-luna",
            json!({"reasoning_effort": "high"}),
            "200",
        ),
        (
            CHAT,
            "gpt-6-astra",
            with_tools(json!("none")),
            "400 reasoning_effort unsupported_value",
        ),
        (
            CHAT,
            "gpt-6-astra",
            with_tools(Value::Null),
            "400 reasoning_effort null",
        ),
        (
            CHAT,
            "gpt-5.4",
            with_tools(json!("low")),
            "400 reasoning_effort null",
        ),
        (CHAT, "gpt-5.2", with_tools(json!("low")), "200"),
        (
            CHAT,
            "gpt-5.6",
            json!({"reasoning_effort": "minimal"}),
            "400 reasoning_effort unsupported_value",
        ),
        (
            CHAT,
            "gpt-4.1",
            json!({"reasoning_effort": "low"}),
            "400 reasoning_effort unsupported_parameter",
        ),
        (CHAT, "gpt-5.1-codex", json!({}), "404 model null"),
        (
            CHAT,
            "gpt-6-luna",
            json!({"max_tokens": 9}),
            "400 max_tokens unsupported_parameter",
        ),
        (CHAT, "gpt-4.1", json!({"max_tokens": 9}), "200"),
        (
            CHAT,
            "gpt-6-luna",
            json!({"temperature": 0.2}),
            "400 temperature unsupported_value",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"temperature": 1, "top_p": 1.0, "presence_penalty": 0}),
            "200",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"top_p": 0.5}),
            "400 top_p unsupported_parameter",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"stop": ["x"]}),
            "400 stop unsupported_parameter",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"logprobs": true}),
            "400 logprobs unsupported_parameter",
        ),
        (
            CHAT,
            "gpt-6-luna",
            json!({"top_p": 0.5, "reasoning_effort": "none"}),
            "200",
        ),
        (CHAT, "gpt-4.1", json!({"top_p": 0.5, "stop": ["x"]}), "200"),
        (
            CHAT,
            "gpt-4.1",
            json!({"tools": [function(&open_parameters(), true)]}),
            "400 tools[0].function.parameters invalid_function_parameters",
        ),
    ]
}

/// Types, ranges, and what a field needs beside it.
fn field_rules() -> Vec<Rule> {
    let with = |more: Value, told: &'static str| (CHAT, "gpt-4.1", more, told);
    let says = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    vec![
        with(json!({"temperature": "a"}), "400 temperature invalid_type"),
        with(
            json!({"temperature": -1}),
            "400 temperature decimal_below_min_value",
        ),
        with(json!({"top_p": 1.5}), "400 top_p decimal_above_max_value"),
        with(json!({"stream": "yes"}), "400 stream invalid_type"),
        with(
            json!({"max_tokens": 0}),
            "400 max_tokens integer_below_min_value",
        ),
        with(json!({"max_tokens": 32_768}), "200"),
        with(
            json!({"max_tokens": 32_769}),
            "400 max_tokens invalid_value",
        ),
        with(json!({"tool_choice": "auto"}), "400 tool_choice null"),
        with(
            json!({"parallel_tool_calls": false}),
            "400 parallel_tool_calls null",
        ),
        with(
            json!({"stream_options": {"include_usage": true}}),
            "400 stream_options null",
        ),
        with(json!({"top_logprobs": 2}), "400 top_logprobs null"),
        with(
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}}),
            "400 response_format.json_schema.name missing_required_parameter",
        ),
        with(
            json!({"metadata": {"a": "x".repeat(513)}}),
            "400 metadata.a string_above_max_length",
        ),
        with(says(Value::Null), "400 messages.[0].content null"),
        with(
            says(json!([{"type": "made_up"}])),
            "400 messages[0].content[0].type invalid_value",
        ),
        with(
            says(json!([{"type": "image_url", "image_url": {"url": "ftp://a"}}])),
            "400 messages[0] invalid_image_url",
        ),
        (CHAT, "gpt-nope", json!({}), "404 null model_not_found"),
        (
            RESPONSES,
            "gpt-nope",
            json!({}),
            "400 model model_not_found",
        ),
        (
            RESPONSES,
            "gpt-4.1",
            json!({"temperature": 3}),
            "400 temperature decimal_above_max_value",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one line for each rule")]
fn response_rules() -> Vec<Rule> {
    let input = |items: Value| json!({"input": items});
    let call =
        || json!({"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"});
    let output = || json!({"type": "function_call_output", "call_id": "c", "output": "sun"});
    let thought =
        |seal: &str| json!({"type": "reasoning", "summary": [], "encrypted_content": seal});
    let sealed = || thought("bWFkZS11cA==");
    let function = |strict: Value| json!({"tools": [{"type": "function", "name": "weather", "parameters": open_parameters(), "strict": strict}]});
    let said =
        |part: &str| json!([{"role": "assistant", "content": [{"type": part, "text": "x"}]}]);
    vec![
        (RESPONSES, "gpt-6-luna", function(json!(false)), "200"),
        (
            RESPONSES,
            "gpt-6-luna",
            function(json!(true)),
            "400 tools[0].parameters invalid_function_parameters",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"temperature": 0.2}),
            "400 temperature unsupported_parameter",
        ),
        (
            RESPONSES,
            "gpt-6-astra",
            json!({"reasoning": {"effort": "max"}}),
            "200",
        ),
        (
            RESPONSES,
            "gpt-6-astra",
            json!({"reasoning": {"effort": "none"}}),
            "400 reasoning.effort unsupported_value",
        ),
        (
            RESPONSES,
            "gpt-4.1",
            json!({"include": ["reasoning.encrypted_content"]}),
            "400 include null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"include": ["message.output_text.logprobs"], "top_logprobs": 3}),
            "400 include unsupported_parameter",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"tool_choice": "required"}),
            "400 tool_choice null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"max_output_tokens": 15}),
            "400 max_output_tokens integer_below_min_value",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"text": {"format": {"type": "json_object"}}, "instructions": "JSON, please.",
                "input": [call(), {"type": "function_call_output", "call_id": "c", "output": "JSON"}]}),
            "400 text.format null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            json!({"text": {"format": {"type": "json_object"}}}),
            "400 text.format null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([call()])),
            "400 input null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([output()])),
            "400 input null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([call(), output()])),
            "200",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([sealed(), call(), output()])),
            "200",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([call(), sealed(), output()])),
            "400 input null",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([thought("latchkey.anthropic.x"), call(), output()])),
            "400 null invalid_encrypted_content",
        ),
        (RESPONSES, "gpt-6-luna", input(said("output_text")), "200"),
        (
            RESPONSES,
            "gpt-6-luna",
            input(said("input_text")),
            "400 input[0].content[0] invalid_value",
        ),
        (
            RESPONSES,
            "gpt-6-luna",
            input(json!([{"type": "message", "id": "x_1", "role": "user", "content": "hi"}])),
            "400 input[0].id invalid_value",
        ),
    ]
}

fn picture_rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for path in [PICTURES, EDITS] {
        rules.extend([
            (
                path,
                "gpt-image-2",
                json!({"n": 11}),
                "400 n integer_above_max_value",
            ),
            (
                path,
                "gpt-image-2",
                json!({"n": 0}),
                "400 n integer_below_min_value",
            ),
        ]);
    }
    rules
}

#[tokio::test]
async fn models_refuse_what_they_refuse_at_openai() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let rules = chat_rules().into_iter().chain(field_rules());
        let rules = rules.chain(response_rules());
        for (path, model, more, expected) in rules.chain(picture_rules()) {
            stage.clock.advance_ms(1_000);
            let mut body = json!({"model": model});
            match path {
                CHAT => body["messages"] = json!([{"role": "user", "content": "count"}]),
                RESPONSES => body["input"] = json!("count"),
                _ => body["prompt"] = json!("a lighthouse"),
            }
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = program.posts(path, &body).await;
            let error = &answer.json()["error"];
            let told = match answer.status {
                200 => "200".to_owned(),
                status => {
                    let word = |value: &Value| value.to_string().replace('"', "");
                    format!(
                        "{status} {} {}",
                        word(&error["param"]),
                        word(&error["code"])
                    )
                }
            };
            assert_eq!(told, expected, "{path} {body}: {}", answer.text);
        }
    })
    .await;
}
