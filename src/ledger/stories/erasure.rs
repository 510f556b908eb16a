//! Somebody is erased while their calls run, on both databases: nothing that is
//! written later has their name.

use secrecy::SecretString;

use crate::ledger::stories::story::{NOW_MS, budget, check_sums, limit, open, order, sqlite, used};
use crate::ledger::*;
use crate::model::{Metric, PersonId, ProviderId, Source};
use crate::store::{TotalScope, UsageOwner};
use crate::tests::postgres;

const MIA: u64 = 7;
const OMAR: u64 = 8;
/// How many of Mia's calls end while she is erased.
const CALLS: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_while_its_person_is_erased_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    erase(&sqlite(&folder)).await;
    if let Some(url) = postgres::database() {
        erase(&url).await;
    }
}

async fn erase(url: &SecretString) {
    let ledger = open(url, &Clock::held_at(NOW_MS)).await;
    let openai = ProviderId::from("openai");
    let limits = budget(&[limit(Metric::Requests, 1_000)], MIA);
    let mut on_disk = Vec::new();
    for _ in 0..CALLS {
        let hold = ledger.hold(order(&openai, MIA), limits.clone()).await;
        on_disk.push(hold.unwrap().unwrap());
    }
    for hold in &mut on_disk {
        hold.begin().await.unwrap();
    }
    // With one's own key nothing is limited, and nothing is on disk yet.
    let own = CallOrder {
        source: Source::Personal,
        ..order(&openai, MIA)
    };
    let unwritten = ledger.hold(own, Vec::new()).await.unwrap().unwrap();
    let others = ledger.hold(order(&openai, OMAR), Vec::new()).await;
    let erasing = async {
        ledger.write_all().await.unwrap();
        let erased = ledger.store.erase_person(PersonId(MIA), NOW_MS, NOW_MS);
        erased.await.unwrap();
    };
    let ending = async {
        for hold in on_disk {
            ledger.settle(hold, &used(10)).await.unwrap();
        }
    };
    tokio::join!(erasing, ending);
    for hold in [unwritten, others.unwrap().unwrap()] {
        ledger.settle(hold, &used(10)).await.unwrap();
    }
    ledger.flush().await;
    assert_eq!(kept_of(&ledger, MIA).await, (0, 0));
    assert_eq!(kept_of(&ledger, OMAR).await, (1, 1));
    // The sums of all others are whole.
    assert_eq!(check_sums(&ledger).await.len(), CALLS + 2);
    let members = ledger.store.usage_by_member(9, 0..i64::from(i32::MAX));
    let members = members.await.unwrap();
    let requests = members
        .iter()
        .map(|(member, total)| (*member, total.requests));
    assert_eq!(requests.collect::<Vec<_>>(), [(0, CALLS as u64), (OMAR, 1)]);
    ledger.close().await;
}

/// How many attempts and how many days are kept of a person.
async fn kept_of(ledger: &Ledger, person: u64) -> (usize, usize) {
    let owner = UsageOwner {
        scope: TotalScope::User,
        id: person,
    };
    let attempts = ledger.store.attempts_of(PersonId(person), 1_000);
    let days = 0..=i64::from(i32::MAX);
    let totals = ledger.store.totals(owner, days, 1_000);
    (attempts.await.unwrap().len(), totals.await.unwrap().len())
}
