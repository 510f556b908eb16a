//! The story of leases, told to SQLite and to PostgreSQL: what a process that
//! is gone left held is settled at its best estimate, and one that was only
//! taken for dead puts the truth in its place.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::time::{sleep, timeout};

use crate::ledger::stories::story::{
    NOW_MS, budget, check_sums, limit, open, open_with, order, sqlite, used,
};
use crate::ledger::*;
use crate::model::{HeardBytes, Metric, ProviderId, TokenId};
use crate::store::AuditedAttempt;
use crate::tests::link::Link;
use crate::tests::postgres;

/// Leases that end soon, and are renewed often enough that a busy machine keeps
/// those of the living.
pub const SHORT: LeaseTimes = LeaseTimes {
    lasts: Duration::from_secs(2),
    renewed_every: Duration::from_millis(50),
};
/// How long anything may take that ends by itself.
const PATIENCE: Duration = Duration::from_secs(20);

async fn open_short(url: &SecretString) -> Ledger {
    open_with(url, &Clock::held_at(NOW_MS), SHORT).await
}

/// What a process holds.
struct HeldCalls {
    /// Bound by a limit, 1,000 tokens of output.
    limited: Hold,
    /// Bound by none. 40 tokens of its answer were heard.
    exempt: Hold,
    /// For a picture that was never begun.
    unbegun: Hold,
    /// For a picture that its provider was asked for, in a call that is passed
    /// on.
    asked: Hold,
}

/// So many words, of four letters each.
fn written(words: u64) -> HeardBytes {
    HeardBytes {
        written: words * 4,
        thought: 0,
    }
}

async fn hold_some(ledger: &Ledger) -> HeldCalls {
    let (openai, google) = (ProviderId::from("openai"), ProviderId::from("google"));
    let limits = budget(&[limit(Metric::OutputTokens, 5_000)], 7);
    let held = async |order, limits| {
        let mut hold = ledger.hold(order, limits).await.unwrap().unwrap();
        hold.begin().await.unwrap();
        hold
    };
    let limited = held(order(&openai, 7), limits).await;
    let mut exempt = held(order(&openai, 8), Vec::new()).await;
    let picture = CallOrder {
        images: 1,
        model: "gemini-3-pro-image",
        ..order(&google, 9)
    };
    let unbegun = held(picture, Vec::new()).await;
    let mut asked = held(picture, Vec::new()).await;
    asked.note_asked();
    ledger.flush().await;
    exempt.noted = Instant::now().checked_sub(PATIENCE).unwrap();
    exempt.hear(written(40));
    // Not noted, since it was a moment ago.
    exempt.hear(written(7));
    ledger.flush().await;
    HeldCalls {
        limited,
        exempt,
        unbegun,
        asked,
    }
}

