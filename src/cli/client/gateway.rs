//! A gateway, and the token for it.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::login::{Login, load_login};
use crate::providers::Clients;
use crate::providers::sse::{Decoder, Event, Framing};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The largest event that is read: one picture, as text.
const EVENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A gateway that somebody has logged in to.
pub struct Gateway {
    http: Client,
    login: Login,
}

impl Gateway {
    /// The one that `latchkey login` stored.
    pub fn open() -> anyhow::Result<Self> {
        Self::with(load_login()?)
    }

    /// Makes a client that calls the gateway with this login's token.
    pub fn with(login: Login) -> anyhow::Result<Self> {
        let http = Clients::new(CONNECT_WITHIN)?.web;
        Ok(Self { http, login })
    }

    /// A call to it.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.login.url);
        self.http
            .request(method, url)
            .bearer_auth(self.login.token.expose_secret())
    }

    /// What a path answers.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        json(send(self.call(Method::GET, path)).await?).await
    }
}

/// Sends a call; a no of the gateway's is an error in its words.
pub async fn send(call: RequestBuilder) -> anyhow::Result<Response> {
    // The error's own text has the address, which nobody needs twice.
    let sent = call.send().await.map_err(reqwest::Error::without_url);
    let response = sent.context("the gateway can't be reached; is its address right?")?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    match body.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => bail!("{message}"),
        None => bail!("the gateway answered {status}; is its address right?"),
    }
}

/// A whole answer.
pub async fn json(response: Response) -> anyhow::Result<Value> {
    let body = response.json().await.map_err(reqwest::Error::without_url);
    body.context("the gateway's answer broke off")
}

/// Reads an answer of the gateway's that comes as server-sent events.
pub struct EventReader {
    response: Response,
    decoder: Decoder,
    /// Events that have come and were not taken yet.
    ready: VecDeque<GatewayEvent>,
}

/// One event of the gateway's.
pub enum GatewayEvent {
    Comment(String),
    /// JSON, for [`parse_data`].
    Data(Vec<u8>),
}

impl EventReader {
    /// Reads the body of this response.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            decoder: Decoder::new(Framing::ServerSentEvents, EVENT_BYTES_MAX),
            ready: VecDeque::new(),
        }
    }

    /// The next event; none at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<GatewayEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let chunk = self.response.chunk().await;
            let Some(bytes) = chunk.map_err(reqwest::Error::without_url)? else {
                return Ok(None);
            };
            let events = self.decoder.push(&bytes);
            let events = events.map_err(|_| anyhow!("the gateway's answer is too large"))?;
            self.ready.extend(events.iter().filter_map(gateway_event));
        }
    }
}

/// What the client reads of an event; none where it is empty.
fn gateway_event(event: Event<'_>) -> Option<GatewayEvent> {
    let data = event.data();
    if !data.is_empty() {
        return Some(GatewayEvent::Data(data.into_owned()));
    }
    let comment = String::from_utf8_lossy(event.comment()?);
    Some(GatewayEvent::Comment(comment.into_owned()))
}

/// Parses the data of an event. A refusal of the gateway's is an error with
/// the gateway's message.
pub fn parse_data(data: &[u8]) -> anyhow::Result<Value> {
    let data: Value = serde_json::from_slice(data)?;
    match data.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => bail!("{message}"),
        None => Ok(data),
    }
}
