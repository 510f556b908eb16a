//! What a call cost, line by line, wherever somebody may look; and calls that
//! used more than was held for them.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use super::gateway::count;
use super::program::Program;
use super::{good, run};

/// The sum of a receipt's lines in JSON, in nano-dollars, by nothing but what
/// stands in it.
fn added_up(receipt: &Value) -> u64 {
    let number = |value: &Value| u128::from(value.as_u64().unwrap());
    let lines = receipt["lines"].as_array().unwrap().iter();
    let parts: u128 = lines
        .map(|line| {
            let per = number(&line["per"]);
            number(&line["count"]) * number(&line["price_nano_dollars"]) * (1_000_000 / per)
        })
        .sum();
    u64::try_from(parts.div_ceil(1_000_000)).unwrap()
}

#[tokio::test]
async fn a_receipt_is_the_same_wherever_it_is_shown() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
            stage.fails(provider, ProviderFault::CachedInput);
        }
        let program = Program::of(stage, &mia, "scopes:chat,usage:read").await;
        let mut seen = Vec::new();
        for (address, model, comes_at_the_end) in [
            ("/v1/chat/completions", "openai/gpt-6-luna", true),
            ("/v1/chat/completions", "anthropic/claude-haiku-5-5", true),
            ("/v1/chat/completions", "google/gemini-3.1-flash-lite", true),
            ("/anthropic/v1/messages", "claude-haiku-5-5", true),
            (
                "/google/v1beta/models/gemini-3.1-flash-lite:streamGenerateContent?alt=sse",
                "",
                false,
            ),
        ] {
            let mut ask = count(model);
            ask["stream"] = json!(true);
            if address.starts_with("/anthropic") {
                ask["max_tokens"] = json!(100);
            }
            if model.is_empty() {
                ask = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
            }
            let answer = program.posts(address, &ask).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let id = answer.header("x-latchkey-attempt").to_owned();
            stage.app().await.idle().await;
            let path = format!("/api/v1/usage/attempts/{id}");
            let shown = program.gets(&path).await.json();
            assert_eq!(shown["id"], id);
            let receipt = &shown["receipt"];
            assert_eq!(receipt["sum_nano_dollars"], added_up(receipt));
            assert_eq!(shown["cost_nano_dollars"], receipt["sum_nano_dollars"]);
            match answer.split_receipt() {
                (_, Some(told)) => {
                    assert!(comes_at_the_end, "{address}");
                    assert_eq!((&told["attempt"], &told["receipt"]), (&shown["id"], receipt));
                    assert_eq!(told["cost_nano_dollars"], shown["cost_nano_dollars"]);
                }
                (_, None) => assert!(!comes_at_the_end, "{address}"),
            }
            let lines = receipt["lines"].as_array().unwrap().iter();
            let lines = lines.map(|line| {
                format!("{} {} at {}", line["count"], line["class"], line["price_nano_dollars"])
            });
            seen.push(format!("{model}: {}", lines.collect::<Vec<_>>().join(", ")));
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        openai/gpt-6-luna: 2 "input" at 100000000, 10 "cached_input" at 10000000, 10 "output" at 500000000
        anthropic/claude-haiku-5-5: 2 "input" at 100000000, 6 "cached_input" at 10000000, 1 "cache_write_5m" at 125000000, 3 "cache_write_1h" at 200000000, 10 "output" at 500000000
        google/gemini-3.1-flash-lite: 2 "input" at 250000000, 10 "cached_input" at 25000000, 10 "output" at 1500000000
        claude-haiku-5-5: 2 "input" at 100000000, 6 "cached_input" at 10000000, 1 "cache_write_5m" at 125000000, 3 "cache_write_1h" at 200000000, 10 "output" at 500000000
        : 2 "input" at 250000000, 10 "cached_input" at 25000000, 10 "output" at 1500000000
        "#);
        let unified = json!({"prompt": "count", "provider": "openai"});
        let answer = program.posts("/api/v1/unified", &unified).await.json();
        let receipt = &answer["receipt"];
        assert_eq!(answer["usage"]["cost_nano_dollars"], added_up(receipt));
        insta::assert_snapshot!(receipt["price_list"], @r#"{"date":"2026-10-26","name":"genai-prices 0.2.1"}"#);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_is_shown_to_whoever_made_it_and_to_whoever_manages_the_key() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        let scopes = "here:true scopes:chat,usage:read";
        let program = Program::of(stage, &mia, scopes).await;
        let asked = program
            .posts("/v1/chat/completions", &count("openai/gpt-6-luna"))
            .await;
        assert_eq!(
            asked.header("x-latchkey-source"),
            "server",
            "{}",
            asked.text
        );
        let id = asked.header("x-latchkey-attempt").to_owned();
        stage.app().await.idle().await;
        let own = format!("/api/v1/usage/attempts/{id}");
        let of_server = format!("/api/v1/guilds/{}/usage/attempts/{id}", stage.scene.server);
        assert_eq!(program.gets(&own).await.json()["source"], "server");
        let manager = Program::of(stage, &omar, scopes).await;
        assert_eq!(manager.gets(&own).await.code(), "404 no_such_attempt");
        assert_eq!(manager.gets(&of_server).await.json()["id"], id);
        for wrong in ["", "x", &"0".repeat(32), &"0".repeat(33)] {
            let path = format!("/api/v1/usage/attempts/{wrong}");
            assert_eq!(program.gets(&path).await.status, 404, "{wrong}");
        }
        stage.expects_refusals();
    })
    .await;
}

#[tokio::test]
async fn the_operator_is_told_once_an_hour_of_calls_that_used_more_than_was_held() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        stage.fails("groq", ProviderFault::AbsurdUsage);
        mia.runs("/ask prompt:count").await;
        mia.runs("/ask prompt:count").await;
        let app = stage.app().await;
        app.sweep().await.unwrap();
        app.idle().await;
        insta::assert_snapshot!(omar.directly().reads_channel(), @"Calls used more than I had reserved for them: 2 since I last said so. Limits count all of it, so a limit may be passed by as much. The last one was Groq openai/gpt-oss-20b, paid by the bot default: reserved 1,103 tokens in, 1,500 out, $0.00054; used 12 tokens in, 131,072 out, $0.04. If that goes on, compare with the provider's bill, and tell Latchkey's authors which model it is. I say this at most once an hour.");
        let told = omar.directly().reads_channel();
        stage.clock.advance_ms(61_000);
        mia.runs("/ask prompt:count").await;
        app.sweep().await.unwrap();
        app.idle().await;
        assert_eq!(omar.directly().reads_channel(), told);
        stage.clock.advance_ms(3_600_000);
        app.sweep().await.unwrap();
        app.idle().await;
        assert_ne!(omar.directly().reads_channel(), told);
    })
    .await;
}
