//! What an application reads with a person's token: who they are, and their
//! servers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::errors::refuse;
use super::super::payload;
use crate::world::{Authorization, Person, State, permission as may};

/// Until when a token is valid: later than any test.
const EXPIRES: &str = "2099-01-01T00:00:00.000000+00:00";

/// The person of a token.
pub fn user(state: &State, token: &str) -> Response {
    with_scope(state, token, "identify", |it| {
        let person = state.people.iter().find(|person| person.id == it.person);
        person.map(own_user).unwrap_or_default()
    })
}

/// A person as they see themselves.
fn own_user(person: &Person) -> Value {
    let mut user = payload::user(person);
    for (name, value) in [
        ("flags", json!(0)),
        ("primary_guild", Value::Null),
        ("mfa_enabled", json!(false)),
        ("locale", json!(person.locale)),
        ("premium_type", json!(0)),
    ] {
        user[name] = value;
    }
    if let Some(fields) = user.as_object_mut() {
        // It is there only for bots.
        fields.remove("bot");
    }
    user
}

/// The servers of a token's person, with what they may do there.
pub fn servers(state: &State, token: &str) -> Response {
    with_scope(state, token, "guilds", |it| {
        let theirs = state
            .servers
            .iter()
            .filter(|s| s.members.contains_key(&it.person));
        let shown = theirs.map(|server| {
            let mut permissions = server.permissions_of(it.person);
            if server.timed_out.contains(&it.person) {
                permissions &= may::VIEW_CHANNEL | may::READ_MESSAGE_HISTORY;
            }
            json!({
                "id": server.id.to_string(), "name": server.name, "icon": null, "banner": null,
                "owner": false, "permissions": permissions.to_string(), "features": [],
            })
        });
        Value::Array(shown.collect())
    })
}

/// What a token is good for.
pub fn authorization(state: &State, token: &str) -> Response {
    let Some(found) = find(state, token) else {
        return unauthorized();
    };
    let person = state.people.iter().find(|person| person.id == found.person);
    let mut application = payload::application(state);
    application["type"] = Value::Null;
    application["flags_new"] = json!(application["flags"].to_string());
    let mut said = json!({
        "application": application, "scopes": found.scopes, "expires": EXPIRES,
    });
    if found.scopes.iter().any(|scope| scope == "identify") {
        said["user"] = person.map(own_user).unwrap_or_default();
    }
    Json(said).into_response()
}

fn with_scope(
    state: &State,
    token: &str,
    scope: &str,
    say: impl FnOnce(&Authorization) -> Value,
) -> Response {
    match find(state, token) {
        None => unauthorized(),
        Some(found) if !found.scopes.iter().any(|it| it == scope) => {
            let words = "Missing required OAuth2 scope";
            refuse(StatusCode::FORBIDDEN, 50_026, words)
        }
        Some(found) => Json(say(found)).into_response(),
    }
}

fn find<'s>(state: &'s State, token: &str) -> Option<&'s Authorization> {
    let mut all = state.sign_ins.authorizations.iter();
    all.find(|it| it.access_token == token && it.is_alive())
}

fn unauthorized() -> Response {
    refuse(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized")
}
