//! An answer on its way back.

use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::model::{FailureClass, ProviderFailure, ProviderId, Usage};
use crate::providers::catalogue::Provider;
use crate::providers::chat::framing;
use crate::providers::dialect::AnswerFormat;
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::translation::Answers;
use crate::providers::failure;
use crate::providers::outbound::{Incoming, Timeouts};
use crate::providers::sse::{Decoder, Events, Framing};

use super::broken;

/// The largest event of words, and of pictures.
const EVENT_BYTES_MAX: usize = 1024 * 1024;
const PICTURE_EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest answer that is read whole.
const WHOLE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What becomes of an answer before it is passed on.
pub enum Form {
    AsItIs,
    /// Usage was asked for on our behalf, and is taken out again.
    WithoutUsage,
    Translated(Box<Answers>),
}

/// An answer that has begun.
pub struct Relayed {
    provider: ProviderId,
    incoming: Incoming,
    reads: AnswerFormat,
    form: Form,
    decoder: Decoder,
    reading: ParsedAnswer,
    /// What was passed on of the model's words, in bytes.
    heard: u64,
    timeouts: Timeouts,
    deadline: Instant,
    progress_by: Instant,
    ended: bool,
}

impl Relayed {
    pub(super) fn new(
        provider: &Provider,
        incoming: Incoming,
        (reads, form): (AnswerFormat, Form),
        timeouts: Timeouts,
        deadline: Instant,
    ) -> Self {
        let kind = incoming.content_type();
        let framing = if kind.starts_with("application/x-ndjson") {
            Framing::JsonLines
        } else if kind.starts_with("text/event-stream") {
            Framing::ServerSentEvents
        } else {
            framing(provider.dialect)
        };
        let largest = match reads {
            AnswerFormat::Images => PICTURE_EVENT_BYTES_MAX,
            _ => EVENT_BYTES_MAX,
        };
        Self {
            provider: provider.id.clone(),
            decoder: Decoder::new(framing, largest),
            incoming,
            reads,
            form,
            reading: ParsedAnswer::default(),
            heard: 0,
            timeouts,
            deadline,
            progress_by: Instant::now() + timeouts.progress,
            ended: false,
        }
    }

    /// The provider's status, one that is no error.
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// What kind of thing it is, as the provider says.
    pub fn content_type(&self) -> &str {
        self.incoming.content_type()
    }

    /// Whether it comes piece by piece.
    pub fn streams(&self) -> bool {
        let kind = self.content_type();
        ["text/event-stream", "application/x-ndjson"]
            .iter()
            .any(|it| kind.starts_with(it))
    }

    /// What was used, as far as the provider has said.
    pub fn usage(&self) -> Option<Usage> {
        self.reading.usage
    }

    /// How many pictures were made.
    pub fn pictures(&self) -> u64 {
        self.reading.pictures
    }

    /// How many bytes of words have come since this was asked last.
    pub fn newly_heard(&mut self) -> u64 {
        std::mem::take(&mut self.heard)
    }

    /// All of it.
    pub async fn whole(&mut self) -> Result<Bytes, ProviderFailure> {
        let fail = |provider: &ProviderId, class| broken(provider, class);
        let body = self.incoming.body(WHOLE_BYTES_MAX, self.deadline).await;
        let body = body.map_err(|class| fail(&self.provider, class))?;
        self.ended = true;
        let is_translated = matches!(self.form, Form::Translated(_));
        if self.reads == AnswerFormat::Nothing
            || (!is_translated && self.reads.skim(&body, &mut self.reading))
        {
            return Ok(body);
        }
        let read = self.reads.slim(&body);
        let value = read.ok_or_else(|| fail(&self.provider, FailureClass::Upstream))?;
        self.reads.read(&value, &mut self.reading);
        self.heard += std::mem::take(&mut self.reading.text).len() as u64;
        if self.reading.failed {
            return Err(failure::classify_event(&self.provider, &value));
        }
        Ok(match &mut self.form {
            Form::Translated(answers) => answers.whole(&value),
            Form::AsItIs | Form::WithoutUsage => body,
        })
    }

    /// The next piece of it, whole events only; none at its end. What is
    /// ready is handed on together.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        while !self.ended {
            let until = self
                .deadline
                .min(self.progress_by)
                .min(Instant::now() + self.timeouts.idle);
            let chunk = timeout_at(until, self.incoming.chunk()).await;
            let chunk = chunk.unwrap_or(Err(FailureClass::TimedOut));
            let chunk = chunk.map_err(|class| broken(&self.provider, class))?;
            let events = match chunk {
                Some(bytes) if self.reads == AnswerFormat::Nothing => return Ok(Some(bytes)),
                Some(bytes) => self
                    .decoder
                    .push(&bytes)
                    .map_err(|class| broken(&self.provider, class))?,
                None => {
                    self.ended = true;
                    self.decoder.finish()
                }
            };
            let out = self.pass_events(events)?;
            if std::mem::take(&mut self.reading.moved) {
                self.progress_by = Instant::now() + self.timeouts.progress;
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
        let is_translated = matches!(self.form, Form::Translated(_));
        let mut rewritten = is_translated.then(Vec::new);
        let mut passed = 0;
        for event in events.iter() {
            let value = match &*event.data() {
                b"" | b"[DONE]" => None,
                data => Some(self.read_event(data)?),
            };
            match (&mut self.form, &mut rewritten, &value) {
                (Form::Translated(answers), Some(out), Some(value)) => answers.event(value, out),
                (Form::WithoutUsage, out, Some(value)) if is_only_usage(value) => {
                    let before = events.as_bytes().get(..passed).unwrap_or_default();
                    out.get_or_insert_with(|| before.to_vec());
                }
                (Form::WithoutUsage, Some(out), _) => out.extend_from_slice(event.raw),
                _ => {}
            }
            passed += event.raw.len();
        }
        if let (Form::Translated(answers), Some(out), true) =
            (&mut self.form, &mut rewritten, self.ended)
        {
            answers.end(out);
        }
        Ok(rewritten.map_or_else(|| events.into_bytes(), Bytes::from))
    }

    /// Reads the data of one event.
    fn read_event(&mut self, data: &[u8]) -> Result<Value, ProviderFailure> {
        let value: Value = serde_json::from_slice(data)
            .map_err(|_| broken(&self.provider, FailureClass::Upstream))?;
        self.reading.events += 1;
        self.reads.read(&value, &mut self.reading);
        self.heard += std::mem::take(&mut self.reading.text).len() as u64;
        if self.reading.failed {
            return Err(failure::classify_event(&self.provider, &value));
        }
        Ok(value)
    }

    /// A stream that ends without saying why was cut.
    fn check_end(&self) -> Result<(), ProviderFailure> {
        if self.reads.must_finish() && self.reading.finish.is_none() {
            return Err(broken(&self.provider, self.reading.unfinished()));
        }
        Ok(())
    }
}

/// The event that we asked for: usage, and nothing that was said. Vendors
/// that put usage beside words are left as they are.
fn is_only_usage(event: &Value) -> bool {
    let nothing_said = event["choices"].as_array().is_some_and(Vec::is_empty);
    nothing_said && event["usage"].is_object()
}
