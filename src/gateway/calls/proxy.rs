//! Passes a call on to a provider, and the provider's answer back.

use axum::body::Body as ResponseBody;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;

use crate::app::{
    Relay, RelayAsk, RelayBody, RelayContent, RelayHeaders, RelayStart, RelayedAnswer,
};
use crate::model::{BadBody, CallDialect, PassedEvents, ProviderId, Surface};

use crate::gateway::calls::call::{Call, CallContext, HandlerResult};
use crate::gateway::calls::idempotency::{IdempotencyCheck, check_idempotency};
use crate::gateway::replies::demo::{DemoSurface, respond_demo};
use crate::gateway::replies::limit_headers::write_limits_left;
use crate::gateway::replies::picture_costs::CostFields;
use crate::gateway::replies::problem::{ApiDialect, Problem, write_payer_headers};
use crate::gateway::replies::receipt::write_receipt_comment;
use crate::gateway::replies::streaming::{
    LastWords, PieceSource, pass_pieces, stream_events, stream_pieces,
};
use crate::gateway::replies::told_headers::write_told_headers;
use crate::gateway::session::CallPermits;

const JSON: &str = "application/json";
/// Media types that a browser does not run. A page of a provider's must not
/// become a page of the gateway's.
const DATA_TYPES: [&str; 6] = [
    JSON,
    "text/event-stream",
    "application/x-ndjson",
    "audio/",
    "image/",
    "video/",
];
/// Names the fields of a call that were ignored in translating it.
const IGNORED: HeaderName = HeaderName::from_static("x-latchkey-ignored");
/// How many headers a response has, with those that the router adds.
const HEADERS: usize = 8;

/// What a call says of where it goes and what it asks there.
pub struct RelayTarget {
    /// The provider that the address names; none where the model names it.
    pub provider: Option<ProviderId>,
    pub model: Option<String>,
    pub surface: Surface,
    /// In whose dialect the call is.
    pub dialect: CallDialect,
    /// Below the provider's base; empty where the surface names the path.
    pub path: String,
    pub query: Option<String>,
    pub body: RelayBody,
    /// Whether the answer is to be streamed.
    pub stream: bool,
}

/// An answer that is passed back piece by piece. Dropping it ends the
/// provider's call, which is then settled.
struct RelayStream {
    /// What came of it before it was passed on.
    first: Option<Bytes>,
    relay: Relay,
    /// Whether the caller gets the receipt, in a last comment.
    ends_in_receipt: bool,
    /// Whether the last piece ended between two events.
    is_between_events: bool,
    /// What tells the caller at its end what it cost, where no stream does.
    costs: Option<CostFields>,
    _permits: CallPermits,
}

impl PieceSource for RelayStream {
    fn passed_events(&self) -> PassedEvents {
        self.relay.passed_events()
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, Problem> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Ok(Some(first));
        }
        while let Some(mut piece) = self.relay.next().await? {
            if let Some(costs) = &mut self.costs {
                piece = costs.hold_back(&piece);
                if piece.is_empty() {
                    continue;
                }
            }
            self.is_between_events = piece.ends_with(b"\n\n") || piece.ends_with(b"\n\r\n");
            return Ok(Some(piece));
        }
        let receipt = self.relay.take_receipt();
        if let Some(costs) = self.costs.take() {
            return Ok(Some(costs.finish(receipt.as_deref())));
        }
        let receipt = receipt.filter(|_| self.ends_in_receipt);
        Ok(receipt.map(|receipt| {
            let comment = write_receipt_comment(&receipt);
            // A stream may end in the middle of its last event.
            let between = if self.is_between_events { "" } else { "\n\n" };
            Bytes::from(format!("{between}{comment}"))
        }))
    }
}

