//! Picture APIs that answer at once, as they really answer: some slots
//! refused, some calls limited, drafts, words in the place of a picture, and
//! keys that are good for words alone.

use std::fmt::Write;

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use serde_json::json;

use super::picture_jobs::{self, shows};
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

/// Those that answer with pictures at once.
const APIS: [&str; 4] = ["openai", "google", "xai", "openrouter"];

/// Somebody with a key for each of them.
pub async fn mia_with_all_keys(stage: &Stage) -> Actor<'_> {
    let mia = stage.mia();
    for provider in APIS {
        mia.adds(provider, "user", &good(provider)).await;
    }
    mia
}

/// What somebody sees below their prompt, and what was booked for it.
async fn sees_and_pays(stage: &Stage, mia: &Actor<'_>, line: &str) -> String {
    stage.clock.advance_ms(1_000);
    let seen = mia.runs(line).await;
    let (_, below) = seen.split_once("> x\n\n").unwrap_or(("", &seen));
    format!("{}\n{}\n", below.trim_end(), newest_row(stage).await)
}

/// How many pictures were booked last, and what they cost.
async fn newest_row(stage: &Stage) -> String {
    stage.app().await.idle().await;
    let rows = stage.app().await.audit().await;
    let Some(row) = rows.last() else {
        return "no row".to_owned();
    };
    format!(
        "= {} pictures, {} in, {} out, {:?}",
        row.used.images, row.used.input_tokens, row.used.output_tokens, row.used.cost
    )
}

#[tokio::test]
async fn moderation_reads_the_same_whoever_declines() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let mut told = String::new();
        for provider in APIS {
            stage.fails(provider, ProviderFault::Blocked);
            let line = format!("/imagine prompt:x provider:{provider}");
            told += &sees_and_pays(stage, &mia, &line).await;
        }
        for provider in ["google", "xai"] {
            stage.fails(provider, ProviderFault::BlockedFrom(0));
            let line = format!("/imagine prompt:x provider:{provider} count:3");
            told += &sees_and_pays(stage, &mia, &line).await;
        }
        stage.fails("xai", ProviderFault::NoPicture);
        told += &sees_and_pays(stage, &mia, "/imagine prompt:x provider:xai").await;
        assert_snapshot!(told, @"
        OpenAI declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(0))
        Google declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(0))
        xAI declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(0))
        OpenRouter declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(0))
        Google declined that. Rephrase it, or name another provider.
        = 0 pictures, 4 in, 0 out, Some(NanoDollars(1000))
        xAI declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(60000000))
        xAI declined that. Rephrase it, or name another provider.
        = 0 pictures, 0 in, 0 out, Some(NanoDollars(0))
        ");
    })
    .await;
}

