//! An answer on its way back to the caller.

use bytes::Bytes;
use serde_json::Value;
use tokio::time::timeout_at;

use crate::model::{FailureClass, ProviderFailure, ProviderId, Usage};
use crate::providers::catalogue::Provider;
use crate::providers::dialect::{AnswerFormat, ParsedAnswer};
use crate::providers::failure;
use crate::providers::http::{Incoming, failed};
use crate::providers::sse::{Decoder, Events, Framing};
use crate::providers::timeouts::StreamClocks;

use super::request::{Rewriting, WireRequest};

/// The largest event of a chat, and of pictures.
const EVENT_BYTES_MAX: usize = 1024 * 1024;
const PICTURE_EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest answer that is read whole.
const WHOLE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// An answer that has begun.
pub struct Relayed {
    provider: ProviderId,
    incoming: Incoming,
    format: AnswerFormat,
    rewriting: Rewriting,
    decoder: Decoder,
    answer: ParsedAnswer,
    /// How many bytes of text have come since this was asked last.
    heard: u64,
    clocks: StreamClocks,
    ended: bool,
}

impl Relayed {
    pub(super) fn new(
        provider: &Provider,
        incoming: Incoming,
        request: WireRequest,
        clocks: StreamClocks,
    ) -> Self {
        let kind = incoming.content_type();
        let framing = if kind.starts_with("application/x-ndjson") {
            Framing::JsonLines
        } else if kind.starts_with("text/event-stream") {
            Framing::ServerSentEvents
        } else {
            provider.dialect.framing()
        };
        let event_bytes_max = match request.format {
            AnswerFormat::Images => PICTURE_EVENT_BYTES_MAX,
            _ => EVENT_BYTES_MAX,
        };
        Self {
            provider: provider.id.clone(),
            decoder: Decoder::new(framing, event_bytes_max),
            incoming,
            format: request.format,
            rewriting: request.rewriting,
            answer: ParsedAnswer::default(),
            heard: 0,
            clocks,
            ended: false,
        }
    }

    /// The provider's status, which is no error.
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// The media type that the provider names.
    pub fn content_type(&self) -> &str {
        self.incoming.content_type()
    }

    /// Whether the answer is a stream.
    pub fn streams(&self) -> bool {
        let kind = self.content_type();
        ["text/event-stream", "application/x-ndjson"]
            .iter()
            .any(|it| kind.starts_with(it))
    }

    /// Whether the answer is a stream whose words are counted as they pass.
    pub fn is_heard_piece_by_piece(&self) -> bool {
        self.streams() && self.format.must_finish()
    }

    /// What was used, as far as the provider has reported.
    pub fn usage(&self) -> Option<Usage> {
        self.answer.usage
    }

    /// How many pictures were made.
    pub fn pictures(&self) -> u64 {
        self.answer.pictures
    }

    /// How many bytes of text have come since this was asked last.
    pub fn newly_heard(&mut self) -> u64 {
        std::mem::take(&mut self.heard)
    }

    /// The whole answer.
    pub async fn whole(&mut self) -> Result<Bytes, ProviderFailure> {
        let body = self
            .incoming
            .read_body(WHOLE_BYTES_MAX, self.clocks.deadline());
        let body = body.await.map_err(|class| self.failed(class))?;
        self.ended = true;
        let is_translated = matches!(self.rewriting, Rewriting::Translated(_));
        if self.format == AnswerFormat::Unread
            || (!is_translated && self.format.skim_whole(&body, &mut self.answer))
        {
            return Ok(body);
        }
        let value = self.format.parse_whole(&body);
        let value = value.ok_or_else(|| self.failed(FailureClass::Upstream))?;
        self.read_value(&value)?;
        Ok(match &mut self.rewriting {
            Rewriting::Translated(translator) => {
                translator.translate_whole(&value).to_string().into()
            }
            Rewriting::Unchanged | Rewriting::WithoutUsage => body,
        })
    }

    /// The next piece of the answer, of whole events; none at its end. All
    /// events that have come are handed on together.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        while !self.ended {
            let next = self.incoming.next_piece();
            let piece = timeout_at(self.clocks.next_piece_by(), next).await;
            let piece = piece.unwrap_or(Err(FailureClass::TimedOut));
            let events = match piece.map_err(|class| self.failed(class))? {
                Some(bytes) if self.format == AnswerFormat::Unread => return Ok(Some(bytes)),
                Some(bytes) => {
                    let events = self.decoder.push(&bytes);
                    events.map_err(|class| self.failed(class))?
                }
                None => {
                    self.ended = true;
                    self.decoder.finish()
                }
            };
            let out = self.pass_events(events)?;
            if std::mem::take(&mut self.answer.progressed) {
                self.clocks.restart_progress();
            }
            if self.ended {
                self.check_end()?;
            }
            if !out.is_empty() {
                return Ok(Some(out));
            }
        }
        Ok(None)
    }

    /// Reads events and returns the bytes that the caller gets for them:
    /// their own, unless one must be left out or all are translated.
    fn pass_events(&mut self, events: Events) -> Result<Bytes, ProviderFailure> {
        let is_translated = matches!(self.rewriting, Rewriting::Translated(_));
        let mut rewritten = is_translated.then(Vec::new);
        let mut passed = 0;
        for event in events.iter() {
            let value = match &*event.data() {
                b"" | b"[DONE]" => None,
                data => Some(self.read_event(data)?),
            };
            match (&mut self.rewriting, &mut rewritten, &value) {
                (Rewriting::Translated(translator), Some(out), Some(value)) => {
                    translator.write_event(value, out);
                }
                (Rewriting::WithoutUsage, out, Some(value)) if is_only_usage(value) => {
                    let before = events.as_bytes().get(..passed).unwrap_or_default();
                    out.get_or_insert_with(|| before.to_vec());
                }
                (Rewriting::WithoutUsage, Some(out), _) => out.extend_from_slice(event.raw),
                _ => {}
            }
            passed += event.raw.len();
        }
        if let (Rewriting::Translated(translator), Some(out), true) =
            (&mut self.rewriting, &mut rewritten, self.ended)
        {
            translator.write_end(out);
        }
        Ok(rewritten.map_or_else(|| events.into_bytes(), Bytes::from))
    }

    /// Reads the data of one event.
    fn read_event(&mut self, data: &[u8]) -> Result<Value, ProviderFailure> {
        let value: Value =
            serde_json::from_slice(data).map_err(|_| self.failed(FailureClass::Upstream))?;
        self.answer.events += 1;
        self.read_value(&value)?;
        Ok(value)
    }

    /// Reads what was used, and counts the text.
    fn read_value(&mut self, value: &Value) -> Result<(), ProviderFailure> {
        self.format.read_event(value, &mut self.answer);
        self.heard += std::mem::take(&mut self.answer.text).len() as u64;
        if self.answer.failed {
            return Err(failure::classify_event(&self.provider, value));
        }
        Ok(())
    }

    /// A stream that ends without a reason to finish was cut.
    fn check_end(&self) -> Result<(), ProviderFailure> {
        if self.format.must_finish() && self.answer.finish.is_none() {
            return Err(self.failed(self.answer.unfinished_class()));
        }
        Ok(())
    }

    fn failed(&self, class: FailureClass) -> ProviderFailure {
        failed(&self.provider, class)
    }
}

/// Whether an event holds usage and no text: the one that we asked for.
/// Vendors that put usage beside text are left as they are.
fn is_only_usage(event: &Value) -> bool {
    let has_no_text = event["choices"].as_array().is_some_and(Vec::is_empty);
    has_no_text && event["usage"].is_object()
}
