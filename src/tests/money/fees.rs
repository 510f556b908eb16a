//! Calls with one's own key of which the answer says that they used more than
//! tokens, and calls that are passed on as they are: what the answer states is
//! booked, and a sum that lacks the price of a part of it is unknown.

use latchkey_emulator::providers::ProviderFault;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::tests::http::leaving::charged;
use crate::tests::program::{Program, send};
use crate::tests::{Actor, Stage, good, run};

const PROVIDERS: [&str; 6] = ["openai", "anthropic", "google", "xai", "groq", "mistral"];

/// Makes a call, and tells what was booked for it, with each line of its receipt.
async fn books(stage: &Stage, program: &Program, path: &str, ask: &Value) -> String {
    stage.clock.advance_ms(1);
    let said = program.posts(path, ask).await;
    assert_eq!(said.status, 200, "{path}: {}", said.text);
    stage.app().await.idle().await;
    let id = said.header("x-latchkey-attempt");
    let shown = program
        .gets(&format!("/api/v1/usage/attempts/{id}"))
        .await
        .json();
    let lines = shown["receipt"]["lines"].as_array().into_iter().flatten();
    let lines = lines.map(|line| {
        let price = line["price_nano_dollars"].as_u64();
        let price = price.map_or("?".to_owned(), |price| price.to_string());
        format!(
            "{}={}@{price}",
            line["class"].as_str().unwrap(),
            line["count"]
        )
    });
    let cost = &shown["cost_nano_dollars"];
    let lines = lines.collect::<Vec<_>>().join(" ");
    format!("{}, cost {cost}: {lines}", charged(stage).await)
}

/// Has every provider answer so.
fn all_answer(stage: &Stage, answer: &Value) {
    for provider in PROVIDERS {
        stage.fails(provider, ProviderFault::Says(200, answer.to_string()));
    }
}

/// A program of a person who has a key of each of these providers.
async fn program(stage: &Stage, mia: &Actor<'_>) -> Program {
    for provider in PROVIDERS {
        mia.adds(provider, "user", &good(provider)).await;
        // So many keys are checked in a minute, and no more.
        stage.clock.advance_ms(30_000);
    }
    Program::of(stage, mia, "scopes:chat,usage:read").await
}

fn chat(message: &Value, usage: &Value) -> Value {
    let mut said = json!({"role": "assistant", "content": "Sun."});
    for (name, value) in message.as_object().unwrap() {
        said[name] = value.clone();
    }
    json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})
}

fn named(model: &str, mut answer: Value) -> Value {
    answer["model"] = json!(model);
    answer
}

fn response(items: &Value, usage: &Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m",
        "error": null, "output": items, "usage": usage})
}

