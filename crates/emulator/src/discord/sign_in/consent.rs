//! The page on which a person lets an application know who they are.
//!
//! It has no cookies: the demo's host has one jar for all ports, which is the
//! program's. Who looks at it says so with a button.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{RawQuery, State as Shared};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::{Fields, SCOPES, make_secret};
use crate::guard;
use crate::world::{Code, Issuer, State, Visitor, World};

const STYLE: &str = include_str!("../../../assets/consent.css");
/// A SHA-256 in base64url.
const CHALLENGE_LENGTH: usize = 43;

/// What an application asks a person for.
struct Request {
    redirect: Url,
    scopes: Vec<String>,
    state: Option<String>,
    challenge: Option<String>,
    skips_page: bool,
}

/// What is wrong with what an application asks.
enum ConsentTrouble {
    /// Nobody knows where to return to: Discord shows a page of its own.
    Page(&'static str),
    /// The application hears of it.
    Answer(Url, &'static str, &'static str),
}

/// Asks for consent; whoever agreed before, or is told to by a test, goes
/// straight back.
pub async fn ask(Shared(world): Shared<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    world.with(|state| match read(state, &query) {
        Err(_) if asks_for_bot(state, &query) => show_invite(state),
        Err(wrong) => refuse(wrong),
        Ok(request) => match state.sign_ins.visitor {
            Visitor::Agrees(person) => agree(state, &request, person),
            Visitor::Cancels => cancel(state, &request),
            Visitor::Reads => match agreed_before(state, &request) {
                Some(person) if request.skips_page => agree(state, &request, person),
                _ => page(state, &request, &query),
            },
        },
    })
}

/// Takes what somebody pressed on the page.
pub async fn decide(
    Shared(world): Shared<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Response {
    if !guard::comes_from_here(&headers) {
        return refusal("Another page sent this.");
    }
    let pressed = Fields::parse(body.as_bytes());
    let person = pressed.get("person").and_then(|id| id.parse().ok());
    world.with(|state| {
        let request = match read(state, &query.unwrap_or_default()) {
            Ok(request) => request,
            Err(wrong) => return refuse(wrong),
        };
        let known = person.filter(|id| state.people.iter().any(|it| it.id == *id && !it.is_app));
        match known {
            Some(person) => agree(state, &request, person),
            None => cancel(state, &request),
        }
    })
}

/// Returns the page's style.
pub async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css")], STYLE).into_response()
}

/// Whether a bot is to be added: that takes no address to return to, and
/// nobody comes back (docs/discord.md §11.1).
fn asks_for_bot(state: &State, query: &str) -> bool {
    let fields = Fields::parse(query.as_bytes());
    let mut scopes = fields.get("scope").unwrap_or_default().split_whitespace();
    fields.get("client_id") == Some(&state.application.to_string())
        && fields.get("redirect_uri").is_none()
        && scopes.any(|scope| scope == "bot")
}

/// The page on which a server is chosen. Every server of the emulated Discord
/// has the bot, or is there to show what happens without it.
fn show_invite(state: &State) -> Response {
    let mut servers = String::new();
    for server in &state.servers {
        let (name, has) = (escape(&server.name), server.installed);
        let words = if has {
            "has it already"
        } else {
            "stays without it"
        };
        let _ = write!(servers, "<li><b>{name}</b> {words}</li>");
    }
    let body = format!(
        "<h1><small>Emulated Discord</small> Add Latchkey to a server</h1>\
         <p>The real page asks here which of your servers gets the bot. These are emulated:</p>\
         <ul>{servers}</ul>"
    );
    framed(StatusCode::OK, &body, "'none'")
}

/// Reads what an application asks, as strictly as Discord does.
fn read(state: &State, query: &str) -> Result<Request, ConsentTrouble> {
    let fields = Fields::parse(query.as_bytes());
    if fields.get("client_id") != Some(&state.application.to_string()) {
        return Err(ConsentTrouble::Page("Unknown Application"));
    }
    if fields.get("response_type") != Some("code") {
        return Err(ConsentTrouble::Page("Unsupported response_type"));
    }
    let registered = |it: &&str| state.sign_ins.redirects.iter().any(|known| known == it);
    let redirect = fields.get("redirect_uri").filter(registered);
    let redirect = redirect.and_then(|it| Url::parse(it).ok());
    let redirect = redirect.ok_or(ConsentTrouble::Page("Invalid OAuth2 redirect_uri"))?;
    let scopes = fields.get("scope").unwrap_or_default();
    let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
    let is_known = |scope: &String| SCOPES.iter().any(|(known, _)| known == scope);
    if scopes.is_empty() || !scopes.iter().all(is_known) {
        return Err(ConsentTrouble::Page("The requested scope is invalid"));
    }
    let challenge = fields.get("code_challenge").map(str::to_owned);
    let is_s256 = fields.get("code_challenge_method") == Some("S256");
    let back = || back(state, &redirect, fields.get("state"));
    match &challenge {
        Some(_) if !is_s256 => {
            let words = "Unsupported \"code_challenge_method\"";
            return Err(ConsentTrouble::Answer(back(), "invalid_request", words));
        }
        Some(text) if text.len() != CHALLENGE_LENGTH => {
            let words = "Invalid \"code_challenge\"";
            return Err(ConsentTrouble::Answer(back(), "invalid_request", words));
        }
        _ => {}
    }
    Ok(Request {
        state: fields.get("state").map(str::to_owned),
        skips_page: fields.get("prompt") == Some("none"),
        redirect,
        scopes,
        challenge,
    })
}

/// The person who agreed last, if that was to all that is asked now.
fn agreed_before(state: &State, request: &Request) -> Option<u64> {
    let person = state.sign_ins.agreed_last?;
    let mut theirs = state
        .sign_ins
        .authorizations
        .iter()
        .filter(|it| it.person == person && !it.is_revoked && it.refresh_token.is_some());
    let covers = |it: &crate::world::Authorization| {
        request.scopes.iter().all(|scope| it.scopes.contains(scope))
    };
    theirs.any(covers).then_some(person)
}

fn agree(state: &mut State, request: &Request, person: u64) -> Response {
    let text = make_secret(state);
    let mut back = back(state, &request.redirect, request.state.as_deref());
    back.query_pairs_mut().append_pair("code", &text);
    state.sign_ins.agreed_last = Some(person);
    state.sign_ins.codes.push(Code {
        text,
        person,
        scopes: request.scopes.clone(),
        redirect: request.redirect.to_string(),
        challenge: request.challenge.clone(),
        made: Instant::now(),
        is_used: false,
    });
    send_to(&back)
}

fn cancel(state: &State, request: &Request) -> Response {
    let back = back(state, &request.redirect, request.state.as_deref());
    let words = "The resource owner or authorization server denied the request";
    refuse(ConsentTrouble::Answer(back, "access_denied", words))
}

fn refuse(wrong: ConsentTrouble) -> Response {
    match wrong {
        ConsentTrouble::Page(words) => refusal(words),
        ConsentTrouble::Answer(mut back, error, words) => {
            back.query_pairs_mut()
                .append_pair("error", error)
                .append_pair("error_description", words);
            send_to(&back)
        }
    }
}

/// Where the browser returns to, with what every answer says.
fn back(state: &State, redirect: &Url, sent: Option<&str>) -> Url {
    let mut back = redirect.clone();
    let issuer = match &state.sign_ins.issuer {
        Issuer::Own => state.address.map(|address| format!("http://{address}")),
        Issuer::Other(other) => Some(other.clone()),
        Issuer::Unsaid => None,
    };
    let mut pairs = back.query_pairs_mut();
    if let Some(sent) = sent {
        pairs.append_pair("state", sent);
    }
    if let Some(issuer) = issuer {
        pairs.append_pair("iss", &issuer);
    }
    drop(pairs);
    back
}

fn send_to(address: &Url) -> Response {
    let headers = [
        (LOCATION, address.as_str()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// The page, with a button for each person of the world.
fn page(state: &State, request: &Request, query: &str) -> Response {
    let mut text = String::new();
    let people = state.people.iter().filter(|person| !person.is_app);
    for person in people {
        let (id, name) = (person.id, escape(&person.name));
        let _ = write!(
            text,
            "<button name=\"person\" value=\"{id}\">Authorize as <strong>{name}</strong></button>"
        );
    }
    let mut may = String::new();
    let asked = SCOPES
        .iter()
        .filter(|(scope, _)| request.scopes.iter().any(|it| it == scope));
    for (_, words) in asked {
        let _ = write!(may, "<li>{words}</li>");
    }
    let site = escape(&request.redirect.origin().ascii_serialization());
    let action = escape(&format!("?{query}"));
    let body = format!(
        "<h1><small>Emulated Discord</small> Latchkey wants to know who you are</h1>\
         <p>It will be able to:</p><ul>{may}</ul>\
         <p>Who are you? Afterwards you go on at <b>{site}</b>.</p>\
         <form method=\"post\" action=\"{action}\">{text}\
         <button name=\"cancel\" value=\"1\" class=\"quiet\">Cancel</button></form>"
    );
    framed(StatusCode::OK, &body, &format!("'self' {site}"))
}

fn refusal(words: &str) -> Response {
    let body = format!("<h1><small>Emulated Discord</small> {}</h1>", escape(words));
    framed(StatusCode::BAD_REQUEST, &body, "'none'")
}

/// A page of ours. Its form may lead to where the application wants to have
/// the browser back, since browsers stop a form that is sent on elsewhere.
fn framed(status: StatusCode, body: &str, form_action: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action {form_action}"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without a referrer a form would say nothing of its origin.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Emulated Discord</title><link rel=\"stylesheet\" href=\"/oauth2/consent.css\">\
         <main>{body}</main></html>"
    );
    (status, headers, Html(page)).into_response()
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}
