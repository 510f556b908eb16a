//! Signing in with OpenRouter, which makes a key for whoever agrees to it there.
//! The key comes by a call of ours: no browser and no Discord sees it;
//! `docs/security.md` §3.3.
//!
//! It begins with a link and no form, as signing in does.

use std::sync::Arc;

use axum::http::StatusCode;
use secrecy::SecretString;

use crate::app::{Error, KEY_CONSENT_PATH, MadeKeyTrouble};
use crate::console::cookies;
use crate::console::markup::{Markup, html};
use crate::console::parts::icon;
use crate::console::reply::Redirection;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::{Names, describe_trouble};
use crate::model::{Check, KeyRefusal, NoKeyMade, ProviderId, Refusal};

use super::KeyRing;
use super::add::describe_added;

/// Below which it comes back.
const BACK: &str = "/keys/openrouter/back";
/// How long a browser keeps the cookie, in seconds. The program forgets at the
/// same time.
const COOKIE_SECONDS: u64 = 10 * 60;
/// The longest parameter that comes back, in bytes.
const PARAMETER_BYTES_MAX: usize = 512;

/// The link that leads there; nothing where no key can be made or stored.
pub fn link(visit: &Visit) -> Markup {
    html! {
        @if let Some(maker) = visit.app().keys.key_maker() {
            a.btn href=(KEY_CONSENT_PATH) { (icon::plain("key")) "Sign in with " (maker.name()) }
        }
    }
}

/// Sends the browser to OpenRouter.
pub async fn begin(visit: Visit, person: SignedIn) -> HandlerResult {
    let app = visit.app();
    let ring = KeyRing::read(&visit, &person).await?;
    let can_be_made = ring.is_enabled && app.keys.key_maker().is_some();
    if !can_be_made {
        return Err(KeyRefusal::ByokDisabled.into());
    }
    if !ring.is_in_tier() {
        return Ok(Redirection::at("/keys/new").into());
    }
    let pace = &visit.console.sign_in_pace;
    pace.count(visit.origin.client, app.now_ms())
        .map_err(too_often)?;
    let cookie = cookies::find(&visit.headers, cookies::KEY_CONSENT);
    let begun = app.people.begin_key_consent(person.id(), cookie).await?;
    let ours = app.console_url().unwrap_or_default();
    let there = app.keys.consent_address(&begun, &format!("{ours}{BACK}"));
    let there = there.ok_or_else(Trouble::nothing_here)?;
    let cookie = cookies::set(cookies::KEY_CONSENT, &begun.cookie, COOKIE_SECONDS);
    Ok(Redirection::at(there).cookie(cookie).into())
}

/// Takes the browser back from OpenRouter, and stores the key.
pub async fn come_back(visit: Visit, person: SignedIn) -> HandlerResult {
    let app = visit.app();
    let state = SecretString::from(visit.path_value(0));
    let cookie = cookies::find(&visit.headers, cookies::KEY_CONSENT);
    let cookie = cookie.ok_or_else(has_ended)?;
    let taken = app.people.take_key_consent(person.id(), &state, &cookie);
    let verifier = taken.await?.ok_or_else(has_ended)?;
    let code = visit.query("code");
    let code = code.filter(|code| code.len() <= PARAMETER_BYTES_MAX);
    let code = SecretString::from(code.ok_or_else(declined)?);
    let caller = person.caller(&visit).await?;
    let keys = Arc::clone(&app.keys);
    // To its end, also where nobody waits for it any more: the code is good once.
    let storing = app
        .tasks
        .spawn(async move { keys.put_made(&caller, &code, &verifier).await });
    let stored = storing.await.map_err(|_| away())?;
    let added = stored.map_err(|trouble| match trouble {
        MadeKeyTrouble::Unmade(NoKeyMade::CodeRefused) => has_ended(),
        MadeKeyTrouble::Unmade(NoKeyMade::Away) => away(),
        MadeKeyTrouble::Refused(error) => not_fetched(error),
        MadeKeyTrouble::Lost(error) => not_stored(Names::of(app.providers()), error),
    })?;
    let name = app.keys.key_maker().map_or("", |maker| maker.name());
    let words = describe_added(name, &added);
    person.say_at(&visit, "/keys", &words).await
}

