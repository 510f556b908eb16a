//! One API for a question to any provider.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::{AnswerEvent, CallClaim, ProviderInfo, ReadyAsk};
use crate::gateway::call::{Call, CallContext, HandlerResult};
use crate::gateway::call_task::{CallTask, EventWriter};
use crate::gateway::idempotency::{IdempotencyCheck, check_idempotency, record_success};
use crate::gateway::problem::{Problem, write_payer_headers};
use crate::gateway::receipt::{ReceiptBody, describe_receipt};
use crate::model::{Answer, Ask, Choices, FinishReason, ProviderId, Source};

use crate::gateway::responses::json_response;
use crate::gateway::rest::{parse_json, read_body};

/// A question to a model.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    prompt: String,
    /// Left out, the first in the operator's order that somebody can pay for.
    provider: Option<String>,
    model: Option<String>,
    max_tokens: Option<u32>,
    persona: Option<String>,
    /// Server-sent events: `delta` with `text`, then `done` with the rest.
    /// `taken_back` says that the text so far was the model's thinking.
    #[serde(default)]
    stream: bool,
}

/// A model's answer.
#[derive(Serialize, ToSchema)]
pub struct UnifiedAnswer {
    response: String,
    provider: String,
    model: String,
    /// Whose key paid: `byok`, `server`, `operator`, or `demo` where nobody's
    /// did and the reply is a fixed one.
    mode: &'static str,
    /// `complete`, `length` or `blocked`.
    finish: &'static str,
    usage: AnswerUsage,
    receipt: ReceiptBody,
}

/// What an answer used.
#[derive(Serialize, ToSchema)]
pub struct AnswerUsage {
    input_tokens: u64,
    output_tokens: u64,
    /// The counts are ours, since the provider did not report them.
    estimated: bool,
    /// In US dollars times 10^9; null where nobody knows the price.
    cost_nano_dollars: Option<u64>,
}

/// The text of a demo reply.
const DEMO: &str = "This is a demo reply: there is no key here that could pay for a model. Add yours with `POST /api/v1/api-keys`, or `/keys add` in Discord.";

/// Asks a model, and responds with its answer at once or as it comes.
pub async fn ask_model(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let question: Question = parse_json(&body)?;
    let wants_stream = question.stream;
    let ask = make_ask(&call, question)?;
    let claim = match check_idempotency(&call, &body).await? {
        IdempotencyCheck::New(claim) => claim,
        IdempotencyCheck::Repeated(response) => return Ok(response),
    };
    let mut context = call.into_context();
    let app = &context.gateway.app;
    let ready = app.asks.prepare(ask).await.secure().await?;
    let task = start_task(&mut context, ready, claim);
    let mut text = String::new();
    // A problem of this API does not say who was to pay.
    if wants_stream {
        let streamed = task.stream_events(AnswerEvents { text }, context).await;
        return Ok(streamed.map_err(|failure| failure.error)?);
    }
    let finished = task.finish(|more: AnswerProgress| more.add_to(&mut text));
    let finished = finished.await;
    let finished = finished.map_err(|failure| failure.error)?;
    let mut response = json_response(StatusCode::OK, &describe_answer(&finished.result, text))?;
    if let Some(payer) = &finished.payer {
        write_payer_headers(response.headers_mut(), payer);
    }
    Ok(response)
}

fn make_ask(call: &Call, question: Question) -> Result<Ask, Problem> {
    let key = call.request_key()?;
    let provider = question.provider.as_deref().map(ProviderId::from);
    let of_key = key.as_ref().and_then(|key| key.provider.as_ref());
    let model = question.model.as_deref().unwrap_or_default();
    let names_another = of_key.is_some_and(|id| names_another_provider(call, id, model));
    let provider = provider.or_else(|| of_key.filter(|_| !names_another).cloned());
    let choices = Choices {
        provider,
        model: question.model,
        persona: question.persona,
    };
    let key_for = |key| call.gateway.app.asks.key_for_ask(&choices, key);
    let request_key = key.map(key_for).transpose()?;
    Ok(Ask {
        request_key,
        max_output_tokens: question.max_tokens,
        ..Ask::of(call.session.caller.clone(), &question.prompt, choices)
    })
}

