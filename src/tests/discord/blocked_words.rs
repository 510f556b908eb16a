//! What Discord does not take for its words: `AutoMod`, blocked links. Wherever
//! it was asked, words stand in its place, no button of a growing answer
//! stays, and nothing is announced that does not come.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::{RestFault, RestTrouble};

use crate::tests::{Stage, bot_wrote, rest_fault, run};

/// Discord refuses every message at a path that holds some words.
fn blocks(stage: &Stage, path: &'static str, content: &'static str, code: u64) {
    stage.expects_refusals();
    stage.world().with(|state| {
        state.rest_faults.push(RestFault {
            content,
            ..rest_fault(("", path), RestTrouble::Refused(400, code), 1_000)
        });
    });
}

#[tokio::test]
async fn a_command_whose_answer_is_blocked_says_so_and_the_answer_comes_directly() {
    for (code, why) in [
        (200_000, "this server’s AutoMod blocks something in it. I"),
        (200_001, "this server’s AutoMod blocks something in it. I"),
        (
            20_009,
            "its filter finds it too explicit for those who would see it. I",
        ),
        (50_035, "in the form in which I sent it (code 50035). I"),
    ] {
        run(async |stage| {
            let zoe = stage.zoe();
            blocks(stage, "/webhooks/", "ten", code);
            let seen = zoe.runs("/ask prompt:count").await;
            assert!(
                seen.starts_with("Discord does not take this answer"),
                "{code}: {seen}"
            );
            assert!(seen.contains(why), "{code}: {seen}");
            assert!(
                seen.contains("I wrote it to you directly"),
                "{code}: {seen}"
            );
            let directly = zoe.directly().reads_channel();
            assert!(
                directly.starts_with("I could not show you this in <#lobby>"),
                "{directly}"
            );
            assert!(directly.contains("nine ten\n-# Groq"), "{directly}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_mention_whose_answer_is_blocked_keeps_no_half_answer_and_no_button() {
    for (code, why) in [
        (200_000, "this server’s AutoMod blocks something in it. Ask"),
        (240_000, "it blocks a link in it. Ask"),
        (
            20_009,
            "its filter finds it too explicit for those who would see it. Ask",
        ),
        (50_035, "in the form in which I sent it (code 50035). Ask"),
    ] {
        run(async |stage| {
            let mia = stage.mia();
            stage
                .world()
                .with(|state| state.providers.pace = Duration::from_millis(60));
            blocks(stage, "/messages", "seven", code);
            let seen = mia.says("@Latchkey count").await;
            assert!(
                seen.contains("Discord does not take this answer"),
                "{code}: {seen}"
            );
            assert!(seen.contains(why), "{code}: {seen}");
            assert!(
                !seen.contains("[Stop]") && !seen.contains("one two"),
                "{code}: {seen}"
            );
            // Its channel is blocked too, so that nothing is announced there.
            assert_eq!(mia.directly().reads_channel(), "", "{code}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_blocked_link_comes_directly_and_leads_nowhere() {
    run(async |stage| {
        let mia = stage.mia();
        blocks(stage, "/messages", "evil.example/x", 240_000);
        mia.says("@Latchkey is https://evil.example/x?a=b good?")
            .await;
        assert_snapshot!(mia.directly().reads_channel(), @"
        Discord blocks a link in what I wanted to show you in <#general>. Here it is, with its links spelt so that they lead nowhere:
        You asked: is hxxps://evil[.]example/x?a=b good?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 16 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_blocked_question_is_left_out_and_its_answer_stays() {
    run(async |stage| {
        let mia = stage.mia();
        blocks(stage, "/webhooks/", "badword", 200_000);
        let seen = mia.runs("/ask prompt:count to badword").await;
        assert!(seen.starts_with("one two"), "{seen}");
        assert!(!seen.contains("[Stop]"), "{seen}");
        assert_eq!(mia.directly().reads_channel(), "");
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_whose_second_message_is_blocked_ends_in_a_file() {
    run(async |stage| {
        let mia = stage.mia();
        blocks(stage, "/webhooks/", "of a long program", 200_000);
        let seen = mia.runs("/ask prompt:a long answer").await;
        assert!(seen.contains("[answer.md: The whole answer]"), "{seen}");
        assert!(!seen.contains("[Stop]"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_picture_whose_prompt_is_blocked_stands_there_without_it() {
    crate::tests::run_with(crate::tests::images::picture_jobs::setup(), async |stage| {
        let mia = stage.mia();
        crate::tests::images::picture_jobs::adds(&mia, "runpod").await;
        crate::tests::images::picture_jobs::lives(stage, 0, 0, 2);
        blocks(stage, "/webhooks/", "badword", 200_000);
        let seen = mia.runs("/imagine prompt:a badword provider:runpod").await;
        assert!(seen.contains("[picture-1.png"), "{seen}");
        assert!(
            !seen.contains("> a badword") && !seen.contains("[Cancel]"),
            "{seen}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_command_that_went_directly_is_not_called_old() {
    run(async |stage| {
        let zoe = stage.zoe();
        // No filter, and yet not taken: nothing but plain words passes.
        blocks(stage, "/webhooks/", "one two", 0);
        let seen = zoe.runs("/ask prompt:count").await;
        assert!(
            seen.contains("I could not show the answer here, so I wrote it to you"),
            "{seen}"
        );
        let directly = zoe.directly().reads_channel();
        assert!(directly.contains("nine ten\n-# Groq"), "{directly}");
        assert_eq!(bot_wrote(stage, zoe.channel).matches("old form").count(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_reason_that_nobody_knows_is_named_by_its_code() {
    run(async |stage| {
        let zoe = stage.zoe();
        blocks(stage, "/webhooks/", "one two", 160_099);
        let seen = zoe.runs("/ask prompt:count").await;
        assert_snapshot!(seen, @"
        > count

        I could not show the answer here, so I wrote it to you directly. Discord’s code for the reason is 160099.
        ");
    })
    .await;
}
