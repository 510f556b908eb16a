//! Commands on messages, `/summarize`, demo replies, and people whom a
//! server has stopped.

use insta::assert_snapshot;

use latchkey_emulator::permission;

use crate::tests::good;
use crate::tests::stage::{self, Setup};

#[tokio::test]
async fn a_message_is_summarized_explained_translated_and_replied_to_for_one_alone() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let said = omar.writes("the tide table says count at noon", None);
        let mut seen = Vec::new();
        for command in ["Summarize", "Explain", "Translate", "Reply for me"] {
            seen.push(mia.right_clicks(said, command).await);
            let told = stage.told("groq");
            seen.push(told.rsplit_once("user: ").unwrap().1.to_owned());
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        (only you) one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        Summarize this message:

        omar: the tide table says count at noon
        ---
        (only you) one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        Explain this message:

        omar: the tide table says count at noon
        ---
        (only you) one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        Translate this message into the language of the locale en-US:

        omar: the tide table says count at noon
        ---
        (only you) one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ---
        Draft a reply to this message:

        omar: the tide table says count at noon
        ");
        assert!(stage.told("groq").contains("You draft a reply"));
        let nothing = omar.writes("", None);
        assert_snapshot!(mia.right_clicks(nothing, "Explain").await, @"(only you) I found no words or pictures that I can read, so nothing was asked.");
    })
    .await;
}

#[tokio::test]
async fn a_channel_is_summarized_as_far_as_discord_shows_it() {
    stage::run(async |stage| {
        assert_snapshot!(stage.mia().runs("/summarize").await, @"(only you) Discord doesn't let me read what people say to each other. The operator can turn that on (`discord.message_content`). Right-click a message and choose **Apps**, **Summarize** for a single one.");
    })
    .await;
    let setup = Setup {
        config: "message_content = true\n[ask]\nedit_interval_ms = 100\ncontext_tokens = 2000\n"
            .into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let (mia, omar, zoe) = (stage.mia(), stage.omar(), stage.zoe());
        for number in 1..=120 {
            omar.writes(&format!("message {number}"), None);
        }
        mia.writes("count me in", None);
        mia.runs("/summarize messages:3").await;
        let told = stage.told("groq");
        let shown: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split_once("] ").map(|it| it.1))
            .collect();
        assert_eq!(
            shown,
            ["omar: message 119", "omar: message 120", "mia: count me in"]
        );
        mia.runs("/summarize since:1h").await;
        assert_eq!(stage.told("groq").matches("omar: message").count(), 120);
        assert_snapshot!(mia.runs("/summarize since:soon").await, @"(only you) I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for hours, `d` for days or `w` for weeks, such as `since:12h`. Without it I read the newest messages, as many as `messages:` says. Nothing was read.");
        assert_snapshot!(zoe.runs("/summarize").await, @"(only you) I am not in this server, so I can't read its channels. Right-click a message and choose **Apps**, **Summarize** for a single one.");
        // The operator lets it read along, so that it is the channel's settings.
        stage
            .world()
            .deny_bot(mia.channel, permission::READ_MESSAGE_HISTORY);
        let unreadable = mia.runs("/summarize").await;
        assert_snapshot!(unreadable, @"(only you) I may not read this channel's history. Whoever manages the server can allow it in the channel's permissions (View Channel, Read Message History). Right-click a message and choose **Apps**, **Summarize** for a single one.");
        stage
            .world()
            .allow_bot(mia.channel, permission::READ_MESSAGE_HISTORY);
        stage
            .world()
            .deny_bot(mia.channel, permission::VIEW_CHANNEL);
        assert_eq!(mia.runs("/summarize").await, unreadable);
    })
    .await;
}

#[tokio::test]
async fn without_any_key_a_demo_reply_shows_the_way() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\ndemo_replies = true\n".into(),
        no_defaults: true,
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.says("@Latchkey hello").await, @"
        This is a demo reply: no model was asked, since nobody has a key here yet.
        With a key I answer questions, continue conversations when you reply to me or write to me directly, and use the persona and model that you choose.
        **Add a key in a minute**: `/keys add provider:… scope:user` opens a form and shows where to get one; it is stored encrypted, and only you can use it. Whoever manages a server shares one with `scope:guild`.
        -# 🎭 demo reply · no model was asked · free
        ");
        let rows = stage.app().await.audit().await;
        assert_eq!((rows.len(), rows[0].source.as_str()), (1, "demo"));
        mia.adds("openai", "user", &good("openai")).await;
        assert!(mia.says("@Latchkey hello").await.contains("personal key"));
        // A key that cannot pay is a key all the same.
        mia.runs("/keys pause provider:openai scope:user").await;
        assert!(!mia.says("@Latchkey hello").await.contains("demo"));
    })
    .await;
}

#[tokio::test]
async fn a_server_stops_people_roles_and_channels() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        assert_snapshot!(mia.runs("/server block user:omar").await, @"(only you) That is for whoever has the Manage Server permission here, and you don't right now. Nothing was changed.");
        assert_snapshot!(omar.runs("/server block").await, @"(only you) Name one of `user:`, `role:` and `channel:`, and only one. Nothing was changed.");
        assert_snapshot!(omar.runs("/server block user:mia during:1h").await, @"(only you) Stopped for <@mia> until <t:1795222800:f>. What is running finishes. `/server unblock` lifts it.");
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) Whoever manages this server has stopped it for you here until <t:1795222800:f>. Keys and settings are kept; `/keys list` still works.");
        assert!(mia.directly().says("count").await.contains("nine ten"));
        omar.runs("/server block role:regulars").await;
        omar.runs("/server block channel:workshop").await;
        assert_snapshot!(omar.runs("/server blocks").await, @"
        (only you) Stopped for <#workshop>
        Stopped for <@mia> until <t:1795222800:f>
        Stopped for <@&regulars>
        ");
        omar.runs("/server unblock user:mia").await;
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) Whoever manages this server has stopped it for one of your roles here for now. Keys and settings are kept; `/keys list` still works.");
        omar.runs("/server unblock role:regulars").await;
        assert!(mia.runs("/ask prompt:count").await.contains("nine ten"));
        assert_snapshot!(mia.in_channel("workshop").runs("/ask prompt:count").await, @"(only you) Whoever manages this server has stopped it in this channel for now. Keys and settings are kept; `/keys list` still works.");
        assert_snapshot!(omar.runs("/server unblock role:regulars").await, @"(only you) It was not stopped for <@&regulars>, so nothing was changed.");
        // The operator's own list counts everywhere.
        omar.runs("/server unblock channel:workshop").await;
        omar.runs("/admin block role:regulars").await;
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) The bot's operator has stopped it for one of your roles for now. Keys and settings are kept; `/keys list` still works.");
        omar.runs("/admin unblock role:regulars").await;
        omar.runs("/admin block channel:workshop").await;
        assert_snapshot!(mia.in_channel("workshop").runs("/ask prompt:count").await, @"(only you) The bot's operator has stopped it in this channel for now. Keys and settings are kept; `/keys list` still works.");
    })
    .await;
}
