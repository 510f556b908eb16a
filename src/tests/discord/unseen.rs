//! What cannot be seen: answers of which Discord shows nothing, messages that
//! were deleted, answers that stand where Discord takes no reply.

use latchkey_emulator::permission;

use crate::tests::{Stage, bot_wrote, run};

/// What the model was told last, but for what it is.
fn told(stage: &Stage) -> String {
    let told = stage.told("groq");
    told.split_once('\n').unwrap().1.to_owned()
}

#[tokio::test]
async fn an_answer_of_which_nothing_shows_is_a_notice_and_not_the_models_words() {
    run(async |stage| {
        let mia = stage.mia();
        for empty in [
            "<!-- hm -->",
            "```\n```",
            "<p></p>",
            "&nbsp;",
            "$$$$",
            "\u{200b}\u{feff}",
        ] {
            stage.models_say(empty);
            let seen = mia.runs("/ask prompt:hm").await;
            assert!(
                seen.contains("*The model gave an empty answer."),
                "{empty:?}: {seen}"
            );
        }
        let asked = mia.writes("@Latchkey hm", None);
        let seen = mia.sees_reply(asked).await;
        assert!(
            seen.starts_with("*The model gave an empty answer."),
            "{seen}"
        );
        mia.replies(mia.newest(), "@Latchkey and why?").await;
        assert!(!told(stage).contains("empty answer"), "{}", told(stage));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_has_the_mark_of_a_notice_is_the_models_words() {
    run(async |stage| {
        let mia = stage.mia();
        stage.models_say("The capital is Li\u{200b}\u{200c}\u{200b}ma.");
        let asked = mia.writes("@Latchkey capital of Peru?", None);
        mia.sees_reply(asked).await;
        mia.replies(mia.newest(), "@Latchkey and why?").await;
        assert!(told(stage).contains("Lima"), "{}", told(stage));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_could_not_be_a_reply_is_remembered() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        stage.models_say("The capital is Lima.");
        world.deny_bot(mia.channel, permission::READ_MESSAGE_HISTORY);
        mia.writes("@Latchkey capital of Peru?", None);
        world
            .until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.content.contains("-# Groq")).map(|_| ())
            })
            .await;
        stage.app().await.idle().await;
        assert!(bot_wrote(stage, mia.channel).contains("Lima"));
        let plain = mia.newest();
        world.allow_bot(mia.channel, permission::READ_MESSAGE_HISTORY);
        mia.replies(plain, "@Latchkey and why?").await;
        assert!(
            told(stage).contains("assistant: The capital is Lima."),
            "{}",
            told(stage)
        );
    })
    .await;
}

#[tokio::test]
async fn a_reply_to_a_deleted_message_says_that_it_is_gone() {
    run(async |stage| {
        let (world, mia, omar) = (stage.world(), stage.mia(), stage.omar());
        let gone = omar.writes("It will rain.", None);
        world.delete_message(gone);
        let seen = mia.replies(gone, "@Latchkey what did he mean?").await;
        assert!(
            seen.contains("the message that this replies to was deleted"),
            "{seen}"
        );
        assert!(
            told(stage).contains("This replies to a message that was deleted"),
            "{}",
            told(stage)
        );
        let asked = stage.calls();
        let seen = mia.replies(gone, "@Latchkey").await;
        assert!(
            seen.starts_with("The message that you replied to was deleted"),
            "{seen}"
        );
        assert_eq!(stage.calls(), asked);
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_what_nobody_sees_is_one_message_with_its_price() {
    run(async |stage| {
        let mia = stage.mia();
        for unseen in [
            "\u{200b}",
            "\u{2800}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{e0020}",
            "\u{2800}\u{3164}\n",
        ] {
            stage.clock.advance_ms(60_000);
            stage.models_say(&unseen.repeat(3_000));
            let asked = mia.writes("@Latchkey hm", None);
            let seen = mia.sees_reply(asked).await;
            let (notice, footer) = seen.split_once("\n-# Groq").unwrap();
            assert!(
                notice.starts_with("*The model gave an empty answer."),
                "{seen}"
            );
            assert!(!seen.contains("---") && footer.contains(" out ·"), "{seen}");
        }
    })
    .await;
}