#[expect(clippy::too_many_lines, reason = "a table of answers")]
#[tokio::test]
async fn a_fee_that_the_answer_states_is_booked_or_makes_the_sum_unknown() {
    run(async |stage| {
        let mia = stage.mia();
        let program = program(stage, &mia).await;
        let told = json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150});
        let used = json!({"input_tokens": 100, "output_tokens": 50, "total_tokens": 150});
        let cites = json!({"annotations": [{"type": "url_citation",
            "url_citation": {"url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1}}]});
        let ask = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        let respond = |model: &str| json!({"model": model, "input": "hi"});
        let google = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
        let claude = json!({"model": "claude-haiku-5-5", "max_tokens": 100,
            "messages": [{"role": "user", "content": "hi"}]});
        let message = |usage: Value| {
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5",
                "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn",
                "stop_sequence": null, "usage": usage})
        };
        let mut grok = told.clone();
        grok["server_side_tool_usage_details"] = json!({"web_search_calls": 2, "x_search_calls": 1,
            "code_interpreter_calls": 1, "file_search_calls": 0, "mcp_calls": 3});
        let mut priced = grok.clone();
        priced["cost_in_usd_ticks"] = json!(500_000_000);
        let ran = json!([{"type": "code_interpreter_call", "container_id": "cntr_1"},
            {"type": "code_interpreter_call", "container_id": "cntr_1"},
            {"type": "shell_call", "environment": {"type": "container_reference", "container_id": "cntr_2"}},
            {"type": "shell_call", "environment": {"type": "local"}}]);
        let map = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Here."}]},
            "finishReason": "STOP", "groundingMetadata": {"groundingChunks": [
                {"maps": {"uri": "https://maps.example/1", "title": "A"}},
                {"maps": {"uri": "https://maps.example/2", "title": "B"}}]}}],
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 50, "totalTokenCount": 150}});
        let mut seen = Vec::new();
        for (name, path, ask, answer) in [
            ("a model that searches", "/v1/chat/completions", &ask("openai/gpt-4o-search-preview"),
                named("gpt-4o-search-preview-2025-03-11", chat(&json!({}), &told))),
            ("a model that cites", "/v1/chat/completions", &ask("openai/gpt-5.4"), chat(&cites, &told)),
            ("code and a shell", "/v1/responses", &respond("openai/gpt-6-luna"), response(&ran, &used)),
            ("a shell of the caller's", "/v1/responses", &respond("openai/gpt-6-luna"),
                response(&json!([ran[3]]), &used)),
            ("a map", "/v1beta/models/gemini-3.1-flash-lite:generateContent", &google, map),
            ("tools of xAI's", "/v1/chat/completions", &ask("xai/grok-4.3"), chat(&json!({}), &grok)),
            ("tools that xAI prices", "/v1/chat/completions", &ask("xai/grok-4.3"), chat(&json!({}), &priced)),
            ("tools of Groq's", "/v1/chat/completions", &ask("groq/openai/gpt-oss-120b"),
                chat(&json!({"executed_tools": [{"index": 0, "type": "search"}]}), &told)),
            ("an adviser", "/v1/messages", &claude, message(json!({"input_tokens": 100, "output_tokens": 50,
                "iterations": [{"type": "message", "input_tokens": 100, "output_tokens": 50},
                    {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 20_000,
                        "output_tokens": 1_600}]}))),
            ("code at Anthropic", "/v1/messages", &claude, message(json!({"input_tokens": 100, "output_tokens": 50,
                "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 2, "code_execution_requests": 2}}))),
            ("pages that are fetched", "/v1/messages", &claude, message(json!({"input_tokens": 100,
                "output_tokens": 50, "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 2}}))),
            ("a job in the background", "/v1/responses", &respond("openai/gpt-6-luna"),
                json!({"id": "resp_1", "object": "response", "status": "queued", "model": "m", "error": null,
                    "output": [], "usage": null})),
        ] {
            all_answer(stage, &answer);
            let booked = books(stage, &program, path, ask).await;
            seen.push(format!("{name}: {booked}"));
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        a model that searches: personal answered: 100 in, 50 out, 0 images, cost null: input=100@2500000000 output=50@10000000000 web_search=1@?
        a model that cites: personal answered: 100 in, 50 out, 0 images, cost 11000000: input=100@2500000000 output=50@15000000000 web_search=1@10000000000
        code and a shell: personal answered: 100 in, 50 out, 0 images, cost null: input=100@100000000 output=50@500000000 container=2@?
        a shell of the caller's: personal answered: 100 in, 50 out, 0 images, cost 35000: input=100@100000000 output=50@500000000
        a map: personal answered: 100 in, 50 out, 0 images, cost null: input=100@250000000 output=50@1500000000 map_search=1@?
        tools of xAI's: personal answered: 100 in, 50 out, 0 images, cost null: input=100@1250000000 output=50@2500000000 web_search=2@? tool_call=2@?
        tools that xAI prices: personal answered: 100 in, 50 out, 0 images, cost 50000000: input=100@1250000000 output=50@2500000000 web_search=2@? tool_call=2@?
        tools of Groq's: personal answered: 100 in, 50 out, 0 images, cost null: input=100@150000000 output=50@600000000 tool_call=1@?
        an adviser: personal answered: 100 in, 50 out, 0 images, cost null: input=100@100000000 output=50@500000000 other_model=21600@?
        code at Anthropic: personal answered: 100 in, 50 out, 0 images, cost null: input=100@100000000 output=50@500000000 web_search=1@10000000000 tool_call=2@?
        pages that are fetched: personal answered: 100 in, 50 out, 0 images, cost 35000: input=100@100000000 output=50@500000000
        a job in the background: personal ongoing: 11 in, no output, 0 images, estimated, cost null: input=11@100000000 job=1@?
        ");
        insta::assert_snapshot!(mia.runs("/usage period:today").await, @"
        (only you) **Your usage, whoever paid**, 2026-11-21 to 2026-11-21 (UTC)
        12 requests, $0.062, price unknown for 8 of them · 1,111 tokens in, 550 out
        **By model**
        ```
        grok-4.3    2    $0.05 + ?
        gpt-5.4     1    $0.011
        claude-haiku-5-5
                    3  < $0.0001 + ?
        gpt-6-luna  3  < $0.0001 + ?
        gemini-3.1-flash-lite
                    1              ?
        ```
        and 2 more in the table
        Nobody knows a price for `grok-4.3`, `claude-haiku-5-5`, `gpt-6-luna`, and 3 more.
        Of these, 1 is an estimate, since the provider did not say or the answer broke off.
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
    })
    .await;
}

/// What the answer says that it cost is booked; where another takes something too
/// and nobody says what, the list is a guess.
#[tokio::test]
async fn a_cost_that_the_answer_states_is_booked() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openrouter", "perplexity", "moonshot", "zai"] {
            mia.adds(provider, "user", &good(provider)).await;
            stage.clock.advance_ms(30_000);
        }
        let program = Program::of(stage, &mia, "scopes:chat,usage:read").await;
        let chat_at = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        let told = |more: Value| {
            let mut usage = json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150});
            for (name, value) in more.as_object().unwrap() {
                usage[name] = value.clone();
            }
            usage
        };
        let byok = |details: Value| {
            let usage = told(json!({"cost": 0, "is_byok": true, "cost_details": details}));
            chat(&json!({}), &usage)
        };
        let searched = json!({"input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
            "cost": {"currency": "USD", "total_cost": 0.023},
            "tool_calls_details": {"web_search": {"invocation": 3}}});
        let mut found = chat(&json!({}), &told(json!({})));
        found["web_search"] = json!([{"title": "A", "link": "https://a.example"}]);
        let call = json!({"tool_calls": [{"id": "a", "type": "builtin_function",
            "function": {"name": "$web_search", "arguments": "{}"}}]});
        let mut seen = Vec::new();
        for (name, provider, path, ask, answer) in [
            ("in parts", "openrouter", "/v1/chat/completions", chat_at("openrouter/openai/gpt-6-luna"),
                byok(json!({"upstream_inference_prompt_cost": 0.01, "upstream_inference_completions_cost": 0.02}))),
            ("untold", "openrouter", "/v1/chat/completions", chat_at("openrouter/openai/gpt-6-luna"),
                byok(json!({"upstream_inference_cost": null}))),
            ("with searches", "perplexity", "/v1/responses",
                json!({"model": "perplexity/perplexity/sonar", "input": "hi"}), response(&json!([]), &searched)),
            ("a search", "zai", "/v1/chat/completions", chat_at("zai/glm-5.3-flash"), found),
            ("another", "moonshot", "/v1/chat/completions", chat_at("moonshot/kimi-k2.6"),
                chat(&call, &told(json!({})))),
            ("a cache", "moonshot", "/v1/chat/completions", chat_at("moonshot/kimi-k2.6"),
                chat(&json!({}), &told(json!({"cached_tokens": 80})))),
            ("a name that begins alike", "moonshot", "/v1/chat/completions", chat_at("moonshot/kimi-k2.6-highspeed"),
                chat(&json!({}), &told(json!({})))),
        ] {
            stage.fails(provider, ProviderFault::Says(200, answer.to_string()));
            seen.push(format!("{name}: {}", books(stage, &program, path, &ask).await));
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        in parts: personal answered: 100 in, 50 out, 0 images, cost 30000000: input=100@100000000 output=50@500000000
        untold: personal answered: 100 in, 50 out, 0 images, estimated, cost 35000: input=100@100000000 output=50@500000000
        with searches: personal answered: 100 in, 50 out, 0 images, cost 23000000: input=100@250000000 output=50@2500000000 web_search=3@2500000000
        a search: personal answered: 100 in, 50 out, 0 images, cost null: input=100@150000000 output=50@500000000 web_search=1@?
        another: personal answered: 100 in, 50 out, 0 images, cost null: input=100@950000000 output=50@4000000000 web_search=1@?
        a cache: personal answered: 100 in, 50 out, 0 images, cost 231800: input=20@950000000 cached_input=80@160000000 output=50@4000000000
        a name that begins alike: personal answered: 100 in, 50 out, 0 images, cost null: input=100@? output=50@?
        ");
    })
    .await;
}

#[expect(clippy::too_many_lines, reason = "a table of answers")]
#[tokio::test]
async fn whatever_is_passed_on_is_booked_as_its_answer_says() {
    run(async |stage| {
        let mia = stage.mia();
        let program = program(stage, &mia).await;
        let mut seen = Vec::new();
        for (path, ask) in [
            (
                "/openai/v1/completions",
                json!({"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}),
            ),
            (
                "/openai/v1/responses/compact",
                json!({"model": "gpt-6-luna", "input": "hi"}),
            ),
            (
                "/google/v1beta/interactions",
                json!({"model": "gemini-3.1-flash-lite", "input": "hi"}),
            ),
            (
                "/google/v1beta/models/gemini-embedding-001:batchEmbedContents",
                json!({"requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "hi"}]}},
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "ho"}]}}]}),
            ),
        ] {
            seen.push(format!(
                "{path}: {}",
                books(stage, &program, path, &ask).await
            ));
        }
        let form = Form::new().text("model", "gpt-4o-transcribe");
        let form = form.part("file", Part::bytes(crate::tests::http::transcripts::wav(3)).file_name("a.wav"));
        let path = "/openai/v1/audio/transcriptions";
        let said = send(program.call("POST", path).multipart(form)).await;
        assert_eq!(said.status, 200, "{}", said.text);
        stage.app().await.idle().await;
        let id = said.header("x-latchkey-attempt");
        let shown = program.gets(&format!("/api/v1/usage/attempts/{id}")).await.json();
        assert_eq!((&shown["model"], &shown["cost_nano_dollars"]), (&json!("gpt-4o-transcribe"), &json!(6_465_000)));
        let told = json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150});
        let mut connected = told.clone();
        connected["total_tokens"] = json!(650);
        connected["connector_tokens"] = json!(500);
        connected["connectors"] = json!({"web_search": 2});
        let talk = json!({"model": "mistral-small-latest", "inputs": "hi"});
        for (name, path, ask, answer) in [
            (
                "seconds of audio",
                "/openai/v1/audio/transcriptions",
                &json!({"model": "whisper-1"}),
                json!({"text": "x", "usage": {"type": "duration", "seconds": 600}}),
            ),
            (
                "a conversation of Mistral's",
                "/mistral/v1/conversations",
                &talk,
                json!({"object": "conversation.response", "outputs": [], "usage": connected}),
            ),
            (
                "a picture that is changed",
                "/openai/v1/images/edits",
                &json!({"model": "gpt-image-1.5"}),
                json!({"created": 1, "data": [{"b64_json": "AA=="}], "usage": {"input_tokens": 60,
                    "output_tokens": 4_160, "total_tokens": 4_220}}),
            ),
            (
                "a search of Interactions",
                "/google/v1beta/interactions",
                &json!({"model": "gemini-3.1-flash-lite"}),
                json!({"id": "v1_2", "status": "completed", "steps": [{"type": "google_search_call",
                    "arguments": {"queries": ["a", "b"]}}], "usage": {"total_input_tokens": 100,
                    "total_output_tokens": 50, "total_tool_use_tokens": 30, "total_tokens": 180}}),
            ),
            (
                "a job of Interactions",
                "/google/v1beta/interactions",
                &json!({"model": "gemini-3.1-flash-lite"}),
                json!({"id": "v1_3", "status": "in_progress"}),
            ),
            (
                "something older",
                "/openai/v1/chat/completions/chatcmpl-1",
                &json!({"metadata": {}}),
                json!({"id": "chatcmpl-1", "object": "chat.completion", "usage": told}),
            ),
            (
                "no JSON",
                "/openai/v1/audio/speech",
                &json!({"model": "tts-1"}),
                json!("x"),
            ),
        ] {
            all_answer(stage, &answer);
            let booked = books(stage, &program, path, ask).await;
            seen.push(format!("{name}: {booked}"));
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        /openai/v1/completions: personal answered: 12 in, 10 out, 0 images, cost 38000: input=12@1500000000 output=10@2000000000
        /openai/v1/responses/compact: personal answered: 10000 in, 500 out, 0 images, cost 1070000: input=8000@100000000 cached_input=2000@10000000 output=500@500000000
        /google/v1beta/interactions: personal answered: 12 in, 10 out, 0 images, cost 18000: input=12@250000000 output=4@1500000000 reasoning=6@1500000000
        /google/v1beta/models/gemini-embedding-001:batchEmbedContents: personal answered: 24 in, no output, 0 images, cost 3600: input=24@150000000
        seconds of audio: personal answered: 0 in, no output, 0 images, cost 60000000: audio_second=600@100000
        a conversation of Mistral's: personal answered: 600 in, 50 out, 0 images, cost null: input=100@150000000 tool_input=500@150000000 output=50@600000000 web_search=2@?
        a picture that is changed: personal answered: 60 in, 4160 out, 1 images, cost 133600000: input_image=60@8000000000 output_image=4160@32000000000
        a search of Interactions: personal answered: 130 in, 50 out, 0 images, cost 28107500: input=100@250000000 tool_input=30@250000000 output=50@1500000000 web_search=2@14000000000
        a job of Interactions: personal ongoing: 9 in, no output, 0 images, estimated, cost null: input=9@250000000 job=1@?
        something older: personal answered: 0 in, no output, 0 images, cost 0: 
        no JSON: personal answered: 5 in, no output, 0 images, estimated, cost null: input=5@?
        ");
    })
    .await;
}

