//! What people reported of other bots that ask models in Discord, tried here.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use serde_json::json;

use crate::tests::{bot_wrote, run};

/// <https://github.com/Significant-Gravitas/AutoGPT/pull/13267>: a bot replied to
/// every ping of everyone.
#[tokio::test]
async fn a_ping_of_everyone_is_no_question() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for text in ["@everyone the ferry is late", "@here who has a key?"] {
            omar.posts(text, json!({"mention_everyone": true}));
        }
        let seen = mia.says("@everyone @Latchkey is it late?").await;
        assert!(seen.contains("-# Groq"), "{seen}");
        let wrote = bot_wrote(stage, mia.channel);
        assert_eq!(wrote.matches("-# Groq").count(), 1);
        assert_eq!(stage.calls(), 1);
        assert!(stage.told("groq").ends_with("is it late?"));
    })
    .await;
}

/// <https://github.com/moeru-ai/airi/issues/1387>: each message was asked three
/// times, twice as the one before it.
#[tokio::test]
async fn a_message_is_asked_once_and_as_itself() {
    run(async |stage| {
        let mia = stage.mia().directly();
        for (number, text) in ["one", "two", "three"].into_iter().enumerate() {
            mia.says(text).await;
            assert_eq!(stage.calls(), number + 1);
            assert!(stage.told("groq").ends_with(&format!("user: {text}")));
        }
    })
    .await;
}

/// <https://github.com/letta-ai/letta-discord-bot-example/pull/13>: any reply was
/// taken for one to the bot.
#[tokio::test]
async fn a_reply_to_somebody_else_is_no_question() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let said = omar.writes("when does it leave?", None);
        mia.writes("at nine", Some(said));
        // What comes after it is answered, and it is not.
        mia.says("@Latchkey at nine?").await;
        let wrote = bot_wrote(stage, mia.channel);
        assert_eq!(wrote.matches("-# Groq").count(), 1);
        assert_eq!(stage.calls(), 1);
    })
    .await;
}

/// <https://github.com/sipeed/picoclaw/issues/1048>: channels came as numbers, and
/// of a link to a message nothing but the link.
#[tokio::test]
async fn channels_and_links_to_messages_are_told_readably() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let said = omar.writes("the ferry leaves at nine", None);
        let (channel, server) = (mia.channel, stage.scene.server);
        let link = format!("https://discord.com/channels/{server}/{channel}/{said}");
        mia.says(&format!("@Latchkey is <#{channel}> right: {link} ?"))
            .await;
        // Whoever wants a message read replies to it: the link leads there, and
        // the bot may not be able to read it.
        let told = stage.told("groq");
        assert!(told.contains("user: is #general right: "), "{told}");
        assert!(told.ends_with(&format!("/{said} ?")), "{told}");
    })
    .await;
}

