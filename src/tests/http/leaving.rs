//! Callers who leave, and calls whose answers are lost: everybody is charged
//! for what can have been made, and only what was surely not begun is given
//! back.

use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::store::AuditedAttempt;
use crate::tests::own_address::own_address;
use crate::tests::program::Program;
use crate::tests::{Setup, Stage, good, run_with};

/// The bot default and personal keys have limits, which no test reaches.
pub const LIMITED: &str = "[quota]\napplies_to = ['bot_default', 'personal']\n[[quota.tiers]]\nname = 'community'\n\
     limits = [{ output_tokens = 1000000, per = 'day' }, { images = 1000, per = 'day' }]\n";

pub fn limited() -> Setup {
    Setup {
        config: format!("[ask]\nedit_interval_ms = 100\n{LIMITED}"),
        ..Setup::default()
    }
}

/// Sends a call, and leaves once the provider has it.
pub async fn leave(stage: &Stage, token: &str, path: &str, body: &Value) {
    let before = stage.calls();
    let address = stage.gateway().await;
    let mut client = TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .unwrap();
    let body = body.to_string();
    let call = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(call.as_bytes()).await.unwrap();
    let arrived = |state: &latchkey_emulator::WorldState| {
        (state.providers.calls.len() > before).then_some(())
    };
    stage.world().until(arrived).await;
    drop(client);
    stage.app().await.idle().await;
}

/// The newest row: how it ended, what was held and what is charged.
pub async fn charged(stage: &Stage) -> String {
    describe(
        stage
            .app()
            .await
            .audit()
            .await
            .last()
            .expect("there is a row"),
    )
}

fn describe(row: &AuditedAttempt) -> String {
    let (held, used) = (row.held, row.used);
    let output = match used.output_tokens {
        0 => "no output".to_owned(),
        all if all == held.output_tokens => "all output".to_owned(),
        some => format!("{some} out"),
    };
    let input = if used.input_tokens == held.input_tokens && held.input_tokens > 0 {
        "all input".to_owned()
    } else {
        format!("{} in", used.input_tokens)
    };
    let estimated = if row.estimated { ", estimated" } else { "" };
    format!(
        "{} {}: {input}, {output}, {} images{estimated}",
        row.source,
        row.outcome.as_deref().unwrap_or("running"),
        used.images
    )
}

fn chat(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "max_tokens": 700,
        "messages": [{"role": "user", "content": "count"}]})
}

/// Surfaces that pass a call on or ask themselves, each with a provider.
pub fn surfaces() -> Vec<(&'static str, &'static str, Value)> {
    let whole = |model: &str| chat(model, false);
    vec![
        ("openai", "/v1/chat/completions", whole("openai/gpt-6-luna")),
        (
            "anthropic",
            "/v1/chat/completions",
            whole("anthropic/claude-haiku-5-5"),
        ),
        (
            "anthropic",
            "/anthropic/v1/messages",
            whole("claude-haiku-5-5"),
        ),
        (
            "openai",
            "/openai/v1/chat/completions",
            json!({"model": "gpt-6-luna", "max_completion_tokens": 700,
                "messages": [{"role": "user", "content": "count"}]}),
        ),
        (
            "google",
            "/google/v1beta/models/gemini-4-flash:generateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}],
                "generationConfig": {"maxOutputTokens": 700}}),
        ),
        (
            "openai",
            "/v1/responses",
            json!({"model": "openai/gpt-6-luna", "input": "count", "max_output_tokens": 700}),
        ),
        (
            "openai",
            "/v1/images/generations",
            json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse"}),
        ),
        (
            "google",
            "/v1/images/generations",
            json!({"model": "google/gemini-3-pro-image", "prompt": "a lighthouse"}),
        ),
        (
            "openai",
            "/v1/chat/completions",
            chat("openai/gpt-6-luna", true),
        ),
        (
            "anthropic",
            "/anthropic/v1/messages",
            chat("claude-haiku-5-5", true),
        ),
        (
            "openai",
            "/api/v1/unified",
            json!({"model": "openai/gpt-6-luna", "prompt": "count"}),
        ),
    ]
}

