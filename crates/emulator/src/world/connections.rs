//! The bot's connections to the gateway, and its REST calls.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

/// How many events a session keeps in case it is resumed.
const REPLAY_MAX: usize = 256;

/// A REST call that the bot made.
#[derive(Clone, Debug)]
pub struct RestCall {
    pub method: String,
    pub path: String,
    pub body: Option<Value>,
    pub status: u16,
}

/// A fault of REST calls.
#[derive(Clone, Debug)]
pub struct RestFault {
    /// The method of the calls that fail; empty for all.
    pub method: &'static str,
    /// A part of the paths of the calls that fail.
    pub path: &'static str,
    /// Words in the texts of the messages that fail; empty for all calls.
    pub content: &'static str,
    pub trouble: RestTrouble,
    /// How many such calls succeed first.
    pub after: u32,
    pub times: u32,
    pub delay: Duration,
}

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum RestTrouble {
    /// Nothing but the delay.
    Late,
    /// Discord refuses, with this status and this code.
    Refused(u16, u64),
    /// A proxy in front of Discord answers with this status and a web page.
    Page(u16),
    /// The call takes effect, and a proxy answers 502 in Discord's place.
    ResponseLost,
    /// The call takes effect, and the connection breaks in mid-response.
    ResponseCut,
    /// The connection breaks, and nothing takes effect.
    RequestCut,
    /// Status 429 of one bucket, or of everything, for so many seconds.
    Limited { seconds: f64, is_global: bool },
    /// Cloudflare bans the address: status 429 with a web page and without
    /// any of the headers that tell of buckets, perhaps with `Retry-After`.
    Banned { seconds: Option<u64> },
}

/// The gateway session of one shard.
pub struct Session {
    pub id: String,
    pub shard: (u64, u64),
    pub sequence: u64,
    /// The latest events with their sequence numbers, which a resumed connection
    /// gets again.
    pub sent: VecDeque<(u64, String)>,
    pub socket: Option<mpsc::UnboundedSender<ToSocket>>,
    /// The intents that the bot identified with.
    pub intents: u64,
}

/// What the task of a connection is told to do.
pub enum ToSocket {
    Send(String),
    SendBytes(Vec<u8>),
    Close(u16),
    /// Close with a frame that has no code.
    CloseWithoutCode,
    /// Break the connection off without a close frame.
    Drop,
    /// Keep the connection, and neither hear nor say anything any more.
    FallSilent,
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

    /// Tells the connection's task something, if there is a connection.
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
