//! What pictures cost: said before they are made, booked after, and not spent
//! where nothing would come of it.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use serde_json::json;
use tempfile::TempDir;

use super::picture_jobs::{adds, lives, setup, shows};
use crate::tests::process::{changed, printed, run, world};
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Visitor, good};

const FOREVER: u32 = 1_000_000;

/// Prices of an operator's own: by the picture, and by the second.
fn priced() -> (TempDir, Setup) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.toml");
    let prices = [("runpod", "image = 0.02"), ("saladcloud", "second = 0.001")];
    let lines = prices.map(|(provider, price)| {
        format!("[[price]]\nprovider = \"{provider}\"\nmodel = \"text-to-image\"\n{price}\n")
    });
    std::fs::write(&path, lines.concat()).unwrap();
    let Setup { config, .. } = Setup::default();
    let config = format!("{config}[quota]\nprices_file = {path:?}\n");
    (folder, Setup { config, ..setup() })
}

/// Changes rows as no verb of the program would.
fn change(stage: &Stage, sql: &str) {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1);
}

#[tokio::test]
async fn what_is_free_passes_a_limit_in_dollars() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        let limited = "/admin limit what:dollars amount:0.01 per:day";
        stage.omar().runs(limited).await;
        let asked = mia.starts("/imagine prompt:a lighthouse provider:comfyui");
        mia.sees(asked).await;
        let seen = mia.reads_channel();
        let paid = seen.lines().rfind(|line| line.starts_with("-# "));
        assert_snapshot!(paid.unwrap_or(&seen), @"-# ComfyUI text-to-image · 🤖 bot default · free");
        let status = mia.runs("/keys status provider:comfyui").await;
        assert!(!status.contains("limit"), "{status}");
        let page = Visitor::signed_in(stage, stage.scene.member).await;
        let page = page.opens("/playground?as=:picture").await;
        assert!(!page.holds("Nobody knows what"), "{}", page.shown());
    })
    .await;
}

#[tokio::test]
async fn what_pictures_may_cost_is_said_while_they_are_made() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        adds(&mia, "saladcloud").await;
        for provider in ["openai", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
            let slow = ProviderFault::SlowFirstByte(Duration::from_millis(700));
            stage.fails(provider, slow);
        }
        let mut told = Vec::new();
        for (provider, more) in [
            ("openai", " count:4"),
            ("google", ""),
            ("runpod", ""),
            ("runpod", " count:2"),
            // How long a machine runs is not known before.
            ("saladcloud", " count:2"),
            ("comfyui", ""),
        ] {
            lives(stage, 0, 0, FOREVER);
            let line = format!("/imagine prompt:a lighthouse provider:{provider}{more}");
            let asked = mia.starts(&line);
            let seen = shows(stage, &mia, "Being made").await;
            let estimate = seen.lines().find(|line| line.starts_with("-# "));
            lives(stage, 0, 0, 0);
            mia.sees(asked).await;
            let seen = mia.reads_channel();
            let paid = seen.lines().rfind(|line| line.starts_with("-# "));
            told.push(format!(
                "{}\n  {}",
                estimate.unwrap_or("not a word"),
                paid.unwrap_or_default()
            ));
            let details = mia.presses("Details").await;
            let foreseen = details.lines().find(|line| line.contains("Reserved"));
            told.extend(foreseen.map(|line| format!("  {line}")));
        }
        assert_snapshot!(told.join("\n"), @"
        -# At most $2.86 for 4 pictures.
          -# OpenAI gpt-image-2 · 👤 personal key · $0.50 · 4 pictures
          Reserved before: $2.86 for 4 pictures.
        -# About $0.034.
          -# Google gemini-3.1-flash-lite-image · 👤 personal key · $0.034
          Reserved before: $0.13.
        -# About $0.02.
          -# RunPod text-to-image · 👤 personal key · $0.02
          Reserved before: $0.02.
        -# About $0.04 for 2 pictures.
          -# RunPod text-to-image · 👤 personal key · $0.04 · 2 pictures
          Reserved before: $0.04 for 2 pictures.
        not a word
          -# SaladCloud text-to-image · 👤 personal key · $0.0033 · 2 pictures
        not a word
          -# ComfyUI text-to-image · 🤖 bot default · free
        ");
    })
    .await;
}

