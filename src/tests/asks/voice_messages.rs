//! Voice messages to the bot: somebody writes them down, and then they are asked
//! like words.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use latchkey_emulator::providers::ProviderFault;

use crate::tests::{Actor, Setup, Stage, good, run, run_with};

/// Mia, who writes to the bot directly and has a key for Groq.
pub async fn mia_with_groq(stage: &Stage) -> Actor<'_> {
    let mia = stage.mia().directly();
    mia.adds("groq", "user", &good("groq")).await;
    mia
}

/// What the bot answers to a voice message of so many seconds.
async fn speaks(person: &Actor<'_>, seconds: f64, to: Option<u64>) -> String {
    let said = person.writes_with("", to, vec![Attachment::voice(seconds)]);
    person.sees_reply(said).await
}

/// The attempts of today, without those of checks.
pub async fn booked(stage: &Stage) -> String {
    stage.app().await.idle().await;
    let rows = stage.app().await.audit().await;
    let lines = rows.iter().map(|row| {
        let cost = |cost: Option<crate::model::NanoDollars>| cost.map_or(0, |cost| cost.0);
        format!(
            "{}: held {}, used {}",
            row.source,
            cost(row.held.cost),
            cost(row.used.cost)
        )
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[tokio::test]
async fn a_voice_message_is_written_down_and_answered() {
    run(async |stage| {
        let mia = mia_with_groq(stage).await;
        assert_snapshot!(speaks(&mia, 4.2, None).await, @"
        > one two three

        You asked: one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 16 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 👤 personal key · $0.00012
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: one two three
        ");
        // It stands in the memory as what was said.
        assert_snapshot!(mia.says("and before?").await, @"
        You asked: and before?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 15 out · < $0.0001
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: one two three
        assistant: You asked: one two three
        This is a made-up model, so that is all it knows.
        user: and before?
        ");
        assert_snapshot!(booked(stage).await, @"
        personal: held 0, used 111110
        personal: held 0, used 5400
        personal: held 0, used 5700
        ");
    })
    .await;
}

/// A shared key holds what the sound itself says that it lasts, whatever Discord
/// says of it.
#[tokio::test]
async fn a_shared_key_hears_within_its_limits() {
    let limit = "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 0.01, per = 'day' }]\n";
    let setup = Setup {
        config: format!("message_content = true\n{}{limit}", Setup::default().config),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let first = mia.says("@Latchkey hi").await;
        assert!(!first.is_empty());
        let to = Some(mia.newest());
        assert_snapshot!(speaks(&mia, 60.0, to).await, @"
        > one two three

        You asked: one two three
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 16 out · < $0.0001
        -# voice message written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00067
        ");
        assert_snapshot!(booked(stage).await, @"
        bot_default: held 532500, used 5100
        bot_default: held 539400, used 5700
        bot_default: held 666660, used 666660
        ");
        let lying = Attachment {
            duration_secs: Some(1.0),
            ..Attachment::voice(7_000.0)
        };
        let said = mia.writes_with("", to, vec![lying]);
        let told = mia.sees_reply(said).await;
        let (asked, told) = told.split_once('\n').unwrap();
        assert!(asked.starts_with("(directly) About what you asked"), "{asked}");
        assert_snapshot!(told, @"
        You have used what your tier allows of the bot default: $0.00068 of $0.01 in 24 hours. The $0.0093 that are left are too little for this ask. This ask alone needs more than that; a shorter one may fit.
        Your own Groq key would have no such limit: press the button, or `/keys add provider:groq scope:user`. `/quota status` shows every limit.
        [Use my own Groq key]
        ");
        let broken = Attachment {
            bytes: b"OggS\0\x02made up\0\0\xff\xfe".to_vec(),
            ..Attachment::voice(4.0)
        };
        let said = mia.writes_with("", to, vec![broken]);
        assert_snapshot!(mia.sees_reply(said).await, @"
        I can't read `voice-message.ogg`: its bytes don't tell how long it plays.
        Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or Google with `/keys add`.
        ");
    })
    .await;
}

#[tokio::test]
async fn who_cannot_be_heard_is_told_why_and_what_to_do() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        assert_snapshot!(speaks(&mia, 4.2, None).await, @"I can't hear your voice message: no key here can have it written down. Add one for Groq, OpenAI, Mistral or Google with `/keys add`, or write what you want to know.");
        // A provider that does not do this.
        mia.adds("anthropic", "user", &good("anthropic")).await;
        assert_snapshot!(speaks(&mia, 4.2, None).await, @"I can't hear your voice message: no key here can have it written down. Add one for Groq, OpenAI, Mistral or Google with `/keys add`, or write what you want to know.");
        // One key that works no more, and another that does.
        mia.adds("groq", "user", &good("groq")).await;
        mia.adds("mistral", "user", &good("mistral")).await;
        stage.fails("groq", ProviderFault::Says(503, "{}".into()));
        assert_snapshot!(speaks(&mia, 4.2, None).await, @"
        > one two three

        You asked: (Files came with this that you are not given: voice-message.ogg (a voice message of 4 s, which you can't hear). Say so if they matter, and don't guess what is in them.)
        (Files came with this that you 
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 51 out · < $0.0001
        -# voice message written down · Mistral voxtral-mini-latest · 👤 personal key · $0.00025
        ");
        stage.fails(
            "mistral",
            ProviderFault::Says(200, r#"{"text": " "}"#.into()),
        );
        assert_snapshot!(speaks(&mia, 4.2, None).await, @"I heard no words in your voice message. Say it again, or write what you want to know.");
    })
    .await;
}

/// Who was paid once, and said something else than words, is not followed by
/// another who is paid too.
#[tokio::test]
async fn nobody_else_is_asked_once_somebody_may_have_been_paid() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        for provider in ["groq", "openai", "mistral"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let mut seen = Vec::new();
        for (name, fault) in [
            ("a page", ProviderFault::Html(200)),
            ("no words", ProviderFault::Says(200, "{}".into())),
            ("an answer that is lost", ProviderFault::Status(504)),
            ("out of order", ProviderFault::Status(500)),
            ("busy", ProviderFault::Says(503, "{}".into())),
        ] {
            stage.fails("groq", fault);
            let before = stage.calls();
            let said = speaks(&mia, 4.2, None).await;
            let asked = stage.world().look(|state| {
                let all = state.providers.calls.iter().skip(before);
                let sounds = all.filter(|call| call.path.contains("/audio/"));
                let names: Vec<&str> = sounds.map(|call| call.provider.as_str()).collect();
                names.join(", ")
            });
            let last = said.lines().last().unwrap_or_default();
            seen.push(format!("{name}: {asked}: {last}"));
        }
        assert_snapshot!(seen.join("\n"), @"
        a page: groq: Groq is having trouble. Ask again in a minute, or name another provider.
        no words: groq: Groq is having trouble. Ask again in a minute, or name another provider.
        an answer that is lost: groq: Groq is having trouble. Ask again in a minute, or name another provider.
        out of order: groq, openai: -# voice message written down · OpenAI gpt-transcribe · 👤 personal key · $0.00038
        busy: groq, groq, groq, openai: -# voice message written down · OpenAI gpt-transcribe · 👤 personal key · $0.00038
        ");
    })
    .await;
}
