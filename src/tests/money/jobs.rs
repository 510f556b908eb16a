//! Jobs that go on at their provider after the call that began them: they are
//! settled when somebody is told their end, however the call ended.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::tests::http::leaving::limited;
use crate::tests::program::Program;
use crate::tests::{Actor, Stage, good, run, run_with};

/// How the call ends that begins a job.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    /// It is answered at once that the job waits.
    Whole,
    /// A stream tells of it to its end.
    Streamed,
    /// Its stream breaks off.
    CutOff,
    /// The program leaves its stream.
    Left,
}

async fn program(stage: &Stage, mia: &Actor<'_>) -> Program {
    Program::of(stage, mia, "scopes:chat,usage:read").await
}

/// Begins a job; the path of its attempt.
async fn begin(stage: &Stage, program: &Program, beginning: Beginning) -> String {
    let is_streamed = !matches!(beginning, Beginning::Whole);
    let ask = json!({"model": "openai/gpt-6-luna", "input": "count to ten", "background": true,
        "stream": is_streamed, "max_output_tokens": 500});
    stage.clock.advance_ms(1);
    match beginning {
        Beginning::CutOff => stage.fails("openai", ProviderFault::Cut),
        Beginning::Left => stage.fails("openai", ProviderFault::Stall),
        Beginning::Whole | Beginning::Streamed => {}
    }
    let call = program.call("POST", "/v1/responses").json(&ask);
    let mut answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let id = answer.headers()["x-latchkey-attempt"].to_str().unwrap();
    let path = format!("/api/v1/usage/attempts/{id}");
    let mut heard = String::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        heard.push_str(std::str::from_utf8(&piece).unwrap());
        if matches!(beginning, Beginning::Left) && heard.contains("five") {
            break;
        }
    }
    drop(answer);
    assert!(heard.contains("resp_0"), "{heard}");
    stage.app().await.idle().await;
    path
}

/// The response that a job has become, which has so many tokens.
fn completed(tokens: u64) -> Value {
    json!({"id": "resp_0", "object": "response", "status": "completed", "error": null,
        "model": "gpt-6-luna", "output": [],
        "usage": {"input_tokens": 10, "output_tokens": tokens, "total_tokens": 10 + tokens}})
}

/// Has OpenAI tell how the job stands, and the program ask for that.
async fn look(stage: &Stage, program: &Program, status: &str, tokens: u64) {
    let mut told = completed(tokens);
    told["status"] = json!(status);
    if tokens == 0 {
        told["usage"] = Value::Null;
    }
    stage.fails("openai", ProviderFault::Says(200, told.to_string()));
    stage.clock.advance_ms(1);
    let told = program.gets("/openai/v1/responses/resp_0").await;
    assert_eq!(told.status, 200, "{}", told.text);
    stage.app().await.idle().await;
    stage.recovers("openai");
}

/// What is booked at the path of an attempt.
async fn booked(program: &Program, path: &str) -> String {
    let shown = program.gets(path).await.json();
    format!(
        "{}: {} in, {} out, cost {}, estimated: {}",
        shown["state"],
        shown["input_tokens"],
        shown["output_tokens"],
        shown["cost_nano_dollars"],
        shown["estimated"]
    )
}

/// What is booked for a job while it goes on, and once its end is told, twice.
async fn follow(stage: &Stage, beginning: Beginning) -> String {
    let mia = stage.mia();
    mia.adds("openai", "user", &good("openai")).await;
    let program = program(stage, &mia).await;
    let path = begin(stage, &program, beginning).await;
    stage.recovers("openai");
    let mut seen = vec![format!("{beginning:?} {}", booked(&program, &path).await)];
    for (status, tokens) in [("in_progress", 0), ("completed", 400), ("completed", 99)] {
        look(stage, &program, status, tokens).await;
        seen.push(format!("{status} {}", booked(&program, &path).await));
    }
    seen.join("\n")
}

