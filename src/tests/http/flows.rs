//! Slow clients, many clients, clients that leave, and streams that nobody
//! reads.

use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::tests::program::{Program, send};
use crate::tests::{Setup, Stage, good, run, run_with};

async fn connect(stage: &Stage) -> TcpStream {
    let address = stage.gateway().await;
    TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .unwrap()
}

fn stream_of(token: &str, path: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A client that leaves in the middle ends the provider's call, and what it
/// heard is settled: where the call is passed on, and where we ask ourselves.
#[tokio::test]
async fn a_client_that_leaves_cancels_the_call_and_settles() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::StallWithComments);
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let chat = json!({"model": "openai/gpt-6-luna", "stream": true, "messages": [{"role": "user", "content": "count"}]});
        let question = json!({"model": "openai/gpt-6-luna", "stream": true, "prompt": "count"});
        for (path, body) in [("/v1/chat/completions", chat), ("/api/v1/unified", question)] {
            let mut client = connect(stage).await;
            let call = stream_of(&token, path, &body);
            client.write_all(call.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            while !String::from_utf8_lossy(&heard).contains("five") {
                let mut buffer = [0; 4_096];
                let read = client.read(&mut buffer).await.unwrap();
                assert!(read > 0, "{path}: {}", String::from_utf8_lossy(&heard));
                heard.extend_from_slice(&buffer[..read]);
            }
            assert!(stage.app().await.tasks.count() > 0);
            drop(client);
            stage.app().await.idle().await;
        }
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.len(), 2, "{rows:?}");
        for row in &rows {
            assert_eq!(
                (row.state.as_str(), row.outcome.as_deref()),
                ("settled", Some("abandoned"))
            );
            assert!(row.estimated && row.used.output_tokens > 0, "{row:?}");
        }
    })
    .await;
}

/// A stream that breaks off says so in its last event, in the dialect.
#[tokio::test]
async fn a_stream_that_breaks_off_says_so() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        for fault in [ProviderFault::Cut, ProviderFault::EndEarly, ProviderFault::ErrorInStream, ProviderFault::HugeLine] {
            stage.fails("openai", fault.clone());
            stage.fails("anthropic", fault.clone());
            let ask = json!({"model": "openai/gpt-6-luna", "stream": true, "messages": [{"role": "user", "content": "count"}]});
            let said = program.posts("/v1/chat/completions", &ask).await;
            let last = said.text.trim_end().lines().last().unwrap().to_owned();
            assert!(last.starts_with("data: {\"error\":{"), "{fault:?}: {last}");
            assert!(!said.text.contains("[DONE]"), "{fault:?}: {last}");
            // The key is their own: they hear what its provider said.
            assert_eq!(last.contains("verloaded"), fault == ProviderFault::ErrorInStream, "{fault:?}: {last}");
            let ask = json!({"model": "claude-haiku-5-5", "max_tokens": 50, "stream": true, "messages": [{"role": "user", "content": "count"}]});
            let said = program.posts("/anthropic/v1/messages", &ask).await;
            assert!(said.text.contains("event: error\ndata: {\"error\":{"), "{fault:?}: {}", said.text);
        }
        stage.app().await.idle().await;
        assert!(stage.app().await.audit().await.iter().all(|row| row.state != "held"));
    })
    .await;
}

/// Heads that never end, bodies that trickle, and connections that stand
/// idle by the hundred: others are served meanwhile.
#[tokio::test]
async fn slow_and_idle_clients_keep_nobody_from_being_served() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut idle = Vec::new();
        for number in 0..900 {
            let mut client = connect(stage).await;
            match number % 3 {
                0 => {}
                1 => client.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await.unwrap(),
                _ => {
                    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 1000000\r\n\r\n{{", program.token());
                    client.write_all(head.as_bytes()).await.unwrap();
                }
            }
            idle.push(client);
        }
        let health = program.gets("/healthz").await;
        assert_eq!((health.status, health.text.as_str()), (200, "ok\n"));
        let other = Program::of(stage, &mia, "").await;
        let ask = json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
        assert_eq!(other.posts("/v1/chat/completions", &ask).await.status, 200);
        drop(idle);
    })
    .await;
}

#[tokio::test]
async fn bombs_are_refused_before_they_are_read() {
    run(async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "scopes:chat,keys:write").await;
        let chat = "/v1/chat/completions";
        let large = send(
            program
                .call("POST", chat)
                .body(vec![b'x'; 11 * 1024 * 1024]),
        )
        .await;
        assert_eq!(large.code(), "413 body_too_large");
        let ours = send(
            program
                .call("POST", "/api/v1/api-keys")
                .body(vec![b'x'; 2 * 1024 * 1024]),
        )
        .await;
        assert_eq!(ours.code(), "413 body_too_large");
        let deep = format!(
            "{{\"model\":\"openai/x\",\"messages\":{}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(
            send(program.call("POST", chat).body(deep)).await.code(),
            "400 body_too_deep"
        );
        let twice = r#"{"model":"openai/gpt-6-luna","model":"openai/gpt-6-sol","messages":[]}"#;
        assert_eq!(
            send(program.call("POST", chat).body(twice)).await.code(),
            "400 field_twice"
        );
        let headers = program
            .call("GET", "/healthz")
            .header("x-bomb", "x".repeat(64 * 1024))
            .send()
            .await;
        assert!(headers.is_err() || headers.unwrap().status() == 431);
        let mut many = program.call("GET", "/healthz");
        for number in 0..500 {
            many = many.header(format!("x-{number}"), "x");
        }
        let many = many.send().await;
        assert!(many.is_err() || many.unwrap().status() == 431);
    })
    .await;
}

/// More calls than a token may make at once are told to come again.
#[tokio::test]
async fn a_token_that_asks_too_much_at_once_is_told_to_wait() {
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 2\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::SlowFirstByte(Duration::from_millis(400)));
        let program = Program::of(stage, &mia, "").await;
        let ask = json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
        let ask = || program.posts("/v1/chat/completions", &ask);
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        let mut codes = [one.status, two.status, three.status];
        codes.sort_unstable();
        assert_eq!(codes, [200, 200, 429]);
        let told = [one, two, three].into_iter().find(|said| said.status == 429).unwrap();
        assert_eq!((told.code().as_str(), told.header("retry-after")), ("429 too_many_at_once", "1"));
        assert_eq!(program.posts("/v1/chat/completions", &json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]})).await.status, 200);
    })
    .await;
}

/// A limit's refusal says when there is room again, in headers that
/// libraries read.
#[tokio::test]
async fn a_limit_that_is_reached_says_when_there_is_room() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let ask = json!({"model": "groq/openai/gpt-oss-20b", "messages": [{"role": "user", "content": "count"}]});
        for _ in 0..10 {
            assert_eq!(program.posts("/v1/chat/completions", &ask).await.status, 200);
        }
        let refused = program.posts("/v1/chat/completions", &ask).await;
        assert_eq!(refused.code(), "429 limit_reached");
        assert_eq!((refused.header("x-ratelimit-limit"), refused.header("x-ratelimit-remaining")), ("10", "0"));
        assert_eq!((refused.header("retry-after"), refused.header("x-should-retry")), ("61", "false"));
    })
    .await;
}
