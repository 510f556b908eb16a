//! Passes a call on to a provider in the caller's own words, and the answer
//! back, reading on the way what was used.
//!
//! What reaches a provider and what comes back is what stands in a list
//! here; everything else stays outside: `security.md` §2.10.
//!
//! - `body`: the body, changed only where it must be.
//! - `cost_estimate`: how much a call may use, and what only one's own key
//!   pays for.
//! - `relayed`: the answer, as it passes.

mod body;
mod cost_estimate;
mod relayed;

use axum::http::Uri;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tokio::time::Instant;

pub use body::Body;
pub use cost_estimate::{CostEstimate, estimate_cost, only_for_owners};
pub use relayed::Relayed;

use crate::model::{Credential, FailureClass, ProviderFailure, ProviderId, Words, redact};

use super::catalogue::{Dialect, ImageWire, Provider};
use super::chat::{ERROR_BYTES_MAX, Tries, base_headers, below};
use super::dialect::raw_object::RawObject;
use super::dialect::surface::Surface;
use super::dialect::{AnswerFormat, openai, translation};
use super::outbound::{Call, Incoming};
use super::{Providers, failure};
use relayed::Form;

/// Headers of a caller's that reach a provider, beside the key's own.
const PASSED_ON: [HeaderName; 4] = [
    ACCEPT,
    CONTENT_TYPE,
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("anthropic-version"),
];
/// The longest header that is passed on.
const HEADER_BYTES_MAX: usize = 1_024;
/// The most of a provider's message that its key's owner is told.
const MESSAGE_CHARACTERS_MAX: usize = 500;

/// Headers of a caller's that reach a provider: copies, since what came
/// stands in a connection's buffer, and that is held as long as they are.
#[derive(Clone, Default)]
pub struct ForwardedHeaders(Vec<(HeaderName, HeaderValue)>);

impl ForwardedHeaders {
    /// Those in our list, of all that came.
    pub fn of(headers: &HeaderMap) -> Self {
        let found = PASSED_ON.into_iter().filter_map(|name| {
            let value = headers.get(&name)?.as_bytes();
            if value.len() > HEADER_BYTES_MAX {
                return None;
            }
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        Self(found.collect())
    }
}

/// A call as its caller made it.
/// No `Debug`: its headers and its body are nobody's to print.
pub struct RelayRequest {
    pub surface: Surface,
    /// The caller speaks OpenAI's dialect, whatever the provider speaks.
    pub as_openai: bool,
    pub method: Method,
    /// Below the provider's base; not read where the surface tells it.
    pub path: String,
    pub query: Option<String>,
    /// The caller's own that reach the provider.
    pub headers: ForwardedHeaders,
    pub body: Body,
    /// Whether the answer is wanted as it comes.
    pub stream: bool,
    /// When it came, in seconds since 1970, for answers that say it.
    pub at_s: i64,
}

/// A call in its provider's words.
pub struct Wire {
    method: Method,
    to: Option<Uri>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Bytes>,
    reads: AnswerFormat,
    form: Form,
}

/// Something in a call that has no words in its provider's dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    /// What it is, for the caller to read.
    pub what: String,
}

/// A call that failed, and what the provider said of it: for nobody but
/// the owner of the key.
#[derive(Debug)]
pub struct RelayFailure {
    pub failure: ProviderFailure,
    pub said: Option<Words>,
}

impl From<ProviderFailure> for RelayFailure {
    fn from(failure: ProviderFailure) -> Self {
        Self {
            failure,
            said: None,
        }
    }
}

impl RelayRequest {
    /// Puts the call into the provider's words. Where the output is limited
    /// by somebody else, that limit is put in.
    pub fn wire(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
        model: &str,
        output_limit: Option<u64>,
    ) -> Result<Wire, Untranslatable> {
        let base = provider.url_for(credential);
        let ForwardedHeaders(mut headers) = self.headers.clone();
        let (path, body, form) = if self.must_be_translated(provider) {
            headers.retain(|(name, _)| name != CONTENT_TYPE);
            let translated = translation::request(provider, self, model, output_limit)?;
            (
                translated.path,
                Some(translated.body),
                Form::Translated(Box::new(translated.answers)),
            )
        } else {
            let path = self.path_at(provider)?;
            let (body, asked_usage) = self.body_for(provider, model, output_limit);
            let form = if asked_usage {
                Form::WithoutUsage
            } else {
                Form::AsItIs
            };
            (path, body, form)
        };
        let to = match &self.query {
            Some(query) => below(base, &format!("{path}?{query}")),
            None => below(base, &path),
        };
        Ok(Wire {
            method: self.method.clone(),
            reads: AnswerFormat::of(provider, self.surface, &path),
            to,
            headers,
            body,
            form,
        })
    }

    fn must_be_translated(&self, provider: &Provider) -> bool {
        let other = matches!(provider.dialect, Dialect::Anthropic | Dialect::Google);
        self.as_openai && other && self.surface == Surface::Chat
    }

    /// Where the provider answers it.
    fn path_at(&self, provider: &Provider) -> Result<String, Untranslatable> {
        if !self.as_openai {
            return Ok(self.path.clone());
        }
        let path = match self.surface {
            Surface::Chat => openai::PATH,
            Surface::Responses => "/responses",
            Surface::Embeddings => "/embeddings",
            Surface::Images => match provider.images.wire {
                Some(ImageWire::OpenAi | ImageWire::Xai) => "/images/generations",
                Some(ImageWire::OpenRouter) => "/images",
                _ => {
                    return Err(Untranslatable {
                        what: format!("a picture of {}'s", provider.name),
                    });
                }
            },
            Surface::Free | Surface::Other => self.path.as_str(),
        };
        match provider.dialect {
            Dialect::OpenAi(_) => Ok(path.to_owned()),
            Dialect::Ollama => Ok(format!("/v1{path}")),
            Dialect::Anthropic | Dialect::Google | Dialect::None => Err(Untranslatable {
                what: format!("{} has no `{path}`", provider.name),
            }),
        }
    }

