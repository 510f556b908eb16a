//! The emulated Anthropic refuses of each family of models what the real one
//! refuses: `docs/providers.md` §9.1 and §9.4.

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
