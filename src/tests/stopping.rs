//! A stop: calls that hold something may finish, those that must be cut are
//! told so and settled, and the process ends whatever the database does.

use std::process::ExitStatus;
use std::time::Duration;

use futures_util::future::join_all;
use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::process::{start, world};
use super::program::{HttpAnswer, Program};
use super::{Setup, Stage, good, run, run_with};
use crate::providers::Timeouts;

/// Calls on surfaces of each dialect, streamed or not.
fn calls() -> Vec<(&'static str, Value)> {
    let messages = json!([{"role": "user", "content": "count"}]);
    vec![
        (
            "/v1/chat/completions",
            json!({"model": "openai/gpt-6-luna", "messages": messages}),
        ),
        (
            "/v1/chat/completions",
            json!({"model": "openai/gpt-6-luna", "messages": messages, "stream": true}),
        ),
        (
            "/anthropic/v1/messages",
            json!({"model": "claude-haiku-5-5", "max_tokens": 50, "messages": messages}),
        ),
        (
            "/google/v1beta/models/gemini-4-flash:generateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]}),
        ),
        (
            "/api/v1/unified",
            json!({"model": "openai/gpt-6-luna", "prompt": "count"}),
        ),
        (
            "/v1/images/generations",
            json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse"}),
        ),
        (
            "/v1/images/generations",
            json!({"model": "google/gemini-3-pro-image", "prompt": "a lighthouse"}),
        ),
    ]
}

/// Makes every call, and stops the bot once all of them are at their
/// providers. Returns what each was told.
async fn stop_during_calls(stage: &Stage, fault: &ProviderFault) -> Vec<HttpAnswer> {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google"] {
        mia.adds(provider, "user", &good(provider)).await;
        stage.fails(provider, fault.clone());
    }
    let program = Program::of(stage, &mia, "").await;
    let (before, all) = (stage.calls(), calls());
    let posting = all.iter().map(|(path, body)| program.posts(path, body));
    let until_stopped = async {
        let arrived = |state: &latchkey_emulator::WorldState| {
            (state.providers.calls.len() >= before + all.len()).then_some(())
        };
        stage.world().until(arrived).await;
        stage.stop().await;
    };
    let (said, ()) = tokio::join!(join_all(posting), until_stopped);
    stage.start().await;
    said
}

async fn states(stage: &Stage) -> Vec<String> {
    let rows = stage.app().await.audit().await;
    let describe = |row: &crate::store::AuditedAttempt| {
        let outcome = row.outcome.as_deref().unwrap_or_default();
        format!("{} ({outcome})", row.state)
    };
    rows.iter().map(describe).collect()
}

#[tokio::test]
async fn a_stop_waits_for_calls_whose_answer_has_not_begun() {
    run(async |stage| {
        let late = ProviderFault::SlowFirstByte(Duration::from_millis(700));
        let said = stop_during_calls(stage, &late).await;
        let statuses: Vec<u16> = said.iter().map(|said| said.status).collect();
        assert_eq!(statuses, vec![200; calls().len()], "{said:?}");
        assert_eq!(
            states(stage).await,
            vec!["settled (answered)"; calls().len()]
        );
    })
    .await;
}

