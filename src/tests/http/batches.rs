//! Files, batches of calls, and models that are trained, with one's own key: each
//! belongs to whoever made it, and is settled once its end is read.

use std::fmt::Write;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::tests::http::transcripts::paid;
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Stage, good, run, run_with};

const PROVIDERS: [&str; 3] = ["openai", "anthropic", "google"];

async fn own(stage: &Stage) -> Program {
    let mia = stage.mia();
    for provider in PROVIDERS {
        mia.adds(provider, "user", &good(provider)).await;
    }
    Program::of(stage, &mia, "scopes:chat,usage:read").await
}

/// Keeps a file at OpenAI, and returns its id.
async fn upload(program: &Program) -> String {
    let file = Part::bytes(b"{}\n".to_vec()).file_name("calls.jsonl");
    let form = Form::new().text("purpose", "batch").part("file", file);
    let call = program.call("POST", "/openai/v1/files").multipart(form);
    let kept = send(call).await.json();
    kept["id"].as_str().unwrap().to_owned()
}

/// How each vendor's is begun: where, and with what.
fn beginnings(file: &str) -> [(&'static str, Value); 4] {
    let message = json!({"model": "claude-haiku-5-5", "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}]});
    let generate = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    [
        (
            "/openai/v1/batches",
            json!({"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}),
        ),
        (
            "/openai/v1/fine_tuning/jobs",
            json!({"model": "gpt-4.1-mini", "training_file": file}),
        ),
        (
            "/anthropic/v1/messages/batches",
            json!({"requests": [{"custom_id": "a", "params": message}, {"custom_id": "b", "params": message}]}),
        ),
        (
            "/google/v1beta/models/gemini-3.5-flash:batchGenerateContent",
            json!({"batch": {"displayName": "b", "inputConfig": {"requests": {"requests":
                [{"request": generate}, {"request": generate}]}}}}),
        ),
    ]
}

/// Where a thing is looked at that was begun there.
fn place(path: &str, begun: &Value) -> String {
    if let Some(name) = begun["name"].as_str() {
        return format!("/google/v1beta/{name}");
    }
    format!("{path}/{}", begun["id"].as_str().unwrap())
}

fn attempt(answer: &HttpAnswer) -> String {
    let id = answer.header("x-latchkey-attempt");
    format!("/api/v1/usage/attempts/{id}")
}

async fn booked(stage: &Stage, program: &Program, attempt: &str) -> String {
    stage.app().await.idle().await;
    let shown = program.gets(attempt).await.json();
    format!(
        "{} of {}: {} in, {} out, cost {}, estimated: {}",
        shown["state"],
        shown["model"],
        shown["input_tokens"],
        shown["output_tokens"],
        shown["cost_nano_dollars"],
        shown["estimated"]
    )
}

/// Looks at one at a place, and tells what is booked for it.
async fn look(stage: &Stage, program: &Program, place: &str, attempt: &str) -> String {
    stage.clock.advance_ms(1);
    let told = program.gets(place).await;
    let booked = booked(stage, program, attempt).await;
    format!("{place}: {}; {booked}\n", told.status)
}

#[tokio::test]
async fn a_batch_is_settled_by_what_it_used_once_its_end_is_read() {
    run(async |stage| {
        let program = own(stage).await;
        let file = upload(&program).await;
        let mut told = String::new();
        for (path, body) in beginnings(&file) {
            stage.clock.advance_ms(1);
            let begun = program.posts(path, &body).await;
            assert_eq!(begun.status, 200, "{}", begun.text);
            let attempt = attempt(&begun);
            let _ = writeln!(told, "{path}: {}", booked(stage, &program, &attempt).await);
            let place = place(path, &begun.json());
            for _ in 0..3 {
                told.push_str(&look(stage, &program, &place, &attempt).await);
            }
            if path.contains("messages") {
                let results = format!("{place}/results");
                told.push_str(&look(stage, &program, &results, &attempt).await);
            }
        }
        insta::assert_snapshot!(told, @r#"
        /openai/v1/batches: "expired" of "-": 22 in, 0 out, cost null, estimated: true
        /openai/v1/batches/batch_2: 200; "expired" of "-": 22 in, 0 out, cost null, estimated: true
        /openai/v1/batches/batch_2: 200; "settled" of "-": 2000 in, 400 out, cost 200000, estimated: false
        /openai/v1/batches/batch_2: 200; "settled" of "-": 2000 in, 400 out, cost 200000, estimated: false
        /openai/v1/fine_tuning/jobs: "expired" of "gpt-4.1-mini": 13 in, 0 out, cost null, estimated: true
        /openai/v1/fine_tuning/jobs/ftjob-3: 200; "expired" of "gpt-4.1-mini": 13 in, 0 out, cost null, estimated: true
        /openai/v1/fine_tuning/jobs/ftjob-3: 200; "settled" of "gpt-4.1-mini": 0 in, 0 out, cost null, estimated: false
        /openai/v1/fine_tuning/jobs/ftjob-3: 200; "settled" of "gpt-4.1-mini": 0 in, 0 out, cost null, estimated: false
        /anthropic/v1/messages/batches: "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_4: 200; "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_4: 200; "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_4: 200; "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_4/results: 200; "settled" of "-": 2000 in, 400 out, cost 200000, estimated: false
        /google/v1beta/models/gemini-3.5-flash:batchGenerateContent: "expired" of "gemini-3.5-flash": 52 in, 0 out, cost null, estimated: true
        /google/v1beta/batches/5: 200; "expired" of "gemini-3.5-flash": 52 in, 0 out, cost null, estimated: true
        /google/v1beta/batches/5: 200; "settled" of "gemini-3.5-flash": 2000 in, 400 out, cost 3300000, estimated: false
        /google/v1beta/batches/5: 200; "settled" of "gemini-3.5-flash": 2000 in, 400 out, cost 3300000, estimated: false
        "#);
        insta::assert_snapshot!(stage.mia().runs("/usage").await, @"
        (only you) **Your usage, whoever paid**, 2026-10-23 to 2026-11-21 (UTC)
        18 requests, $0.0037, price unknown for 1 of them · 6,000 tokens in, 1,200 out
        **By model**
        ```
        gemini-3.5-flash  1  $0.0033
        OpenAI -          8  $0.0002
        Anthropic -       5  $0.0002
        Google -          3  $0.00
        gpt-4.1-mini      1        ?
        ```
        Nobody knows a price for `gpt-4.1-mini`.
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
    })
    .await;
}

/// What is cancelled before anything was made costs nothing.
#[tokio::test]
async fn a_batch_that_made_nothing_costs_nothing() {
    run(async |stage| {
        let program = own(stage).await;
        let file = upload(&program).await;
        let mut told = String::new();
        for (path, body) in beginnings(&file) {
            stage.clock.advance_ms(1);
            let begun = program.posts(path, &body).await;
            let attempt = attempt(&begun);
            let place = place(path, &begun.json());
            let cancel = if path.starts_with("/google/") {
                format!("{place}:cancel")
            } else {
                format!("{place}/cancel")
            };
            let cancelled = program.posts(&cancel, &json!({})).await;
            assert_eq!(cancelled.status, 200, "{}", cancelled.text);
            told.push_str(&look(stage, &program, &place, &attempt).await);
        }
        insta::assert_snapshot!(told, @r#"
        /openai/v1/batches/batch_2: 200; "settled" of "-": 0 in, 0 out, cost 0, estimated: false
        /openai/v1/fine_tuning/jobs/ftjob-3: 200; "settled" of "gpt-4.1-mini": 0 in, 0 out, cost null, estimated: false
        /anthropic/v1/messages/batches/msgbatch_4: 200; "settled" of "-": 0 in, 0 out, cost 0, estimated: false
        /google/v1beta/batches/5: 200; "settled" of "gemini-3.5-flash": 0 in, 0 out, cost 0, estimated: false
        "#);
    })
    .await;
}

/// After a restart it is known by its row.
#[tokio::test]
async fn a_batch_of_before_a_restart_is_settled() {
    run(async |stage| {
        let program = own(stage).await;
        let [_, _, (path, body), _] = beginnings("");
        let begun = program.posts(path, &body).await;
        let attempt = attempt(&begun);
        let place = place(path, &begun.json());
        stage.app().await.idle().await;
        stage.restart().await;
        let program = Program::of(stage, &stage.mia(), "scopes:chat,usage:read").await;
        let mut told = String::new();
        for place in [&place, &place, &format!("{place}/results")] {
            told.push_str(&look(stage, &program, place, &attempt).await);
        }
        insta::assert_snapshot!(told, @r#"
        /anthropic/v1/messages/batches/msgbatch_1: 200; "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_1: 200; "expired" of "-": 62 in, 0 out, cost null, estimated: true
        /anthropic/v1/messages/batches/msgbatch_1/results: 200; "settled" of "-": 2000 in, 400 out, cost 200000, estimated: false
        "#);
    })
    .await;
}

#[tokio::test]
async fn nobody_else_finds_what_somebody_has_made() {
    run(async |stage| {
        let program = own(stage).await;
        let file = upload(&program).await;
        let mut places = vec![format!("/openai/v1/files/{file}")];
        let mut attempts = Vec::new();
        for (path, body) in beginnings(&file) {
            let begun = program.posts(path, &body).await;
            attempts.push(attempt(&begun));
            places.push(place(path, &begun.json()));
        }
        let zoe = stage.zoe();
        for provider in PROVIDERS {
            let other = format!("{}-other", good(provider));
            zoe.adds(provider, "user", &other).await;
        }
        let other = Program::of(stage, &zoe, "").await;
        let mut told = String::new();
        for place in &places {
            for _ in 0..2 {
                let shown = other.gets(place).await;
                assert_eq!(shown.status, 404, "{place}: {}", shown.text);
            }
        }
        for path in [
            "/openai/v1/files",
            "/openai/v1/batches",
            "/openai/v1/fine_tuning/jobs",
            "/anthropic/v1/messages/batches",
            "/google/v1beta/batches",
        ] {
            let (mine, theirs) = (program.gets(path).await, other.gets(path).await);
            let many = |answer: &HttpAnswer| {
                let told = answer.json();
                let list = told.get("data").or(told.get("operations"));
                list.unwrap().as_array().unwrap().len()
            };
            let _ = writeln!(
                told,
                "{path}: {}, and {} of the other",
                many(&mine),
                many(&theirs)
            );
        }
        for attempt in attempts {
            let _ = writeln!(told, "{}", booked(stage, &program, &attempt).await);
        }
        insta::assert_snapshot!(told, @r#"
        /openai/v1/files: 1, and 0 of the other
        /openai/v1/batches: 1, and 0 of the other
        /openai/v1/fine_tuning/jobs: 1, and 0 of the other
        /anthropic/v1/messages/batches: 1, and 0 of the other
        /google/v1beta/batches: 1, and 0 of the other
        "expired" of "-": 22 in, 0 out, cost null, estimated: true
        "expired" of "gpt-4.1-mini": 13 in, 0 out, cost null, estimated: true
        "expired" of "-": 62 in, 0 out, cost null, estimated: true
        "expired" of "gemini-3.5-flash": 52 in, 0 out, cost null, estimated: true
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_shared_key_makes_none_of_them() {
    let mut setup = paid("{ dollars = 1, per = 'day' }");
    for (variable, provider) in [
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "google"),
    ] {
        setup
            .secrets
            .push((variable.to_owned(), good(provider).into()));
    }
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        let mut refused = async |method: &str, path: &str, body: &Value| {
            let call = program.call(method, path);
            let call = if method == "POST" {
                call.json(body)
            } else {
                call
            };
            let answer = send(call).await;
            let _ = writeln!(
                told,
                "{} {}",
                answer.code(),
                answer.json()["error"]["message"]
            );
        };
        for (path, body) in beginnings("file-1") {
            refused("POST", path, &body).await;
        }
        for (method, path) in [
            ("GET", "/openai/v1/batches"),
            ("GET", "/openai/v1/batches/batch_1"),
            ("POST", "/openai/v1/batches/batch_1/cancel"),
            ("GET", "/openai/v1/fine_tuning/jobs/ftjob-1"),
            ("POST", "/openai/v1/files"),
            ("GET", "/openai/v1/files/file-1/content"),
            ("DELETE", "/openai/v1/files/file-1"),
            ("GET", "/anthropic/v1/messages/batches/msgbatch_1/results"),
            ("DELETE", "/anthropic/v1/messages/batches/msgbatch_1"),
            ("GET", "/google/v1beta/batches/1"),
        ] {
            refused(method, path, &json!({})).await;
        }
        assert_eq!(stage.calls(), 0);
        insta::assert_snapshot!(told, @r#"
        403 own_key_only "`POST /batches` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`POST /fine_tuning/jobs` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`POST /v1/messages/batches` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`POST /models/gemini-3.5-flash:batchGenerateContent` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /batches` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /batches/batch_1` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`POST /batches/batch_1/cancel` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /fine_tuning/jobs/ftjob-1` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`POST /files` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /files/file-1/content` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`DELETE /files/file-1` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /v1/messages/batches/msgbatch_1/results` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`DELETE /v1/messages/batches/msgbatch_1` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        403 own_key_only "`GET /batches/1` is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
        "#);
    })
    .await;
}

/// Nor does the key of a server, and whoever has a key of their own beside it is
/// served with that.
#[tokio::test]
async fn the_key_of_a_server_makes_none_of_them() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for provider in PROVIDERS {
            omar.adds(provider, "guild", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "here:True").await;
        let calls = stage.calls();
        for (path, body) in beginnings("file-1") {
            let refused = program.posts(path, &body).await;
            assert_eq!(refused.code(), "403 own_key_only", "{path}");
        }
        assert_eq!(stage.calls(), calls);
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let [_, _, (path, body), _] = beginnings("");
        let begun = program.posts(path, &body).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
    })
    .await;
}
