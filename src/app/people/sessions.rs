//! Browsers in which people are signed in: begun, known again, listed, ended;
//! and sign-ins between the way to Discord and back.

use secrecy::SecretString;
use subtle::ConstantTimeEq;

use crate::model::{
    BegunSignIn, BrowserSession, BrowserSessionId, Caller, MINUTE_MS, PersonId, ReturnedSignIn,
    ServerId,
};
use crate::store::{OpenSignIn, SessionsAt};
use crate::vault;

use crate::app::Error;
use crate::app::people::People;
use crate::app::random_id;

/// How long a sign-in may take, and how many are open at once.
const SIGN_IN_MS: i64 = 10 * MINUTE_MS;
const SIGN_INS_MAX: u32 = 1_000;
/// How long a session lasts that nobody uses, and at the most.
const IDLE_MS: i64 = 30 * MINUTE_MS;
const SESSION_MS: i64 = 12 * 60 * MINUTE_MS;
/// How many sessions a person has. One more ends the one that was seen longest
/// ago.
const SESSIONS_MAX: u32 = 20;
/// How often it is written down that a session was seen.
const SEEN_EVERY_MS: i64 = MINUTE_MS;
/// For how long after a sign-in what cannot be undone needs no other.
const FRESH_MS: i64 = 10 * MINUTE_MS;
/// How long a message waits for a session's next page, and how long one is.
const FLASH_MS: i64 = 10 * MINUTE_MS;
const FLASH_CHARACTERS_MAX: usize = 1_000;
/// The longest name of a person's, and of a browser's, in characters.
const NAME_CHARACTERS_MAX: usize = 80;
/// Discord lets nobody into more servers.
const SERVERS_MAX: usize = 200;

/// Who signed in, and with what.
pub struct NewSession {
    pub person: PersonId,
    /// As Discord shows it.
    pub name: String,
    /// The servers that they could manage.
    pub servers: Vec<ServerId>,
    /// The other servers that they were in.
    pub joined: Vec<ServerId>,
    /// The browser in a few words.
    pub browser: String,
    /// The session that the browser had, which ends.
    pub before: Option<BrowserSession>,
}

/// The session of whoever asks for a page.
pub struct OwnSession {
    pub session: BrowserSession,
    /// What its forms carry.
    pub form_token: SecretString,
}

impl OwnSession {
    /// Whether its person signed in so little ago that they may do what cannot
    /// be undone.
    pub fn is_fresh(&self, now_ms: i64) -> bool {
        (0..FRESH_MS).contains(&(now_ms - self.session.signed_in_at_ms))
    }
}

/// What the forms carry of pages that this cookie is sent for: whose account
/// they are for, unknown where nobody was signed in, and what proves it.
pub fn form_token(cookie: &SecretString, owner: PersonId) -> SecretString {
    vault::derive_form_token(cookie, &owner.to_string())
}

/// Whose account a form is for by the token that it carries, whether or not
/// that proves it.
pub fn form_owner(token: &str) -> Option<PersonId> {
    vault::claimed_owner(token)?.parse().ok().map(PersonId)
}

impl People {
    /// Begins a sign-in, after which the browser goes to an address in the
    /// console. The browser may have a cookie of another sign-in already.
    pub async fn begin_sign_in(
        &self,
        next: &str,
        cookie: Option<SecretString>,
    ) -> Result<BegunSignIn, Error> {
        let (state, state_hash) = vault::new_cookie()?;
        let kept = cookie.and_then(|it| Some((vault::cookie_hash(&it)?, it)));
        let (cookie_hash, cookie) = if let Some(kept) = kept {
            kept
        } else {
            let (cookie, hash) = vault::new_cookie()?;
            (hash, cookie)
        };
        let opened = OpenSignIn {
            state_hash: &state_hash,
            cookie_hash: &cookie_hash,
            next,
            expires_at_ms: self.clock.now_ms() + SIGN_IN_MS,
        };
        self.store.open_sign_in(opened, SIGN_INS_MAX).await?;
        Ok(BegunSignIn {
            verifier: vault::derive_verifier(&cookie, &state),
            state,
            cookie,
        })
    }

    /// Takes the sign-in that comes back: once, in time, and in the browser in
    /// which it was begun. None otherwise.
    pub async fn take_sign_in(
        &self,
        state: &SecretString,
        cookie: &SecretString,
    ) -> Result<Option<ReturnedSignIn>, Error> {
        let hashes = vault::cookie_hash(state).zip(vault::cookie_hash(cookie));
        let Some((state_hash, cookie_hash)) = hashes else {
            return Ok(None);
        };
        let now_ms = self.clock.now_ms();
        let taken = self
            .store
            .take_sign_in(&state_hash, &cookie_hash, now_ms)
            .await?;
        Ok(taken.map(|next| ReturnedSignIn {
            verifier: vault::derive_verifier(cookie, state),
            next,
        }))
    }

