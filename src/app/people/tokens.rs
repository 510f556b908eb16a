//! Tokens with which programs speak for a person: made, listed, revoked,
//! and known again when they come.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::model::{
    Caller, DAY_MS, Place, Refusal, Scopes, Token, TokenId, TokenRefusal, TtlCache, lock,
};
use crate::vault;

use crate::app::Error;
use crate::app::names::name_to_keep;
use crate::app::people::People;

/// How many tokens a person has at the most.
const TOKENS_MAX: u32 = 20;
/// How long a token works where nothing else is said, and at the most.
const DAYS: i64 = 90;
pub(in crate::app) const TOKEN_DAYS_MAX: u64 = 366;
/// How long a token stays valid without another lookup. A token that was
/// revoked in another process works at most this long in this one.
const FRESH: Duration = Duration::from_secs(30);
/// How many tokens are cached.
const CACHED_MAX: usize = 10_000;
/// How often its use is written down.
const TOUCH_EVERY_MS: i64 = 60_000;
/// How long an ended token is still listed.
const LISTED_DAYS: i64 = 7;

/// Tokens that were looked up a moment ago, by their hashes.
pub struct TokenCache(Mutex<CachedTokens>);

struct CachedTokens {
    by_hash: TtlCache<[u8; 32], Arc<Token>>,
    /// How often tokens were forgotten.
    forgotten: u64,
}

/// A lookup that has begun. What it finds may be revoked before it ends.
#[derive(Clone, Copy)]
struct BegunLookup {
    /// How often tokens had been forgotten when it began.
    forgotten: u64,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self(Mutex::new(CachedTokens {
            by_hash: TtlCache::new(CACHED_MAX, FRESH),
            forgotten: 0,
        }))
    }
}

impl TokenCache {
    fn get(&self, hash: &[u8; 32], now_ms: i64) -> Option<Arc<Token>> {
        lock(&self.0).by_hash.get(hash, now_ms).map(Arc::clone)
    }

    /// Notes that a lookup begins, before it reads the database.
    fn begin_lookup(&self) -> BegunLookup {
        let forgotten = lock(&self.0).forgotten;
        BegunLookup { forgotten }
    }

    /// Keeps what a lookup found, unless a token was forgotten since it
    /// began: it may be this one, read before it was revoked.
    fn put(&self, lookup: BegunLookup, hash: [u8; 32], token: Arc<Token>, now_ms: i64) {
        let mut cached = lock(&self.0);
        if cached.forgotten == lookup.forgotten {
            cached.by_hash.put(hash, token, now_ms);
        }
    }

    /// Forgets a token, or all, once the database no longer has them.
    pub(in crate::app) fn forget(&self, id: Option<TokenId>) {
        let mut cached = lock(&self.0);
        cached.forgotten += 1;
        cached
            .by_hash
            .retain(|_, token| id.is_some_and(|id| token.id != id));
    }
}

