//! Keeps stolen keys from being tried through the gateway: whoever sends key
//! after key that providers refuse has no new ones passed on for a while.
//!
//! Only keys that come with a call are counted, each once, and only those
//! that their provider refused. A key that worked for somebody goes on
//! working for them, whatever else they or others at their address send.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::gateway::Gateway;
use crate::gateway::call::HandlerResult;
use crate::gateway::problem::{Problem, paid_with_request_key};
use crate::gateway::request_key::find_key_bytes;
use crate::gateway::requirement::Requirement;
use crate::gateway::session::{Arrival, Session, counted_address};
use crate::model::{BoundedMap, PersonId, Right, TtlCache, lock};

/// How many refused keys one caller may send in a minute and in an hour, as
/// many as they may have checked.
const CALLER_LIMITS: Limits = Limits {
    in_a_minute: 5,
    in_an_hour: 20,
};
/// How many all callers at one address may send.
const ADDRESS_LIMITS: Limits = Limits {
    in_a_minute: 20,
    in_an_hour: 100,
};
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How many callers and addresses are counted at once.
const COUNTED_MAX: usize = 10_000;
/// How many keys that worked are known at once, and for how long.
const KNOWN_MAX: usize = 10_000;
const KNOWN_FOR: Duration = Duration::from_hours(24);
/// A provider refuses a key at once. One that it has not refused for so long
/// keeps no others waiting.
const REFUSED_WITHIN_MS: i64 = 5_000;
/// How long a key waits for others that are being tried, and how often it is
/// looked whether it still must.
const WAIT_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many refused keys are too many.
struct Limits {
    in_a_minute: usize,
    in_an_hour: usize,
}

/// Whose keys are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sender {
    Person(PersonId),
    /// Whoever calls from an address without a token.
    Nobody(IpAddr),
    /// Everybody at an address.
    Address(IpAddr),
}

/// What stands for a key: a hash that only this process can make.
type KeyHash = u64;

/// All keys that are being tried, were refused, or worked.
pub struct KeyTrials {
    state: Mutex<State>,
    /// Tells that a trial has ended.
    ended: Notify,
    hashes: RandomState,
}

struct State {
    /// Senders choose their addresses, so that nobody may predict the map's
    /// hashes.
    tried: BoundedMap<Sender, Vec<TriedKey>, RandomState>,
    known: TtlCache<(Sender, KeyHash), (), RandomState>,
}

/// A key that was refused, or of which that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TriedKey {
    key: KeyHash,
    at_ms: i64,
    /// How many calls are trying it right now.
    running: u32,
    was_refused: bool,
}

/// Whether a key may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Tried,
    /// Only once it is known what becomes of others.
    Later,
    /// Only after so many milliseconds.
    TooMany(i64),
}

/// One call with a key, until it is known what its provider says of the key.
pub struct KeyTrial<'a> {
    gateway: &'a Gateway,
    senders: [Sender; 2],
    key: KeyHash,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Unknown,
    Worked,
    Refused,
}

impl Default for KeyTrials {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                tried: BoundedMap::new(COUNTED_MAX),
                known: TtlCache::new(KNOWN_MAX, KNOWN_FOR),
            }),
            ended: Notify::new(),
            hashes: RandomState::new(),
        }
    }
}

