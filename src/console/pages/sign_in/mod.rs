//! Signing in with Discord, and out again; `docs/security.md` §3.
//!
//! Signing in is a link and no form: the policy of our pages keeps a form
//! from being sent on to another site.

mod browser_name;
mod next;
mod trouble;

use axum::http::header::{HOST, USER_AGENT};
use axum::http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::app::{Consent, NewSession, ReturnedCode, SignInTrouble};

use crate::console::cookies;
use crate::console::frame::Section;
use crate::console::markup::html;
use crate::console::pages::stopped;
use crate::console::reply::{Page, Redirection};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};

pub const ROWS: &[Row] = &[
    row!(GET "/sign-in" Visitor begin).taking_anything(),
    row!(GET "/sign-in/back" Visitor come_back).taking_anything(),
    row!(GET "/signed-in" SignedIn show_signed_in).taking_anything(),
    row!(POST "/sign-out" Visitor sign_out),
];

/// Where a browser says that it asks before anybody wants to see the page.
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
/// Has the browser forget the pages that it keeps.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// How long a browser keeps the cookie of a sign-in, and that of a session, in
/// seconds. The program forgets either earlier or at the same time.
const SIGN_IN_SECONDS: u64 = 10 * 60;
const SESSION_SECONDS: u64 = 12 * 60 * 60;
/// The longest parameter that Discord brings back, in bytes.
const PARAMETER_BYTES_MAX: usize = 512;

/// Sends the browser to Discord.
async fn begin(visit: Visit) -> HandlerResult {
    let is_early = visit
        .headers
        .get(SEC_PURPOSE)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.contains("prefetch"));
    if is_early {
        return Err(trouble::nobody_looks());
    }
    let host = visit.headers.get(HOST).and_then(|it| it.to_str().ok());
    if let Some(there) = next::own_name(visit.app().console_url(), host, &visit.uri) {
        return Ok(Redirection::at(there).into());
    }
    let next = next::safe_next(visit.query("next").as_deref());
    let people = &visit.app().people;
    let describe = |why| trouble::describe(why, &next);
    people.check_sign_in().map_err(describe)?;
    let now_ms = visit.app().now_ms();
    let pace = &visit.console.sign_in_pace;
    pace.count(visit.origin.client, now_ms)
        .map_err(trouble::too_often)?;
    // A browser that signs in in two tabs keeps one cookie for both.
    let cookie = cookies::find(&visit.headers, cookies::SIGN_IN);
    let begun = people.begin_sign_in(&next, cookie).await?;
    let consent = if visit.query("again").is_some() {
        Consent::Again
    } else {
        Consent::Once
    };
    let there = people.sign_in_address(&begun, consent).map_err(describe)?;
    let cookie = cookies::set(cookies::SIGN_IN, &begun.cookie, SIGN_IN_SECONDS);
    Ok(Redirection::at(there).cookie(cookie).into())
}

/// Takes the browser back from Discord, and begins a session.
async fn come_back(visit: Visit) -> HandlerResult {
    let people = &visit.app().people;
    let brought = |name: &str| {
        let value = visit.query(name)?;
        (value.len() <= PARAMETER_BYTES_MAX).then_some(value)
    };
    let state = brought("state").map(SecretString::from);
    let cookie = cookies::find(&visit.headers, cookies::SIGN_IN);
    let Some((state, cookie)) = state.zip(cookie) else {
        return Err(trouble::has_ended());
    };
    let returned = people.take_sign_in(&state, &cookie).await?;
    let Some(returned) = returned else {
        return Err(trouble::has_ended());
    };
    let next = next::safe_next(Some(&returned.next));
    if let Some(error) = brought("error") {
        return Err(match error.as_str() {
            "access_denied" => trouble::declined(&next),
            _ => trouble::describe(SignInTrouble::Refused, &next),
        });
    }
    let code = brought("code").ok_or_else(trouble::has_ended)?;
    let identity = people.identify(ReturnedCode {
        code: code.into(),
        verifier: returned.verifier,
        issuer: brought("iss"),
    });
    let identity = identity
        .await
        .map_err(|why| trouble::describe(why, &next))?;
    let agent = visit.headers.get(USER_AGENT);
    let agent = agent.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let before = visit.session.as_ref().map(|own| own.session.clone());
    let cookie = people.begin_session(NewSession {
        person: identity.person,
        name: identity.name,
        servers: identity.servers,
        joined: identity.joined,
        browser: browser_name::describe(agent),
        before,
    });
    let cookie = cookies::set(cookies::SESSION, &cookie.await?, SESSION_SECONDS);
    Ok(Redirection::at(next).cookie(cookie).into())
}

/// For whoever signed in beside a form that they want to send.
async fn show_signed_in(visit: Visit, person: SignedIn) -> HandlerResult {
    let name = &person.session.session.name;
    let body = html! {
        div.head {
            div {
                h1 { "You are signed in" }
                p {
                    "As " (name) ". If you came from a form, go back to its tab and send it from \
                     there; this one can be closed."
                }
            }
        }
        (stopped::show_outside(&visit, &person).await?)
    };
    Ok(Page::new(Section::None, "You are signed in", body).into())
}

/// Ends the session, and has the browser forget the pages that it keeps.
async fn sign_out(visit: Visit) -> HandlerResult {
    if let Some(own) = &visit.session {
        let session = &own.session;
        let people = &visit.app().people;
        people.end_session(session.person, session.id).await?;
    }
    let gone = cookies::set(cookies::SESSION, &SecretString::default(), 0);
    let mut elsewhere = Redirection::at("/").cookie(gone);
    let cache = HeaderValue::from_static("\"cache\"");
    elsewhere.headers.insert(CLEAR_SITE_DATA, cache);
    Ok(elsewhere.into())
}

/// Refuses what cannot be undone to whoever has not signed in for a while;
/// `back` is where they come back to once they have signed in again.
pub fn require_fresh(visit: &Visit, person: &SignedIn, back: &str) -> Result<(), Trouble> {
    if person.session.is_fresh(visit.app().now_ms()) {
        return Ok(());
    }
    Err(trouble::sign_in_once_more(back))
}
