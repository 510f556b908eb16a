//! Floods of large bodies against the program as a process of its own: how
//! much memory it takes at the most, and who is served meanwhile.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use futures_util::stream;
use http_body_util::BodyExt;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

use super::served::ServedProgram;
use super::{bad, good};

const MIB: usize = 1024 * 1024;
/// How much memory bodies may take in these tests.
const BODIES_MB: usize = 32;
/// How many people flood the process at once.
const PEOPLE: u64 = 16;

/// What a model answers in OpenAI's dialect, and in Anthropic's.
const OPENAI: &str = r#"{"choices":[{"message":{"content":"one"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
const ANTHROPIC: &str = r#"{"type":"message","role":"assistant","model":"claude-haiku-5-5","content":[{"type":"text","text":"one"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;

/// A provider that keeps nothing of what it is sent. Its lists of models are
/// of the size that their address names, in MiB, and made of small values.
async fn provider() -> SocketAddr {
    async fn answer(request: Request) -> Response {
        let (parts, mut body) = request.into_parts();
        while let Some(Ok(_)) = body.frame().await {}
        let path = parts.uri.path().trim_end_matches('/');
        let last = path.rsplit('/').next().unwrap_or_default();
        let json = [("content-type", "application/json")];
        match last.parse::<usize>() {
            Ok(mebibytes) => (json, large_answer(mebibytes)).into_response(),
            Err(_) if last == "messages" => (json, ANTHROPIC).into_response(),
            Err(_) => (json, OPENAI).into_response(),
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer);
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::task::spawn(async move { axum::serve(listener, router).await });
    address
}

/// An answer that comes piece by piece, and says at its end what was used.
fn large_answer(mebibytes: usize) -> Body {
    let piece = Bytes::from("{\"a\":[1,2,3]},".repeat(MIB / 15 / 16));
    let pieces = std::iter::once(Bytes::from_static(b"{\"data\":["))
        .chain(std::iter::repeat_n(piece, mebibytes * 16))
        .chain([Bytes::from_static(b"{}]}")]);
    Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)))
}

async fn start(provider: SocketAddr) -> ServedProgram {
    let served = ServedProgram::start_for(PEOPLE, |_| {
        let at = |name: &str| format!("http://{provider}/{name}");
        vec![
            ("LATCHKEY_GATEWAY__BODIES_MB", BODIES_MB.to_string()),
            ("LATCHKEY_PROVIDERS__OPENAI__BASE_URL", at("openai/v1")),
            ("LATCHKEY_PROVIDERS__GROQ__BASE_URL", at("groq/v1")),
            ("LATCHKEY_PROVIDERS__ANTHROPIC__BASE_URL", at("anthropic")),
        ]
    });
    served.await
}

/// Somebody else asks something short, again and again, until the flood ends.
async fn asks_meanwhile(
    served: &ServedProgram,
    flood: impl Future<Output = Vec<u16>>,
) -> (Vec<u16>, u32) {
    let ask =
        json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
    let mut flood = std::pin::pin!(flood);
    let mut asked = 0;
    loop {
        let call = served.call(Method::POST, "/v1/chat/completions");
        let call = call
            .header("x-openai-key", good("openai"))
            .json(&ask)
            .send();
        let said = call.await.unwrap();
        assert_eq!(said.status(), 200, "{}", said.text().await.unwrap());
        asked += 1;
        let tick = std::time::Duration::from_millis(20);
        if let Ok(statuses) = tokio::time::timeout(tick, &mut flood).await {
            return (statuses, asked);
        }
    }
}

/// Trees of small messages take twenty times the memory of their text.
#[tokio::test]
async fn floods_of_small_messages_take_turns() {
    let served = start(provider().await).await;
    let message = r#"{"role":"user","content":"x"}"#;
    let messages = vec![message; 12_000].join(",");
    let flood = served
        .others
        .iter()
        .enumerate()
        .map(async |(number, token)| {
            // Paid by the operator and looked at as a whole, or translated.
            let (model, key) = match number % 2 {
                0 => ("groq/openai/gpt-oss-20b", None),
                _ => ("anthropic/claude-haiku-5-5", Some(good("anthropic"))),
            };
            let body = format!(r#"{{"model":"{model}","messages":[{messages}]}}"#);
            let call = served.call_as(token, Method::POST, "/v1/chat/completions");
            let call = match key {
                Some(key) => call.header("x-claude-key", key),
                None => call,
            };
            let said = call.body(body).send().await.unwrap();
            said.status().as_u16()
        });
    let before = served.peak_bytes();
    let (statuses, _asked) = asks_meanwhile(&served, join_all(flood)).await;
    assert!(
        statuses
            .iter()
            .all(|status| matches!(status, 200 | 429 | 503)),
        "{statuses:?}"
    );
    assert!(statuses.contains(&200), "{statuses:?}");
    let taken = (served.peak_bytes() - before) / MIB;
    assert!(taken < 150, "{taken} MiB");
    served.end().await;
}

#[tokio::test]
async fn large_answers_are_passed_on_as_they_come() {
    let served = start(provider().await).await;
    let size = 8;
    let before = served.peak_bytes();
    let flood = served.others.iter().map(async |token| {
        let path = format!("/openai/v1/models/{size}");
        let call = served.call_as(token, Method::GET, &path);
        let call = call.header("x-openai-key", bad("openai"));
        let mut said = call.send().await.unwrap();
        let (status, mut length) = (said.status().as_u16(), 0);
        while let Some(piece) = said.chunk().await.unwrap() {
            length += piece.len();
        }
        assert!(status != 200 || length > size * MIB / 16 * 14, "{length}");
        status
    });
    let (statuses, _asked) = asks_meanwhile(&served, join_all(flood)).await;
    assert_eq!(statuses, vec![200; served.others.len()]);
    let taken = (served.peak_bytes() - before) / MIB;
    assert!(taken < 48, "{taken} MiB");
    served.end().await;
}
