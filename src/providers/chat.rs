//! Calls a language model, streaming or not, whatever its dialect.

use reqwest::Method;
use tokio::time::{Instant, timeout_at};

use crate::model::{
    Credential, Departure, FailureClass, FinishReason, HeardBytes, ProviderFailure, Usage,
};

use super::catalogue::Provider;
use super::dialect::{AnswerFormat, ChatRequest, ParsedAnswer, WrittenChat, parse_tree};
use super::failures::failure;
use super::registry::Providers;
use super::thinking_tags::{ThinkingTags, VisibleWords};
use super::transport::http::{Incoming, address_below, failed};
use super::transport::outbound::Call;
use super::transport::retries::Retries;
use super::transport::sse::{Decoder, EVENT_BYTES_MAX};
use super::transport::timeouts::StreamClocks;

/// The largest answer that is read when it does not stream.
const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Streamed,
    Whole,
}

/// The end of an answer; its text went to the listener.
#[derive(Debug, PartialEq, Eq)]
pub struct ChatReply {
    pub finish: FinishReason,
    pub usage: Option<Usage>,
    /// The provider's name for the model that answered.
    pub model: Option<String>,
}

/// More of an answer.
#[derive(Clone, Copy, Debug)]
pub struct AnswerPart<'a> {
    /// The words before these were the model's thinking, and none of its answer.
    pub takes_back: bool,
    pub words: &'a str,
    /// How much has come, these words included.
    pub bytes: HeardBytes,
    /// What was used, as far as the provider has reported.
    pub usage: Option<Usage>,
    /// Whether that counts all that the model has said.
    pub is_counted: bool,
}

/// A call of a model.
#[derive(Clone, Copy)]
pub struct ChatCall<'a> {
    pub provider: &'a Provider,
    pub request: &'a ChatRequest,
    pub delivery: Delivery,
    /// None where the provider asks for no key.
    pub credential: Option<&'a Credential>,
    /// Notes that the call leaves.
    pub departure: &'a Departure,
}

