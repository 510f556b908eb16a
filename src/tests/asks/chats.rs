//! Conversations: mentions, replies, threads and direct messages.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use latchkey_emulator::providers::{Standing, sample};

use crate::tests::bot_wrote;
use crate::tests::stage::{self, Setup};

fn file(name: &str, kind: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        name: name.into(),
        kind: kind.into(),
        bytes: bytes.to_vec(),
        ..Attachment::default()
    }
}

#[tokio::test]
async fn a_mention_is_answered_as_a_reply_that_pings_nobody() {
    stage::run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.says("@Latchkey hello").await, @"
        You asked: hello
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 14 out · < $0.0001
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: hello
        ");
        let allowed = stage
            .world()
            .look(|state| state.messages.last().unwrap().allowed_mentions.clone());
        assert_snapshot!(allowed, @r#"{"parse":[]}"#);
        assert_snapshot!(mia.says("@Latchkey").await, @"Write what you want to know after my name, or reply to a message and mention me. `/ask` works too.");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_meant_for_the_bot_is_left_alone() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.writes("hello all", None);
        let omars = omar.writes("hello mia", None);
        mia.writes("hello omar", Some(omars));
        // Whatever comes of those has come before this is answered.
        mia.says("@Latchkey count").await;
        assert_eq!(mia.reads_channel().matches("-# Groq").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_reply_continues_its_own_branch() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.says("@Latchkey count").await;
        let counted = mia.newest();
        mia.replies(counted, "@Latchkey and in French?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count
        assistant: one two three four five six seven eight nine ten
        user: and in French?
        ");
        // Somebody else branches off; what was said in the other branch is not theirs.
        omar.replies(counted, "@Latchkey and in German?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: mia: count
        assistant: one two three four five six seven eight nine ten
        user: omar: and in German?
        ");
        // A message of somebody else's becomes the subject, as far as Discord shows it.
        let hidden = omar.writes("something between people", None);
        assert_snapshot!(mia.replies(hidden, "@Latchkey what do you say?").await, @"
        You asked: omar: [a message that Discord does not show you]
        mia: what do you say?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 27 out · < $0.0001 · a message that Discord doesn't show me was left out
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: [a message that Discord does not show you]
        mia: what do you say?
        ");
    })
    .await;
}

#[tokio::test]
async fn a_direct_message_needs_no_mention_and_is_remembered_until_forgotten() {
    stage::run(async |stage| {
        let mia = stage.mia().directly();
        mia.says("count").await;
        mia.says("thank you").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count
        assistant: one two three four five six seven eight nine ten
        user: thank you
        ");
        assert_snapshot!(mia.runs("/forget").await, @"(only you) Forgotten. What was said here before this is nothing to me now; Discord still shows it to you.");
        mia.says("who am I?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: who am I?
        ");
        assert_snapshot!(stage.mia().runs("/forget").await, @"(only you) Here I remember only the messages that you reply to: write without replying, and I start afresh. `/forget` is for threads and direct messages.");
    })
    .await;
}

#[tokio::test]
async fn a_thread_is_one_conversation() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let start = mia.writes("@Latchkey count", None);
        mia.sees_reply(start).await;
        stage.world().open_thread(start, "counting").unwrap();
        let (mia, omar) = (mia.in_channel("counting"), omar.in_channel("counting"));
        mia.says("@Latchkey higher please").await;
        omar.writes("people talk in between", None);
        omar.says("@Latchkey and backwards?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: mia: count
        mia: higher please
        assistant: one two three four five six seven eight nine ten
        user: omar: [a message that Discord does not show you]
        omar: and backwards?
        ");
    })
    .await;
}

#[tokio::test]
async fn edits_and_deletions_of_earlier_messages_count() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let first = mia.writes("@Latchkey count to ten", None);
        mia.sees_reply(first).await;
        let answer = mia.newest();
        let bot = stage.world().look(|state| state.application);
        stage
            .world()
            .edit_message(first, &format!("<@{bot}> count to twenty"));
        mia.replies(answer, "@Latchkey again").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count to twenty
        assistant: one two three four five six seven eight nine ten
        user: again
        ");
        stage.world().delete_message(first);
        mia.replies(answer, "@Latchkey again").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: (The conversation began before this.)
        assistant: one two three four five six seven eight nine ten
        user: again
        ");
    })
    .await;
}

