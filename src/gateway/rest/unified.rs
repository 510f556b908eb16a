//! One API for a question to any provider.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::{AnswerEvent, CallClaim, ProviderInfo, ReadyAsk};
use crate::gateway::calls::call::{Call, CallContext, HandlerResult};
use crate::gateway::calls::call_task::{CallTask, EventWriter};
use crate::gateway::calls::idempotency::{IdempotencyCheck, check_idempotency, record_success};
use crate::gateway::replies::demo::DEMO_NOTICE;
use crate::gateway::replies::problem::{Problem, write_payer_headers};
use crate::gateway::replies::receipt::{ReceiptBody, describe_receipt};
use crate::model::{Answer, Ask, Choices, FinishReason, NanoDollars, ProviderId, Source};

use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::{parse_json, read_body};

/// A question to a model: a `prompt`, or `ideas` of which the persona
/// `prompt-crafter` makes one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(default)]
    prompt: String,
    #[serde(default)]
    ideas: Vec<String>,
    /// What a prompt made of ideas is for.
    purpose: Option<String>,
    /// Of which kind it is.
    purpose_type: Option<String>,
    /// In which language it is to be.
    lang: Option<String>,
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
    /// Whose key paid: `byok`, `server` for a Discord server's and for the
    /// operator's, or `demo` where nobody's did and the reply is a fixed one.
    mode: &'static str,
    /// The same in full: `request`, `personal`, `server`, `bot_default` or
    /// `demo`.
    source: &'static str,
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
    /// The same two as others call them, and their sum.
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    /// The counts are ours, since the provider did not report them.
    estimated: bool,
    /// In US dollars times 10^9; null where nobody knows the price.
    cost_nano_dollars: Option<u64>,
    /// In US dollars; null where nobody knows the price.
    estimated_cost: Option<f64>,
}

/// An ask whose answer is being made, with what its response needs; or the
/// response that the same call was given before.
pub enum BegunAsk {
    Running(CallTask<AnswerProgress, Answer>, Box<CallContext>),
    Repeated(Response),
}

/// Which persona makes a prompt of ideas.
const CRAFTER: &str = "prompt-crafter";

/// Asks a model, and responds with its answer at once or as it comes.
pub async fn ask_model(mut call: Call) -> HandlerResult {
    let body = read_body(&mut call).await?;
    let question: Question = parse_json(&body)?;
    let wants_stream = question.stream;
    let ask = make_ask(&call, question)?;
    let (task, context) = match begin_ask(call, ask, &body).await? {
        BegunAsk::Running(task, context) => (task, context),
        BegunAsk::Repeated(response) => return Ok(response),
    };
    // A problem of this API does not say who was to pay.
    if wants_stream {
        let events = AnswerEvents {
            text: String::new(),
        };
        let streamed = task.stream_events(events, *context).await;
        return Ok(streamed.map_err(|failure| failure.error)?);
    }
    respond_whole(task, describe_answer).await
}

/// Begins an ask of a program: it is answered by a task of its own, once
/// however often the same call is sent.
pub async fn begin_ask(call: Call, ask: Ask, body: &[u8]) -> Result<BegunAsk, Problem> {
    let claim = match check_idempotency(&call, body).await? {
        IdempotencyCheck::New(claim) => claim,
        IdempotencyCheck::Repeated(response) => return Ok(BegunAsk::Repeated(response)),
    };
    let mut context = Box::new(call.into_context());
    let app = &context.gateway.app;
    let ready = app.asks.prepare(ask).await.secure().await?;
    let task = start_task(&mut context, ready, claim);
    Ok(BegunAsk::Running(task, context))
}

/// Responds with the whole answer, in the words that `describe` has for it.
pub async fn respond_whole<T: Serialize>(
    task: CallTask<AnswerProgress, Answer>,
    describe: impl FnOnce(&Answer, String) -> T,
) -> HandlerResult {
    let mut text = String::new();
    let finished = task.finish(|more: AnswerProgress| more.add_to(&mut text));
    let finished = finished.await;
    let finished = finished.map_err(|failure| failure.error)?;
    let mut response = json_response(StatusCode::OK, &describe(&finished.result, text))?;
    if let Some(payer) = &finished.payer {
        write_payer_headers(response.headers_mut(), payer);
    }
    Ok(response)
}

