//! A gateway, and the token for it.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::login::{Login, stored};
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
        Self::with(stored()?)
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
