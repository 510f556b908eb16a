//! What a model thought goes out to callers of other dialects and comes back:
//! the emulated vendors of OpenAI's chat refuse a call without it.

use serde_json::{Value, json};

use super::meanings::{events_in, joined_message};
use super::{Program, good, run};

const MODELS: [&str; 4] = [
    "deepseek/deepseek-v4-pro",
    "moonshot/kimi-k2.6",
    "openrouter/google/gemini-3-pro-preview",
    "openrouter/anthropic/claude-opus-4.6",
];
const ASKED: &str = "think: the weather in Rome?";

fn parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

/// Asks in Anthropic's dialect, and says what the tool gave back.
async fn talk_in_messages(program: &Program, model: &str, is_streamed: bool) -> String {
    let asked = json!({"role": "user", "content": ASKED});
    let call = |messages: Value, stream: bool| {
        json!({"model": model, "max_tokens": 5_000, "stream": stream, "messages": messages,
            "tools": [{"name": "weather", "input_schema": parameters()}]})
    };
    let first = call(json!([asked]), is_streamed);
    let answer = program.posts("/v1/messages", &first).await;
    let message = if is_streamed {
        joined_message(&events_in(&answer.text))
    } else {
        answer.json()
    };
    let blocks = message["content"].as_array().unwrap();
    let id = &blocks.last().unwrap()["id"];
    let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "sun"}]);
    let all = json!([asked, {"role": "assistant", "content": blocks}, {"role": "user", "content": result}]);
    program.posts("/v1/messages", &call(all, false)).await.text
}

/// Asks in Google's dialect, whose clients may leave thoughts out and give back
/// what signs the parts.
async fn talk_in_googles(program: &Program, model: &str, is_streamed: bool) -> String {
    let asked = json!({"role": "user", "parts": [{"text": ASKED}]});
    let call = |contents: Value| {
        json!({"contents": contents, "tools": [{"functionDeclarations": [
            {"name": "weather", "parametersJsonSchema": parameters()}]}]})
    };
    let path = |verb: &str| format!("/v1beta/models/{model}:{verb}");
    let verb = if is_streamed {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    let answer = program.posts(&path(verb), &call(json!([asked]))).await;
    let chunks = if is_streamed {
        events_in(&answer.text)
    } else {
        vec![answer.json()]
    };
    let parts = chunks.iter().flat_map(|chunk| {
        chunk["candidates"][0]["content"]["parts"]
            .as_array()
            .unwrap()
    });
    let kept: Vec<&Value> = parts.filter(|part| part["thought"] != true).collect();
    let called = kept
        .iter()
        .find(|part| part["functionCall"].is_object())
        .unwrap();
    let result = json!([{"functionResponse": {"id": called["functionCall"]["id"], "name": "weather",
        "response": {"output": "sun"}}}]);
    let all = json!([asked, {"role": "model", "parts": kept}, {"role": "user", "parts": result}]);
    program
        .posts(&path("generateContent"), &call(all))
        .await
        .text
}

#[tokio::test]
async fn a_model_gets_back_what_it_thought_before_it_called_a_tool() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["deepseek", "moonshot", "openrouter"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        for model in MODELS {
            for is_streamed in [false, true] {
                stage.clock.advance_ms(1_000);
                let told = [
                    talk_in_messages(&program, model, is_streamed).await,
                    talk_in_googles(&program, model, is_streamed).await,
                ];
                for told in told {
                    assert!(told.contains("The tool said: "), "{model}: {told}");
                }
                let (provider, _) = model.split_once('/').unwrap();
                let sent = stage.asked(provider);
                let field = if provider == "openrouter" {
                    "\"reasoning_details\":[{"
                } else {
                    "\"reasoning_content\":\"Made-up thoughts about it.\""
                };
                assert!(sent.contains(field), "{model}: {sent}");
            }
        }
    })
    .await;
}

/// What is not to be thought about, and how hard, in the words of each vendor.
#[tokio::test]
async fn a_call_without_thinking_says_so_to_each_vendor() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["deepseek", "openrouter", "mistral"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        for (model, sent, ignored) in [
            (
                "deepseek/deepseek-v4-pro",
                "\"thinking\":{\"type\":\"disabled\"}",
                "",
            ),
            (
                "openrouter/anthropic/claude-opus-4.6",
                "\"reasoning\":{\"effort\":\"none\"}",
                "",
            ),
            (
                "mistral/mistral-medium-latest",
                "\"model\":\"mistral-medium-latest\"",
                "reasoning_effort",
            ),
        ] {
            let body = json!({"model": model, "max_tokens": 500, "thinking": {"type": "disabled"},
                "messages": [{"role": "user", "content": "count"}]});
            let answer = program.posts("/v1/messages", &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.header("x-latchkey-ignored"), ignored, "{model}");
            let asked = stage.asked(model.split_once('/').unwrap().0);
            assert!(asked.contains(sent), "{asked}");
        }
    })
    .await;
}

/// OpenRouter passes marks for the cache on to whoever reads them, and nobody
/// pays for the whole prompt each time.
#[tokio::test]
async fn marks_for_the_cache_reach_the_models_behind_openrouter() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openrouter", "user", &good("openrouter")).await;
        let program = Program::of(stage, &mia, "").await;
        let mark = json!({"type": "ephemeral"});
        for (model, ignored) in [
            ("openrouter/anthropic/claude-opus-4.6", ""),
            ("openrouter/google/gemini-3-pro-preview", ""),
            ("openrouter/deepseek/deepseek-v4-pro", "cache_control"),
        ] {
            let body = json!({"model": model, "max_tokens": 500,
                "system": [{"type": "text", "text": "Be brief.", "cache_control": mark}],
                "messages": [{"role": "user", "content": [
                    {"type": "text", "text": "count", "cache_control": mark}]}]});
            let answer = program.posts("/v1/messages", &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.header("x-latchkey-ignored"), ignored, "{model}");
            let marks = stage
                .asked("openrouter")
                .matches("\"cache_control\"")
                .count();
            assert_eq!(marks, if ignored.is_empty() { 2 } else { 0 }, "{model}");
        }
    })
    .await;
}