#[tokio::test]
async fn a_job_in_the_background_is_settled_when_its_end_is_told() {
    run(async |stage| {
        insta::assert_snapshot!(follow(stage, Beginning::Whole).await, @r#"
        Whole "expired": 28 in, 0 out, cost null, estimated: true
        in_progress "expired": 28 in, 0 out, cost null, estimated: true
        completed "settled": 10 in, 400 out, cost 201000, estimated: false
        completed "settled": 10 in, 400 out, cost 201000, estimated: false
        "#);
    })
    .await;
}

/// Limits count what was held for it until then.
#[tokio::test]
async fn a_job_within_limits_is_held_until_its_end_is_told() {
    let mut seen = Vec::new();
    for beginning in [Beginning::Whole, Beginning::CutOff, Beginning::Left] {
        run_with(limited(), async |stage| {
            seen.push(follow(stage, beginning).await);
        })
        .await;
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    Whole "expired": 1161 in, 500 out, cost 366100, estimated: true
    in_progress "expired": 1161 in, 500 out, cost 366100, estimated: true
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    CutOff "expired": 1159 in, 500 out, cost 365900, estimated: true
    in_progress "expired": 1159 in, 500 out, cost 365900, estimated: true
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    Left "expired": 1159 in, 500 out, cost 365900, estimated: true
    in_progress "expired": 1159 in, 500 out, cost 365900, estimated: true
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    "#);
}

#[tokio::test]
async fn a_job_whose_stream_ended_early_is_settled_when_its_end_is_told() {
    let mut seen = Vec::new();
    for beginning in [Beginning::Streamed, Beginning::CutOff, Beginning::Left] {
        run(async |stage| seen.push(follow(stage, beginning).await)).await;
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    Streamed "settled": 12 in, 10 out, cost 6200, estimated: false
    in_progress "settled": 12 in, 10 out, cost 6200, estimated: false
    completed "settled": 12 in, 10 out, cost 6200, estimated: false
    completed "settled": 12 in, 10 out, cost 6200, estimated: false
    CutOff "expired": 27 in, 7 out, cost null, estimated: true
    in_progress "expired": 27 in, 7 out, cost null, estimated: true
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    Left "expired": 27 in, 7 out, cost null, estimated: true
    in_progress "expired": 27 in, 7 out, cost null, estimated: true
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    completed "settled": 10 in, 400 out, cost 201000, estimated: false
    "#);
}

#[tokio::test]
async fn a_job_outlives_a_restart() {
    let mut seen = Vec::new();
    for beginning in [Beginning::Whole, Beginning::Left] {
        run(async |stage| {
            let mia = stage.mia();
            mia.adds("openai", "user", &good("openai")).await;
            let path = begin(stage, &program(stage, &mia).await, beginning).await;
            stage.recovers("openai");
            stage.restart().await;
            let program = program(stage, &mia).await;
            seen.push(booked(&program, &path).await);
            let completed = completed(400);
            stage.fails("openai", ProviderFault::Says(200, completed.to_string()));
            let looks = [(); 3].map(|()| program.gets("/openai/v1/responses/resp_0"));
            futures_util::future::join_all(looks).await;
            stage.app().await.idle().await;
            seen.push(booked(&program, &path).await);
            let all = program.gets("/api/v1/usage").await.json();
            assert_eq!(all["total"]["output_tokens"], 400, "{all}");
        })
        .await;
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    "expired": 28 in, 0 out, cost null, estimated: true
    "settled": 10 in, 400 out, cost 201000, estimated: false
    "expired": 27 in, 7 out, cost null, estimated: true
    "settled": 10 in, 400 out, cost 201000, estimated: false
    "#);
}

/// What such a job used its provider says never.
#[tokio::test]
async fn a_job_that_fails_or_is_cancelled_ends_at_its_estimate() {
    let mut seen = Vec::new();
    for (status, tokens) in [
        ("failed", 0),
        ("cancelled", 0),
        ("incomplete", 0),
        ("cancelled", 30),
    ] {
        run(async |stage| {
            let mia = stage.mia();
            mia.adds("openai", "user", &good("openai")).await;
            let program = program(stage, &mia).await;
            let path = begin(stage, &program, Beginning::Whole).await;
            look(stage, &program, status, tokens).await;
            seen.push(format!("{status} {}", booked(&program, &path).await));
        })
        .await;
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    failed "settled": 28 in, 0 out, cost 2800, estimated: true
    cancelled "settled": 28 in, 0 out, cost 2800, estimated: true
    incomplete "settled": 28 in, 0 out, cost 2800, estimated: true
    cancelled "settled": 10 in, 30 out, cost 16000, estimated: false
    "#);
}

/// Whoever only looks uses nothing.
#[tokio::test]
async fn to_look_after_a_job_costs_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = program(stage, &mia).await;
        look(stage, &program, "in_progress", 0).await;
        let rows = stage.app().await.audit().await;
        let row = rows.last().unwrap();
        let cost = row.counts().unwrap().cost.map(|cost| cost.0);
        assert_eq!((cost, row.estimated), (Some(0), false));
    })
    .await;
}
