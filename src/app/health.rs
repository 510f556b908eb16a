//! Whether the program can do its work.

use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;

use crate::app::App;
use crate::app::shards::ShardCount;
use crate::ledger::{LedgerPulse, WAITS_MAX};
use crate::store::{DatabasePulse, DatabaseTrouble};

/// How long everything may take that is asked, so that whoever asks has an
/// answer within a second.
const ASKED_MAX: Duration = Duration::from_millis(700);
/// A commit that is no older shows that the database can be written, so that
/// nothing is written to find out.
const FRESH: Duration = Duration::from_secs(1);
/// How long a shard may be gone: Discord has every connection begin anew now
/// and then, which takes a second or two.
const SHARD_GONE_MAX: Duration = Duration::from_secs(10);
/// With fewer bytes than this left, a disk counts as full, since the next commit
/// may need as many; or as nearly so.
const DISK_FULL_BYTES: u64 = 64 << 10;
const DISK_LOW_BYTES: u64 = 256 << 20;

/// What the program needs for its work, as it was a moment ago.
#[derive(Clone, Copy, Debug)]
pub struct Readiness {
    /// What a question to the database, and perhaps a write, came to.
    pub database: Result<(), DatabaseFault>,
    pub pulse: DatabasePulse,
    pub ledger: LedgerPulse,
    pub shards: ShardCount,
    /// What is left on the disk of the database; none if it is elsewhere, or
    /// the disk did not say.
    pub disk_free_bytes: Option<u64>,
}

/// What is wrong with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    Trouble(DatabaseTrouble),
    /// The log says what.
    Unknown,
}

/// How much room a disk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskRoom {
    Enough,
    Low,
    Full,
}

impl Readiness {
    /// Whether the program can do its work.
    pub fn is_ready(&self) -> bool {
        self.database.is_ok()
            && !self.ledger_is_stuck()
            && self.discord_is_there()
            && self.disk_room() != Some(DiskRoom::Full)
    }

    /// Whether the ledger's oldest write waits so long that new calls are
    /// refused.
    pub fn ledger_is_stuck(&self) -> bool {
        let waits = self.ledger.waits;
        waits.is_some_and(|waits| waits > WAITS_MAX)
    }

    /// Whether the shards are connected, or were a moment ago.
    pub fn discord_is_there(&self) -> bool {
        let ShardCount {
            all,
            awaited,
            lost_for,
            ..
        } = self.shards;
        all > 0 && awaited == 0 && lost_for.is_none_or(|gone| gone < SHARD_GONE_MAX)
    }

    /// How much room the disk of the database has, if it is known.
    pub fn disk_room(&self) -> Option<DiskRoom> {
        let free = self.disk_free_bytes?;
        Some(if free < DISK_FULL_BYTES {
            DiskRoom::Full
        } else if free < DISK_LOW_BYTES {
            DiskRoom::Low
        } else {
            DiskRoom::Enough
        })
    }
}

impl App {
    /// Waits until the database's file is taken away; says what happened to
    /// it.
    pub async fn database_lost(&self) -> anyhow::Error {
        self.store.wait_for_loss().await
    }

    /// Finds out whether the program can do its work, in less than a second
    /// whatever hangs.
    pub async fn check_readiness(&self) -> Readiness {
        let (probed, disk) = join(
            timeout(ASKED_MAX, self.probe_database()),
            timeout(ASKED_MAX, self.store.disk_free_bytes()),
        )
        .await;
        let pulse = self.store.pulse();
        let database = match probed {
            Ok(probed) => probed,
            Err(_) => Err(DatabaseTrouble::TooSlow.into()),
        };
        // What others met is more than that it takes long.
        let database = match (database, pulse.trouble) {
            (Ok(()), Some(DatabaseTrouble::Damaged)) => Err(DatabaseTrouble::Damaged.into()),
            (Err(_), Some(trouble)) => Err(trouble.into()),
            (database, _) => database,
        };
        Readiness {
            database,
            pulse,
            ledger: self.ledger.pulse(),
            shards: self.shards.count(),
            disk_free_bytes: disk.ok().flatten(),
        }
    }

    /// Asks the database, and writes to it if nothing was written a moment ago.
    /// Those who ask at the same time do so one after the other.
    async fn probe_database(&self) -> Result<(), DatabaseFault> {
        let _turn = self.probing.acquire().await;
        let pulse = self.store.pulse();
        let is_fresh = pulse.since_commit.is_some_and(|since| since < FRESH);
        let probed = if is_fresh && pulse.trouble.is_none() {
            self.store.ping().await
        } else {
            self.store.probe(self.clock.now_ms()).await
        };
        probed.map_err(|error| {
            tracing::warn!("the database does not do its work: {error:#}");
            DatabaseTrouble::behind(&error).map_or(DatabaseFault::Unknown, Into::into)
        })
    }
}

impl From<DatabaseTrouble> for DatabaseFault {
    fn from(trouble: DatabaseTrouble) -> Self {
        Self::Trouble(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Readiness {
        Readiness {
            database: Ok(()),
            pulse: DatabasePulse {
                since_commit: Some(Duration::from_mins(1)),
                trouble: None,
                queued: 3,
            },
            ledger: LedgerPulse {
                waits: Some(Duration::from_millis(20)),
                unwritten: 2,
            },
            shards: ShardCount {
                all: 2,
                connected: 2,
                ..ShardCount::default()
            },
            disk_free_bytes: Some(1 << 40),
        }
    }

    #[test]
    fn whatever_keeps_the_program_from_its_work_makes_it_unready() {
        assert!(well().is_ready());
        let changes: [fn(&mut Readiness); 7] = [
            |it| it.database = Err(DatabaseFault::Unknown),
            |it| it.database = Err(DatabaseTrouble::ReadOnly.into()),
            |it| it.ledger.waits = Some(Duration::from_secs(3)),
            |it| it.shards = ShardCount::default(),
            |it| it.shards.awaited = 1,
            |it| it.shards.lost_for = Some(Duration::from_secs(11)),
            |it| it.disk_free_bytes = Some(4_096),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut ill = well();
            change(&mut ill);
            assert!(!ill.is_ready(), "{number}");
        }
    }

    #[test]
    fn what_passes_by_itself_or_is_unknown_does_not() {
        let changes: [fn(&mut Readiness); 5] = [
            |it| it.pulse.since_commit = None,
            |it| it.ledger = LedgerPulse::default(),
            |it| it.shards.lost_for = Some(Duration::from_secs(3)),
            |it| it.disk_free_bytes = None,
            |it| it.disk_free_bytes = Some(100 << 20),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut well = well();
            change(&mut well);
            assert!(well.is_ready(), "{number}");
        }
    }
}
