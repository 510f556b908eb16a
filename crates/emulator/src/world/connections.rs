//! The bot's connections to the gateway, and its REST calls.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

/// How many events are kept for a resume.
const REPLAY_MAX: usize = 256;
/// A REST call that was received.
#[derive(Clone, Debug)]
pub struct RestCall {
    pub method: String,
    pub path: String,
    pub body: Option<Value>,
    pub status: u16,
}

/// What goes wrong with REST calls, on request.
#[derive(Clone, Debug)]
pub struct RestFault {
    pub method: &'static str,
    /// A part of the path.
    pub path: &'static str,
    pub status: u16,
    /// How many calls it lets pass first.
    pub after: u32,
    pub times: u32,
    pub delay: Duration,
}

/// One shard's connection to the gateway.
pub struct Session {
    pub id: String,
    pub shard: (u64, u64),
    pub sequence: u64,
    /// Events that a resumed connection gets again.
    pub sent: VecDeque<(u64, String)>,
    pub socket: Option<mpsc::UnboundedSender<ToSocket>>,
    /// What it asked to be told of.
    pub intents: u64,
}

/// What a socket is told to do.
pub enum ToSocket {
    Send(String),
    Close(u16),
    /// Break off without a word.
    Drop,
}

impl Session {
    /// Sends an event, and keeps it in case the connection is resumed.
    pub fn emit(&mut self, name: &str, data: &Value) {
        self.sequence += 1;
        let text =
            serde_json::json!({"op": 0, "t": name, "s": self.sequence, "d": data}).to_string();
        self.sent.push_back((self.sequence, text.clone()));
        if self.sent.len() > REPLAY_MAX {
            self.sent.pop_front();
        }
        self.push(ToSocket::Send(text));
    }

    /// Tells the socket something, if there is one.
    pub fn push(&mut self, message: ToSocket) {
        if self
            .socket
            .as_ref()
            .is_some_and(|socket| socket.send(message).is_err())
        {
            self.socket = None;
        }
    }
}