impl Gateway {
    /// Begins the trial of a key that comes with a call, if one does; or
    /// refuses it, where too many were refused before.
    pub async fn begin_key_trial(
        &self,
        requirement: Requirement,
        arrival: &Arrival<'_>,
        session: &Session,
    ) -> Result<Option<KeyTrial<'_>>, Problem> {
        if requirement != Requirement::Token(Right::Chat) {
            return Ok(None);
        }
        let Some(key) = self.hash_key(arrival.headers) else {
            return Ok(None);
        };
        let address = counted_address(arrival.client);
        let caller = match &session.token {
            Some(token) => Sender::Person(token.person),
            None => Sender::Nobody(address),
        };
        let senders = [caller, Sender::Address(address)];
        // In a box: otherwise the future of every call without a key
        // would have room for this too.
        Box::pin(self.wait_for_trial(senders, key)).await?;
        Ok(Some(KeyTrial {
            gateway: self,
            senders,
            key,
            outcome: Outcome::Unknown,
        }))
    }

    fn hash_key(&self, headers: &HeaderMap) -> Option<KeyHash> {
        let bytes = find_key_bytes(headers)?;
        Some(self.key_trials.hashes.hash_one(bytes))
    }

    async fn wait_for_trial(&self, senders: [Sender; 2], key: KeyHash) -> Result<(), Problem> {
        let trials = &self.key_trials;
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let ended = trials.ended.notified();
            let verdict = lock(&trials.state).begin(senders, key, self.app.now_ms());
            match verdict {
                Verdict::Tried => return Ok(()),
                Verdict::TooMany(wait_ms) => return Err(too_many_refused(wait_ms)),
                Verdict::Later if Instant::now() >= deadline => return Err(too_many_refused(0)),
                Verdict::Later => {
                    let look_by = deadline.min(Instant::now() + LOOK_EVERY);
                    // Either way it is looked again.
                    let _ = timeout_at(look_by, ended).await;
                }
            }
        }
    }
}

impl KeyTrial<'_> {
    /// Notes what the response to the call says of the key.
    pub fn end(mut self, result: &HandlerResult) {
        self.outcome = match result {
            Ok(response) if paid_with_request_key(response.headers()) => Outcome::Worked,
            Err(problem) if problem.refuses_request_key => Outcome::Refused,
            _ => Outcome::Unknown,
        };
    }
}

impl Drop for KeyTrial<'_> {
    fn drop(&mut self) {
        let (trials, now_ms) = (&self.gateway.key_trials, self.gateway.app.now_ms());
        lock(&trials.state).end(self.senders, self.key, self.outcome, now_ms);
        trials.ended.notify_waiters();
    }
}

impl Sender {
    fn limits(self) -> &'static Limits {
        match self {
            Self::Person(_) | Self::Nobody(_) => &CALLER_LIMITS,
            Self::Address(_) => &ADDRESS_LIMITS,
        }
    }
}

impl State {
    /// Begins a trial, if every sender may try one more key.
    fn begin(&mut self, senders: [Sender; 2], key: KeyHash, now_ms: i64) -> Verdict {
        let is_known = self.known.get(&(senders[0], key), now_ms).is_some();
        let mut verdict = Verdict::Tried;
        for sender in senders {
            let tried = self.tried_by(sender, now_ms);
            if is_known || tried.iter().any(|it| it.key == key) {
                continue;
            }
            verdict = match (verdict, judge(tried, sender.limits(), now_ms)) {
                (Verdict::TooMany(one), Verdict::TooMany(other)) => {
                    Verdict::TooMany(one.max(other))
                }
                (too_many @ Verdict::TooMany(_), _) | (_, too_many @ Verdict::TooMany(_)) => {
                    too_many
                }
                (Verdict::Later, _) | (_, Verdict::Later) => Verdict::Later,
                (Verdict::Tried, Verdict::Tried) => Verdict::Tried,
            };
        }
        if verdict == Verdict::Tried {
            for sender in senders {
                let tried = self.tried_by(sender, now_ms);
                match tried.iter_mut().find(|it| it.key == key) {
                    Some(before) => before.running += 1,
                    // Nobody waits for a key that worked before.
                    None if is_known => {}
                    None => tried.push(TriedKey {
                        key,
                        at_ms: now_ms,
                        running: 1,
                        was_refused: false,
                    }),
                }
            }
        }
        verdict
    }