impl People {
    /// Makes a token for the caller. It is handed out once and not kept.
    pub async fn create_token(
        &self,
        caller: &Caller,
        name: Option<&str>,
        lasts: Option<Duration>,
        scopes: Scopes,
    ) -> Result<(Token, SecretString), Error> {
        if scopes
            .server
            .is_some_and(|server| caller.place != Place::Server(server))
        {
            return Err(TokenRefusal::TokenForAnotherServer.into());
        }
        let now_ms = self.clock.now_ms();
        let lasts_ms = match lasts {
            Some(lasts) => i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX),
            None => DAYS * DAY_MS,
        };
        if lasts_ms > TOKEN_DAYS_MAX.cast_signed() * DAY_MS {
            return Err(Refusal::Token(TokenRefusal::TokenTooLong {
                days: TOKEN_DAYS_MAX,
            })
            .into());
        }
        let name = name_to_keep(self.models.catalogue(), name)?;
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(anyhow::Error::from)?;
        let token = Token {
            id: TokenId(u64::from_be_bytes(id)),
            person: caller.person,
            name,
            scopes,
            created_at_ms: now_ms,
            expires_at_ms: now_ms + lasts_ms,
            last_used_at_ms: None,
        };
        let (secret, hash) = vault::new_token()?;
        if !self.store.add_token(&token, &hash, TOKENS_MAX).await? {
            return Err(TokenRefusal::TooManyTokens { max: TOKENS_MAX }.into());
        }
        tracing::info!(token.id = %token.id, "made token {}", token.id);
        Ok((token, secret))
    }

    /// The caller's tokens, those that ended a few days ago too.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<Token>, Error> {
        Ok(self.store.tokens_of(caller.person).await?)
    }

    /// Revokes one of the caller's tokens, by its id or its name. It is dead
    /// here at once, and within half a minute in every other process.
    pub async fn revoke_token(&self, caller: &Caller, typed: &str) -> Result<Token, Error> {
        let typed = typed.trim();
        let mut named = self.store.tokens_of(caller.person).await?;
        named.retain(|token| {
            TokenId::parse(typed) == Some(token.id) || token.name.as_deref() == Some(typed)
        });
        let one = match &named[..] {
            [one] => one.clone(),
            [] => return Err(TokenRefusal::NoSuchToken.into()),
            _ => return Err(TokenRefusal::SeveralTokens.into()),
        };
        if !self.store.remove_token(caller.person, one.id).await? {
            return Err(TokenRefusal::NoSuchToken.into());
        }
        self.tokens.forget(Some(one.id));
        tracing::info!(token.id = %one.id, "revoked token {}", one.id);
        Ok(one)
    }

    /// Whose a token is. A mistyped one is turned away without a look into
    /// the database.
    ///
    /// Where there is a lane, a token that is not known waits for its turn
    /// there before it is looked up.
    pub async fn authenticate(
        &self,
        secret: &SecretString,
        lane: Option<&Semaphore>,
    ) -> Result<Arc<Token>, Error> {
        let Some(hash) = vault::token_hash(secret) else {
            return Err(TokenRefusal::BadToken.into());
        };
        let now_ms = self.clock.now_ms();
        let token = match self.tokens.get(&hash, now_ms) {
            Some(token) => token,
            // In a box: otherwise the future of every call with a cached
            // token would have room for the lookup too.
            None => Box::pin(self.look_up_in(lane, hash, now_ms)).await?,
        };
        if token.expires_at_ms <= now_ms {
            return Err(TokenRefusal::BadToken.into());
        }
        Ok(token)
    }

    async fn look_up_in(
        &self,
        lane: Option<&Semaphore>,
        hash: [u8; 32],
        now_ms: i64,
    ) -> Result<Arc<Token>, Error> {
        let turn = match lane {
            Some(lane) => Some(lane.acquire().await.map_err(anyhow::Error::from)?),
            None => None,
        };
        let found = self.look_up(hash, now_ms).await;
        drop(turn);
        found
    }

    async fn look_up(&self, hash: [u8; 32], now_ms: i64) -> Result<Arc<Token>, Error> {
        let lookup = self.tokens.begin_lookup();
        let found = self.store.token_by_hash(&hash).await?;
        // What an index finds is compared once more, in constant time.
        let same = |kept: &[u8]| bool::from(kept.ct_eq(&hash));
        let found = found.filter(|(_, kept)| same(kept)).map(|(token, _)| token);
        let token = Arc::new(found.ok_or(TokenRefusal::BadToken)?);
        self.tokens.put(lookup, hash, Arc::clone(&token), now_ms);
        let last_ms = token.last_used_at_ms.unwrap_or(0);
        if now_ms - last_ms >= TOUCH_EVERY_MS && token.expires_at_ms > now_ms {
            let (store, id) = (self.store.clone(), token.id);
            self.tasks.spawn(async move {
                if let Err(error) = store.touch_token(id, now_ms).await {
                    tracing::warn!("could not note the use of token {id}: {error:#}");
                }
            });
        }
        Ok(token)
    }

    /// Forgets tokens that ended a while ago, and sessions that have ended.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.tell_of_overshoots();
        self.store
            .forget_tokens(now_ms - LISTED_DAYS * DAY_MS)
            .await?;
        self.sweep_greetings(now_ms).await?;
        self.sweep_sessions(now_ms).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PersonId;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn token(id: u64) -> Arc<Token> {
        Arc::new(Token {
            id: TokenId(id),
            person: PersonId(7),
            name: None,
            scopes: Scopes::CHAT,
            created_at_ms: NOW_MS,
            expires_at_ms: NOW_MS + DAY_MS,
            last_used_at_ms: None,
        })
    }

    /// The lookup reads the row, the row is deleted and the token forgotten,
    /// and only then the lookup hands in what it read.
    #[test]
    fn a_lookup_that_overlaps_a_revocation_caches_nothing() {
        let cache = TokenCache::default();
        for revoked in [Some(TokenId(1)), Some(TokenId(2)), None] {
            let lookup = cache.begin_lookup();
            cache.forget(revoked);
            cache.put(lookup, [1; 32], token(1), NOW_MS);
            assert!(cache.get(&[1; 32], NOW_MS).is_none(), "{revoked:?}");
        }
        // Forgotten after it was handed in: as before.
        let lookup = cache.begin_lookup();
        cache.put(lookup, [1; 32], token(1), NOW_MS);
        assert_eq!(cache.get(&[1; 32], NOW_MS).unwrap().id, TokenId(1));
        cache.forget(Some(TokenId(2)));
        assert!(cache.get(&[1; 32], NOW_MS).is_some());
        cache.forget(Some(TokenId(1)));
        assert!(cache.get(&[1; 32], NOW_MS).is_none());
    }
}