    /// Begins a session, which always has a new cookie, and returns that. It
    /// is handed out once and not kept.
    pub async fn begin_session(&self, new: NewSession) -> Result<SecretString, Error> {
        let (cookie, hash) = vault::new_cookie()?;
        let now_ms = self.clock.now_ms();
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(anyhow::Error::from)?;
        let (mut servers, mut joined) = (new.servers, new.joined);
        servers.truncate(SERVERS_MAX);
        joined.truncate(SERVERS_MAX - servers.len());
        let session = BrowserSession {
            id: BrowserSessionId(u64::from_be_bytes(id)),
            person: new.person,
            name: shown(&new.name),
            servers,
            joined,
            browser: shown(&new.browser),
            signed_in_at_ms: now_ms,
            seen_at_ms: now_ms,
            ends_at_ms: now_ms + SESSION_MS,
        };
        if let Some(before) = new.before {
            self.store.end_session(before.person, before.id).await?;
        }
        self.store
            .begin_session(&session, &hash, SESSIONS_MAX)
            .await?;
        tracing::info!(session.id = %session.id, "session {} begins", session.id);
        Ok(cookie)
    }

    /// The session that a cookie belongs to, unless it has ended. One read.
    pub async fn find_session(&self, cookie: &SecretString) -> Result<Option<OwnSession>, Error> {
        let Some(hash) = vault::cookie_hash(cookie) else {
            return Ok(None);
        };
        let found = self
            .store
            .session_by_hash(&hash, self.sessions_at())
            .await?;
        // What an index finds is compared once more, in constant time.
        let found = found.filter(|(_, kept)| kept.ct_eq(&hash).into());
        Ok(found.map(|(session, _)| OwnSession {
            form_token: form_token(cookie, session.person),
            session,
        }))
    }

    /// Notes that a session's person did something, behind the answer's back.
    /// A page that asks again by itself is no such thing.
    pub fn note_visit(&self, session: &BrowserSession) {
        let (now_ms, id) = (self.clock.now_ms(), session.id);
        if now_ms - session.seen_at_ms < SEEN_EVERY_MS {
            return;
        }
        let store = self.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.touch_session(id, now_ms).await {
                tracing::warn!("could not note that session {id} was seen: {error:#}");
            }
        });
    }

    /// A person's sessions that have not ended, the newest first.
    pub async fn list_sessions(&self, person: PersonId) -> Result<Vec<BrowserSession>, Error> {
        Ok(self.store.sessions_of(person, self.sessions_at()).await?)
    }

    /// Ends a person's session; somebody else's is left alone.
    pub async fn end_session(&self, person: PersonId, id: BrowserSessionId) -> Result<(), Error> {
        self.store.end_session(person, id).await?;
        tracing::info!(session.id = %id, "session {id} was ended");
        Ok(())
    }

    /// Ends all of a person's sessions but this one; how many.
    pub async fn end_other_sessions(&self, kept: &BrowserSession) -> Result<u64, Error> {
        Ok(self.store.end_sessions(kept.person, Some(kept.id)).await?)
    }

    /// Ends all of a person's sessions, for an operator; how many.
    pub async fn end_sessions_of(&self, caller: &Caller, person: PersonId) -> Result<u64, Error> {
        self.require_operator(caller)?;
        Ok(self.store.end_sessions(person, None).await?)
    }

    /// Keeps what the next page of a session says, once.
    pub async fn put_flash(&self, session: &BrowserSession, text: &str) -> Result<(), Error> {
        let text: String = text.chars().take(FLASH_CHARACTERS_MAX).collect();
        let now_ms = self.clock.now_ms();
        self.store
            .put_flash(session.id, &random_id()?, &text, now_ms)
            .await?;
        Ok(())
    }

    /// Takes what this page of a session says, the oldest first.
    pub async fn take_flashes(&self, session: &BrowserSession) -> Result<Vec<String>, Error> {
        Ok(self.store.take_flashes(session.id).await?)
    }

    /// Forgets sign-ins and sessions that have ended, and messages that nobody
    /// came for.
    pub(in crate::app) async fn sweep_sessions(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store
            .forget_sessions(self.sessions_at(), now_ms - FLASH_MS)
            .await
    }

    /// Which sessions are open now: those that were seen lately enough.
    pub(super) fn sessions_at(&self) -> SessionsAt {
        let now_ms = self.clock.now_ms();
        SessionsAt {
            seen_after_ms: now_ms - IDLE_MS,
            now_ms,
        }
    }
}

/// A name as it is kept and shown.
fn shown(name: &str) -> String {
    let shown = name.chars().filter(|c| !c.is_control());
    shown.take(NAME_CHARACTERS_MAX).collect()
}
