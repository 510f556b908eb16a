//! What a call cost, line by line, wherever somebody may look; and calls that
//! used more than was held for them.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::tests::http::gateway::count;
use crate::tests::program::Program;
use crate::tests::{good, run};

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

/// An answer of a provider in OpenAI's dialect, with this usage.
fn answers_with(usage: &Value) -> ProviderFault {
    let message = json!({"role": "assistant", "content": "one two", "refusal": null});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let answer = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [choice], "usage": usage});
    ProviderFault::Says(200, answer.to_string())
}

/// The attempt behind an answer, as its address shows it.
async fn attempt_of(program: &Program, stage: &crate::tests::Stage, asked: &str) -> Value {
    stage.app().await.idle().await;
    let path = format!("/api/v1/usage/attempts/{asked}");
    program.gets(&path).await.json()
}

#[tokio::test]
async fn with_ones_own_key_nothing_is_cut_however_large_it_is() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("mistral", "guild", &good("mistral")).await;
        let program = Program::of(stage, &mia, "here:true scopes:chat,usage:read").await;
        let mut seen = Vec::new();
        for (prompt, completion) in [
            (json!(2_147_483_648_u64), json!(4_294_967_296_u64)),
            (json!(3_000_000_000_u64), json!(7)),
            (json!(3e9), json!(100_000_001)),
        ] {
            for model in ["openai/gpt-6-luna", "mistral/mistral-small-latest"] {
                let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion});
                let provider = model.split('/').next().unwrap();
                stage.fails(provider, answers_with(&usage));
                let answer = program.posts("/v1/chat/completions", &count(model)).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                let id = answer.header("x-latchkey-attempt").to_owned();
                let shown = attempt_of(&program, stage, &id).await;
                let receipt = &shown["receipt"];
                assert_eq!(shown["cost_nano_dollars"], added_up(receipt), "{shown}");
                seen.push(format!(
                    "{} {}: {} in, {} out; reported {}",
                    shown["source"].as_str().unwrap(),
                    shown["model"].as_str().unwrap(),
                    shown["input_tokens"],
                    shown["output_tokens"],
                    receipt["reported"],
                ));
            }
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        personal gpt-6-luna: 2147483648 in, 4294967296 out; reported null
        server mistral-small-latest: 10000000 in, 1000000 out; reported {"cost_nano_dollars":null,"input_tokens":2147483648,"output_tokens":4294967296}
        personal gpt-6-luna: 3000000000 in, 7 out; reported null
        server mistral-small-latest: 10000000 in, 7 out; reported {"cost_nano_dollars":null,"input_tokens":3000000000,"output_tokens":7}
        personal gpt-6-luna: 3000000000 in, 100000001 out; reported null
        server mistral-small-latest: 10000000 in, 1000000 out; reported {"cost_nano_dollars":null,"input_tokens":3000000000,"output_tokens":100000001}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_cost_that_is_cut_is_shown_as_it_was_said_and_as_it_is_booked() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openrouter", "guild", &good("openrouter")).await;
        let chunks = [
            json!({"choices": [{"index": 0, "delta": {"content": "one two"}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 7, "cost": 5_000.0}}),
        ];
        let events = chunks.map(|it| format!("data: {it}\n\n")).concat();
        let head = vec![("content-type", "text/event-stream".to_owned())];
        let bytes = format!("{events}data: [DONE]\n\n").into_bytes();
        stage.fails("openrouter", ProviderFault::Sends(head, bytes));
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openrouter").await, @"
        > count

        one two
        -# OpenRouter openai/gpt-6-luna · 🏠 server key · 50 tokens in, 7 out · $1.00
        ");
        let details = mia.presses("Details").await;
        let is_timed = |line: &&str| line.starts_with("First words after");
        let lines: Vec<&str> = details.lines().filter(|line| !is_timed(line)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        (only you) **openai/gpt-6-luna**: 50 tokens in, 7 out, $1.00.
        ```
        tokens in   50  $0.10 a million
        tokens out   7  $0.50 a million
        ```
        Sum: < $0.0001, by the prices of genai-prices 0.2.1 as of 2026-10-26.
        The provider itself says $5,000.00, which is more than one call to this model can cost; $1.00 is booked.
        **Who could pay, in this order**
        - OpenRouter, server key: pays
        Nobody has another key; `/keys status` shows each provider.
        ");
    })
    .await;
}

