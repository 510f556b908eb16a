//! What goes into a spool is there for the next process, whole or not at all.

use std::sync::Arc;

use super::slots::{SLOT_BYTES, SLOTS, first_line};
use super::*;
use crate::model::{
    Amounts, Attempt, KeyId, NanoDollars, Outcome, PersonId, PriceList, ProviderId, Receipt,
    ReceiptLine, ServerId, Settlement, Source, Usage, UsageClass,
};
use crate::store::{CounterBucket, KnownTokens};

fn booking(at: u64) -> Booking {
    Booking {
        attempt: Attempt {
            id: AttemptId(u128::from(at).to_be_bytes()),
            person: PersonId(7),
            server: at.is_multiple_of(2).then_some(ServerId(9)),
            source: Source::Personal,
            key: at.is_multiple_of(3).then_some(KeyId([3; 16])),
            provider: ProviderId::from("openai"),
            model: format!("möwe-{at}"),
            held_at_ms: 1_795_000_000_000,
        },
        held: Amounts {
            input_tokens: 500,
            output_tokens: at,
            images: 0,
            cost: (at % 2 == 1).then_some(NanoDollars(0)),
        },
        counted: Vec::new(),
        known: KnownTokens {
            prompt: 100,
            heard: 0,
        },
    }
}

fn finished(at: u64) -> FinishedAttempt {
    let is_odd = at % 2 == 1;
    let line = ReceiptLine {
        class: UsageClass::Output,
        count: at,
        price: is_odd.then_some(NanoDollars(10)),
    };
    let list = PriceList {
        name: "genai-prices".into(),
        date: is_odd.then(|| "2026-11-20".into()),
    };
    let receipt = Receipt {
        list: Some(list),
        lines: vec![line],
        ..Receipt::default()
    };
    let usage = Usage {
        input_tokens: 100,
        output_tokens: at,
        cached_tokens: 3,
        reasoning_tokens: 4,
        ..Usage::default()
    };
    let outcomes = [Outcome::Answered, Outcome::Failed, Outcome::Abandoned];
    let settlement = Settlement {
        outcome: outcomes[usize::try_from(at).unwrap() % outcomes.len()],
        usage,
        images: at % 4,
        cost: is_odd.then_some(NanoDollars(at)),
        estimated: is_odd,
        cost_reported: !is_odd,
        clamped: is_odd,
        overshoot: !is_odd,
        receipt: if at.is_multiple_of(5) {
            Receipt::default()
        } else {
            receipt
        },
        first_byte_ms: is_odd.then_some(12),
        duration_ms: Some(34),
    };
    FinishedAttempt {
        booking: Arc::new(booking(at)),
        settlement,
    }
}

fn settlements(left: LeftInSpool) -> Vec<FinishedAttempt> {
    assert_eq!(left.bookings, []);
    let mut left: Vec<_> = left.settlements.into_iter().map(|it| it.finished).collect();
    left.sort_by_key(|it| it.booking.attempt.id);
    left
}

#[test]
fn what_is_in_no_row_is_there_for_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.db-spool");
    let (mut spool, left) = Spool::open(&path);
    assert_eq!(left, LeftInSpool::default());
    for round in 0..3 {
        let at = 10 * round;
        for at in at..at + 5 {
            assert!(spool.put(&booking(at)));
        }
        let written = [at, at + 2, at + 4].map(|at| booking(at).attempt.id);
        spool.forget(written.into_iter());
        drop(spool);
        let (again, left) = Spool::open(&path);
        assert_eq!(left.settlements, []);
        let mut left = left.bookings;
        left.sort_by_key(|booking| booking.attempt.id);
        assert_eq!(left, [booking(at + 1), booking(at + 3)]);
        again.forget(left.iter().map(|booking| booking.attempt.id));
        // Nothing of anybody stays in the file.
        assert!(std::fs::read(&path).unwrap().iter().all(|byte| *byte == 0));
        spool = again;
    }
}

#[test]
fn a_settlement_takes_the_place_of_its_attempt_and_a_newer_one_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.db-spool");
    let (spool, _) = Spool::open(&path);
    assert!(spool.put(&booking(1)) && spool.put(&booking(2)));
    let all: Vec<_> = (1..30).map(finished).collect();
    assert_eq!(spool.put_settlements(&all), 0);
    let mut newer = finished(2);
    newer.settlement.duration_ms = Some(99);
    assert_eq!(spool.put_settlements(std::slice::from_ref(&newer)), 0);
    drop(spool);
    let (spool, left) = Spool::open(&path);
    let mut expected = all.clone();
    expected[1] = newer;
    assert_eq!(settlements(left), expected);
    spool.forget(all.iter().map(|it| it.booking.attempt.id));
    assert!(std::fs::read(&path).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn where_limits_counted_an_attempt_its_row_alone_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.db-spool");
    let (spool, _) = Spool::open(&path);
    let counted = CounterBucket {
        counter: "person/7/requests/day/rolling".into(),
        bucket_ms: 1,
    };
    let mut limited = booking(1);
    limited.counted = vec![counted; 50];
    let limited = FinishedAttempt {
        booking: Arc::new(limited),
        ..finished(1)
    };
    assert_eq!(spool.put_settlements(&[limited]), 0);
    let (_, left) = Spool::open(&path);
    let expected = SpooledSettlement {
        finished: finished(1),
        is_limited: true,
    };
    assert_eq!(left.settlements, [expected]);
}

