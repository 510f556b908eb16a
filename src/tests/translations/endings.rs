//! Streams that their provider ends too early: nobody takes half an answer for
//! a whole one.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use super::talks::{CALLERS, Caller, Choice, TALKS};
use super::{RESPONSES_MODEL, program, run};
use crate::tests::program::send;

/// A model of each dialect that providers speak.
const MODELS: [&str; 5] = [
    "openai/gpt-5.2",
    RESPONSES_MODEL,
    "anthropic/claude-haiku-5-5",
    "google/gemini-3.1-flash-lite",
    "cerebras/gpt-oss-120b",
];

/// What each dialect's own clients take for the good end of a stream.
fn good_ends(caller: Caller) -> &'static [&'static str] {
    match caller {
        Caller::Chat => &["[DONE]", "\"finish_reason\":\""],
        Caller::Responses => &[
            "response.completed",
            "response.incomplete",
            "function_call_arguments.done",
        ],
        Caller::Messages => &["message_stop", "\"stop_reason\":\""],
        Caller::Google => &["finishReason", "functionCall"],
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_has_no_good_end_in_any_dialect() {
    run(async |stage| {
        let program = program(stage).await;
        for model in MODELS {
            stage.fails(model.split_once('/').unwrap().0, ProviderFault::EndEarly);
        }
        let is_long = |name: &str| matches!(name, "words" | "a tool that must be called");
        for talk in TALKS.iter().filter(|talk| is_long(talk.name)) {
            for model in MODELS {
                // Google's calls come whole: none is cut off.
                if model.starts_with("google") && talk.choice != Choice::Nothing {
                    continue;
                }
                for caller in CALLERS {
                    stage.clock.advance_ms(1_000);
                    let (path, body) = talk.write(caller, model, true);
                    let said = program.posts(&path, &body).await.text;
                    let which = format!("{} {caller:?} {model}: {said}", talk.name);
                    assert!(said.contains("\"error\""), "{which}");
                    // Google's own calls come whole.
                    let is_whole = |end: &str| end == "functionCall" && model.starts_with("google");
                    for end in good_ends(caller).iter().filter(|end| !is_whole(end)) {
                        assert!(!said.contains(end), "{end} of {which}");
                    }
                }
            }
        }
    })
    .await;
}

/// The ids of the responses in a stream, in the order of the events.
fn response_ids(stream: &str) -> Vec<String> {
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let events = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let ids = events.filter_map(|event| Some(event["response"]["id"].as_str()?.to_owned()));
    ids.collect()
}

#[tokio::test]
async fn a_response_that_fails_is_the_one_that_was_begun() {
    run(async |stage| {
        let program = program(stage).await;
        let talk = TALKS.iter().find(|talk| talk.name == "words").unwrap();
        for model in MODELS {
            stage.fails(model.split_once('/').unwrap().0, ProviderFault::EndEarly);
            stage.clock.advance_ms(1_000);
            let (path, body) = talk.write(Caller::Responses, model, true);
            let said = program.posts(&path, &body).await.text;
            let ids = response_ids(&said);
            assert!(said.contains("event: response.failed"), "{model}: {said}");
            assert!(
                ids.len() > 1 && ids.iter().all(|id| *id == ids[0]),
                "{model}: {ids:?}"
            );
        }
    })
    .await;
}

/// Clients of Anthropic's shorten a conversation that is too long where they
/// are told so in its words, whoever said it.
#[tokio::test]
async fn a_call_that_is_too_long_is_told_in_the_words_of_the_dialect() {
    run(async |stage| {
        let program = program(stage).await;
        let words = "This model's maximum context length is 128000 tokens.";
        let of_openai = json!({"error": {"message": words, "type": "invalid_request_error",
            "param": "messages", "code": "context_length_exceeded"}});
        stage.fails("openai", ProviderFault::Says(400, of_openai.to_string()));
        let body = json!({"model": "openai/gpt-5.2", "max_tokens": 50, "messages": [{"role": "user", "content": "count"}]});
        let answer = program.posts("/v1/messages", &body).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["type"]), (400, &json!("invalid_request_error")));
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("prompt is too long: ") && message.contains(words), "{message}");
        let body = json!({"contents": [{"parts": [{"text": "count"}]}]});
        let path = "/v1beta/models/openai/gpt-5.2:generateContent";
        let message = program.posts(path, &body).await.json()["error"]["message"].to_string();
        assert!(message.contains("input token count exceeds") && message.contains(words), "{message}");
    })
    .await;
}

/// Google's library for Python asks before the path `/v1`, where OpenAI's look
/// models up.
#[tokio::test]
async fn googles_dialect_is_spoken_before_each_of_its_versions() {
    run(async |stage| {
        let program = program(stage).await;
        let body = json!({"contents": [{"parts": [{"text": "count"}]}]});
        for version in ["v1", "v1beta", "v1alpha"] {
            for model in ["gemini-3.1-flash-lite", "anthropic/claude-haiku-5-5"] {
                let path = |verb: &str| format!("/{version}/models/{model}:{verb}");
                let answer = program.posts(&path("generateContent"), &body).await;
                assert!(
                    answer.json()["candidates"].is_array(),
                    "{version}: {}",
                    answer.text
                );
                let stream = program
                    .posts(&path("streamGenerateContent?alt=sse"), &body)
                    .await;
                assert!(
                    stream.text.contains("finishReason"),
                    "{version}: {}",
                    stream.text
                );
                let counted = program.posts(&path("countTokens"), &body).await;
                assert!(
                    counted.json()["totalTokens"].is_u64(),
                    "{version}: {}",
                    counted.text
                );
                // Errors are in its dialect too.
                let refused = program
                    .posts(&path("generateContent"), &json!({"contents": "hi"}))
                    .await;
                assert!(
                    refused.json()["error"]["status"].is_string(),
                    "{version}: {}",
                    refused.text
                );
            }
        }
    })
    .await;
}

/// The list of models is one that each vendor's own library reads.
#[tokio::test]
async fn models_are_listed_as_each_vendor_lists_its_own() {
    run(async |stage| {
        let program = program(stage).await;
        let models = program.gets("/v1/models").await.json();
        let first = models["data"][0]["id"].as_str().unwrap().to_owned();
        let asked = program
            .call("GET", "/v1/models")
            .header("anthropic-version", "2023-06-01");
        let listed = send(asked).await.json();
        assert_eq!(
            (&listed["data"][0]["type"], &listed["first_id"]),
            (&json!("model"), &json!(first))
        );
        for version in ["v1beta", "v1alpha"] {
            let listed = program.gets(&format!("/{version}/models")).await.json();
            assert_eq!(listed["models"][0]["name"], format!("models/{first}"));
            let unknown = program.gets(&format!("/{version}/models/gemini-9")).await;
            assert_eq!(
                (unknown.status, &unknown.json()["error"]["status"]),
                (404, &json!("NOT_FOUND"))
            );
        }
        for name in ["google/gemini-3.1-flash-lite", "gemini-3.1-flash-lite"] {
            for version in ["v1beta", "v1alpha"] {
                let shown = program
                    .gets(&format!("/{version}/models/{name}"))
                    .await
                    .json();
                assert_eq!(
                    shown["name"], "models/google/gemini-3.1-flash-lite",
                    "{shown}"
                );
            }
            let asked = program
                .call("GET", &format!("/v1/models/{name}"))
                .header("anthropic-version", "2023-06-01");
            let shown = send(asked).await.json();
            assert_eq!(shown["type"], "model", "{shown}");
        }
    })
    .await;
}
