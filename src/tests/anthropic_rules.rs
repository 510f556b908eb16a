//! The emulated Anthropic refuses of each family of models what the real one
//! refuses: `docs/providers.md` §9.1, §9.4 and §9.5.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::program::{Program, send};
use super::{good, run};

const MESSAGES: &str = "/anthropic/v1/messages";
const COUNT: &str = "/anthropic/v1/messages/count_tokens";

const OLD: &str = "2023-06-01";
const NEW: &str = "2026-10-21";

/// Calls: the address, the version of the API, the model, and the fields beside
/// the question.
const CALLS: [(&str, &str, &str, &str); 11] = [
    (MESSAGES, OLD, "claude-opus-5-5", "{}"),
    (COUNT, OLD, "claude-opus-5-5", "{}"),
    (
        MESSAGES,
        OLD,
        "claude-opus-5-5",
        r#"{"max_tokens":9,"temperature":0.2}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-opus-4-7",
        r#"{"max_tokens":9,"top_k":5}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-opus-4-7",
        r#"{"max_tokens":9,"temperature":1.0}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-sonnet-4-6",
        r#"{"max_tokens":9,"temperature":0.2,"top_k":5}"#,
    ),
    (
        MESSAGES,
        NEW,
        "claude-sonnet-4-6",
        r#"{"max_tokens":9,"temperature":1.0}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-haiku-4-5",
        r#"{"max_tokens":9,"temperature":0.2,"top_p":0.5}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-sonnet-4-20250514",
        r#"{"max_tokens":64001}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-opus-4-20250514",
        r#"{"max_tokens":32001}"#,
    ),
    (
        MESSAGES,
        OLD,
        "claude-3-5-haiku-20241022",
        r#"{"max_tokens":8193}"#,
    ),
];

/// What a call is answered with: 200, or the words of the refusal.
async fn answer_of(program: &Program, path: &str, version: &str, body: &Value) -> String {
    let call = program.call("POST", path);
    let answer = send(call.header("anthropic-version", version).json(body)).await;
    match answer.status {
        200 => "200".to_owned(),
        status => format!(
            "{status} {}",
            answer.json()["error"]["message"]
                .as_str()
                .unwrap_or_default()
        ),
    }
}

#[tokio::test]
async fn models_take_the_limits_and_the_sampling_of_their_families() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut shown = String::new();
        for (path, version, model, more) in CALLS {
            let more: Value = serde_json::from_str(more).unwrap();
            let mut body =
                json!({"model": model, "messages": [{"role": "user", "content": "count"}]});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let told = answer_of(&program, path, version, &body).await;
            let _ = writeln!(shown, "{version} {model} {more}: {told}");
        }
        insta::assert_snapshot!(shown, @r#"
        2023-06-01 claude-opus-5-5 {}: 400 max_tokens: Field required
        2023-06-01 claude-opus-5-5 {}: 200
        2023-06-01 claude-opus-5-5 {"max_tokens":9,"temperature":0.2}: 400 `temperature` is deprecated for this model.
        2023-06-01 claude-opus-4-7 {"max_tokens":9,"top_k":5}: 400 `top_k` is deprecated for this model.
        2023-06-01 claude-opus-4-7 {"max_tokens":9,"temperature":1.0}: 200
        2023-06-01 claude-sonnet-4-6 {"max_tokens":9,"temperature":0.2,"top_k":5}: 200
        2026-10-21 claude-sonnet-4-6 {"max_tokens":9,"temperature":1.0}: 400 temperature: Extra inputs are not permitted
        2023-06-01 claude-haiku-4-5 {"max_tokens":9,"temperature":0.2,"top_p":0.5}: 400 `temperature` and `top_p` cannot both be specified for this model. Please use only one.
        2023-06-01 claude-sonnet-4-20250514 {"max_tokens":64001}: 400 max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-20250514
        2023-06-01 claude-opus-4-20250514 {"max_tokens":32001}: 400 max_tokens: 32001 > 32000, which is the maximum allowed number of output tokens for claude-opus-4-20250514
        2023-06-01 claude-3-5-haiku-20241022 {"max_tokens":8193}: 400 max_tokens: 8193 > 8192, which is the maximum allowed number of output tokens for claude-3-5-haiku-20241022
        "#);
    })
    .await;
}

