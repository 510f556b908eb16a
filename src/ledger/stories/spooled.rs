//! The database takes no settlement any more before the process ends, or is
//! killed: the next start writes what calls have cost, once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::time::{Instant, sleep, timeout};

use crate::ledger::stories::story::{
    NOW_MS, budget, check_sums, limit, open, open_spooled, open_with, order, sqlite, used,
};
use crate::ledger::*;
use crate::model::{Metric, ProviderId};
use crate::store::AuditedAttempt;
use crate::tests::database_file::OtherProgram;
use crate::tests::link::Link;
use crate::tests::postgres;

/// How long anything may take that ends by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many calls of each kind are answered in each story.
const CALLS: u64 = 4;

/// The output tokens of each attempt; none where it was given back.
type Answers = BTreeMap<String, Option<u64>>;

async fn begin(ledger: &Ledger, is_limited: bool) -> Hold {
    let provider = ProviderId::from("openai");
    let limits = if is_limited {
        budget(&[limit(Metric::OutputTokens, 1_000_000)], 7)
    } else {
        Vec::new()
    };
    let hold = ledger.hold(order(&provider, 7), limits).await.unwrap();
    let mut hold = hold.expect("there is room");
    hold.begin().await.unwrap();
    hold
}

/// Calls that limits count, and others.
async fn begin_calls(ledger: &Ledger) -> Vec<Hold> {
    let mut holds = Vec::new();
    for _ in 0..CALLS {
        holds.push(begin(ledger, true).await);
        holds.push(begin(ledger, false).await);
    }
    ledger.flush().await;
    // These are in no row yet.
    for _ in 0..CALLS {
        holds.push(begin(ledger, false).await);
    }
    holds
}

/// All of them end at once: the first is given back, the others are answered.
async fn end_calls(ledger: &Ledger, holds: Vec<Hold>) -> Answers {
    let mut answers = Answers::new();
    let mut ends = Vec::new();
    for (tokens, hold) in (0..).zip(holds) {
        let is_refused = tokens == 0;
        answers.insert(format!("{:?}", hold.id()), (!is_refused).then_some(tokens));
        ends.push(async move {
            let end = if is_refused {
                CallEnd::Released
            } else {
                used(tokens)
            };
            let settled = timeout(PATIENCE, ledger.settle(hold, &end)).await;
            settled.expect("nobody waits for long").unwrap();
        });
    }
    futures_util::future::join_all(ends).await;
    answers
}

/// Asserts that each call costs what it is answered to have used, in rows,
/// counters and sums.
async fn check(ledger: &Ledger, answers: &Answers) -> Vec<AuditedAttempt> {
    let rows = check_sums(ledger).await;
    assert_eq!(rows.len(), answers.len());
    for row in &rows {
        let state = match answers[&row.id()] {
            Some(tokens) => {
                assert_eq!((row.used.output_tokens, row.estimated), (tokens, false));
                "settled"
            }
            None => "released",
        };
        assert_eq!(row.state, state);
    }
    rows
}

/// Asserts that nothing of anybody is left in a spool.
fn check_blank(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0));
}

/// A database whose lock somebody else has, calls that are answered meanwhile,
/// and the spool.
struct Locked {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: Ledger,
    other: OtherProgram,
    answers: Answers,
}

impl Locked {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::held_at(NOW_MS);
        let ledger = open(&sqlite(&folder), &clock).await;
        ledger.take_lease().await.unwrap();
        let holds = begin_calls(&ledger).await;
        let other = OtherProgram::open(&folder.path().join("ledger.db"));
        other.runs("begin immediate");
        let answers = end_calls(&ledger, holds).await;
        Self {
            folder,
            clock,
            ledger,
            other,
            answers,
        }
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("ledger.db-spool")
    }

    /// Kills the process: it writes nothing more.
    async fn kill(&self) {
        self.ledger.store.close().await;
    }

    /// The next start, with what it finds.
    async fn start(&self) -> Ledger {
        let next = open(&sqlite(&self.folder), &self.clock).await;
        next.take_lease().await.unwrap();
        next
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_outlasts_the_process_loses_no_settlement() {
    for is_killed in [false, true] {
        let locked = Locked::begin().await;
        if is_killed {
            locked.kill().await;
        } else {
            let by = Instant::now() + Duration::from_secs(1);
            locked.ledger.close_by(by).await;
            locked.kill().await;
        }
        locked.other.runs("rollback");
        let next = locked.start().await;
        check(&next, &locked.answers).await;
        check_blank(&locked.spool());
        next.close().await;
        next.store.close().await;
    }
}

/// The process died after it had written what is in the spool, or in the middle
/// of that, or before it had taken it out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_that_is_read_again_changes_nothing() {
    let locked = Locked::begin().await;
    let spooled = std::fs::read(locked.spool()).unwrap();
    locked.other.runs("rollback");
    let written = timeout(PATIENCE, async {
        while locked.ledger.pulse().waits.is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    });
    written.await.expect("it is written again soon");
    locked.ledger.close().await;
    check_blank(&locked.spool());
    let rows = check(&locked.ledger, &locked.answers).await;
    locked.kill().await;
    for _ in 0..2 {
        std::fs::write(locked.spool(), &spooled).unwrap();
        let next = locked.start().await;
        let again = check(&next, &locked.answers).await;
        assert_eq!(format!("{again:?}"), format!("{rows:?}"));
        check_blank(&locked.spool());
        next.close().await;
        next.store.close().await;
    }
}