#[tokio::test]
async fn programs_are_told_what_pictures_may_cost_and_what_they_did() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        let program = Program::of(stage, &mia, "").await;
        let mut told = Vec::new();
        for model in [
            "google/gemini-3.1-flash-lite-image",
            "runpod/text-to-image",
            "comfyui/text-to-image",
        ] {
            let mut wish = json!({"model": model, "prompt": "a lighthouse", "n": 2});
            let said = program.posts("/v1/images/generations", &wish).await.json();
            told.push(format!(
                "{model}: {} {}",
                said["estimate_nano_dollars"], said["cost_nano_dollars"]
            ));
            wish["stream"] = json!(true);
            let said = program.posts("/v1/images/generations", &wish).await.text;
            let estimate = said.lines().find(|line| line.contains("estimate"));
            told.push(estimate.unwrap_or_default().to_owned());
        }
        assert_snapshot!(told.join("\n"), @r#"
        google/gemini-3.1-flash-lite-image: 67200000 67202000
        : {"estimate_nano_dollars":67200000,"is_most":false}
        runpod/text-to-image: 40000000 40000000
        : {"estimate_nano_dollars":40000000,"is_most":false}
        comfyui/text-to-image: 0 0
        : {"estimate_nano_dollars":0,"is_most":false}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_keeps_pictures_where_none_are_taken_from_is_paid_once_an_hour() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        stage.fails("runpod", ProviderFault::OwnBucket);
        let runs = || {
            stage.world().look(|state| {
                let calls = state.providers.calls.iter();
                calls.filter(|call| call.path.ends_with("/run?")).count()
            })
        };
        let line = "/imagine prompt:a lighthouse provider:runpod";
        // It is said before anything is paid for.
        let mut told = vec![mia.runs("/keys test provider:RunPod").await];
        told.push(mia.runs(line).await);
        assert_eq!(runs(), 1);
        told.push(mia.runs(line).await);
        let program = Program::of(stage, &mia, "").await;
        let wish = json!({"model": "runpod/text-to-image", "prompt": "x"});
        let said = program.posts("/v1/images/generations", &wish).await;
        told.push(said.shown());
        assert_eq!(runs(), 1);
        // Another model may have workers of its own.
        mia.runs("/imagine prompt:a lighthouse model:runpod/qwen-image-t2i")
            .await;
        assert_eq!(runs(), 2);
        // Somebody has it keep them elsewhere.
        stage.recovers("runpod");
        stage.clock.advance_ms(3_600_001);
        told.push(mia.runs(line).await);
        assert_eq!(runs(), 3);
        assert_snapshot!(told.join("\n---\n"), @r#"
        (only you) Tested the personal key at <t:1795219200:T>: **RunPod** `…6789`.
        RunPod accepts it.
        Its pictures are taken from `*.runpod.ai`, `*.runpod.io`, `*.runpod.net`, `*.s3.*.amazonaws.com`. If your workers keep them in another bucket (`BUCKET_ENDPOINT_URL`), the bot's operator has to add its name to `providers.runpod.image_hosts` first.
        ---
        (only you) > a lighthouse

        RunPod made it, but keeps it at an address that I don't trust. It is paid for all the same, and so is each further one: first the bot's operator has to allow that address (`image_hosts` in the settings).
        ---
        (only you) RunPod keeps the pictures of this key and model at `pictures.made-up.example`, from which I take none, so I did not ask it. The bot's operator can add that name to `providers.runpod.image_hosts`; or let it keep them elsewhere, and try again in an hour.
        ---
        409
        {"error":{"code":"pictures_kept_elsewhere","message":"runpod keeps the pictures of this key and model at `pictures.made-up.example`, from which none are taken here, so it was not asked. The operator can add that name to `providers.runpod.image_hosts`; or let it keep pictures elsewhere, and try again in an hour.","param":null,"type":"invalid_request_error"}}
        ---
        > a lighthouse

        -# RunPod text-to-image · 👤 personal key · price unknown
        [picture-1.png: Made by text-to-image from: a lighthouse]
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_only_previews_its_picture_is_not_paid_for_nothing() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runcomfy").await;
        lives(stage, 0, 0, 0);
        for host in ["comfyui", "runcomfy"] {
            stage.fails(host, ProviderFault::PreviewAlone);
            let line = format!("/imagine prompt:a lighthouse provider:{host}");
            let seen = mia.runs(&line).await;
            assert!(seen.contains("[picture-1.png"), "{host}: {seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_doctor_says_from_where_pictures_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let set = [
        ("RUNPOD_API_KEY", good("runpod")),
        ("RUNPOD_ENDPOINT_ID", "made-up-id".into()),
        (
            "LATCHKEY_PROVIDERS__RUNPOD__BASE_URL",
            scene.emulator.provider_url("runpod"),
        ),
    ];
    let set = set.iter().fold(variables, |variables, (name, value)| {
        changed(&variables, name, Some(value))
    });
    let said = printed(&run("doctor", &set).await.stdout);
    let lines = said.lines().filter(|line| line.contains("RunPod"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    ok    RunPod: accepts the bot default key
    note  RunPod: pictures are taken from *.runpod.ai, *.runpod.io, *.runpod.net, *.s3.*.amazonaws.com; where your workers keep them in another bucket (BUCKET_ENDPOINT_URL), add its name to `providers.runpod.image_hosts`, or they are paid for and not shown
    ");
}

#[tokio::test]
async fn what_a_provider_was_making_when_the_process_ended_is_booked_at_an_estimate() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, FOREVER);
        mia.starts("/imagine prompt:a lighthouse provider:runpod");
        shows(stage, &mia, "Being made").await;
        stage.stop().await;
        stage.clock.advance_ms(1);
        // As if OpenAI had been asked, which answers with the picture.
        let attempt = "update attempt set provider = 'openai', model = 'gpt-image-2', key_id = \
                       (select key_id from provider_key where provider = 'openai') \
                       where state = 'held'";
        change(stage, attempt);
        change(stage, "update picture set host_job = null");
        stage.start().await;
        shows(stage, &mia, "booked at an estimate").await;
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let told = rows.iter().map(|row| {
            let outcome = row.outcome.as_deref().unwrap_or_default();
            format!("{outcome}, {} pictures", row.used.images)
        });
        assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"abandoned, 1 pictures");
        assert!(
            mia.reads_channel()
                .contains("A restart came while OpenAI was making it")
        );
    })
    .await;
}

