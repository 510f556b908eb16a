//! Everything that the bot says to Discord goes through here, in
//! production and in tests alike.
//!
//! serenity's own client is used for nothing but completion: its limiter
//! has one bucket for all interactions, and its errors drop the headers
//! that say how long to wait. Errors here hold no URL, since tokens of
//! interactions stand in them.

use std::time::{Duration, Instant};

use anyhow::Context;
use metrics::counter;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Notify;

use crate::bot::connection::card::File;
use crate::bot::connection::limiter::{Limiter, Report, Route};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may wait for its turn, all attempts together.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a request is sent at the most.
const ATTEMPTS: u32 = 5;
/// The first wait after a server error; it doubles.
const BACKOFF: Duration = Duration::from_millis(250);
const OUR_NAME: &str = concat!("DiscordBot (latchkey, ", env!("CARGO_PKG_VERSION"), ")");

/// A request to Discord.
pub struct Call<'a> {
    pub method: Method,
    pub route: Route<'a>,
    /// Below the API's address.
    pub path: String,
    pub body: Option<Value>,
    /// Sent beside the body.
    pub files: &'a [File],
}

/// What Discord answered when it did not do as asked.
#[derive(Debug, thiserror::Error)]
#[error("Discord answered {status} (code {code}) to {route}")]
pub struct DiscordError {
    pub status: u16,
    pub code: u64,
    pub route: &'static str,
}

/// The status with which Discord refused a request, if that is what went
/// wrong.
pub fn status_of(error: &anyhow::Error) -> Option<u16> {
    let error = error.downcast_ref::<DiscordError>();
    error.map(|error| error.status)
}

/// Whether something is not there, or not for the bot to see.
pub fn is_gone(error: &anyhow::Error) -> bool {
    matches!(status_of(error), Some(403 | 404))
}

/// Discord's REST API.
pub struct Rest {
    client: Client,
    base: String,
    authorization: HeaderValue,
    limiter: Limiter,
    /// Told when Discord refused a call for its token.
    token_refused: Notify,
}

impl Rest {
    /// Speaks to the API at `base` with the bot's token, over a client that
    /// follows no redirect and knows no proxy.
    pub fn new(base: &str, token: &SecretString, client: Client) -> anyhow::Result<Self> {
        let bearer = format!("Bot {}", token.expose_secret());
        let mut authorization = HeaderValue::from_str(&bearer)
            .map_err(|_| anyhow::anyhow!("`DISCORD_TOKEN` holds characters that no token has"))?;
        authorization.set_sensitive(true);
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            base,
            authorization,
            limiter: Limiter::default(),
            token_refused: Notify::new(),
        })
    }

    /// The client underneath, which serenity uses too.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Waits until Discord refuses a call for its token, which may be by
    /// mistake.
    pub async fn wait_for_refused_token(&self) {
        self.token_refused.notified().await;
    }

    /// Sends a request, in its turn, and again when Discord says so.
    pub async fn send(&self, call: Call<'_>) -> anyhow::Result<Value> {
        let give_up_at = Instant::now() + PATIENCE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.wait_turn(&call, give_up_at).await?;
            let last = attempt >= ATTEMPTS;
            let response = match self.send_once(&call).await {
                Ok(response) => response,
                Err(error) if last || !may_repeat(&call, &error) => {
                    return Err(error.without_url()).context(call.route.name);
                }
                Err(_) => {
                    tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
                    continue;
                }
            };
            let (status, headers) = (response.status(), response.headers().clone());
            let told = status.as_str().to_owned();
            counter!("latchkey_discord_calls_total", "route" => call.route.name, "status" => told)
                .increment(1);
            self.limiter
                .learn(call.route, report(&headers), Instant::now());
            let body: Value = response.json().await.unwrap_or_default();
            if status.is_success() {
                return Ok(body);
            }
            if status == StatusCode::TOO_MANY_REQUESTS && !last {
                self.pause(&call, &headers, &body);
            } else if status.is_server_error() && !last && call.method != Method::POST {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
            } else {
                if status == StatusCode::UNAUTHORIZED && !call.route.of_interaction {
                    self.token_refused.notify_one();
                }
                let code = body["code"].as_u64().unwrap_or(0);
                return Err(DiscordError {
                    status: status.as_u16(),
                    code,
                    route: call.route.name,
                }
                .into());
            }
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self.client.request(call.method.clone(), url);
        request = request
            .timeout(REQUEST_TIMEOUT)
            .header(USER_AGENT, OUR_NAME);
        if !call.route.of_interaction {
            request = request.header(AUTHORIZATION, self.authorization.clone());
        }
        match &call.body {
            Some(body) if call.files.is_empty() => request = request.json(body),
            Some(body) => request = request.multipart(form(body, call.files)?),
            None => {}
        }
        request.send().await
    }

    async fn wait_turn(&self, call: &Call<'_>, give_up_at: Instant) -> anyhow::Result<()> {
        while let Err(wait) = self.limiter.take(call.route, Instant::now()) {
            anyhow::ensure!(
                Instant::now() + wait < give_up_at,
                "rate limited for too long: {}",
                call.route.name
            );
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn pause(&self, call: &Call<'_>, headers: &HeaderMap, body: &Value) {
        let header = headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let seconds = body["retry_after"].as_f64().or(header).unwrap_or(1.0);
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(PATIENCE);
        let global = headers.contains_key("x-ratelimit-global");
        tracing::warn!(
            wait_ms = wait.as_millis(),
            global,
            "Discord limits {}",
            call.route.name
        );
        self.limiter.pause(call.route, wait, global, Instant::now());
    }
}

/// A body with files, as Discord wants it: the JSON in a part of its own.
fn form(body: &Value, files: &[File]) -> reqwest::Result<Form> {
    let json = Part::text(body.to_string()).mime_str("application/json")?;
    let mut form = Form::new().part("payload_json", json);
    for (number, file) in files.iter().enumerate() {
        let part = Part::bytes(file.bytes.clone())
            .file_name(file.name.clone())
            .mime_str(file.kind)?;
        form = form.part(format!("files[{number}]"), part);
    }
    Ok(form)
}

/// Whether sending once more can do no harm: nothing arrived, or it would
/// be the same again.
fn may_repeat(call: &Call<'_>, error: &reqwest::Error) -> bool {
    error.is_connect() || call.method != Method::POST
}

fn report(headers: &HeaderMap) -> Report {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds = text("x-ratelimit-reset-after").and_then(|text| text.parse().ok());
    Report {
        limit: text("x-ratelimit-limit").and_then(|text| text.parse().ok()),
        bucket: text("x-ratelimit-bucket").map(Into::into),
        remaining: text("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        reset_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    }
}
