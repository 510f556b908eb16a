//! An answer on its way back to the caller.

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::time::timeout_at;

use crate::model::{
    FailureClass, GrowingPermit, HeardBytes, MemoryUse, ProviderFailure, ProviderId, Usage,
};
use crate::providers::catalogue::Provider;
use crate::providers::dialect::{AnswerFormat, JsonSize, ParsedAnswer, parse_tree};
use crate::providers::failure;
use crate::providers::http::{Incoming, PartlyRead, failed};
use crate::providers::provider_error::{ProviderError, Scrubber, told_headers};
use crate::providers::sse::{Decoder, EVENT_BYTES_MAX, Events, Framing};
use crate::providers::timeouts::StreamClocks;

use super::body::FREE_TREE_BYTES_MAX;
use super::request::{AnswerChange, WireRequest};
use super::skimmer::Skimmer;

/// The largest event of a stream of pictures.
const PICTURE_EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest answer that is read whole.
const WHOLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// An answer that need not be read whole is passed on as it comes from this
/// size on.
const PASSED_FROM_BYTES: usize = 256 * 1024;
/// The largest answer that is passed on as it comes.
const PASSED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// An answer that is no stream.
pub enum WholeOrBegun {
    Whole(Bytes),
    /// The beginning of a large one, whose rest is passed on as it comes.
    Begun(Bytes),
}

/// An answer that has begun.
pub struct Relayed {
    provider: ProviderId,
    incoming: Incoming,
    format: AnswerFormat,
    rewriting: AnswerChange,
    decoder: Decoder,
    /// The memory for an event that has not come whole.
    event_memory: GrowingPermit,
    /// Reads an answer that is no stream and is passed on as it comes.
    skimmer: Option<Skimmer>,
    answer: ParsedAnswer,
    /// How much has come since this was asked last.
    heard: HeardBytes,
    clocks: StreamClocks,
    /// Takes out of the provider's words what nobody may read.
    scrubber: Scrubber,
    /// What the provider said of a failure, until that is taken.
    said: Option<Box<ProviderError>>,
    ended: bool,
}

impl Relayed {
    pub(super) fn new(
        provider: &Provider,
        incoming: Incoming,
        request: WireRequest,
        clocks: StreamClocks,
        scrubber: Scrubber,
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
            event_memory: GrowingPermit::default(),
            skimmer: None,
            answer: ParsedAnswer::default(),
            heard: HeardBytes::default(),
            clocks,
            scrubber,
            said: None,
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

    /// What the provider said of a failure, once. Only the owner of the key
    /// may read it.
    pub fn take_said(&mut self) -> Option<Box<ProviderError>> {
        self.said.take()
    }

    /// The headers of the answer that the owner of the key may read.
    pub fn told_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        told_headers(self.incoming.headers())
    }

    /// How many pictures were made.
    pub fn pictures(&self) -> u64 {
        self.answer.pictures
    }

    /// How much has come since this was asked last.
    pub fn newly_heard(&mut self) -> HeardBytes {
        std::mem::take(&mut self.heard)
    }

    /// The whole answer, or the beginning of one that is large and need not be
    /// read whole.
    pub async fn whole_or_begun(&mut self) -> Result<WholeOrBegun, ProviderFailure> {
        let is_translated = matches!(self.rewriting, AnswerChange::Translated(_));
        let (limit, deadline) = (self.whole_bytes_max(), self.clocks.deadline());
        let announced = self.incoming.announced_length();
        if is_translated && announced.is_some_and(|length| length > limit) {
            return Err(self.failed(FailureClass::TooLarge));
        }
        let body = self.incoming.read_held_body(limit, deadline).await;
        let (body, permit) = match body {
            Ok(read) => read,
            Err(PartlyRead { begun, class })
                if class == FailureClass::TooLarge && !is_translated =>
            {
                return Ok(WholeOrBegun::Begun(self.begin_passing(begun)?));
            }
            Err(unread) => return Err(self.failed(unread.class)),
        };
        self.ended = true;
        let body = if is_translated {
            self.translate_whole(&body).await?
        } else {
            self.read_whole(&body)?;
            body
        };
        Ok(WholeOrBegun::Whole(match permit {
            Some(permit) => permit.attach(body),
            None => body,
        }))
    }

    /// How much of an answer is read before some of it is passed on.
    fn whole_bytes_max(&self) -> usize {
        match self.rewriting {
            AnswerChange::Translated(_) => WHOLE_BYTES_MAX,
            AnswerChange::Unchanged | AnswerChange::WithoutUsage => PASSED_FROM_BYTES,
        }
    }

    /// Reads what was used from a whole answer.
    fn read_whole(&mut self, body: &Bytes) -> Result<(), ProviderFailure> {
        let is_read =
            self.format == AnswerFormat::Unread || self.format.skim_whole(body, &mut self.answer);
        if is_read {
            return Ok(());
        }
        let value = self.parse_whole(body)?;
        self.read_value(&value)
    }

    /// Reads and translates a whole answer.
    async fn translate_whole(&mut self, body: &Bytes) -> Result<Bytes, ProviderFailure> {
        let tree_bytes = JsonSize::measure(body).tree_bytes(body);
        let _permit = if tree_bytes > FREE_TREE_BYTES_MAX {
            let memory = self.incoming.memory();
            let reserving = memory.reserve(MemoryUse::Tree, tree_bytes);
            let reserved = Box::pin(reserving).await;
            Some(reserved.map_err(|no_memory| self.failed(no_memory.into()))?)
        } else {
            None
        };
        let value = self.parse_whole(body)?;
        self.read_value(&value)?;
        Ok(match &mut self.rewriting {
            AnswerChange::Translated(translator) => {
                translator.translate_whole(&value).to_string().into()
            }
            AnswerChange::Unchanged | AnswerChange::WithoutUsage => body.clone(),
        })
    }

