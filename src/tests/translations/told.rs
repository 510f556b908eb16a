//! What clients of each vendor want of an answer beside its words: the model's
//! name as they asked for it, parts in each of Google's chunks, a no that their
//! libraries go on after.

use serde_json::{Value, json};

use super::meanings::events_in;
use super::talks::{CALLERS, Caller, TALKS};
use super::{MODELS, Program, Way, good, program, run};
use crate::tests::{Setup, run_with};

/// The names of the model that an answer has.
fn told_models(answer: &str, is_streamed: bool) -> Vec<String> {
    let events = if is_streamed {
        events_in(answer)
    } else {
        vec![serde_json::from_str(answer).unwrap()]
    };
    let names = events.iter().flat_map(|event| {
        [
            &event["model"],
            &event["modelVersion"],
            &event["message"]["model"],
            &event["response"]["model"],
        ]
        .map(|name| name.as_str().map(str::to_owned))
    });
    names.flatten().collect()
}

#[tokio::test]
async fn an_answer_has_the_models_name_as_it_was_asked_for() {
    run(async |stage| {
        let program = program(stage).await;
        let talk = TALKS.iter().find(|talk| talk.name == "words").unwrap();
        for caller in CALLERS {
            for model in MODELS {
                let way = |is_streamed| Way {
                    caller,
                    model,
                    is_streamed,
                };
                for way in [way(false), way(true)] {
                    // Clients of Anthropic's compare it: `docs/providers.md` §12.
                    let is_compared = !way.is_native() || caller == Caller::Messages;
                    if !is_compared || !way.is_taken(talk) {
                        continue;
                    }
                    stage.clock.advance_ms(1_000);
                    let (path, body) = talk.write(caller, model, way.is_streamed);
                    let (answer, _) = program.posts(&path, &body).await.split_receipt();
                    let told = told_models(&answer.text, way.is_streamed);
                    assert!(!told.is_empty(), "{caller:?} {model}: {}", answer.text);
                    assert!(
                        told.iter().all(|it| it == model),
                        "{caller:?} {model}: {told:?}"
                    );
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn each_of_googles_chunks_has_a_part() {
    run(async |stage| {
        let program = program(stage).await;
        let talk = TALKS.iter().find(|talk| talk.name == "words").unwrap();
        for model in MODELS {
            stage.clock.advance_ms(1_000);
            let (path, body) = talk.write(Caller::Google, model, true);
            let (answer, _) = program.posts(&path, &body).await.split_receipt();
            for chunk in events_in(&answer.text) {
                let parts = chunk["candidates"][0]["content"]["parts"].as_array();
                let has_any = parts.is_some_and(|parts| !parts.is_empty());
                assert!(has_any, "{model}: {chunk}");
            }
        }
    })
    .await;
}

/// Anthropic's libraries ask for a thread, and go on without one.
#[tokio::test]
async fn a_thread_is_refused_in_the_words_that_anthropics_libraries_read() {
    run(async |stage| {
        let program = program(stage).await;
        let body = json!({"model": "openai/gpt-5.2", "max_tokens": 50, "thread": {"type": "new"},
            "messages": [{"role": "user", "content": "count"}]});
        let answer = program.posts("/v1/messages", &body).await;
        assert_eq!(answer.code(), "400 thread_unsupported_request");
        let details =
            json!({"error_code": "thread_unsupported_request", "unsupported": ["thread"]});
        assert_eq!(answer.json()["error"]["details"], details);
    })
    .await;
}

/// What an answer of ours has for those who read it, others refuse.
#[tokio::test]
async fn a_chat_goes_on_with_vendors_who_know_fewer_fields() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["anthropic", "google", "groq", "cerebras", "mistral"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let asked = json!({"role": "user", "content": "think: the weather in Rome?"});
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": parameters}}]);
        let call = |model: &str, messages: &Value| {
            json!({"model": model, "messages": messages, "tools": tools, "max_tokens": 5_000})
        };
        for first in ["anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"] {
            let mut body = call(first, &json!([asked]));
            body["include_reasoning"] = json!(true);
            body["reasoning_effort"] = json!("high");
            let answer = program.posts("/v1/chat/completions", &body).await;
            assert_eq!(answer.status, 200, "{first}: {}", answer.text);
            let message = answer.json()["choices"][0]["message"].clone();
            let told = message.to_string();
            assert!(told.contains("reasoning_details") || told.contains("extra_content"), "{told}");
            let id = message["tool_calls"][0]["id"].clone();
            let result = json!({"role": "tool", "tool_call_id": id, "content": "sun"});
            for second in ["groq/llama-3.3-70b-versatile", "cerebras/gpt-oss-120b"] {
                stage.clock.advance_ms(1_000);
                let next = call(second, &json!([asked, message, result]));
                let answer = program.posts("/v1/chat/completions", &next).await;
                assert_eq!(answer.status, 200, "{first} {second}: {}", answer.text);
                let left_out = answer.header("x-latchkey-ignored");
                let mut names = left_out.split(", ");
                assert!(names.all(|name| !name.is_empty() && told.contains(name)), "{left_out}");
            }
        }
        let asked = json!({"role": "user", "content": "count"});
        let body = json!({"model": "anthropic/claude-haiku-5-5", "messages": [asked]});
        let answer = program.posts("/v1/chat/completions", &body).await;
        let message = answer.json()["choices"][0]["message"].clone();
        assert!(message.get("refusal").is_some(), "{message}");
        let next = json!({"model": "mistral/mistral-small-latest", "messages": [asked, message, asked]});
        let answer = program.posts("/v1/chat/completions", &next).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    })
    .await;
}

/// DeepSeek and Moonshot want back what a model thought before it called a tool,
/// also where the model was another vendor's and nobody knows what it thought.
#[tokio::test]
async fn a_chat_with_tools_goes_on_with_vendors_who_want_thoughts_back() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "deepseek", "moonshot"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let asked = json!({"role": "user", "content": "the weather in Rome?"});
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let call = |model: &str, messages: Value| {
            json!({"model": model, "messages": messages, "max_tokens": 5_000,
                "tools": [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]})
        };
        let greeted = json!({"role": "assistant", "content": "Hello."});
        let first = json!([asked, greeted, asked]);
        let answer = program
            .posts("/v1/chat/completions", &call("openai/gpt-5.2", first.clone()))
            .await;
        let message = answer.json()["choices"][0]["message"].clone();
        let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "sun"});
        for second in ["deepseek/deepseek-v4-pro", "moonshot/kimi-k2.6"] {
            let mut messages = first.clone();
            let list = messages.as_array_mut().unwrap();
            list.extend([message.clone(), result.clone()]);
            stage.clock.advance_ms(1_000);
            let answer = program
                .posts("/v1/chat/completions", &call(second, messages))
                .await;
            assert_eq!(answer.status, 200, "{second}: {}", answer.text);
        }
    })
    .await;
}

