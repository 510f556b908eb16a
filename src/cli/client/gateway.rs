//! A gateway, and the token for it.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::login::{Login, load_login};
use crate::providers::Clients;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

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

    /// One with this token.
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

/// An answer that comes as server-sent events.
pub struct Events {
    response: Response,
    pending: Vec<u8>,
}

impl Events {
    /// Reads an answer so.
    pub fn of(response: Response) -> Self {
        Self {
            response,
            pending: Vec::new(),
        }
    }

    /// The next event, comments included; none at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            let end = self.pending.windows(2).position(|two| two == b"\n\n");
            if let Some(end) = end {
                let event: Vec<u8> = self.pending.drain(..end + 2).collect();
                return Ok(Some(String::from_utf8_lossy(&event).into_owned()));
            }
            let more = self.response.chunk().await;
            match more.map_err(reqwest::Error::without_url)? {
                Some(bytes) => self.pending.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }
}

/// What an event says; a no of the gateway's is an error in its words.
pub fn data(event: &str) -> anyhow::Result<Value> {
    let data = event.lines().find_map(|line| line.strip_prefix("data: "));
    let data: Value = serde_json::from_str(data.unwrap_or("null"))?;
    match data.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => bail!("{message}"),
        None => Ok(data),
    }
}