#[tokio::test]
async fn files_are_read_and_pictures_shown_to_models_that_see() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let png = b"\x89PNG\r\n\x1a\nmade up".as_slice();
        let all = || {
            vec![
                file("main.rs", "text/plain", b"fn main() {}\n"),
                file("cat.png", "image/png", png),
                file("song.mp3", "audio/mpeg", &[0, 1, 2, 0xff]),
                file("fake.png", "image/png", b"\x00\x01no picture"),
            ]
        };
        let sent = mia.writes_with("@Latchkey look", None, all());
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: look

        main.rs:
        ```
        fn main() {}
        ```
        (Picture: cat.png)
        (Files came with this that you are not given: song.mp3 (audio, which you can't hear), fake.png (neither text nor a picture). Say so if they matte
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 48 out · < $0.0001 · pictures were left out: this model sees none · `fake.png` was not read: it is neither text nor a picture · `song.mp3` was not read: I can't hear audio of its kind
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: look

        main.rs:
        ```
        fn main() {}
        ```
        (Picture: cat.png)
        (Files came with this that you are not given: song.mp3 (audio, which you can't hear), fake.png (neither text nor a picture). Say so if they matter, and don't guess what is in them.)
        (You can't see pictures, so you are not given what is in them. Say so if it matters.)
        ");
        mia.adds("anthropic", "user", &sample("anthropic", Standing::Good))
            .await;
        let sent = mia.writes_with("@Latchkey look", None, all());
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: look

        main.rs:
        ```
        fn main() {}
        ```
        (Picture: cat.png)
        (Files came with this that you are not given: song.mp3 (audio, which you can't hear), fake.png (neither text nor a picture). Say so if they matte
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 48 out · < $0.0001 · `fake.png` was not read: it is neither text nor a picture · `song.mp3` was not read: I can't hear audio of its kind
        ");
        assert_snapshot!(stage.told("anthropic"), @"
        user: [a picture] look

        main.rs:
        ```
        fn main() {}
        ```
        (Picture: cat.png)
        (Files came with this that you are not given: song.mp3 (audio, which you can't hear), fake.png (neither text nor a picture). Say so if they matter, and don't guess what is in them.)
        ");
        let text = "x".repeat(200_000);
        let long = vec![file("big.txt", "text/plain", text.as_bytes())];
        let sent = mia.writes_with("@Latchkey look", None, long);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: look
        (Files came with this that you are not given: big.txt (a text that is too large). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 42 out · < $0.0001 · `big.txt` was not read: it has 196 kB, and text files may have up to 128 kB
        ");
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_left_out_oldest_first_and_said() {
    let setup = Setup {
        config:
            "[ask]\nedit_interval_ms = 100\ncontext_tokens = 300\n[chat]\nmemory_messages = 5\n"
                .into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        for number in 1..=3 {
            mia.says(&format!("count {number}")).await;
        }
        assert_snapshot!(mia.says("count 4").await, @"
        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · older messages were left out
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count 2
        assistant: one two three four five six seven eight nine ten
        user: count 3
        assistant: one two three four five six seven eight nine ten
        user: count 4
        ");
        mia.says(&format!("count {}", "very ".repeat(150))).await;
        mia.says("count 6").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: count very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very
        assistant: one two three four five six seven eight nine ten
        user: count 6
        ");
    })
    .await;
}

#[tokio::test]
async fn with_the_intent_replies_need_no_ping_and_others_are_heard() {
    let setup = Setup {
        config: "message_content = true\n[ask]\nedit_interval_ms = 100\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let hello = omar.writes("the sky is green", None);
        mia.replies(hello, "@Latchkey is that so?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: the sky is green
        mia: is that so?
        ");
        let answer = mia.newest();
        assert_snapshot!(omar.replies(answer, "I doubt it").await, @"
        You asked: omar: I doubt it
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 17 out · < $0.0001
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: the sky is green
        mia: is that so?
        assistant: You asked: omar: the sky is green
        mia: is that so?
        This is a made-up model, so that is all it knows.
        user: omar: I doubt it
        ");
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_becomes_a_file_and_is_remembered_whole() {
    stage::run(async |stage| {
        let mia = stage.mia().directly();
        let seen = mia.says("an endless answer").await;
        assert_eq!(seen.matches("\n---\n").count(), 4, "{seen}");
        assert!(seen.contains("the whole answer is in the file."));
        assert!(seen.contains("[answer.md: The whole answer]"));
        mia.says("shorter").await;
        assert!(stage.told("groq").contains("This is the very end."));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_about_keys_is_for_the_person_alone() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        let told = mia.says("@Latchkey hello").await;
        assert!(told.starts_with("(directly) About what you asked"), "{told}");
        assert_eq!(bot_wrote(stage, mia.channel), "");
        let told = mia.directly().reads_channel();
        let (asked, told) = told.split_once('\n').unwrap();
        let link = "About what you asked in https://discord.com/channels/";
        assert!(asked.starts_with(link), "{asked}");
        assert_snapshot!(told, @"
        No API key configured: there is no key that can pay for this: not yours, not that server's, not the bot's.
        `/keys add scope:user` adds one of yours. `/keys status` shows the details.
        ");
        assert_snapshot!(mia.directly().says("hello").await, @"
        No API key configured: there is no key that can pay for this: not yours, and not the bot's.
        `/keys add scope:user` adds one of yours. `/keys status` shows the details.
        ");
        assert_snapshot!(mia.directly().runs("/keys status").await, @"
        (only you) Nobody has a key here: not you, and not the bot.
        Add a key of your own with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_somebody_has_bought_counts_for_messages_too() {
    let tiers = "[ask]\nedit_interval_ms = 100\n\
        [[quota.tiers]]\nname = 'community'\nlimits = [{ requests = 1, per = 'day' }]\n\
        [[quota.tiers]]\nname = 'subscriber'\nskus = [555]\n";
    let setup = Setup {
        config: tiers.into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        stage.world().with(|state| state.people[0].skus.push(555));
        let (mia, omar) = (stage.mia().directly(), stage.omar().directly());
        for actor in [mia, omar] {
            assert!(actor.says("count").await.contains("nine ten"));
        }
        assert!(mia.says("count").await.contains("nine ten"));
        assert!(!omar.says("count").await.contains("nine ten"));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_what_nobody_can_see() {
    stage::run(async |stage| {
        let mia = stage.mia();
        for blank in [
            "\u{200b}\u{3164}",
            "\u{2800}",
            "\u{115f}\u{1160}",
            "\u{ffa0}\u{2060}",
        ] {
            let mentioned = mia.says(&format!("@Latchkey {blank}")).await;
            assert!(
                mentioned.starts_with("Write what you want to know"),
                "{mentioned}"
            );
            let direct = mia.directly().says(blank).await;
            assert!(direct.starts_with("I found nothing in that"), "{direct}");
            for command in ["ask", "imagine"] {
                let said = mia.runs(&format!("/{command} prompt:{blank}")).await;
                assert!(
                    said.starts_with("(only you)") && !said.contains("-# "),
                    "{said}"
                );
            }
        }
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

/// Whoever replies means that message, however old it is.
#[tokio::test]
async fn the_message_that_is_replied_to_is_told() {
    let setup = Setup {
        config:
            "message_content = true\n[ask]\nedit_interval_ms = 100\n[chat]\nmemory_messages = 4\n"
                .into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let direct = mia.directly();
        let old = direct.writes("the lamp\nis dark", None);
        direct.sees_reply(old).await;
        for number in 1..=3 {
            direct.says(&format!("count {number}")).await;
        }
        direct.replies(old, "what did I mean here?").await;
        let said = stage.told("groq");
        assert!(
            said.contains("user: the lamp\nis dark\nassistant: "),
            "{said}"
        );
        assert!(
            said.ends_with("user: (replying to mia: the lamp is dark)\nwhat did I mean here?"),
            "{said}"
        );
        // In a thread, where all of it is read anyway.
        let start = omar.writes("plans", None);
        stage.world().open_thread(start, "plans").unwrap();
        let (mia, omar) = (mia.in_channel("plans"), omar.in_channel("plans"));
        let first = omar.writes("Plan A: move the database.", None);
        omar.writes("Plan B: buy a disk.", None);
        let last = omar.writes("Plan C: do nothing.", None);
        mia.replies(first, "@Latchkey is this one safe?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: Plan A: move the database.
        omar: Plan B: buy a disk.
        omar: Plan C: do nothing.
        mia: (replying to omar: Plan A: move the database.)
            is this one safe?
        ");
        // The one just before is clear; a name alone asks about the one meant.
        let long = omar.writes(&format!("Plan D: {}", "wait ".repeat(40)), None);
        mia.replies(long, "@Latchkey and this one?").await;
        assert!(stage.told("groq").ends_with("mia: and this one?"));
        mia.replies(last, "@Latchkey").await;
        let said = stage.told("groq");
        assert!(
            said.ends_with("mia: (replying to omar: Plan C: do nothing.)"),
            "{said}"
        );
        mia.replies(long, "@Latchkey why?").await;
        assert!(
            stage.told("groq").contains("wait wa…)\n    why?"),
            "{}",
            stage.told("groq")
        );
    })
    .await;
}
