//! An image host as its own file sees it: calls that answer with JSON, and
//! what they fail with.

use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::model::{Credential, FailureClass, ProviderFailure};
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::failures::failure::{classify_event, status_of_event};
use crate::providers::transport::http::{IncomingAnswer, WholeAnswer, address_of, failed, join};
use crate::providers::transport::outbound::{Call, Outbound};
use crate::providers::transport::sse::{Decoder, Events, Framing};

use super::fetch::PICTURE_BYTES_MAX;
use super::job::Result;

/// The largest JSON answer that is read: the largest picture as base64 twice
/// over, or four of 18 MiB.
const JSON_BYTES_MAX: usize = 3 * PICTURE_BYTES_MAX;
/// The longest stream that is read: a large picture, and those on the way to it.
const STREAM_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How long a host may take to make pictures while we wait for them: four of
/// the best quality take OpenAI several minutes.
pub const MAKING: Duration = Duration::from_mins(10);
/// How long it may take to say something that it knows.
pub const TALKING: Duration = Duration::from_secs(30);

/// A host, with the key that pays.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    pub outbound: &'a Outbound,
    pub provider: &'a Provider,
    pub credential: Option<&'a Credential>,
}

/// A call to a host.
pub struct HostCall<'a> {
    pub method: Method,
    pub url: Url,
    pub body: Option<&'a Value>,
    /// How long the whole answer may take.
    pub within: Duration,
}

/// What a host says of a graph.
pub enum Verdict {
    Taken(Value),
    /// It can't be run, for these reasons.
    Refused(Value),
}

