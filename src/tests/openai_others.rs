//! What OpenAI's API has beside chats: moderation.

use serde_json::{Value, json};

use super::program::Program;
use super::{Setup, Stage, good, run, run_with};

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

/// What the last call of a provider's was sent.
fn sent(stage: &Stage) -> Value {
    stage
        .world()
        .look(|state| state.providers.calls.back().unwrap().body.clone())
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