#[tokio::test]
async fn what_is_good_is_shown_and_booked_and_the_rest_is_explained() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let mut told = String::new();
        for (provider, fault) in [
            ("xai", ProviderFault::BlockedFrom(2)),
            ("google", ProviderFault::BlockedFrom(2)),
            ("google", ProviderFault::LimitedAfter(2)),
            ("openrouter", ProviderFault::LimitedAfter(3)),
            ("openrouter", ProviderFault::DataUrls),
        ] {
            let _ = writeln!(told, "{provider} {fault:?}");
            stage.fails(provider, fault);
            let line = format!("/imagine prompt:x provider:{provider} count:4");
            told += &sees_and_pays(stage, &mia, &line).await;
        }
        assert_snapshot!(told, @"
        xai BlockedFrom(2)
        -# ⚠️ 2 of 4 missing: xAI's moderation declined it.
        -# xAI grok-imagine-image · 👤 personal key · $0.08 · 2 pictures
        [picture-1.png: Made by grok-imagine-image from: x]
        [picture-2.png: Made by grok-imagine-image from: x]
        = 2 pictures, 0 in, 0 out, Some(NanoDollars(80000000))
        google BlockedFrom(2)
        -# ⚠️ 2 of 4 missing: Google's moderation declined it.
        -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.068 · 2 pictures
        [picture-1.png: Made by gemini-3.1-flash-lite-image from: x]
        [picture-2.png: Made by gemini-3.1-flash-lite-image from: x]
        = 2 pictures, 16 in, 2240 out, Some(NanoDollars(67204000))
        google LimitedAfter(2)
        -# ⚠️ 2 of 4 missing: Google is limiting this key right now.
        -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.068 · 2 pictures
        [picture-1.png: Made by gemini-3.1-flash-lite-image from: x]
        [picture-2.png: Made by gemini-3.1-flash-lite-image from: x]
        = 2 pictures, 8 in, 2240 out, Some(NanoDollars(67202000))
        openrouter LimitedAfter(3)
        -# ⚠️ 1 of 4 missing: OpenRouter is limiting this key right now.
        -# OpenRouter google/gemini-3.1-flash-image · 👤 personal key · $0.12 · 3 pictures
        [picture-1.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-2.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-3.png: Made by google/gemini-3.1-flash-image from: x]
        = 3 pictures, 60 in, 12525 out, Some(NanoDollars(112500000))
        openrouter DataUrls
        -# OpenRouter google/gemini-3.1-flash-image · 👤 personal key · $0.15 · 4 pictures
        [picture-1.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-2.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-3.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-4.png: Made by google/gemini-3.1-flash-image from: x]
        = 4 pictures, 80 in, 16700 out, Some(NanoDollars(150000000))
        ");
    })
    .await;
}

#[tokio::test]
async fn what_was_made_before_it_is_cancelled_is_shown_and_booked() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let mut told = String::new();
        for provider in ["google", "openrouter"] {
            stage.fails(provider, ProviderFault::HangsAfter(2));
            stage.clock.advance_ms(1_000);
            let line = format!("/imagine prompt:x provider:{provider} count:4");
            let asked = mia.starts(&line);
            shows(stage, &mia, "Being made").await;
            let hangs = stage.world().until(|state| {
                let calls = state.providers.image_calls.get(provider);
                calls.is_some_and(|calls| *calls > 2).then_some(())
            });
            hangs.await;
            let (message, id) = mia.button("Cancel");
            stage.world().press(mia.person, message, &id).unwrap();
            let seen = mia.sees(asked).await;
            let _ = writeln!(told, "{seen}\n{}", newest_row(stage).await);
        }
        assert_snapshot!(told, @"
        > x

        -# ⚠️ 2 of 4 missing: it was cancelled.
        -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.068 · 2 pictures
        [picture-1.png: Made by gemini-3.1-flash-lite-image from: x]
        [picture-2.png: Made by gemini-3.1-flash-lite-image from: x]
        = 2 pictures, 8 in, 2240 out, Some(NanoDollars(67202000))
        > x

        -# ⚠️ 2 of 4 missing: it was cancelled.
        -# OpenRouter google/gemini-3.1-flash-image · 👤 personal key · $0.075 · 2 pictures
        [picture-1.png: Made by google/gemini-3.1-flash-image from: x]
        [picture-2.png: Made by google/gemini-3.1-flash-image from: x]
        = 2 pictures, 40 in, 8350 out, Some(NanoDollars(75000000))
        ");
    })
    .await;
}

