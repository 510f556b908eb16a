//! Passing a call on, and its answer back.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use crate::app::{Relay, RelayAsk};

use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::idempotency::{Repeat, claim};
use crate::gateway::problem::{ApiDialect, Problem, write_payer_headers};
use crate::gateway::session::Permit;

const JSON: &str = "application/json";
/// How many headers an answer has, with its id and its length.
const HEADERS: usize = 6;

/// What is on its way to a client, and what ends with it.
struct Flow {
    relay: Relay,
    dialect: ApiDialect,
    request_id: HeaderValue,
    _permits: Vec<Permit>,
}

/// Passes a call on. What the client hears is the provider's status, the
/// kind of its answer and the answer; no other header of the provider's.
pub async fn pass_on(call: Call, ask: RelayAsk) -> HandlerResult {
    let claim = match claim(&call, ask.passage.body.bytes()).await? {
        Repeat::New(claim) => claim,
        Repeat::Before(answer) => return Ok(answer),
    };
    let call = call.into_context();
    let mut relay = call.gateway.app.relay(ask).await?;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    write_payer_headers(&mut headers, &relay.payer);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, kind(&relay, call.dialect));
    let status = StatusCode::from_u16(relay.status()).unwrap_or(StatusCode::OK);
    let attempt = relay.payer.attempt;
    let body = if relay.streams() {
        flowing(Flow {
            relay,
            dialect: call.dialect,
            request_id: call.request_id,
            _permits: call.session.permits,
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

/// Only kinds that are data: a page of a provider's must not become one of
/// ours.
fn kind(relay: &Relay, dialect: ApiDialect) -> HeaderValue {
    if let Some(of_streams) = dialect.stream_media_type().filter(|_| relay.streams()) {
        return HeaderValue::from_static(of_streams);
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
                let last = Problem::from(not).to_event(flow.dialect, &flow.request_id);
                Some((Ok(Bytes::from(last)), None))
            }
        }
    });
    Body::from_stream(pieces)
}