#[tokio::test]
async fn a_graph_that_was_queued_and_not_noted_before_a_kill_is_found() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runcomfy").await;
        lives(stage, 0, 0, FOREVER);
        mia.starts("/imagine prompt:a lighthouse provider:runcomfy");
        shows(stage, &mia, "Being made").await;
        stage.stop().await;
        stage.clock.advance_ms(1);
        let unnoted = "update picture set host_job = \
                       substr(host_job, 1, instr(host_job, '/')) || '+' || mark";
        change(stage, unnoted);
        lives(stage, 0, 0, 0);
        stage.start().await;
        shows(stage, &mia, "-# RunComfy").await;
        stage.app().await.idle().await;
        assert!(mia.reads_channel().contains("[picture-1.png"));
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].outcome.as_deref(), Some("answered"));
    })
    .await;
}

#[tokio::test]
async fn details_say_what_was_foreseen_with_ones_own_key_too() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        let mut told = Vec::new();
        for line in [
            "provider:openai",
            "provider:google count:2",
            "provider:runpod count:2",
            "provider:comfyui",
        ] {
            mia.runs(&format!("/imagine prompt:a lighthouse {line}"))
                .await;
            let details = mia.presses("Details").await;
            let foreseen = details.lines().find(|line| line.contains("Reserved"));
            told.push(format!("{line}: {}", foreseen.unwrap_or("not a word")));
        }
        assert_snapshot!(told.join("\n"), @"
        provider:openai: Reserved before: $0.72.
        provider:google count:2: Reserved before: $0.25 for 2 pictures.
        provider:runpod count:2: Reserved before: $0.04 for 2 pictures.
        provider:comfyui: not a word
        ");
    })
    .await;
}
