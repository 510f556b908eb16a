//! Every dialect, with models of every other: the same conversations get the
//! same answers, streamed or not.

mod endings;
mod meanings;
mod talks;

use serde_json::{Value, json};

use super::program::Program;
use super::{Stage, good, run};

use meanings::Meaning;
use talks::{CALLERS, Caller, TALKS, Talk};

/// A model of each dialect, and one of another vendor that speaks OpenAI's.
const MODELS: [&str; 4] = [
    "openai/gpt-5.2",
    "anthropic/claude-haiku-5-5",
    "google/gemini-3.1-flash-lite",
    "cerebras/gpt-oss-120b",
];

async fn program(stage: &Stage) -> Program {
    let mia = stage.mia();
    for model in MODELS {
        let provider = model.split_once('/').unwrap().0;
        mia.adds(provider, "user", &good(provider)).await;
    }
    Program::of(stage, &mia, "").await
}

/// Who calls whom, and how.
struct Way<'a> {
    caller: Caller,
    model: &'a str,
    is_streamed: bool,
}

/// What one caller hears from one model.
async fn hear(program: &Program, talk: &Talk, way: &Way<'_>) -> Meaning {
    let Way {
        caller,
        model,
        is_streamed,
    } = *way;
    let (path, body) = talk.write(caller, model, is_streamed);
    let answer = program.posts(&path, &body).await;
    let (answer, _) = answer.split_receipt();
    assert_eq!(
        answer.status, 200,
        "{} {caller:?} {model}: {}",
        talk.name, answer.text
    );
    let mut meaning = Meaning::read(caller, &answer.text, is_streamed);
    if talk.wants_json {
        // The input of a tool has another number of tokens than the same text.
        meaning.tokens.1 = 0;
    }
    meaning
}

#[tokio::test]
async fn every_dialect_means_the_same_with_every_model() {
    run(async |stage| {
        let program = program(stage).await;
        for talk in TALKS {
            for model in MODELS {
                // How others show thoughts in a chat is their own.
                let is_translated = model.starts_with(['a', 'g']);
                if talk.thinks && !is_translated {
                    continue;
                }
                let whole = Way {
                    caller: Caller::Chat,
                    model,
                    is_streamed: false,
                };
                let expected = hear(&program, talk, &whole).await;
                assert_ne!(expected.finish, "other", "{} {model}", talk.name);
                for caller in CALLERS {
                    // Anthropic itself refuses them.
                    let is_native = caller == Caller::Messages && model.starts_with("anthropic");
                    if is_native && talk.name == "ids that repeat" {
                        continue;
                    }
                    for is_streamed in [false, true] {
                        stage.clock.advance_ms(1_000);
                        let way = Way {
                            caller,
                            model,
                            is_streamed,
                        };
                        let heard = hear(&program, talk, &way).await;
                        assert_eq!(
                            heard, expected,
                            "{} {caller:?} {model}, streamed: {is_streamed}",
                            talk.name
                        );
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_count_of_tokens_comes_from_whoever_counts_or_says_that_it_is_a_guess() {
    run(async |stage| {
        let program = program(stage).await;
        for (model, estimated) in [("claude-haiku-5-5", ""), ("openai/gpt-5.2", "true")] {
            let body = json!({"model": model, "messages": [{"role": "user", "content": "count"}]});
            let answer = program.posts("/v1/messages/count_tokens", &body).await;
            assert_eq!(
                answer.header("x-latchkey-estimated"),
                estimated,
                "{}",
                answer.text
            );
            assert!(
                answer.json()["input_tokens"].as_u64() > Some(0),
                "{}",
                answer.text
            );
        }
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
        for (model, estimated) in [("gemini-3.1-flash-lite", ""), ("openai/gpt-5.2", "true")] {
            let path = format!("/v1beta/models/{model}:countTokens");
            let answer = program.posts(&path, &body).await;
            assert_eq!(
                answer.header("x-latchkey-estimated"),
                estimated,
                "{}",
                answer.text
            );
            assert!(
                answer.json()["totalTokens"].as_u64() > Some(0),
                "{}",
                answer.text
            );
        }
    })
    .await;
}

#[tokio::test]
async fn hints_are_named_and_what_has_no_words_is_refused() {
    run(async |stage| {
        let program = program(stage).await;
        let ask = |more: &Value| {
            let mut body = json!({"model": "anthropic/claude-haiku-5-5", "messages": [{"role": "user", "content": "count"}]});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let hints = json!({"seed": 7, "logit_bias": {"5": 1}, "temperature": 0.2});
        let answer = program.posts("/v1/chat/completions", &ask(&hints)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("x-latchkey-ignored"), "logit_bias, seed, temperature");
        for (more, code) in [
            (json!({"n": 2}), "400 untranslatable"),
            (json!({"logprobs": true}), "400 untranslatable"),
            (json!({"max_tokens": "100"}), "400 malformed_field"),
            (json!({"temperature": "warm"}), "400 malformed_field"),
        ] {
            let answer = program.posts("/v1/chat/completions", &ask(&more)).await;
            assert_eq!(answer.code(), code, "{}", answer.text);
        }
        // Errors are in the caller's dialect.
        let answer = program.posts("/v1/messages", &json!({"model": "openai/gpt-5.2", "messages": []})).await;
        assert_eq!((answer.status, &answer.json()["type"]), (400, &json!("error")), "{}", answer.text);
        let answer = program.posts("/v1beta/models/openai/gpt-5.2:generateContent", &json!({"contents": []})).await;
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT", "{}", answer.text);
    })
    .await;
}
