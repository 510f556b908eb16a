//! Faults of REST calls: what Discord's servers, and the proxies in front of
//! them, answer on a bad day.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;

use super::errors::refuse;
use super::limits;
use crate::world::{RestFault, RestTrouble, State};

/// What Cloudflare shows to an address that it has banned.
const BAN_PAGE: &str = "<html><title>Access denied | discord.com used Cloudflare to restrict access</title>error code: 1015</html>";

/// Returns the fault that a call meets, and counts it.
pub fn take_fault(
    state: &mut State,
    (method, path): (&Method, &str),
    body: Option<&Value>,
) -> Option<RestFault> {
    let text = body.map_or("", text_of);
    let fault = state.rest_faults.iter_mut().find(|fault| {
        let is_its = fault.method.is_empty() || method == fault.method;
        fault.times > 0 && is_its && path.contains(fault.path) && text.contains(fault.content)
    })?;
    if fault.after > 0 {
        fault.after -= 1;
        return None;
    }
    fault.times -= 1;
    Some(fault.clone())
}

/// The text of the message that a call posts or changes, or answers an
/// interaction with.
fn text_of(body: &Value) -> &str {
    let texts = [&body["content"], &body["data"]["content"]];
    texts.into_iter().find_map(Value::as_str).unwrap_or("")
}

/// Returns what is answered in the place of Discord, where the call does not
/// reach it.
pub fn answer_instead(trouble: &RestTrouble) -> Option<Response> {
    match trouble {
        RestTrouble::Late | RestTrouble::ResponseLost | RestTrouble::ResponseCut => None,
        RestTrouble::Refused(status, code) => Some(refuse(valid(*status), *code, "emulated fault")),
        RestTrouble::Page(status) => Some(page(*status)),
        RestTrouble::RequestCut => Some(cut_off()),
        RestTrouble::Limited { seconds, is_global } => Some(limits::too_many(*seconds, *is_global)),
        RestTrouble::Banned { seconds } => {
            let mut response = (StatusCode::TOO_MANY_REQUESTS, Html(BAN_PAGE)).into_response();
            if let Some(seconds) = seconds {
                let value = axum::http::HeaderValue::from(*seconds);
                response.headers_mut().insert(RETRY_AFTER, value);
            }
            Some(response)
        }
    }
}

/// Loses the answer to a call that has taken effect, where the fault says so.
pub fn spoil_answer(trouble: Option<&RestTrouble>, answered: Response) -> Response {
    match trouble {
        Some(RestTrouble::ResponseLost) => page(502),
        Some(RestTrouble::ResponseCut) => cut_off(),
        _ => answered,
    }
}

fn page(status: u16) -> Response {
    (valid(status), Html("<html>upstream trouble</html>")).into_response()
}

/// A response whose body never comes to its end: the connection breaks.
fn cut_off() -> Response {
    let broken = stream::iter([
        Ok("{"),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    (
        [(CONTENT_TYPE, "application/json")],
        Body::from_stream(broken),
    )
        .into_response()
}

fn valid(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)
}