/// What came back is nothing that this person began in this browser a moment
/// ago. Which of its parts is wrong is said to nobody.
fn has_ended() -> Trouble {
    again(Trouble::new(
        StatusCode::BAD_REQUEST,
        "That has ended",
        "It was used before, took longer than ten minutes, or was begun in another browser or \
         by somebody else. No key was stored. Start again.",
    ))
}

/// The person did not agree.
fn declined() -> Trouble {
    again(Trouble::new(
        StatusCode::OK,
        "No key was made",
        "You did not agree at OpenRouter, so nothing was made there and nothing is stored here. \
         You can start again, or paste a key of yours.",
    ))
    .way("/keys/new?provider=openrouter", "Paste a key")
}

/// OpenRouter does not answer.
fn away() -> Trouble {
    again(Trouble::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "OpenRouter does not answer",
        "It could not hand out the key: it is out of order, or out of reach. Nothing is stored \
         here. If it made one all the same, its page of keys shows it, and you can delete it \
         there. Try again in a minute.",
    ))
}

/// The key could not be stored now, so OpenRouter was not asked for it.
fn not_fetched(error: Error) -> Trouble {
    let trouble = Trouble::from(error);
    trouble.way(KEY_CONSENT_PATH, "Start again")
}

/// OpenRouter made a key, and it is nowhere here.
fn not_stored(names: Names<'_>, error: Error) -> Trouble {
    let why = why_not_stored(&error);
    let cause = Trouble::from(error);
    let words = format!(
        "OpenRouter made a key, and it could not be stored here: {why}. Nobody here has it. Delete \
         it on OpenRouter’s page of keys."
    );
    let trouble = Trouble::new(cause.status, "The new key is not stored", words);
    let trouble = match names.key_page(&ProviderId::from("openrouter")) {
        Some(page) => trouble.way(page, "Keys at OpenRouter"),
        None => trouble,
    };
    trouble.way("/keys", "Go to your keys")
}

/// Why a key that was made is not stored, as the end of a sentence.
fn why_not_stored(error: &Error) -> String {
    match error {
        Error::Refused(Refusal::Key(KeyRefusal::KeptWorking(kept)))
            if matches!(kept.found, Check::Unknown(_)) =>
        {
            "OpenRouter could not be asked about it, and your key that works stays in place"
                .to_owned()
        }
        Error::Refused(Refusal::Key(KeyRefusal::KeptWorking(_))) => {
            "its account is out of credit, so it can’t pay, and your key that works stays in place"
                .to_owned()
        }
        Error::Refused(Refusal::Key(KeyRefusal::KeyRefused { .. })) => {
            "OpenRouter itself does not accept it".to_owned()
        }
        Error::Refused(refusal) => refusal.to_string(),
        Error::Troubled(trouble, _) => describe_trouble(*trouble).to_owned(),
        Error::Failed(_) => "something went wrong, and the operator’s log says what".to_owned(),
    }
}

fn again(trouble: Trouble) -> Trouble {
    trouble
        .way(KEY_CONSENT_PATH, "Start again")
        .way("/keys", "Go to your keys")
}

/// Too many began at one address.
fn too_often(wait_s: u64) -> Trouble {
    let words = format!(
        "Ten sign-ins began at your address within a minute. Nothing is wrong with your \
         account; try again in {wait_s} s."
    );
    let status = StatusCode::TOO_MANY_REQUESTS;
    Trouble::new(status, "Too many sign-ins", words)
        .way("/keys", "Go to your keys")
        .retry_after(wait_s)
}
