//! Paces what we send to Discord, keyed as Discord keys its buckets.
//!
//! A bucket belongs to a route and a major parameter: the channel, or the
//! webhook id *and* token, so that forty answers that stream at once do
//! not wait for each other. Buckets are forgotten when they reset, so the
//! map does not grow with the interactions that were ever answered.
//! See `docs/discord.md` §4.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::model::{BoundedMap, lock};

/// How many buckets are known at the most. One that is forgotten before it
/// resets is asked for anew, and Discord says how long to wait.
const BUCKETS_MAX: usize = 16_384;
/// How often buckets that have reset are swept away.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// Requests a second that a bot may make, but for interactions.
const GLOBAL_PER_SECOND: u32 = 50;
/// How many of them are kept from requests that can wait, so that first
/// words and reading what was said never wait for edits.
const RESERVED_PER_SECOND: u32 = 25;
/// How long what we assume of a bucket holds, unless Discord says more.
const UNTIL_TOLD: Duration = Duration::from_secs(1);
/// How soon to ask again for a bucket that nobody knows yet.
const ASK_AGAIN: Duration = Duration::from_millis(25);
/// Requests that can wait: each is made up for by the next.
const PATIENT: &[&str] = &["PATCH message", "POST typing"];

/// Which bucket a request falls into, as far as we can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// The method and path without its parameters.
    pub name: &'static str,
    /// The parameter that has buckets of its own. May be a token: only its
    /// hash is kept.
    pub major: &'a str,
    /// It belongs to an interaction: the path holds a token of its own, so
    /// the bot's is not sent, and it does not count towards the global limit.
    pub of_interaction: bool,
}

/// What a response said of its bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many requests it takes in one window.
    pub limit: Option<u32>,
    /// Discord's name of the bucket, which routes may share.
    pub bucket: Option<String>,
    pub remaining: Option<u32>,
    pub reset_after: Option<Duration>,
}

/// What we know of all buckets.
pub struct Limiter {
    hasher: RandomState,
    state: Mutex<State>,
}

struct State {
    /// Discord's names of buckets, by route.
    names: HashMap<&'static str, String>,
    /// How many requests a fresh bucket takes, by route; none for routes
    /// that have none.
    limits: HashMap<&'static str, Option<u32>>,
    buckets: BoundedMap<u64, Bucket>,
    global: Bucket,
    /// Until when nothing at all is sent.
    closed_until: Instant,
    swept_at: Instant,
}

struct Bucket {
    remaining: u32,
    resets_at: Instant,
    /// Nobody knows yet how many it takes: one request finds out.
    unknown: bool,
}

impl Default for Limiter {
    fn default() -> Self {
        let now = Instant::now();
        let state = State {
            names: HashMap::new(),
            limits: HashMap::new(),
            buckets: BoundedMap::new(BUCKETS_MAX),
            global: Bucket {
                remaining: GLOBAL_PER_SECOND,
                resets_at: now + Duration::from_secs(1),
                unknown: false,
            },
            closed_until: now,
            swept_at: now,
        };
        Self {
            hasher: RandomState::new(),
            state: Mutex::new(state),
        }
    }
}

impl Limiter {
    /// Takes a place in the request's bucket, or says how long to wait
    /// before asking again.
    pub fn take(&self, route: Route<'_>, now: Instant) -> Result<(), Duration> {
        let mut state = lock(&self.state);
        if state.closed_until > now {
            return Err(state.closed_until - now);
        }
        if !route.of_interaction {
            state.global.renew(now);
            let reserved = if PATIENT.contains(&route.name) {
                RESERVED_PER_SECOND
            } else {
                0
            };
            state.global.check(reserved, now)?;
        }
        let key = self.key(&state, route);
        let known = state.buckets.get_mut(&key);
        if let Some(bucket) = known.filter(|bucket| bucket.resets_at > now) {
            bucket.check(0, now)?;
            bucket.remaining -= 1;
        } else {
            state.open(key, route.name, now);
        }
        if !route.of_interaction {
            state.global.remaining -= 1;
        }
        Ok(())
    }

