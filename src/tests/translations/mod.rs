//! Every dialect, with models of every other: the same conversations get the
//! same answers, streamed or not.

mod endings;
mod meanings;
mod moves;
mod talks;
mod thoughts;
mod told;
mod written;

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use super::program::Program;
use super::{Stage, good, run};

use meanings::Meaning;
use talks::{Answer, CALLERS, Caller, Choice, TALKS, Talk};

/// A model that takes tools in OpenAI's Responses alone.
const RESPONSES_MODEL: &str = "openai/gpt-6-luna";

/// One model for each dialect that calls go out in.
const MODELS: [&str; 4] = [
    RESPONSES_MODEL,
    "anthropic/claude-haiku-5-5",
    "google/gemini-3.1-flash-lite",
    "mistral/mistral-small-latest",
];

async fn program(stage: &Stage) -> Program {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google", "cerebras", "mistral"] {
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

impl Way<'_> {
    /// Whether the caller speaks the provider's own dialect.
    fn is_native(&self) -> bool {
        let provider = match self.caller {
            Caller::Chat => return self.model.starts_with(['o', 'c', 'm']),
            Caller::Responses => "openai",
            Caller::Messages => "anthropic",
            Caller::Google => "google",
        };
        self.model.starts_with(provider)
    }

    /// Whether a conversation is taken on this way: its caller has words for
    /// it, and its provider does not refuse it. What a provider refuses in its
    /// own dialect is the caller's to know.
    fn is_taken(&self, talk: &Talk) -> bool {
        let is_of = |names: &[&str]| names.iter().any(|name| self.model.starts_with(name));
        let is_refused = is_of(talk.refused_by) || (self.is_native() && is_of(talk.mended_for));
        // Mistral knows no `stream_options`, which all chats here have.
        let is_mistrals = self.is_native() && is_of(&["mistral"]);
        talk.callers.contains(&self.caller) && !is_refused && !is_mistrals
    }
}

/// Whether a model says what it thinks of a talk: those of others who speak
/// OpenAI's chat have their own ways there.
fn says_thoughts(talk: &Talk, model: &str) -> bool {
    match model {
        RESPONSES_MODEL => talk.choice != Choice::Nothing,
        _ => model.starts_with(['a', 'g']),
    }
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
    if talk.answer != Answer::Words {
        // The input of a tool has another number of tokens than the same text.
        meaning.tokens.1 = 0;
    }
    meaning
}

/// Holds what every caller hears from a model against what the first one
/// hears.
async fn compare_callers(stage: &Stage, model: &'static str) {
    let program = program(stage).await;
    let provider = model.split_once('/').unwrap().0;
    for talk in TALKS {
        let way = |caller, is_streamed| Way {
            caller,
            model,
            is_streamed,
        };
        let callers = CALLERS.map(|caller| way(caller, false));
        let first = callers.iter().find(|way| way.is_taken(talk));
        let says_it = !talk.thinks || says_thoughts(talk, model);
        let Some(first) = first.filter(|_| says_it) else {
            continue;
        };
        if talk.is_cut {
            stage.fails(provider, ProviderFault::AtLimit);
        }
        let expected = hear(&program, talk, first).await;
        let told = format!("{} {model}", talk.name);
        assert_eq!(expected.finish == "length", talk.is_cut, "{told}");
        assert_ne!(expected.finish, "other", "{told}");
        let ways = CALLERS
            .into_iter()
            .flat_map(|it| [way(it, false), way(it, true)]);
        for way in ways.filter(|way| way.is_taken(talk)) {
            stage.clock.advance_ms(1_000);
            let heard = hear(&program, talk, &way).await;
            let Way {
                caller,
                is_streamed,
                ..
            } = way;
            assert_eq!(
                heard, expected,
                "{told} {caller:?}, streamed: {is_streamed}"
            );
        }
        stage.recovers(provider);
    }
}

/// One test for each model, so that they run side by side.
mod every_dialect_means_the_same_with_every_model {
    use super::super::run;
    use super::{RESPONSES_MODEL, compare_callers};

    #[tokio::test]
    async fn of_openais_chat() {
        run(async |stage| compare_callers(stage, "openai/gpt-5.2").await).await;
    }

    #[tokio::test]
    async fn of_openais_responses() {
        run(async |stage| compare_callers(stage, RESPONSES_MODEL).await).await;
    }

    #[tokio::test]
    async fn of_anthropic() {
        run(async |stage| compare_callers(stage, "anthropic/claude-haiku-5-5").await).await;
    }

    #[tokio::test]
    async fn of_google() {
        run(async |stage| compare_callers(stage, "google/gemini-3.1-flash-lite").await).await;
    }

    #[tokio::test]
    async fn of_cerebras() {
        run(async |stage| compare_callers(stage, "cerebras/gpt-oss-120b").await).await;
    }

    #[tokio::test]
    async fn of_mistral() {
        run(async |stage| compare_callers(stage, "mistral/mistral-small-latest").await).await;
    }
}

#[test]
fn the_talks_are_thirty_and_more() {
    let mut names: Vec<&str> = TALKS.iter().map(|talk| talk.name).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() == TALKS.len() && names.len() >= 30);
}

/// What a provider refuses in its own dialect is no conversation there.
#[test]
fn each_dialect_has_thirty_talks_with_each_other() {
    for caller in CALLERS {
        for model in ["openai/gpt-5.2", RESPONSES_MODEL, MODELS[1], MODELS[2]] {
            let way = Way {
                caller,
                model,
                is_streamed: false,
            };
            let taken = TALKS.iter().filter(|talk| way.is_taken(talk)).count();
            assert!(taken >= 30, "{caller:?} {model}: {taken}");
        }
    }
}

#[tokio::test]
async fn a_response_that_failed_is_an_error_in_every_dialect_but_its_own() {
    run(async |stage| {
        let program = program(stage).await;
        stage.fails("openai", ProviderFault::FailedResponse);
        let talk = TALKS
            .iter()
            .find(|talk| talk.name == "a tool's result")
            .unwrap();
        for (caller, kind) in [
            (Caller::Chat, "server_error"),
            (Caller::Messages, "overloaded_error"),
            (Caller::Google, "UNAVAILABLE"),
        ] {
            for is_streamed in [false, true] {
                stage.clock.advance_ms(1_000);
                let (path, body) = talk.write(caller, RESPONSES_MODEL, is_streamed);
                let answer = program.posts(&path, &body).await;
                assert_eq!(answer.status == 200, is_streamed, "{}", answer.text);
                assert!(answer.text.contains(kind), "{caller:?}: {}", answer.text);
            }
        }
        let (path, body) = talk.write(Caller::Responses, RESPONSES_MODEL, false);
        let answer = program.posts(&path, &body).await;
        let response = answer.json();
        assert_eq!(
            (answer.status, &response["status"]),
            (200, &json!("failed"))
        );
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
