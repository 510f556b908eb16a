//! Documents that programs have ranked.

use std::fmt::Write;

use serde_json::{Value, json};

use super::transcripts::{booked, what_came};
use crate::tests::program::{HttpAnswer, Program};
use crate::tests::{Setup, good, run, run_with};

const RERANK: &str = "/v1/rerank";

fn ask(model: &str, more: &Value) -> Value {
    let mut ask = json!({"model": model, "query": "?", "documents": ["one", "two"]});
    for (name, value) in more.as_object().unwrap() {
        ask[name] = value.clone();
    }
    ask
}

fn without_receipt(answer: &HttpAnswer) -> String {
    answer.split_receipt().0.text
}

#[tokio::test]
async fn documents_are_ranked_by_those_who_do() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["cohere", "openrouter", "together", "openai"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let mut told = String::new();
        for (path, model, more) in [
            (RERANK, "cohere/rerank-v3.5", json!({"top_n": 1})),
            (
                RERANK,
                "rerank-v4.0-pro",
                json!({"documents": ["one", {"text": "two"}], "return_documents": true}),
            ),
            (
                "/v2/rerank",
                "rerank-v3.5",
                json!({"max_tokens_per_doc": 99}),
            ),
            ("/cohere/v2/rerank", "rerank-v3.5", json!({})),
            (RERANK, "cohere/rerank-v5.0-pro", json!({})),
            (RERANK, "cohere/rerank-v3.5", json!({"rank_fields": ["a"]})),
            (RERANK, "cohere/rerank-v3.5", json!({"documents": [1]})),
            (RERANK, "cohere/rerank-v3.5", json!({"documents": []})),
            (RERANK, "openrouter/cohere/rerank-v3.5", json!({})),
            (
                RERANK,
                "together/Salesforce/Llama-Rank-V1",
                json!({"return_documents": true}),
            ),
            (RERANK, "openai/gpt-6-luna", json!({})),
        ] {
            stage.clock.advance_ms(1);
            let answer = program.posts(path, &ask(model, &more)).await;
            let seen = what_came(stage, &answer, without_receipt).await;
            let _ = writeln!(told, "{path} {model} {more}: {seen}");
        }
        insta::assert_snapshot!(told, @r#"
        /v1/rerank cohere/rerank-v3.5 {"top_n":1}: {"id":"00000000-made-up","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}},"model":"rerank-v3.5","results":[{"index":1,"relevance_score":1.0}]}
          held 1103 in, 0 out, ?; used 0 in, 0 out, 2000000: {"documents":["one","two"],"model":"rerank-v3.5","query":"?","top_n":1}
        /v1/rerank rerank-v4.0-pro {"documents":["one",{"text":"two"}],"return_documents":true}: {"id":"00000000-made-up","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}},"model":"rerank-v4.0-pro","results":[{"document":{"text":"two"},"index":1,"relevance_score":1.0},{"document":{"text":"one"},"index":0,"relevance_score":0.5}]}
          held 1123 in, 0 out, ?; used 0 in, 0 out, 2500000: {"documents":["one","two"],"model":"rerank-v4.0-pro","query":"?"}
        /v2/rerank rerank-v3.5 {"max_tokens_per_doc":99}: {"id":"00000000-made-up","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}},"model":"rerank-v3.5","results":[{"index":1,"relevance_score":1.0},{"index":0,"relevance_score":0.5}]}
          held 1110 in, 0 out, ?; used 0 in, 0 out, 2000000: {"documents":["one","two"],"max_tokens_per_doc":99,"model":"rerank-v3.5","query":"?"}
        /cohere/v2/rerank rerank-v3.5 {}: {"id":"00000000-made-up","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}},"results":[{"index":1,"relevance_score":1.0},{"index":0,"relevance_score":0.5}]}
          held 1086 in, 0 out, ?; used 0 in, 0 out, 2000000: {"documents":["one","two"],"model":"rerank-v3.5","query":"?"}
        /v1/rerank cohere/rerank-v5.0-pro {}: {"id":"00000000-made-up","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}},"model":"rerank-v5.0-pro","results":[{"index":1,"relevance_score":1.0},{"index":0,"relevance_score":0.5}]}
          held 1097 in, 0 out, ?; used 0 in, 0 out, ?: {"documents":["one","two"],"model":"rerank-v5.0-pro","query":"?"}
        /v1/rerank cohere/rerank-v3.5 {"rank_fields":["a"]}: 400 untranslatable "`rank_fields` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/rerank cohere/rerank-v3.5 {"documents":[1]}: 400 untranslatable "`documents` but for texts can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        /v1/rerank cohere/rerank-v3.5 {"documents":[]}: 400 invalid_request "invalid request: list of documents must not be empty"
        /v1/rerank openrouter/cohere/rerank-v3.5 {}: {"id":"rank-1","model":"cohere/rerank-v3.5","results":[{"document":{"text":"two"},"index":1,"relevance_score":1.0},{"document":{"text":"one"},"index":0,"relevance_score":0.5}],"usage":{"cost":0.0025,"search_units":1,"total_tokens":0}}
          held 1124 in, 0 out, ?; used 0 in, 0 out, 2500000: {"documents":["one","two"],"model":"cohere/rerank-v3.5","query":"?"}
        /v1/rerank together/Salesforce/Llama-Rank-V1 {"return_documents":true}: {"id":"rank-1","model":"Salesforce/Llama-Rank-V1","results":[{"document":{"text":"two"},"index":1,"relevance_score":1.0},{"document":{"text":"one"},"index":0,"relevance_score":0.5}],"usage":{"completion_tokens":0,"prompt_tokens":40,"total_tokens":40}}
          held 1132 in, 0 out, ?; used 40 in, 0 out, ?: {"documents":["one","two"],"model":"Salesforce/Llama-Rank-V1","query":"?","return_documents":true}
        /v1/rerank openai/gpt-6-luna {}: 404 no_ranking "The provider of `openai/gpt-6-luna` has no `/rerank`. These have: OpenRouter, Together AI, Cohere. There is a key here for OpenRouter, Together AI, Cohere: name a model of theirs."
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_shared_key_ranks_what_it_holds() {
    let limits =
        "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 0.01, per = 'day' }]\n";
    let key = |id: &str| (format!("{}_API_KEY", id.to_uppercase()), good(id).into());
    let setup = Setup {
        config: format!("{}{limits}", Setup::default().config),
        secrets: ["cohere", "openrouter"].map(key).into_iter().collect(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for (model, more) in [
            ("cohere/rerank-v3.5", json!({})),
            (
                "cohere/rerank-v3.5",
                json!({"documents": vec!["a".repeat(1_000); 60]}),
            ),
            (
                "cohere/rerank-v3.5",
                json!({"documents": vec!["a".repeat(1_000); 300]}),
            ),
            ("cohere/rerank-v3.5", json!({"query": "?".repeat(251)})),
            ("cohere/rerank-v3.5", json!({"documents": [{"text": "a"}]})),
            ("cohere/rerank-v5.0-pro", json!({})),
            ("openrouter/cohere/rerank-v3.5", json!({})),
        ] {
            stage.clock.advance_ms(1);
            let answer = program.posts(RERANK, &ask(model, &more)).await;
            let more = if more.to_string().len() > 100 {
                json!("long")
            } else {
                more
            };
            if answer.status == 200 {
                let _ = writeln!(told, "{model} {more}: {}", booked(stage).await);
            } else {
                let _ = writeln!(
                    told,
                    "{model} {more}: {} {}",
                    answer.code(),
                    answer.json()["error"]["message"]
                );
            }
        }
        insta::assert_snapshot!(told, @r#"
        cohere/rerank-v3.5 {}: held 1093 in, 0 out, 2000000; used 0 in, 0 out, 2000000
        cohere/rerank-v3.5 "long": held 61319 in, 0 out, 4000000; used 0 in, 0 out, 2000000
        cohere/rerank-v3.5 "long": 429 limit_reached "A limit is reached: $0.01 a day. `GET /api/v1/quota` shows each limit, and what is left of it."
        cohere/rerank-v3.5 "long": 403 own_key_only "a `query` of more than 250 bytes is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        cohere/rerank-v3.5 {"documents":[{"text":"a"}]}: 400 malformed_field "`documents[0]` must be a text. Nothing was sent to the provider: correct it, and send the call again."
        cohere/rerank-v5.0-pro {}: 403 own_key_only "the model `rerank-v5.0-pro` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        openrouter/cohere/rerank-v3.5 {}: 403 own_key_only "the model `cohere/rerank-v3.5` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        "#);
    })
    .await;
}