#[tokio::test]
async fn no_part_of_an_attempt_is_larger_than_the_whole() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "scopes:chat,usage:read").await;
        let usage = json!({"prompt_tokens": 10, "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 50},
            "completion_tokens_details": {"reasoning_tokens": 90}});
        stage.fails("openai", answers_with(&usage));
        let ask = count("openai/gpt-6-luna");
        let asked = program.posts("/v1/chat/completions", &ask).await;
        let id = asked.header("x-latchkey-attempt").to_owned();
        let shown = attempt_of(&program, stage, &id).await;
        for (field, class, expected) in [
            ("cached_tokens", "cached_input", 10),
            ("reasoning_tokens", "reasoning", 4),
        ] {
            let lines = shown["receipt"]["lines"].as_array().unwrap();
            let line = lines.iter().find(|line| line["class"] == class).unwrap();
            assert_eq!(
                (&shown[field], &line["count"]),
                (&json!(expected), &json!(expected))
            );
        }
    })
    .await;
}

/// Calls that ask for terms of service: the address, the model, and what is
/// asked for beside the usual.
fn list_calls_on_terms() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("/v1/chat/completions", "openai/gpt-6-luna", json!({})),
        (
            "/v1/chat/completions",
            "openai/gpt-6-luna",
            json!({"service_tier": "auto"}),
        ),
        (
            "/v1/chat/completions",
            "openai/gpt-6-luna",
            json!({"service_tier": "flex"}),
        ),
        (
            "/v1/chat/completions",
            "openai/gpt-6-luna",
            json!({"service_tier": "priority"}),
        ),
        (
            "/v1/chat/completions",
            "openai/gpt-6-luna",
            json!({"service_tier": "priority", "stream": true}),
        ),
        (
            "/v1/responses",
            "openai/gpt-6-luna",
            json!({"service_tier": "priority", "stream": true}),
        ),
        (
            "/v1/responses",
            "openai/gpt-6-luna",
            json!({"service_tier": "scale"}),
        ),
        ("/anthropic/v1/messages", "claude-opus-5-5", json!({})),
        (
            "/anthropic/v1/messages",
            "claude-opus-5-5",
            json!({"speed": "fast"}),
        ),
        (
            "/anthropic/v1/messages",
            "claude-opus-5-5",
            json!({"inference_geo": "us", "stream": true}),
        ),
        (
            "/anthropic/v1/messages",
            "claude-opus-5-5",
            json!({"speed": "fast", "inference_geo": "us"}),
        ),
    ]
}

#[tokio::test]
async fn a_call_costs_what_the_terms_cost_that_its_answer_names() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "scopes:chat,usage:read").await;
        let mut seen = Vec::new();
        for (address, model, more) in list_calls_on_terms() {
            let mut ask = count(model);
            if address.ends_with("/responses") {
                ask = json!({"model": model, "input": "count"});
            }
            if address.starts_with("/anthropic") {
                ask["max_tokens"] = json!(100);
            }
            for (name, value) in more.as_object().unwrap() {
                ask[name] = value.clone();
            }
            let answer = program.posts(address, &ask).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let id = answer.header("x-latchkey-attempt").to_owned();
            let shown = attempt_of(&program, stage, &id).await;
            let receipt = &shown["receipt"];
            if let (_, Some(told)) = answer.split_receipt() {
                assert_eq!(&told["receipt"], receipt);
            }
            assert_eq!(shown["cost_nano_dollars"], receipt["sum_nano_dollars"]);
            seen.push(format!(
                "{model} {more}: {} {}",
                receipt["terms"], receipt["sum_nano_dollars"]
            ));
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        openai/gpt-6-luna {}: [] 6200
        openai/gpt-6-luna {"service_tier":"auto"}: [] 6200
        openai/gpt-6-luna {"service_tier":"flex"}: ["flex"] 3100
        openai/gpt-6-luna {"service_tier":"priority"}: ["priority"] 12400
        openai/gpt-6-luna {"service_tier":"priority","stream":true}: ["priority"] 12400
        openai/gpt-6-luna {"service_tier":"priority","stream":true}: ["priority"] 12400
        openai/gpt-6-luna {"service_tier":"scale"}: ["scale"] null
        claude-opus-5-5 {}: [] 248000
        claude-opus-5-5 {"speed":"fast"}: ["fast"] 496000
        claude-opus-5-5 {"inference_geo":"us","stream":true}: ["us"] 272800
        claude-opus-5-5 {"inference_geo":"us","speed":"fast"}: ["fast","us"] 545600
        "#);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_costs_what_its_terms_cost() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "scopes:chat,usage:read").await;
        stage.fails("openai", ProviderFault::Cut);
        let mut ask = count("openai/gpt-6-luna");
        ask["service_tier"] = json!("priority");
        ask["stream"] = json!(true);
        let cut = program.posts("/v1/chat/completions", &ask).await;
        let id = cut.header("x-latchkey-attempt").to_owned();
        let shown = attempt_of(&program, stage, &id).await;
        assert_eq!(shown["receipt"]["terms"], json!(["priority"]));
        assert_eq!(shown["estimated"], true);
    })
    .await;
}
