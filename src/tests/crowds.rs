//! Connections by the ten thousand.

use reqwest::Method;
use serde_json::json;
use tokio::net::TcpStream;

use super::served::ServedProgram;
use super::skip;
use crate::cli::raise_file_limit;

/// How many connections stand idle.
const IDLE: usize = 10_000;
/// How many come before somebody else does.
const AT_ONCE: usize = 500;
/// How many files the tests beside this one may have open.
const OTHERS: u64 = 2_000;

/// They keep nobody from being served, before their time is over and after.
#[tokio::test]
async fn ten_thousand_idle_connections_keep_nobody_from_being_served() {
    let most = raise_file_limit().unwrap();
    if most.is_some_and(|most| most < IDLE as u64 + OTHERS) {
        skip::<()>("the system does not let this process open 12,000 files");
        return;
    }
    let served = ServedProgram::start(|_| Vec::new()).await;
    let ask = json!({"model": "groq/openai/gpt-oss-20b", "messages": [{"role": "user", "content": "count"}]});
    let asks = async || {
        let call = served.call(Method::POST, "/v1/chat/completions");
        call.json(&ask).send().await.unwrap().status()
    };
    let mut idle = Vec::with_capacity(IDLE);
    while idle.len() < IDLE {
        for _ in 0..AT_ONCE {
            idle.push(TcpStream::connect(served.address).await.unwrap());
        }
        // Whoever comes after them is served after them.
        let health = served.call(Method::GET, "/healthz").send().await;
        assert_eq!(health.unwrap().status(), 200);
    }
    assert_eq!(asks().await, 200);
    // Each is hung up on in the end, though nobody reads from it.
    for client in &idle {
        client.readable().await.unwrap();
        assert_eq!(client.try_read(&mut [0]).unwrap(), 0);
    }
    assert_eq!(asks().await, 200);
    served.end().await;
}
