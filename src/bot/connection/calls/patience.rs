//! For how long a call to Discord waits for its turn, and is sent again where
//! Discord has trouble.

use std::time::{Duration, Instant};

/// How long an ordinary call may take, all attempts together.
const USUAL: Duration = Duration::from_mins(1);
/// How often an ordinary call is sent at the most.
const USUAL_ATTEMPTS: u32 = 5;
/// How long reading what was said may wait for its turn: somebody waits for
/// an answer.
const READING: Duration = Duration::from_secs(20);
const READING_ATTEMPTS: u32 = 3;
const READING_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one request may take that nobody should wait for.
const BRIEF_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one acknowledgement may take. A second one does no harm.
const ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long after an interaction came it can still be acknowledged: Discord
/// gives 3 s, of which some are spent on the way.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(2_800);
/// How long an interaction can be answered: Discord's tokens live for 15
/// minutes.
pub const TOKEN_LIVES: Duration = Duration::from_secs(14 * 60 + 30);
/// How long the last word about an answer is tried to be posted. Discord knows
/// a message by its nonce for some minutes only; after that, what was posted
/// without a response would stand there twice.
const POSTING: Duration = Duration::from_mins(2);
/// The first wait after trouble; it doubles.
const BACKOFF: Duration = Duration::from_millis(250);
/// The first wait for an acknowledgement.
const ACKNOWLEDGEMENT_BACKOFF: Duration = Duration::from_millis(100);
/// The longest wait.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// The longest wait for an acknowledgement: Discord may be back at any moment
/// of its three seconds.
const ACKNOWLEDGEMENT_BACKOFF_MAX: Duration = Duration::from_millis(250);

/// For how long a call waits for its turn, and is sent again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub give_up_at: Instant,
    /// How often it is sent at the most.
    pub attempts: u32,
    /// How long one request may take.
    pub request_timeout: Duration,
    first_backoff: Duration,
    longest_backoff: Duration,
}

impl Patience {
    /// An ordinary call.
    pub fn usual() -> Self {
        Self {
            attempts: USUAL_ATTEMPTS,
            ..Self::until(Instant::now() + USUAL)
        }
    }

    /// A call that is made up for by the next: it is sent once, and not at
    /// all where it would have to wait.
    pub fn brief() -> Self {
        Self {
            attempts: 1,
            request_timeout: BRIEF_TIMEOUT,
            ..Self::until(Instant::now())
        }
    }

    /// A call that is made up for by the next, and can wait for its turn.
    pub fn growing() -> Self {
        Self {
            attempts: 1,
            ..Self::usual()
        }
    }

    /// A call that something else can be done for.
    pub fn twice() -> Self {
        Self {
            attempts: 2,
            ..Self::usual()
        }
    }

    /// A call that reads what somebody's answer can do without.
    pub fn reading() -> Self {
        Self {
            attempts: READING_ATTEMPTS,
            request_timeout: READING_TIMEOUT,
            ..Self::until(Instant::now() + READING)
        }
    }

    /// The first answer to an interaction.
    pub fn acknowledging(received_at: Instant) -> Self {
        Self {
            request_timeout: ACKNOWLEDGEMENT_TIMEOUT,
            first_backoff: ACKNOWLEDGEMENT_BACKOFF,
            longest_backoff: ACKNOWLEDGEMENT_BACKOFF_MAX,
            ..Self::until(received_at + ACKNOWLEDGE_WITHIN)
        }
    }

    /// The last word of an interaction.
    pub fn last_word(received_at: Instant) -> Self {
        Self::until(received_at + TOKEN_LIVES)
    }

    /// The last change to a message in a channel.
    pub fn last_edit() -> Self {
        Self::until(Instant::now() + TOKEN_LIVES)
    }

    /// A message that ends an answer in a channel.
    pub fn last_post() -> Self {
        Self::until(Instant::now() + POSTING)
    }

    fn until(give_up_at: Instant) -> Self {
        Self {
            give_up_at,
            attempts: u32::MAX,
            request_timeout: REQUEST_TIMEOUT,
            first_backoff: BACKOFF,
            longest_backoff: BACKOFF_MAX,
        }
    }

    /// How long to wait after so many attempts that met with trouble; none
    /// where the call is given up.
    pub fn backoff(&self, attempts: u32, now: Instant) -> Option<Duration> {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let wait = self.first_backoff.saturating_mul(doubled);
        let wait = wait.min(self.longest_backoff);
        (attempts < self.attempts && now + wait < self.give_up_at).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_tried_inside_their_three_seconds() {
        let now = Instant::now();
        let patience = Patience::acknowledging(now);
        let mut at = now;
        let mut attempts = 1;
        while let Some(wait) = patience.backoff(attempts, at) {
            at += wait;
            attempts += 1;
        }
        assert!(attempts >= 10, "{attempts} attempts");
        // The last comes late, and not too late.
        assert!(at > now + Duration::from_millis(2_500));
        assert!(at < now + Duration::from_secs(3));
    }

    #[test]
    fn the_last_word_is_tried_for_as_long_as_its_token_lives() {
        let now = Instant::now();
        let patience = Patience::last_word(now);
        let late = now + Duration::from_mins(14);
        assert_eq!(patience.backoff(90, late), Some(BACKOFF_MAX));
        let too_late = now + Duration::from_mins(15);
        assert_eq!(patience.backoff(90, too_late), None);
        assert_eq!(Patience::brief().backoff(1, now), None);
        assert_eq!(Patience::growing().backoff(1, now), None);
    }
}