    fn parse_whole(&self, body: &Bytes) -> Result<Value, ProviderFailure> {
        let value = self.format.parse_whole(body);
        let value = value.map_err(|class| self.failed(class))?;
        value.ok_or_else(|| self.failed(FailureClass::Upstream))
    }

    /// Begins to pass on an answer as it comes, after what was read of it. A
    /// page, say, is no answer.
    fn begin_passing(&mut self, begun: Bytes) -> Result<Bytes, ProviderFailure> {
        let mut skimmer = Skimmer::default();
        skimmer.push(&begun);
        if self.format != AnswerFormat::Unread && !skimmer.may_be_json() {
            return Err(self.failed(FailureClass::Upstream));
        }
        self.heard.written += skimmer.newly_heard();
        self.skimmer = Some(skimmer);
        self.incoming.allow_bytes(PASSED_BYTES_MAX);
        self.clocks.restart_progress();
        Ok(begun)
    }

    /// The next piece of an answer that is passed on as it comes.
    async fn next_passed(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        let next = self.incoming.next_piece();
        let piece = timeout_at(self.clocks.next_piece_by(), next).await;
        let piece = piece.unwrap_or(Err(FailureClass::TimedOut));
        let piece = piece.map_err(|class| self.failed(class))?;
        match (&piece, &mut self.skimmer) {
            (Some(piece), Some(skimmer)) => {
                skimmer.push(piece);
                self.heard.written += skimmer.newly_heard();
                self.clocks.restart_progress();
            }
            _ => self.end_passed()?,
        }
        Ok(piece)
    }

    /// Reads what was used from what was kept of an answer that has passed.
    fn end_passed(&mut self) -> Result<(), ProviderFailure> {
        self.ended = true;
        let skimmer = self.skimmer.take().unwrap_or_default();
        if self.format == AnswerFormat::Unread {
            return Ok(());
        }
        let kept = skimmer.finish();
        let kept = kept.ok_or_else(|| self.failed(FailureClass::Upstream))?;
        // Its text was counted while it passed.
        let heard = self.heard;
        self.read_value(&kept)?;
        self.heard = heard;
        Ok(())
    }

    /// The next piece of the answer, of whole events; none at its end. All
    /// events that have come are handed on together.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        if self.skimmer.is_some() {
            return self.next_passed().await;
        }
        while !self.ended {
            let next = self.incoming.next_piece();
            let piece = timeout_at(self.clocks.next_piece_by(), next).await;
            let piece = piece.unwrap_or(Err(FailureClass::TimedOut));
            let events = match piece.map_err(|class| self.failed(class))? {
                Some(bytes) if self.format == AnswerFormat::Unread => return Ok(Some(bytes)),
                Some(bytes) => {
                    let events = self.decoder.push(&bytes);
                    let events = events.map_err(|class| self.failed(class))?;
                    self.cover_event().await?;
                    events
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

    /// Waits for memory for the beginning of a large event.
    async fn cover_event(&mut self) -> Result<(), ProviderFailure> {
        let (memory, pending) = (self.incoming.memory(), self.decoder.pending_bytes());
        let covered = self.event_memory.cover(memory, pending).await;
        covered.map_err(|no_memory| self.failed(no_memory.into()))
    }

    /// Reads events and returns the bytes that the caller gets for them:
    /// their own, unless one must be left out or all are translated.
    fn pass_events(&mut self, events: Events) -> Result<Bytes, ProviderFailure> {
        let is_translated = matches!(self.rewriting, AnswerChange::Translated(_));
        let mut rewritten = is_translated.then(Vec::new);
        let mut passed = 0;
        for event in events.iter() {
            let value = match &*event.data() {
                b"" | b"[DONE]" => None,
                data => Some(self.read_event(data)?),
            };
            match (&mut self.rewriting, &mut rewritten, &value) {
                (AnswerChange::Translated(translator), Some(out), Some(value)) => {
                    translator.write_event(value, out);
                }
                (AnswerChange::WithoutUsage, out, Some(value)) if is_only_usage(value) => {
                    let before = events.as_bytes().get(..passed).unwrap_or_default();
                    out.get_or_insert_with(|| before.to_vec());
                }
                (AnswerChange::WithoutUsage, Some(out), _) => out.extend_from_slice(event.raw),
                _ => {}
            }
            passed += event.raw.len();
        }
        if let (AnswerChange::Translated(translator), Some(out), true) =
            (&mut self.rewriting, &mut rewritten, self.ended)
        {
            translator.write_end(out);
        }
        Ok(rewritten.map_or_else(|| events.into_bytes(), Bytes::from))
    }

    /// Reads the data of one event.
    fn read_event(&mut self, data: &[u8]) -> Result<Value, ProviderFailure> {
        let value = parse_tree(data).map_err(|class| self.failed(class))?;
        let value = value.ok_or_else(|| self.failed(FailureClass::Upstream))?;
        self.answer.events += 1;
        self.read_value(&value)?;
        Ok(value)
    }

    /// Reads what was used, and counts the text.
    fn read_value(&mut self, value: &Value) -> Result<(), ProviderFailure> {
        self.format.read_event(value, &mut self.answer);
        let text = std::mem::take(&mut self.answer.text).len();
        self.heard.add(self.answer.take_heard(text));
        if self.answer.failed {
            let status = failure::status_of_event(value);
            let said = ProviderError::of_event(status, value, &self.scrubber);
            self.said = said.map(Box::new);
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
