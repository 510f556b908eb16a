//! A call that is relayed: as its caller made it, and as its provider gets
//! it.

use axum::http::Uri;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::model::{Credential, Departure, Surface};
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::dialect::{
    AnswerFormat, AnswerTranslator, OPENAI_CHAT_PATH, OPENAI_EMBEDDINGS_PATH,
    OPENAI_RESPONSES_PATH, OpenAiChat, Translation, Untranslatable, ask_for_usage,
};
use crate::providers::http::address_below;

use super::body::Body;

/// Headers of a caller's that reach a provider, beside the key's own.
const FORWARDED: [HeaderName; 4] = [
    ACCEPT,
    CONTENT_TYPE,
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("anthropic-version"),
];
/// The longest header that is forwarded.
const HEADER_BYTES_MAX: usize = 1_024;

/// Headers of a caller's that reach a provider. They are copies: the headers
/// that came share the buffer of their connection, and would keep it.
#[derive(Clone, Default)]
pub struct ForwardedHeaders(Vec<(HeaderName, HeaderValue)>);

impl ForwardedHeaders {
    /// Copies those that may be forwarded, of all that came.
    pub fn copy_from(headers: &HeaderMap) -> Self {
        let found = FORWARDED.into_iter().filter_map(|name| {
            let value = headers.get(&name)?.as_bytes();
            if value.len() > HEADER_BYTES_MAX {
                return None;
            }
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        Self(found.collect())
    }
}

/// A call as its caller made it. It has no `Debug`: nobody may print its
/// headers or its body.
pub struct RelayRequest {
    pub surface: Surface,
    /// The caller speaks OpenAI's dialect, whatever the provider speaks.
    pub as_openai: bool,
    pub method: Method,
    /// Below the provider's base; not read where the surface tells it.
    pub path: String,
    pub query: Option<String>,
    pub headers: ForwardedHeaders,
    pub body: Body,
    /// Whether the answer is wanted as it comes.
    pub stream: bool,
    /// When the call came, in seconds since 1970, for its answer.
    pub at_s: i64,
}

/// A call as its provider gets it.
pub struct WireRequest {
    pub method: Method,
    pub to: Option<Uri>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Option<Bytes>,
    /// How the answer is read.
    pub format: AnswerFormat,
    /// What is changed in the answer.
    pub rewriting: Rewriting,
    /// Notes that the call leaves.
    pub departure: Departure,
}

/// What is changed in an answer before it is passed on.
pub enum Rewriting {
    Unchanged,
    /// The event with the usage is left out: we asked for it, and the caller
    /// did not.
    WithoutUsage,
    Translated(Box<dyn AnswerTranslator>),
}

impl RelayRequest {
    /// Writes the call for its provider. `output_limit` is put in where
    /// somebody else than the caller limits the output.
    pub fn write_for(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
        model: &str,
        output_limit: Option<u64>,
    ) -> Result<WireRequest, Untranslatable> {
        let base = provider.url_for(credential);
        let ForwardedHeaders(mut headers) = self.headers.clone();
        let translation = self.translate(provider, model, output_limit)?;
        let (path, body, rewriting) = if let Some(translation) = translation {
            headers.retain(|(name, _)| name != CONTENT_TYPE);
            let rewriting = Rewriting::Translated(translation.answers);
            (translation.path, Some(translation.body), rewriting)
        } else {
            let path = self.path_at(provider)?;
            let (body, rewriting) = self.body_for(provider, model, output_limit);
            (path, body, rewriting)
        };
        let to = match &self.query {
            Some(query) => address_below(base, &format!("{path}?{query}")),
            None => address_below(base, &path),
        };
        Ok(WireRequest {
            method: self.method.clone(),
            format: provider.dialect.answer_format(self.surface, &path),
            to,
            headers,
            body,
            rewriting,
            departure: Departure::default(),
        })
    }

    /// Translates a chat in OpenAI's dialect, if its provider speaks another.
    fn translate(
        &self,
        provider: &Provider,
        model: &str,
        output_limit: Option<u64>,
    ) -> Result<Option<Translation>, Untranslatable> {
        if !self.as_openai || self.surface != Surface::Chat {
            return Ok(None);
        }
        let chat = OpenAiChat {
            body: self.body.bytes(),
            model,
            output_limit,
            stream: self.stream,
            at_s: self.at_s,
        };
        provider.dialect.translate_chat(&chat).transpose()
    }

    /// The path, below its base, at which the provider answers the call.
    fn path_at(&self, provider: &Provider) -> Result<String, Untranslatable> {
        if !self.as_openai {
            return Ok(self.path.clone());
        }
        let path = match self.surface {
            Surface::Chat => OPENAI_CHAT_PATH,
            Surface::Responses => OPENAI_RESPONSES_PATH,
            Surface::Embeddings => OPENAI_EMBEDDINGS_PATH,
            Surface::Images => {
                let path = provider.images.wire.and_then(ImageWire::openai_path);
                path.ok_or_else(|| {
                    Untranslatable::new(format!("a picture of {}'s", provider.name))
                })?
            }
            Surface::Free | Surface::Other => self.path.as_str(),
        };
        let found = provider.dialect.openai_path(path);
        found.ok_or_else(|| Untranslatable::new(format!("{} has no `{path}`", provider.name)))
    }

    /// The body, changed only where it must be, and what that asks to be
    /// changed in the answer: usage that the caller did not ask for is taken
    /// out again.
    fn body_for(
        &self,
        provider: &Provider,
        model: &str,
        output_limit: Option<u64>,
    ) -> (Option<Bytes>, Rewriting) {
        let bytes = self.body.bytes();
        if bytes.is_empty() {
            return (None, Rewriting::Unchanged);
        }
        let Some(fields) = self.body.fields() else {
            // A form with files, say: only the caller's own key pays for it.
            return (Some(bytes.clone()), Rewriting::Unchanged);
        };
        let mut fields = fields.clone();
        let mut changed = false;
        if self.as_openai && !fields.is("model", model) {
            fields.set("model", &json!(model));
            changed = true;
        }
        if let Some(limit) = output_limit {
            let dialect = provider.dialect;
            changed |= dialect.limit_output(self.surface, &mut fields, limit);
        }
        let asks_for_usage = self.stream
            && self.surface == Surface::Chat
            && provider.dialect.asks_for_usage(&self.path)
            && ask_for_usage(&mut fields);
        let body = if changed || asks_for_usage {
            fields.write().into()
        } else {
            bytes.clone()
        };
        let rewriting = if asks_for_usage {
            Rewriting::WithoutUsage
        } else {
            Rewriting::Unchanged
        };
        (Some(body), rewriting)
    }
}
