//! Sounds that come as files, several at once, in commands, or in the message that
//! is replied to.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use latchkey_emulator::providers::ProviderFault;

use crate::tests::asks::voice_messages::{booked, mia_with_groq};
use crate::tests::{Setup, good, run, run_with};

/// A file of sound that is no voice message.
pub fn recorded(name: &str) -> Attachment {
    Attachment::uploaded(name, &Attachment::voice(4.2).bytes)
}

/// The bot reads what others write.
pub fn reading() -> Setup {
    Setup {
        config: format!("message_content = true\n{}", Setup::default().config),
        ..Setup::default()
    }
}

#[tokio::test]
async fn attached_sounds_are_written_down() {
    run(async |stage| {
        let mia = mia_with_groq(stage).await;
        let said = mia.writes_with("What is said?", None, vec![recorded("talk.ogg")]);
        assert_snapshot!(mia.sees_reply(said).await, @"
        > (talk.ogg, written down:) one two three

        You asked: What is said?
        (talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 22 out · < $0.0001
        -# `talk.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: What is said?
        (talk.ogg, written down:) one two three
        ");
        // Later, it is what was said, and nobody pays for it again.
        assert_snapshot!(mia.says("and before?").await, @"
        You asked: and before?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 15 out · < $0.0001
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: What is said?
        (talk.ogg, written down:) one two three
        assistant: You asked: What is said?
        (talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        user: and before?
        ");
        assert_snapshot!(booked(stage).await, @"
        personal: held 0, used 111110
        personal: held 0, used 5400
        personal: held 0, used 7500
        ");
    })
    .await;
}

#[tokio::test]
async fn several_sounds_are_written_down_in_their_order() {
    run(async |stage| {
        let mia = mia_with_groq(stage).await;
        let both = vec![Attachment::voice(4.2), Attachment::voice(2.0)];
        let said = mia.writes_with("", None, both);
        assert_snapshot!(mia.sees_reply(said).await, @"
        > (voice-message.ogg, written down:) one two three
        > (voice-message.ogg, written down:) one two three

        You asked: (voice-message.ogg, written down:) one two three
        (voice-message.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 25 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        -# voice message written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ");
        let five = (1..=5).map(|it| recorded(&format!("{it}.ogg"))).collect();
        let said = mia.writes_with("What is said?", None, five);
        assert_snapshot!(mia.sees_reply(said).await, @"
        > (1.ogg, written down:) one two three
        > (2.ogg, written down:) one two three
        > (3.ogg, written down:) one two three
        > (4.ogg, written down:) one two three

        You asked: What is said?
        (1.ogg, written down:) one two three
        (2.ogg, written down:) one two three
        (3.ogg, written down:) one two three
        (4.ogg, written down:) one two three
        (Files came with this that you are not
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 48 out · < $0.0001 · `5.ogg` was not read: I listen to up to 4 sounds at once
        -# `1.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        -# `2.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        -# `3.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        -# `4.ogg` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ");
        mia.says("and before?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: (voice-message.ogg, written down:) one two three
        (voice-message.ogg, written down:) one two three
        assistant: You asked: (voice-message.ogg, written down:) one two three
        (voice-message.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        user: What is said?
        (1.ogg, written down:) one two three
        (2.ogg, written down:) one two three
        (3.ogg, written down:) one two three
        (4.ogg, written down:) one two three
        (Files came with this that you are not given: 5.ogg (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        assistant: You asked: What is said?
        (1.ogg, written down:) one two three
        (2.ogg, written down:) one two three
        (3.ogg, written down:) one two three
        (4.ogg, written down:) one two three
        (Files came with this that you are not
        This is a made-up model, so that is all it knows.
        user: and before?
        ");
    })
    .await;
}

#[tokio::test]
async fn a_sound_in_a_command_is_written_down() {
    run(async |stage| {
        let mia = stage.mia();
        let sent = stage.world().keep_upload(mia.person, recorded("talk.ogg"));
        let line = format!("/ask prompt:summarize file:{sent}");
        assert_snapshot!(mia.runs(&line).await, @"
        > summarize
        > (talk.ogg, written down:) one two three

        You asked: summarize
        (talk.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 20 out · < $0.0001
        -# `talk.ogg` written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00012
        ");
    })
    .await;
}

/// It is not asked without what it is about, unless nobody can have that.
#[tokio::test]
async fn a_sound_in_a_command_that_is_not_written_down_is_said_to_be_so() {
    let limit = "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 0.01, per = 'day' }]\n";
    let setup = Setup {
        config: format!("{limit}{}", Setup::default().config),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let long = Attachment::uploaded("long.ogg", &Attachment::voice(7_000.0).bytes);
        let flac = Attachment::uploaded("talk.flac", b"fLaC\0\0\0\x22\x10\0\x10\0\xff\xff");
        let mut seen = Vec::new();
        for file in [long, flac] {
            let sent = stage.world().keep_upload(mia.person, file);
            seen.push(
                mia.runs(&format!("/ask prompt:summarize file:{sent}"))
                    .await,
            );
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        (only you) > summarize

        You have used what your tier allows of the bot default: $0.00 of $0.01 in 24 hours. The $0.01 that are left are too little for this ask. This ask alone needs more than that; a shorter one may fit.
        Your own Groq key would have no such limit: press the button, or `/keys add provider:groq scope:user`. `/quota status` shows every limit.
        [Use my own Groq key]
        ---
        > summarize
        > -# file: talk.flac

        You asked: summarize
        (Files came with this that you are not given: talk.flac (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 41 out · < $0.0001 · `talk.flac` was not read: its bytes don't tell how long it plays
        ");
    })
    .await;
}

/// Nobody tries to hear what is summarized.
#[tokio::test]
async fn a_summary_says_how_a_sound_is_written_down() {
    run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.writes_with("", None, vec![recorded("talk.ogg")]);
        assert_snapshot!(mia.runs("/summarize messages:2").await, @"
        (only you) I can't read `talk.ogg`: it was not written down.
        Reply to it and mention me, or write what you want to know.
        ");
        // Its name does not tell that it is one.
        let odd = recorded("talk.bin");
        let said = mia.writes_with("@Latchkey", None, vec![odd]);
        assert_snapshot!(mia.sees_reply(said).await, @"
        I can't read `talk.bin`: I can't hear audio of its kind.
        Send it as MP3, M4A, WAV, FLAC or Ogg.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_sound_that_is_replied_to_is_written_down() {
    run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let spoken = omar.writes_with("", None, vec![Attachment::voice(4.2)]);
        let asked = mia.writes_with("@Latchkey what is said?", Some(spoken), Vec::new());
        assert_snapshot!(mia.sees_reply(asked).await, @"
        > (voice-message.ogg, written down:) one two three

        You asked: omar: (voice-message.ogg, written down:) one two three
        mia: what is said?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 24 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00012
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: (voice-message.ogg, written down:) one two three
        mia: what is said?
        ");
        mia.presses("Again").await;
        let seen = mia.reads_channel();
        let told = |what: &str| seen.matches(what).count();
        assert_eq!(
            told("> (voice-message.ogg, written down:) one two three"),
            2
        );
        assert_eq!(told("-# voice message written down"), 1);
        let paid = booked(stage).await;
        assert_eq!(paid.matches("used 111110").count(), 1, "once: {paid}");
        // It stands in the memory as what was said.
        let answer = mia.newest();
        mia.replies(answer, "and why?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: (voice-message.ogg, written down:) one two three
        mia: what is said?
        assistant: You asked: omar: (voice-message.ogg, written down:) one two three
        mia: what is said?
        This is a made-up model, so that is all it knows.
        user: mia: and why?
        ");
        assert_snapshot!(mia.replies(spoken, "@Latchkey").await, @"
        > (voice-message.ogg, written down:) one two three

        You asked: (voice-message.ogg, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 19 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00012
        ");
        assert_snapshot!(mia.right_clicks(spoken, "Translate").await, @"
        (only you) You asked: Translate this message into the language of the locale en-US:

        omar: one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 27 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00012
        ");
    })
    .await;
}

#[tokio::test]
async fn a_sound_that_is_not_written_down_is_named_with_the_reason() {
    run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let mut bytes = Attachment::voice(4.2).bytes;
        bytes.resize(25 * 1024 * 1024, 0xff);
        let large = Attachment::uploaded("huge.ogg", &bytes);
        let aac = Attachment::uploaded("talk.aac", b"\xff\xf1\x50\x80\x02\x1f\xfc\0");
        let flac = Attachment::uploaded("talk.flac", b"fLaC\0\0\0\x22\x10\0\x10\0\xff\xff");
        let mut seen = Vec::new();
        for words in ["@Latchkey", "@Latchkey what is said?"] {
            for file in [&large, &aac, &flac] {
                let said = mia.writes_with(words, None, vec![file.clone()]);
                seen.push(mia.sees_reply(said).await);
            }
        }
        let spoken = omar.writes_with("", None, vec![flac]);
        for words in ["@Latchkey", "@Latchkey what is said?"] {
            seen.push(mia.replies(spoken, words).await);
        }
        seen.push(mia.right_clicks(spoken, "Summarize").await);
        assert_snapshot!(seen.join("\n---\n"), @"
        I can't read `huge.ogg`: it has 25 MB, and audio may have up to 24 MB.
        Send the part that matters.
        ---
        I can't read `talk.aac`: I can't hear audio of its kind.
        Send it as MP3, M4A, WAV, FLAC or Ogg.
        ---
        I can't read `talk.flac`: its bytes don't tell how long it plays.
        Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or Google with `/keys add`.
        ---
        You asked: what is said?
        (Files came with this that you are not given: huge.ogg (audio that is too large). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 43 out · < $0.0001 · `huge.ogg` was not read: it has 25 MB, and audio may have up to 24 MB
        ---
        You asked: what is said?
        (Files came with this that you are not given: talk.aac (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 43 out · < $0.0001 · `talk.aac` was not read: I can't hear audio of its kind
        ---
        You asked: what is said?
        (Files came with this that you are not given: talk.flac (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 43 out · < $0.0001 · `talk.flac` was not read: its bytes don't tell how long it plays
        ---
        I can't read `talk.flac`: its bytes don't tell how long it plays.
        Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or Google with `/keys add`.
        ---
        You asked: omar: (Files came with this that you are not given: talk.flac (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        mia: what is said?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 45 out · < $0.0001 · `talk.flac` was not read: its bytes don't tell how long it plays
        ---
        (only you) I can't read `talk.flac`: its bytes don't tell how long it plays.
        Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or Google with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn where_no_key_hears_it_is_said_which_do() {
    let setup = Setup {
        no_defaults: true,
        ..reading()
    };
    run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let spoken = omar.writes_with("", None, vec![Attachment::voice(4.2)]);
        let mut seen = vec![mia.replies(spoken, "@Latchkey").await];
        seen.push(mia.replies(spoken, "@Latchkey what is said?").await);
        seen.push(mia.right_clicks(spoken, "Summarize").await);
        let said = mia.writes_with("@Latchkey", None, vec![recorded("talk.ogg")]);
        seen.push(mia.sees_reply(said).await);
        assert_snapshot!(seen.join("\n---\n"), @"
        I can't read `voice-message.ogg`: it was not written down.
        Add a key for Groq, OpenAI, Mistral or Google with `/keys add`, which have audio written down, or write what you want to know.
        ---
        You asked: omar: (Files came with this that you are not given: voice-message.ogg (audio, which you can't hear). Say so if they matter, and don't guess what is in them.)
        mia: what is said?
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 45 out · < $0.0001 · `voice-message.ogg` was not read: it was not written down
        ---
        (only you) I can't read `voice-message.ogg`: it was not written down.
        Add a key for Groq, OpenAI, Mistral or Google with `/keys add`, which have audio written down, or write what you want to know.
        ---
        I can't read `talk.ogg`: it was not written down.
        Add a key for Groq, OpenAI, Mistral or Google with `/keys add`, which have audio written down, or write what you want to know.
        ");
    })
    .await;
}

/// Android's recorder, whose files begin as films do: `docs/providers.md` §14.13.
#[tokio::test]
async fn what_a_recorder_writes_is_written_down() {
    let setup = Setup {
        no_defaults: true,
        ..reading()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let (recorded, film) = (
            Attachment::uploaded("Recording_1.m4a", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"),
            Attachment::uploaded("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"),
        );
        let mut seen = Vec::new();
        let said = mia.writes_with("@Latchkey", None, vec![recorded.clone()]);
        seen.push(mia.sees_reply(said).await);
        mia.adds("groq", "user", &good("groq")).await;
        for file in [recorded, film] {
            let said = mia.writes_with("@Latchkey", None, vec![file]);
            seen.push(mia.sees_reply(said).await);
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        I can't read `Recording_1.m4a`: it was not written down.
        Add a key for Groq, OpenAI, Mistral or Google with `/keys add`, which have audio written down, or write what you want to know.
        ---
        > (Recording_1.m4a, written down:) one two three

        You asked: (Recording_1.m4a, written down:) one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 19 out · < $0.0001
        -# `Recording_1.m4a` written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ---
        I can't read `film.mp4`: I can't watch videos.
        Write what you want to know.
        ");
    })
    .await;
}

/// As with voice messages, nobody else is paid once somebody may have been.
#[tokio::test]
async fn a_sound_is_paid_for_once() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        for provider in ["groq", "openai"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        stage.fails("groq", ProviderFault::Html(200));
        let before = stage.calls();
        let said = mia.writes_with("", None, vec![recorded("talk.ogg")]);
        assert_snapshot!(mia.sees_reply(said).await, @"Groq is having trouble. Ask again in a minute, or name another provider.");
        assert_eq!(stage.calls(), before + 1, "nobody else is asked");
    })
    .await;
}
