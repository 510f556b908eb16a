//! What a program may ask for, with whose key, and how often.

use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use super::gateway::count;
use crate::tests::program::{Program, send};
use crate::tests::{Setup, good, run, run_with};

#[tokio::test]
async fn a_call_with_an_idempotency_key_is_made_once() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let chat = "/v1/chat/completions";
        let made = |key: &'static str, body: serde_json::Value| {
            send(
                program
                    .call("POST", chat)
                    .header("idempotency-key", key)
                    .json(&body),
            )
        };
        let ask = count("openai/gpt-6-luna");
        let first = made("one", ask.clone()).await;
        assert!(first.text.contains("one two three"));
        let again = made("one", ask.clone()).await;
        assert_eq!(
            (again.status, again.header("x-latchkey-repeat")),
            (200, "true")
        );
        let attempts = stage.app().await.audit().await;
        assert_eq!(attempts.len(), 1);
        assert_eq!(again.json()["attempt"], attempts[0].id());
        assert_eq!(
            made("one", count("openai/gpt-6-sol")).await.code(),
            "422 idempotency_key_reused"
        );
        assert_eq!(
            made("", ask.clone()).await.code(),
            "400 malformed_idempotency_key"
        );
        // Of another token it is another key, and a failed call may be made again.
        let other = Program::of(stage, &mia, "").await;
        let call = other
            .call("POST", chat)
            .header("idempotency-key", "one")
            .json(&ask);
        assert!(send(call).await.text.contains("one two three"));
        stage.fails("openai", ProviderFault::Status(500));
        assert_eq!(made("two", ask.clone()).await.code(), "500 provider_error");
        stage.recovers("openai");
        stage.app().await.idle().await;
        assert!(
            made("two", ask.clone())
                .await
                .text
                .contains("one two three")
        );
        stage.clock.advance_ms(2 * crate::model::DAY_MS);
        stage.app().await.sweep().await.unwrap();
        assert!(made("one", ask).await.text.contains("one two three"));
    })
    .await;
}

/// The same of one question, one answer, streamed or not.
#[tokio::test]
async fn a_question_with_an_idempotency_key_is_asked_once() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        for (key, stream, sign) in [("one", false, "\"response\""), ("two", true, "event: done")] {
            let ask = json!({"prompt": "Count to three.", "provider": "openai", "stream": stream});
            let made = || {
                let call = program.call("POST", "/api/v1/unified");
                send(call.header("idempotency-key", key).json(&ask))
            };
            let first = made().await;
            assert!(first.text.contains(sign), "{}", first.text);
            stage.app().await.idle().await;
            let again = made().await;
            assert_eq!(
                (again.status, again.header("x-latchkey-repeat")),
                (200, "true")
            );
        }
        assert_eq!(stage.app().await.audit().await.len(), 2);
    })
    .await;
}

/// While a call is being made, the same one is not made beside it.
#[tokio::test]
async fn two_of_the_same_call_at_once_are_made_once() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails(
            "openai",
            ProviderFault::SlowFirstByte(std::time::Duration::from_millis(300)),
        );
        let program = Program::of(stage, &mia, "").await;
        let ask = count("openai/gpt-6-luna");
        let make = || {
            send(
                program
                    .call("POST", "/v1/chat/completions")
                    .header("idempotency-key", "k")
                    .json(&ask),
            )
        };
        let (one, other) = tokio::join!(make(), make());
        let mut codes = [one.status, other.status];
        codes.sort_unstable();
        assert_eq!(codes, [200, 409]);
    })
    .await;
}

#[tokio::test]
async fn pictures_come_from_those_who_make_them_in_openais_way() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "xai", "openrouter"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let images = "/v1/images/generations";
        for (model, field) in [
            ("openai/gpt-image-2", "b64_json"),
            ("xai/grok-imagine-image", "url"),
            ("openrouter/google/gemini-3.1-flash-image", "b64_json"),
        ] {
            let made = program
                .posts(images, &json!({"model": model, "prompt": "a lighthouse"}))
                .await;
            assert!(made.json()["data"][0][field].is_string(), "{}", made.text);
        }
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let made = rows
            .iter()
            .filter(|row| row.state == "settled" && row.used.images == 1);
        assert_eq!(made.count(), 3, "{rows:#?}");
    })
    .await;
}

