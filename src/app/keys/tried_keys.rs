//! Which keys were tried by whom, and whether one more may be.

use std::hash::RandomState;
use std::net::IpAddr;
use std::time::Duration;

use crate::model::{BoundedMap, HOUR_MS, MINUTE_MS, PersonId, TtlCache};

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
/// How many callers and addresses are counted at once.
const COUNTED_MAX: usize = 10_000;
/// How many keys that worked are known at once, and for how long.
const KNOWN_MAX: usize = 10_000;
const KNOWN_FOR: Duration = Duration::from_hours(24);
/// A provider refuses a key at once. One that it has not refused for so long
/// keeps no others waiting.
const REFUSED_WITHIN_MS: i64 = 5_000;

/// How many refused keys are too many.
struct Limits {
    in_a_minute: usize,
    in_an_hour: usize,
}

/// Whose keys are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySender {
    Person(PersonId),
    /// Whoever calls from an address without a token.
    Nobody(IpAddr),
    /// Everybody at an address.
    Address(IpAddr),
}

/// What stands for a key: a hash that only this process can make.
pub type KeyHash = u64;

/// Keys that are being tried, were refused, or worked.
pub struct TriedKeys {
    /// Senders choose their addresses, so that nobody may predict the map's
    /// hashes.
    tried: BoundedMap<KeySender, Vec<TriedKey>, RandomState>,
    known: TtlCache<(KeySender, KeyHash), (), RandomState>,
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
pub enum Verdict {
    Tried,
    /// It goes on: it is being tried, or it is known what becomes of it.
    Known,
    /// Only once it is known what becomes of others.
    Later,
    /// Only after so many milliseconds.
    TooMany(i64),
}

/// What a provider says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    Unknown,
    Worked,
    Refused,
}

impl Default for TriedKeys {
    fn default() -> Self {
        Self {
            tried: BoundedMap::new(COUNTED_MAX),
            known: TtlCache::new(KNOWN_MAX, KNOWN_FOR),
        }
    }
}

impl KeySender {
    fn limits(self) -> &'static Limits {
        match self {
            Self::Person(_) | Self::Nobody(_) => &CALLER_LIMITS,
            Self::Address(_) => &ADDRESS_LIMITS,
        }
    }
}

