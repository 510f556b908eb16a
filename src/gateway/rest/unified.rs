//! One question, one answer, whatever the provider.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use utoipa::ToSchema;

use crate::app::{AnswerEvent, CallClaim, Error, Payer, ReadyAsk};
use crate::gateway::call::{Answer, Call};
use crate::gateway::idempotency::{Repeat, claim, note_made};
use crate::gateway::problem::{Problem, Speaks, say_who_paid};
use crate::gateway::proxy::key_in;
use crate::model::{Answer as Told, Ask, AskRefusal, Choices, Finish, ProviderId, Source};

use crate::gateway::rest::{answer, answer_in_events, bytes, parse};

/// What is asked.
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
    #[serde(default)]
    stream: bool,
}

/// What is answered.
#[derive(Serialize, ToSchema)]
pub struct Answered {
    response: String,
    provider: String,
    model: String,
    /// Whose key paid: `byok`, `server`, `operator`, or `demo` where nobody's
    /// did and the reply is a fixed one.
    mode: &'static str,
    /// `complete`, `length` or `blocked`.
    finish: &'static str,
    usage: Used,
}

/// What it used.
#[derive(Serialize, ToSchema)]
pub struct Used {
    input_tokens: u64,
    output_tokens: u64,
    /// The counts are ours, since the provider did not report them.
    estimated: bool,
    /// In US dollars times 10^9; null where nobody knows the price.
    cost_nano_dollars: Option<u64>,
}

/// What a demo reply says.
const DEMO: &str = "This is a demo reply: there is no key here that could pay for a model. Add yours with `POST /api/v1/api-keys`, or `/keys add` in Discord.";

/// Asks a model.
#[utoipa::path(post, path = "/api/v1/unified", tag = "ask", request_body = Question, responses((status = 200, description = "What was answered", content((Answered = "application/json"), (serde_json::Value = "text/event-stream")))))]
pub async fn ask(mut call: Call) -> Answer {
    let body = bytes(&mut call).await?;
    let question: Question = parse(&body)?;
    let app = Arc::clone(&call.gateway.app);
    let key = key_in(&call)?;
    let provider = question.provider.as_deref().map(ProviderId::from);
    let provider = provider.or_else(|| key.as_ref().and_then(|key| key.provider.clone()));
    let choices = Choices {
        provider,
        model: question.model,
        persona: question.persona,
    };
    let request_key = key
        .map(|key| app.asks.key_for_ask(&choices, key))
        .transpose()?;
    let asked = Ask {
        request_key,
        max_output_tokens: question.max_tokens,
        ..Ask::of(call.session.caller.clone(), &question.prompt, choices)
    };
    let claim = match claim(&call, &body).await? {
        Repeat::New(claim) => claim,
        Repeat::Before(answer) => return Ok(answer),
    };
    let ready = app.asks.prepare(asked).await.secure().await?;
    if question.stream {
        return streamed(call, ready, claim).await;
    }
    let (mut text, mut payer) = (String::new(), None);
    let mut listener = |heard: AnswerEvent<'_>| match heard {
        AnswerEvent::Words(piece) => text.push_str(piece),
        AnswerEvent::Payer(asked) => payer = Some(asked.clone()),
    };
    let (told, attempt) = app
        .asks
        .answer_for_program(ready, &CancellationToken::new(), &mut listener)
        .await?;
    if let Some(claim) = claim {
        claim.end(200, attempt).await?;
    }
    let mut response = answer(StatusCode::OK, &answered(&told, text))?;
    if let Some(payer) = payer {
        say_who_paid(response.headers_mut(), &payer);
    }
    Ok(response)
}

/// What comes of a streamed ask.
enum Came {
    Payer(Payer),
    Words(String),
    Ended(Result<Told, Error>),
}

/// Words as they come, the first of them with who pays: until then another
/// may be asked to. A client that leaves ends the call.
async fn streamed(call: Call, ready: ReadyAsk, claim: Option<CallClaim>) -> Answer {
    let app = Arc::clone(&call.gateway.app);
    // It holds an answer at the most, whose length is limited.
    let (say, mut said) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let gone = stop.clone().drop_guard();
    let id = call.id;
    let (teller, places) = (Arc::clone(&app), call.session.places);
    app.tasks.spawn(async move {
        let mut listener = |heard: AnswerEvent<'_>| {
            // Whoever listened has gone, and `stop` says so.
            let _ = say.send(match heard {
                AnswerEvent::Payer(payer) => Came::Payer(payer.clone()),
                AnswerEvent::Words(piece) => Came::Words(piece.to_owned()),
            });
        };
        let answered = teller
            .asks
            .answer_for_program(ready, &stop, &mut listener)
            .await;
        let told = match answered {
            Ok((told, attempt)) => {
                note_made(claim, attempt).await;
                Ok(told)
            }
            Err(error) => Err(error),
        };
        let _ = say.send(Came::Ended(told));
        drop(places);
    });
    let mut payer = None;
    let first = loop {
        match said.recv().await {
            Some(Came::Payer(asked)) => payer = Some(asked),
            // Nothing was said yet: it can still be refused in words.
            Some(Came::Ended(Err(error))) => return Err(error.into()),
            Some(first) => break first,
            None => return Err(AskRefusal::Stopping.into()),
        }
    };
    let flow = Flow {
        said,
        text: String::new(),
        id,
        _gone: gone,
    };
    let events = stream::unfold((Some(first), flow), |(came, mut flow)| async move {
        let came = match came {
            Some(came) => came,
            None => flow.said.recv().await?,
        };
        let event = flow.event(came);
        Some((Ok::<_, Infallible>(event), (None, flow)))
    });
    let events = Body::from_stream(events);
    Ok(answer_in_events(events, payer.as_ref()))
}

/// A streamed answer on its way.
struct Flow {
    said: mpsc::UnboundedReceiver<Came>,
    /// What was said so far.
    text: String,
    id: HeaderValue,
    _gone: DropGuard,
}

impl Flow {
    fn event(&mut self, came: Came) -> Bytes {
        let (name, data) = match came {
            // After the first word nobody else is asked.
            Came::Payer(_) => return Bytes::new(),
            Came::Words(piece) => {
                self.text.push_str(&piece);
                ("delta", json!({"text": piece}))
            }
            Came::Ended(Ok(told)) => {
                let text = std::mem::take(&mut self.text);
                ("done", json!(answered(&told, text)))
            }
            Came::Ended(Err(error)) => {
                return Problem::from(error).event(Speaks::Ours, &self.id).into();
            }
        };
        format!("event: {name}\ndata: {data}\n\n").into()
    }
}

fn answered(told: &Told, text: String) -> Answered {
    Answered {
        response: if told.source == Source::Demo {
            DEMO.to_owned()
        } else {
            text
        },
        provider: told.provider.to_string(),
        model: told.model.clone(),
        mode: match told.source {
            Source::Request | Source::Personal => "byok",
            Source::Server => "server",
            Source::BotDefault => "operator",
            Source::Demo => "demo",
        },
        finish: match told.finish {
            Finish::Complete => "complete",
            Finish::Length => "length",
            Finish::Blocked => "blocked",
        },
        usage: Used {
            input_tokens: told.usage.input_tokens,
            output_tokens: told.usage.output_tokens,
            estimated: told.estimated,
            cost_nano_dollars: told.cost.map(|cost| cost.0),
        },
    }
}