impl Providers {
    /// Asks a model and hands its answer to `listener` as it comes.
    pub async fn chat(
        &self,
        call: ChatCall<'_>,
        listener: &mut (dyn FnMut(AnswerPart<'_>) + Send),
    ) -> Result<ChatReply, ProviderFailure> {
        let provider = call.provider;
        let deadline = Instant::now() + self.outbound.timeouts.total;
        let mut retries = Retries::until(deadline);
        let (mut incoming, format) = loop {
            match self.send_chat(call).await {
                Ok(begun) => break begun,
                Err(failure) if retries.wait_after(&failure).await => {}
                Err(failure) => return Err(failure),
            }
        };
        let mut answer = ParsedAnswer::default();
        let mut hearing = AnswerForwarder {
            tags: ThinkingTags::default(),
            listener,
        };
        let read = match call.delivery {
            Delivery::Streamed => {
                let clocks = StreamClocks::start(self.outbound.timeouts, deadline);
                let stream = Stream {
                    incoming: &mut incoming,
                    format,
                    clocks,
                };
                read_stream(provider, stream, &mut answer, &mut hearing).await
            }
            Delivery::Whole => {
                let body = incoming.read_body(WHOLE_BYTES_MAX, deadline).await;
                body.map_err(|class| failed(&provider.id, class))
                    .and_then(|body| read_event(provider, format, body.trim_ascii(), &mut answer))
            }
        };
        hearing.end(&mut answer);
        read?;
        let finish = answer
            .finish
            .ok_or_else(|| failed(&provider.id, answer.unfinished_class()))?;
        Ok(ChatReply {
            finish,
            usage: answer.usage,
            model: answer.model,
        })
    }

    /// Sends the request, and returns when the answer begins, with how it is
    /// read.
    async fn send_chat(
        &self,
        call: ChatCall<'_>,
    ) -> Result<(Incoming, AnswerFormat), ProviderFailure> {
        let ChatCall {
            provider,
            request,
            delivery,
            credential,
            departure,
        } = call;
        let stream = delivery == Delivery::Streamed;
        let WrittenChat { path, body, format } = provider
            .dialect
            .write_chat(request, stream)
            .ok_or_else(|| failed(&provider.id, FailureClass::ModelNotFound))?;
        let timeouts = &self.outbound.timeouts;
        let call = Call {
            provider,
            method: Method::POST,
            to: address_below(provider.url_for(credential), &path),
            forwarded: &[],
            body: Some(body.to_string().into()),
            deadline: Instant::now() + timeouts.first_byte_of(provider.dialect),
            departure: Some(departure),
        };
        let incoming = self.outbound.send(call, credential).await?;
        if incoming.status == 200 {
            return Ok((incoming, format));
        }
        let error = incoming.read_error(Instant::now() + timeouts.check).await;
        let failure = error.failure(provider);
        if !failure.may_have_worked() {
            departure.take_back();
        }
        Err(failure)
    }
}

/// A stream that is being read, and how long its pieces may take.
struct Stream<'a> {
    incoming: &'a mut Incoming,
    format: AnswerFormat,
    clocks: StreamClocks,
}

/// Reads a stream to its end.
async fn read_stream(
    provider: &Provider,
    stream: Stream<'_>,
    answer: &mut ParsedAnswer,
    hearing: &mut AnswerForwarder<'_>,
) -> Result<(), ProviderFailure> {
    let fail = |class| failed(&provider.id, class);
    let mut decoder = Decoder::new(provider.dialect.framing(), EVENT_BYTES_MAX);
    let Stream {
        incoming,
        format,
        mut clocks,
    } = stream;
    loop {
        let piece = timeout_at(clocks.next_piece_by(), incoming.next_piece()).await;
        let piece = piece
            .map_err(|_| fail(FailureClass::TimedOut))?
            .map_err(fail)?;
        let events = match &piece {
            Some(bytes) => decoder.push(bytes).map_err(fail)?,
            None => decoder.finish(),
        };
        for event in events.iter() {
            let data = event.data();
            if !data.is_empty() {
                answer.events += 1;
                read_event(provider, format, &data, answer)?;
            }
        }
        if std::mem::take(&mut answer.progressed) {
            clocks.restart_progress();
        }
        hearing.hand_on(answer);
        if piece.is_none() {
            return Ok(());
        }
    }
}

/// Hands an answer on as it comes, without what its model thinks.
struct AnswerForwarder<'a> {
    tags: ThinkingTags,
    listener: &'a mut (dyn FnMut(AnswerPart<'_>) + Send),
}

impl AnswerForwarder<'_> {
    /// Hands on what has come.
    fn hand_on(&mut self, answer: &mut ParsedAnswer) {
        let text = std::mem::take(&mut answer.text);
        let visible = self.tags.push(&text);
        self.tell(answer, &visible);
    }

    /// Hands on the last of it.
    fn end(&mut self, answer: &mut ParsedAnswer) {
        let text = std::mem::take(&mut answer.text);
        let visible = self.tags.end(&text);
        self.tell(answer, &visible);
    }

    fn tell(&mut self, answer: &mut ParsedAnswer, visible: &VisibleWords) {
        let mut bytes = answer.take_heard(visible.words.len());
        bytes.thought = bytes.thought.saturating_add(visible.thought as u64);
        (self.listener)(AnswerPart {
            takes_back: visible.takes_back,
            words: &visible.words,
            bytes,
            usage: answer.known_usage(),
            is_counted: answer.is_counted(),
        });
    }
}

/// Reads one event. One that is not JSON is no answer of a provider.
pub fn read_event(
    provider: &Provider,
    format: AnswerFormat,
    event: &[u8],
    answer: &mut ParsedAnswer,
) -> Result<(), ProviderFailure> {
    if event == b"[DONE]" {
        return Ok(());
    }
    let fail = |class| failed(&provider.id, class);
    let value = parse_tree(event).map_err(fail)?;
    let value = value.ok_or_else(|| fail(FailureClass::Upstream))?;
    format.read_event(&value, answer);
    let told = format.told_failure(&value);
    match told.or(answer.failed.then_some(&value)) {
        Some(failed) => Err(failure::classify_event(&provider.id, failed)),
        None => Ok(()),
    }
}
