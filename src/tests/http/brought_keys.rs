//! Keys that come with a call where no token is needed: what libraries send
//! beside them, and the models that they open.

use serde_json::{Value, json};

use super::gateway::count;
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Setup, Stage, bad, good, run_with};

/// A gateway for calls that bring the key that pays.
fn open() -> Setup {
    Setup {
        config: "[gateway]\nkeys_without_token = true\n".into(),
        ..Setup::default()
    }
}

/// A call of each vendor's library to a model of `OpenAI`'s.
fn calls() -> [(&'static str, Value); 3] {
    let said = json!([{"role": "user", "content": "count"}]);
    [
        ("/v1/chat/completions", count("openai/gpt-6-luna")),
        (
            "/v1/messages",
            json!({"model": "openai/gpt-6-luna", "max_tokens": 100, "messages": said}),
        ),
        (
            "/v1beta/models/openai/gpt-6-luna:generateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]}),
        ),
    ]
}

/// What a stranger is answered who sends some headers.
async fn sends(stage: &Stage, path: &str, body: &Value, headers: &[(&str, &str)]) -> HttpAnswer {
    let mut call = Program::stranger(stage).await.call("POST", path);
    for (name, value) in headers {
        call = call.header(*name, *value);
    }
    send(call.json(body)).await
}

#[tokio::test]
async fn a_placeholder_beside_a_named_key_is_passed_over() {
    run_with(open(), async |stage| {
        let key = good("openai");
        for (path, body) in calls() {
            for placeholder in ["x-api-key", "x-goog-api-key", "api-key"] {
                for word in ["unused", "sk-1234", ""] {
                    let headers = [(placeholder, word), ("x-openai-key", &key)];
                    let answer = sends(stage, path, &body, &headers).await;
                    let told = (answer.status, answer.header("x-latchkey-source"));
                    assert_eq!(
                        told,
                        (200, "request"),
                        "{path} {placeholder}: {}",
                        answer.text
                    );
                }
            }
            // A real key beside it may be meant to pay too.
            let another = good("anthropic");
            let both = [("x-api-key", another.as_str()), ("x-openai-key", &key)];
            let answer = sends(stage, path, &body, &both).await;
            assert_eq!(answer.code(), "400 keys_disagree", "{path}");
            let answer = sends(stage, path, &body, &[]).await;
            assert_eq!(answer.code(), "401 token_missing", "{path}");
        }
        assert!(
            stage
                .keys_that_paid("openai")
                .iter()
                .all(|paid| *paid == key)
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_that_comes_along_tells_which_models_it_opens() {
    run_with(open(), async |stage| {
        let stranger = Program::stranger(stage).await;
        let lists = async |name: &str, key: &str, others: &[(&str, &str)]| {
            let mut call = stranger.call("GET", "/v1/models").header(name, key);
            for (name, value) in others {
                call = call.header(*name, *value);
            }
            send(call).await
        };
        let ids = |answer: &HttpAnswer| -> Vec<String> {
            let data = answer.json()["data"].as_array().unwrap().clone();
            data.iter()
                .map(|it| it["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let openais = lists("x-openai-key", &good("openai"), &[("x-api-key", "unused")]).await;
        assert_eq!(ids(&openais), ["openai/made-up-model"]);
        let anthropics = lists("x-api-key", &good("anthropic"), &[]).await;
        assert_eq!(
            ids(&anthropics),
            ["anthropic/claude-haiku-5-5", "anthropic/claude-opus-5-5"]
        );
        let of_library = [("anthropic-version", "2023-06-01")];
        let shown = lists("x-api-key", &good("anthropic"), &of_library).await;
        assert_eq!(shown.json()["first_id"], "anthropic/claude-haiku-5-5");
        let googles = lists("x-goog-api-key", &good("google"), &[]).await;
        assert_eq!(
            googles.json()["models"][0]["name"],
            "models/google/gemini-3.1-flash-lite"
        );
        let one = stranger
            .call("GET", "/v1/models/openai/made-up-model")
            .header("x-openai-key", good("openai"));
        assert_eq!(send(one).await.json()["id"], "openai/made-up-model");
        let refused = lists("x-openai-key", &bad("openai"), &[]).await;
        assert_eq!(refused.code(), "401 provider_key_refused");
        let nobodys = lists("x-api-key", "made0up1made0up1made0up1made0up1", &[]).await;
        assert_eq!(nobodys.code(), "400 provider_missing");
        // Beside a token too, in the place of what its person has.
        let mia = stage.mia();
        mia.adds("mistral", "user", &good("mistral")).await;
        let program = Program::of(stage, &mia, "").await;
        let own = program.gets("/v1/models").await;
        assert!(ids(&own).iter().any(|id| id.starts_with("mistral/")));
        let brought = program.call("GET", "/v1/models");
        let brought = send(brought.header("x-openai-key", good("openai"))).await;
        assert_eq!(ids(&brought), ["openai/made-up-model"]);
    })
    .await;
}
