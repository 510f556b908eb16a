//! Calls a language model, streaming or not, whatever its dialect.
//!
//! A call is retried only where nothing was sent, or where the provider
//! itself said "not now" before any of the answer. Never after a timeout:
//! the provider may be at work, and somebody pays for that.

use std::time::Duration;

use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use url::{Position, Url};

use crate::model::{Credential, FailureClass, Finish, Picture, ProviderFailure, Turn, Usage};

use super::catalogue::{Dialect, Provider};
use super::dialect::parsed_answer::ParsedAnswer;
use super::dialect::surface::is_plain;
use super::dialect::{anthropic, google, ollama, openai};
use super::outbound::{Call, Incoming, address, failed};
use super::sse::{Decoder, Framing};
use super::{Providers, failure};

/// The largest error body that is read.
pub const ERROR_BYTES_MAX: usize = 64 * 1024;
/// The largest event of a stream that is read.
const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// The largest answer that is read when it does not stream.
const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often a call is made at the most.
const ATTEMPTS: u32 = 3;
/// The first wait before another attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(250);
/// A longer wait than this is the person's to take, not ours.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What a model is asked.
#[derive(Debug)]
pub struct ChatRequest {
    pub model: String,
    /// Empty: nothing.
    pub system: String,
    pub turns: Vec<Turn>,
    pub max_output_tokens: u32,
}

/// How the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Streamed,
    Whole,
}

/// The end of an answer; its text went to the listener.
#[derive(Debug, PartialEq, Eq)]
pub struct ChatReply {
    pub finish: Finish,
    pub usage: Option<Usage>,
    /// What the provider calls the model that answered.
    pub model: Option<String>,
}

impl Providers {
    /// Asks a model and hands its text to `listener` as it comes.
    pub async fn chat(
        &self,
        provider: &Provider,
        request: &ChatRequest,
        delivery: Delivery,
        credential: Option<&Credential>,
        listener: &mut (dyn FnMut(&str) + Send),
    ) -> Result<ChatReply, ProviderFailure> {
        let deadline = Instant::now() + self.outbound.timeouts.total;
        let mut incoming = self
            .begin(provider, request, delivery, credential, deadline)
            .await?;
        let mut reading = ParsedAnswer::default();
        let read = match delivery {
            Delivery::Streamed => {
                self.stream(provider, &mut incoming, &mut reading, deadline, listener)
                    .await
            }
            Delivery::Whole => whole(provider, &mut incoming, &mut reading, deadline).await,
        };
        listener(&std::mem::take(&mut reading.text));
        read?;
        let finish = reading
            .finish
            .ok_or_else(|| failed(provider, reading.unfinished()))?;
        Ok(ChatReply {
            finish,
            usage: reading.usage,
            model: reading.model,
        })
    }

    /// Sends the request until an answer begins, or there is no point.
    async fn begin(
        &self,
        provider: &Provider,
        request: &ChatRequest,
        delivery: Delivery,
        credential: Option<&Credential>,
        deadline: Instant,
    ) -> Result<Incoming, ProviderFailure> {
        let mut tries = Tries::until(deadline);
        loop {
            let sent = self.send_chat(provider, request, delivery, credential);
            match sent.await {
                Err(failure) if tries.again(&failure).await => {}
                ended => return ended,
            }
        }
    }

    async fn send_chat(
        &self,
        provider: &Provider,
        request: &ChatRequest,
        delivery: Delivery,
        credential: Option<&Credential>,
    ) -> Result<Incoming, ProviderFailure> {
        let stream = delivery == Delivery::Streamed;
        let (path, body) = wire(provider, request, stream)
            .ok_or_else(|| failed(provider, FailureClass::ModelNotFound))?;
        let timeouts = &self.outbound.timeouts;
        let first_byte = match provider.dialect {
            Dialect::Ollama => timeouts.first_byte_local,
            _ => timeouts.first_byte,
        };
        let call = Call {
            provider,
            method: Method::POST,
            to: below(provider.url_for(credential), &path),
            headers: &base_headers(provider, credential),
            passed_on: &[],
            body: Some(body.to_string().into()),
            deadline: Instant::now() + first_byte,
        };
        let mut incoming = self.outbound.send(call, credential).await?;
        if incoming.status == 200 {
            return Ok(incoming);
        }
        let deadline = Instant::now() + timeouts.check;
        let body = incoming
            .body(ERROR_BYTES_MAX, deadline)
            .await
            .unwrap_or_default();
        Err(failure::classify(
            provider,
            incoming.status,
            &incoming.headers,
            &body,
        ))
    }

