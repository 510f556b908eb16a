//! How often new sessions begin. Discord allows each bot 1,000 a day, over
//! all of its processes; one more ends all sessions and resets the bot's
//! token (`docs/discord.md` §5.3).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::close_code::EndReason;
use crate::bot::connection::calls::rest::{Rest, status_of};
use crate::model::lock;

/// A session that begins so soon after the last one of its shard shows that
/// sessions do not last.
const BRISK: Duration = Duration::from_mins(2);
/// How many such sessions begin before they are spaced out.
const BRISK_MAX: u32 = 2;
/// The first wait then; it doubles.
const WAIT: Duration = Duration::from_secs(5);
/// The longest wait, which makes 144 sessions a day.
const WAIT_MAX: Duration = Duration::from_mins(10);
/// How long Discord may take to say how many sessions may begin.
const ASKED_MAX: Duration = Duration::from_secs(5);
/// How long a wait for more sessions lasts before Discord is asked again.
const ALLOWANCE_WAIT_MAX: Duration = Duration::from_hours(1);
/// With fewer left, the operator is warned.
const FEW_LEFT: u64 = 100;

/// The sessions that began, by shard.
#[derive(Default)]
pub struct Logins {
    last: Mutex<BTreeMap<u32, Login>>,
}

/// The newest session of a shard.
struct Login {
    at: Instant,
    /// How many came right after another, this one included.
    brisk: u32,
}

impl Logins {
    /// Notes that a session of a shard begins now.
    pub fn note(&self, shard: u32) {
        let now = Instant::now();
        let mut last = lock(&self.last);
        let brisk = last.get(&shard).map_or(0, |login| login.brisk_at(now));
        last.insert(shard, Login { at: now, brisk });
    }

    /// How long a shard waits before its next session begins.
    pub fn pause(&self, shard: u32) -> Duration {
        let last = lock(&self.last);
        let brisk = last
            .get(&shard)
            .map_or(0, |login| login.brisk_at(Instant::now()));
        match brisk.checked_sub(BRISK_MAX) {
            None | Some(0) => Duration::ZERO,
            Some(more) => WAIT.saturating_mul(1 << (more - 1).min(16)).min(WAIT_MAX),
        }
    }
}

impl Login {
    /// How many sessions will have come right after another, if the next one
    /// begins now.
    fn brisk_at(&self, now: Instant) -> u32 {
        // A session that was spaced out is given as long as it waited.
        let paused = WAIT.saturating_mul(1 << self.brisk.min(16)).min(WAIT_MAX);
        if now.duration_since(self.at) < BRISK + paused {
            self.brisk + 1
        } else {
            0
        }
    }
}

/// Asks Discord whether a session may begin now. Returns how long to wait
/// before asking again, if not. Where Discord does not say, it may.
pub async fn ask_allowance(rest: &Rest) -> Result<Duration, EndReason> {
    let asked = timeout(ASKED_MAX, rest.get("GET gateway limits", "/gateway/bot")).await;
    let limits: Value = match asked {
        Ok(Ok(said)) => said["session_start_limit"].clone(),
        Ok(Err(error)) if status_of(&error) == Some(401) => return Err(EndReason::TokenRefused),
        Ok(Err(_)) | Err(_) => return Ok(Duration::ZERO),
    };
    let Some(remaining) = limits["remaining"].as_u64() else {
        return Ok(Duration::ZERO);
    };
    let resets_after = Duration::from_millis(limits["reset_after"].as_u64().unwrap_or(0));
    if remaining == 0 {
        tracing::error!(
            "Discord allows this bot no new session for another {} s, and resets the token of a bot that begins one all the same, so this process waits; \
             see whether another process with the same token, or one that starts again and again, uses them up",
            resets_after.as_secs()
        );
        return Ok(resets_after.clamp(Duration::from_millis(100), ALLOWANCE_WAIT_MAX));
    }
    if remaining < FEW_LEFT {
        tracing::warn!(
            remaining,
            "few sessions may begin until Discord counts anew; see what starts so often"
        );
    }
    Ok(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever Discord does with sessions, fewer than 1,000 begin in a day.
    #[tokio::test(start_paused = true)]
    async fn sessions_that_do_not_last_are_spaced_out() {
        let lives = [0, 3, 20, 119, 121, 600].map(Duration::from_secs);
        for life in lives {
            let (logins, start) = (Logins::default(), Instant::now());
            let mut begun = 0;
            while start.elapsed() < Duration::from_hours(24) {
                // serenity takes 5 s over it.
                tokio::time::advance(logins.pause(7) + Duration::from_secs(5)).await;
                logins.note(7);
                begun += 1;
                tokio::time::advance(life).await;
            }
            assert!(begun < 800, "{begun} of {life:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_lasted_is_followed_at_once() {
        let logins = Logins::default();
        assert_eq!(logins.pause(0), Duration::ZERO);
        for expected in [0, 0, 0, 5, 10, 20, 40] {
            assert_eq!(logins.pause(0).as_secs(), expected);
            logins.note(0);
        }
        assert_eq!(logins.pause(1), Duration::ZERO, "another shard");
        tokio::time::advance(Duration::from_mins(20)).await;
        assert_eq!(logins.pause(0), Duration::ZERO);
    }
}
