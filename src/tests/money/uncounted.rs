//! Answers whose provider does not count what it used, or counts a part of it:
//! what came is counted here, and what is paid for by tokens is never free.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::model::NanoDollars;
use crate::tests::http::leaving::{LIMITED, charged, limited, surfaces};
use crate::tests::program::Program;
use crate::tests::{Setup, good, run_with};

/// A picture of one point.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Answers whose provider counts nothing, or no words: they are counted by what
/// came.
#[tokio::test]
async fn whole_answers_that_nobody_counted_are_counted_by_their_words() {
    run_with(limited(), async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let mut seen = Vec::new();
        for fault in [ProviderFault::NoUsage, ProviderFault::NoOutputCount] {
            for provider in ["openai", "anthropic", "google"] {
                stage.fails(provider, fault.clone());
            }
            for (_, path, body) in surfaces() {
                if path == "/v1/images/generations" || body["stream"] == true {
                    continue;
                }
                stage.clock.advance_ms(1);
                let said = program.posts(path, &body).await;
                assert_eq!(said.status, 200, "{path}: {}", said.text);
                stage.app().await.idle().await;
                let charged = charged(stage).await;
                seen.push(format!("{fault:?} {path}: {charged}"));
            }
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        NoUsage /v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /anthropic/v1/messages: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /openai/v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /google/v1beta/models/gemini-4-flash:generateContent: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /v1/responses: personal answered: 12 in, 12 out, 0 images, estimated
        NoUsage /api/v1/unified: personal answered: 20 in, 13 out, 0 images, estimated
        NoOutputCount /v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /anthropic/v1/messages: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /openai/v1/chat/completions: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /google/v1beta/models/gemini-4-flash:generateContent: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /v1/responses: personal answered: 12 in, 12 out, 0 images, estimated
        NoOutputCount /api/v1/unified: personal answered: 12 in, 13 out, 0 images, estimated
        ");
    })
    .await;
}

/// Pictures whose tokens are paid for, where their count is missing or in pieces.
#[tokio::test]
async fn pictures_that_nobody_counted_cost_what_was_held_for_them() {
    let setup = Setup {
        config: LIMITED.replace(
            "{ images = 1000",
            "{ dollars = 1000, per = 'day' }, { images = 1000",
        ),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let ask =
            json!({"model": "openai/gpt-image-1.5", "prompt": "a lighthouse", "quality": "high"});
        let mut seen = Vec::new();
        for usage in [
            Value::Null,
            json!({}),
            json!({"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
            json!({"total_tokens": 7_000}),
            json!({"input_tokens": 50}),
            json!({"output_tokens": 7_024}),
            json!({"input_tokens": 50, "output_tokens": 7_024}),
        ] {
            let answer = json!({"created": 1, "data": [{"b64_json": PIXEL}], "usage": usage});
            stage.fails("openai", ProviderFault::Says(200, answer.to_string()));
            stage.clock.advance_ms(1);
            let said = program.posts("/v1/images/generations", &ask).await;
            assert_eq!(said.status, 200, "{}", said.text);
            stage.app().await.idle().await;
            let audit = stage.app().await.audit().await;
            let row = audit.last().unwrap();
            let dollars = |cost: Option<NanoDollars>| {
                cost.map_or("unknown".to_owned(), |cost| {
                    format!("{} millidollars", cost.0 / 1_000_000)
                })
            };
            let (held, used) = (dollars(row.held.cost), dollars(row.used.cost));
            seen.push(format!(
                "{usage}: {used} of {held}, {}",
                charged(stage).await
            ));
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        null: 199 millidollars of 208 millidollars, personal answered: 19 in, all output, 1 images, estimated
        {}: 199 millidollars of 208 millidollars, personal answered: 19 in, all output, 1 images, estimated
        {"input_tokens":0,"output_tokens":0,"total_tokens":0}: 199 millidollars of 208 millidollars, personal answered: 19 in, all output, 1 images, estimated
        {"total_tokens":7000}: 223 millidollars of 208 millidollars, personal answered: 19 in, 6981 out, 1 images, estimated
        {"input_tokens":50}: 200 millidollars of 208 millidollars, personal answered: 50 in, all output, 1 images, estimated
        {"output_tokens":7024}: 224 millidollars of 208 millidollars, personal answered: 19 in, 7024 out, 1 images, estimated
        {"input_tokens":50,"output_tokens":7024}: 225 millidollars of 208 millidollars, personal answered: 50 in, 7024 out, 1 images
        "#);
    })
    .await;
}

/// What a list has for a picture of Google's is what one of the usual size comes
/// to: without the count of its tokens it is an estimate.
#[tokio::test]
async fn a_picture_of_googles_that_nobody_counted_is_an_estimate() {
    run_with(Setup::default(), async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        let ask = json!({"model": "google/gemini-3.1-flash-image", "prompt": "a lighthouse"});
        let mut seen = Vec::new();
        for usage in [
            Value::Null,
            json!({"promptTokenCount": 9, "candidatesTokenCount": 1_120, "totalTokenCount": 1_129,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1_120}]}),
        ] {
            let answer = json!({"candidates": [{"finishReason": "STOP", "content": {"role": "model",
                "parts": [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]}}],
                "usageMetadata": usage});
            stage.fails("google", ProviderFault::Says(200, answer.to_string()));
            stage.clock.advance_ms(1);
            let said = program.posts("/v1/images/generations", &ask).await;
            assert_eq!(said.status, 200, "{}", said.text);
            stage.app().await.idle().await;
            seen.push(charged(stage).await);
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        personal answered: 0 in, no output, 1 images, estimated
        personal answered: 9 in, 1120 out, 1 images
        ");
    })
    .await;
}
