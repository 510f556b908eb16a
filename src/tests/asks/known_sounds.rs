//! Sounds that were written down before: nobody pays for them again.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;

use crate::tests::asks::answers::{one_at_a_time, slow, until_it_grows};
use crate::tests::asks::sounds::{reading, recorded};
use crate::tests::asks::voice_messages::{booked, mia_with_groq};
use crate::tests::{Setup, Stage, good, run, run_with};

/// How many times a sound of four seconds was paid for.
async fn paid(stage: &Stage) -> usize {
    booked(stage).await.matches("used 111110").count()
}

#[tokio::test]
async fn a_sound_is_known_by_the_name_that_it_was_given() {
    run(async |stage| {
        let mia = mia_with_groq(stage).await;
        let said = mia.writes_with("What is said?", None, vec![recorded("my talk.ogg")]);
        assert_snapshot!(mia.sees_reply(said).await, @"
        > (my talk.ogg, written down:) one two three

        You asked: What is said?
        (my talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 23 out · < $0.0001
        -# `my talk.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ");
        mia.presses("Again").await;
        assert_eq!(paid(stage).await, 1);
        mia.says("and before?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: What is said?
        (my talk.ogg, written down:) one two three
        assistant: You asked: What is said?
        (my talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        You asked: What is said?
        (my talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        user: and before?
        ");
    })
    .await;
}

/// What is replied to comes along under the name that Discord keeps.
#[tokio::test]
async fn a_sound_is_known_by_the_name_that_discord_keeps() {
    run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for name in ["my talk.ogg", "отчёт.ogg"] {
            let before = paid(stage).await;
            let spoken = omar.writes_with("", None, vec![recorded(name)]);
            let asked = mia.writes_with("@Latchkey what is said?", Some(spoken), Vec::new());
            mia.sees_reply(asked).await;
            mia.presses("Again").await;
            assert_eq!(paid(stage).await, before + 1, "{name}");
            mia.replies(mia.newest(), "and why?").await;
            let told = stage.told("groq");
            assert!(
                told.contains(", written down:) one two three\nmia: what"),
                "{told}"
            );
            assert!(!told.contains("can't hear"), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sound_that_is_replied_to_again_is_known() {
    run(async |stage| {
        let mia = mia_with_groq(stage).await;
        let talk = mia.writes_with("What is said?", None, vec![recorded("talk.ogg")]);
        mia.sees_reply(talk).await;
        let voice = mia.writes_with("", None, vec![Attachment::voice(4.2)]);
        mia.sees_reply(voice).await;
        let before = stage.calls();
        let mut seen = vec![mia.replies(talk, "Who speaks?").await];
        seen.push(mia.replies(voice, "And here?").await);
        assert_eq!(stage.calls(), before + 2, "nobody listens again");
        assert_snapshot!(seen.join("\n---\n"), @"
        > (talk.ogg, written down:) one two three

        You asked: (replying to mia: What is said?)
        Who speaks?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 21 out · < $0.0001
        ---
        > (voice-message.ogg, written down:) one two three

        You asked: (replying to mia: [file: voice-message.ogg])
        And here?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 20 out · < $0.0001
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: What is said?
        (talk.ogg, written down:) one two three
        assistant: You asked: What is said?
        (talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        user: one two three
        assistant: You asked: one two three
        This is a made-up model, so that is all it knows.
        user: (replying to mia: What is said?)
        Who speaks?
        assistant: You asked: (replying to mia: What is said?)
        Who speaks?
        This is a made-up model, so that is all it knows.
        user: (replying to mia: [file: voice-message.ogg])
        And here?
        ");
    })
    .await;
}

#[tokio::test]
async fn a_sound_that_was_heard_in_a_thread_is_known_there() {
    run_with(reading(), async |stage| {
        let start = stage.omar().writes("here it is", None);
        let thread = stage.world().open_thread(start, "report").unwrap();
        let (mia, omar) = (
            stage.mia().in_thread(thread),
            stage.omar().in_thread(thread),
        );
        let spoken = omar.writes_with("", None, vec![recorded("my talk.ogg")]);
        mia.replies(spoken, "@Latchkey what is said?").await;
        let before = stage.calls();
        assert_snapshot!(mia.replies(spoken, "@Latchkey who speaks?").await, @"
        > (my talk.ogg, written down:) one two three

        You asked: mia: (replying to omar: [file: my talk.ogg])
            who speaks?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 22 out · < $0.0001
        ");
        assert_eq!(stage.calls(), before + 1, "nobody listens again");
    })
    .await;
}

#[tokio::test]
async fn a_question_about_a_known_sound_waits_like_any_other() {
    run_with(one_at_a_time(), async |stage| {
        let mia = mia_with_groq(stage).await;
        let talk = mia.writes_with("What is said?", None, vec![recorded("talk.ogg")]);
        mia.sees_reply(talk).await;
        slow(stage);
        mia.writes("count", None);
        until_it_grows(stage, &mia).await;
        let asked = mia.writes("Who speaks?", Some(talk));
        let waiting = stage.world().until(|state| {
            let mut all = state.messages.iter();
            let found = all.find(|m| m.reference == Some(asked))?;
            Some(found.seen_text())
        });
        let waiting = waiting.await;
        assert!(waiting.contains("⏳ One after the other"), "{waiting}");
        let seen = mia.sees_reply(asked).await;
        assert!(
            seen.contains("Who speaks?\nThis is a made-up model"),
            "{seen}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_sound_that_is_replied_to_is_named_as_it_was_given() {
    run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for name in ["my talk.ogg", "отчёт.ogg", "_talk (2).ogg"] {
            let spoken = omar.writes_with("", None, vec![recorded(name)]);
            let asked = mia.writes_with("@Latchkey what is said?", Some(spoken), Vec::new());
            let seen = mia.sees_reply(asked).await;
            let quote = format!("> ({name}, written down:) one two three\n");
            assert!(seen.starts_with(&quote), "{seen}");
            assert!(
                seen.contains(&format!("-# `{name}` written down")),
                "{seen}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn known_sounds_leave_room_for_others() {
    run(async |stage| {
        let mia = stage.mia().directly();
        mia.adds("groq", "user", &good("groq")).await;
        let six = (1..=6).map(|it| recorded(&format!("{it}.ogg"))).collect();
        let said = mia.writes_with("What is said?", None, six);
        let seen = mia.sees_reply(said).await;
        assert!(seen.contains("2 files were not read"), "{seen}");
        assert_eq!(paid(stage).await, 4);
        mia.presses("Again").await;
        let seen = mia.reads_channel();
        assert!(
            seen.contains("> (6.ogg, written down:) one two three"),
            "{seen}"
        );
        assert_eq!(paid(stage).await, 6);
    })
    .await;
}

#[tokio::test]
async fn a_question_above_the_beginning_of_a_long_answer_is_asked_again() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[chat]\nanswer_messages = 1\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let seen = mia.runs("/ask prompt:a long answer").await;
        assert!(
            seen.starts_with("> a long answer") && seen.contains("[answer.md"),
            "{seen}"
        );
        let again = mia.presses("Again").await;
        assert!(
            again.starts_with("> a long answer") && again.contains("[answer.md"),
            "{again}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_keeps_a_sound_from_being_heard_is_told_beside_its_answer() {
    let limit = "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 0.01, per = 'day' }]\n";
    let setup = Setup {
        config: format!("{}{limit}", Setup::default().config),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let long = Attachment::uploaded("talk.ogg", &Attachment::voice(7_000.0).bytes);
        let said = mia.writes_with("@Latchkey what is said?", None, vec![long]);
        let seen = mia.sees_reply(said).await;
        assert!(
            seen.contains("`talk.ogg` was not read: it was not written down"),
            "{seen}"
        );
        let told = mia.directly().reads_channel();
        let (link, told) = told.split_once('\n').unwrap();
        assert!(
            link.starts_with("About what you asked in https://discord.com/"),
            "{link}"
        );
        assert!(
            told.starts_with("You have used what your tier allows of the bot default"),
            "{told}"
        );
    })
    .await;
}
