//! Signing in elsewhere with Discord's account (OAuth2): `docs/discord.md` §11.

mod bearer;
mod consent;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::{get, post};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

pub use bearer::{authorization, servers, user};

use crate::world::{State, World};

/// What an application may ask for, by Discord's words for it. Others are
/// known to Discord and need its approval.
const SCOPES: &[(&str, &str)] = &[
    ("identify", "See your name and picture"),
    ("guilds", "See which servers you are in"),
    ("email", "See your e-mail address"),
    ("connections", "See accounts elsewhere that you have linked"),
    ("guilds.join", "Add you to servers"),
    ("guilds.members.read", "See your name and roles in servers"),
    ("applications.commands", "Add commands"),
    ("bot", "Add a bot to a server"),
];

/// Returns the routes of the page for consent and of tokens. Calls with a
/// person's token stand among those of REST.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/oauth2/authorize", get(consent::ask).post(consent::decide))
        .route(
            "/api/oauth2/authorize",
            get(consent::ask).post(consent::decide),
        )
        .route("/oauth2/consent.css", get(consent::style))
        .route("/api/oauth2/token", post(tokens::token))
        .route("/api/v10/oauth2/token", post(tokens::token))
        .route("/api/oauth2/token/revoke", post(tokens::revoke))
        .route("/api/v10/oauth2/token/revoke", post(tokens::revoke))
        .with_state(world)
}

/// The token of a person that a call carries.
pub fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Names and values of a form or a query; of two with one name, the first.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Makes a secret of Discord's form: 30 letters and digits that nobody guesses
/// who does not know the application's secret.
fn make_secret(state: &mut State) -> String {
    let number = state.snowflake().to_be_bytes();
    let mut hash = Sha256::new();
    hash.update(&state.sign_ins.client_secret);
    hash.update(&state.bot_token);
    hash.update(number);
    let digits = hash.finalize().into_iter().flat_map(|byte| {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        [digit(byte >> 4), digit(byte & 15)]
    });
    digits.take(30).collect()
}
