//! A call that is relayed: as its caller made it, and as its provider gets
//! it.

use axum::http::Uri;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::model::{CallDialect, Credential, Departure, ProviderId, Surface};
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::dialect::{
    AnswerFormat, ChatToTranslate, Dialect, Ignored, OPENAI_CHAT_PATH, OPENAI_COMPLETIONS_PATH,
    OPENAI_EMBEDDINGS_PATH, OPENAI_MODERATIONS_PATH, OPENAI_RESPONSES_PATH, OutputLimit, RawObject,
    Translation, Untranslatable, ask_for_usage, google_chat_path, leave_foreign_seals_out,
    makes_nothing,
};
use crate::providers::embeddings::{has_own_words, translate_embeddings};
use crate::providers::ranking::{ranking_path, translate_ranking};
use crate::providers::shared_key::BoundedRequest;
use crate::providers::sound::form::Form;
use crate::providers::sound::google_transcripts::FormForGoogle;
use crate::providers::sound::speech::{SpokenCall, translate_speech};
use crate::providers::sound::transcripts::{has_other_events, translate_form};
use crate::providers::transport::http::address_below;

use super::answer_change::AnswerChange;
use super::asked_model::AskedModel;
use super::body::Body;
use super::forwarded_headers::{ForwardedHeaders, VERSION};
use super::picture_format::leave_format_out;

/// A call as its caller made it. It has no `Debug`: nobody may print its
/// headers or its body.
pub struct RelayRequest {
    pub surface: Surface,
    /// In whose dialect the call is.
    pub dialect: CallDialect,
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

/// What becomes of a call because of who pays for it.
#[derive(Clone, Copy)]
pub enum PayerTerms<'a> {
    /// The caller's own key carries anything.
    Unlimited,
    /// All answers together may have so many tokens.
    Limited(u64),
    /// A key that others pay for carries what was found to have a bound, and
    /// all answers together may have so many tokens.
    Shared(&'a BoundedRequest, u64),
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
    pub rewriting: AnswerChange,
    /// The fields that were left out of a body which is not translated, with
    /// commas between them.
    pub left_out: Option<String>,
    /// Whether the answer is wanted as it comes.
    pub stream: bool,
    /// Whether usage is wanted at the end of a stream of OpenAI's.
    pub wants_usage: bool,
    /// Notes that the call leaves.
    pub departure: Departure,
}

/// A body that is not translated, as its provider gets it.
#[derive(Default)]
struct PassedBody {
    bytes: Option<Bytes>,
    rewriting: AnswerChange,
    left_out: Ignored,
}

impl WireRequest {
    /// Takes over how many tokens the prompt is likely to have, which the caller
    /// is told where nobody counts them.
    pub fn expect_prompt(&mut self, tokens: u64) {
        if let AnswerChange::Translated(translator) = &mut self.rewriting {
            translator.expect_prompt(tokens);
        }
    }
}

impl RelayRequest {
    /// Whether nothing is made that a provider takes money for.
    pub fn makes_nothing(&self, provider: &ProviderId) -> bool {
        match self.surface {
            Surface::Free => true,
            _ if self.method != Method::POST => true,
            Surface::Other => makes_nothing(provider, &self.path),
            _ => false,
        }
    }