/// Models, fields beside a question, and what is refused of them.
#[expect(clippy::too_many_lines, reason = "one row for each rule")]
fn rules() -> Vec<(&'static str, Value, &'static str)> {
    let tool = |schema: Value| json!({"name": "w", "input_schema": schema});
    let with_tool = |schema: Value| json!({"tools": [tool(schema)]});
    let empty = || json!({"type": "object", "properties": {}});
    let says = |blocks: Value| json!({"messages": [{"role": "user", "content": blocks}]});
    let thinks = |budget: u64| json!({"thinking": {"type": "enabled", "budget_tokens": budget}});
    let strict =
        |at: u64| json!({"name": format!("w{at}"), "strict": true, "input_schema": empty()});
    let marked = |ttl: &str| json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": ttl}});
    let picture = |kind: &str| json!([{"type": "image", "source": {"type": "base64", "media_type": kind, "data": "iVBORw0KGgoAAAANSUhEUgAA"}}]);
    let format = |schema: Value| json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}});
    let effort = |effort: &str| json!({"output_config": {"effort": effort}});
    let (new, old) = ("claude-haiku-5-5", "claude-sonnet-4-5");
    let mut forced = thinks(1_024);
    forced["tools"] = json!([tool(empty())]);
    forced["tool_choice"] = json!({"type": "any"});
    vec![
        ("claude-nope", json!({}), "model: claude-nope"),
        (
            new,
            json!({"max_tokens": "5"}),
            "max_tokens: Input should be a valid integer",
        ),
        (
            new,
            json!({"stream": "yes"}),
            "stream: Input should be a valid boolean",
        ),
        (
            new,
            json!({"service_tier": "flex"}),
            "service_tier: Input should be",
        ),
        (
            new,
            json!({"metadata": {"x": 1}}),
            "metadata.x: Extra inputs",
        ),
        (
            new,
            says(json!([{"type": "text", "text": "a", "x": 1}])),
            "text.x: Extra inputs",
        ),
        (new, says(json!([{"type": "audio"}])), "Input tag 'audio'"),
        (
            new,
            says(picture("image/jpeg")),
            "does not match the provided media type image/jpeg",
        ),
        (
            new,
            says(json!([marked("5m"), marked("1h")])),
            "must not come after a ttl='5m'",
        ),
        (
            new,
            says(json!([marked("2h")])),
            "ttl: Input should be '5m' or '1h'",
        ),
        (old, json!({"temperature": 1.5}), "temperature: range: 0..1"),
        (old, thinks(100), "greater than or equal to 1024"),
        (old, thinks(2_000), "`max_tokens` must be greater"),
        (old, forced, "Thinking may not be enabled when tool_choice"),
        (
            old,
            json!({"thinking": {"type": "adaptive"}}),
            "adaptive thinking is not supported",
        ),
        (
            "claude-opus-5-5",
            json!({"thinking": {"type": "disabled"}}),
            "\"thinking.type.disabled\" is not supported",
        ),
        (
            "claude-opus-4-6",
            effort("xhigh"),
            "does not support effort level 'xhigh'",
        ),
        (
            new,
            effort("giant"),
            "output_config.effort: Input should be",
        ),
        (
            new,
            json!({"tool_choice": {"type": "auto"}}),
            "only be specified while providing tools",
        ),
        (
            new,
            json!({"tools": [tool(empty()), tool(empty())]}),
            "Tool names must be unique",
        ),
        (
            new,
            json!({"tools": [{"type": "foo_1", "name": "x"}]}),
            "Input tag 'foo_1'",
        ),
        (
            new,
            with_tool(json!({"type": "object", "properties": {"a": {"type": "strin"}}})),
            "draft 2020-12",
        ),
        (
            new,
            with_tool(json!({"type": "object", "properties": {"a b": {}}})),
            "Property keys should match",
        ),
        (
            new,
            json!({"tools": (0..21).map(strict).collect::<Vec<_>>()}),
            "Too many strict tools",
        ),
        (
            new,
            format(json!({"type": "array", "items": {"type": "object"}})),
            "'additionalProperties'",
        ),
        (
            new,
            format(json!({"type": "integer", "minimum": 1})),
            "property 'minimum' is not supported",
        ),
        (
            old,
            json!({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}),
            "Unexpected role \"system\"",
        ),
    ]
}

#[tokio::test]
async fn fields_are_of_the_types_and_within_the_bounds_of_anthropics() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        for (model, more, told) in rules() {
            stage.clock.advance_ms(1_000);
            let mut body = json!({"model": model, "max_tokens": 2_000, "messages": [{"role": "user", "content": "count"}]});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = answer_of(&program, MESSAGES, OLD, &body).await;
            assert!(answer.contains(told) && answer.starts_with('4'), "{told}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_for_no_word_is_answered_with_none_where_nobody_warms_a_cache() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let asked = || stage.world().look(|it| it.providers.calls.len());
        let before = asked();
        let mut body = json!({"model": "openai/gpt-6-luna", "max_tokens": 0, "messages": [{"role": "user", "content": "count"}]});
        let answer = program.posts("/v1/messages", &body).await;
        let message = answer.json();
        assert_eq!((&message["content"], &message["stop_reason"]), (&json!([]), &json!("max_tokens")));
        body["stream"] = json!(true);
        let answer = program.posts("/v1/messages", &body).await;
        assert!(answer.text.ends_with("data: {\"type\":\"message_stop\"}\n\n"), "{}", answer.text);
        assert_eq!(asked(), before);
    })
    .await;
}