impl Host<'_> {
    /// A failure of this host, without a status.
    pub fn failed(&self, class: FailureClass) -> ProviderFailure {
        failed(&self.provider.id, class)
    }

    /// The host's wire format. A host that makes no pictures has none.
    pub fn wire(&self) -> Result<ImageWire> {
        let wire = self.provider.images.wire;
        wire.ok_or_else(|| self.failed(FailureClass::BadRequest))
    }

    /// The host's address.
    pub fn base(&self) -> &Url {
        self.provider.url_for(self.credential)
    }

    /// What was given with the key, such as an endpoint's name.
    pub fn extra(&self, field: &str) -> Option<&str> {
        let extras = &self.credential?.extras;
        extras.get(field).map(ExposeSecret::expose_secret)
    }

    /// What was given with the key, where nothing can be done without it.
    pub fn required_extra(&self, field: &str) -> Result<&str> {
        self.extra(field)
            .ok_or_else(|| self.failed(FailureClass::NotSetUp))
    }

    /// Reads what stands below the host's address; a refusal of the host's is an
    /// error.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Sends JSON there; a refusal of the host's is an error.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Has it removed there; a refusal of the host's is an error.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let call = HostCall {
            method,
            url: join(self.base(), path),
            body,
            within: TALKING,
        };
        self.send(call).await
    }

    /// Posts a request whose answer holds the pictures.
    pub async fn post_and_wait(&self, path: &str, body: &Value) -> Result<Value> {
        let call = HostCall {
            method: Method::POST,
            url: join(self.base(), path),
            body: Some(body),
            within: MAKING,
        };
        self.send(call).await
    }

    /// Posts a request whose answer is a stream of events, and hands each over.
    /// The answer itself where it comes in one piece all the same.
    pub async fn post_for_events(
        &self,
        path: &str,
        body: &Value,
        mut hear: impl FnMut(&Value),
    ) -> Result<Option<Value>> {
        let deadline = Instant::now() + MAKING;
        let call = Call {
            provider: self.provider,
            method: Method::POST,
            to: address_of(&join(self.base(), path)),
            forwarded: &[],
            body: Some(body.to_string().into()),
            deadline,
            departure: None,
        };
        let mut incoming = self.outbound.send(call, self.credential).await?;
        if incoming.status != 200 {
            return Err(self
                .read_whole(incoming, deadline)
                .await?
                .failure(self.provider));
        }
        let kind = incoming.content_type().to_ascii_lowercase();
        if kind.starts_with("application/json") {
            return self
                .read_json(self.read_whole(incoming, deadline).await?)
                .map(Some);
        }
        incoming.allow_bytes(STREAM_BYTES_MAX);
        let mut decoder = Decoder::new(Framing::ServerSentEvents, JSON_BYTES_MAX);
        let fail = |class| self.failed(class);
        loop {
            let piece = timeout_at(deadline, incoming.next_piece()).await;
            let piece = piece.map_err(|_| fail(FailureClass::TimedOut))?;
            let Some(piece) = piece.map_err(fail)? else {
                return self.hear_all(&decoder.finish(), &mut hear).map(|()| None);
            };
            let events = decoder.push(&piece).map_err(fail)?;
            self.hear_all(&events, &mut hear)?;
        }
    }

    fn hear_all(&self, events: &Events, hear: &mut impl FnMut(&Value)) -> Result<()> {
        for event in events.iter() {
            let is_named_error = event.name() == Some(b"error");
            let Ok(event) = serde_json::from_slice::<Value>(&event.data()) else {
                continue;
            };
            if is_named_error || event["type"] == "error" || !event["error"].is_null() {
                return Err(classify_event(&self.provider.id, &event));
            }
            hear(&event);
        }
        Ok(())
    }

    /// What an answer with status 200 says that went wrong, if it does. Its code
    /// stands for the status that others send.
    pub fn hidden_error(&self, answer: &Value) -> Option<ProviderFailure> {
        let is_said = match &answer["error"] {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        };
        is_said.then(|| ProviderFailure {
            status: Some(status_of_event(answer)),
            ..classify_event(&self.provider.id, answer)
        })
    }

    /// Sends a call with the host's key.
    pub async fn send(&self, call: HostCall<'_>) -> Result<Value> {
        self.send_with(call, self.credential).await
    }

    /// Sends a call with another key, or none. An answer that is no JSON is a
    /// failure, and so is one that reports an error.
    pub async fn send_with(
        &self,
        call: HostCall<'_>,
        credential: Option<&Credential>,
    ) -> Result<Value> {
        self.read_json(self.send_whole(call, credential).await?)
    }

    /// Sends a graph. What the host says against it is an answer too.
    pub async fn ask_verdict(
        &self,
        call: HostCall<'_>,
        credential: Option<&Credential>,
    ) -> Result<Verdict> {
        let answer = self.send_whole(call, credential).await?;
        if !matches!(answer.status, 400 | 422) {
            return self.read_json(answer).map(Verdict::Taken);
        }
        let said = serde_json::from_slice(&answer.body).unwrap_or_default();
        let failure = answer.failure(self.provider);
        match failure.class {
            FailureClass::BadRequest => Ok(Verdict::Refused(said)),
            _ => Err(failure),
        }
    }

    fn read_json(&self, answer: WholeAnswer) -> Result<Value> {
        let is_good = (200..300).contains(&answer.status);
        if is_good && answer.is_empty() {
            return Ok(Value::Null);
        }
        answer.into_json(self.provider, is_good)
    }

    async fn send_whole(
        &self,
        call: HostCall<'_>,
        credential: Option<&Credential>,
    ) -> Result<WholeAnswer> {
        let deadline = Instant::now() + call.within;
        let call = Call {
            provider: self.provider,
            method: call.method,
            to: address_of(&call.url),
            forwarded: &[],
            body: call.body.map(|body| body.to_string().into()),
            deadline,
            departure: None,
        };
        let incoming = self.outbound.send(call, credential).await?;
        self.read_whole(incoming, deadline).await
    }

    async fn read_whole(
        &self,
        mut incoming: IncomingAnswer,
        deadline: Instant,
    ) -> Result<WholeAnswer> {
        incoming.allow_bytes(JSON_BYTES_MAX);
        let read = incoming.read_whole(&self.provider.id, JSON_BYTES_MAX, deadline);
        read.await
    }
}

/// Checks a text of a host's that is put into a path: letters, digits and
/// what joins them. Anything else is no id.
pub fn checked_id<'a>(host: &Host<'_>, value: &'a Value) -> Result<&'a str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = |id: &&str| !id.is_empty() && id.len() <= 200 && id.chars().all(allowed);
    let found = value.as_str().filter(fits);
    found.ok_or_else(|| host.failed(FailureClass::Upstream))
}