    /// Writes the call for its provider, on the terms of its payer.
    pub fn write_for(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
        asked: AskedModel<'_>,
        terms: PayerTerms<'_>,
    ) -> Result<WireRequest, Untranslatable> {
        let model = asked.name;
        let base = provider.url_for(credential);
        let mut headers = match terms {
            PayerTerms::Shared(..) => self.headers.for_shared_key(),
            PayerTerms::Unlimited | PayerTerms::Limited(_) => self.headers.for_own_key(provider),
        };
        let translation = self.translate(provider, asked, terms)?;
        // A translated call has no query of its caller's.
        let query = self.query.as_ref().filter(|_| translation.is_none());
        let (path, surface, body) = if let Some(translation) = translation {
            leave_dialect_out(&mut headers, provider);
            let body = PassedBody {
                bytes: Some(translation.body),
                rewriting: AnswerChange::Translated(translation.answers),
                ..PassedBody::default()
            };
            (translation.path, translation.surface, body)
        } else {
            let path = self.path_at(provider, model)?;
            let body = match self.form_for(provider, model, terms)? {
                Some(form) => {
                    headers.retain(|(name, _)| name != CONTENT_TYPE);
                    let (body, media_type) = self.write_form(provider, model, (&form, terms))?;
                    headers.extend(media_type.map(|it| (CONTENT_TYPE, it)));
                    body
                }
                None => self.body_for(provider, model, terms)?,
            };
            (path, self.surface, body)
        };
        let other = provider.other_base(base, &path);
        let base = other.as_ref().unwrap_or(base);
        let to = match query {
            Some(query) => address_below(base, &format!("{path}?{query}")),
            None => address_below(base, &path),
        };
        let format = match body.rewriting {
            AnswerChange::Transcript => AnswerFormat::TranscriptEvents,
            AnswerChange::Heard(_) => provider.dialect.chat_format(),
            _ => provider.dialect.answer_format(surface, &path),
        };
        Ok(WireRequest {
            method: self.method.clone(),
            format,
            to,
            headers,
            body: body.bytes,
            rewriting: body.rewriting,
            left_out: body.left_out.written(),
            stream: self.stream,
            wants_usage: self.wants_usage(),
            departure: Departure::default(),
        })
    }

    /// Whether the caller asks for usage at the end of a stream.
    fn wants_usage(&self) -> bool {
        let options = |fields: &RawObject| fields.get::<Value>("stream_options");
        let options = self.body.fields().and_then(options);
        options.is_some_and(|options| options["include_usage"] == true)
    }

    /// The caller's name for the model.
    fn asked_model(&self) -> Option<String> {
        if self.dialect == CallDialect::Google {
            let (model, _) = self.path.strip_prefix("/models/")?.rsplit_once(':')?;
            return Some(model.to_owned());
        }
        self.body.fields().and_then(|fields| fields.get("model"))
    }

    /// Whether the model's name changes in an answer that is not translated:
    /// clients of Anthropic's take a model of another name than they asked for
    /// for another model, and leave out what it thought
    /// (`docs/providers.md` §12).
    fn name_in_answer(&self, model: &str) -> AnswerChange {
        if self.dialect != CallDialect::Anthropic || self.surface != Surface::Chat {
            return AnswerChange::Unchanged;
        }
        let asked = self.asked_model().filter(|asked| asked != model);
        asked.map_or(AnswerChange::Unchanged, AnswerChange::Renamed)
    }

    /// Puts a call that is no chat into its provider's own words, where it has
    /// some, and returns what that asks to be changed in the answer.
    fn put_in_own_words(
        &self,
        provider: &Provider,
        model: &str,
        fields: &mut RawObject,
    ) -> Result<Option<AnswerChange>, Untranslatable> {
        if self.dialect != CallDialect::OpenAi {
            return Ok(None);
        }
        match self.surface {
            Surface::Speech => Ok(match translate_speech(provider, fields)? {
                SpokenCall::AsItCame => None,
                SpokenCall::Changed => Some(AnswerChange::Unchanged),
                SpokenCall::Packed(sound) => Some(AnswerChange::Speech(sound)),
            }),
            Surface::Embeddings if has_own_words(provider) => {
                let form = translate_embeddings(provider, model, fields)?;
                let vectors = form.map(|form| AnswerChange::Vectors(Box::new(form)));
                Ok(Some(vectors.unwrap_or_default()))
            }
            Surface::Ranking => {
                let form = translate_ranking(provider, model, fields)?;
                Ok(form.map(|form| AnswerChange::Ranking(Box::new(form))))
            }
            _ => Ok(None),
        }
    }