/// Waits until nothing is held any more; returns the rows.
pub async fn until_nothing_is_held(ledger: &Ledger) -> Vec<AuditedAttempt> {
    let settled = timeout(PATIENCE, async {
        loop {
            ledger.flush().await;
            let rows = ledger.store.audit().await;
            if rows.iter().all(|row| row.state != "held") {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    settled.await.expect("it is settled soon");
    check_sums(ledger).await
}

fn find<'r>(rows: &'r [AuditedAttempt], id: &str) -> &'r AuditedAttempt {
    rows.iter().find(|row| row.id() == id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_held_is_settled_at_an_estimate_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    tell(&sqlite(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_held_is_settled_at_an_estimate_on_postgresql() {
    if let Some(url) = postgres::database() {
        tell(&url).await;
    }
}

async fn tell(url: &SecretString) {
    let first = open_short(url).await;
    first.take_lease().await.unwrap();
    let HeldCalls {
        limited,
        exempt,
        unbegun,
        asked,
    } = hold_some(&first).await;
    let ids = [&limited, &exempt, &unbegun, &asked].map(|hold| format!("{:?}", hold.id()));
    let token = TokenId(5);
    let claim = async |ledger: &Ledger, key: u8| {
        let key = [key; 32];
        let claimed = ledger.store.claim_call(token, &key, &[1; 32], NOW_MS);
        claimed.await.unwrap().is_none()
    };
    assert!(claim(&first, 1).await && !claim(&first, 1).await);
    // It is not heard of any more.
    drop(lock(&first.lease).take());
    let second = open_short(url).await;
    second.take_lease().await.unwrap();
    let rows = until_nothing_is_held(&second).await;
    let seen = ids.clone().map(|id| {
        let row = find(&rows, &id);
        (
            row.state.clone(),
            row.used.input_tokens,
            row.used.output_tokens,
            row.estimated,
        )
    });
    let expected = [
        ("expired".to_owned(), 1_424, 1_000, true),
        ("expired".to_owned(), 100, 40, true),
        ("released".to_owned(), 0, 0, false),
        ("expired".to_owned(), 100, 0, true),
    ];
    assert_eq!(seen, expected);
    assert!(find(&rows, &ids[1]).used.cost.is_some());
    assert_eq!(find(&rows, &ids[3]).used.images, 1);
    // Its call may be made again, by whoever lives.
    let freed = timeout(PATIENCE, async {
        while !claim(&second, 1).await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    freed.await.expect("it is free soon");
    assert!(!claim(&first, 1).await);
    // It was not dead: what it knows takes the place of each estimate, once.
    for (hold, tokens) in [(limited, 7), (exempt, 900), (unbegun, 3), (asked, 4)] {
        first.settle(hold, &used(tokens)).await.unwrap();
    }
    first.flush().await;
    let rows = check_sums(&second).await;
    let seen = ids.map(|id| {
        let row = find(&rows, &id);
        assert!(!row.estimated);
        (row.state.clone(), row.used.output_tokens)
    });
    let settled = |tokens| ("settled".to_owned(), tokens);
    assert_eq!(seen, [settled(7), settled(900), settled(3), settled(4)]);
    second.lost().settle_left().await.unwrap();
    check_sums(&second).await;
    for ledger in [first, second] {
        ledger.close().await;
        ledger.store.close().await;
    }
}

/// Whoever ends in good order leaves nothing that others have to wait for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_given_up_at_the_end() {
    let Some(url) = postgres::database() else {
        return;
    };
    let long = LeaseTimes {
        lasts: Duration::from_hours(1),
        ..SHORT
    };
    let first = open_with(&url, &Clock::held_at(NOW_MS), long).await;
    first.take_lease().await.unwrap();
    std::mem::forget(hold_some(&first).await);
    let second = open(&url, &Clock::held_at(NOW_MS)).await;
    second.lost().settle_left().await.unwrap();
    let held = |rows: Vec<AuditedAttempt>| rows.iter().filter(|it| it.state == "held").count();
    assert_eq!(held(second.store.audit().await), 4);
    first.close().await;
    second.lost().settle_left().await.unwrap();
    second.flush().await;
    assert_eq!(held(check_sums(&second).await), 0);
    second.close().await;
}

/// After the database was away for everybody, nobody is taken for dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lives_keeps_their_holds_when_the_database_comes_back() {
    let Some(url) = postgres::database() else {
        return;
    };
    let (link, url) = Link::to_database(&url).await;
    let (first, second) = (open_short(&url).await, open_short(&url).await);
    first.take_lease().await.unwrap();
    second.take_lease().await.unwrap();
    let held = hold_some(&first).await;
    link.refuses();
    sleep(2 * SHORT.lasts).await;
    link.passes();
    sleep(3 * SHORT.lasts).await;
    let rows = second.store.audit().await;
    assert!(rows.iter().all(|row| row.state == "held"), "{rows:?}");
    for hold in [held.limited, held.exempt, held.unbegun, held.asked] {
        first.settle(hold, &used(7)).await.unwrap();
    }
    first.flush().await;
    check_sums(&second).await;
    first.close().await;
    second.close().await;
}

/// What was kept for a database that is away dies with its process. What is held in
/// rows is settled by another, once the lease has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_postgresql_is_away_leaves_estimates() {
    let Some(url) = postgres::database() else {
        return;
    };
    let (link, through_link) = Link::to_database(&url).await;
    let first = open_short(&through_link).await;
    first.take_lease().await.unwrap();
    let held = hold_some(&first).await;
    let ids = [&held.limited, &held.exempt].map(|hold| format!("{:?}", hold.id()));
    link.refuses();
    for hold in [held.limited, held.exempt] {
        first.settle(hold, &used(7)).await.unwrap();
    }
    // It is killed with both, and the database is back.
    std::mem::forget((held.unbegun, held.asked));
    let second = open_short(&url).await;
    second.take_lease().await.unwrap();
    let rows = until_nothing_is_held(&second).await;
    let seen = ids.map(|id| {
        let row = find(&rows, &id);
        (row.state.clone(), row.used.output_tokens, row.estimated)
    });
    let expired = |tokens| ("expired".to_owned(), tokens, true);
    assert_eq!(seen, [expired(1_000), expired(40)]);
    second.close().await;
}