fn make_ask(call: &Call, question: Question) -> Result<Ask, Problem> {
    let is_crafted = question.prompt.trim().is_empty() && !question.ideas.is_empty();
    let prompt = if is_crafted {
        write_ideas(&question)
    } else {
        question.prompt
    };
    let crafter = is_crafted.then(|| CRAFTER.to_owned());
    let choices = Choices {
        provider: question.provider.as_deref().map(ProviderId::from),
        model: question.model,
        persona: question.persona.or(crafter),
    };
    let ask = Ask {
        max_output_tokens: question.max_tokens,
        ..Ask::of(call.session.caller.clone(), &prompt, choices)
    };
    add_request_key(call, ask)
}

/// Adds the key that came with a call to its ask, and the key's provider where
/// the ask names none.
pub fn add_request_key(call: &Call, mut ask: Ask) -> Result<Ask, Problem> {
    let Some(key) = call.request_key()? else {
        return Ok(ask);
    };
    if let (None, Some(of_key)) = (&ask.choices.provider, &key.provider) {
        let model = ask.choices.model.as_deref().unwrap_or_default();
        let names_another = names_another_provider(call, of_key, model);
        ask.choices.provider = Some(of_key.clone()).filter(|_| !names_another);
    }
    let asks = &call.gateway.app.asks;
    ask.request_key = Some(asks.key_for_ask(&ask.choices, key)?);
    Ok(ask)
}

/// Writes ideas as one prompt.
fn write_ideas(question: &Question) -> String {
    let about = [
        ("Purpose", &question.purpose),
        ("Kind", &question.purpose_type),
        ("Language of the prompt", &question.lang),
    ];
    let about = about.into_iter().filter_map(|(name, value)| {
        let value = value.as_deref()?.trim();
        (!value.is_empty()).then(|| format!("{name}: {value}\n"))
    });
    let ideas = question
        .ideas
        .iter()
        .map(|idea| format!("- {}\n", idea.trim()));
    let ideas: String = ideas.collect();
    format!("{}Ideas:\n{ideas}", about.collect::<String>())
}

/// Whether a model's name begins with a provider other than the key's, so
/// that the key is not for it. Hosts of many makers' models name theirs so
/// themselves.
fn names_another_provider(call: &Call, of_key: &ProviderId, model: &str) -> bool {
    let providers = call.gateway.app.providers();
    let own_default = providers.get(of_key).and_then(ProviderInfo::default_model);
    let named = providers.split_model(model);
    named.is_some_and(|(named, _)| named.id() != of_key)
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
            let say = |words: &str| {
                reporter.report_progress(AnswerProgress::Words(words.to_owned()));
            };
            let mut parts_from_notice = "";
            let mut listener = |event: AnswerEvent<'_>| match event {
                AnswerEvent::Payer(payer) => {
                    reporter.report_payer(payer.clone());
                    // A demo reply says first of all that it is one.
                    if payer.source == Source::Demo {
                        say(DEMO_NOTICE);
                        parts_from_notice = "\n\n";
                    }
                }
                AnswerEvent::Words(piece) => {
                    say(&format!(
                        "{}{piece}",
                        std::mem::take(&mut parts_from_notice)
                    ));
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
pub enum AnswerProgress {
    Words(String),
    /// It was the model's thinking so far.
    TakenBack,
}

impl AnswerProgress {
    /// Makes of the text so far what it is now.
    pub fn add_to(&self, text: &mut String) {
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

/// Whose key paid, in the three words that other systems have for it.
pub fn mode_of(source: Source) -> &'static str {
    match source {
        Source::Request | Source::Personal => "byok",
        Source::Server | Source::BotDefault => "server",
        Source::Demo => "demo",
    }
}

fn count_tokens(answer: &Answer) -> u64 {
    let usage = &answer.usage;
    usage.input_tokens.saturating_add(usage.output_tokens)
}

fn describe_answer(answer: &Answer, text: String) -> UnifiedAnswer {
    UnifiedAnswer {
        response: text,
        provider: answer.provider.to_string(),
        model: answer.model.clone(),
        mode: mode_of(answer.source),
        source: answer.source.as_str(),
        finish: match answer.finish {
            FinishReason::Complete => "complete",
            FinishReason::Length => "length",
            FinishReason::Blocked => "blocked",
        },
        usage: AnswerUsage {
            input_tokens: answer.usage.input_tokens,
            output_tokens: answer.usage.output_tokens,
            prompt_tokens: answer.usage.input_tokens,
            completion_tokens: answer.usage.output_tokens,
            total_tokens: count_tokens(answer),
            estimated: answer.estimated,
            cost_nano_dollars: answer.cost.map(|cost| cost.0),
            estimated_cost: answer.cost.map(NanoDollars::in_dollars),
        },
        receipt: describe_receipt(&answer.receipt),
    }
}