    /// Translates a chat, if its provider speaks another dialect.
    fn translate(
        &self,
        provider: &Provider,
        asked: AskedModel<'_>,
        terms: PayerTerms<'_>,
    ) -> Result<Option<Translation>, Untranslatable> {
        let talks = matches!(self.surface, Surface::Chat | Surface::Responses);
        if self.dialect == CallDialect::Native || !talks {
            return Ok(None);
        }
        let bounded = match terms {
            PayerTerms::Shared(bounded, tokens) => bounded.fields_within(tokens),
            PayerTerms::Unlimited | PayerTerms::Limited(_) => None,
        };
        let bounded = bounded.map(|fields| fields.write());
        let chat = ChatToTranslate {
            dialect: self.dialect,
            is_response: self.surface == Surface::Responses,
            as_events: self
                .query
                .as_deref()
                .is_some_and(|it| it.contains("alt=sse")),
            body: bounded.as_deref().unwrap_or(self.body.bytes()),
            fields: self.body.fields(),
            model: asked.name,
            longest_answer: asked.longest_answer,
            room: asked.room,
            asked_model: self.asked_model(),
            output_limit: match terms {
                PayerTerms::Unlimited => OutputLimit::OfCaller,
                PayerTerms::Limited(tokens) => OutputLimit::AtMost(tokens),
                PayerTerms::Shared(..) => OutputLimit::OfPayer,
            },
            stream: self.stream,
            at_s: self.at_s,
        };
        provider.dialect.translate_chat(&chat).transpose()
    }

    /// The path, below its base, at which the provider answers the call.
    fn path_at(&self, provider: &Provider, model: &str) -> Result<String, Untranslatable> {
        match self.dialect {
            CallDialect::OpenAi => {}
            CallDialect::Native => return Ok(self.path.clone()),
            CallDialect::Anthropic | CallDialect::Google => {
                let found = provider
                    .dialect
                    .native_path(self.dialect, &self.path, model);
                return found
                    .ok_or_else(|| Untranslatable::new(format!("A call to `{}`", self.path)));
            }
        }
        let path = match self.surface {
            Surface::Chat => OPENAI_CHAT_PATH,
            Surface::Responses => OPENAI_RESPONSES_PATH,
            Surface::Completions => OPENAI_COMPLETIONS_PATH,
            Surface::Embeddings => {
                let (dialect, verb) = (provider.dialect, ":batchEmbedContents");
                if let Some(path) = dialect.native_path(CallDialect::Google, verb, model) {
                    return Ok(path);
                }
                OPENAI_EMBEDDINGS_PATH
            }
            Surface::Moderations => OPENAI_MODERATIONS_PATH,
            Surface::Ranking => ranking_path(provider),
            Surface::Images => {
                let path = provider.images.wire.and_then(ImageWire::openai_path);
                path.ok_or_else(|| Untranslatable::new("A call for pictures in OpenAI's dialect"))?
            }
            Surface::Speech => {
                let (dialect, verb) = (provider.dialect, ":generateContent");
                if let Some(path) = dialect.native_path(CallDialect::Google, verb, model) {
                    return Ok(path);
                }
                self.path.as_str()
            }
            Surface::Transcripts if provider.dialect == Dialect::Google => {
                let path = google_chat_path(model, self.stream);
                return path.ok_or_else(|| Untranslatable::new("That `model`"));
            }
            Surface::Transcripts | Surface::Free | Surface::Other => self.path.as_str(),
        };
        let found = provider.dialect.openai_path(path);
        found.ok_or_else(|| Untranslatable::new(format!("A call to `{path}`")))
    }