/// Passes a call on. The response has the provider's status, media type and
/// body; of its other headers, the owner of the key gets those that tell of
/// their limits.
pub async fn relay_call(call: Call, target: RelayTarget) -> HandlerResult {
    let demo = DemoSurface::of(&target);
    // In its own words, a provider's answer is left as it is.
    let tells_costs = target.surface == Surface::Images && target.provider.is_none();
    let ask = relay_ask(&call, target, demo.is_some())?;
    let claim = match check_idempotency(&call, ask.content.body.bytes()).await? {
        IdempotencyCheck::New(claim) => claim,
        IdempotencyCheck::Repeated(response) => return Ok(response),
    };
    let call = call.into_context();
    let relay = match call.gateway.app.programs.relay(ask).await? {
        RelayStart::Passed(relay) => *relay,
        RelayStart::Demo(payer) => {
            let demo = demo.ok_or_else(|| anyhow::anyhow!("a demo reply without words"))?;
            let response = respond_demo(&demo, &payer, call.gateway.app.now_ms() / 1_000)?;
            if let Some(claim) = claim {
                let end = claim.end(response.status().as_u16(), Some(payer.attempt));
                Box::pin(end).await?;
            }
            return Ok(response);
        }
    };
    let mut headers = HeaderMap::with_capacity(HEADERS);
    write_payer_headers(&mut headers, &relay.payer);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, media_type(&relay, call.dialect));
    write_told_headers(&mut headers, call.dialect, &relay.told_headers());
    let now_ms = call.gateway.app.now_ms();
    write_limits_left(&mut headers, call.dialect, relay.limits_left(), now_ms);
    if let Some(Ok(ignored)) = relay.ignored().map(HeaderValue::from_str) {
        headers.insert(IGNORED, ignored);
    }
    let status = StatusCode::from_u16(relay.status()).unwrap_or(StatusCode::OK);
    let attempt = relay.payer.attempt;
    let is_json = relay.content_type().starts_with(JSON);
    let costs = (tells_costs && is_json).then(CostFields::default);
    let body = respond_with(relay, call, costs).await?;
    if let Some(claim) = claim {
        Box::pin(claim.end(status.as_u16(), Some(attempt))).await?;
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The body of the response, and what it cost at its end where that is told
/// there.
async fn respond_with(
    mut relay: Relay,
    call: CallContext,
    mut costs: Option<CostFields>,
) -> Result<ResponseBody, Problem> {
    let is_stream = relay.streams();
    let first = if is_stream {
        None
    } else {
        match (relay.whole_or_begun().await?, &mut costs) {
            (RelayedAnswer::Whole(answer), None) => return Ok(ResponseBody::from(answer)),
            (RelayedAnswer::Whole(answer), Some(costs)) => {
                let begun = costs.hold_back(&answer);
                let end = std::mem::take(costs).finish(relay.take_receipt().as_deref());
                return Ok(ResponseBody::from([begun, end].concat()));
            }
            (RelayedAnswer::Begun(first), None) => Some(first),
            (RelayedAnswer::Begun(first), Some(costs)) => Some(costs.hold_back(&first)),
        }
    };
    let last_words = LastWords {
        dialect: call.dialect,
        request_id: call.request_id,
        is_list: relay.content_type().starts_with(JSON),
    };
    let takes_comments = is_stream
        && call.dialect.takes_comments()
        && relay.content_type().starts_with("text/event-stream");
    let source = RelayStream {
        first,
        ends_in_receipt: takes_comments,
        is_between_events: true,
        costs,
        relay,
        _permits: call.session.permits,
    };
    Ok(if takes_comments {
        stream_events(source, last_words)
    } else if is_stream {
        stream_pieces(source, last_words)
    } else {
        pass_pieces(source)
    })
}

fn relay_ask(call: &Call, target: RelayTarget, takes_demo: bool) -> Result<RelayAsk, Problem> {
    let content = Box::new(RelayContent {
        surface: target.surface,
        dialect: target.dialect,
        method: call.parts.method.clone(),
        path: target.path,
        query: target.query,
        headers: RelayHeaders::copy_from(&call.parts.headers),
        body: target.body,
        stream: target.stream,
    });
    Ok(RelayAsk {
        caller: call.session.caller.clone(),
        provider: target.provider,
        model: target.model,
        content,
        request_key: call.request_key()?,
        takes_demo,
    })
}

/// The media type of the response: the provider's, if it is one of data.
fn media_type(relay: &Relay, dialect: ApiDialect) -> HeaderValue {
    if let Some(of_streams) = dialect.stream_media_type().filter(|_| relay.streams()) {
        return HeaderValue::from_static(of_streams);
    }
    let of_provider = relay.content_type();
    if of_provider == JSON {
        return HeaderValue::from_static(JSON);
    }
    let is_data = DATA_TYPES.iter().any(|it| of_provider.starts_with(it));
    let media_type = HeaderValue::from_str(of_provider).ok();
    media_type
        .filter(|_| is_data)
        .unwrap_or_else(|| HeaderValue::from_static("application/octet-stream"))
}

impl From<BadBody> for Problem {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::NotAnObject => Self::new(
                400,
                "malformed_body",
                "The body is no JSON object. Send one, as `application/json`.",
            ),
            BadBody::Twice => Self::new(
                400,
                "field_twice",
                "A field stands in the body twice. Send it once.",
            ),
            BadBody::TooDeep => Self::new(
                400,
                "body_too_deep",
                "The body nests deeper than 64 levels, which is the most.",
            ),
            BadBody::TooManyValues => Self::new(
                413,
                "body_too_complex",
                "The body has more than 500,000 values, or 16,000 objects and lists, which is the most. Send fewer and longer messages.",
            ),
        }
    }
}
