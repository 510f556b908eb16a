//! `OpenRouter`'s page on which a person lets an application have a key, and the
//! exchange of the code for it: `docs/providers.md` §3.3.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::json_fields::text;
use super::keys::sample;
use crate::world::{ConsentCode, ConsentHabit, Standing, World};

type Fields = HashMap<String, String>;

const ID: &str = "openrouter";
/// A SHA-256 in base64url.
const CHALLENGE_LENGTH: usize = 43;

/// Asks for consent; whoever is told to by a test goes straight back.
pub async fn ask(Shared(world): Shared<Arc<World>>, Query(fields): Query<Fields>) -> Response {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let Some(back) = Url::parse(field("callback_url")).ok() else {
        return refuse(400, "Invalid callback_url");
    };
    let challenge = field("code_challenge");
    if field("code_challenge_method") != "S256" || challenge.len() != CHALLENGE_LENGTH {
        return refuse(400, "Invalid code_challenge_method");
    }
    world.with(|state| {
        let providers = &mut state.providers;
        let pressed = match fields.get("pressed").map(String::as_str) {
            Some("agree") => ConsentHabit::Agrees,
            Some(_) => ConsentHabit::Declines,
            None => providers.consent,
        };
        match pressed {
            ConsentHabit::Reads => page(&fields),
            ConsentHabit::Declines => go(back),
            ConsentHabit::Agrees => {
                let code = format!("made-up-code-{}", providers.consent_codes.len());
                providers.consent_codes.push(ConsentCode {
                    code: code.clone(),
                    challenge: challenge.to_owned(),
                    is_used: false,
                    is_expired: false,
                });
                let mut back = back;
                back.query_pairs_mut().append_pair("code", &code);
                go(back)
            }
        }
    })
}

/// Exchanges a code for a key. A try uses it up.
pub async fn exchange(Shared(world): Shared<Arc<World>>, Json(body): Json<Value>) -> Response {
    if text(&body, "code_challenge_method") != "S256" {
        return refuse(400, "Invalid code_challenge_method");
    }
    let verifier = text(&body, "code_verifier");
    let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    world.with(|state| {
        let codes = &mut state.providers.consent_codes;
        let known = codes.iter_mut().find(|it| it.code == text(&body, "code"));
        let is_good = known.is_some_and(|it| {
            let was_used = std::mem::replace(&mut it.is_used, true);
            !was_used && !it.is_expired && it.challenge == proof
        });
        if !is_good {
            return refuse(403, "Invalid code or code_verifier");
        }
        let standing = if state.providers.makes_empty_keys {
            Standing::Empty
        } else {
            Standing::Good
        };
        let key = sample(ID, standing);
        Json(json!({"key": key, "user_id": "user_made_up"})).into_response()
    })
}

fn go(to: Url) -> Response {
    (StatusCode::FOUND, [(LOCATION, String::from(to))]).into_response()
}

fn refuse(status: u16, words: &str) -> Response {
    let body = json!({"error": {"code": status, "message": words}});
    super::errors::refusals::json_response(status, body)
}

fn page(fields: &Fields) -> Response {
    let pressed = |word: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fields).append_pair("pressed", word);
        query.finish().replace('&', "&amp;")
    };
    Html(format!(
        "<!doctype html><title>Emulated OpenRouter</title><h1>Emulated OpenRouter</h1>\
         <p>Latchkey asks for a key of yours. It is made up.</p>\
         <p><a href=\"?{}\">Authorize</a> <a href=\"?{}\">Cancel</a></p>",
        pressed("agree"),
        pressed("cancel")
    ))
    .into_response()
}