#[tokio::test]
async fn a_call_that_a_stop_must_cut_is_told_so_in_its_dialect_and_settled() {
    let patient = Setup {
        timeouts: Timeouts {
            first_byte: Duration::from_mins(1),
            silence: Some(Duration::from_mins(1)),
            ..Setup::default().timeouts
        },
        ..Setup::default()
    };
    run_with(patient, async |stage| {
        let never = ProviderFault::SlowFirstByte(Duration::from_mins(5));
        let said = stop_during_calls(stage, &never).await;
        let shown = said.iter().zip(calls()).map(|(said, (path, _))| {
            let body = said.text.replace(said.header("x-request-id"), "<id>");
            format!(
                "{path}: {} after {} s {body}",
                said.status,
                said.header("retry-after")
            )
        });
        let shown: Vec<String> = shown.collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        /v1/chat/completions: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","param":null,"type":"server_error"}}
        /v1/chat/completions: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","param":null,"type":"server_error"}}
        /anthropic/v1/messages: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","type":"overloaded_error"},"request_id":"<id>","type":"error"}
        /google/v1beta/models/gemini-4-flash:generateContent: 503 after 15 s {"error":{"code":503,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"latchkey","reason":"stopping"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"15s"}],"message":"The gateway is being restarted. Try again in a minute.","status":"UNAVAILABLE"}}
        /api/v1/unified: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute."}}
        /v1/images/generations: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","param":null,"type":"server_error"}}
        /v1/images/generations: 503 after 15 s {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","param":null,"type":"server_error"}}
        "#);
        assert_eq!(
            states(stage).await,
            vec!["settled (abandoned)"; calls().len()]
        );
    })
    .await;
}

/// A stream that has begun gets the news as its last event.
#[tokio::test]
async fn a_stream_that_a_stop_must_cut_ends_with_an_event_and_is_settled() {
    let patient = Setup {
        timeouts: Timeouts {
            progress: Duration::from_mins(1),
            ..Setup::default().timeouts
        },
        ..Setup::default()
    };
    run_with(patient, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::StallWithComments);
        let program = Program::of(stage, &mia, "").await;
        let body = json!({"model": "openai/gpt-6-luna", "stream": true,
            "messages": [{"role": "user", "content": "count"}]});
        let before = stage.calls();
        let stopping = async {
            let arrived = |state: &latchkey_emulator::WorldState| {
                (state.providers.calls.len() > before).then_some(())
            };
            stage.world().until(arrived).await;
            stage.stop().await;
        };
        let (said, ()) = tokio::join!(program.posts("/v1/chat/completions", &body), stopping);
        let last = said.text.trim_end().lines().last().unwrap_or_default();
        assert!(
            said.status == 200 && last.contains("\"code\":\"stopping\""),
            "{said:?}"
        );
        stage.start().await;
        assert_eq!(states(stage).await, ["settled (abandoned)"]);
    })
    .await;
}

/// A lock that somebody else has on a database.
struct FileLock(rusqlite::Connection);

impl FileLock {
    fn take(file: &str) -> Self {
        let other = rusqlite::Connection::open(file).unwrap();
        other.execute_batch("begin immediate").unwrap();
        Self(other)
    }
}

/// Ends a process that runs on a database which somebody else has locked;
/// returns how it ended and what it said.
async fn end_while_locked() -> (ExitStatus, String) {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut child = start(&variables, &scene).await;
    let file = variables.iter().find_map(|(name, value)| {
        let url = secrecy::ExposeSecret::expose_secret(value);
        (name == "LATCHKEY_STORE__URL").then(|| url.trim_start_matches("sqlite:").to_owned())
    });
    let lock = FileLock::take(&file.expect("the file is named"));
    let world = &scene.emulator.world;
    let channel = world.look(|state| {
        let mut all = state.channels.iter();
        all.find(|c| c.name == "general").unwrap().id
    });
    // What this asks of the ledger cannot be written.
    world
        .run(scene.member, channel, "/ask prompt:count")
        .unwrap();
    let id = i32::try_from(child.id().unwrap()).unwrap();
    let process = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    let ended = timeout(Duration::from_mins(1), child.wait()).await;
    let ended = ended.expect("it ends").unwrap();
    lock.0.execute_batch("rollback").unwrap();
    let mut said = String::new();
    let mut log = child.stderr.take().unwrap();
    log.read_to_string(&mut said).await.unwrap();
    (ended, said)
}

#[tokio::test]
async fn the_process_ends_though_its_database_is_locked() {
    let (ended, said) = end_while_locked().await;
    assert!(!ended.success());
    assert!(
        said.contains("attempts that are not written stay held"),
        "{said}"
    );
}
