//! An answer on its way back to the caller.
//!
//! - `batch_results`: the results of a batch.
//! - `passing`: what is passed on before it was read.
//! - `whole`: what comes whole.

mod batch_results;
mod passing;
mod whole;

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::model::{
    FailureClass, GrowingPermit, HeardBytes, PassedEvents, ProviderError, ProviderFailure,
    ProviderId, Usage,
};
use crate::providers::catalogue::Provider;
use crate::providers::dialect::{
    AnswerFormat, ParsedAnswer, is_only_usage, parse_tree, write_transcript_event,
};
use crate::providers::failures::failure;
use crate::providers::failures::provider_error::{Scrubber, read_error_event, told_headers};
use crate::providers::lone_surrogates::replace_lone_surrogates;
use crate::providers::transport::http::{IncomingAnswer, failed};
use crate::providers::transport::sse::{Decoder, Event, Events, Framing};
use crate::providers::transport::timeouts::RELAYED_MAX;

use batch_results::BatchResults;
use passing::{EndedJob, OpenQuestion};

use crate::providers::relay::answer_change::AnswerChange;
use crate::providers::relay::answer_nature::AnswerNature;
use crate::providers::relay::renamed_answer::{begins_message, rename_beginning};
use crate::providers::relay::request::WireRequest;
use crate::providers::relay::skimmer::Skimmer;

/// The largest event of a stream: pictures come in one, and so do files that
/// a model writes.
const EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;
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
    incoming: IncomingAnswer,
    format: AnswerFormat,
    /// What was asked, if what the answer is has to be found out.
    question: OpenQuestion,
    ended_job: Option<EndedJob>,
    results: Option<BatchResults>,
    rewriting: AnswerChange,
    /// The fields that were left out of a body which is not translated.
    left_out: Option<String>,
    decoder: Decoder,
    /// The memory for an event that has not come whole.
    event_memory: GrowingPermit,
    /// Reads an answer that is no stream and is passed on as it comes.
    skimmer: Option<Skimmer>,
    answer: ParsedAnswer,
    /// How much has come since this was asked last.
    heard: HeardBytes,
    nature: AnswerNature,
    /// Whether usage is wanted at the end of a stream of OpenAI's.
    wants_usage: bool,
    /// When all of it must have come.
    deadline: Instant,
    /// Takes out of the provider's words what nobody may read.
    scrubber: Scrubber,
    /// What the provider said of a failure, until that is taken.
    said: Option<Box<ProviderError>>,
    /// Why it ends, once what came before has been passed on.
    failure: Option<ProviderFailure>,
    /// Whether OpenAI's word for the end of a stream has come.
    is_done: bool,
    ended: bool,
}

impl Relayed {
    pub(in crate::providers::relay) fn new(
        provider: &Provider,
        mut incoming: IncomingAnswer,
        request: WireRequest,
        nature: AnswerNature,
    ) -> Self {
        let framing = match nature {
            AnswerNature::Stream(framing) => {
                incoming.allow_bytes(PASSED_BYTES_MAX);
                framing
            }
            AnswerNature::Whole | AnswerNature::WholeAsStream => Framing::ServerSentEvents,
        };
        let question = OpenQuestion::of(&request);
        Self {
            provider: provider.id.clone(),
            decoder: Decoder::new(framing, EVENT_BYTES_MAX),
            incoming,
            format: request.format,
            results: question.results(),
            question,
            ended_job: None,
            rewriting: request.rewriting,
            left_out: request.left_out,
            event_memory: GrowingPermit::default(),
            skimmer: None,
            answer: ParsedAnswer::default(),
            heard: HeardBytes::default(),
            nature,
            wants_usage: request.wants_usage,
            deadline: Instant::now() + RELAYED_MAX,
            scrubber: Scrubber::default(),
            said: None,
            failure: None,
            is_done: false,
            ended: false,
        }
    }

    /// The same, with what takes secrets out of the provider's words.
    pub(in crate::providers::relay) fn scrubbed_by(self, scrubber: Scrubber) -> Self {
        Self { scrubber, ..self }
    }

    /// The provider's status, which is no error.
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// The media type of the answer: that of its translation, or the
    /// provider's, unless it names none that tells what the answer is.
    pub fn content_type(&self) -> &str {
        let named = self.incoming.content_type();
        self.nature.media_type(self.format, &self.rewriting, named)
    }