    /// Learns from a response's headers.
    pub fn learn(&self, route: Route<'_>, report: Report, now: Instant) {
        let mut state = lock(&self.state);
        if let Some(bucket) = report.bucket {
            state.names.insert(route.name, bucket);
        }
        let key = self.key(&state, route);
        if report.remaining.is_none() {
            state.limits.entry(route.name).or_insert(None);
            // Nothing is limited here, so nothing need wait.
            if state.buckets.get(&key).is_some_and(|bucket| bucket.unknown) {
                state.buckets.remove(&key);
            }
        }
        if report.limit.is_some() {
            state.limits.insert(route.name, report.limit);
        }
        if let (Some(remaining), Some(reset_after)) = (report.remaining, report.reset_after) {
            let resets_at = now + reset_after;
            let known = state
                .buckets
                .get(&key)
                .filter(|bucket| bucket.resets_at > now && !bucket.unknown);
            // Answers overtake each other; the smaller number is the later.
            let remaining = known.map_or(remaining, |bucket| bucket.remaining.min(remaining));
            state.buckets.put(
                key,
                Bucket {
                    remaining,
                    resets_at,
                    unknown: false,
                },
            );
        }
        state.sweep(now);
    }

    /// Notes that a request got no response: where it was to find out how many
    /// its bucket takes, the next one does.
    pub fn note_silence(&self, route: Route<'_>) {
        let mut state = lock(&self.state);
        let key = self.key(&state, route);
        if state.buckets.get(&key).is_some_and(|bucket| bucket.unknown) {
            state.buckets.remove(&key);
        }
    }

    /// Closes a bucket, or everything, after a 429.
    pub fn pause(&self, route: Route<'_>, wait: Duration, global: bool, now: Instant) {
        let mut state = lock(&self.state);
        let closed = Bucket {
            remaining: 0,
            resets_at: now + wait,
            unknown: false,
        };
        if global {
            state.global = closed;
        } else {
            let key = self.key(&state, route);
            state.buckets.put(key, closed);
        }
    }

    /// Closes everything, interactions too: the address is banned, and each
    /// call would make that longer.
    pub fn pause_everything(&self, wait: Duration, now: Instant) {
        let mut state = lock(&self.state);
        state.closed_until = state.closed_until.max(now + wait);
    }

    /// Whether nothing at all is sent at the moment.
    pub fn is_closed(&self, now: Instant) -> bool {
        lock(&self.state).closed_until > now
    }

    /// A hash, since the major parameter may be a secret.
    fn key(&self, state: &State, route: Route<'_>) -> u64 {
        let name = state
            .names
            .get(route.name)
            .map_or(route.name, String::as_str);
        self.hasher.hash_one((name, route.major))
    }
}

impl State {
    /// A bucket's first request in its window. Where nobody knows how many
    /// it takes, the others wait for what Discord says to this one.
    fn open(&mut self, key: u64, name: &'static str, now: Instant) {
        let (remaining, unknown) = match self.limits.get(name) {
            Some(None) => {
                self.buckets.remove(&key);
                return;
            }
            Some(Some(limit)) => (limit.saturating_sub(1), false),
            None => (0, true),
        };
        let bucket = Bucket {
            remaining,
            resets_at: now + UNTIL_TOLD,
            unknown,
        };
        self.buckets.put(key, bucket);
    }

    fn sweep(&mut self, now: Instant) {
        if now.duration_since(self.swept_at) >= SWEEP_EVERY {
            self.buckets.retain(|_, bucket| bucket.resets_at > now);
            self.swept_at = now;
        }
    }
}

impl Bucket {
    /// Whether more than what is reserved for others remains.
    fn check(&self, reserved: u32, now: Instant) -> Result<(), Duration> {
        if self.remaining <= reserved {
            let wait = self.resets_at.saturating_duration_since(now);
            // Discord's word on it may come any moment.
            Err(if self.unknown {
                wait.min(ASK_AGAIN)
            } else {
                wait
            })
        } else {
            Ok(())
        }
    }