#[test]
fn it_takes_no_more_than_it_has_room_for_and_nothing_that_is_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.db-spool");
    let (spool, _) = Spool::open(&path);
    let mut long = booking(1);
    long.attempt.model = "m".repeat(SLOT_BYTES);
    assert!(!spool.put(&long));
    let long = FinishedAttempt {
        booking: Arc::new(long),
        ..finished(1)
    };
    assert_eq!(spool.put_settlements(&[long]), 1);
    let many = 0..2 * SLOTS as u64;
    let put = many.take_while(|at| spool.put(&booking(*at)));
    assert_eq!(put.count(), SLOTS - SLOTS_FOR_SETTLEMENTS);
    // What has ended finds room where nothing new does.
    let more: Vec<_> = (SLOTS as u64..2 * SLOTS as u64).map(finished).collect();
    assert_eq!(spool.put_settlements(&more), SLOTS - SLOTS_FOR_SETTLEMENTS);
    spool.forget(more.iter().map(|it| it.booking.attempt.id));
    spool.forget([booking(0).attempt.id].into_iter());
    assert!(spool.put(&booking(0)));
    let size = (SLOTS * SLOT_BYTES) as u64;
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
}

#[test]
fn a_receipt_that_is_too_long_is_left_out() {
    let mut long = finished(1);
    let line = long.settlement.receipt.lines[0];
    long.settlement.receipt.lines = vec![line; 200];
    let line = format_settlement(&long);
    assert!(line.len() <= SLOT_BYTES);
    long.settlement.receipt = Receipt::default();
    let Some(SpoolLine::Settlement(read)) = SpoolLine::parse(line.trim_end_matches('\n')) else {
        panic!("{line}");
    };
    assert_eq!(read.finished, long);
}

#[test]
fn a_line_that_was_torn_is_passed_over() {
    let older = format_settlement(&finished(13));
    for line in [format_booking(&booking(3)), format_settlement(&finished(3))] {
        for at in 0..line.len() {
            // Whatever was in the slot before stands behind what was written.
            let (new, _) = line.as_bytes().split_at(at);
            let (_, rest) = older.as_bytes().split_at(at.min(older.len()));
            let mut slot = new.to_vec();
            assert_eq!(first_line(&slot).and_then(SpoolLine::parse), None);
            slot.extend(rest);
            if let Some(SpoolLine::Settlement(read)) = first_line(&slot).and_then(SpoolLine::parse)
            {
                assert!([3, 13].map(finished).contains(&read.finished), "{read:?}");
            }
        }
    }
}

#[test]
fn a_damaged_byte_takes_the_settlement_with_it_and_no_other() {
    let line = format_settlement(&finished(7));
    let whole = line.trim_end_matches('\n').as_bytes();
    let true_line = SpoolLine::parse(line.trim_end_matches('\n'));
    for at in 0..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 1;
        let damaged = String::from_utf8_lossy(&damaged);
        let read = SpoolLine::parse(&damaged);
        assert!(read.is_none() || read == true_line, "{damaged}");
    }
}

#[test]
fn a_spool_that_cannot_be_made_takes_nothing() {
    let (spool, left) = Spool::open(Path::new("/nowhere/latchkey.db-spool"));
    assert_eq!(left, LeftInSpool::default());
    assert!(!spool.put(&booking(1)));
    assert_eq!(spool.put_settlements(&[finished(1)]), 1);
    assert!(Spool::claim(Path::new("/nowhere"), "made-up").is_none());
}

#[test]
fn processes_on_one_machine_have_one_each_and_take_over_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let claim = || Spool::claim(folder.path(), "made-up").unwrap();
    let (first, _) = claim();
    let (second, left) = claim();
    assert_eq!(left, LeftInSpool::default());
    assert_eq!(first.put_settlements(&[finished(1)]), 0);
    assert_eq!(second.put_settlements(&[finished(2)]), 0);
    drop(first);
    let (third, left) = claim();
    assert_eq!(settlements(left), [finished(1)]);
    drop((second, third));
    // One of another database is not looked at.
    let other = Spool::claim(folder.path(), "other").unwrap();
    assert_eq!(other.1, LeftInSpool::default());
    let (all, left) = claim();
    assert_eq!(settlements(left), [finished(1), finished(2)]);
    all.forget([1, 2].map(|at| finished(at).booking.attempt.id).into_iter());
    drop(all);
    assert_eq!(claim().1, LeftInSpool::default());
}