/// What leaving each surface is charged, before a word of the answer came.
async fn leave_everywhere(stage: &Stage) -> String {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google"] {
        mia.adds(provider, "user", &good(provider)).await;
        stage.fails(
            provider,
            ProviderFault::SlowFirstByte(Duration::from_mins(1)),
        );
    }
    let token = Program::of(stage, &mia, "").await.token().to_owned();
    let mut seen = Vec::new();
    for (provider, path, body) in surfaces() {
        stage.clock.advance_ms(1);
        leave(stage, &token, path, &body).await;
        let streamed = if body["stream"] == true {
            " streamed"
        } else {
            ""
        };
        seen.push(format!(
            "{provider} {path}{streamed}: {}",
            charged(stage).await
        ));
    }
    seen.join("\n")
}

#[tokio::test]
async fn whoever_leaves_is_charged_what_can_have_been_made() {
    run_with(limited(), async |stage| {
        insta::assert_snapshot!(leave_everywhere(stage).await, @"
        openai /v1/chat/completions: personal abandoned: all input, all output, 0 images, estimated
        anthropic /v1/chat/completions: personal abandoned: all input, all output, 0 images, estimated
        anthropic /anthropic/v1/messages: personal abandoned: all input, all output, 0 images, estimated
        openai /openai/v1/chat/completions: personal abandoned: all input, all output, 0 images, estimated
        google /google/v1beta/models/gemini-4-flash:generateContent: personal abandoned: all input, all output, 0 images, estimated
        openai /v1/responses: personal abandoned: all input, all output, 0 images, estimated
        openai /v1/images/generations: personal abandoned: all input, all output, 1 images, estimated
        google /v1/images/generations: personal abandoned: all input, all output, 1 images, estimated
        openai /v1/chat/completions streamed: personal abandoned: 134 in, 100 out, 0 images, estimated
        anthropic /anthropic/v1/messages streamed: personal abandoned: 133 in, 100 out, 0 images, estimated
        openai /api/v1/unified: personal abandoned: 99 in, 100 out, 0 images, estimated
        ");
    })
    .await;
}

#[tokio::test]
async fn ones_own_key_without_limits_is_never_charged_the_models_most() {
    run_with(Setup::default(), async |stage| {
        insta::assert_snapshot!(leave_everywhere(stage).await, @"
        openai /v1/chat/completions: personal abandoned: 27 in, no output, 0 images, estimated
        anthropic /v1/chat/completions: personal abandoned: 30 in, no output, 0 images, estimated
        anthropic /anthropic/v1/messages: personal abandoned: 27 in, no output, 0 images, estimated
        openai /openai/v1/chat/completions: personal abandoned: 25 in, no output, 0 images, estimated
        google /google/v1beta/models/gemini-4-flash:generateContent: personal abandoned: 25 in, no output, 0 images, estimated
        openai /v1/responses: personal abandoned: 18 in, no output, 0 images, estimated
        openai /v1/images/generations: personal abandoned: 14 in, no output, 1 images, estimated
        google /v1/images/generations: personal abandoned: 3 in, no output, 1 images, estimated
        openai /v1/chat/completions streamed: personal abandoned: 27 in, no output, 0 images, estimated
        anthropic /anthropic/v1/messages streamed: personal abandoned: 27 in, no output, 0 images, estimated
        openai /api/v1/unified: personal abandoned: 20 in, no output, 0 images, estimated
        ");
    })
    .await;
}

/// Tokens of pictures cost more than those of words, and whoever leaves pays for
/// them as they were held.
#[tokio::test]
async fn a_picture_that_is_left_costs_what_was_held_for_it() {
    let limits = LIMITED.replace(
        "{ images = 1000, per = 'day' }",
        "{ dollars = 1000, per = 'day' }",
    );
    let setup = Setup {
        config: limits,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "openrouter", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
            stage.fails(
                provider,
                ProviderFault::SlowFirstByte(Duration::from_mins(1)),
            );
        }
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let picture = "data:image/png;base64,iVBORw0KGgo=";
        let edit = json!({"model": "openai/gpt-image-1.5", "prompt": "a lighthouse",
            "images": [{"image_url": picture}]});
        for (path, body) in [
            ("/v1/images/generations", json!({"model": "openai/gpt-image-1.5", "prompt": "a lighthouse"})),
            ("/v1/images/generations", json!({"model": "google/gemini-3-pro-image", "prompt": "a lighthouse"})),
            ("/v1/images/generations", json!({"model": "openrouter/google/gemini-3.1-flash-image", "prompt": "a lighthouse"})),
            ("/v1/images/edits", edit),
        ] {
            stage.clock.advance_ms(1);
            leave(stage, &token, path, &body).await;
            let audit = stage.app().await.audit().await;
            let row = audit.last().expect("there is a row");
            let (held, used) = (row.held.cost.unwrap().0, row.used.cost.unwrap().0);
            // A price of one token is rounded up before it is held.
            assert!(used <= held && held - used <= row.held.output_tokens, "{path} {body}: {row:?}");
            assert!(used > 10_000_000, "{path} {body}: {row:?}");
        }
    })
    .await;
}

