//! What passes through the gateway as it is: bodies in any coding and of any
//! media type, events of any size, the headers of vendors' libraries.

use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::gateway::count;
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Stage, good, run};

const CHAT: &str = "/v1/chat/completions";

/// A whole answer of OpenAI's.
const WHOLE: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"gpt-6-luna","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;

/// The same as a stream.
fn chunks(content: &str) -> String {
    let chunk = |delta: &str, finish: &str| {
        format!(
            r#"data: {{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}]}}"#
        )
    };
    let said = chunk(
        &format!(r#""role":"assistant","content":"{content}""#),
        "null",
    );
    format!("{said}\n\n{}\n\ndata: [DONE]\n\n", chunk("", "\"stop\""))
}

/// A program whose person has a key of OpenAI's.
async fn program(stage: &Stage) -> Program {
    let mia = stage.mia();
    mia.adds("openai", "user", &good("openai")).await;
    Program::of(stage, &mia, "").await
}

async fn read(mut coded: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    coded.read_to_end(&mut bytes).await.unwrap();
    bytes
}

async fn compress(coding: &str, words: &str) -> Vec<u8> {
    let words = words.as_bytes();
    let plain = coding.to_ascii_lowercase();
    match plain.trim_start_matches("x-") {
        "gzip" => read(GzipEncoder::new(words)).await,
        "br" => read(BrotliEncoder::new(words)).await,
        "zstd" => read(ZstdEncoder::new(words)).await,
        _ => words.to_vec(),
    }
}

/// Codings are named in any case, and gzip has an older name too (RFC 9110,
/// section 8.4.1).
#[tokio::test]
async fn a_coding_is_known_by_all_its_names() {
    run(async |stage| {
        let program = program(stage).await;
        for coding in ["GZIP", "x-gzip", "X-Gzip", "Br"] {
            let headers = vec![
                ("content-type", "application/json".to_owned()),
                ("content-encoding", coding.to_owned()),
            ];
            let answer = ProviderFault::Sends(headers, compress(coding, WHOLE).await);
            stage.fails("openai", answer);
            let body = compress(coding, &count("openai/gpt-6-luna").to_string()).await;
            let call = program.call("POST", CHAT).body(body);
            let call = call.header("content-encoding", coding);
            let said = send(call.header("content-type", "application/json")).await;
            assert_eq!(said.status, 200, "{coding}: {}", said.text);
        }
    })
    .await;
}

/// What a client reads of a stream: the words, and how it ends.
fn heard(answer: &HttpAnswer) -> String {
    let mut words = String::new();
    for line in answer.text.lines() {
        match line.strip_prefix("data:").map(str::trim) {
            Some("[DONE]") => words.push_str(" [DONE]"),
            Some(data) => {
                let event: Value = serde_json::from_str(data).unwrap_or_default();
                let delta = &event["choices"][0]["delta"]["content"];
                words.push_str(delta.as_str().unwrap_or_default());
                if event["error"].is_object() {
                    words.push_str(" error");
                }
            }
            None => {}
        }
    }
    words
}

fn streamed() -> Value {
    let mut body = count("openai/gpt-6-luna");
    body["stream"] = json!(true);
    body
}

#[tokio::test]
async fn bodies_are_read_in_every_coding_and_no_further_than_the_limit() {
    run(async |stage| {
        let program = program(stage).await;
        for coding in ["gzip", "br", "zstd"] {
            let headers = vec![
                ("content-type", "application/json".to_owned()),
                ("content-encoding", coding.to_owned()),
            ];
            let answer = ProviderFault::Sends(headers, compress(coding, WHOLE).await);
            stage.fails("openai", answer);
            let whole = program.posts(CHAT, &count("openai/gpt-6-luna")).await;
            let said = &whole.json()["choices"][0]["message"]["content"];
            assert_eq!((whole.status, said), (200, &json!("hello")), "{coding}");
            assert_eq!(whole.header("content-encoding"), "");
            let headers = vec![
                ("content-type", "text/event-stream".to_owned()),
                ("content-encoding", coding.to_owned()),
            ];
            let answer = ProviderFault::Sends(headers, compress(coding, &chunks("hi")).await);
            stage.fails("openai", answer);
            assert_eq!(
                heard(&program.posts(CHAT, &streamed()).await),
                "hi [DONE]",
                "{coding}"
            );
            stage.recovers("openai");
            let body = compress(coding, &count("openai/gpt-6-luna").to_string()).await;
            let posts = |body: Vec<u8>, coding: &str| {
                let call = program
                    .call("POST", CHAT)
                    .header("content-encoding", coding);
                send(call.header("content-type", "application/json").body(body))
            };
            let answer = posts(body.clone(), coding).await;
            assert_eq!(answer.status, 200, "{coding}: {}", answer.text);
            let bomb = compress(coding, &" ".repeat(64 * 1024 * 1024)).await;
            assert!(bomb.len() < 1024 * 1024);
            assert_eq!(
                posts(bomb, coding).await.code(),
                "413 body_too_large",
                "{coding}"
            );
            let half = body[..body.len() / 2].to_vec();
            assert_eq!(
                posts(half, coding).await.code(),
                "400 malformed_coding",
                "{coding}"
            );
            assert_eq!(posts(body, "compress").await.code(), "415 unknown_coding");
        }
        let told = |name: &str| {
            stage.world().look(|state| {
                let calls = &state.providers.calls;
                let last = calls.iter().rev().find(|call| call.method == "POST");
                last.unwrap().headers.iter().any(|sent| sent == name)
            })
        };
        assert!(told("accept-encoding"));
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_what_it_is_whatever_it_is_called() {
    run(async |stage| {
        let program = program(stage).await;
        let marked = format!("\u{feff}{}", chunks("hi"));
        let broken = chunks("hi").replace("\n\n", "\r\r");
        let heartbeat = format!("event: ping\ndata: ping\n\n{}", chunks("hi"));
        let large = "A".repeat(3 * 1024 * 1024);
        let cases = [
            ("text/plain; charset=utf-8", chunks("hi"), "hi [DONE]"),
            ("", chunks("hi"), "hi [DONE]"),
            ("application/json", chunks("hi"), "hi [DONE]"),
            ("application/json", WHOLE.to_owned(), "hello [DONE]"),
            ("text/plain", WHOLE.to_owned(), "hello [DONE]"),
            ("text/event-stream", marked, "hi [DONE]"),
            ("text/event-stream", heartbeat, "hi [DONE]"),
            (
                "text/event-stream",
                chunks(&large),
                &format!("{large} [DONE]"),
            ),
            ("text/event-stream", broken, "hi [DONE]"),
            (
                "text/event-stream",
                chunks("hi").replace("\"stop\"", "null"),
                "hi [DONE]",
            ),
        ];
        for (kind, body, expected) in &cases {
            let headers = vec![("content-type", (*kind).to_owned())];
            let headers = headers.into_iter().filter(|(_, kind)| !kind.is_empty());
            let answer = ProviderFault::Sends(headers.collect(), body.clone().into_bytes());
            stage.fails("openai", answer);
            let answer = program.posts(CHAT, &streamed()).await;
            assert_eq!(answer.header("content-type"), "text/event-stream", "{kind}");
            let text = answer.text.replace('\r', "\n");
            let heard = heard(&HttpAnswer { text, ..answer });
            assert!(
                heard == *expected,
                "{kind} {}",
                body.chars().take(60).collect::<String>()
            );
        }
        // The reverse: events where none were asked for are no answer.
        let headers = vec![("content-type", "text/event-stream".to_owned())];
        stage.fails(
            "openai",
            ProviderFault::Sends(headers, chunks("hi").into_bytes()),
        );
        let whole = program.posts(CHAT, &count("openai/gpt-6-luna")).await;
        assert_eq!(whole.code(), "502 provider_error");
        for (kind, body) in [
            ("", format!("\u{feff}{WHOLE}")),
            ("text/plain", WHOLE.to_owned()),
            ("application/json", WHOLE.replace("hello", "\\ud83d")),
        ] {
            let headers = vec![("content-type", kind.to_owned())];
            stage.fails("openai", ProviderFault::Sends(headers, body.into_bytes()));
            let whole = program.posts(CHAT, &count("openai/gpt-6-luna")).await;
            assert_eq!(whole.status, 200, "{kind}");
            assert_eq!(whole.header("content-type"), "application/json", "{kind}");
            assert!(whole.text.starts_with('{'), "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn half_a_character_passes_in_a_stream() {
    run(async |stage| {
        let program = program(stage).await;
        let body = chunks("a \\ud83d").replace("data: [DONE]", "");
        let body = format!("{body}{}", chunks("\\ude00"));
        let headers = vec![("content-type", "text/event-stream".to_owned())];
        stage.fails("openai", ProviderFault::Sends(headers, body.into_bytes()));
        let answer = program.posts(CHAT, &streamed()).await;
        assert!(answer.text.contains("\\ud83d") && answer.text.contains("\\ude00"));
        assert!(answer.text.contains("[DONE]") && !answer.text.contains("error"));
    })
    .await;
}

#[tokio::test]
async fn a_websocket_is_refused_at_once_and_a_placeholder_is_no_token() {
    run(async |stage| {
        let stranger = Program::stranger(stage).await;
        let call = stranger
            .call("GET", "/v1/responses")
            .header("connection", "upgrade")
            .header("upgrade", "websocket");
        let answer = send(call).await;
        assert_eq!(answer.code(), "426 no_websocket");
        assert_eq!(answer.header("upgrade"), "HTTP/1.1");
        let asks = |stranger: &Program| {
            let call = stranger.call("POST", CHAT).bearer_auth("unused");
            let call = call.header("x-openai-key", good("openai"));
            send(call.json(&count("openai/gpt-6-luna")))
        };
        assert_eq!(asks(&stranger).await.status, 401);
        stage.stop().await;
        stage
            .start_configured("[gateway]\nkeys_without_token = true")
            .await;
        let stranger = Program::stranger(stage).await;
        let answer = asks(&stranger).await;
        assert_eq!(
            (answer.status, answer.header("x-latchkey-source")),
            (200, "request")
        );
        // What looks like a token of ours is read as one.
        let call = stranger.call("POST", CHAT).bearer_auth("latchkey_madeup");
        let call = call.header("x-openai-key", good("openai"));
        let answer = send(call.json(&count("openai/gpt-6-luna"))).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn one_model_is_shown_by_its_name_with_a_slash() {
    run(async |stage| {
        let program = program(stage).await;
        let answer = program.gets("/v1/models/openai/gpt-6-luna").await;
        insta::assert_snapshot!(pretty(&answer.json()), @r#"
        {
          "architecture": {
            "input_modalities": [
              "text",
              "image"
            ],
            "modality": "text+image->text",
            "output_modalities": [
              "text"
            ]
          },
          "context_length": 1050000,
          "created": 0,
          "id": "openai/gpt-6-luna",
          "name": "openai/gpt-6-luna",
          "object": "model",
          "owned_by": "openai",
          "pricing": {
            "completion": "0.0000005",
            "input_cache_read": "0.00000001",
            "input_cache_write": "0.000000125",
            "prompt": "0.0000001"
          },
          "supported_parameters": [
            "tools",
            "tool_choice",
            "reasoning"
          ],
          "top_provider": {
            "context_length": 1050000,
            "max_completion_tokens": 128000
          }
        }
        "#);
        for written in ["gpt-6-luna", "openai%2Fgpt-6-luna", "openai%2fgpt%2D6-luna"] {
            let same = program.gets(&format!("/v1/models/{written}")).await;
            assert_eq!(same.text, answer.text, "{written}");
        }
        for written in ["openai%2F..%2Fgpt-6-luna", "openai%0Agpt-6-luna"] {
            let other = program.gets(&format!("/v1/models/{written}")).await;
            assert_eq!(other.code(), "404 model_not_found", "{written}");
        }
        let unknown = program.gets("/v1/models/openai/nothing").await;
        assert_eq!(unknown.code(), "404 model_not_found");
        let refused = program.gets("/v1/models/openai/gpt-6-lunar").await;
        insta::assert_snapshot!(refused.json()["error"]["message"], @r#""None of your keys opens a model `openai/gpt-6-lunar`. The nearest names are `openai/gpt-6-luna`. `GET /v1/models` lists those that they open.""#);
    })
    .await;
}

/// What nobody knows of a model is left out.
#[tokio::test]
async fn a_list_of_models_says_what_is_known_of_each() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google", "openrouter", "cerebras"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let listed = program.gets("/v1/models").await.json();
        let all = listed["data"].as_array().unwrap();
        let of = |id: &str| all.iter().find(|it| it["id"] == id).unwrap();
        let told = |id: &str| {
            let model = of(id);
            format!(
                "{id}: {} of {}, {} to {}, {} {}",
                model["top_provider"]["max_completion_tokens"],
                model["context_length"],
                model["architecture"]["input_modalities"],
                model["architecture"]["output_modalities"],
                model["pricing"],
                model["supported_parameters"],
            )
        };
        let told: Vec<String> = [
            "openai/gpt-6-luna",
            "anthropic/claude-haiku-5-5",
            "google/gemini-3.1-flash-lite",
            "openrouter/made-up-model",
            "cerebras/made-up-model",
            "openai/gpt-image-2",
        ]
        .map(told)
        .into();
        insta::assert_snapshot!(told.join("\n"), @r#"
        openai/gpt-6-luna: 128000 of 1050000, ["text","image"] to ["text"], {"completion":"0.0000005","input_cache_read":"0.00000001","input_cache_write":"0.000000125","prompt":"0.0000001"} ["tools","tool_choice","reasoning"]
        anthropic/claude-haiku-5-5: 128000 of 1000000, ["text","image"] to ["text"], {"completion":"0.0000005","input_cache_read":"0.00000001","input_cache_write":"0.000000125","prompt":"0.0000001"} ["tools","tool_choice","reasoning","response_format"]
        google/gemini-3.1-flash-lite: 65536 of 1000000, ["text","image"] to ["text"], {"completion":"0.0000015","input_cache_read":"0.000000025","prompt":"0.00000025"} ["tools","tool_choice","reasoning","response_format"]
        openrouter/made-up-model: null of null, ["text"] to ["text"], null ["tools","tool_choice","reasoning","response_format"]
        cerebras/made-up-model: null of null, ["text"] to ["text"], null null
        openai/gpt-image-2: null of null, ["text"] to ["image"], {"completion":"0.00003","input_cache_read":"0.00000125","prompt":"0.000005"} null
        "#);
        for model in all {
            assert_eq!(
                (&model["object"], &model["created"]),
                (&json!("model"), &json!(0))
            );
            let path = format!("/v1/models/{}", model["id"].as_str().unwrap());
            assert_eq!(&program.gets(&path).await.json(), model);
        }
    })
    .await;
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[tokio::test]
async fn files_are_for_ones_own_key_and_go_where_the_vendor_takes_them() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        for path in ["/google/upload/v1beta/files", "/upload/v1beta/files"] {
            let leg = |path: &str, command: &str| {
                let call = program.call("POST", path);
                let call = call.header("x-goog-upload-protocol", "resumable");
                call.header("x-goog-upload-command", command)
            };
            let told = json!({"file": {"displayName": "a"}});
            let begun = send(leg(path, "start").json(&told)).await;
            assert_eq!(begun.status, 200, "{}", begun.text);
            // The next leg leads here too, where the key is put in.
            let next = begun.header("x-goog-upload-url").to_owned();
            let (_, below) = next.split_once(path).unwrap();
            assert_eq!(below, "?upload_id=made-up&upload_protocol=resumable");
            let next = format!("{path}{below}");
            let ended = send(leg(&next, "upload, finalize").body("made up")).await;
            assert_eq!(ended.json()["file"]["name"], "files/made-up");
            assert_eq!(ended.header("x-goog-upload-status"), "final");
        }
        let (path, headers) = stage.world().look(|state| {
            let call = state.providers.calls.back().unwrap();
            (call.path.clone(), call.headers.clone())
        });
        assert!(path.contains("/upload/v1beta/files"), "{path}");
        assert!(headers.iter().any(|name| name == "x-goog-upload-protocol"));
        // A shared key carries no file, and shows none: an id that leaked is
        // worth nothing here.
        for path in [
            "/groq/v1/v1/files",
            "/groq/v1/files",
            "/groq/v1/files/file-madeup",
        ] {
            let answer = program.posts(path, &json!({})).await;
            assert_eq!(answer.code(), "403 own_key_only", "{path}");
            let answer = program.gets(path).await;
            assert_eq!(answer.code(), "403 own_key_only", "{path}");
        }
    })
    .await;
}
