//! An answer as lines of JSON, one for each thing that happens, for the page's
//! script.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::console::parts::payer;
use crate::console::reply::NotCompressed;
use crate::console::trouble::Trouble;
use crate::console::trouble_format::{LINES, line_of};
use crate::model::{Picture, Source, Stage, Steps};

use super::DEMO;
use super::receipt::foresee;
use super::work::{Report, Work, WorkOutcome};

/// How often an empty line is sent while there is nothing to say, so that
/// nothing in between takes the connection for dead.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Responds with an answer as it comes, or with why there is none. A reader
/// who leaves drops the body, and with it the work.
pub fn respond(begun: Result<(Option<String>, Work), Trouble>) -> Response {
    let (told, work) = match begun {
        Ok(begun) => begun,
        Err(trouble) => {
            let line = write_line(&line_of(&trouble));
            return response(trouble.status, Body::from(line));
        }
    };
    let told = told.map(|text| write_line(&json!({"kind": "told", "text": text})));
    let lines = stream::unfold((told, Some(work)), async |(told, work)| {
        if let Some(told) = told {
            return Some((Ok::<_, Infallible>(told), (None, work)));
        }
        let mut work = work?;
        let Ok(report) = timeout(KEEP_ALIVE_EVERY, work.next()).await else {
            return Some((Ok(Bytes::from_static(b"\n")), (None, Some(work))));
        };
        let has_ended = matches!(report, Report::Ended(_));
        let lines = write_report(report);
        Some((Ok(lines), (None, (!has_ended).then_some(work))))
    });
    response(StatusCode::OK, Body::from_stream(lines))
}

fn response(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(LINES);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    // A stream that is compressed waits until there is enough of it.
    response.extensions_mut().insert(NotCompressed);
    response
}

fn write_line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}

fn write_report(report: Report) -> Bytes {
    match report {
        Report::Payer(payer) => {
            let is_demo = payer.source == Source::Demo;
            let notice = json!({"kind": "words", "text": format!("{DEMO}\n\n")});
            let line = write_line(&json!({
                "kind": "payer",
                "look": payer::look(payer.source),
                "model": payer.model,
                "attempt": payer.attempt.to_string(),
            }));
            let notice = if is_demo {
                write_line(&notice)
            } else {
                Bytes::new()
            };
            [line, notice].concat().into()
        }
        Report::Words(text) => write_line(&json!({"kind": "words", "text": text})),
        Report::TakenBack => write_line(&json!({"kind": "taken_back"})),
        Report::Stage(stage, foreseen) => {
            let mut words = describe_stage(stage);
            if let Some(estimate) = foreseen {
                words = format!("{words}, {}", foresee(estimate));
            }
            write_line(&json!({"kind": "stage", "words": words}))
        }
        Report::Charged(receipt) => write_line(&json!({"kind": "charged", "receipt": receipt})),
        Report::Steps(Steps { done, all }) => {
            let words = format!("{}, step {done} of {all}", describe_stage(Stage::Running));
            write_line(&json!({"kind": "stage", "words": words}))
        }
        Report::Ended(ended) => write_line(&match &*ended {
            Ok(made) => describe_made(made),
            Err(trouble) => line_of(trouble),
        }),
    }
}

fn describe_made(made: &WorkOutcome) -> Value {
    json!({
        "kind": "done",
        "model": made.model,
        "provider": made.provider,
        "receipt": made.receipt,
        "look": made.receipt.source().map(payer::look),
        "pictures": made.pictures.iter().map(describe_picture).collect::<Vec<_>>(),
    })
}

fn describe_picture(picture: &Picture) -> Value {
    json!({
        "type": picture.kind.media_type(),
        "data": STANDARD.encode(&picture.bytes),
    })
}

/// How far a picture is.
pub fn describe_stage(stage: Stage) -> String {
    match stage {
        Stage::Queued(Some(ahead)) if ahead > 0 => format!("Waiting, {ahead} before it"),
        Stage::Queued(_) => "Waiting for its turn".to_owned(),
        Stage::Starting => "A machine is starting for it".to_owned(),
        Stage::Running => "Being made".to_owned(),
    }
}