/// A provider that takes a call and then hangs up, or is not there at all.
#[tokio::test]
async fn a_call_whose_answer_is_lost_is_charged_and_one_that_never_left_is_not() {
    let address = own_address();
    let listener = TcpListener::bind(address).await.unwrap();
    let setup = limited();
    let config = format!(
        "[providers.acme]\nbase_url = \"http://{address}/v1\"\ndefault_model = \"a-1\"\n{}",
        setup.config
    );
    run_with(Setup { config, ..setup }, async |stage| {
        let mia = stage.mia();
        let hangs_up = async {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut seen = [0; 4_096];
                let read = client.read(&mut seen).await.unwrap();
                assert!(read > 0);
                if seen.starts_with(b"GET") {
                    let models = "{\"object\": \"list\", \"data\": []}";
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{models}", models.len());
                    client.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        };
        let asks = async {
            mia.adds("acme", "user", "sk-made-up-for-acme-0000").await;
            let program = Program::of(stage, &mia, "").await;
            let mut seen = Vec::new();
            for stream in [false, true] {
                stage.clock.advance_ms(1);
                let said = program.posts("/v1/chat/completions", &chat("acme/a-1", stream)).await;
                stage.app().await.idle().await;
                seen.push(format!("{}: {}", said.code(), charged(stage).await));
            }
            (program, seen)
        };
        let (program, mut seen) = tokio::select! {
            () = hangs_up => unreachable!(),
            asked = asks => asked,
        };
        drop(listener);
        stage.clock.advance_ms(1);
        let said = program.posts("/v1/chat/completions", &chat("acme/a-1", false)).await;
        stage.app().await.idle().await;
        seen.push(format!("{}: {}", said.code(), charged(stage).await));
        insta::assert_snapshot!(seen.join("\n"), @"
        502 provider_error: personal cut_off: all input, all output, 0 images, estimated
        502 provider_error: personal cut_off: 98 in, all output, 0 images, estimated
        502 provider_unreachable: personal failed: 0 in, no output, 0 images
        ");
    })
    .await;
}

/// Somebody in Discord who presses Stop after the first words.
#[tokio::test]
async fn a_stopped_answer_is_charged_what_was_on_the_way() {
    run_with(limited(), async |stage| {
        let mia = stage.mia();
        stage.fails("groq", ProviderFault::StallWithComments);
        let asked = mia.starts("/ask prompt:count");
        let grown = |state: &latchkey_emulator::WorldState| {
            let mut all = state.messages.iter();
            all.any(|m| m.content.contains("five")).then_some(())
        };
        stage.world().until(grown).await;
        // Three seconds of silence, in which the model may have thought.
        stage.clock.advance_ms(3_000);
        mia.presses("Stop").await;
        mia.sees(asked).await;
        insta::assert_snapshot!(charged(stage).await, @"bot_default abandoned: 79 in, all output, 0 images, estimated");
    })
    .await;
}

/// What each vendor has counted by the first words of its answer is booked as
/// it says, and the rest at what it can be.
#[tokio::test]
async fn whoever_leaves_in_mid_stream_is_charged_what_was_reported_by_then() {
    run_with(limited(), async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google", "mistral"] {
            mia.adds(provider, "user", &good(provider)).await;
            stage.fails(provider, ProviderFault::Stall);
        }
        let program = Program::of(stage, &mia, "").await;
        let contents = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}],
            "generationConfig": {"maxOutputTokens": 700}});
        let mut openai = chat("openai/gpt-6-luna", true);
        openai.as_object_mut().unwrap().remove("max_tokens");
        openai["max_completion_tokens"] = json!(700);
        let google = "/google/v1beta/models/gemini-4-flash:streamGenerateContent?alt=sse";
        let mut seen = Vec::new();
        for (path, body) in [
            ("/v1/chat/completions", openai),
            (
                "/v1/chat/completions",
                chat("mistral/mistral-small-latest", true),
            ),
            (
                "/v1/chat/completions",
                chat("anthropic/claude-haiku-5-5", true),
            ),
            ("/v1/chat/completions", chat("google/gemini-4-flash", true)),
            ("/anthropic/v1/messages", chat("claude-haiku-5-5", true)),
            (google, contents),
        ] {
            stage.clock.advance_ms(1);
            let call = program.call("POST", path).json(&body);
            let mut streamed = call.send().await.unwrap();
            let mut read = String::new();
            while !read.contains("five") {
                let piece = streamed.chunk().await.unwrap();
                let piece = piece.unwrap_or_else(|| panic!("{path} {body}: {read}"));
                read += &String::from_utf8_lossy(&piece);
            }
            drop(streamed);
            stage.app().await.idle().await;
            let model = body["model"].as_str().unwrap_or("gemini-4-flash");
            seen.push(format!("{path} {model}: {}", charged(stage).await));
        }
        // The newest attempt is the last.
        stage.clock.advance_ms(1);
        let asked = mia.starts("/ask prompt:count provider:anthropic");
        let grown = |state: &latchkey_emulator::WorldState| {
            let mut all = state.messages.iter();
            all.any(|m| m.content.contains("five")).then_some(())
        };
        stage.world().until(grown).await;
        mia.presses("Stop").await;
        mia.sees(asked).await;
        seen.push(format!("/ask anthropic: {}", charged(stage).await));
        insta::assert_snapshot!(seen.join("\n"), @"
        /v1/chat/completions openai/gpt-6-luna: personal abandoned: 148 in, 106 out, 0 images, estimated
        /v1/chat/completions mistral/mistral-small-latest: personal abandoned: 118 in, all output, 0 images, estimated
        /v1/chat/completions anthropic/claude-haiku-5-5: personal abandoned: 12 in, 106 out, 0 images, estimated
        /v1/chat/completions google/gemini-4-flash: personal abandoned: 12 in, all output, 0 images, estimated
        /anthropic/v1/messages claude-haiku-5-5: personal abandoned: 12 in, 106 out, 0 images, estimated
        /google/v1beta/models/gemini-4-flash:streamGenerateContent?alt=sse gemini-4-flash: personal abandoned: 12 in, all output, 0 images, estimated
        /ask anthropic: personal abandoned: 12 in, 106 out, 0 images, estimated
        ");
    })
    .await;
}
