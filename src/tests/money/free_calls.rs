//! Calls of which nothing is made: they cost nothing, and no limit counts them.

use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use crate::tests::http::leaving::charged;
use crate::tests::http::transcripts::paid;
use crate::tests::program::{Program, send};
use crate::tests::{Setup, Stage, good, run_with};

/// Personal keys have limits that two calls use up.
const LIMITED: &str = "[quota]\napplies_to = ['bot_default', 'personal']\n[[quota.tiers]]\nname = 'community'\n\
     limits = [{ dollars = 1, per = 'day' }, { requests = 2, per = 'day' }]\n";

/// What the newest attempt was booked as.
async fn booked(stage: &Stage) -> (String, Option<u64>, bool) {
    stage.app().await.idle().await;
    let rows = stage.app().await.audit().await;
    let row = rows.iter().max_by_key(|row| row.id.clone()).unwrap();
    let held = row.held;
    assert_eq!((held.input_tokens, held.output_tokens), (0, 0));
    let cost = row.used.cost.map(|cost| cost.0);
    (charged(stage).await, cost, row.estimated)
}

#[expect(clippy::too_many_lines, reason = "a table of addresses")]
#[tokio::test]
async fn what_makes_nothing_costs_nothing_and_is_counted_by_no_limit() {
    let setup = Setup {
        config: format!("{}{LIMITED}", Setup::default().config),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google", "mistral", "moonshot"] {
            mia.adds(provider, "user", &good(provider)).await;
            stage.clock.advance_ms(30_000);
        }
        let program = Program::of(stage, &mia, "").await;
        let told = json!({"id": "made_up", "object": "made up"}).to_string();
        for (method, path) in [
            ("POST", "/openai/v1/responses/resp_1/cancel"),
            ("GET", "/openai/v1/responses/resp_1"),
            ("GET", "/openai/v1/responses/resp_1/input_items"),
            ("DELETE", "/openai/v1/responses/resp_1"),
            ("POST", "/openai/v1/responses/input_tokens"),
            ("GET", "/openai/v1/models"),
            ("GET", "/openai/v1/models/gpt-6-luna"),
            ("DELETE", "/openai/v1/models/ft-1"),
            ("GET", "/openai/v1/chat/completions/chatcmpl-1"),
            ("POST", "/openai/v1/chat/completions/chatcmpl-1"),
            ("POST", "/openai/v1/files"),
            ("GET", "/openai/v1/files"),
            ("GET", "/openai/v1/files/file-1/content"),
            ("DELETE", "/openai/v1/files/file-1"),
            ("POST", "/openai/v1/uploads"),
            ("POST", "/openai/v1/uploads/upload_1/complete"),
            ("POST", "/openai/v1/batches/batch_1/cancel"),
            ("POST", "/openai/v1/fine_tuning/jobs/ftjob-1/cancel"),
            ("POST", "/openai/v1/conversations"),
            ("GET", "/anthropic/v1/models"),
            ("POST", "/anthropic/v1/messages/count_tokens"),
            ("POST", "/anthropic/v1/messages/batches/b_1/cancel"),
            ("GET", "/anthropic/v1/messages/batches/b_1/results"),
            ("DELETE", "/anthropic/v1/messages/batches/b_1"),
            ("POST", "/anthropic/v1/files"),
            ("GET", "/google/v1beta/models"),
            ("POST", "/google/v1beta/models/gemini-3.5-flash:countTokens"),
            ("POST", "/google/v1beta/batches/b1:cancel"),
            ("POST", "/google/v1beta/interactions/v1_1/cancel"),
            ("DELETE", "/google/v1beta/files/f1"),
            ("GET", "/google/v1beta/cachedContents"),
            ("POST", "/mistral/v1/files"),
            ("POST", "/mistral/v1/batch/jobs/j1/cancel"),
            ("POST", "/moonshot/v1/tokenizers/estimate-token-count"),
        ] {
            for provider in ["openai", "anthropic", "google", "mistral", "moonshot"] {
                stage.fails(provider, ProviderFault::Says(200, told.clone()));
            }
            stage.clock.advance_ms(1);
            let call = program.call(method, path);
            let call = match method {
                "POST" => call.json(&json!({"model": "made-up", "input": "count to ten"})),
                _ => call,
            };
            let said = send(call).await;
            assert_eq!(said.status, 200, "{method} {path}: {}", said.text);
            let expected = "personal answered: 0 in, no output, 0 images".to_owned();
            assert_eq!(
                booked(stage).await,
                (expected, Some(0), false),
                "{method} {path}"
            );
        }
        for provider in ["openai", "anthropic", "google", "mistral", "moonshot"] {
            stage.recovers(provider);
        }
        // Both requests of the limit are left.
        let ask = json!({"model": "openai/gpt-6-luna", "max_tokens": 300,
            "messages": [{"role": "user", "content": "hi"}]});
        let mut seen = Vec::new();
        for _ in 0..3 {
            stage.clock.advance_ms(1);
            seen.push(program.posts("/v1/chat/completions", &ask).await.status);
        }
        assert_eq!(seen, [200, 200, 429]);
        // Nothing is left, and what is made may be looked after and stopped all the same.
        let cancel = "/openai/v1/responses/resp_1/cancel";
        assert_eq!(
            program.posts(cancel, &json!({})).await.json()["status"],
            "cancelled"
        );
        let counted = program
            .posts("/openai/v1/responses/input_tokens", &ask)
            .await;
        assert_eq!(counted.json()["input_tokens"], 12);
        let ask = json!({"model": "gpt-6-luna", "input": "hi"});
        let refused = program.posts("/openai/v1/responses/compact", &ask).await;
        assert_eq!(refused.status, 429, "{}", refused.text);
    })
    .await;
}

/// Its provider takes so many requests with a key, and others need some too.
#[tokio::test]
async fn with_a_key_of_others_a_list_is_a_request_that_costs_nothing() {
    run_with(paid("{ requests = 2, per = 'day' }"), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            stage.clock.advance_ms(1);
            seen.push(program.gets("/openai/v1/models").await.status);
        }
        assert_eq!(seen, [200, 200, 429]);
        let (charged, cost, is_estimated) = booked(stage).await;
        assert_eq!((cost, is_estimated), (Some(0), false), "{charged}");
        // It is nothing that a shared key carries.
        let refused = program
            .posts("/openai/v1/responses/resp_1/cancel", &json!({}))
            .await;
        assert_eq!(refused.code(), "403 own_key_only");
    })
    .await;
}
