//! Sends a streamed reply, at its pace and with its fault.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::ask::Ask;
use super::events::{Streamed, named_event, unnamed_event};
use super::responses::failed;
use crate::providers::api::Surface;
use crate::providers::call::Call;
use crate::providers::errors::faults::HANG;
use crate::providers::errors::vendor_errors;
use crate::world::ProviderFault;

/// The length of the line that [`ProviderFault::HugeLine`] sends, in bytes.
const HUGE_BYTES: usize = 3 * 1024 * 1024;

/// A step of a stream.
enum Step {
    Send(String),
    /// Send nothing for [`HANG`].
    Hang,
    /// Send a comment instead of an event.
    HangWithComments,
    Break,
}

/// Sends a reply.
pub fn send(ask: &Ask<'_>, reply: Streamed, call: &Call<'_>) -> Response {
    let half = reply.pieces.len().div_ceil(2);
    let mut steps = vec![Step::Send(reply.head)];
    let mut pieces = reply.pieces.into_iter().map(Step::Send);
    match call.fault {
        Some(ProviderFault::Stall) => {
            steps.extend(pieces.take(half));
            steps.push(Step::Hang);
        }
        Some(ProviderFault::StallWithComments) => {
            steps.extend(pieces.take(half));
            steps.extend((0..10_000).map(|_| Step::HangWithComments));
        }
        Some(ProviderFault::Cut) => {
            steps.extend(pieces.take(half));
            steps.push(Step::Break);
        }
        Some(ProviderFault::EndEarly) => steps.extend(pieces.take(half)),
        Some(ProviderFault::ErrorInStream) => {
            steps.extend(pieces.take(half));
            steps.push(Step::Send(overloaded(ask.surface)));
        }
        Some(ProviderFault::FailedResponse) if ask.surface == Surface::Responses => {
            steps.extend(pieces.take(half));
            let event =
                json!({"type": "response.failed", "response": failed(ask), "sequence_number": 99});
            steps.push(Step::Send(named_event(&event)));
        }
        Some(ProviderFault::HugeLine) => {
            steps.push(Step::Send(format!("data: {}", "x".repeat(HUGE_BYTES))));
        }
        _ => {
            steps.extend(pieces.by_ref());
            steps.push(Step::Send(reply.tail));
        }
    }
    let kind = if ask.surface == Surface::Ollama {
        "application/x-ndjson"
    } else {
        "text/event-stream"
    };
    let pace = call.pace;
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
