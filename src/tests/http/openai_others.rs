//! What OpenAI's API has beside chats: completions, and moderation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::tests::program::{HttpAnswer, Program};
use crate::tests::{Setup, Stage, good, run, run_with};

const COMPLETIONS: &str = "/v1/completions";
const MODERATIONS: &str = "/v1/moderations";

/// The operator pays with keys of these providers.
fn paid(config: &str, providers: &[&str]) -> Setup {
    let key = |id: &&str| {
        let variable = format!("{}_API_KEY", id.to_uppercase());
        (variable, good(id).into())
    };
    Setup {
        config: format!("{}{config}", Setup::default().config),
        secrets: providers.iter().map(key).collect(),
        ..Setup::default()
    }
}

async fn own(stage: &Stage) -> Program {
    let mia = stage.mia();
    for provider in ["openai", "mistral", "anthropic", "cerebras"] {
        mia.adds(provider, "user", &good(provider)).await;
    }
    Program::of(stage, &mia, "").await
}

fn texts(answer: &HttpAnswer) -> Vec<String> {
    let body = answer.json();
    let choices = body["choices"].as_array().expect(&answer.text).iter();
    choices
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

/// What the last call of a provider's was sent.
fn sent(stage: &Stage) -> Value {
    stage
        .world()
        .look(|state| state.providers.calls.back().unwrap().body.clone())
}

#[tokio::test]
async fn texts_are_gone_on_with_by_models_that_do() {
    run(async |stage| {
        let program = own(stage).await;
        for model in ["openai/gpt-3.5-turbo-instruct", "cerebras/gpt-oss-120b"] {
            let ask = json!({"model": model, "prompt": ["count:", "again:"], "max_tokens": 3, "n": 2, "echo": true});
            let answer = program.posts(COMPLETIONS, &ask).await;
            assert_eq!(
                texts(&answer),
                ["count: one two three", "count: one two three", "again: one two three", "again: one two three"]
            );
            assert_eq!(answer.header("x-latchkey-source"), "personal");
        }
        let ask = json!({"model": "openai/gpt-3.5-turbo-instruct", "prompt": [[1, 2], [3]], "stream": true, "max_tokens": 2});
        let stream = program.posts(COMPLETIONS, &ask).await;
        // The usage was asked for by us, and is not passed on.
        assert!(!stream.text.contains("usage"), "{}", stream.text);
        assert!(stream.text.contains("data: [DONE]"), "{}", stream.text);
        assert_eq!(stream.text.matches("\" one\"").count(), 2, "{}", stream.text);
        // In the provider's own API too.
        let ask = json!({"model": "gpt-3.5-turbo-instruct", "prompt": "count:", "logprobs": 2});
        let native = program.posts("/openai/v1/completions", &ask).await;
        assert_eq!(native.json()["choices"][0]["logprobs"]["tokens"][0], " one", "{}", native.text);
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let mut used: Vec<u64> = rows.iter().map(|row| row.used.output_tokens).collect();
        used.sort_unstable();
        assert_eq!(used, [4, 10, 12, 12]);
        assert!(rows.iter().all(|row| !row.estimated));
    })
    .await;
}

#[tokio::test]
async fn a_model_that_only_chats_goes_on_with_no_text() {
    run(async |stage| {
        let program = own(stage).await;
        for model in ["openai/gpt-6-luna", "gpt-6-luna", "anthropic/claude-haiku-5-5", "mistral/mistral-small-latest"] {
            let answer = program.posts(COMPLETIONS, &json!({"model": model, "prompt": "count:"})).await;
            assert_eq!(answer.code(), "404 only_chats", "{model}: {}", answer.text);
        }
        let answer = program.posts(COMPLETIONS, &json!({"model": "openai/gpt-6-luna", "prompt": "count:"})).await;
        insta::assert_snapshot!(answer.json()["error"]["message"], @r#""`openai/gpt-6-luna` only chats. Send the text as a message to `POST /v1/chat/completions`, or name a model that goes on with texts.""#);
        // A model that nobody knows here is told so where calls are passed on.
        let unknown = program.posts(COMPLETIONS, &json!({"model": "some-model", "prompt": "x"})).await;
        assert_eq!(unknown.code(), "404 model_not_found");
    })
    .await;
}

/// Each prompt has as many answers as the best are chosen of, and each of them
/// may be as long as the limit.
#[tokio::test]
async fn a_shared_key_holds_every_answer_to_every_prompt() {
    run_with(paid("", &["openai"]), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let model = "openai/gpt-3.5-turbo-instruct";
        let (mut told, mut known) = (Vec::new(), BTreeSet::new());
        for more in [
            json!({}),
            json!({"max_tokens": 4}),
            json!({"prompt": ["a", "b", "c"], "n": 2, "max_tokens": 4}),
            json!({"prompt": "a", "n": 2, "best_of": 5, "max_tokens": 4}),
            json!({"prompt": [1, 2, 3], "max_tokens": 4}),
            json!({"max_tokens": 90000}),
        ] {
            let mut ask = json!({"model": model, "prompt": "a"});
            for (name, value) in more.as_object().unwrap() {
                ask[name] = value.clone();
            }
            let answer = program.posts(COMPLETIONS, &ask).await;
            assert_eq!(answer.status, 200, "{more}: {}", answer.text);
            stage.app().await.idle().await;
            let rows = stage.app().await.audit().await;
            let row = rows.iter().find(|row| known.insert(row.id.clone()));
            let row = row.unwrap();
            assert!(!row.overshoot, "{more}");
            told.push(format!(
                "{more}: held {}, used {}, {}",
                row.held.output_tokens,
                row.used.output_tokens,
                sent(stage)["max_tokens"]
            ));
        }
        insta::assert_snapshot!(told.join("\n"), @r#"
        {}: held 16, used 10, 16
        {"max_tokens":4}: held 4, used 4, 4
        {"max_tokens":4,"n":2,"prompt":["a","b","c"]}: held 24, used 24, 4
        {"best_of":5,"max_tokens":4,"n":2,"prompt":"a"}: held 20, used 20, 4
        {"max_tokens":4,"prompt":[1,2,3]}: held 4, used 4, 4
        {"max_tokens":90000}: held 1500, used 10, 1500
        "#);
        let refused = program
            .posts(
                COMPLETIONS,
                &json!({"model": model, "prompt": "a", "store": true}),
            )
            .await;
        assert_eq!(refused.code(), "403 own_key_only");
        let refused = program
            .posts(
                COMPLETIONS,
                &json!({"model": model, "prompt": vec!["a"; 200]}),
            )
            .await;
        assert_eq!(refused.code(), "400 malformed_field", "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn texts_and_pictures_are_judged_by_those_who_judge() {
    run(async |stage| {
        let program = own(stage).await;
        let both = json!(["harmless", "a forbidden thing"]);
        let answer = program.posts(MODERATIONS, &json!({"input": both})).await;
        assert_eq!(answer.header("x-latchkey-provider"), "openai");
        assert_eq!(sent(stage)["model"], "omni-moderation-latest");
        let results = answer.json()["results"].clone();
        assert_eq!(
            (&results[0]["flagged"], &results[1]["flagged"]),
            (&json!(false), &json!(true))
        );
        let picture =
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
        for (model, input) in [
            ("omni-moderation-2024-09-26", json!([picture])),
            ("openai/omni-moderation-latest", json!("hi")),
            ("mistral/mistral-moderation-latest", both),
            ("mistral-moderation-latest", json!("hi")),
        ] {
            let answer = program
                .posts(MODERATIONS, &json!({"model": model, "input": input}))
                .await;
            assert_eq!(answer.status, 200, "{model}: {}", answer.text);
            assert!(
                answer.json()["results"][0]["categories"].is_object(),
                "{model}"
            );
        }
        let native = program
            .posts("/openai/v1/moderations", &json!({"input": "hi"}))
            .await;
        assert_eq!(native.status, 200, "{}", native.text);
        let none = json!({"model": "anthropic/claude-haiku-5-5", "input": "hi"});
        assert_eq!(
            program.posts(MODERATIONS, &none).await.code(),
            "400 untranslatable"
        );
        // The provider's own no comes back.
        let refused = program.posts(MODERATIONS, &json!({"input": 5})).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        let refused = program
            .posts(
                MODERATIONS,
                &json!({"model": "mistral/mistral-moderation-latest", "input": [picture]}),
            )
            .await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    })
    .await;
}

/// OpenAI takes nothing for it. What Mistral takes is in no list that we have,
/// so that a limit in dollars refuses it.
#[tokio::test]
async fn a_shared_key_judges_within_its_limits() {
    let limit = "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 1.0, per = 'day' }]\n";
    run_with(paid(limit, &["openai", "mistral"]), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        for path in [MODERATIONS, "/openai/v1/moderations"] {
            let answer = program.posts(path, &json!({"input": "hi"})).await;
            assert_eq!(
                (answer.status, answer.header("x-latchkey-source")),
                (200, "bot_default"),
                "{}",
                answer.text
            );
        }
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert!(
            rows.iter()
                .all(|row| row.used.cost.is_some_and(|cost| cost.0 == 0)),
            "{rows:?}"
        );
        let unpriced = json!({"model": "mistral/mistral-moderation-latest", "input": "hi"});
        assert_eq!(
            program.posts(MODERATIONS, &unpriced).await.code(),
            "403 unknown_price"
        );
        for (body, code) in [
            (json!({"input": "hi", "store": true}), "403 own_key_only"),
            (json!({"input": {"type": "text"}}), "400 malformed_field"),
        ] {
            assert_eq!(
                program.posts(MODERATIONS, &body).await.code(),
                code,
                "{body}"
            );
        }
    })
    .await;
}