    /// Whether the caller gets a stream.
    pub fn streams(&self) -> bool {
        self.nature != AnswerNature::Whole
    }

    /// Whether the answer is a stream whose words are counted as they pass.
    pub fn is_heard_piece_by_piece(&self) -> bool {
        matches!(self.nature, AnswerNature::Stream(_)) && self.format.counts_words()
    }

    /// What was used as far as the provider has reported, also where it has left
    /// out a total.
    pub fn known_usage(&self) -> Option<Usage> {
        self.answer.known_usage()
    }

    /// What the provider calls the job that goes on after the answer.
    pub fn begun_job(&self) -> Option<&str> {
        self.answer.job.as_deref()
    }

    /// A job of before whose end the answer tells, once.
    pub fn take_ended_job(&mut self) -> Option<EndedJob> {
        self.ended_job.take()
    }

    /// Whether that counts all that the model has said.
    pub fn is_counted(&self) -> bool {
        self.answer.is_counted()
    }

    /// What was used, once the provider has reported it.
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

    /// The fields of the request that were ignored, with commas between them.
    pub fn ignored(&self) -> Option<&str> {
        match &self.rewriting {
            AnswerChange::Translated(translator) => translator.ignored(),
            _ => self.left_out.as_deref(),
        }
    }

    /// What the caller got, where the events are numbered.
    pub fn passed_events(&self) -> PassedEvents {
        self.rewriting.passed_events(&self.answer)
    }

    /// How many answers to one question have come.
    pub fn choices(&self) -> u64 {
        self.answer.choices
    }

    /// How many pictures were made.
    pub fn pictures(&self) -> u64 {
        self.answer.pictures
    }

    /// Whether the answer is to be pictures.
    pub fn asked_for_pictures(&self) -> bool {
        self.format == AnswerFormat::Images
    }

    /// The failure of an answer without a picture.
    pub fn no_picture(&self) -> ProviderFailure {
        self.failed(FailureClass::NoPicture)
    }

    /// How much has come since this was asked last.
    pub fn newly_heard(&mut self) -> HeardBytes {
        std::mem::take(&mut self.heard)
    }

