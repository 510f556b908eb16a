//! Pictures in OpenAI's dialect from hosts that speak others
//! (`docs/providers.md` §14). The progress of a job is sent as comments in the
//! stream, which every reader of server-sent events ignores.

mod image_spec;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::{CallClaim, Error, Payer, PictureProgress, ReadyPicture, RequestKey};
use crate::gateway::call::{Answer, Call};
use crate::gateway::idempotency::{Repeat, claim, note_made};
use crate::gateway::problem::{Problem, say_who_paid};
use crate::gateway::rest::{answer, answer_in_events, parse};
use crate::model::{AskRefusal, Imagine, Made, Picture, Stage};

use image_spec::Wanted;

/// How often a reader of events hears something, whatever happens.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(15);

/// Makes pictures, and answers as OpenAI does.
pub async fn make(call: Call, body: &[u8], key: Option<RequestKey>) -> Answer {
    let app = Arc::clone(&call.gateway.app);
    let wanted: Wanted = parse(body)?;
    let streams = wanted.stream.unwrap_or_default();
    let (model, wish) = wanted.wish()?;
    let (choices, request_key) = app.pictures.choose_for_program(model, key)?;
    let imagine = Imagine {
        caller: call.session.caller.clone(),
        choices,
        wish,
        // Nobody else sees what a program is answered.
        age_restricted: true,
        request_key,
    };
    let claim = match claim(&call, body).await? {
        Repeat::New(claim) => claim,
        Repeat::Before(answer) => return Ok(answer),
    };
    let ready = app.pictures.consider_picture(imagine).await?;
    let ready = app.pictures.secure_picture(ready).await?;
    let flow = Flow::begin(call, ready, claim);
    if streams {
        flow.streamed().await
    } else {
        flow.whole().await
    }
}

/// What comes of a picture.
enum Came {
    Progress(PictureProgress),
    Ended(Result<Made, Error>),
}

/// A picture on its way. Dropped, it is given up at its host.
struct Flow {
    came: mpsc::UnboundedReceiver<Came>,
    call: Call,
    _gone: DropGuard,
}

impl Flow {
    fn begin(mut call: Call, ready: ReadyPicture, claim: Option<CallClaim>) -> Self {
        // It holds a word for each change of a job, whose time is limited,
        // and the pictures of one call.
        let (say, came) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let gone = stop.clone().drop_guard();
        let app = Arc::clone(&call.gateway.app);
        let places = std::mem::take(&mut call.session.places);
        let task = Arc::clone(&app);
        app.tasks.spawn(async move {
            let mut known = None;
            let mut watch = |seen: PictureProgress| {
                let stage = match seen {
                    PictureProgress::Stage(stage) => Some(stage),
                    PictureProgress::Payer(_) => None,
                };
                if stage.is_none() || std::mem::replace(&mut known, stage) != stage {
                    // Whoever listened may have gone, and `stop` says so.
                    let _ = say.send(Came::Progress(seen));
                }
            };
            let painted = task
                .pictures
                .paint_for_program(ready, &stop, &mut watch)
                .await;
            let made = match painted {
                Ok((made, attempt)) => {
                    note_made(claim, attempt).await;
                    Ok(made)
                }
                Err(error) => Err(error),
            };
            let _ = say.send(Came::Ended(made));
            drop(places);
        });
        Self {
            came,
            call,
            _gone: gone,
        }
    }

    /// What comes next. A task that says no more was cut off.
    async fn next(&mut self) -> Came {
        let came = self.came.recv().await;
        came.unwrap_or_else(|| Came::Ended(Err(AskRefusal::Stopping.into())))
    }

    async fn whole(mut self) -> Answer {
        let mut payer = None;
        let made = loop {
            match self.next().await {
                Came::Progress(PictureProgress::Payer(asked)) => payer = Some(asked),
                Came::Progress(PictureProgress::Stage(_)) => {}
                Came::Ended(result) => break result,
            }
        };
        let made = made.map_err(|error| problem(error, payer.as_ref()))?;
        let mut response = answer(StatusCode::OK, &self.answered(&made))?;
        if let Some(payer) = &payer {
            say_who_paid(response.headers_mut(), payer);
        }
        Ok(response)
    }