    /// Reads a stream to its end. Two clocks run: any byte stops the idle
    /// one, only real progress stops the other.
    async fn stream(
        &self,
        provider: &Provider,
        incoming: &mut Incoming,
        reading: &mut ParsedAnswer,
        deadline: Instant,
        listener: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), ProviderFailure> {
        let timeouts = &self.outbound.timeouts;
        let fail = |class| failed(provider, class);
        let mut decoder = Decoder::new(framing(provider.dialect), EVENT_BYTES_MAX);
        let mut progress_by = Instant::now() + timeouts.progress;
        loop {
            let until = deadline
                .min(progress_by)
                .min(Instant::now() + timeouts.idle);
            let chunk = timeout_at(until, incoming.chunk()).await;
            let chunk = chunk
                .map_err(|_| fail(FailureClass::TimedOut))?
                .map_err(fail)?;
            let events = match &chunk {
                Some(bytes) => decoder.push(bytes).map_err(fail)?,
                None => decoder.finish(),
            };
            for event in events.iter() {
                let data = event.data();
                if !data.is_empty() {
                    reading.events += 1;
                    read_event(provider, &data, reading)?;
                }
            }
            if std::mem::take(&mut reading.moved) {
                progress_by = Instant::now() + timeouts.progress;
            }
            if !reading.text.is_empty() {
                listener(&std::mem::take(&mut reading.text));
            }
            if chunk.is_none() {
                return Ok(());
            }
        }
    }
}

/// How often a call was tried.
pub struct Tries {
    deadline: Instant,
    failed: u32,
}

impl Tries {
    /// None so far.
    pub fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            failed: 0,
        }
    }

    /// Waits as long as it takes; whether to try again.
    pub async fn again(&mut self, failure: &ProviderFailure) -> bool {
        self.failed += 1;
        let wait = wait_before_retry(failure, self.failed);
        let may =
            |wait: &Duration| self.failed < ATTEMPTS && Instant::now() + *wait < self.deadline;
        match wait.filter(may) {
            Some(wait) => {
                sleep(wait).await;
                true
            }
            None => false,
        }
    }
}

async fn whole(
    provider: &Provider,
    incoming: &mut Incoming,
    reading: &mut ParsedAnswer,
    deadline: Instant,
) -> Result<(), ProviderFailure> {
    let body = incoming.body(WHOLE_BYTES_MAX, deadline).await;
    let body = body.map_err(|class| failed(provider, class))?;
    read_event(provider, body.trim_ascii(), reading)
}

/// Reads one event. One that is not JSON is no answer of a provider.
pub fn read_event(
    provider: &Provider,
    event: &[u8],
    reading: &mut ParsedAnswer,
) -> Result<(), ProviderFailure> {
    if event == b"[DONE]" {
        return Ok(());
    }
    let value: Value =
        serde_json::from_slice(event).map_err(|_| failed(provider, FailureClass::Upstream))?;
    match provider.dialect {
        Dialect::OpenAi(_) => openai::read(&value, reading),
        Dialect::Anthropic => anthropic::read(&value, reading),
        Dialect::Google => google::read(&value, reading),
        Dialect::Ollama => ollama::read(&value, reading),
        Dialect::None => {}
    }
    if reading.failed {
        Err(failure::classify_event(&provider.id, &value))
    } else {
        Ok(())
    }
}

fn wire(provider: &Provider, request: &ChatRequest, stream: bool) -> Option<(String, Value)> {
    Some(match provider.dialect {
        Dialect::OpenAi(quirks) => (openai::PATH.into(), openai::body(request, quirks, stream)),
        Dialect::Anthropic => (anthropic::PATH.into(), anthropic::body(request, stream)),
        Dialect::Google => (google::path(&request.model, stream)?, google::body(request)),
        Dialect::Ollama => (ollama::PATH.into(), ollama::body(request, stream)),
        Dialect::None => return None,
    })
}

/// Headers beside the key's own.
pub fn base_headers<'a>(
    provider: &Provider,
    credential: Option<&'a Credential>,
) -> Vec<(&'static str, &'a str)> {
    if provider.dialect != Dialect::Anthropic {
        return Vec::new();
    }
    let workspace = credential.and_then(|c| c.extras.get(anthropic::WORKSPACE_EXTRA));
    let workspace = workspace.map(|id| (anthropic::WORKSPACE_HEADER, id.expose_secret()));
    std::iter::once(anthropic::VERSION)
        .chain(workspace)
        .collect()
}

/// A picture as every dialect carries it.
pub fn base64(picture: &Picture) -> String {
    STANDARD.encode(&picture.bytes)
}

/// Puts a path, and perhaps a query, below a base URL.
pub fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// The same, as a call takes it.
pub fn below(base: &Url, path: &str) -> Option<Uri> {
    if !is_plain(path) {
        return address(&join(base, path));
    }
    // Nothing in it has to be written otherwise.
    let base = base[..Position::AfterPath].trim_end_matches('/');
    Uri::try_from([base, path].concat()).ok()
}

pub fn framing(dialect: Dialect) -> Framing {
    match dialect {
        Dialect::Ollama => Framing::JsonLines,
        _ => Framing::ServerSentEvents,
    }
}

/// How long to wait before another attempt; none when there must be none.
fn wait_before_retry(failure: &ProviderFailure, attempt: u32) -> Option<Duration> {
    let nothing_sent = failure.class == FailureClass::Unreachable;
    let not_now = matches!(failure.status, Some(429 | 503 | 529))
        && matches!(
            failure.class,
            FailureClass::RateLimited | FailureClass::Upstream
        );
    if !nothing_sent && !not_now {
        return None;
    }
    let wait = failure
        .retry_after
        .unwrap_or(BACKOFF * 2_u32.pow(attempt - 1));
    (wait <= WAIT_MAX).then_some(wait)
}