    /// The body, and whether usage was asked for that the caller did not
    /// want to see.
    fn body_for(
        &self,
        provider: &Provider,
        model: &str,
        output_limit: Option<u64>,
    ) -> (Option<Bytes>, bool) {
        let bytes = self.body.bytes();
        if bytes.is_empty() {
            return (None, false);
        }
        let is_openai =
            matches!(provider.dialect, Dialect::OpenAi(_)) || self.path.starts_with("/v1/");
        let Some(fields) = self.body.fields() else {
            // A form with files, say: only one's own key pays for that.
            return (Some(bytes.clone()), false);
        };
        let mut fields = fields.clone();
        let mut changed = false;
        if self.as_openai && !fields.is("model", model) {
            fields.set("model", &json!(model));
            changed = true;
        }
        if let Some(limit) = output_limit {
            changed |= cost_estimate::limit(&mut fields, provider, self.surface, limit);
        }
        let wants_usage =
            self.stream && self.surface == Surface::Chat && is_openai && asks_for_usage(provider);
        let asked = wants_usage && ask_for_usage(&mut fields);
        let body = if changed || asked {
            fields.write().into()
        } else {
            bytes.clone()
        };
        (Some(body), asked)
    }
}

fn asks_for_usage(provider: &Provider) -> bool {
    match provider.dialect {
        Dialect::OpenAi(quirks) => quirks.asks_for_usage,
        _ => true,
    }
}

/// Asks for usage at a stream's end; whether that is our wish alone.
fn ask_for_usage(fields: &mut RawObject) -> bool {
    let mut options = fields.get("stream_options").unwrap_or_else(|| json!({}));
    if options["include_usage"] == true || !options.is_object() {
        return false;
    }
    options["include_usage"] = json!(true);
    fields.set("stream_options", &options);
    true
}

impl Providers {
    /// Sends a call until an answer begins, or there is no point.
    pub async fn relay(
        &self,
        provider: &Provider,
        wire: Wire,
        credential: Option<&Credential>,
    ) -> Result<Box<Relayed>, RelayFailure> {
        let timeouts = &self.outbound.timeouts;
        let deadline = Instant::now() + timeouts.total;
        let mut tries = Tries::until(deadline);
        let incoming = loop {
            match self.send_relay(provider, &wire, credential).await {
                Ok(incoming) => break incoming,
                Err(failed) if tries.again(&failed.failure).await => {}
                Err(failed) => return Err(failed),
            }
        };
        let read = (wire.reads, wire.form);
        Ok(Box::new(Relayed::new(
            provider, incoming, read, *timeouts, deadline,
        )))
    }

    async fn send_relay(
        &self,
        provider: &Provider,
        wire: &Wire,
        credential: Option<&Credential>,
    ) -> Result<Incoming, RelayFailure> {
        let timeouts = &self.outbound.timeouts;
        let first_byte = match provider.dialect {
            Dialect::Ollama => timeouts.first_byte_local,
            _ if wire.reads == AnswerFormat::Images => timeouts.total,
            _ => timeouts.first_byte,
        };
        let headers = base_headers(provider, credential);
        let call = Call {
            provider,
            method: wire.method.clone(),
            to: wire.to.clone(),
            headers: &headers,
            passed_on: &wire.headers,
            body: wire.body.clone(),
            deadline: Instant::now() + first_byte,
        };
        let incoming = self.outbound.send(call, credential).await?;
        if (200..300).contains(&incoming.status) {
            return Ok(incoming);
        }
        // Apart, so that calls that do not fail stay small.
        let deadline = Instant::now() + timeouts.check;
        Err(Box::pin(refused(provider, incoming, deadline)).await)
    }
}

/// Reads what a provider said instead of an answer.
async fn refused(provider: &Provider, mut incoming: Incoming, until: Instant) -> RelayFailure {
    let body = incoming.body(ERROR_BYTES_MAX, until).await;
    let body = body.unwrap_or_default();
    let failure = failure::classify(provider, incoming.status, &incoming.headers, &body);
    let said = failure::message(&body).and_then(|said| tellable(&failure, &said));
    RelayFailure { failure, said }
}

/// What may be told of a provider's message: nothing where it is about the
/// key, and never a name of an organisation or a project.
fn tellable(failure: &ProviderFailure, said: &str) -> Option<Words> {
    if failure.class.is_about_the_key() || failure.class == FailureClass::Upstream {
        return None;
    }
    let said = redact(said);
    let words = said.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let names = ["org-", "proj_", "user-", "acct_"]
            .iter()
            .any(|start| bare.starts_with(start));
        if names { "[…] " } else { word }
    });
    let told: String = words
        .collect::<String>()
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARACTERS_MAX)
        .collect();
    Some(Words(told.trim().to_owned())).filter(|told| !told.0.is_empty())
}

/// A failure without a status.
fn broken(provider: &ProviderId, class: FailureClass) -> ProviderFailure {
    ProviderFailure {
        provider: provider.clone(),
        class,
        status: None,
        retry_after: None,
    }
}