/// What cannot be counted beforehand is for one's own key, in words that say
/// so; and a model that the operator does not allow is for nobody.
#[tokio::test]
async fn shared_keys_pay_for_what_can_be_counted_alone() {
    let setup = Setup {
        config: "[ask]\nmodels = [\"groq/openai/*\"]\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        for (method, path, body) in [
            ("GET", "/groq/openai/v1/files", json!({})),
            ("POST", "/groq/openai/v1/batches", json!({"model": "openai/gpt-oss-20b"})),
            ("POST", "/groq/openai/v1/chat/completions", json!({"model": "openai/gpt-oss-20b", "messages": [], "service_tier": "performance"})),
        ] {
            let said = send(program.call(method, path).json(&body)).await;
            assert!(["403 own_key_only", "403 model_not_allowed"].contains(&said.code().as_str()), "{path}: {}", said.text);
        }
        let other = json!({"model": "groq/llama-x", "messages": [{"role": "user", "content": "count"}]});
        assert_eq!(program.posts("/v1/chat/completions", &other).await.code(), "403 model_not_allowed");
        assert_eq!(program.gets("/groq/openai/v1/models").await.status, 200);
        // A shared key's answer is as long as the operator says.
        let long = json!({"model": "groq/openai/gpt-oss-20b", "max_completion_tokens": 90_000, "messages": [{"role": "user", "content": "count"}]});
        assert_eq!(program.posts("/v1/chat/completions", &long).await.status, 200);
        let asked = stage.world().look(|state| state.providers.calls.back().unwrap().body.clone());
        assert_eq!(asked["max_completion_tokens"], 1_500);
    })
    .await;
}

#[tokio::test]
async fn programs_are_served_on_postgresql_too() {
    let Some(url) = crate::tests::postgres::database() else {
        return;
    };
    let on_postgresql = Setup {
        store: Some(url),
        ..Setup::default()
    };
    run_with(on_postgresql, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "scopes:chat,keys:read,usage:read").await;
        let mut told = Vec::new();
        for (model, header) in [
            ("openai/gpt-6-luna", "x-nothing"),
            ("groq/openai/gpt-oss-20b", "x-nothing"),
            ("openai/gpt-6-luna", "x-openai-key"),
        ] {
            for stream in [false, true] {
                let mut ask = count(model);
                ask["stream"] = json!(stream);
                let call = program
                    .call("POST", "/v1/chat/completions")
                    .header(header, good("openai"))
                    .header("idempotency-key", format!("{model}{header}{stream}"))
                    .json(&ask);
                for call in [call.try_clone().unwrap(), call] {
                    let answer = send(call).await;
                    let said = ["x-latchkey-source", "x-latchkey-repeat"];
                    let said = said.map(|name| answer.header(name).to_owned());
                    told.push(format!("{} {}", answer.status, said.join("")));
                }
            }
        }
        insta::assert_snapshot!(told.join("\n"), @"
        200 personal
        200 true
        200 personal
        200 true
        200 bot_default
        200 true
        200 bot_default
        200 true
        200 request
        200 true
        200 request
        200 true
        ");
        let keys = program.gets("/api/v1/api-keys").await;
        assert!(keys.text.contains("\"hint\":\"6789\""), "{}", keys.text);
        stage.app().await.idle().await;
        let usage = program.gets("/api/v1/usage?days=1").await.json();
        insta::assert_snapshot!(usage["total"], @r#"{"cached_tokens":0,"cost_nano_dollars":32600,"images":0,"input_tokens":72,"output_tokens":60,"reasoning_tokens":0,"requests":6,"requests_with_estimated_usage":0,"requests_without_price":0}"#);
        let quota = program.gets("/api/v1/quota").await.json();
        insta::assert_snapshot!(quota["payers"][1]["limits"][0], @r#"{"left":8,"max":10,"metric":"requests","per":"minute","renews_at":"2026-11-21T00:01:01Z","used":2,"window":"rolling"}"#);
        for row in stage.app().await.audit().await {
            assert!(row.state == "settled" && !row.estimated, "{row:?}");
        }
    })
    .await;
}