    /// Ends a trial.
    fn end(&mut self, senders: [Sender; 2], key: KeyHash, outcome: Outcome, now_ms: i64) {
        match outcome {
            Outcome::Worked => self.known.put((senders[0], key), (), now_ms),
            Outcome::Refused => self.known.remove(&(senders[0], key)),
            Outcome::Unknown => {}
        }
        for sender in senders {
            let tried = self.tried_by(sender, now_ms);
            match tried.iter_mut().find(|it| it.key == key) {
                Some(it) => {
                    it.running = it.running.saturating_sub(1);
                    it.was_refused |= outcome == Outcome::Refused;
                    it.was_refused &= outcome != Outcome::Worked;
                }
                None if outcome == Outcome::Refused => tried.push(TriedKey {
                    key,
                    at_ms: now_ms,
                    running: 0,
                    was_refused: true,
                }),
                None => {}
            }
            tried.retain(|it| it.was_refused || it.running > 0);
            if tried.is_empty() {
                self.tried.remove(&sender);
            }
        }
    }

    /// The keys that a sender tried in the last hour.
    fn tried_by(&mut self, sender: Sender, now_ms: i64) -> &mut Vec<TriedKey> {
        if self.tried.get(&sender).is_none() {
            self.tried.put(sender, Vec::new());
        }
        let tried = self.tried.get_mut(&sender);
        let tried = tried.expect("it was put a moment ago");
        tried.retain(|it| it.running > 0 || is_within(it.at_ms, HOUR_MS, now_ms));
        tried
    }
}

/// Whether a sender of these keys may try another one.
fn judge(tried: &[TriedKey], limits: &Limits, now_ms: i64) -> Verdict {
    let mut verdict = Verdict::Tried;
    for (limit, window_ms) in [
        (limits.in_a_minute, MINUTE_MS),
        (limits.in_an_hour, HOUR_MS),
    ] {
        let in_window = |it: &&TriedKey| it.was_refused && is_within(it.at_ms, window_ms, now_ms);
        let mut refused: Vec<i64> = tried.iter().filter(in_window).map(|it| it.at_ms).collect();
        refused.sort_unstable();
        if let Some(over) = refused.len().checked_sub(limit) {
            let frees_one = refused.get(over).copied().unwrap_or(now_ms);
            return Verdict::TooMany(frees_one.saturating_add(window_ms) - now_ms);
        }
        let may_be_refused =
            |it: &&TriedKey| !it.was_refused && is_within(it.at_ms, REFUSED_WITHIN_MS, now_ms);
        if refused.len() + tried.iter().filter(may_be_refused).count() >= limit {
            verdict = Verdict::Later;
        }
    }
    verdict
}

fn is_within(at_ms: i64, window_ms: i64, now_ms: i64) -> bool {
    (0..window_ms).contains(&now_ms.saturating_sub(at_ms))
}

