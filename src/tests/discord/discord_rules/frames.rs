//! Rules of Discord's gateway.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Desk, Rule, rule};

/// The rules, in the document's order.
pub const RULES: &[Rule] = &[
    rule(
        "Asking for an intent that was not granted",
        "5.1",
        "close 4014",
        |desk| Box::pin(ungranted_intent(desk)),
    ),
    rule("reset the bot's token", "5.3", "close 4004", |desk| {
        Box::pin(one_session_too_many(desk))
    }),
    rule(
        "A connection may send 120 payloads a minute",
        "5.3",
        "close 4008",
        |desk| Box::pin(many_payloads(desk)),
    ),
    rule("each of at most 4,096 bytes", "5.3", "close 4002", |desk| {
        Box::pin(long_payload(desk))
    }),
    rule(
        "A client that closes with 1000 or 1001 ends the session",
        "5.3",
        "invalid session",
        |desk| Box::pin(resume_after_goodbye(desk)),
    ),
    rule("unknown opcode", "5.5", "close 4001", |desk| {
        Box::pin(says(desk, r#"{"op":77}"#))
    }),
    rule(
        "a payload that can't be read",
        "5.5",
        "close 4002",
        |desk| Box::pin(says(desk, "made-up")),
    ),
    rule("not authenticated", "5.5", "close 4003", |desk| {
        Box::pin(says(desk, r#"{"op":3,"d":{}}"#))
    }),
    rule("the token is wrong", "5.5", "close 4004", |desk| {
        Box::pin(wrong_token(desk))
    }),
    rule("identified twice", "5.5", "close 4005", |desk| {
        Box::pin(identified_twice(desk))
    }),
    rule("invalid sequence", "5.5", "close 4007", |desk| {
        Box::pin(resume_from_the_future(desk))
    }),
    rule("too many payloads", "5.5", "close 4008", |desk| {
        Box::pin(many_payloads(desk))
    }),
    rule("there is no such shard", "5.5", "close 4010", |desk| {
        Box::pin(wrong_shard(desk))
    }),
    rule("more shards are required", "5.5", "close 4011", |desk| {
        Box::pin(full_shard(desk))
    }),
    rule(
        "the version is not spoken any more",
        "5.5",
        "close 4012",
        |desk| Box::pin(old_version(desk)),
    ),
    rule("an intent is unknown", "5.5", "close 4013", |desk| {
        Box::pin(unknown_intent(desk))
    }),
];

/// A connection to the gateway, as any client might open one.
struct Wire(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Wire {
    async fn open(desk: &Desk, version: u8) -> Self {
        let address = desk.scene.emulator.address();
        let url = format!("ws://{address}/gateway?v={version}&encoding=json");
        Self(connect_async(url).await.unwrap().0)
    }

    async fn says(&mut self, text: impl Into<String>) {
        // It may be closed by now, which is what is looked for.
        let _ = self.0.send(Message::text(text.into())).await;
    }

    /// What it hears of all that ends a connection or a session.
    async fn hears_the_end(&mut self) -> String {
        while let Some(Ok(heard)) = self.0.next().await {
            match heard {
                Message::Close(Some(frame)) => return format!("close {}", u16::from(frame.code)),
                Message::Text(text) if read(&text)["op"] == 9 => return "invalid session".into(),
                _ => {}
            }
        }
        "the end".into()
    }

    /// Identifies, and returns the session's name.
    async fn identifies(&mut self, desk: &Desk) -> String {
        self.says(identify(desk, |_| {})).await;
        loop {
            let heard = self.0.next().await.unwrap().unwrap();
            let heard = read(heard.to_text().unwrap());
            if heard["t"] == "READY" {
                return heard["d"]["session_id"].as_str().unwrap().to_owned();
            }
        }
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An IDENTIFY with something changed.
fn identify(desk: &Desk, change: impl FnOnce(&mut Value)) -> String {
    let token = desk.look(|state| state.bot_token.clone());
    let mut said = json!({"op": 2, "d": {
        "token": token, "intents": 1 << 9, "shard": [0, 1],
        "properties": {"os": "linux", "browser": "made-up", "device": "made-up"},
    }});
    change(&mut said["d"]);
    said.to_string()
}

fn resume(desk: &Desk, session: &str, seq: u64) -> String {
    let token = desk.look(|state| state.bot_token.clone());
    json!({"op": 6, "d": {"token": token, "session_id": session, "seq": seq}}).to_string()
}

async fn says(desk: Desk, text: &str) -> String {
    let mut wire = Wire::open(&desk, 10).await;
    wire.says(text).await;
    wire.hears_the_end().await
}

async fn identifies_with(desk: Desk, change: impl FnOnce(&mut Value)) -> String {
    let said = identify(&desk, change);
    says(desk, &said).await
}

async fn ungranted_intent(desk: Desk) -> String {
    desk.with(|state| state.gateway.grants_message_content = false);
    identifies_with(desk, |said| said["intents"] = json!(1 << 15)).await
}

async fn one_session_too_many(desk: Desk) -> String {
    desk.with(|state| state.gateway.starts.remaining = 1);
    let mut wire = Wire::open(&desk, 10).await;
    wire.identifies(&desk).await;
    let token = desk.look(|state| state.bot_token.clone());
    let mut wire = Wire::open(&desk, 10).await;
    wire.says(identify(&desk, |_| {})).await;
    let heard = wire.hears_the_end().await;
    assert_ne!(desk.look(|state| state.bot_token.clone()), token);
    heard
}

async fn many_payloads(desk: Desk) -> String {
    let mut wire = Wire::open(&desk, 10).await;
    for _ in 0..=120 {
        wire.says(r#"{"op":1,"d":null}"#).await;
    }
    wire.hears_the_end().await
}

async fn long_payload(desk: Desk) -> String {
    let long = json!({"op": 1, "d": "a".repeat(4_096)}).to_string();
    says(desk, &long).await
}

async fn resume_after_goodbye(desk: Desk) -> String {
    let mut wire = Wire::open(&desk, 10).await;
    let session = wire.identifies(&desk).await;
    let goodbye = CloseFrame {
        code: 1_000.into(),
        reason: "".into(),
    };
    wire.0.close(Some(goodbye)).await.unwrap();
    while let Some(Ok(_)) = wire.0.next().await {}
    let said = resume(&desk, &session, 1);
    says(desk, &said).await
}

async fn wrong_token(desk: Desk) -> String {
    identifies_with(desk, |said| said["token"] = json!("made-up")).await
}

async fn identified_twice(desk: Desk) -> String {
    let mut wire = Wire::open(&desk, 10).await;
    wire.identifies(&desk).await;
    wire.says(identify(&desk, |_| {})).await;
    wire.hears_the_end().await
}

async fn resume_from_the_future(desk: Desk) -> String {
    let mut wire = Wire::open(&desk, 10).await;
    let session = wire.identifies(&desk).await;
    let said = resume(&desk, &session, 1_000);
    says(desk, &said).await
}

async fn wrong_shard(desk: Desk) -> String {
    identifies_with(desk, |said| said["shard"] = json!([1, 1])).await
}

async fn full_shard(desk: Desk) -> String {
    desk.with(|state| state.gateway.servers_per_shard = 0);
    identifies_with(desk, |_| {}).await
}

async fn old_version(desk: Desk) -> String {
    Wire::open(&desk, 6).await.hears_the_end().await
}

async fn unknown_intent(desk: Desk) -> String {
    identifies_with(desk, |said| said["intents"] = json!(1 << 30)).await
}
