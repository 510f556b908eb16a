//! After a promise there are words: whatever goes wrong at Discord once it was
//! told to wait, or a question was accepted, ends in something that somebody
//! sees, and nothing is said twice.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::{RestFault, RestTrouble, WorldState};

use crate::tests::{Setup, Stage, bot_wrote, rest_fault, run, run_with};

fn fails(stage: &Stage, fault: RestFault) {
    stage.world().with(|state| state.rest_faults.push(fault));
}

/// Every way in which a call fails for a moment.
fn moments() -> [RestTrouble; 6] {
    [
        RestTrouble::Refused(503, 0),
        RestTrouble::Page(502),
        RestTrouble::ResponseLost,
        RestTrouble::ResponseCut,
        RestTrouble::RequestCut,
        RestTrouble::Limited {
            seconds: 0.1,
            is_global: true,
        },
    ]
}

/// Waits for a message of the bot's that ends as answers do; then for the
/// bot.
async fn is_answered(stage: &Stage) {
    let ended = |state: &WorldState| {
        let mut all = state.messages.iter();
        all.find(|m| m.content.contains("-# Groq")).map(|_| ())
    };
    stage.world().until(ended).await;
    stage.app().await.idle().await;
}

#[tokio::test]
async fn an_acknowledgement_is_tried_again_inside_its_three_seconds() {
    for trouble in moments() {
        run(async |stage| {
            let mia = stage.mia();
            fails(stage, rest_fault(("POST", "/callback"), trouble.clone(), 3));
            let seen = mia.runs("/keys list").await;
            assert!(seen.contains("Your keys"), "{trouble:?}: {seen}");
            let answered = mia.runs("/ask prompt:count").await;
            assert!(
                answered.contains("nine ten\n-# Groq"),
                "{trouble:?}: {answered}"
            );
            assert_eq!(stage.keys_that_paid("groq").len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn the_last_edit_is_tried_until_it_is_taken() {
    for trouble in moments() {
        run(async |stage| {
            let mia = stage.mia();
            fails(
                stage,
                rest_fault(("PATCH", "/webhooks/"), trouble.clone(), 4),
            );
            let seen = mia.runs("/ask prompt:count").await;
            assert!(seen.contains("nine ten\n-# Groq"), "{trouble:?}: {seen}");
            assert!(!seen.contains("[Stop]"), "{trouble:?}: {seen}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_response_that_is_lost_makes_no_second_message() {
    for trouble in moments() {
        run(async |stage| {
            let mia = stage.mia();
            stage
                .world()
                .with(|state| state.providers.pace = Duration::from_millis(30));
            fails(stage, rest_fault(("POST", "/messages"), trouble.clone(), 3));
            mia.writes("@Latchkey count", None);
            is_answered(stage).await;
            assert_eq!(
                bot_wrote(stage, mia.channel),
                "one two three four five six seven eight nine ten\n\
                 -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001",
                "{trouble:?}"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_whose_token_dies_goes_on_with_the_bots_own() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.with(|state| state.providers.pace = Duration::from_millis(4));
        let asked = mia.starts("/ask prompt:a long answer");
        world
            .until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.interaction == Some(asked) && m.content.contains("Here"))
                    .map(|_| ())
            })
            .await;
        world.with(|state| state.token_lifetime = Some(Duration::ZERO));
        is_answered(stage).await;
        let seen = mia.reads_channel();
        assert!(seen.starts_with("> a long answer"), "{seen}");
        assert!(
            seen.contains("That was the long answer.\n-# Groq"),
            "{seen}"
        );
        assert!(!seen.contains("[Stop]") && !seen.contains('…'), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_whose_token_dies_where_the_bot_is_a_guest_comes_directly() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, zoe) = (stage.world(), stage.zoe());
        world.with(|state| state.providers.pace = Duration::from_millis(100));
        let asked = zoe.starts("/ask prompt:count");
        world
            .until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.interaction == Some(asked) && m.content.contains("one"))
                    .map(|_| ())
            })
            .await;
        world.with(|state| state.token_lifetime = Some(Duration::ZERO));
        is_answered(stage).await;
        assert_snapshot!(zoe.directly().reads_channel(), @"
        I could not show you this in <#lobby>, so here is what came of your question:
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_that_may_not_have_more_messages_ends_in_a_file() {
    for trouble in [
        RestTrouble::Refused(403, 40_094),
        RestTrouble::Page(502),
        RestTrouble::ResponseLost,
    ] {
        run(async |stage| {
            stage.expects_refusals();
            let mia = stage.mia();
            fails(
                stage,
                rest_fault(("POST", "/webhooks/"), trouble.clone(), 1_000),
            );
            let seen = mia.runs("/ask prompt:a long answer").await;
            assert!(
                seen.contains("the whole answer is in the file."),
                "{trouble:?}: {seen}"
            );
            assert!(
                seen.contains("[answer.md: The whole answer]"),
                "{trouble:?}: {seen}"
            );
            assert!(!seen.contains("[Stop]"), "{trouble:?}: {seen}");
        })
        .await;
    }
}

#[tokio::test]
async fn somebody_who_takes_the_promise_away_gets_nothing_put_there() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.with(|state| state.providers.pace = Duration::from_millis(30));
        let asked = mia.starts("/ask prompt:count");
        let thinking = world.until(|state| {
            let mut all = state.messages.iter();
            all.find(|m| m.interaction == Some(asked)).map(|m| m.id)
        });
        world.delete_message(thinking.await);
        stage.app().await.idle().await;
        assert_eq!(mia.reads_channel(), "");
    })
    .await;
}

#[tokio::test]
async fn a_typing_mark_is_decoration() {
    // Longer than the test may take.
    let limited = RestTrouble::Limited {
        seconds: 50.0,
        is_global: false,
    };
    for trouble in [limited, RestTrouble::Page(502), RestTrouble::RequestCut] {
        let setup = Setup {
            patience: Duration::from_secs(30),
            ..Setup::default()
        };
        run_with(setup, async |stage| {
            let mia = stage.mia();
            fails(stage, rest_fault(("POST", "/typing"), trouble.clone(), 1));
            assert!(
                mia.says("@Latchkey count")
                    .await
                    .contains("nine ten\n-# Groq")
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_ban_is_not_made_longer() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        fails(
            stage,
            rest_fault(
                ("", ""),
                RestTrouble::Banned {
                    seconds: Some(3_600),
                },
                1_000,
            ),
        );
        world.with(|state| state.calls.clear());
        for _ in 0..5 {
            mia.writes("@Latchkey count", None);
            stage.app().await.idle().await;
        }
        // The first two were on their way at the same time.
        let calls = world.look(|state| state.calls.len());
        assert!(calls <= 2, "{calls} calls during a ban");
        assert_eq!(stage.keys_that_paid("groq").len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_message_is_answered_without_what_was_said_before_where_discord_cannot_be_read() {
    run(async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        let first = mia.writes("the sky is green", None);
        fails(stage, rest_fault(("GET", "/channels/"), RestTrouble::Page(503), 1_000));
        let second = mia.writes("@Latchkey count", Some(first));
        assert_snapshot!(mia.sees_reply(second).await, @"
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · a message that Discord doesn't show me was left out · what was said before could not be read just now
        ");
    })
    .await;
}

#[tokio::test]
async fn commands_that_read_a_channel_say_that_it_could_not_be_read() {
    let setup = Setup {
        config: "message_content = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        fails(stage, rest_fault(("GET", "/channels/"), RestTrouble::Page(503), 1_000));
        assert_snapshot!(mia.runs("/summarize").await, @"(only you) Discord did not let me read what was said here just now, so nothing was asked. Try again in a minute.");
        assert_snapshot!(mia.runs("/forget").await, @"(only you) Discord did not let me read what was said here just now, so nothing was asked. Try again in a minute.");
        stage.world().with(|state| state.rest_faults.clear());
        fails(stage, rest_fault(("GET", "/channels/"), RestTrouble::Refused(403, 50_001), 1_000));
        assert_snapshot!(mia.directly().runs("/summarize").await, @"(only you) I am not in this conversation, so I can't read it. Right-click a message and choose **Apps**, **Summarize** for a single one.");
        assert_eq!(stage.keys_that_paid("groq").len(), 0);
    })
    .await;
}

#[tokio::test]
async fn pictures_outlive_a_bad_minute_of_discords() {
    run_with(crate::tests::images::picture_jobs::setup(), async |stage| {
        let mia = stage.mia();
        crate::tests::images::picture_jobs::adds(&mia, "runpod").await;
        crate::tests::images::picture_jobs::lives(stage, 0, 0, 2);
        fails(
            stage,
            rest_fault(("PATCH", "/webhooks/"), RestTrouble::Page(502), 4),
        );
        let seen = mia
            .runs("/imagine prompt:a lighthouse provider:runpod")
            .await;
        assert!(seen.contains("[picture-1.png"), "{seen}");
        assert!(!seen.contains("[Cancel]"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_fails_for_one_ask_leaves_nothing_in_public() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count provider:openai once:true")
            .await;
        let seen = mia
            .submits(&[("prompt", "count"), ("key", &crate::tests::bad("openai"))])
            .await;
        assert!(seen.starts_with("(only you) "), "{seen}");
        assert!(!seen.contains("I could not answer"), "{seen}");
    })
    .await;
}
