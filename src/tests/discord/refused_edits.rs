//! Messages that take no edit: what belongs there is said anew, and no sign of
//! an answer that is still to come outlives it.

use std::time::Duration;

use latchkey_emulator::{RestFault, RestTrouble};

use crate::tests::asks::answers::{unfinish, until_it_grows};
use crate::tests::{Actor, Stage, bot_wrote, rest_fault, run};

/// Every way in which Discord refuses an edit for good, but by a filter.
const FOR_GOOD: [(u16, u64); 5] = [
    (403, 50_013),
    (403, 50_005),
    (404, 10_008),
    (429, 30_046),
    (400, 50_083),
];

/// Discord refuses some calls whose texts hold some words.
fn refuses(stage: &Stage, fault: RestFault) {
    stage.expects_refusals();
    stage.world().with(|state| state.rest_faults.push(fault));
}

/// A call whose text holds some words is refused.
fn of_text(content: &'static str, call: RestFault) -> RestFault {
    RestFault { content, ..call }
}

/// Every call of a method at a path is refused.
fn every(method: &'static str, path: &'static str, (status, code): (u16, u64)) -> RestFault {
    rest_fault((method, path), RestTrouble::Refused(status, code), 1_000)
}

fn slowly(stage: &Stage) {
    stage
        .world()
        .with(|state| state.providers.pace = Duration::from_millis(60));
}

/// Asks in a message, and waits for the end of what comes.
async fn asks(stage: &Stage, mia: &Actor<'_>) {
    mia.writes("@Latchkey count", None);
    until_it_grows(stage, mia).await;
    stage.app().await.idle().await;
}

#[tokio::test]
async fn an_answer_to_a_message_that_takes_no_edit_is_posted_anew() {
    for with in FOR_GOOD {
        run(async |stage| {
            let mia = stage.mia();
            slowly(stage);
            refuses(stage, of_text("-# Groq", every("PATCH", "/messages/", with)));
            asks(stage, &mia).await;
            assert_eq!(
                bot_wrote(stage, mia.channel),
                "one two three four five six seven eight nine ten\n\
                 -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · <\u{a0}$0.0001",
                "{with:?}"
            );
            assert_eq!(mia.offers(), "[Again] [Other model] [Details]", "{with:?}");
            assert_eq!(mia.directly().reads_channel(), "", "{with:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_that_takes_no_edit_while_it_grows_leaves_no_button() {
    for with in FOR_GOOD {
        run(async |stage| {
            let mia = stage.mia();
            slowly(stage);
            refuses(stage, every("PATCH", "/messages/", with));
            asks(stage, &mia).await;
            let seen = mia.reads_channel();
            assert!(seen.contains("\n-# "), "{with:?}: {seen}");
            assert!(!seen.contains("[Stop]"), "{with:?}: {seen}");
            assert_eq!(seen.matches("one two").count(), 1, "{with:?}: {seen}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_answer_keeps_what_stands_and_posts_the_rest_anew() {
    run(async |stage| {
        let mia = stage.mia();
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(4));
        refuses(
            stage,
            of_text("-# Groq", every("PATCH", "/messages/", (429, 30_046))),
        );
        let seen = mia.says("@Latchkey a long answer").await;
        assert!(
            seen.contains("That was the long answer.\n-# Groq"),
            "{seen}"
        );
        assert!(!seen.contains("[Stop]"), "{seen}");
        assert_eq!(seen.matches("That was the long answer").count(), 1);
        let refused = stage.world().look(|state| {
            let calls = state.calls.iter().filter(|call| call.status == 429);
            calls.count()
        });
        assert!(refused <= 1, "it was tried again");
    })
    .await;
}

#[tokio::test]
async fn a_command_whose_answer_takes_no_edit_is_answered_all_the_same() {
    for with in FOR_GOOD {
        run(async |stage| {
            slowly(stage);
            // One that takes none from the first word on, and one later.
            for (content, line) in [("", "/ask prompt:count"), ("-# Groq", "/ask prompt:hello")] {
                for actor in [stage.mia(), stage.zoe()] {
                    refuses(stage, of_text(content, every("PATCH", "/webhooks/", with)));
                    let seen = actor.runs(line).await;
                    let place = format!("{with:?} {line}: {seen}");
                    let everywhere = seen + &actor.directly().reads_channel();
                    assert!(everywhere.contains("\n-# Groq"), "{place}");
                    assert!(!everywhere.contains("[Stop]"), "{place}");
                    assert!(!everywhere.contains('…'), "{place}");
                    stage.world().with(|state| state.rest_faults.clear());
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn where_no_message_is_taken_the_answer_comes_directly_and_nothing_unfinished_stays() {
    for with in FOR_GOOD {
        run(async |stage| {
            let mia = stage.mia();
            slowly(stage);
            let path: &'static str = format!("/channels/{}/messages", mia.channel).leak();
            refuses(stage, of_text("-# Groq", every("PATCH", path, with)));
            refuses(
                stage,
                of_text("-# Groq", every("POST", path, (403, 50_013))),
            );
            asks(stage, &mia).await;
            let seen = mia.reads_channel();
            assert!(!seen.contains("[Stop]"), "{with:?}: {seen}");
            let directly = mia.directly().reads_channel();
            assert!(
                directly.contains("nine ten\n-# Groq"),
                "{with:?}: {directly}"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_even_be_taken_away_keeps_no_answer_back() {
    run(async |stage| {
        let mia = stage.mia();
        slowly(stage);
        refuses(
            stage,
            of_text("-# Groq", every("PATCH", "/messages/", (403, 50_013))),
        );
        refuses(stage, every("DELETE", "/messages/", (403, 50_013)));
        asks(stage, &mia).await;
        let seen = bot_wrote(stage, mia.channel);
        assert!(seen.contains("nine ten\n-# Groq"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn answers_that_a_restart_broke_off_long_ago_keep_no_button() {
    run(async |stage| {
        stage.expects_refusals();
        let (mia, world) = (stage.mia(), stage.world());
        for _ in 0..5 {
            mia.says("@Latchkey count").await;
        }
        // What a process that died in mid-answer leaves behind.
        stage.stop().await;
        world.with(|state| {
            for message in state.messages.iter_mut().filter(|it| it.is_bots()) {
                message.content = "one two".to_owned();
                message.age = Duration::from_hours(2);
            }
        });
        let unfinished = unfinish(&stage.database());
        assert!(unfinished > 3, "{unfinished}");
        stage.clock.advance_ms(7_200_000);
        stage.start().await;
        let closed = world.until(|state| {
            let own = state.messages.iter().filter(|it| it.is_bots());
            let closed = own.filter(|it| it.content.contains("I was restarted"));
            (closed.count() == unfinished).then_some(())
        });
        closed.await;
    })
    .await;
}
