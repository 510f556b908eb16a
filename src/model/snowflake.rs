//! Discord's ids, called snowflakes: each holds the time at which it was
//! made, in milliseconds since Discord's epoch, above its lowest 22 bits.
//! See <https://discord.com/developers/docs/reference#snowflakes>.

use std::time::Duration;

use crate::model::ServerId;

/// Milliseconds from 1970 to Discord's first id.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;
/// How many bits stand below the time.
const TIME_SHIFT: u32 = 22;

/// The lowest id of 17 digits. Discord's first ones are older than Discord.
const LOWEST: u64 = 10_000_000_000_000_000;
/// No clock is so far behind: an id of a later time is none.
const AHEAD: Duration = Duration::from_hours(24 * 365 * 10);

/// Whether a number can be an id of Discord's: it has 17 to 20 digits, and its
/// time has come.
pub fn is_plausible(id: u64, now_ms: i64) -> bool {
    let now_ms = u64::try_from(now_ms).unwrap_or_default();
    let ahead_ms = u64::try_from(AHEAD.as_millis()).unwrap_or(u64::MAX);
    id >= LOWEST && time_ms(id) <= now_ms.saturating_add(ahead_ms)
}

/// When an id was made, in milliseconds since 1970.
pub fn time_ms(id: u64) -> u64 {
    (id >> TIME_SHIFT) + DISCORD_EPOCH_MS
}

/// The lowest id that can have been made `by` before another id; 0 where
/// that is before Discord's first.
pub fn id_before(id: u64, by: Duration) -> u64 {
    let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    (id >> TIME_SHIFT).saturating_sub(by_ms) << TIME_SHIFT
}

impl ServerId {
    /// Which of `total` shards Discord sends this server's events to.
    pub fn shard(self, total: u32) -> u32 {
        let shard = (self.0 >> TIME_SHIFT) % u64::from(total.max(1));
        u32::try_from(shard).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_time_and_its_shard() {
        // Discord's documentation takes this id apart.
        assert_eq!(time_ms(175_928_847_299_117_063), 1_462_015_105_796);
        assert_eq!(ServerId(5 << 22 | 7).shard(4), 1);
        assert_eq!(ServerId(5 << 22).shard(0), 0);
    }

    #[test]
    fn a_number_of_another_shape_is_no_id() {
        let now_ms = 1_795_219_200_000;
        for (id, is_one) in [
            (0, false),
            (1, false),
            (123, false),
            (9_999_999_999_999_999, false),
            (53_908_099_506_183_680, true),
            (175_928_847_299_117_063, true),
            (1_576_368_188_721_987_591, true),
            (9_576_368_188_721_987_591, false),
            (u64::MAX, false),
        ] {
            assert_eq!(is_plausible(id, now_ms), is_one, "{id}");
        }
    }

    #[test]
    fn ids_are_older_by_their_time() {
        let id = 1_000_000 << 22 | 7;
        assert_eq!(id_before(id, Duration::from_secs(1)), 999_000 << 22);
        assert_eq!(id_before(id, Duration::from_hours(1_000)), 0);
    }
}