    /// The next piece of the answer, of whole events; none at its end. All
    /// events that have come are handed on together.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        if self.skimmer.is_some() {
            return self.next_passed().await;
        }
        if let Some(failure) = self.failure.take() {
            self.ended = true;
            return Err(failure);
        }
        if self.nature == AnswerNature::WholeAsStream && !self.ended {
            return self.whole_as_stream().await.map(Some);
        }
        while !self.ended {
            let events = match self.next_piece().await? {
                Some(bytes) if self.format.passes_anything() => {
                    self.read_results(Some(&bytes));
                    self.read_aside(&bytes).await?;
                    return Ok(Some(bytes));
                }
                Some(bytes) => {
                    let events = self.decoder.push(&bytes);
                    let events = events.map_err(|class| self.failed(class))?;
                    self.cover_event().await?;
                    events
                }
                None => {
                    self.ended = true;
                    let events = self.decoder.finish();
                    if self.format.passes_anything() {
                        self.read_results(None);
                        self.read_events(&events);
                        return Ok(None);
                    }
                    events
                }
            };
            let out = self.pass_events(events);
            if self.ended && self.failure.is_none() {
                self.failure = self.check_end().err();
            }
            if !out.is_empty() {
                return Ok(Some(out));
            }
            if let Some(failure) = self.failure.take() {
                self.ended = true;
                return Err(failure);
            }
        }
        Ok(None)
    }

    /// The next piece of what comes, in time.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, ProviderFailure> {
        let piece = timeout_at(self.deadline, self.incoming.next_piece()).await;
        let piece = piece.unwrap_or(Err(FailureClass::TimedOut));
        piece.map_err(|class| self.failed(class))
    }

    /// Waits for memory for the beginning of a large event.
    async fn cover_event(&mut self) -> Result<(), ProviderFailure> {
        let (memory, pending) = (self.incoming.memory(), self.decoder.pending_bytes());
        let covered = self.event_memory.cover(memory, pending).await;
        covered.map_err(|no_memory| self.failed(no_memory.into()))
    }

    /// Reads events and returns the bytes that the caller gets for them:
    /// their own, unless one must be left out or all are translated. An event
    /// that is an error ends them.
    fn pass_events(&mut self, events: Events) -> Bytes {
        let mut rewritten = self.rewriting.writes_anew().then(Vec::new);
        let mut passed = 0;
        for event in events.iter() {
            let read = match self.read_event(event) {
                Ok(read) => read,
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            };
            // Half of an event at the end says nothing to anybody.
            if self.ended && read.is_none() && !matches!(&*event.data(), b"" | b"[DONE]") {
                break;
            }
            let mut written = Ok(());
            match (&mut self.rewriting, &mut rewritten, &read) {
                (AnswerChange::Translated(translator), Some(out), Some((value, data))) => {
                    written = translator.write_event(value, data, out);
                }
                (AnswerChange::Heard(transcript), Some(out), Some((value, _))) => {
                    written = transcript.write_event(value, out);
                }
                (AnswerChange::Transcript, Some(out), Some((value, _))) => {
                    out.extend(write_transcript_event(value).into_bytes());
                }
                (AnswerChange::WithoutUsage, out, Some((value, _))) if is_only_usage(value) => {
                    let before = events.as_bytes().get(..passed).unwrap_or_default();
                    out.get_or_insert_with(|| before.to_vec());
                }
                (AnswerChange::Renamed(name), out, Some((value, _))) if begins_message(value) => {
                    let before = events.as_bytes().get(..passed).unwrap_or_default();
                    let out = out.get_or_insert_with(|| before.to_vec());
                    match rename_beginning(&event.data(), name) {
                        Some(renamed) => out.extend(renamed),
                        None => out.extend_from_slice(event.raw),
                    }
                }
                (AnswerChange::WithoutUsage | AnswerChange::Renamed(_), Some(out), _) => {
                    out.extend_from_slice(event.raw);
                }
                _ => {}
            }
            if let Err(class) = written {
                self.failure = Some(self.failed(class));
                break;
            }
            passed += event.raw.len();
        }
        // What was cut off gets no end that looks like a good one.
        let is_whole = self.ended && self.failure.is_none() && self.check_end().is_ok();
        if let (Some(out), true) = (&mut rewritten, is_whole) {
            self.rewriting.write_end(out);
        }
        match rewritten {
            Some(out) => out.into(),
            None => events.into_bytes().slice(..passed),
        }
    }

    /// Reads one event: its data, and what was parsed of that. What is no JSON
    /// says nothing: a heartbeat of a machine in between, for example.
    fn read_event(
        &mut self,
        event: Event<'_>,
    ) -> Result<Option<(Value, Vec<u8>)>, ProviderFailure> {
        let data = event.data();
        let json = match &*data {
            b"[DONE]" => {
                self.is_done = true;
                return Ok(None);
            }
            // After the last event there may stand a bare error.
            b"" if self.ended => event.raw.trim_ascii(),
            data => data,
        };
        if json.is_empty() {
            return Ok(None);
        }
        let json = replace_lone_surrogates(json);
        let value = parse_tree(&json).map_err(|class| self.failed(class))?;
        let Some(value) = value else {
            return Ok(None);
        };
        self.read_value(&value)?;
        self.answer.events += 1;
        let json = if self.rewriting.is_translated() {
            json.into_owned()
        } else {
            Vec::new()
        };
        Ok(Some((value, json)))
    }

    /// Reads what was used, and counts the text.
    fn read_value(&mut self, value: &Value) -> Result<(), ProviderFailure> {
        if self.format == AnswerFormat::Any && self.tells_of_older(value) {
            return Ok(());
        }
        self.format.read_event(value, &mut self.answer);
        let text = std::mem::take(&mut self.answer.text).len();
        self.heard.add(self.answer.take_heard(text));
        let told = self.rewriting.told_failure(self.format, value);
        if let Some(value) = told.or(self.answer.failed.then_some(value)) {
            let status = failure::status_of_event(value);
            let said = read_error_event(status, value, &self.scrubber);
            self.said = said.map(Box::new);
            return Err(failure::classify_event(&self.provider, value));
        }
        Ok(())
    }

    /// A stream that ends without a reason to finish was cut.
    fn check_end(&self) -> Result<(), ProviderFailure> {
        let has_ended = self.answer.finish.is_some() || (self.is_done && self.answer.events > 0);
        if self.format.must_finish() && !has_ended {
            return Err(self.failed(self.answer.unfinished_class()));
        }
        Ok(())
    }

    fn failed(&self, class: FailureClass) -> ProviderFailure {
        failed(&self.provider, class)
    }
}