    fn renew(&mut self, now: Instant) {
        if self.resets_at <= now {
            *self = Self {
                remaining: GLOBAL_PER_SECOND,
                resets_at: now + Duration::from_secs(1),
                unknown: false,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(token: &str) -> Route<'_> {
        Route {
            name: "PATCH webhook",
            major: token,
            of_interaction: true,
        }
    }

    fn report(remaining: u32) -> Report {
        let reset_after = Some(Duration::from_secs(2));
        Report {
            limit: Some(5),
            bucket: Some("abc".into()),
            remaining: Some(remaining),
            reset_after,
        }
    }

    #[test]
    fn an_empty_bucket_waits_until_it_resets_and_no_other_does() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        assert_eq!(limiter.take(webhook("a"), now), Ok(()));
        limiter.learn(webhook("a"), report(1), now);
        assert_eq!(limiter.take(webhook("a"), now), Ok(()));
        assert_eq!(limiter.take(webhook("a"), now), Err(Duration::from_secs(2)));
        assert_eq!(
            limiter.take(webhook("b"), now),
            Ok(()),
            "another interaction"
        );
        assert_eq!(
            limiter.take(webhook("a"), now + Duration::from_secs(2)),
            Ok(())
        );
    }

    #[test]
    fn a_late_answer_does_not_refill_a_bucket() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        limiter.learn(webhook("a"), report(0), now);
        limiter.learn(webhook("a"), report(3), now);
        assert!(limiter.take(webhook("a"), now).is_err());
    }

    #[test]
    fn a_global_pause_stops_everything_but_interactions() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let message = Route {
            name: "POST message",
            major: "1",
            of_interaction: false,
        };
        limiter.pause(message, Duration::from_secs(1), true, now);
        assert!(limiter.take(message, now).is_err());
        assert_eq!(limiter.take(webhook("a"), now), Ok(()));
    }

    #[test]
    fn a_ban_stops_everything() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        limiter.pause_everything(Duration::from_mins(1), now);
        let late = now + Duration::from_secs(59);
        assert_eq!(
            limiter.take(webhook("a"), late),
            Err(Duration::from_secs(1))
        );
        assert!(limiter.take(route("POST message", "1"), late).is_err());
        assert!(limiter.is_closed(late));
        let over = now + Duration::from_mins(1);
        assert_eq!(limiter.take(webhook("a"), over), Ok(()));
    }

    #[test]
    fn fifty_a_second_is_the_most() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let sent = (0..80).filter(|number| {
            let channel = number.to_string();
            limiter.take(route("POST message", &channel), now).is_ok()
        });
        assert_eq!(sent.count(), 50);
    }

    fn route<'a>(name: &'static str, major: &'a str) -> Route<'a> {
        Route {
            name,
            major,
            of_interaction: false,
        }
    }

    #[test]
    fn edits_leave_room_for_first_words() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let taken = |name, from: u32| {
            let all = (from..from + 80).filter(|number| {
                let channel = number.to_string();
                limiter.take(route(name, &channel), now).is_ok()
            });
            all.count()
        };
        assert_eq!(taken("PATCH message", 0), 25);
        assert_eq!(taken("POST message", 100), 25);
    }

    #[test]
    fn one_request_finds_out_how_many_a_bucket_takes() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let edit = route("PATCH message", "1");
        assert_eq!(limiter.take(edit, now), Ok(()));
        assert_eq!(limiter.take(edit, now), Err(ASK_AGAIN));
        limiter.learn(edit, report(4), now);
        let sent = (0..9).filter(|_| limiter.take(edit, now).is_ok());
        assert_eq!(sent.count(), 4);
        // In the next window, and in another channel, it is known.
        let later = now + Duration::from_secs(3);
        for channel in ["1", "2"] {
            let sent =
                (0..9).filter(|_| limiter.take(route("PATCH message", channel), later).is_ok());
            assert_eq!(sent.count(), 5, "in channel {channel}");
        }
        // A route without limits is never waited for.
        let typing = route("POST typing", "1");
        assert_eq!(limiter.take(typing, now), Ok(()));
        limiter.learn(typing, Report::default(), now);
        assert_eq!(limiter.take(typing, now), Ok(()));
        assert_eq!(limiter.take(typing, now), Ok(()));
    }

    #[test]
    fn a_request_without_a_response_keeps_nobody_waiting() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        assert_eq!(limiter.take(webhook("a"), now), Ok(()));
        assert_eq!(limiter.take(webhook("a"), now), Err(ASK_AGAIN));
        limiter.note_silence(webhook("a"));
        assert_eq!(limiter.take(webhook("a"), now), Ok(()));
    }

    #[test]
    fn twenty_thousand_interactions_leave_nothing_behind() {
        let (limiter, mut now) = (Limiter::default(), Instant::now());
        for number in 0..20_000 {
            now += Duration::from_millis(10);
            limiter.learn(webhook(&number.to_string()), report(4), now);
        }
        let kept = lock(&limiter.state).buckets.iter().count();
        assert!(kept <= 401, "{kept} buckets");
    }
}
