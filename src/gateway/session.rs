//! Who speaks: whose token it is, and how much is asked at once.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use foldhash::HashMap;
use secrecy::SecretString;

use crate::model::{Caller, Refusal, Scope, ServerId, TOKEN_PREFIX, Token, TokenId, TokenRefusal};

use crate::gateway::Gateway;
use crate::gateway::problem::Problem;

/// Tokens that do not work, from one address in a minute, before no more of
/// its tokens are looked up.
const BAD_TOKENS_MAX: u32 = 100;
const MINUTE: Duration = Duration::from_mins(1);
/// How many addresses are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// Who speaks.
pub struct Session {
    /// None where the operator lets keys come without one.
    pub token: Option<Arc<Token>>,
    pub caller: Caller,
    /// Whose matters it is about: their own, or a server's that they manage.
    pub scope: Scope,
    /// Their place among those who are served at once.
    pub places: Vec<Place>,
}

impl Gateway {
    /// Whose token came.
    pub async fn token(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Arc<Token>, Problem> {
        let secret = token_in(headers).ok_or_else(no_token)?;
        let may_look = !self.strangers.are_too_many(peer);
        let known = self.app.people.authenticate(&secret, may_look).await;
        known.map_err(|error| {
            if matches!(
                &error,
                crate::app::Error::Refused(Refusal::Token(TokenRefusal::BadToken))
            ) {
                self.strangers.note(peer);
            }
            error.into()
        })
    }

    /// A place among the calls that are worked on at once.
    pub fn places(&self, token: &Token) -> Result<Vec<Place>, Problem> {
        let mut places = vec![
            self.crowds
                .enter(Crowd::Token(token.id), self.settings.per_token)?,
        ];
        if let Some(server) = token.scopes.server {
            places.push(
                self.crowds
                    .enter(Crowd::Server(server), self.settings.per_server)?,
            );
        }
        Ok(places)
    }
}

/// The token that came, wherever the dialect puts it. Never from an
/// address: those are written down on the way.
fn token_in(headers: &HeaderMap) -> Option<SecretString> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| {
        value
            .split_once(' ')
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
    });
    let found = bearer.map(|(_, token)| token.trim());
    // What stands there and is no token of ours is a provider's key.
    let ours = |name: &str| text(name).filter(|value| value.starts_with(TOKEN_PREFIX));
    let found = found
        .or_else(|| ours("x-goog-api-key"))
        .or_else(|| ours("x-api-key"));
    let found = found.filter(|token| !token.is_empty());
    found.map(SecretString::from)
}

pub fn no_token() -> Problem {
    Problem::new(
        401,
        "token_missing",
        "This needs a token. Make one in Discord with `/token create`, and send it as `Authorization: Bearer …`.",
    )
}

/// Calls that are worked on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Crowd {
    Token(TokenId),
    Server(ServerId),
}

/// How many calls there are of each.
#[derive(Default)]
pub struct Crowds {
    inside: Mutex<HashMap<Crowd, usize>>,
}

/// One call's place; it is left when this is dropped.
pub struct Place {
    crowd: Crowd,
    crowds: Arc<Crowds>,
}

impl Crowds {
    fn enter(self: &Arc<Self>, crowd: Crowd, most: usize) -> Result<Place, Problem> {
        let mut inside = self.lock();
        let many = inside.entry(crowd).or_default();
        if *many >= most {
            let message = format!(
                "{most} calls are being worked on already, which is the most at once. Wait for one of them."
            );
            return Err(Problem {
                retry_after_s: Some(1),
                ..Problem::new(429, "too_many_at_once", message)
            });
        }
        *many += 1;
        Ok(Place {
            crowd,
            crowds: Arc::clone(self),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Crowd, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.crowds.lock();
        let left = inside.get_mut(&self.crowd).map_or(0, |many| {
            *many = many.saturating_sub(1);
            *many
        });
        if left == 0 {
            inside.remove(&self.crowd);
        }
    }
}

/// Since when how many came. Whoever comes chooses the addresses, so that
/// their hashes must not be known beforehand.
type Seen = std::collections::HashMap<IpAddr, (Instant, u32)>;

/// Addresses that tokens came from which do not work.
#[derive(Default)]
pub struct Strangers {
    seen: Mutex<Seen>,
}

impl Strangers {
    fn are_too_many(&self, peer: IpAddr) -> bool {
        let seen = self.lock();
        let found = seen
            .get(&peer)
            .filter(|(since, _)| since.elapsed() < MINUTE);
        found.is_some_and(|(_, many)| *many >= BAD_TOKENS_MAX)
    }

    fn note(&self, peer: IpAddr) {
        let mut seen = self.lock();
        if seen.len() >= ADDRESSES_MAX {
            seen.retain(|_, (since, _)| since.elapsed() < MINUTE);
        }
        if seen.len() >= ADDRESSES_MAX {
            return;
        }
        let now = Instant::now();
        let (since, many) = seen.entry(peer).or_insert((now, 0));
        if since.elapsed() >= MINUTE {
            (*since, *many) = (now, 0);
        }
        *many += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