/// Whether a model's name begins with a provider other than the key's, so
/// that the key is not for it. Hosts of many makers' models name theirs so
/// themselves.
fn names_another_provider(call: &Call, of_key: &ProviderId, model: &str) -> bool {
    let providers = call.gateway.app.providers();
    let own_default = providers.get(of_key).and_then(ProviderInfo::default_model);
    let named = model
        .split_once('/')
        .and_then(|(name, _)| providers.find(name));
    named.is_some_and(|named| named.id() != of_key)
        && own_default.is_none_or(|model| !model.contains('/'))
}

/// Starts the task that asks the model. Its progress is what becomes of the
/// answer's text.
fn start_task(
    context: &mut CallContext,
    ready: ReadyAsk,
    claim: Option<CallClaim>,
) -> CallTask<AnswerProgress, Answer> {
    let permits = std::mem::take(&mut context.session.permits);
    let app = Arc::clone(&context.gateway.app);
    CallTask::spawn(
        &context.gateway.app.tasks,
        permits,
        |reporter, stop| async move {
            let mut listener = |event: AnswerEvent<'_>| match event {
                AnswerEvent::Payer(payer) => reporter.report_payer(payer.clone()),
                AnswerEvent::Words(piece) => {
                    reporter.report_progress(AnswerProgress::Words(piece.to_owned()));
                }
                AnswerEvent::TakenBack => reporter.report_progress(AnswerProgress::TakenBack),
            };
            let answering = app.asks.answer_for_program(ready, &stop, &mut listener);
            let (answer, attempt) = answering.await?;
            record_success(claim, attempt).await;
            Ok(answer)
        },
    )
}

/// What becomes of an answer's text.
enum AnswerProgress {
    Words(String),
    /// It was the model's thinking so far.
    TakenBack,
}

impl AnswerProgress {
    fn add_to(&self, text: &mut String) {
        match self {
            Self::Words(piece) => text.push_str(piece),
            Self::TakenBack => text.clear(),
        }
    }
}

/// Writes pieces of text as `delta`, that they were none of the answer as
/// `taken_back`, and the whole answer as `done`.
struct AnswerEvents {
    /// The text so far.
    text: String,
}

impl EventWriter<AnswerProgress, Answer> for AnswerEvents {
    const KEEP_ALIVE_EVERY: Option<Duration> = None;

    fn write_progress(&mut self, progress: AnswerProgress) -> String {
        progress.add_to(&mut self.text);
        match progress {
            AnswerProgress::Words(piece) => {
                format!("event: delta\ndata: {}\n\n", json!({"text": piece}))
            }
            AnswerProgress::TakenBack => "event: taken_back\ndata: {}\n\n".to_owned(),
        }
    }

    fn write_result(&mut self, answer: Answer) -> String {
        let text = std::mem::take(&mut self.text);
        let done = json!(describe_answer(&answer, text));
        format!("event: done\ndata: {done}\n\n")
    }
}

fn describe_answer(answer: &Answer, text: String) -> UnifiedAnswer {
    UnifiedAnswer {
        response: if answer.source == Source::Demo {
            DEMO.to_owned()
        } else {
            text
        },
        provider: answer.provider.to_string(),
        model: answer.model.clone(),
        mode: match answer.source {
            Source::Request | Source::Personal => "byok",
            Source::Server => "server",
            Source::BotDefault => "operator",
            Source::Demo => "demo",
        },
        finish: match answer.finish {
            FinishReason::Complete => "complete",
            FinishReason::Length => "length",
            FinishReason::Blocked => "blocked",
        },
        usage: AnswerUsage {
            input_tokens: answer.usage.input_tokens,
            output_tokens: answer.usage.output_tokens,
            estimated: answer.estimated,
            cost_nano_dollars: answer.cost.map(|cost| cost.0),
        },
        receipt: describe_receipt(&answer.receipt),
    }
}