#[tokio::test]
async fn a_model_that_thinks_or_talks_shows_its_last_picture_or_its_words() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let thinks = "/imagine prompt:x model:google/gemini-3-pro-image";
        let mut told = sees_and_pays(stage, &mia, thinks).await;
        for fault in [
            ProviderFault::AnswersInWords,
            ProviderFault::NoPicture,
            ProviderFault::BlockedFrom(0),
        ] {
            stage.fails("google", fault);
            told += &sees_and_pays(stage, &mia, thinks).await;
        }
        assert_snapshot!(told, @"
        -# Google gemini-3-pro-image · 👤 personal key · $0.14
        [picture-1.png: Made by gemini-3-pro-image from: x]
        = 1 pictures, 4 in, 1120 out, Some(NanoDollars(134408000))
        Google made no picture and said:
        > Which lighthouse do you mean?
        Answer it in the prompt, or name another provider or model.
        = 0 pictures, 4 in, 240 out, Some(NanoDollars(2888000))
        Google finished without a picture that I can use. Say it in other words, or name another provider or model.
        = 0 pictures, 4 in, 0 out, Some(NanoDollars(8000))
        Google declined that. Rephrase it, or name another provider.
        = 0 pictures, 4 in, 0 out, Some(NanoDollars(8000))
        ");
        stage.recovers("google");
        let program = Program::of(stage, &mia, "").await;
        let wish = json!({"model": "google/gemini-3-pro-image", "prompt": "x"});
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_eq!(said.json()["data"].as_array().map(Vec::len), Some(1));
        stage.fails("google", ProviderFault::AnswersInWords);
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_snapshot!(said.shown(), @r#"
        502 personal google
        {"error":{"code":"no_picture","message":"google made no picture and said: Which lighthouse do you mean? Answer it in the prompt, or name another model.","param":null,"type":"server_error"}}
        "#);
        stage.fails("google", ProviderFault::LimitedAfter(1));
        let wish = json!({"model": "google/gemini-3-pro-image", "prompt": "x", "n": 2});
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_snapshot!(said.json()["missing"], @r#"["provider_rate_limited"]"#);
    })
    .await;
}

#[tokio::test]
async fn each_provider_is_asked_for_the_nearest_size_that_it_makes() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let mut asked = String::new();
        for size in ["1536x1024", "1920x1080", "2048x2048"] {
            for model in [
                "openai/gpt-image-2",
                "openai/gpt-image-1.5",
                "xai/grok-imagine-image",
                "openrouter/google/gemini-3.1-flash-image",
                "google/gemini-3-pro-image",
                "google/gemini-3.1-flash-lite-image",
            ] {
                let line = format!("/imagine prompt:x model:{model} size:{size}");
                let seen = mia.runs(&line).await;
                assert!(seen.contains("[picture-1.png"), "{model} {size}: {seen}");
                let provider = model.split('/').next().unwrap();
                asked += &stage.asked(provider);
                asked.push('\n');
            }
        }
        assert_snapshot!(asked, @r#"
                /images/generations {"model":"gpt-image-2","n":1,"prompt":"x","size":"1536x1024"}
                /images/generations {"model":"gpt-image-1.5","n":1,"prompt":"x","size":"1536x1024"}
                /images/generations {"aspect_ratio":"3:2","model":"grok-imagine-image","n":1,"prompt":"x","resolution":"1k"}
                /images {"aspect_ratio":"3:2","model":"google/gemini-3.1-flash-image","prompt":"x"}
                /models/gemini-3-pro-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"3:2"},"responseModalities":["TEXT","IMAGE"]}}
                /models/gemini-3.1-flash-lite-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"3:2"},"responseModalities":["TEXT","IMAGE"]}}
                /images/generations {"model":"gpt-image-2","n":1,"prompt":"x","size":"1920x1088"}
                /images/generations {"model":"gpt-image-1.5","n":1,"prompt":"x","size":"1536x1024"}
                /images/generations {"aspect_ratio":"16:9","model":"grok-imagine-image","n":1,"prompt":"x","resolution":"1k"}
                /images {"aspect_ratio":"16:9","model":"google/gemini-3.1-flash-image","prompt":"x"}
                /models/gemini-3-pro-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"16:9"},"responseModalities":["TEXT","IMAGE"]}}
                /models/gemini-3.1-flash-lite-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"16:9"},"responseModalities":["TEXT","IMAGE"]}}
                /images/generations {"model":"gpt-image-2","n":1,"prompt":"x","size":"2048x2048"}
                /images/generations {"model":"gpt-image-1.5","n":1,"prompt":"x","size":"1024x1024"}
                /images/generations {"aspect_ratio":"1:1","model":"grok-imagine-image","n":1,"prompt":"x","resolution":"2k"}
                /images {"aspect_ratio":"1:1","model":"google/gemini-3.1-flash-image","prompt":"x"}
                /models/gemini-3-pro-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"1:1","imageSize":"2K"},"responseModalities":["TEXT","IMAGE"]}}
                /models/gemini-3.1-flash-lite-image:generateContent {"contents":[{"parts":[{"text":"x"}],"role":"user"}],"generationConfig":{"imageConfig":{"aspectRatio":"1:1"},"responseModalities":["TEXT","IMAGE"]}}
                "#);
    })
    .await;
}

