//! What stands under an answer: stop, again, another model, details; and
//! answers that wait in line, or that a restart breaks off.

use std::time::Duration;

use insta::assert_snapshot;

use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

/// Takes back that any answer has ended; returns how many had.
pub fn unfinish(database: &std::path::Path) -> usize {
    let database = rusqlite::Connection::open(database).unwrap();
    let changed = database.execute("update answer set ended_at_ms = null", []);
    changed.unwrap()
}

pub fn slow(stage: &Stage) {
    stage
        .world()
        .with(|state| state.providers.pace = Duration::from_millis(400));
}

/// Waits until an answer has begun to show in a channel.
pub async fn until_it_grows(stage: &Stage, actor: &Actor<'_>) -> u64 {
    let channel = actor.channel;
    let growing = stage.world().until(|state| {
        let mut all = state.messages.iter().rev();
        let found = all.find(|m| m.author.is_none() && m.channel == channel)?;
        (found.content.contains("one") && !found.content.contains("-#")).then_some(found.id)
    });
    growing.await
}

#[tokio::test]
async fn an_answer_can_be_stopped_by_whoever_asked() {
    stage::run(async |stage| {
        slow(stage);
        let (mia, omar, zoe) = (stage.mia(), stage.omar(), stage.zoe());
        let said = mia.writes("@Latchkey count", None);
        until_it_grows(stage, &mia).await;
        let (message, id) = mia.button("Stop");
        // Zoe is nobody here; what is pressed says who presses.
        let zoes = stage.world().press(zoe.person, message, &id).unwrap();
        let mias = stage.world().press(mia.person, message, &id).unwrap();
        let seen = mia.sees_reply(said).await;
        assert!(
            seen.contains("-# The answer stops here. Stopped.\n-# Groq openai/gpt-oss-20b · 🤖 bot default · about 79 tokens in, ") && seen.ends_with(" · broken off"),
            "{seen}"
        );
        assert!(!seen.contains("nine"), "{seen}");
        assert_snapshot!(zoe.sees(zoes).await, @"(only you) That is for the person who asked. Ask yourself, with `/ask` or `/imagine`: the buttons under your own answer are yours.");
        mia.sees(mias).await;
        // A stop that comes late only says so.
        let late = omar.presses_as(message, &id).await;
        assert_eq!(late, seen, "what is said stays as it was");
        let settled = stage.app().await.audit().await;
        assert_snapshot!(format!("{:?}", settled[0].outcome), @r#"Some("abandoned")"#);
    })
    .await;
}

#[tokio::test]
async fn again_asks_once_more_and_whoever_presses_pays() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.says("@Latchkey count").await;
        omar.adds("openai", "user", &good("openai")).await;
        omar.presses("Again").await;
        assert_snapshot!(omar.reads_channel(), @"
        <@100000000000000000> count
        ---
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ---
        one two three four five six seven eight nine ten
        -# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        ");
        // A slash command's question stands above its answer.
        mia.runs("/ask prompt:count to three").await;
        assert_snapshot!(mia.presses("Again").await, @"
        > count to three

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
        // A longer one stands in a file beside it.
        let long = format!("/ask prompt:count {}", "slowly ".repeat(100));
        assert_snapshot!(mia.runs(&long).await, @"
        > count slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowly slowl …

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        [question.md: The whole question]
        ");
        let seen = mia.presses("Again").await;
        assert!(seen.contains("[question.md: The whole question]"), "{seen}");
        assert_eq!(stage.told("groq").matches("slowly").count(), 100);
    })
    .await;
}

#[tokio::test]
async fn another_model_answers_the_same_question() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let said = mia.writes("@Latchkey count", None);
        mia.sees_reply(said).await;
        assert_snapshot!(mia.presses("Other model").await, @"
        (only you) Which model should answer?
        [menu: Anthropic claude-haiku-5-5, Groq openai/gpt-oss-20b]
        ");
        mia.picks("groq/openai/gpt-oss-20b").await;
        assert_snapshot!(mia.reads_channel(), @"
        (only you) Stored the personal key: **Anthropic** `…6789`.
        Anthropic accepts it.
        It pays for your asks with Anthropic everywhere, before any server's key. Try `/ask provider:anthropic`.
        ---
        <@100000000000000000> count
        ---
        one two three four five six seven eight nine ten
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        ---
        (only you) Which model should answer?
        [menu: Anthropic claude-haiku-5-5, Groq openai/gpt-oss-20b]
        ---
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn details_are_for_whoever_asked() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/keys pause provider:openai scope:user").await;
        mia.runs("/ask prompt:count provider:openai").await;
        let seen = mia.presses("Details").await;
        let seen = regex::Regex::new(r"\d+\.\d s")
            .unwrap()
            .replace_all(&seen, "# s");
        assert_snapshot!(seen, @"
        (only you) **gpt-6-luna**: 12 tokens in, 10 out, < $0.0001.
        ```
        tokens in   12  $0.10 a million
        tokens out  10  $0.50 a million
        ```
        Sum: < $0.0001, by the prices of genai-prices 0.2.1 as of 2026-10-26.
        First words after # s, all of it after # s.
        **Who could pay, in this order**
        - OpenAI, personal key: is paused; `/keys resume` wakes it
        - OpenAI, server key: pays
        Nobody has another key; `/keys status` shows each provider.
        ");
        assert_snapshot!(omar.presses("Details").await, @"(only you) That is for the person who asked. Ask yourself, with `/ask` or `/imagine`: the buttons under your own answer are yours.");
        let (message, _) = mia.button("Details");
        assert_snapshot!(mia.presses_as(message, "details:made-up").await, @"(only you) I keep nothing of that answer any more: it is too old, or whoever asked has erased what was stored of it. Ask again with `/ask`, or by mentioning me.");
        assert_snapshot!(mia.presses_as(message, "again:").await, @"(only you) I keep nothing of that answer any more: it is too old, or whoever asked has erased what was stored of it. Ask again with `/ask`, or by mentioning me.");
    })
    .await;
}

pub fn one_at_a_time() -> Setup {
    Setup {
        config: "[ask]\nedit_interval_ms = 100\n[chat]\nasks_per_channel = 2\n".into(),
        ..Setup::default()
    }
}

#[tokio::test]
async fn ones_own_next_question_waits_and_the_third_is_turned_away() {
    stage::run_with(one_at_a_time(), async |stage| {
        slow(stage);
        let mia = stage.mia();
        let first = mia.writes("@Latchkey count", None);
        until_it_grows(stage, &mia).await;
        let second = mia.writes("@Latchkey hello", None);
        let waiting = stage.world().until(|state| {
            let found = state
                .messages
                .iter()
                .find(|m| m.reference == Some(second))?;
            Some(found.seen_text())
        });
        assert_snapshot!(waiting.await, @"⏳ One after the other: this comes as soon as what was asked before is answered.");
        let third = mia.starts("/ask prompt:and another");
        assert_snapshot!(mia.sees(third).await, @"(only you) One of your questions is being answered and another waits. Ask again when they are done, or press **Stop**.");
        assert!(mia.sees_reply(first).await.contains("nine ten"));
        assert_snapshot!(mia.sees_reply(second).await, @"
        You asked: hello
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 14 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_crash_in_mid_answer_leaves_a_message_that_says_so_and_again_works() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.says("@Latchkey count").await;
        let answer = mia.newest();
        // What a process that died in mid-answer leaves behind.
        stage.stop().await;
        stage.world().with(|state| {
            let message = state.message(answer).unwrap();
            message.content = "one two".into();
        });
        assert_eq!(unfinish(&stage.database()), 1);
        stage.clock.advance_ms(60_000);
        stage.start().await;
        let closed = stage.world().until(|state| {
            let found = state.messages.iter().find(|m| m.id == answer)?;
            found.content.contains("-#").then(|| found.content.clone())
        });
        assert_snapshot!(closed.await, @"
        one two
        -# The answer stops here: I was restarted. **Again** asks once more.
        ");
        mia.presses("Again").await;
        assert!(
            mia.reads_channel().ends_with("< $0.0001"),
            "{}",
            mia.reads_channel()
        );
    })
    .await;
}

#[tokio::test]
async fn two_people_and_25_channels_are_answered_at_once() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let (one, other) = (
            mia.writes("@Latchkey count", None),
            omar.writes("@Latchkey hello", None),
        );
        assert!(mia.sees_reply(one).await.contains("nine ten"));
        assert!(omar.sees_reply(other).await.contains("You asked: hello"));
        let people: Vec<u64> = (0..25)
            .map(|n| stage.world().add_person(&format!("p{n}")))
            .collect();
        let said: Vec<(Actor<'_>, u64)> = people
            .iter()
            .map(|person| {
                let actor = stage.actor(*person, "direct message");
                (actor, actor.writes("count", None))
            })
            .collect();
        for (actor, id) in said {
            assert!(actor.sees_reply(id).await.contains("nine ten"));
        }
        assert_eq!(stage.world().look(|state| state.too_many), 0);
    })
    .await;
}

/// Under an answer it says who paid, and nobody but the bot says so.
#[tokio::test]
async fn a_model_can_not_write_small_print() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let said = "@Latchkey hello\n-# 👤 OpenAI gpt-6-luna · personal key · $0.00";
        let seen = mia.says(said).await;
        assert!(seen.contains("\n\\-# 👤 OpenAI gpt-6-luna"), "{seen}");
        let small = seen.lines().filter(|line| line.starts_with("-# "));
        let small: Vec<&str> = small.collect();
        assert!(
            small.len() == 1 && small[0].contains("bot default"),
            "{seen}"
        );
    })
    .await;
}
