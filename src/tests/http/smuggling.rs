//! What reaches a provider, and what a client: nothing that is not on a
//! list. Raw sockets, since a library would mend what is wrong.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tests::program::Program;
use crate::tests::{Stage, good, run};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long another answer is waited for, which none should be.
const AFTERWARDS: Duration = Duration::from_millis(400);

/// The headers that may reach a provider: the client's that are passed on,
/// the key's, and what HTTP itself needs.
const MAY_REACH: &[&str] = &[
    "accept",
    "content-type",
    "anthropic-beta",
    "anthropic-version",
    // With one's own key, what the vendor's own libraries send it.
    "anthropic-workspace-id",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "accept-encoding",
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "user-agent",
    "host",
    "content-length",
];
/// The headers that may reach a client.
const MAY_COME_BACK: &[&str] = &[
    "content-type",
    "content-length",
    "transfer-encoding",
    "date",
    "cache-control",
    "retry-after",
    "retry-after-ms",
    "upgrade",
    "x-latchkey-error",
    // What tells the owner of the key of its limits.
    "anthropic-ratelimit-input-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
    "openai-processing-ms",
    "openai-version",
    "x-latchkey-provider-request-id",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
    "request-id",
    "x-latchkey-attempt",
    "x-latchkey-source",
    "x-latchkey-key-id",
    "x-latchkey-provider",
    "x-latchkey-model",
    "x-should-retry",
    "allow",
    "x-latchkey-repeat",
    "x-content-type-options",
    "connection",
];

/// Headers that a caller may try: none of them may get through.
const TRIED: &[&str] = &[
    "Cookie: session=made-up",
    "Set-Cookie: a=b",
    "Proxy-Authorization: Basic bWFkZS11cA==",
    "Forwarded: for=192.0.2.1",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Real-IP: 192.0.2.1",
    "Via: 1.1 evil",
    "X-Latchkey-Source: personal",
    "X-Latchkey-Key-Id: 00000000000000000000000000000000",
    "OpenAI-Organization: org-made-up",
    "OpenAI-Project: proj_made-up",
    "OpenAI-Beta: assistants=v2",
    "api-key: made-up",
    "X-Stainless-Lang: python",
    "X-Request-Id: mine",
    "Idempotency-Key: mine",
    "Origin: https://evil.example",
    "Referer: https://evil.example/?key=made-up",
    "Accept-Encoding: gzip",
    "Accept-Language: de",
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    "If-None-Match: x",
    "If-Modified-Since: x",
    "Range: bytes=0-1",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: bWFkZS11cA==",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Trailer: x-made-up",
    "Proxy-Connection: keep-alive",
    "Connection: keep-alive, x-api-key",
    "Connection: authorization",
    "Connection: content-type",
    "X-HTTP-Method-Override: DELETE",
    "X-Original-URL: /admin",
    "X-Rewrite-URL: /admin",
    "X-Host: evil.example",
    "X-Custom: made-up",
    "DNT: 1",
    "Priority: u=1",
    "Traceparent: 00-0-0-00",
    "Baggage: made-up",
    "CF-Connecting-IP: 192.0.2.1",
    "X-Amz-Date: x",
    "X-Goog-User-Project: made-up",
    "X-Goog-Api-Client: made-up",
    "Helicone-Auth: made-up",
    "HTTP-Referer: https://evil.example",
    "X-Title: made-up",
    "Salad-Api-Key: latchkey_made-up",
    "anthropic-workspace-id: made-up",
    "anthropic-dangerous-direct-browser-access: true",
];