/// The events of a stream that is passed on unread, and what is booked for it.
#[tokio::test]
async fn a_stream_of_any_kind_is_counted_as_it_passes() {
    run(async |stage| {
        let mia = stage.mia();
        let program = program(stage, &mia).await;
        let mut seen = Vec::new();
        for events in [
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"one\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"one\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":45,\"total_tokens\":59}}\n\n",
            "event: x\ndata: {\"event_type\":\"interaction.status_update\",\"interaction_id\":\"v1\",\"status\":\"in_progress\"}\n\nevent: x\ndata: {\"event_type\":\"interaction.completed\",\"interaction\":{\"id\":\"v1\",\"usage\":{\"total_input_tokens\":9,\"total_output_tokens\":5,\"total_tokens\":14}}}\n\n",
            "data: {\"error\":{\"message\":\"no\"}}\n\ndata: no json at all\n\n",
        ] {
            let headers = vec![("content-type", "text/event-stream".to_owned())];
            stage.fails("openai", ProviderFault::Sends(headers, events.into()));
            stage.clock.advance_ms(1);
            let ask = json!({"model": "gpt-4o-transcribe", "stream": true});
            let said = program.posts("/openai/v1/audio/transcriptions", &ask).await;
            let (passed, _) = said.split_receipt();
            assert_eq!(passed.text, events);
            stage.app().await.idle().await;
            seen.push(charged(stage).await);
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        personal answered: 14 in, 45 out, 0 images
        personal answered: 9 in, 5 out, 0 images
        personal answered: 11 in, no output, 0 images, estimated
        ");
    })
    .await;
}