/// Half of a spool is lost: what is in the other half is written as it was, and
/// the rest costs its estimate, which its row says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_spool_takes_no_more_with_it_than_what_is_torn() {
    let locked = Locked::begin().await;
    locked.kill().await;
    let mut spooled = std::fs::read(locked.spool()).unwrap();
    let taken: Vec<usize> = (0..spooled.len())
        .step_by(1_024)
        .filter(|at| spooled[*at] != 0)
        .collect();
    let (torn, whole) = taken.split_at(taken.len() / 2);
    for (at, slot) in torn.iter().enumerate() {
        spooled[slot + 40 + 10 * at..slot + 1_024].fill(0);
    }
    std::fs::write(locked.spool(), &spooled).unwrap();
    locked.other.runs("rollback");
    let next = locked.start().await;
    let rows = check_sums(&next).await;
    let (known, lost): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.state != "expired");
    assert_eq!(known.len(), whole.len());
    for row in known {
        let tokens = locked.answers[&row.id()];
        assert_eq!(row.used.output_tokens, tokens.unwrap_or_default());
        assert!(!row.estimated);
    }
    assert!(lost.iter().all(|row| row.estimated));
    check_blank(&locked.spool());
    next.close().await;
    next.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_that_outlasts_the_process_loses_no_settlement() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::held_at(NOW_MS);
    let ledger = open(&sqlite(&folder), &clock).await;
    ledger.take_lease().await.unwrap();
    let holds = begin_calls(&ledger).await;
    ledger.store.limit_growth(true).await;
    let answers = end_calls(&ledger, holds).await;
    let by = Instant::now() + Duration::from_millis(200);
    ledger.close_by(by).await;
    ledger.store.close().await;
    let next = open(&sqlite(&folder), &clock).await;
    next.take_lease().await.unwrap();
    check(&next, &answers).await;
    next.close().await;
    next.store.close().await;
}

/// A PostgreSQL that is away while calls are answered and the process ends. The
/// next process of the same machine writes what they cost; others may have
/// settled them at an estimate meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_away_at_the_end_loses_no_settlement() {
    for others_are_faster in [false, true] {
        let Some(url) = postgres::database() else {
            return;
        };
        let clock = Clock::held_at(NOW_MS);
        let folder = tempfile::tempdir().unwrap();
        let (link, linked) = Link::to_database(&url).await;
        let ledger = open_spooled(&linked, &clock, folder.path()).await;
        ledger.take_lease().await.unwrap();
        let holds = begin_calls(&ledger).await;
        link.refuses();
        let answers = end_calls(&ledger, holds).await;
        ledger
            .close_by(Instant::now() + Duration::from_secs(1))
            .await;
        ledger.store.close().await;
        drop(ledger);
        link.passes();
        if others_are_faster {
            settle_as_another(&url, &clock, &answers).await;
        }
        let next = open_spooled(&linked, &clock, folder.path()).await;
        timeout(PATIENCE, next.take_lease()).await.unwrap().unwrap();
        check(&next, &answers).await;
        let spools: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        for spool in spools {
            check_blank(&spool.unwrap().path());
        }
        next.close().await;
        next.store.close().await;
    }
}

/// Another process finds that the lease has ended, and settles what was held.
async fn settle_as_another(url: &secrecy::SecretString, clock: &Clock, answers: &Answers) {
    let leases = LeaseTimes {
        lasts: Duration::from_millis(300),
        renewed_every: Duration::from_millis(50),
    };
    let other = open_with(url, clock, leases).await;
    other.take_lease().await.unwrap();
    let settled = timeout(2 * PATIENCE, async {
        while other
            .store
            .audit()
            .await
            .iter()
            .any(|row| row.state == "held")
        {
            sleep(Duration::from_millis(50)).await;
        }
    });
    settled.await.expect("the lease ends");
    let rows = check_sums(&other).await;
    assert!(rows.len() <= answers.len());
    assert!(rows.iter().any(|row| row.state == "expired"));
    other.close().await;
    other.store.close().await;
}
