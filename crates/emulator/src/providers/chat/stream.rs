//! Sends a streamed reply, at its pace and with its fault.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::ask::Ask;
use super::events::{StreamedReply, named_event, unnamed_event};
use super::responses::failed;
use crate::providers::api::Surface;
use crate::providers::call::Call;
use crate::providers::errors::faults::HANG;
use crate::providers::errors::vendor_errors;
use crate::world::{EndlessStreams, ProviderFault};

/// The length of the line that [`ProviderFault::HugeLine`] sends, in bytes.
const HUGE_BYTES: usize = 3 * 1024 * 1024;

/// The media type of server-sent events.
const EVENTS: &str = "text/event-stream";
/// Words in a prompt at which a stream stops half-way, until its reader leaves.
const WAITING_WORDS: &str = "wait for ever";

/// A step of a stream.
enum Step {
    Send(String),
    /// Send nothing for [`HANG`].
    Hang,
    /// Send nothing until the reader leaves, which is counted.
    Wait(Leaving),
    /// Send a comment instead of an event.
    HangWithComments,
    Break,
}

/// Counts a reader who leaves.
struct Leaving(Arc<EndlessStreams>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.left.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends a reply.
pub fn send(ask: &Ask<'_>, reply: StreamedReply, call: &Call<'_>) -> Response {
    let after_half = match call.fault {
        Some(ProviderFault::ErrorInStream) => Some(overloaded(ask.surface)),
        Some(ProviderFault::FailedResponse) if ask.surface == Surface::Responses => {
            let event =
                json!({"type": "response.failed", "response": failed(ask), "sequence_number": 99});
            Some(named_event(&event))
        }
        _ => None,
    };
    let steps = match after_half {
        Some(event) => {
            let mut steps = first_half(reply);
            steps.push(Step::Send(event));
            steps
        }
        None if ask.prompt.contains(WAITING_WORDS) => {
            let mut steps = first_half(reply);
            steps.push(Step::Wait(Leaving(Arc::clone(call.endless))));
            steps
        }
        None => plan(reply, call.fault),
    };
    let kind = if ask.surface == Surface::Ollama {
        "application/x-ndjson"
    } else {
        EVENTS
    };
    send_steps(steps, kind, call.pace)
}

/// Sends events that are no chat's.
pub fn send_events(reply: StreamedReply, call: &Call<'_>) -> Response {
    send_steps(plan(reply, call.fault), EVENTS, call.pace)
}

/// The steps of a reply, with a fault of its connection.
fn plan(reply: StreamedReply, fault: Option<&ProviderFault>) -> Vec<Step> {
    let then = match fault {
        Some(ProviderFault::Stall) => vec![Step::Hang],
        Some(ProviderFault::StallWithComments) => {
            (0..10_000).map(|_| Step::HangWithComments).collect()
        }
        Some(ProviderFault::Cut) => vec![Step::Break],
        Some(ProviderFault::EndEarly) => Vec::new(),
        Some(ProviderFault::HugeLine) => {
            let line = format!("data: {}", "x".repeat(HUGE_BYTES));
            return vec![Step::Send(reply.head), Step::Send(line)];
        }
        _ => {
            let pieces = std::iter::once(reply.head).chain(reply.pieces);
            return pieces.chain([reply.tail]).map(Step::Send).collect();
        }
    };
    first_half(reply).into_iter().chain(then).collect()
}

fn first_half(reply: StreamedReply) -> Vec<Step> {
    let half = reply.pieces.len().div_ceil(2);
    let pieces = reply.pieces.into_iter().take(half);
    std::iter::once(reply.head)
        .chain(pieces)
        .map(Step::Send)
        .collect()
}

fn send_steps(steps: Vec<Step>, kind: &'static str, pace: Duration) -> Response {
    let body = stream::iter(steps).then(move |step| perform_step(step, pace));
    ([("content-type", kind)], Body::from_stream(body)).into_response()
}

/// An error in mid-stream; `docs/providers.md` §4.4.
fn overloaded(surface: Surface) -> String {
    match surface {
        Surface::Chat => unnamed_event(
            &json!({"error": {"message": "The server is overloaded", "type": "server_error",
                "param": null, "code": "server_is_overloaded"}}),
        ),
        Surface::Responses => named_event(
            &json!({"type": "error", "code": "server_is_overloaded", "message": "The server is overloaded",
                "param": null, "sequence_number": 99}),
        ),
        // An event names no request, as an error's own body does.
        Surface::Messages => named_event(
            &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        ),
        Surface::Generate => unnamed_event(&vendor_errors::google(
            503,
            "UNAVAILABLE",
            "The model is overloaded.",
        )),
        Surface::Ollama => format!("{}\n", json!({"error": "overloaded"})),
    }
}

async fn perform_step(step: Step, pace: Duration) -> Result<Bytes, std::io::Error> {
    match step {
        Step::Send(text) => {
            if !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            Ok(Bytes::from(text))
        }
        Step::Hang => {
            tokio::time::sleep(HANG).await;
            Ok(Bytes::new())
        }
        Step::Wait(leaving) => {
            leaving.0.stopped.fetch_add(1, Ordering::Relaxed);
            std::future::pending().await
        }
        Step::HangWithComments => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(Bytes::from_static(b": keep-alive\n\n"))
        }
        Step::Break => {
            // Lets what was sent so far leave the buffers first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("emulated cut"))
        }
    }
}
