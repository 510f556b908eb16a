//! Conversations in which something goes wrong: at the provider, at
//! Discord, on the way.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use latchkey_emulator::{RestFault, RestTrouble};

use crate::tests::{rest_fault, stage};

#[tokio::test]
async fn a_provider_that_fails_in_mid_answer_leaves_what_it_said() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        for fault in [
            ProviderFault::Stall,
            ProviderFault::Cut,
            ProviderFault::Html(500),
        ] {
            stage.fails("groq", fault);
            seen.push(mia.says("@Latchkey count").await);
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        one two three four five
        -# The answer stops here. Groq took too long. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off
        ---
        one two three four five
        -# The answer stops here. Groq broke off in mid-answer. Ask again, or name another provider.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, 1500 out · $0.00046 · broken off
        ---
        Groq is having trouble. Ask again in a minute, or name another provider.
        ");
        stage.recovers("groq");
        mia.presses("Again").await;
        assert!(mia.reads_channel().contains("nine ten"));
    })
    .await;
}

#[tokio::test]
async fn discords_limits_on_edits_delay_the_answer_and_lose_nothing() {
    stage::run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(60));
        stage.world().with(|state| {
            let trouble = RestTrouble::Limited {
                seconds: 0.2,
                is_global: false,
            };
            state.rest_faults.push(RestFault {
                after: 1,
                ..rest_fault(("PATCH", "/messages/"), trouble, 3)
            });
        });
        assert_snapshot!(stage.mia().says("@Latchkey count").await, @"
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_message_behind_a_cut_connection_is_answered_after_the_resume() {
    stage::run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(100));
        let mia = stage.mia();
        let first = mia.writes("@Latchkey count", None);
        let world = stage.world();
        let growing = world.until(|state| {
            let mut all = state.messages.iter();
            all.find(|m| m.reference == Some(first)).map(|_| ())
        });
        growing.await;
        // In mid-answer the socket breaks off; what is said meanwhile waits.
        world.drop_sockets(None);
        let second = mia.writes("@Latchkey hello", None);
        assert!(mia.sees_reply(first).await.contains("nine ten\n-# Groq"));
        assert!(mia.sees_reply(second).await.contains("You asked: hello"));
        assert_eq!(
            world.look(|state| (state.identifies, state.resumes)),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_question_that_is_deleted_is_answered_all_the_same() {
    stage::run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(20));
        let mia = stage.mia();
        let said = mia.writes("@Latchkey count", None);
        stage
            .world()
            .until(|state| (state.typing_calls > 0).then_some(()))
            .await;
        stage.world().delete_message(said);
        let answer = stage.world().until(|state| {
            let mut all = state.messages.iter().rev();
            all.find(|m| m.content.contains("-#"))
                .map(|m| m.content.clone())
        });
        assert_snapshot!(answer.await, @"
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
        stage.app().await.idle().await;
        assert_snapshot!(mia.presses("Again").await, @"
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        (only you) I can't read the question any more, and I keep no copy. Ask again with `/ask`, or by mentioning me.
        ");
    })
    .await;
}

#[tokio::test]
async fn edits_never_exceed_discords_buckets() {
    stage::run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(8));
        // One message that is edited as often as can be.
        let mia = stage.mia();
        assert!(
            mia.says("@Latchkey a long answer")
                .await
                .contains("-# Groq")
        );
        assert_eq!(stage.world().look(|state| state.too_many), 0);
        // And six at once in a channel whose buckets nobody knows yet.
        let workshop = mia.in_channel("workshop");
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(300));
        let said: Vec<u64> = (0..6)
            .map(|_| workshop.writes("@Latchkey count", None))
            .collect();
        for id in said {
            assert!(workshop.sees_reply(id).await.contains("nine ten"));
        }
        assert_eq!(stage.world().look(|state| state.too_many), 0);
    })
    .await;
}