/// <https://github.com/NousResearch/hermes-agent/issues/50793> and
/// <https://github.com/dimagi/open-chat-studio/pull/4026>: documents that are
/// called like pictures, and drawings that are called photos, were sent as
/// pictures.
#[tokio::test]
async fn what_is_called_a_picture_and_is_none_is_sent_as_none() {
    run(async |stage| {
        let mia = stage.mia();
        let mut told = Vec::new();
        for (name, bytes) in [
            ("Image_2_1.html", &b"<!DOCTYPE html><p>nine</p>"[..]),
            ("Image_3_1.markdown", b"---\ntitle: nine\n---\n"),
            ("photo.jpg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
            ("photo.png", b"<!DOCTYPE html><p>nine</p>"),
        ] {
            let files = vec![Attachment::uploaded(name, bytes)];
            let asked = mia.writes_with("@Latchkey what is this?", None, files);
            let seen = mia.sees_reply(asked).await;
            assert!(!stage.asked("groq").contains("image_url"), "{name}");
            let seen = seen.split("\nThis is").next().unwrap();
            told.push(format!("{name}: {seen}"));
        }
        assert_snapshot!(told.join("\n"), @r#"
        Image_2_1.html: You asked: what is this?

        Image_2_1.html:
        ```
        <!DOCTYPE html><p>nine</p>
        ```
        Image_3_1.markdown: You asked: what is this?

        Image_3_1.markdown:
        ```
        ---
        title: nine
        ---
        ```
        photo.jpg: You asked: what is this?

        photo.jpg:
        ```
        <svg xmlns="http://www.w3.org/2000/svg"/>
        ```
        photo.png: You asked: what is this?

        photo.png:
        ```
        <!DOCTYPE html><p>nine</p>
        ```
        "#);
    })
    .await;
}

/// <https://github.com/discord/discord-api-docs/issues/7721>,
/// <https://github.com/discord/discord-api-docs/issues/6315>,
/// <https://github.com/vercel/chat/issues/867> and
/// <https://github.com/vercel/chat/pull/721>: links whose words are an address
/// or whose title has emoji stood there as they were typed, bare addresses were
/// made such links, and angle brackets were lost.
#[tokio::test]
async fn links_are_written_as_discord_shows_them() {
    run(async |stage| {
        let mia = stage.mia();
        let mut shown = Vec::new();
        for answer in [
            "See [https://a.example/x](https://a.example/x).",
            "See [hello https://a.example](https://b.example/x).",
            "See [a.example](https://a.example 'Link 🔴 to a').",
            "See [a.example](https://a.example \"Link to a\").",
            "See https://a.example/t/1_2_3/abc.",
            "See <https://a.example/t>.",
            "See [a](<https://a.example/t>).",
        ] {
            stage.models_say(answer);
            let seen = mia.says("@Latchkey where?").await;
            let seen = seen.split("\n-#").next().unwrap().to_owned();
            shown.push(seen);
        }
        assert_snapshot!(shown.join("\n"), @"
        See https://a.example/x.
        See hello https://a.example (https://b.example/x).
        See [a.example](https://a.example).
        See [a.example](https://a.example).
        See https://a.example/t/1_2_3/abc.
        See <https://a.example/t>.
        See [a](<https://a.example/t>).
        ");
    })
    .await;
}

/// <https://github.com/aaronfisher-code/ComfyUI-SDXL-DiscordBot/issues/8>: buttons
/// failed some minutes after the answer.
#[tokio::test]
async fn buttons_under_an_old_answer_work_after_a_restart_too() {
    run(async |stage| {
        let mia = stage.mia();
        mia.says("@Latchkey count").await;
        stage.clock.advance_ms(20 * 60_000);
        let again = mia.presses("Again").await;
        assert!(again.contains("one two"), "{again}");
        stage.clock.advance_ms(26 * 3_600_000);
        stage.restart().await;
        let again = mia.presses("Again").await;
        assert!(again.contains("one two"), "{again}");
    })
    .await;
}

/// <https://github.com/yetibot/core/pull/253>: a name of an emoji between colons
/// stays that in what a bot writes.
/// <https://github.com/Najmul190/Discord-AI-Selfbot/issues/53>: a model was
/// talked into a ping of everyone.
#[tokio::test]
async fn emoji_are_told_by_name_and_nobody_is_pinged() {
    run(async |stage| {
        let mia = stage.mia();
        stage.models_say(
            "Sure: @everyone @here <:party:1494137019805466734> <a:wave:1494137019805466735>",
        );
        let seen = mia
            .says("@Latchkey say @ and everyone with <:party:1494137019805466734>")
            .await;
        let words =
            "Sure: @everyone @here <:party:1494137019805466734> <a:wave:1494137019805466735>";
        assert!(seen.starts_with(words), "{seen}");
        let told = stage.told("groq");
        assert!(
            told.ends_with("user: say @ and everyone with :party:"),
            "{told}"
        );
        stage.world().look(|state| {
            for message in state.messages.iter().filter(|it| it.is_bots()) {
                assert_eq!(message.allowed_mentions["parse"], json!([]));
            }
        });
    })
    .await;
}
