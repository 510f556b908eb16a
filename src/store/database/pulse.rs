//! Whether the database works: what its last writes came to, and a probe that
//! writes where they were long ago.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::model::lock;

use crate::store::database::change::{Change, Table};
use crate::store::database::trouble::DatabaseTrouble;
use crate::store::database::value::Statement;
use crate::store::{Backend, Store};

/// For how long the database counts as damaged after damage was met, since
/// what is written elsewhere goes well.
const DAMAGED_FOR: Duration = Duration::from_mins(1);

/// What is known of the database at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabasePulse {
    /// How long ago the last change was safe on disk; none before the first.
    pub since_commit: Option<Duration>,
    /// What was wrong after that.
    pub trouble: Option<DatabaseTrouble>,
    /// How many writes wait for their turn.
    pub queued: usize,
}

/// What the store notes about its work. Moments are milliseconds since the
/// start, and at least 1; 0 is never.
pub(in crate::store) struct Pulse {
    started: Instant,
    /// Names this process in the row that its probes write.
    probe: String,
    committed_ms: AtomicU64,
    /// What was wrong since the last commit, and when that was met.
    last_trouble: Mutex<Option<(DatabaseTrouble, u64)>>,
    has_trouble: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            probe: format!("probe/{:016x}", getrandom::u64().unwrap_or(0)),
            committed_ms: AtomicU64::new(0),
            last_trouble: Mutex::new(None),
            has_trouble: AtomicBool::new(false),
        }
    }
}

impl Pulse {
    fn now_ms(&self) -> u64 {
        let ms = self.started.elapsed().as_millis();
        u64::try_from(ms).unwrap_or(u64::MAX).max(1)
    }

    /// Notes what came of a write.
    pub(in crate::store) fn note<T>(&self, written: anyhow::Result<T>) -> anyhow::Result<T> {
        match &written {
            Ok(_) => {
                self.committed_ms.store(self.now_ms(), Ordering::Relaxed);
                if self.has_trouble.load(Ordering::Relaxed) {
                    self.forget_trouble();
                }
            }
            Err(error) => self.note_error(error),
        }
        written
    }

    /// Notes the trouble behind an error, if there is one.
    pub(in crate::store) fn note_error(&self, error: &anyhow::Error) {
        if let Some(trouble) = DatabaseTrouble::behind(error) {
            metrics::counter!("latchkey_database_troubles_total", "kind" => trouble.as_str())
                .increment(1);
            *lock(&self.last_trouble) = Some((trouble, self.now_ms()));
            self.has_trouble.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets the trouble that a commit shows to be over.
    fn forget_trouble(&self) {
        let mut last = lock(&self.last_trouble);
        let now_ms = self.now_ms();
        let lasts = |(trouble, at_ms): &(DatabaseTrouble, u64)| {
            let met = Duration::from_millis(now_ms.saturating_sub(*at_ms));
            *trouble == DatabaseTrouble::Damaged && met < DAMAGED_FOR
        };
        *last = last.take().filter(lasts);
        self.has_trouble.store(last.is_some(), Ordering::Relaxed);
    }

    fn read(&self, queued: usize) -> DatabasePulse {
        let committed_ms = Some(self.committed_ms.load(Ordering::Relaxed));
        let since = |at_ms| Duration::from_millis(self.now_ms().saturating_sub(at_ms));
        let trouble = lock(&self.last_trouble).map(|(trouble, _)| trouble);
        DatabasePulse {
            since_commit: committed_ms.filter(|at_ms| *at_ms > 0).map(since),
            trouble,
            queued,
        }
    }
}

impl Store {
    /// What is known of the database, without asking it.
    pub fn pulse(&self) -> DatabasePulse {
        let Backend::Sqlite(sqlite) = &self.backend else {
            return self.pulse.read(0);
        };
        let pulse = self.pulse.read(sqlite.count_queued());
        // Its callers hear of it only after a while.
        let locked = || sqlite.is_locked_out().then_some(DatabaseTrouble::Locked);
        DatabasePulse {
            trouble: pulse.trouble.or_else(locked),
            ..pulse
        }
    }

    /// Writes a row and reads, to see whether both work. The row is in the
    /// table that every hold writes to.
    pub async fn probe(&self, now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::QuotaCounter,
            "insert into quota_counter (counter, state, touched_at_ms) values ($1, '', $2) \
             on conflict (counter) do update set touched_at_ms = excluded.touched_at_ms",
        );
        let probe = self.pulse.probe.as_str();
        self.write(SQL.with([probe.into(), now_ms.into()])).await?;
        self.ping().await
    }

    /// Asks the database for next to nothing, to see whether it answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        self.query(Statement::new("select count(*) from master_key", []))
            .await
            .map(drop)
    }

    /// How many bytes the disk of SQLite's file has left. None on PostgreSQL,
    /// whose disk is elsewhere, and where the disk does not say.
    pub async fn disk_free_bytes(&self) -> Option<u64> {
        let Backend::Sqlite(sqlite) = &self.backend else {
            return None;
        };
        let path = sqlite.path().to_owned();
        let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&path));
        let disk = asked.await.ok()?.ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}
