//! Sessions: who sends a call, and whether they may make it.

mod bad_tokens;
mod client_address;
mod concurrency;
mod key_trials;
mod token;

pub use bad_tokens::BadTokenThrottle;
pub use client_address::client_address;
pub use concurrency::CallPermits;
pub use key_trials::outcome_of;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use crate::app::nobody_else;
use crate::gateway::Gateway;
use crate::gateway::calls::request_key;
use crate::gateway::replies::problem::Problem;
use crate::gateway::routing::requirement::Requirement;
use crate::model::{
    AccessRefusal, Caller, PersonId, Refusal, Right, Scope, Scopes, ServerId, Token, TokenRefusal,
};

/// Who sends a call, and on whose behalf.
pub struct Session {
    /// None where a call needs no token, or its own key stands in for one.
    pub token: Option<Arc<Token>>,
    pub caller: Caller,
    /// Whether the call is about the caller's own keys and usage, about those
    /// of a server that the caller manages, or about the operator's.
    pub scope: Scope,
    /// The call's shares of the limits on calls at once.
    pub permits: CallPermits,
}

/// What is known of a request before its sender is.
pub struct Arrival<'a> {
    /// Where it comes from, as far as that can be told.
    pub client: IpAddr,
    pub headers: &'a HeaderMap,
    /// What the address names, in order: a server's id, a key's id.
    pub path_values: &'a [String],
}

impl Session {
    /// A session without a token, in which nothing is known of the caller.
    fn anonymous() -> Self {
        Self {
            token: None,
            caller: nobody_else(PersonId::UNKNOWN),
            scope: Scope::User,
            permits: CallPermits::default(),
        }
    }
}

impl Gateway {
    /// Opens a session for a request that brings what its route requires.
    pub async fn open_session(
        &self,
        requirement: Requirement,
        arrival: &Arrival<'_>,
    ) -> Result<Session, Problem> {
        let is_open = requirement == Requirement::Metrics && self.settings.open_metrics;
        if requirement == Requirement::Nothing || is_open {
            return Ok(Session::anonymous());
        }
        refuse_two_lengths(arrival.headers)?;
        let found = token::find_token(arrival.headers)?;
        // Libraries send an `Authorization` whatever they are given. Beside a
        // key that pays, one that is no token of ours says nothing.
        let brings_ours = found.is_some() && token::brings_token(arrival.headers);
        if !brings_ours && self.key_replaces_token(requirement, arrival.headers)? {
            return Ok(Session::anonymous());
        }
        let Some(secret) = found else {
            if self.demo_replaces_token(requirement, arrival.headers) {
                self.count_demo_call(arrival.client)?;
                return Ok(Session::anonymous());
            }
            return Err(token_missing());
        };
        let token = self.authenticate(&secret, arrival.client).await?;
        if !allows(token.scopes, requirement) {
            return Err(scope_missing(token.scopes, requirement.right()));
        }
        let permits = self.acquire_permits(&token)?;
        let (caller, scope) = match requirement {
            Requirement::Manager(_) => {
                let manager = self.require_manager(&token, arrival.path_values).await?;
                (manager, Scope::Guild)
            }
            Requirement::Operator(_) | Requirement::Metrics => {
                let caller = self.app.people.find_caller(&token).await?;
                self.app.people.require_operator(&caller)?;
                (caller, Scope::System)
            }
            Requirement::Nothing | Requirement::Token(_) => {
                (self.app.people.find_caller(&token).await?, Scope::User)
            }
        };
        Ok(Session {
            token: Some(token),
            caller,
            scope,
            permits,
        })
    }

    /// Whether the operator lets a call in without a token, because it brings
    /// the key that pays. What is wrong with its keys is told, since no token
    /// would help.
    fn key_replaces_token(
        &self,
        requirement: Requirement,
        headers: &HeaderMap,
    ) -> Result<bool, Problem> {
        if !self.settings.keys_without_token || requirement != Requirement::Token(Right::Chat) {
            return Ok(false);
        }
        let key = request_key::find_request_key(headers, self.app.providers())?;
        Ok(key.is_some())
    }

    /// Whether the operator lets everybody have demo replies, so that a call
    /// needs neither a token nor a key. Nobody pays for whoever is unknown.
    fn demo_replaces_token(&self, requirement: Requirement, headers: &HeaderMap) -> bool {
        self.settings.demo_without_token
            && self.app.asks.replies_in_demo()
            && requirement == Requirement::Token(Right::Chat)
            && request_key::find_key_bytes(headers, self.app.providers()).is_none()
    }

    fn count_demo_call(&self, client: IpAddr) -> Result<(), Problem> {
        let counted = self.demo_calls.count(client, self.app.now_ms());
        counted.map_err(|retry_after_s| Problem {
            retry_after_s: Some(retry_after_s),
            ..Problem::new(
                429,
                "too_many_demo_calls",
                "Too many demo replies went to this address in the last minute. Wait a little, or send a token with the call: `/token create` in Discord makes one.",
            )
        })
    }

    /// The caller, if the token is for the server that the address names and
    /// Discord says right now that they manage it.
    async fn require_manager(
        &self,
        token: &Token,
        path_values: &[String],
    ) -> Result<Caller, Problem> {
        let server = path_values.first().and_then(|id| id.parse().ok());
        let server = server.map(ServerId).ok_or(AccessRefusal::NotAMember)?;
        require_servers_token(token.scopes, server)?;
        let caller = self.app.people.find_caller_now(token, server).await?;
        if !caller.manages_server {
            return Err(AccessRefusal::NotAManager.into());
        }
        Ok(caller)
    }
}

/// Refuses a request with two lengths: a proxy before the gateway may read
/// it as two requests.
fn refuse_two_lengths(headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(TRANSFER_ENCODING) || !headers.contains_key(CONTENT_LENGTH) {
        return Ok(());
    }
    Err(Problem::new(
        400,
        "two_lengths",
        "The request has a length and is sent in chunks. Send one of `Content-Length` and `Transfer-Encoding`.",
    ))
}

/// Whether a token's scopes include the right that a route requires.
fn allows(scopes: Scopes, requirement: Requirement) -> bool {
    requirement.right().is_none_or(|right| scopes.has(right))
}

/// Refuses a token that is not for a server. Whether there is such a server
/// is not looked at.
fn require_servers_token(scopes: Scopes, server: ServerId) -> Result<(), Refusal> {
    match scopes.server {
        Some(of) if of == server => Ok(()),
        Some(_) => Err(TokenRefusal::TokenOfAnotherServer.into()),
        None => Err(TokenRefusal::TokenWithoutServer.into()),
    }
}

fn token_missing() -> Problem {
    Problem::new(
        401,
        "token_missing",
        "This needs a token. Make one in Discord with `/token create`, and send it as `Authorization: Bearer …`.",
    )
}

fn scope_missing(scopes: Scopes, missing: Option<Right>) -> Problem {
    let mut wanted = missing.map_or(scopes, |right| scopes.with(right));
    wanted.server = None;
    let wanted = wanted.to_string().replace(' ', ",");
    let needs = missing.map_or("more", Right::as_str);
    let here = if scopes.server.is_some() {
        " here:True"
    } else {
        ""
    };
    let message = format!(
        "The token may not do this: it has the scopes `{scopes}`, and this needs `{needs}`. Make one that may, with `/token create scopes:{wanted}{here}` in Discord."
    );
    Problem::new(403, "scope_missing", message)
}