    /// An answer that begins when a host has taken the wish: until then
    /// another may be asked to pay, and a no has a status.
    async fn streamed(mut self) -> Answer {
        let mut payer = None;
        let first = loop {
            match self.next().await {
                Came::Progress(PictureProgress::Payer(asked)) => payer = Some(asked),
                Came::Ended(Err(error)) => return Err(problem(error, payer.as_ref())),
                first => break first,
            }
        };
        let events = stream::unfold(Some((Some(first), self)), async |flow| {
            let (came, mut flow) = flow?;
            let came = match came {
                Some(came) => came,
                None => match timeout(SIGN_OF_LIFE_EVERY, flow.next()).await {
                    Ok(came) => came,
                    Err(_) => {
                        return Some((Ok(Bytes::from(": still there\n\n")), Some((None, flow))));
                    }
                },
            };
            let is_last = matches!(came, Came::Ended(_));
            let event = Ok::<_, Infallible>(flow.event(came));
            Some((event, (!is_last).then_some((None, flow))))
        });
        let events = Body::from_stream(events);
        Ok(answer_in_events(events, payer.as_ref()))
    }

    fn event(&self, came: Came) -> Bytes {
        match came {
            Came::Progress(PictureProgress::Payer(_)) => Bytes::new(),
            Came::Progress(PictureProgress::Stage(stage)) => {
                format!(": {}\n\n", told(stage)).into()
            }
            Came::Ended(Ok(made)) => {
                let events = made.pictures.iter().map(|picture| {
                    let event = self.completed(&made, picture);
                    format!("event: image_generation.completed\ndata: {event}\n\n")
                });
                events.collect::<String>().into()
            }
            Came::Ended(Err(error)) => {
                let problem = problem(error, None);
                problem.event(self.call.speaks, &self.call.id).into()
            }
        }
    }

    fn at_s(&self) -> i64 {
        self.call.gateway.app.now_ms() / 1_000
    }

    fn answered(&self, made: &Made) -> Value {
        let pictures = made
            .pictures
            .iter()
            .map(|it| json!({"b64_json": encoded(it)}));
        let mut body = json!({
            "created": self.at_s(),
            "data": pictures.collect::<Vec<_>>(),
            "output_format": made.pictures.first().map(format_of),
            "seed": made.seed,
        });
        body["usage"] = usage(made);
        body
    }

    fn completed(&self, made: &Made, picture: &Picture) -> Value {
        json!({
            "type": "image_generation.completed",
            "b64_json": encoded(picture),
            "created_at": self.at_s(),
            "output_format": format_of(picture),
            "size": "auto",
            "quality": "auto",
            "background": "auto",
            "seed": made.seed,
            "usage": usage(made),
        })
    }
}

/// A no, with who would have paid.
fn problem(error: Error, payer: Option<&Payer>) -> Problem {
    Problem {
        payer: payer.cloned().map(Box::new),
        ..Problem::from(error)
    }
}

/// How far a picture is, for programs: a stage, and how many are before it
/// where its host tells.
fn told(stage: Stage) -> Value {
    match stage {
        Stage::Queued(ahead) => json!({"stage": "queued", "ahead": ahead}),
        Stage::Starting => json!({"stage": "starting"}),
        Stage::Running => json!({"stage": "running"}),
    }
}

fn encoded(picture: &Picture) -> String {
    STANDARD.encode(&picture.bytes)
}

fn format_of(picture: &Picture) -> &'static str {
    picture.kind.media_type().trim_start_matches("image/")
}

fn usage(made: &Made) -> Value {
    let used = made.usage.map(|usage| {
        json!({
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
        })
    });
    used.unwrap_or(Value::Null)
}