#[tokio::test]
async fn a_kind_of_picture_that_is_not_taken_is_refused_before_anybody_is_asked() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let file = mia.writes_with(
            "",
            None,
            vec![Attachment::uploaded("cat.gif", b"GIF89a....")],
        );
        let before = stage.calls();
        let mut told = String::new();
        for provider in ["openai", "google"] {
            let line = format!("/imagine prompt:x provider:{provider} image:{file}");
            told += &mia.runs(&line).await;
            told.push('\n');
        }
        assert_snapshot!(told, @"
            (only you) OpenAI changes no GIF, so nobody was asked. Send the picture as a PNG, JPEG or WebP, or name another provider.
            (only you) Google changes no GIF, so nobody was asked. Send the picture as a PNG, JPEG or WebP, or name another provider.
            ");
        assert_eq!(stage.calls(), before);
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert!(
            rows.iter()
                .all(|row| row.used.cost.is_none_or(|cost| cost.0 == 0))
        );
    })
    .await;
}

#[tokio::test]
async fn a_seed_is_for_workflows_and_nobody_else_is_asked_with_one() {
    stage::run_with(picture_jobs::setup(), async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let before = stage.calls();
        let mut told = String::new();
        for provider in APIS {
            let line = format!("/imagine prompt:x provider:{provider} seed:7");
            told += &mia.runs(&line).await;
            told.push('\n');
        }
        let program = Program::of(stage, &mia, "").await;
        let wish = json!({"model": "google/gemini-3-pro-image", "prompt": "x", "seed": 7});
        told += &program.posts("/v1/images/generations", &wish).await.text;
        assert_snapshot!(told, @r#"
        (only you) OpenAI takes no seed, so nobody was asked. Leave `seed:` out, or name a workflow with `model:`.
        (only you) Google takes no seed, so nobody was asked. Leave `seed:` out, or name a workflow with `model:`.
        (only you) xAI takes no seed, so nobody was asked. Leave `seed:` out, or name a workflow with `model:`.
        (only you) OpenRouter takes no seed, so nobody was asked. Leave `seed:` out, or name a workflow with `model:`.
        {"error":{"code":"seed_not_taken","message":"google takes no `seed`, so nobody was asked. Leave it out, or name a workflow.","param":null,"type":"invalid_request_error"}}
        "#);
        assert_eq!(stage.calls(), before);
        // Whoever names nobody gets a workflow, although others come first.
        let seen = mia.runs("/imagine prompt:x seed:7").await;
        assert!(seen.contains("ComfyUI text-to-image"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_account_makes_no_pictures_is_told_apart_and_the_next_one_pays() {
    let mut told = String::new();
    for (provider, variable, standing) in [
        ("openai", "OPENAI_API_KEY", Standing::Empty),
        ("openai", "OPENAI_API_KEY", Standing::Unverified),
        ("google", "GEMINI_API_KEY", Standing::FreeTier),
    ] {
        let setup = Setup {
            secrets: vec![(variable.into(), good(provider).into())],
            ..Setup::default()
        };
        stage::run_with(setup, async |stage| {
            let mia = stage.mia();
            let line = format!("/imagine prompt:x provider:{provider}");
            stage.key_stands(&good(provider), standing);
            let _ = writeln!(told, "# {provider} {standing:?}\n{}", mia.runs(&line).await);
            let personal = sample(provider, standing) + "-personal";
            mia.adds(provider, "user", &personal).await;
            stage.key_stands(&personal, standing);
            let _ = writeln!(told, "## Both\n{}", mia.runs(&line).await);
            stage.key_stands(&good(provider), Standing::Good);
            stage.clock.advance_ms(3_600_000);
            let _ = writeln!(told, "## The bot's is good\n{}", mia.runs(&line).await);
            let _ = writeln!(told, "## Directly\n{}", mia.directly().reads_channel());
        })
        .await;
    }
    assert_snapshot!(told, @"
    # openai Empty
    (only you) > x

    OpenAI turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:openai scope:user`.
    ## Both
    (only you) > x

    OpenAI turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:openai scope:user`.
    ---
    (only you) Your OpenAI key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:openai`.
    ## The bot's is good
    > x

    -# OpenAI gpt-image-2 · 🤖 bot default · $0.13
    [picture-1.png: Made by gpt-image-2 from: x]
    ## Directly

    # openai Unverified
    (only you) > x

    OpenAI lets verified organisations alone use this model, and the one behind the bot's own key is not verified. Its operator can verify it at <https://platform.openai.com/settings/organization/general>. A key of your own works without it: `/keys add provider:openai scope:user`.
    ## Both
    (only you) > x

    OpenAI lets verified organisations alone use this model, and the one behind the bot's own key is not verified. Its operator can verify it at <https://platform.openai.com/settings/organization/general>. A key of your own works without it: `/keys add provider:openai scope:user`.
    ---
    (only you) Your OpenAI key works only in part: its organisation has to be verified before it may use the model that was asked. Verify it at <https://platform.openai.com/settings/organization/general>; that counts after a quarter of an hour. Whoever names neither provider nor model is answered by the next key. I say this once in a day.
    ## The bot's is good
    > x

    -# OpenAI gpt-image-2 · 🤖 bot default · $0.13 · personal key for OpenAI may not do this
    [picture-1.png: Made by gpt-image-2 from: x]
    ## Directly

    # google FreeTier
    (only you) > x

    Google's free tier does not include this model, and the bot's own key has no billing, which its operator can turn on. A key of your own works without it: `/keys add provider:google scope:user`.
    ## Both
    (only you) > x

    Google's free tier does not include this model, and the bot's own key has no billing, which its operator can turn on. A key of your own works without it: `/keys add provider:google scope:user`.
    ---
    (only you) Your Google key works only in part: its account is on the free tier, which does not include the model that was asked. Turn billing on at <https://aistudio.google.com/apikey>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.
    ## The bot's is good
    > x

    -# Google gemini-3.1-flash-lite-image · 🤖 bot default · $0.034 · personal key for Google may not do this
    [picture-1.png: Made by gemini-3.1-flash-lite-image from: x]
    ## Directly
    ");
}

#[tokio::test]
async fn partial_pictures_pass_and_the_last_ones_are_booked() {
    stage::run(async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let program = Program::of(stage, &mia, "").await;
        let wish = json!({"model": "openai/gpt-image-2", "prompt": "x", "stream": true, "partial_images": 2});
        let said = program.posts("/v1/images/generations", &wish).await;
        let kinds: Vec<&str> = said
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .collect();
        assert_snapshot!(kinds.join(" "), @"image_generation.partial_image image_generation.partial_image image_generation.completed");
        assert_snapshot!(newest_row(stage).await, @"= 1 pictures, 10 in, 4360 out, Some(NanoDollars(130850000))");
        let wish = json!({"model": "openai/gpt-image-2", "prompt": "x", "size": "1000x1000"});
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_snapshot!(said.shown(), @r#"
        400 personal openai
        {"error":{"code":"invalid_value","message":"Invalid size '1000x1000'. Width and height must both be divisible by 16.","param":"size","type":"invalid_request_error"}}
        "#);
    })
    .await;
}