/// Clients of Claude's mark up to where a prompt is cached, whoever answers.
#[tokio::test]
async fn marks_for_the_cache_are_left_out_of_a_chat_and_named() {
    run(async |stage| {
        let mia = stage.mia();
        let models = ["groq/llama-3.3-70b-versatile", "cerebras/gpt-oss-120b",
            "mistral/mistral-small-latest", "openai/gpt-5.2", "fireworks/accounts/fireworks/models/glm-5p3-flash"];
        for model in models {
            let provider = model.split_once('/').unwrap().0;
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let mark = json!({"type": "ephemeral"});
        let parameters = json!({"type": "object", "properties": {}});
        for model in models {
            let body = json!({"model": model, "messages": [
                    {"role": "system", "content": "Be brief.", "cache_control": mark},
                    {"role": "user", "content": [{"type": "text", "text": "count", "cache_control": mark}]}],
                "tools": [{"type": "function", "cache_control": mark,
                    "function": {"name": "w", "parameters": parameters}}]});
            stage.clock.advance_ms(1_000);
            let answer = program.posts("/v1/chat/completions", &body).await;
            assert_eq!(answer.status, 200, "{model}: {}", answer.text);
            assert_eq!(answer.header("x-latchkey-ignored"), "cache_control", "{model}");
        }
    })
    .await;
}

/// Claude Code says an instruction in the middle of each conversation.
#[tokio::test]
async fn a_model_that_takes_one_instruction_gets_one() {
    run_with(Setup { config: String::new(), ..Setup::default() }, async |stage| {
        let url = stage.scene.emulator.provider_url("ollama");
        stage.stop().await;
        stage
            .start_configured(&format!("[providers.ollama]\nbase_url = \"{url}\"\n"))
            .await;
        let program = Program::of(stage, &stage.mia(), "").await;
        let body = json!({"model": "ollama/qwen3.8:27b", "max_tokens": 50,
            "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}],
            "messages": [{"role": "user", "content": "hello"}, {"role": "system", "content": "count"}]});
        let answer = program.posts("/v1/messages", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    })
    .await;
}

/// Vercel's AI SDK writes no `models` before a name with a slash.
#[tokio::test]
async fn googles_dialect_is_spoken_without_models_before_the_model() {
    run(async |stage| {
        let program = program(stage).await;
        let body = json!({"contents": [{"parts": [{"text": "count"}]}]});
        for model in ["anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"] {
            let path = format!("/v1beta/{model}:generateContent");
            let answer = program.posts(&path, &body).await;
            assert!(answer.json()["candidates"].is_array(), "{}", answer.text);
        }
        let answer = program.posts("/v1beta/openai/chat:doNothing", &body).await;
        assert_eq!(
            answer.json()["error"]["status"],
            "NOT_FOUND",
            "{}",
            answer.text
        );
    })
    .await;
}