    /// Writes a form as it is sent: as a chat, where models write sound down that
    /// do nothing but chat.
    fn write_form(
        &self,
        provider: &Provider,
        model: &str,
        (form, terms): (&Form, PayerTerms<'_>),
    ) -> Result<(PassedBody, Option<HeaderValue>), Untranslatable> {
        let (bytes, rewriting, media_type) = if provider.dialect == Dialect::Google {
            let for_google = FormForGoogle {
                form,
                model,
                path: &self.path,
                output_limit: match terms {
                    PayerTerms::Unlimited => None,
                    PayerTerms::Limited(tokens) | PayerTerms::Shared(_, tokens) => Some(tokens),
                },
            };
            let (body, transcript) = for_google.write()?;
            (body, AnswerChange::Heard(Box::new(transcript)), None)
        } else {
            let form = form.write();
            let media_type = HeaderValue::from_str(&form.media_type);
            (form.body, self.transcript_change(provider), media_type.ok())
        };
        let body = PassedBody {
            bytes: Some(bytes),
            rewriting,
            ..PassedBody::default()
        };
        Ok((body, media_type))
    }

    /// What is changed in a transcript.
    fn transcript_change(&self, provider: &Provider) -> AnswerChange {
        let is_native = self.dialect == CallDialect::Native;
        if self.stream && !is_native && has_other_events(provider) {
            AnswerChange::Transcript
        } else {
            AnswerChange::Unchanged
        }
    }

    /// The form, where it is one that must be changed: in OpenAI's dialect, and
    /// where a key pays that is others' too.
    fn form_for(
        &self,
        provider: &Provider,
        model: &str,
        terms: PayerTerms<'_>,
    ) -> Result<Option<Form>, Untranslatable> {
        let is_native = self.dialect == CallDialect::Native;
        let form = match terms {
            PayerTerms::Shared(bounded, _) => bounded.form().cloned(),
            _ if is_native => None,
            _ => self.body.as_form().cloned(),
        };
        let Some(mut form) = form else {
            return Ok(None);
        };
        if !is_native {
            form.set("model", model);
            translate_form(provider, &mut form)?;
        }
        Ok(Some(form))
    }

    /// The body, changed only where it must be, and what that asks to be
    /// changed in the answer: usage that the caller did not ask for is taken
    /// out again.
    fn body_for(
        &self,
        provider: &Provider,
        model: &str,
        terms: PayerTerms<'_>,
    ) -> Result<PassedBody, Untranslatable> {
        let mut left_out = Ignored::default();
        let bytes = self.body.bytes();
        if bytes.is_empty() {
            return Ok(PassedBody::default());
        }
        let Some(fields) = self.body.fields() else {
            // A form with files, say: only the caller's own key pays for it.
            return Ok(PassedBody {
                bytes: Some(bytes.clone()),
                ..PassedBody::default()
            });
        };
        let bounded = match terms {
            PayerTerms::Shared(bounded, tokens) => bounded.fields_within(tokens),
            PayerTerms::Unlimited | PayerTerms::Limited(_) => None,
        };
        let mut changed = bounded.is_some();
        let mut fields = bounded.unwrap_or_else(|| fields.clone());
        let has_model = matches!(self.dialect, CallDialect::OpenAi | CallDialect::Anthropic);
        if has_model && !fields.is("model", model) {
            fields.set("model", &json!(model));
            changed = true;
        }
        if leave_foreign_seals_out(self.dialect, self.surface, &mut fields) {
            left_out.add("thinking");
            changed = true;
        }
        if self.dialect == CallDialect::OpenAi {
            changed |= provider
                .dialect
                .name_output_limit(self.surface, &mut fields);
            let dialect = provider.dialect;
            changed |= dialect.leave_extras_out(self.surface, &mut fields, &mut left_out);
            changed |= dialect.fill_in_thoughts(self.surface, &mut fields);
            let target = (provider, self.surface);
            changed |= leave_format_out(target, &mut fields, &mut left_out)?;
        }
        let in_other_words = self.put_in_own_words(provider, model, &mut fields)?;
        changed |= in_other_words.is_some();
        if let PayerTerms::Limited(limit) = terms {
            let dialect = provider.dialect;
            changed |= dialect.limit_output(self.surface, &mut fields, limit);
        }
        let asks_for_usage = self.stream
            && matches!(self.surface, Surface::Chat | Surface::Completions)
            && provider.dialect.asks_for_usage(&self.path)
            && ask_for_usage(&mut fields);
        let body = if changed || asks_for_usage {
            fields.write().into()
        } else {
            bytes.clone()
        };
        let rewriting = match in_other_words {
            _ if asks_for_usage => AnswerChange::WithoutUsage,
            Some(rewriting) => rewriting,
            None => self.name_in_answer(model),
        };
        Ok(PassedBody {
            bytes: Some(body),
            rewriting,
            left_out,
        })
    }
}

/// Leaves out the headers that tell of the body as it came, or another provider.
fn leave_dialect_out(headers: &mut Vec<(HeaderName, HeaderValue)>, provider: &Provider) {
    let is_anthropics = provider.dialect.reads_anthropic_headers();
    headers.retain(|(name, _)| {
        let is_of_body = name == CONTENT_TYPE || name.as_str() == VERSION;
        !is_of_body && (is_anthropics || !name.as_str().starts_with("anthropic-"))
    });
}
