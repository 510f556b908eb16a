//! A gateway, and the token for it.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::login::{Login, load_login};
use super::wording::at_terminal;
use crate::cli::output::without_number;
use crate::providers::Clients;
use crate::providers::transport::sse::{Decoder, Event, Framing};

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
    let response = call.send().await.map_err(|error| explain_unsent(&error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let address = response.url().origin().ascii_serialization();
    let body: Value = response.json().await.unwrap_or_default();
    match body.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => bail!("{}", at_terminal(message)),
        None => bail!(
            "{address} answered {status}, as no gateway of Latchkey's does; is the address right? `latchkey login <address>` sets another"
        ),
    }
}

/// Why nothing came back, with the address, and the system's own reason once.
fn explain_unsent(error: &reqwest::Error) -> anyhow::Error {
    let address = error.url().map(|url| url.origin().ascii_serialization());
    let address = address.as_deref().unwrap_or("the gateway");
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let why = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        without_number(&root.to_string()).to_lowercase()
    };
    anyhow!(
        "{address} can't be reached ({why}). Is the address right, and does the gateway run? `latchkey login <address>` sets another address"
    )
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
        Some(message) => bail!("{}", at_terminal(message)),
        None => Ok(data),
    }
}