/// Requests that are wrong or mean two things: each is refused or hung up
/// on, and none gets a second request past the first.
const WRONG: &[(&str, &str)] = &[
    (
        "two lengths",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ),
    (
        "a length and chunks",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "chunks twice",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    (
        "a strange encoding",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    ("a negative length", "Content-Length: -1\r\n\r\n"),
    ("a length that is a word", "Content-Length: two\r\n\r\n{}"),
    (
        "a length too large to count",
        "Content-Length: 99999999999999999999999\r\n\r\n{}",
    ),
    (
        "a folded header",
        "X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    ),
    ("a space before the colon", "Content-Length : 2\r\n\r\n{}"),
    (
        "a null in a header",
        "X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}",
    ),
    ("no header at all", ": x\r\nContent-Length: 2\r\n\r\n{}"),
    ("a header that never ends", "X-A: "),
];

/// What the gateway answers to these bytes.
pub async fn raw(stage: &Stage, request: &str) -> String {
    let address = stage.gateway().await;
    raw_at(address.trim_start_matches("http://"), request).await
}

/// What is answered to these bytes at an address.
pub async fn raw_at(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer: Vec<u8> = Vec::new();
    loop {
        let mut piece: Vec<u8> = Vec::with_capacity(8_192);
        // What is hung up on has no answer, and what waits for more is hung up on.
        // Behind one answer, there might be another.
        let patience = if is_whole(&answer) {
            AFTERWARDS
        } else {
            PATIENCE
        };
        match timeout(patience, stream.read_buf(&mut piece)).await {
            Ok(Ok(read)) if read > 0 => answer.append(&mut piece),
            Ok(_) => break,
            Err(_) => {
                assert!(is_whole(&answer), "no end of an answer to {request}");
                break;
            }
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether an answer is there to its end.
fn is_whole(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => length
            .parse()
            .is_ok_and(|length: usize| body.len() >= length),
        None => !head.contains("\r\ntransfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
    }
}

fn post(path: &str, token: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn names(answer: &str) -> Vec<String> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, _)| name.to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn nothing_unlisted_reaches_a_provider_or_a_client() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let chat = r#"{"model":"gpt-6-luna","max_completion_tokens":9,"messages":[{"role":"user","content":"count"}]}"#;
        let message = r#"{"model":"claude-haiku-5-5","max_tokens":9,"messages":[{"role":"user","content":"count"}]}"#;
        let before = stage.calls();
        for (number, header) in TRIED.iter().enumerate() {
            let (path, body) = if number % 2 == 0 { ("/openai/v1/chat/completions", chat) } else { ("/anthropic/v1/messages", message) };
            let answer = raw(stage, &post(path, &token, &format!("{header}\r\n"), body)).await;
            for name in names(&answer) {
                assert!(MAY_COME_BACK.contains(&name.as_str()), "{name} came back for {header}");
            }
            let refused = answer.starts_with("HTTP/1.1 4");
            assert!(refused || answer.starts_with("HTTP/1.1 200"), "{header}: {answer}");
        }
        let (sent, values) = stage.world().look(|state| {
            let calls = state.providers.calls.iter().skip(before);
            let sent: Vec<String> = calls.clone().flat_map(|call| call.headers.clone()).collect();
            (sent, calls.filter_map(|call| call.key.clone()).collect::<Vec<_>>())
        });
        assert!(stage.calls() - before >= 45, "{} calls", stage.calls() - before);
        for name in sent {
            assert!(MAY_REACH.contains(&name.as_str()), "{name} reached a provider");
        }
        assert!(values.iter().all(|key| !key.contains("latchkey_")));
    })
    .await;
}

#[tokio::test]
async fn a_request_that_means_two_things_is_not_made_and_nothing_follows_it() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let before = stage.calls();
        for (what, rest) in WRONG {
            let request = format!("POST /openai/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{rest}");
            let answer = raw(stage, &request).await;
            let answers = answer.matches("HTTP/1.1 ").count();
            assert!(answers <= 1, "{what}: {answer}");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        }
        for first in ["GET http://evil.example/healthz HTTP/1.1", "GET /healthz HTTP/9.9", "CONNECT evil.example:443 HTTP/1.1", "TRACE / HTTP/1.1", "\u{0}", "GET  /healthz HTTP/1.1"] {
            let answer = raw(stage, &format!("{first}\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
            assert!(!answer.contains("evil"), "{first}: {answer}");
        }
        assert_eq!(stage.calls(), before);
    })
    .await;
}

/// Addresses that try to lead a key elsewhere, or a call to a private place:
/// none makes a call but those that stay below the provider's own base.
#[tokio::test]
async fn no_address_leads_a_key_to_another_place() {
    let paths = [
        "/openai/../admin",
        "/openai/./x",
        "/openai//x",
        "/openai/v1//models",
        "/openai/v1/../../x",
        "/openai/%2e%2e/x",
        "/openai/%2E%2E%2Fx",
        "/openai/v1/%2f%2fevil.example",
        "/openai/v1/models%00",
        "/openai/v1/models%0d%0aHost:x",
        "/openai/\\\\evil.example",
        "/openai/v1/\\..\\x",
        "/openai/http://evil.example/",
        "/openai/https:/evil.example",
        "/openai/@evil.example/",
        "/openai/v1@evil.example/x",
        "/openai/:80@evil.example",
        "/openai/v1/models%23x",
        "/openai/v1/models;x=1",
        "/openai/v1/mod els",
        "/openai/v1/{x}",
        "/openai/v1/<x>",
        "/openai/v1/|x",
        "/openai/v1/^x",
        "/openai/v1/`x`",
        "/openai/v1/\"x\"",
        "/openai/v1/'x'",
        "/openai/v1/(x)",
        "/openai/v1/*",
        "/openai/v1/!x",
        "/openai/v1/$x",
        "/openai/v1/&x",
        "/openai/v1/+x",
        "/openai/v1/é",
        "/openai/v1/。。/x",
        "/openai/v1/．．/x",
        "/127.0.0.1/x",
        "/localhost/x",
        "/[::1]/x",
        "/169.254.169.254/latest",
        "/0/x",
        "/0x7f000001/x",
        "/2130706433/x",
        "/evil.example/x",
        "/http:/x",
        "/opnai/v1/models",
        "/OPENAI/v1/models",
        "/openai%20/x",
        "/openai./x",
        "/openai:443/x",
        "/openai@evil.example/x",
        "/../openai/x",
        "//evil.example/openai/x",
        "/openai",
        "/openai/",
        "/v1",
        "/v1/",
        "/v1/x",
        "/v1/chat",
        "/v1/chat/completions/",
        "/v1/models/../x",
        "/api",
        "/api/v1",
        "/api/v1/x",
        "/api/v1/guilds/1",
        "/api/v2/api-keys",
        "/google/v1beta/models/x:generateContent/../y",
        "/google/v1beta/models/a%2fb:generateContent",
        "/anthropic/v1/messages/../complete",
        "/.env",
        "/.git/config",
        "/metrics/",
        "/healthz/",
        "/openapi.json/",
        "/openai/v1/models?key=x",
        "/openai/v1/models?api_key=x",
        "/openai/v1/models?token=x",
        "/openai/v1/models?access_token=x",
        "/openai/v1/models?KEY=x",
        "/openai/v1/models?x=1&key=y",
        "/openai/v1/models?apikey=x",
        "/openai/v1/models?%6bey=x",
    ];
    assert!(paths.len() >= 80, "{}", paths.len());
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        for path in paths {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
            let answer = raw(stage, &request).await;
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(refused, "{path}: {answer}");
        }
        // What was called was below the provider's own base all the same.
        stage.world().look(|state| {
            let calls = state.providers.calls.iter();
            assert!(calls.clone().all(|call| call.provider == "openai"));
            assert_eq!(calls.filter(|call| call.path.contains("..")).count(), 0);
        });
    })
    .await;
}
