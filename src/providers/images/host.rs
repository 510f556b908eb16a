//! One host as its wire format sees it: calls that answer with JSON, and
//! what they fail with.

use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::model::{Credential, FailureClass, ProviderFailure};
use crate::providers::Providers;
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::http::{address_of, failed, join};
use crate::providers::outbound::Call;

use super::Result;

/// The largest JSON answer that is read: four large pictures as base64.
const JSON_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long a host may take to make a picture while we wait for it.
pub const PAINTING: Duration = Duration::from_mins(4);
/// How long it may take to say something that it knows.
pub const TALKING: Duration = Duration::from_secs(30);

/// A host, with whoever pays.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    pub providers: &'a Providers,
    pub provider: &'a Provider,
    pub credential: Option<&'a Credential>,
}

impl Providers {
    pub(super) fn host<'a>(
        &'a self,
        provider: &'a Provider,
        credential: Option<&'a Credential>,
    ) -> Host<'a> {
        Host {
            providers: self,
            provider,
            credential,
        }
    }
}

impl Host<'_> {
    pub fn fail(&self, class: FailureClass) -> ProviderFailure {
        failed(&self.provider.id, class)
    }

    /// How it speaks; none is one that paints nothing.
    pub fn wire(&self) -> Result<ImageWire> {
        let wire = self.provider.images.wire;
        wire.ok_or_else(|| self.fail(FailureClass::BadRequest))
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

    /// The same, where nothing can be done without it.
    pub fn needs(&self, field: &str) -> Result<&str> {
        self.extra(field)
            .ok_or_else(|| self.fail(FailureClass::NotSetUp))
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        let url = join(self.base(), path);
        self.call(Method::GET, url, None, TALKING).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = join(self.base(), path);
        self.call(Method::POST, url, Some(body), TALKING).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value> {
        let url = join(self.base(), path);
        self.call(Method::DELETE, url, None, TALKING).await
    }

    /// Calls an address that takes the key.
    pub async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Value> {
        self.call_as(method, url, body, within, self.credential)
            .await
    }

    /// Calls with another key, or none. An answer that is no JSON is an
    /// error, and so is one that says it is.
    pub async fn call_as(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        within: Duration,
        credential: Option<&Credential>,
    ) -> Result<Value> {
        let deadline = Instant::now() + within;
        let call = Call {
            provider: self.provider,
            method,
            to: address_of(&url),
            forwarded: &[],
            body: body.map(|body| body.to_string().into()),
            deadline,
        };
        let incoming = self.providers.outbound.send(call, credential).await?;
        let read = incoming.read_whole(&self.provider.id, JSON_BYTES_MAX, deadline);
        let answer = read.await?;
        let is_good = (200..300).contains(&answer.status);
        if is_good && answer.is_empty() {
            return Ok(Value::Null);
        }
        answer.into_json(self.provider, is_good)
    }
}

/// A text of a host's that is put into a path: letters, digits and what
/// joins them. Anything else is no id.
pub fn id<'a>(host: &Host<'_>, value: &'a Value) -> Result<&'a str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = |id: &&str| !id.is_empty() && id.len() <= 200 && id.chars().all(allowed);
    let found = value.as_str().filter(fits);
    found.ok_or_else(|| host.fail(FailureClass::Upstream))
}