fn too_many_refused(wait_ms: i64) -> Problem {
    let seconds = wait_ms.max(1_000).cast_unsigned().div_ceil(1_000);
    Problem {
        retry_after_s: Some(seconds),
        ..Problem::new(
            429,
            "too_many_refused_keys",
            format!(
                "Providers refused too many of the keys that came with your calls, or with others from your address, so that no new one is tried for {seconds} s. A key that worked before goes on working. Check the key before you send it again, or store it with `POST /api/v1/api-keys`."
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;
    const MIA: Sender = Sender::Person(PersonId(1));
    const OMAR: Sender = Sender::Person(PersonId(2));
    const HERE: Sender = Sender::Address(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn state() -> State {
        State {
            tried: BoundedMap::new(COUNTED_MAX),
            known: TtlCache::new(KNOWN_MAX, KNOWN_FOR),
        }
    }

    fn tries(
        state: &mut State,
        sender: Sender,
        key: KeyHash,
        outcome: Outcome,
        at_ms: i64,
    ) -> Verdict {
        let verdict = state.begin([sender, HERE], key, NOW_MS + at_ms);
        if verdict == Verdict::Tried {
            state.end([sender, HERE], key, outcome, NOW_MS + at_ms);
        }
        verdict
    }

    #[test]
    fn refused_keys_are_counted_and_one_that_worked_goes_on() {
        let mut state = state();
        assert_eq!(
            tries(&mut state, MIA, 100, Outcome::Worked, 0),
            Verdict::Tried
        );
        for key in 0..5 {
            let at_ms = i64::try_from(key).unwrap();
            assert_eq!(
                tries(&mut state, MIA, key, Outcome::Refused, at_ms),
                Verdict::Tried
            );
            // The same one again says nothing new.
            assert_eq!(
                tries(&mut state, MIA, key, Outcome::Refused, 5),
                Verdict::Tried
            );
        }
        assert_eq!(
            tries(&mut state, MIA, 5, Outcome::Worked, 10),
            Verdict::TooMany(59_990)
        );
        assert_eq!(
            tries(&mut state, MIA, 100, Outcome::Worked, 10),
            Verdict::Tried
        );
        assert_eq!(
            tries(&mut state, OMAR, 5, Outcome::Worked, 10),
            Verdict::Tried
        );
        // Revoked meanwhile, it counts as the others do.
        assert_eq!(
            tries(&mut state, MIA, 100, Outcome::Refused, 20),
            Verdict::Tried
        );
        assert_eq!(
            tries(&mut state, MIA, 6, Outcome::Worked, 60_000),
            Verdict::TooMany(1)
        );
        assert_eq!(
            tries(&mut state, MIA, 6, Outcome::Unknown, 60_001),
            Verdict::Tried
        );
        let last = (7..100).find(|key| {
            let at_ms = i64::try_from(*key).unwrap() * 100_000;
            tries(&mut state, MIA, *key, Outcome::Refused, at_ms) != Verdict::Tried
        });
        // Fourteen more make twenty in the hour.
        assert_eq!(last, Some(21));
    }

    #[test]
    fn an_address_is_counted_too() {
        let mut state = state();
        let mut refused = 0;
        for person in 0..10 {
            for key in 0..5 {
                let sender = Sender::Person(PersonId(person));
                let key = person * 10 + key;
                let verdict = tries(&mut state, sender, key, Outcome::Refused, 0);
                refused += usize::from(verdict == Verdict::Tried);
            }
        }
        assert_eq!(refused, ADDRESS_LIMITS.in_a_minute);
    }

    #[test]
    fn no_more_keys_are_tried_at_once_than_may_be_refused() {
        let mut state = state();
        let begun = |state: &mut State, at_ms: i64| {
            let keys = 0..40_u64;
            let begun = keys.filter(|key| {
                let key = *key + at_ms.cast_unsigned() * 100;
                state.begin([MIA, HERE], key, NOW_MS + at_ms) == Verdict::Tried
            });
            begun.count()
        };
        assert_eq!(begun(&mut state, 0), 5);
        assert_eq!(state.begin([MIA, HERE], 77, NOW_MS), Verdict::Later);
        // The same key again waits for nobody.
        assert_eq!(state.begin([MIA, HERE], 0, NOW_MS), Verdict::Tried);
        state.end([MIA, HERE], 0, Outcome::Worked, NOW_MS);
        state.end([MIA, HERE], 0, Outcome::Worked, NOW_MS);
        state.end([MIA, HERE], 1, Outcome::Unknown, NOW_MS);
        state.end([MIA, HERE], 2, Outcome::Refused, NOW_MS);
        assert_eq!(begun(&mut state, 1), 2);
        // What takes long was not refused at once.
        assert_eq!(begun(&mut state, 5_001), 4);
    }

    #[test]
    fn nothing_is_kept_of_calls_that_have_ended() {
        let mut state = state();
        for key in 0..100 {
            tries(&mut state, MIA, key, Outcome::Unknown, 0);
            tries(&mut state, OMAR, key, Outcome::Worked, 0);
        }
        assert!(state.tried.iter().next().is_none());
    }
}
