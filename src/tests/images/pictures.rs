//! Pictures that are answered at once, and what stands under them.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};

use super::picture_jobs::{self, lives, shows};
use crate::tests::stage::{self, Setup};
use crate::tests::{Actor, good};

/// A picture that somebody has.
pub fn photo() -> latchkey_emulator::Attachment {
    let picture = latchkey_emulator::providers::picture("photo", 0);
    latchkey_emulator::Attachment::uploaded("photo.png", &picture)
}

#[tokio::test]
async fn a_picture_is_made_with_whoevers_key_pays() {
    stage::run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse").await, @"
        (only you) No API key configured: there is no key that can pay for this: not yours, not this server's, not the bot's.
        `/keys add scope:user` adds one of yours. `/keys status` shows the details.
        ");
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse count:2 size:1536x1024 negative:people").await, @"
        > a lighthouse
        > -# not: people

        -# OpenAI gpt-image-2 · 👤 personal key · $0.25 · 2 pictures
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        [picture-2.png: Made by gpt-image-2 from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/generations {"model":"gpt-image-2","n":2,"prompt":"a lighthouse\n\nDo not show: people","size":"1536x1024"}"#);
        mia.adds("google", "user", &good("google")).await;
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse provider:google size:1920x1080").await, @"
        > a lighthouse

        -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.034
        [picture-1.png: Made by gemini-3.1-flash-lite-image from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("google"), @r#"/models/gemini-3.1-flash-lite-image:generateContent {"contents":[{"parts":[{"text":"a lighthouse"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"16:9"},"responseModalities":["TEXT","IMAGE"]}}"#);
        mia.adds("xai", "user", &good("xai")).await;
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse provider:xAI").await, @"
        > a lighthouse

        -# xAI grok-imagine-image · 👤 personal key · $0.02
        [picture-1.png: Made by grok-imagine-image from: a lighthouse]
        ");
        mia.adds("openrouter", "user", &good("openrouter")).await;
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse model:openrouter/acme/painter count:2").await, @"
        > a lighthouse

        -# OpenRouter acme/painter · 👤 personal key · $0.075 · 2 pictures
        [picture-1.png: Made by acme/painter from: a lighthouse]
        [picture-2.png: Made by acme/painter from: a lighthouse]
        ");
        assert_snapshot!(mia.completes("/imagine prompt:x model:", "model").await, @"OpenAI gpt-image-2, Google gemini-3.1-flash-lite-image, xAI grok-imagine-image, OpenRouter google/gemini-3.1-flash-image");
        assert_snapshot!(mia.runs("/usage").await, @"
        (only you) **Your usage, whoever paid**, 2026-10-23 to 2026-11-21 (UTC)
        4 requests, 6 images, $0.38 · 54 tokens in, 17,790 out
        **By model**
        ```
        gpt-image-2         1  $0.25
        acme/painter        1  $0.075
        gemini-3.1-flash-lite-image
                            1  $0.034
        grok-imagine-image  1  $0.02
        ```
        [usage.png: Estimated cost by day, in US dollars]
        [usage.csv: The same as a table]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_is_made_again_varied_and_explained() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/imagine prompt:a lighthouse negative:people")
            .await;
        assert_snapshot!(mia.presses("Again").await, @"
        > a lighthouse
        > -# not: people

        -# OpenAI gpt-image-2 · 👤 personal key · $0.13
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/generations {"model":"gpt-image-2","n":1,"prompt":"a lighthouse\n\nDo not show: people"}"#);
        assert_snapshot!(mia.presses("Vary").await, @"
        > a lighthouse
        > -# not: people

        -# OpenAI gpt-image-2 · 👤 personal key · $0.13
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"a lighthouse\n\nDo not show: people"}"#);
        assert_snapshot!(mia.presses("Again").await, @"(only you) I keep no copy of the picture that this was made from. Use `/imagine image:…` with it once more, or press **Vary**.");
        assert_snapshot!(mia.presses("Details").await, @"
        (only you) **gpt-image-2**: 10 tokens in, 4,160 out, $0.13.
        Reserved before: $0.81.
        ```
        tokens in
             10   $5.00 a million
        tokens of pictures out
          4,160  $30.00 a million
        ```
        Sum: $0.13, by the prices of Latchkey as of 2026-11-21.
        **Who could pay, in this order**
        - OpenAI, personal key: pays
        Nobody has another key; `/keys status` shows each provider.
        ");
        assert_snapshot!(omar.presses("Again").await, @"(only you) I keep no copy of the picture that this was made from. Use `/imagine image:…` with it once more, or press **Vary**.");
    })
    .await;
}

#[tokio::test]
async fn what_is_asked_for_and_cannot_be_is_explained() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("xai", "user", &good("xai")).await;
        let file = mia.writes_with("", None, vec![photo()]);
        let text = latchkey_emulator::Attachment {
            bytes: b"<html>".to_vec(),
            ..photo()
        };
        let no_picture = mia.writes_with("", None, vec![text]);
        assert_snapshot!(mia.runs("/imagine prompt:x size:huge").await, @"(only you) A size is a width and a height in pixels, such as `1024x768`: from 256 to 2048, in steps of 8.");
        assert_snapshot!(mia.runs("/imagine prompt:x provider:Anthropic").await, @"(only you) Anthropic makes no pictures. Leave `provider:` out, or pick one from the list that appears while you type.");
        assert_snapshot!(mia.runs("/imagine prompt:x model:openai/").await, @"(only you) `openai/` names a provider and no model. Write the model after the slash; the list that appears while you type `model:` holds those that may be used.");
        assert_snapshot!(mia.runs("/imagine prompt:x model:unheard-of").await, @"(only you) I know no model or workflow called `unheard-of`. The list that appears while you type `model:` holds what the keys here can use; `provider/model` names any other.");
        assert_snapshot!(mia.runs(&format!("/imagine prompt:x provider:xAI image:{file}")).await, @"(only you) None of these can change a picture. Leave `image:` out, or name another provider, such as `/imagine provider:OpenAI`.");
        assert_snapshot!(mia.runs(&format!("/imagine prompt:x image:{no_picture}")).await, @"(only you) I can't use that file. Send a PNG, JPEG, GIF or WebP picture of at most 8 MB.");
        assert_snapshot!(mia.runs(&format!("/imagine prompt:x image:{file}")).await, @"
        > x

        -# OpenAI gpt-image-2 · 👤 personal key · $0.13
        [picture-1.png: Made by gpt-image-2 from: x]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"x"}"#);
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart_and_costs_nothing_that_was_not_made() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("google", "user", &good("google")).await;
        stage.fails("openai", ProviderFault::Blocked);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        OpenAI declined that. Rephrase it, or name another provider.
        ");
        stage.fails("openai", ProviderFault::NoPicture);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.
        ");
        stage.fails("openai", ProviderFault::WrongType);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.
        ");
        stage.fails("openai", ProviderFault::HugePicture);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        OpenAI sent more than I can read. Ask for less, or name another provider.
        ");
        stage.fails("openai", ProviderFault::Html(503));
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        OpenAI is having trouble. Ask again in a minute, or name another provider.
        ");
        stage.fails("google", ProviderFault::Blocked);
        assert_snapshot!(mia.runs("/imagine prompt:x provider:google").await, @"
        (only you) > x

        Google declined that. Rephrase it, or name another provider.
        ");
        stage.fails("google", ProviderFault::NoPicture);
        assert_snapshot!(mia.runs("/imagine prompt:x provider:google").await, @"
        (only you) > x

        Google finished without a picture that I can use. Say it in other words, or name another provider or model.
        ");
        stage.recovers("openai");
        stage.key_stands(&sample("openai", Standing::Good), Standing::Empty);
        stage.recovers("google");
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        > x

        -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.034 · personal key for OpenAI was turned down
        [picture-1.png: Made by gemini-3.1-flash-lite-image from: x]
        ---
        (only you) Your OpenAI key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:openai`.
        ");
        let rows = stage.app().await.audit().await;
        let outcomes = rows.iter().filter_map(|row| row.outcome.as_deref());
        let answered = outcomes.filter(|outcome| *outcome != "failed");
        // One was answered. For two that can't be shown, and for none at all,
        // OpenAI reports what it counted; and so does Google for none.
        assert_eq!((rows.len(), answered.count()), (9, 5));
    })
    .await;
}

#[tokio::test]
async fn pictures_come_from_where_a_host_keeps_them_and_from_nowhere_else() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("xai", "user", &good("xai")).await;
        stage.fails(
            "xai",
            ProviderFault::RedirectPicture("http://169.254.169.254/latest".into()),
        );
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        xAI made it, but keeps it at an address that I don't trust. It is paid for all the same, and so is each further one: first the bot's operator has to allow that address (`image_hosts` in the settings).
        ");
        stage.fails("xai", ProviderFault::WrongType);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        xAI finished without a picture that I can use. Say it in other words, or name another provider or model.
        ");
        stage.fails("xai", ProviderFault::HugePicture);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        xAI sent more than I can read. Ask for less, or name another provider.
        ");
        stage.fails("xai", ProviderFault::Expired);
        assert_snapshot!(mia.runs("/imagine prompt:x").await, @"
        (only you) > x

        xAI no longer has the result. `/imagine` begins anew.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_operator_settles_moderation_and_where_pictures_are_made() {
    let setup = Setup {
        config: "[images]\nmoderation = 'openai'\nage_restricted_only = true\n".into(),
        secrets: vec![("OPENAI_API_KEY".into(), good("openai").into())],
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia: Actor<'_> = stage.mia();
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse").await, @"(only you) Pictures are made in age-restricted channels and direct messages only. Send me `/imagine` directly.");
        let world = stage.world();
        let club = world.add_server("Night Club", true, &["after-dark"]);
        world.join(club, mia.person, latchkey_emulator::MEMBER);
        assert_snapshot!(mia.in_channel("after-dark").runs("/imagine prompt:a lighthouse").await, @"
        > a lighthouse

        -# OpenAI gpt-image-2 · 🤖 bot default · $0.13
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        ");
        // A thread is as its channel is, though its own object does not say so.
        let said = mia.in_channel("after-dark").writes("a subject", None);
        let thread = world.open_thread(said, "a thread").unwrap();
        let in_thread = mia.in_thread(thread).runs("/imagine prompt:a lighthouse").await;
        assert!(in_thread.contains("[picture-1.png"), "{in_thread}");
        let said = stage.mia().writes("a subject", None);
        let thread = world.open_thread(said, "a thread").unwrap();
        let refused = stage.mia().in_thread(thread).runs("/imagine prompt:a lighthouse").await;
        assert!(refused.contains("age-restricted channels"), "{refused}");
        let mia = mia.directly();
        assert_snapshot!(mia.runs("/imagine prompt:something forbidden").await, @"(only you) The moderation of this bot does not let these words through. Say it in other words.");
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse").await, @"
        > a lighthouse

        -# OpenAI gpt-image-2 · 🤖 bot default · $0.13
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        ");
        stage.fails("openai", ProviderFault::Html(503));
        assert_snapshot!(mia.runs("/imagine prompt:a lighthouse").await, @"(only you) The moderation of this bot can't be asked right now, so nothing is made. Try it again in a minute.");
    })
    .await;
}

#[tokio::test]
async fn a_language_model_makes_more_of_a_prompt_by_an_ask_of_its_own() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/imagine prompt:count enhance:true").await, @"
        > one two three four five six seven eight nine ten

        -# OpenAI gpt-image-2 · 👤 personal key · $0.13
        [picture-1.png: Made by gpt-image-2 from: one two three four five six seven eight nine ten]
        ");
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_model_that_paints_is_cancelled_and_what_it_can_have_made_is_charged() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let slow = ProviderFault::SlowFirstByte(Duration::from_mins(5));
        stage.fails("openai", slow);
        let asked = mia.starts("/imagine prompt:a lighthouse");
        assert_snapshot!(shows(stage, &mia, "Being made").await, @"
        > a lighthouse

        🎨 Being made, since <t:1795219200:R>.
        -# At most $0.72.
        ");
        let (message, id) = mia.button("Cancel");
        stage.world().press(mia.person, message, &id).unwrap();
        assert_snapshot!(mia.sees(asked).await, @"
        > a lighthouse

        Stopped.
        ");
        mia.starts("/imagine prompt:a lighthouse");
        shows(stage, &mia, "Being made").await;
        stage.stop().await;
        stage.clock.advance_ms(1);
        stage.recovers("openai");
        stage.start().await;
        stage.app().await.idle().await;
        assert_snapshot!(mia.reads_channel(), @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ---
        > a lighthouse

        Stopped.
        ---
        (only you) > a lighthouse

        I am being restarted and could not finish. Please ask again in a minute.
        ");
        let rows = stage.app().await.audit().await;
        let mut outcomes: Vec<_> = rows.iter().filter_map(|row| row.outcome.as_deref()).collect();
        outcomes.sort_unstable();
        assert_snapshot!(outcomes.join(" "), @"abandoned abandoned");
    })
    .await;
}

#[tokio::test]
async fn one_person_has_no_more_pictures_made_at_once_than_the_operator_says() {
    const FOREVER: u32 = 1_000_000;
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[images]\nper_person = 1\n".into(),
        ..picture_jobs::setup()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        lives(stage, FOREVER, 0, 0);
        let line = |prompt: &str| format!("/imagine prompt:{prompt} provider:comfyui");
        let jobs = || stage.world().look(|state| state.providers.jobs.len());
        let first = mia.starts(&line("one"));
        shows(stage, &mia, "Next in line").await;
        let second = mia.starts(&line("two"));
        shows(stage, &mia, "One after the other").await;
        assert_eq!(jobs(), 1);
        // Somebody else does not wait for that.
        let omars = stage.omar().starts(&line("his"));
        shows(stage, &mia, "Waiting in line").await;
        lives(stage, 0, 0, 0);
        for (asked, prompt) in [(first, "one"), (second, "two"), (omars, "his")] {
            let seen = mia.sees(asked).await;
            assert!(
                seen.contains("[picture-1.png") && seen.contains(prompt),
                "{seen}"
            );
        }
        assert_eq!(jobs(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_unfinished_picture_is_seen_until_the_finished_one_takes_its_place() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[images]\npreviews = 1\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        for (more, preview) in [
            ("", "preview.png"),
            (" spoiler:true", "SPOILER_preview.png"),
        ] {
            stage.fails("openai", ProviderFault::HangsAfterPreview);
            let asked = mia.starts(&format!("/imagine prompt:a lighthouse{more}"));
            let seen = shows(stage, &mia, "Being made").await;
            assert!(!seen.contains("picture-1"), "{seen}");
            let channel = mia.channel;
            let shown = stage.world().until(|state| {
                let mut here = state.messages.iter().rev().filter(|m| m.channel == channel);
                let newest = here.find(|m| m.author.is_none())?;
                newest
                    .files
                    .iter()
                    .any(|file| file.name == preview)
                    .then_some(())
            });
            shown.await;
            let (message, id) = mia.button("Cancel");
            stage.world().press(mia.person, message, &id).unwrap();
            let seen = mia.sees(asked).await;
            assert!(
                seen.contains("Stopped") && !seen.contains("preview"),
                "{seen}"
            );
        }
        stage.recovers("openai");
        let made = mia.runs("/imagine prompt:a lighthouse").await;
        assert_snapshot!(made, @"
        > a lighthouse

        -# OpenAI gpt-image-2 · 👤 personal key · $0.13
        [picture-1.png: Made by gpt-image-2 from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("openai"), @r#"/images/generations {"model":"gpt-image-2","n":1,"partial_images":1,"prompt":"a lighthouse","stream":true}"#);
        // Of several it is not said to which one it belongs.
        mia.runs("/imagine prompt:a lighthouse count:2").await;
        assert_snapshot!(stage.asked("openai"), @r#"/images/generations {"model":"gpt-image-2","n":2,"prompt":"a lighthouse"}"#);
    })
    .await;
}
