//! Finds the token that a request brings, and looks up whose it is.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use secrecy::SecretString;

use crate::app::Error;
use crate::gateway::Gateway;
use crate::gateway::replies::problem::Problem;
use crate::model::{Refusal, TOKEN_PREFIX, Token, TokenRefusal};

/// Where libraries put a provider's key, and so a token of ours.
const KEY_HEADERS: [&str; 2] = ["x-goog-api-key", "x-api-key"];

impl Gateway {
    /// Looks up a token, and counts one that does not work against the
    /// address that sent it.
    pub async fn authenticate(
        &self,
        secret: &SecretString,
        client: IpAddr,
    ) -> Result<Arc<Token>, Problem> {
        let now_ms = self.app.now_ms();
        let lane = self.bad_tokens.lookup_lane(client, now_ms);
        match self.app.people.authenticate(secret, lane).await {
            Err(Error::Refused(Refusal::Token(TokenRefusal::BadToken))) => {
                // In a box: otherwise the future of every call with a good
                // token would have room for this too.
                Err(Box::pin(self.refuse_bad_token(client, now_ms)).await)
            }
            found => Ok(found?),
        }
    }

    /// Counts a bad token, and says no: later where the address has sent too
    /// many.
    async fn refuse_bad_token(&self, client: IpAddr, now_ms: i64) -> Problem {
        let slowed_for_s = self.bad_tokens.slowed_for_s(client, now_ms);
        self.bad_tokens.record_bad_token(client, now_ms);
        let Some(retry_after_s) = slowed_for_s else {
            return Refusal::Token(TokenRefusal::BadToken).into();
        };
        self.bad_tokens.delay().await;
        Problem {
            retry_after_s: Some(retry_after_s),
            ..Refusal::Token(TokenRefusal::TooManyBadTokens).into()
        }
    }
}

/// The token in a request's headers, wherever the dialect puts it. Never one
/// in the address: proxies write addresses to their logs. Two different
/// tokens are refused, as nobody could tell on whose behalf the call is.
pub fn find_token(headers: &HeaderMap) -> Result<Option<SecretString>, Problem> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let bearer = text("authorization").and_then(|value| {
        value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
    });
    let bearer = bearer.map(|(_, token)| token.trim());
    // A value without our prefix is a provider's key.
    let is_ours = |value: &&str| value.starts_with(TOKEN_PREFIX);
    let elsewhere = KEY_HEADERS.into_iter().filter_map(text).filter(is_ours);
    let mut found = bearer
        .into_iter()
        .chain(elsewhere)
        .filter(|it| !it.is_empty());
    let Some(token) = found.next() else {
        return Ok(None);
    };
    if found.any(|other| other != token && is_ours(&token)) {
        return Err(tokens_disagree());
    }
    Ok(Some(SecretString::from(token)))
}

/// Whether a request brings a token of ours, in form: not a provider's key,
/// and not a word that stands for one.
pub fn brings_token(headers: &HeaderMap) -> bool {
    let bearer = headers.get_all("authorization").iter();
    let bearer = bearer.filter_map(|value| value.to_str().ok()?.split_once(' '));
    let mut bearer = bearer.map(|(_, token)| token.trim());
    let elsewhere = |name: &&str| {
        let value = headers.get(*name);
        value.is_some_and(|value| value.as_bytes().starts_with(TOKEN_PREFIX.as_bytes()))
    };
    bearer.any(|token| token.starts_with(TOKEN_PREFIX)) || KEY_HEADERS.iter().any(elsewhere)
}

fn tokens_disagree() -> Problem {
    Problem::new(
        400,
        "tokens_disagree",
        "Two different tokens came with the call. Send the one that it is made with.",
    )
}
