//! OpenAI's chat, said in another dialect, and the answer said back.
//!
//! What has no words in the other dialect is refused by its name: nothing
//! of a call is dropped in silence, but for hints that change no answer.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{anthropic, google};
use crate::providers::catalogue::{Dialect, Provider};
use crate::providers::relay::{RelayRequest, Untranslatable};

use super::openai::chunks::Chunks;
use super::openai::request::Request;

/// A call in other words.
pub struct Translated {
    pub path: String,
    pub body: Bytes,
    pub answers: Answers,
}

/// Says answers back in OpenAI's dialect.
pub enum Answers {
    Anthropic(anthropic::translation::Back),
    Google(google::translation::Back),
}

/// Translates a call.
pub fn request(
    provider: &Provider,
    passage: &RelayRequest,
    model: &str,
    output_limit: Option<u64>,
) -> Result<Translated, Untranslatable> {
    let request = Request::read(passage.body.bytes(), output_limit)?;
    let chunks = Chunks::new(passage.at_s, model, request.wants_usage);
    let (path, body, answers) = if provider.dialect == Dialect::Google {
        let (path, body) = google::translation::request(&request, model, passage.stream)?;
        (
            path,
            body,
            Answers::Google(google::translation::Back::new(chunks)),
        )
    } else {
        let (body, back) =
            anthropic::translation::request(&request, model, passage.stream, chunks)?;
        (anthropic::PATH.to_owned(), body, Answers::Anthropic(back))
    };
    Ok(Translated {
        path,
        body: body.to_string().into(),
        answers,
    })
}

impl Answers {
    /// Says one event of a stream, as it comes.
    pub fn event(&mut self, event: &Value, out: &mut Vec<u8>) {
        match self {
            Self::Anthropic(back) => back.event(event, out),
            Self::Google(back) => back.event(event, out),
        }
    }

    /// Says that a stream has ended.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Anthropic(back) => back.chunks.end(out),
            Self::Google(back) => back.chunks.end(out),
        }
    }

    /// Says a whole answer.
    pub fn whole(&mut self, answer: &Value) -> Bytes {
        let said = match self {
            Self::Anthropic(back) => back.whole(answer),
            Self::Google(back) => back.whole(answer),
        };
        said.to_string().into()
    }
}

/// Adds what a side says: to what it said right before, where that was the
/// same side.
pub fn add(turns: &mut Vec<Value>, role: &str, field: &str, said: Vec<Value>) {
    match turns.last_mut() {
        Some(last) if last["role"] == role => {
            if let Some(all) = last[field].as_array_mut() {
                all.extend(said);
            }
        }
        _ => turns.push(json!({"role": role, field: said})),
    }
}

pub fn no_words(what: impl Into<String>) -> Untranslatable {
    Untranslatable { what: what.into() }
}
