//! Codes become tokens, tokens are renewed, and revoked.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::faults;
use super::{Fields, make_secret};
use crate::world::{Authorization, State, TOKEN_LIVES, World};

const FORM: &str = "application/x-www-form-urlencoded";
/// How short and how long a verifier may be (RFC 7636, section 4.1).
const VERIFIER_MIN: usize = 43;
const VERIFIER_MAX: usize = 128;

/// An error as RFC 6749 writes it, which is not how the rest of Discord does.
type Refusal = (StatusCode, &'static str, &'static str);

fn bad(error: &'static str, words: &'static str) -> Refusal {
    (StatusCode::BAD_REQUEST, error, words)
}

/// Exchanges a code, renews a token, or makes one for the application's owner.
pub async fn token(
    Shared(world): Shared<Arc<World>>,
    address: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&world, address.path(), |state| {
        let fields = read(state, &headers, &body)?;
        match fields.get("grant_type") {
            Some("authorization_code") => exchange(state, &fields),
            Some("refresh_token") => renew(state, &fields),
            Some("client_credentials") => for_owner(state, &fields),
            _ => Err(bad("unsupported_grant_type", "Unsupported grant type")),
        }
    })
    .await
}

/// Ends an authorization, whichever of its tokens is named.
pub async fn revoke(
    Shared(world): Shared<Arc<World>>,
    address: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&world, address.path(), |state| {
        let fields = read(state, &headers, &body)?;
        let token = fields.get("token");
        let token = token.ok_or(bad("invalid_request", "Missing \"token\" in request."))?;
        let named = |it: &Authorization| {
            it.access_token == token || it.refresh_token.as_deref() == Some(token)
        };
        let mut all = state.sign_ins.authorizations.iter();
        let (person, for_owner) = match all.find(|it| named(it)) {
            Some(found) => (found.person, found.refresh_token.is_none()),
            // RFC 7009, section 2.2: a token that is not known is no error.
            None => return Ok(json!({})),
        };
        for it in &mut state.sign_ins.authorizations {
            if it.person == person && it.refresh_token.is_none() == for_owner {
                it.is_revoked = true;
            }
        }
        Ok(json!({}))
    })
    .await
}

/// Meets the faults that a test asked for, then answers.
async fn answer(
    world: &World,
    path: &str,
    work: impl FnOnce(&mut State) -> Result<Value, Refusal>,
) -> Response {
    let fault = world.with(|state| faults::take_fault(state, (&Method::POST, path), None));
    if let Some(fault) = &fault {
        tokio::time::sleep(fault.delay).await;
    }
    let trouble = fault.map(|fault| fault.trouble);
    if let Some(instead) = trouble.as_ref().and_then(faults::answer_instead) {
        return instead;
    }
    let answered = match world.with(work) {
        Ok(said) => ([(CACHE_CONTROL, "no-store")], Json(said)).into_response(),
        Err((status, error, words)) => {
            let said = json!({"error": error, "error_description": words});
            (status, Json(said)).into_response()
        }
    };
    faults::spoil_answer(trouble.as_ref(), answered)
}

/// Reads a form, if it comes from the application.
fn read(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<Fields, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next();
    if kind.map(str::trim) != Some(FORM) {
        return Err(bad("invalid_request", "Only a form is taken here."));
    }
    let fields = Fields::parse(body);
    let basic = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let basic = basic.and_then(|it| it.strip_prefix("Basic "));
    let ours = [
        state.application.to_string(),
        state.sign_ins.client_secret.clone(),
    ];
    let is_ours = if let Some(basic) = basic {
        let text = BASE64_STANDARD.decode(basic).unwrap_or_default();
        text == ours.join(":").as_bytes()
    } else {
        let sent = ["client_id", "client_secret"].map(|name| fields.get(name));
        sent == ours.each_ref().map(|it| Some(it.as_str()))
    };
    if !is_ours || state.sign_ins.client_secret.is_empty() {
        return Err((StatusCode::UNAUTHORIZED, "invalid_client", "Invalid client"));
    }
    Ok(fields)
}

fn exchange(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let wrong = bad("invalid_grant", "Invalid \"code\" in request.");
    let text = fields.get("code").unwrap_or_default();
    let found = state.sign_ins.codes.iter_mut().find(|it| it.text == text);
    let code = found.filter(|code| code.is_good()).ok_or(wrong)?;
    // Whatever is wrong with the rest, nobody tries the same code twice.
    code.is_used = true;
    if fields.get("redirect_uri") != Some(&code.redirect) {
        return Err(bad("invalid_grant", "Invalid \"redirect_uri\" in request."));
    }
    check_verifier(code.challenge.as_deref(), fields.get("code_verifier"))?;
    let (person, scopes) = (code.person, code.scopes.clone());
    state.sign_ins.exchanges += 1;
    Ok(grant(state, person, scopes, true))
}

/// Compares a verifier with the challenge that the code was asked for with.
fn check_verifier(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(bad("invalid_grant", "Unexpected \"code_verifier\"")),
        (Some(_), None) => Err(bad("invalid_request", "Missing \"code_verifier\"")),
        (Some(_), Some(sent)) if !(VERIFIER_MIN..=VERIFIER_MAX).contains(&sent.len()) => {
            Err(bad("invalid_request", "Invalid \"code_verifier\""))
        }
        (Some(challenge), Some(sent)) => {
            let ours = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(sent));
            let wrong = bad("invalid_grant", "Invalid \"code_verifier\"");
            (ours == challenge).then_some(()).ok_or(wrong)
        }
    }
}

fn renew(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let wrong = bad("invalid_grant", "Invalid \"refresh_token\" in request.");
    let token = fields.get("refresh_token").ok_or(wrong)?;
    let all = &mut state.sign_ins.authorizations;
    let at = all
        .iter()
        .position(|it| it.refresh_token.as_deref() == Some(token) && !it.is_revoked);
    let old = all.remove(at.ok_or(wrong)?);
    Ok(grant(state, old.person, old.scopes, true))
}

/// A token for whoever owns the application: the first person of the world.
fn for_owner(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let scopes = fields.get("scope").unwrap_or_default();
    let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
    let owner = state.people.first().map(|person| person.id);
    let owner = owner.ok_or(bad("invalid_request", "Nobody owns the application."))?;
    Ok(grant(state, owner, scopes, false))
}

fn grant(state: &mut State, person: u64, scopes: Vec<String>, is_renewable: bool) -> Value {
    let access_token = make_secret(state);
    let refresh_token = is_renewable.then(|| make_secret(state));
    let mut said = json!({
        "access_token": access_token, "token_type": "Bearer",
        "expires_in": TOKEN_LIVES.as_secs(), "scope": scopes.join(" "),
    });
    if let Some(refresh_token) = &refresh_token {
        said["refresh_token"] = json!(refresh_token);
    }
    state.sign_ins.authorizations.push(Authorization {
        person,
        scopes,
        access_token,
        refresh_token,
        made: Instant::now(),
        is_revoked: false,
    });
    said
}
