//! Programs that use people's keys over HTTP.

use latchkey_emulator::providers::ProviderFault;
use serde_json::json;

use crate::tests::program::{Program, send};
use crate::tests::{bad, good, run};

pub fn count(model: &str) -> serde_json::Value {
    json!({"model": model, "messages": [{"role": "user", "content": "count"}]})
}

#[tokio::test]
async fn a_program_asks_with_its_persons_key() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let answer = program
            .posts("/v1/chat/completions", &count("openai/gpt-6-luna"))
            .await;
        insta::assert_snapshot!(answer.shown(), @r#"
        200 personal openai
        {"choices":[{"finish_reason":"stop","index":0,"logprobs":null,"message":{"annotations":[],"content":"one two three four five six seven eight nine ten","refusal":null,"role":"assistant"}}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion","service_tier":"default","usage":{"completion_tokens":10,"completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens":12,"prompt_tokens_details":{"cached_tokens":0},"total_tokens":22}}
        "#);
        assert_eq!(answer.header("x-latchkey-key-id").len(), 32);
        assert!(answer.header("x-request-id").starts_with("req_"));
        // A bare name that is clear, the operator's key, and the sums.
        let bare = program
            .posts("/v1/chat/completions", &count("gpt-6-luna"))
            .await;
        assert_eq!(
            (bare.status, bare.header("x-latchkey-source")),
            (200, "personal")
        );
        let default = program
            .posts("/v1/chat/completions", &count("groq/openai/gpt-oss-20b"))
            .await;
        assert_eq!(
            (default.status, default.header("x-latchkey-source")),
            (200, "bot_default")
        );
        assert_eq!(default.header("x-latchkey-key-id"), "");
        stage.app().await.idle().await;
        insta::assert_snapshot!(mia.runs("/usage").await, @"
        (only you) **Your usage, whoever paid**, 2026-10-23 to 2026-11-21 (UTC)
        3 requests, < $0.0001 · 36 tokens in, 30 out
        **By model**
        ```
        gpt-6-luna          2  < $0.0001
        openai/gpt-oss-20b  1  < $0.0001
        ```
        **By who paid**
        ```
        bot default   1  < $0.0001
        personal key  2  < $0.0001
        ```
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
        let rows = stage.app().await.audit().await;
        assert!(
            rows.iter()
                .all(|row| row.state == "settled" && !row.estimated),
            "{rows:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_stream_comes_as_it_is_and_its_usage_is_read() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut ask = count("openai/gpt-6-luna");
        ask["stream"] = json!(true);
        let plain = program.posts("/v1/chat/completions", &ask).await;
        let (plain, receipt) = plain.split_receipt();
        assert_eq!(receipt.unwrap()["cost_nano_dollars"], 6_200);
        insta::assert_snapshot!(plain.shown(), @r#"
        200 personal openai
        : keep-alive

        data: {"choices":[{"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"one "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"two "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"three "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"four "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"five "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"six "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"seven "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"eight "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"nine "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{"content":"ten"},"finish_reason":null,"index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: {"choices":[{"delta":{},"finish_reason":"stop","index":0,"logprobs":null}],"created":1795219200,"id":"chatcmpl-0","model":"gpt-6-luna","object":"chat.completion.chunk","service_tier":"default","usage":null}

        data: [DONE]
        "#);
        ask["stream_options"] = json!({"include_usage": true});
        let with_usage = program.posts("/v1/chat/completions", &ask).await;
        assert!(!plain.text.contains("\"usage\":{") && with_usage.text.contains("\"usage\":{"));
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.len(), 2);
        for row in rows {
            assert_eq!((row.used.input_tokens, row.used.output_tokens), (12, 10));
            assert!(!row.estimated);
        }
    })
    .await;
}

#[tokio::test]
async fn openais_words_reach_models_of_anthropic_and_google() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        for model in ["anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"] {
            let mut ask = count(model);
            let whole = program.posts("/v1/chat/completions", &ask).await;
            assert_eq!(
                whole.header("x-latchkey-source"),
                "personal",
                "{}",
                whole.text
            );
            let answer = whole.json();
            assert_eq!(
                answer["choices"][0]["message"]["content"],
                "one two three four five six seven eight nine ten"
            );
            assert_eq!(answer["usage"]["completion_tokens"], 10);
            ask["stream"] = json!(true);
            let streamed = program.posts("/v1/chat/completions", &ask).await;
            let (streamed, receipt) = streamed.split_receipt();
            assert_eq!(receipt.unwrap()["estimated"], false);
            assert_eq!(streamed.header("content-type"), "text/event-stream");
            assert!(
                streamed.text.contains("\"content\":\"one \"")
                    && streamed.text.ends_with("data: [DONE]\n\n"),
                "{}",
                streamed.text
            );
            ask["seed"] = json!(5);
            ask["n"] = json!(2);
            let refused = program.posts("/v1/chat/completions", &ask).await;
            assert_eq!(refused.code(), "400 untranslatable");
        }
        stage.app().await.idle().await;
        for row in stage.app().await.audit().await {
            let expected = if row.state == "released" { 0 } else { 10 };
            assert_eq!(row.used.output_tokens, expected, "{row:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_providers_own_api_works_by_its_address() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let openai = program.posts("/openai/v1/chat/completions", &count("gpt-6-luna")).await;
        assert_eq!(openai.json()["usage"]["completion_tokens"], 10, "{}", openai.text);
        let ask = json!({"model": "claude-haiku-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "count"}]});
        let anthropic = program.posts("/anthropic/v1/messages", &ask).await;
        assert_eq!(anthropic.json()["usage"]["output_tokens"], 10, "{}", anthropic.text);
        assert_eq!(anthropic.header("request-id"), anthropic.header("x-request-id"));
        let ask = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
        let google = program.posts("/google/v1beta/models/gemini-3.1-flash-lite:generateContent", &ask).await;
        assert_eq!(google.json()["usageMetadata"]["candidatesTokenCount"], 10, "{}", google.text);
        let streamed = program.posts("/google/v1beta/models/gemini-3.1-flash-lite:streamGenerateContent?alt=sse", &ask).await;
        assert!(streamed.text.contains("data: {"), "{}", streamed.text);
        // The token may come where each library puts its key.
        let stranger = Program::stranger(stage).await;
        for (header, path) in [("x-api-key", "/anthropic/v1/models"), ("x-goog-api-key", "/google/v1beta/models")] {
            let answer = send(stranger.call("GET", path).header(header, program.token())).await;
            assert_eq!((answer.status, answer.header("x-latchkey-source")), (200, "personal"), "{}", answer.text);
        }
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let used: Vec<u64> = rows.iter().map(|row| row.used.output_tokens).collect();
        assert_eq!(used.iter().sum::<u64>(), 40, "{used:?}");
    })
    .await;
}

#[tokio::test]
async fn a_no_has_the_shape_of_the_dialect_and_says_what_to_do() {
    run(async |stage| {
        let mia = stage.mia();
        let (program, stranger) = (Program::of(stage, &mia, "").await, Program::stranger(stage).await);
        let chat = "/v1/chat/completions";
        insta::assert_snapshot!(stranger.posts(chat, &count("openai/x")).await.shown(), @r#"
        401
        {"error":{"code":"token_missing","message":"This needs a token. Make one in Discord with `/token create`, and send it as `Authorization: Bearer …`.","param":null,"type":"authentication_error"}}
        "#);
        insta::assert_snapshot!(stranger.with("latchkey_madeup").posts("/anthropic/v1/messages", &json!({})).await.status, @"401");
        insta::assert_snapshot!(program.posts(chat, &count("openai/gpt-6-luna")).await.shown(), @r#"
        402
        {"error":{"code":"nobody_pays","message":"No API key configured: no key for openai can pay for this. Add one with `POST /api/v1/api-keys` or `/keys add` in Discord, or send it with the call.","param":null,"type":"insufficient_quota"}}
        "#);
        insta::assert_snapshot!(program.posts(chat, &count("some-model")).await.shown(), @r#"
        404
        {"error":{"code":"model_not_found","message":"It is not clear whose model `some-model` is. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use.","param":null,"type":"invalid_request_error"}}
        "#);
        insta::assert_snapshot!(program.posts(chat, &json!({"messages": []})).await.shown(), @r#"
        400
        {"error":{"code":"model_missing","message":"The call names no model. Put `model` in, as `provider/model`; `GET /v1/models` lists those that your keys can use.","param":null,"type":"invalid_request_error"}}
        "#);
        let google = program.posts("/google/v1beta/models/gemini-x:generateContent", &json!({"contents": []})).await;
        insta::assert_snapshot!(google.shown(), @r#"
        402
        {"error":{"code":402,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"latchkey","reason":"nobody_pays"}],"message":"No API key configured: no key for google can pay for this. Add one with `POST /api/v1/api-keys` or `/keys add` in Discord, or send it with the call.","status":"RESOURCE_EXHAUSTED"}}
        "#);
        insta::assert_snapshot!(program.gets("/v1/chat/completions").await.shown(), @r#"
        405
        {"error":{"code":"wrong_method","message":"`/v1/chat/completions` does not take this method. `GET /openapi.json` lists those that it takes.","param":null,"type":"invalid_request_error"}}
        "#);
        insta::assert_snapshot!(program.gets("/nowhere").await.shown(), @r#"
        404
        {"error":{"code":"not_found","message":"There is nothing at `/nowhere`. `GET /openapi.json` lists what there is."}}
        "#);
        for (path, allowed) in [(chat, "POST"), ("/nowhere", ""), ("/api/v1/quota", "")] {
            let answer = program.gets(path).await;
            assert_eq!(answer.header("allow"), allowed, "{path}");
            assert!(answer.header("x-request-id").starts_with("req_"), "{path}");
        }
        insta::assert_snapshot!(program.gets("/opnai/v1/models").await.shown(), @r#"
        404
        {"error":{"code":"not_found","message":"There is nothing at `/opnai/v1/models`. `GET /openapi.json` lists what there is.","param":null,"type":"invalid_request_error"}}
        "#);
        insta::assert_snapshot!(program.gets("/google/v1beta/models?key=AIzaMadeUp").await.code(), @"400 secret_in_address");
        insta::assert_snapshot!(program.gets("/openai/v1/%2e%2e/x").await.code(), @"402 nobody_pays");
        let reads = Program::of(stage, &mia, "scopes:usage:read").await;
        insta::assert_snapshot!(reads.posts(chat, &count("openai/x")).await.code(), @"403 scope_missing");
    })
    .await;
}

#[tokio::test]
async fn a_providers_no_is_told_to_its_keys_owner_and_nobody_else() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut wrong = count("gpt-6-luna");
        wrong["max_tokens"] = json!(5);
        let own = program.posts("/openai/v1/chat/completions", &wrong).await;
        insta::assert_snapshot!(own.json()["error"]["message"].as_str().unwrap(), @"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.");
        stage.fails("groq", ProviderFault::Status(400));
        let shared = program
            .posts("/v1/chat/completions", &count("groq/openai/gpt-oss-20b"))
            .await;
        insta::assert_snapshot!(shared.json()["error"]["message"].as_str().unwrap(), @"groq says that the call is wrong.");
        for (fault, code) in [
            (ProviderFault::Html(200), "502 provider_error"),
            (ProviderFault::Html(502), "502 provider_error"),
            (ProviderFault::Status(429), "429 provider_rate_limited"),
            (ProviderFault::HugeBody, "502 provider_error"),
            (ProviderFault::EchoKey, "503 payer_unavailable"),
            (
                ProviderFault::Redirect("http://127.0.0.1:1/".into()),
                "502 provider_error",
            ),
        ] {
            stage.fails("groq", fault.clone());
            let answer = program
                .posts("/v1/chat/completions", &count("groq/openai/gpt-oss-20b"))
                .await;
            assert_eq!(answer.code(), code, "{fault:?}");
            assert_eq!(answer.header("x-latchkey-source"), "bot_default");
        }
        stage.fails("openai", ProviderFault::EchoKey);
        let refused = program
            .posts("/v1/chat/completions", &count("openai/gpt-6-luna"))
            .await;
        assert_eq!(refused.code(), "401 provider_key_refused");
        assert!(!refused.text.contains(&good("openai")));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_comes_with_a_call_pays_for_it_alone() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let own = latchkey_emulator::providers::sample(
            "deepseek",
            latchkey_emulator::providers::Standing::Good,
        );
        let chat = |name: &'static str, key: String, model: &str| {
            send(
                program
                    .call("POST", "/v1/chat/completions")
                    .header(name, key)
                    .json(&count(model)),
            )
        };
        let paid = chat("x-deepseek-key", own.clone(), "deepseek/deepseek-flash").await;
        assert_eq!(
            (paid.status, paid.header("x-latchkey-source")),
            (200, "request"),
            "{}",
            paid.text
        );
        assert_eq!(stage.keys_that_paid("deepseek"), std::slice::from_ref(&own));
        let named = chat("x-api-key", own.clone(), "deepseek/deepseek-flash").await;
        assert_eq!(named.header("x-latchkey-source"), "request");
        // It never falls back, and never goes to another provider.
        let refused = chat("x-openai-key", bad("openai"), "openai/gpt-6-luna").await;
        assert_eq!(refused.code(), "401 provider_key_refused");
        let astray = chat("x-deepseek-key", own.clone(), "openai/gpt-6-luna").await;
        assert_eq!(astray.code(), "400 key_for_another_provider");
        let unnamed = chat("x-api-key", own.clone(), "gpt-6-luna").await;
        assert_eq!(unnamed.code(), "400 provider_missing");
        assert!(!stage.keys_that_paid("openai").contains(&own));
        // Without a token it pays for nothing, unless the operator opens it.
        let stranger = Program::stranger(stage).await;
        let call = stranger
            .call("POST", "/v1/chat/completions")
            .header("x-deepseek-key", &own);
        assert_eq!(
            send(call.json(&count("deepseek/deepseek-flash")))
                .await
                .code(),
            "401 token_missing"
        );
        stage.stop().await;
        stage
            .start_configured("[gateway]\nkeys_without_token = true")
            .await;
        let stranger = Program::stranger(stage).await;
        let call = stranger
            .call("POST", "/v1/chat/completions")
            .header("x-deepseek-key", &own);
        let opened = send(call.json(&count("deepseek/deepseek-flash"))).await;
        assert_eq!(
            opened.header("x-latchkey-source"),
            "request",
            "{}",
            opened.text
        );
        let nothing = stranger
            .posts("/v1/chat/completions", &count("groq/openai/gpt-oss-20b"))
            .await;
        assert_eq!(nothing.code(), "401 token_missing");
        stage.stop().await;
        for file in ["test.db", "test.db-wal"] {
            let bytes = std::fs::read(stage.database().with_file_name(file)).unwrap_or_default();
            assert!(!crate::tests::secrets::holds(&bytes, &own));
        }
    })
    .await;
}

#[tokio::test]
async fn what_makes_pictures_alone_is_asked_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        stage.omar().adds("openai", "guild", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut told = Vec::new();
        for own in [false, true] {
            if own {
                mia.adds("openai", "user", &good("openai")).await;
            }
            let body = count("openai/gpt-image-2");
            told.push(program.posts("/v1/chat/completions", &body).await.shown());
            let body = json!({"model": "openai/gpt-image-2", "input": "count"});
            told.push(program.posts("/v1/responses", &body).await.shown());
            let body = json!({"model": "openai/gpt-image-2", "prompt": "count"});
            told.push(program.posts("/api/v1/unified", &body).await.shown());
        }
        told.dedup();
        insta::assert_snapshot!(told.join("\n"), @r#"
        400
        {"error":{"code":"no_chat","message":"`openai/gpt-image-2` makes pictures and answers no questions. `POST /v1/images/generations` takes it; for words, name another model.","param":null,"type":"invalid_request_error"}}
        400
        {"error":{"code":"no_chat","message":"`openai/gpt-image-2` makes pictures and answers no questions. `POST /v1/images/generations` takes it; for words, name another model."}}
        400
        {"error":{"code":"no_chat","message":"`openai/gpt-image-2` makes pictures and answers no questions. `POST /v1/images/generations` takes it; for words, name another model.","param":null,"type":"invalid_request_error"}}
        400
        {"error":{"code":"no_chat","message":"`openai/gpt-image-2` makes pictures and answers no questions. `POST /v1/images/generations` takes it; for words, name another model."}}
        "#);
        assert_eq!(stage.keys_that_paid("openai"), Vec::<String>::new());
    })
    .await;
}