impl TriedKeys {
    /// Begins a trial, if every sender may try one more key. The first sender is
    /// the one for whom a key is known.
    pub fn begin(&mut self, senders: &[KeySender], key: KeyHash, now_ms: i64) -> Verdict {
        let is_known = self.is_known(senders, key, now_ms);
        let (mut wait_ms, mut is_later, mut is_new) = (None, false, false);
        for sender in senders {
            let tried = self.tried_by(*sender, now_ms);
            if is_known || tried.iter().any(|it| it.key == key) {
                continue;
            }
            is_new = true;
            match judge(tried, sender.limits(), now_ms) {
                Verdict::TooMany(more_ms) => wait_ms = wait_ms.max(Some(more_ms)),
                Verdict::Later => is_later = true,
                Verdict::Tried | Verdict::Known => {}
            }
        }
        if let Some(wait_ms) = wait_ms {
            return Verdict::TooMany(wait_ms);
        }
        if is_later {
            return Verdict::Later;
        }
        for sender in senders {
            let tried = self.tried_by(*sender, now_ms);
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
        if is_new {
            Verdict::Tried
        } else {
            Verdict::Known
        }
    }

    fn is_known(&self, senders: &[KeySender], key: KeyHash, now_ms: i64) -> bool {
        let first = senders.first();
        first.is_some_and(|first| self.known.get(&(*first, key), now_ms).is_some())
    }

    /// Ends a trial; whether the first sender's key was refused and that is
    /// news.
    pub fn end(
        &mut self,
        senders: &[KeySender],
        key: KeyHash,
        outcome: TrialOutcome,
        now_ms: i64,
    ) -> bool {
        let mut is_news = false;
        if let Some(first) = senders.first() {
            match outcome {
                TrialOutcome::Worked => self.known.put((*first, key), (), now_ms),
                TrialOutcome::Refused => self.known.remove(&(*first, key)),
                TrialOutcome::Unknown => {}
            }
        }
        for (place, sender) in senders.iter().enumerate() {
            let tried = self.tried_by(*sender, now_ms);
            let was_refused = tried.iter().any(|it| it.key == key && it.was_refused);
            is_news |= place == 0 && !was_refused && outcome == TrialOutcome::Refused;
            match tried.iter_mut().find(|it| it.key == key) {
                Some(it) => {
                    it.running = it.running.saturating_sub(1);
                    it.was_refused |= outcome == TrialOutcome::Refused;
                    it.was_refused &= outcome != TrialOutcome::Worked;
                }
                None if outcome == TrialOutcome::Refused => tried.push(TriedKey {
                    key,
                    at_ms: now_ms,
                    running: 0,
                    was_refused: true,
                }),
                None => {}
            }
            tried.retain(|it| it.was_refused || it.running > 0);
            if tried.is_empty() {
                self.tried.remove(sender);
            }
        }
        is_news
    }

    /// The keys that a sender tried in the last hour.
    fn tried_by(&mut self, sender: KeySender, now_ms: i64) -> &mut Vec<TriedKey> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;
    const MIA: KeySender = KeySender::Person(PersonId(1));
    const OMAR: KeySender = KeySender::Person(PersonId(2));
    const HERE: KeySender = KeySender::Address(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    impl TriedKeys {
        fn tries(
            &mut self,
            sender: KeySender,
            key: KeyHash,
            outcome: TrialOutcome,
            at_ms: i64,
        ) -> Verdict {
            let verdict = self.begin(&[sender, HERE], key, NOW_MS + at_ms);
            if !matches!(verdict, Verdict::Tried | Verdict::Known) {
                return verdict;
            }
            self.end(&[sender, HERE], key, outcome, NOW_MS + at_ms);
            Verdict::Tried
        }
    }

    #[test]
    fn refused_keys_are_counted_and_one_that_worked_goes_on() {
        let mut keys = TriedKeys::default();
        assert_eq!(
            keys.tries(MIA, 100, TrialOutcome::Worked, 0),
            Verdict::Tried
        );
        for key in 0..5 {
            let at_ms = i64::try_from(key).unwrap();
            assert_eq!(
                keys.tries(MIA, key, TrialOutcome::Refused, at_ms),
                Verdict::Tried
            );
            // The same one again says nothing new.
            assert_eq!(
                keys.tries(MIA, key, TrialOutcome::Refused, 5),
                Verdict::Tried
            );
        }
        assert_eq!(
            keys.tries(MIA, 5, TrialOutcome::Worked, 10),
            Verdict::TooMany(59_990)
        );
        assert_eq!(
            keys.tries(MIA, 100, TrialOutcome::Worked, 10),
            Verdict::Tried
        );
        assert_eq!(
            keys.tries(OMAR, 5, TrialOutcome::Worked, 10),
            Verdict::Tried
        );
        // Revoked meanwhile, it counts as the others do.
        assert_eq!(
            keys.tries(MIA, 100, TrialOutcome::Refused, 20),
            Verdict::Tried
        );
        assert_eq!(
            keys.tries(MIA, 6, TrialOutcome::Worked, 60_000),
            Verdict::TooMany(1)
        );
        assert_eq!(
            keys.tries(MIA, 6, TrialOutcome::Unknown, 60_001),
            Verdict::Tried
        );
        let last = (7..100).find(|key| {
            let at_ms = i64::try_from(*key).unwrap() * 100_000;
            keys.tries(MIA, *key, TrialOutcome::Refused, at_ms) != Verdict::Tried
        });
        // Fourteen more make twenty in the hour.
        assert_eq!(last, Some(21));
    }

    #[test]
    fn an_address_is_counted_too() {
        let mut keys = TriedKeys::default();
        let mut refused = 0;
        for person in 0..10 {
            for key in 0..5 {
                let sender = KeySender::Person(PersonId(person));
                let key = person * 10 + key;
                let verdict = keys.tries(sender, key, TrialOutcome::Refused, 0);
                refused += usize::from(verdict == Verdict::Tried);
            }
        }
        assert_eq!(refused, ADDRESS_LIMITS.in_a_minute);
    }

    #[test]
    fn no_more_keys_are_tried_at_once_than_may_be_refused() {
        let mut keys = TriedKeys::default();
        let begun = |keys: &mut TriedKeys, at_ms: i64| {
            let numbers = 0..40_u64;
            let begun = numbers.filter(|number| {
                let key = *number + at_ms.cast_unsigned() * 100;
                keys.begin(&[MIA, HERE], key, NOW_MS + at_ms) == Verdict::Tried
            });
            begun.count()
        };
        assert_eq!(begun(&mut keys, 0), 5);
        assert_eq!(keys.begin(&[MIA, HERE], 77, NOW_MS), Verdict::Later);
        // The same key again waits for nobody.
        assert_eq!(keys.begin(&[MIA, HERE], 0, NOW_MS), Verdict::Known);
        keys.end(&[MIA, HERE], 0, TrialOutcome::Worked, NOW_MS);
        keys.end(&[MIA, HERE], 0, TrialOutcome::Worked, NOW_MS);
        keys.end(&[MIA, HERE], 1, TrialOutcome::Unknown, NOW_MS);
        keys.end(&[MIA, HERE], 2, TrialOutcome::Refused, NOW_MS);
        assert_eq!(begun(&mut keys, 1), 2);
        // What takes long was not refused at once.
        assert_eq!(begun(&mut keys, 5_001), 4);
    }

    #[test]
    fn nothing_is_kept_of_calls_that_have_ended() {
        let mut keys = TriedKeys::default();
        for key in 0..100 {
            keys.tries(MIA, key, TrialOutcome::Unknown, 0);
            keys.tries(OMAR, key, TrialOutcome::Worked, 0);
        }
        assert!(keys.tried.iter().next().is_none());
    }
}
