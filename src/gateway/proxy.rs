//! Passing a call on, and its answer back.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use crate::app::{Relay, RelayAsk};

use crate::gateway::call::{Answer, Call};
use crate::gateway::idempotency::{Repeat, claim};
use crate::gateway::problem::{Problem, Speaks, say_who_paid};
use crate::gateway::request_key;
use crate::gateway::session::Place;

const JSON: &str = "application/json";
/// How many headers an answer has, with its id and its length.
const HEADERS: usize = 6;

/// What is on its way to a client, and what ends with it.
struct Flow {
    relay: Relay,
    speaks: Speaks,
    id: HeaderValue,
    _places: Vec<Place>,
}

/// Passes a call on. What the client hears is the provider's status, the
/// kind of its answer and the answer; no other header of the provider's.
pub async fn pass_on(call: Call, ask: RelayAsk) -> Answer {
    let claim = match claim(&call, ask.request.body.bytes()).await? {
        Repeat::New(claim) => claim,
        Repeat::Before(answer) => return Ok(answer),
    };
    let call = call.kept();
    let mut relay = call.gateway.app.programs.relay(ask).await?;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    say_who_paid(&mut headers, &relay.payer);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, kind(&relay, call.speaks));
    let status = StatusCode::from_u16(relay.status()).unwrap_or(StatusCode::OK);
    let attempt = relay.payer.attempt;
    let body = if relay.streams() {
        flowing(Flow {
            relay,
            speaks: call.speaks,
            id: call.id,
            _places: call.session.places,
        })
    } else {
        Body::from(relay.whole().await?)
    };
    if let Some(claim) = claim {
        Box::pin(claim.end(status.as_u16(), Some(attempt))).await?;
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The key that came with a call.
pub fn key_in(call: &Call) -> Result<Option<crate::app::RequestKey>, Problem> {
    request_key::find(&call.parts.headers, call.gateway.app.catalogue())
}

/// Only kinds that are data: a page of a provider's must not become one of
/// ours.
fn kind(relay: &Relay, speaks: Speaks) -> HeaderValue {
    if speaks == Speaks::OpenAi && relay.streams() {
        return HeaderValue::from_static("text/event-stream");
    }
    let told = relay.content_type();
    if told == JSON {
        return HeaderValue::from_static(JSON);
    }
    let is_data = [
        JSON,
        "text/event-stream",
        "application/x-ndjson",
        "audio/",
        "image/",
        "video/",
    ]
    .iter()
    .any(|kind| told.starts_with(kind));
    let kind = HeaderValue::from_str(told).ok().filter(|_| is_data);
    kind.unwrap_or_else(|| HeaderValue::from_static("application/octet-stream"))
}

/// Pieces as they come. A client that leaves drops this, and with it the
/// provider's call, which is then settled. A failure is the stream's last
/// event.
fn flowing(flow: Flow) -> Body {
    let pieces = stream::unfold(Some(flow), async |flow| {
        let mut flow = flow?;
        match flow.relay.next().await {
            Ok(Some(piece)) => Some((Ok::<_, std::convert::Infallible>(piece), Some(flow))),
            Ok(None) => None,
            Err(not) => {
                let last = Problem::from(not).event(flow.speaks, &flow.id);
                Some((Ok(Bytes::from(last)), None))
            }
        }
    });
    Body::from_stream(pieces)
}
