//! Pictures that are paid for and not shown: kept where they can't be had, other
//! files in their place, and what broke off. Each is booked, and nobody is
//! led to pay for the same again.

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use serde_json::json;
use tempfile::TempDir;

use super::picture_hosts::HOSTS;
use super::picture_jobs::{adds, lives, setup, shows};
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

/// A tenth of a cent a second at two hosts, two cents a picture at a third and
/// at xAI, and no price at all at the others.
fn priced() -> (TempDir, Setup) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.toml");
    let line = |(provider, model, price): (&str, &str, &str)| {
        format!("[[price]]\nprovider = \"{provider}\"\nmodel = \"{model}\"\n{price}\n")
    };
    let lines = [
        ("runpod", "text-to-image", "second = 0.001"),
        ("saladcloud", "text-to-image", "second = 0.001"),
        ("runcomfy", "text-to-image", "image = 0.02"),
        ("xai", "grok-imagine-image", "image = 0.02"),
    ]
    .map(line);
    std::fs::write(&path, lines.concat()).unwrap();
    let Setup { config, .. } = Setup::default();
    let config = format!("{config}[quota]\nprices_file = {path:?}\n");
    (folder, Setup { config, ..setup() })
}

async fn mia_everywhere(stage: &Stage) -> Actor<'_> {
    let mia = stage.mia();
    for provider in HOSTS {
        adds(&mia, provider).await;
    }
    lives(stage, 0, 0, 0);
    mia
}

/// What is booked of the last attempt.
async fn booked(stage: &Stage) -> String {
    let rows = stage.app().await.audit().await;
    let last = rows.last().unwrap();
    let cost = match last.used.cost {
        Some(cost) => cost.0.to_string(),
        None => "unknown".to_owned(),
    };
    let outcome = last.outcome.as_deref().unwrap_or_default();
    format!("{outcome}, {} pictures, {cost}", last.used.images)
}

/// What is said and booked where a host has such a day.
async fn makes(stage: &Stage, mia: &Actor<'_>, provider: &str, fault: ProviderFault) -> String {
    stage.fails(provider, fault);
    // The newest attempt is the last.
    stage.clock.advance_ms(3_600_001);
    let line = format!("/imagine prompt:a lighthouse provider:{provider}");
    let seen = mia.runs(&line).await;
    stage.recovers(provider);
    let buttons = ["Cancel", "Again", "Vary"];
    assert!(
        !buttons.iter().any(|it| seen.contains(&format!("[{it}]"))),
        "{seen}"
    );
    let words: Vec<&str> = seen.lines().skip(2).collect();
    format!("{provider}: {}; {}", words.join(" "), booked(stage).await)
}

#[tokio::test]
async fn what_was_made_and_cannot_be_fetched_is_booked_and_nobody_is_told_to_ask_again() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = mia_everywhere(stage).await;
        mia.adds("xai", "user", &good("xai")).await;
        let mut told = Vec::new();
        for provider in HOSTS.into_iter().chain(["xai"]) {
            for status in [403, 503] {
                let fault = ProviderFault::KeptBehind(status);
                let seen = makes(stage, &mia, provider, fault).await;
                assert!(!seen.contains("Ask again"), "{seen}");
                told.push(seen);
            }
            told.dedup();
        }
        told.push(makes(stage, &mia, "runpod", ProviderFault::OwnBucket).await);
        assert_snapshot!(told.join("\n"), @"
        runpod: RunPod made it, but I can't fetch it from where RunPod keeps it (`127.0.0.1`). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; cut_off, 1 pictures, 4000000
        runcomfy-serverless: RunComfy Serverless made it, but I can't fetch it from where RunComfy Serverless keeps it (`127.0.0.1`). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; cut_off, 1 pictures, unknown
        saladcloud: SaladCloud made it, but I can't fetch it from where SaladCloud keeps it (`127.0.0.1`). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; cut_off, 1 pictures, 3221000
        comfyui: ComfyUI made it, but I can't fetch it from where ComfyUI keeps it (its own address). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; failed, 0 pictures, 0
        runcomfy: RunComfy made it, but I can't fetch it from where RunComfy keeps it (its own address). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; cut_off, 1 pictures, 20000000
        xai: xAI made it, but I can't fetch it from where xAI keeps it (`127.0.0.1`). It is paid for all the same, and so is each further one: first whoever runs it has to let that address be read from outside.; cut_off, 1 pictures, 20000000
        runpod: RunPod made it, but keeps it at an address that I don't trust. It is paid for all the same, and so is each further one: first the bot's operator has to allow that address (`image_hosts` in the settings).; cut_off, 1 pictures, 4000000
        ");
    })
    .await;
}

#[tokio::test]
async fn another_file_in_the_place_of_a_picture_is_named_and_other_words_are_not_advised() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = mia_everywhere(stage).await;
        let mut told = Vec::new();
        for file in [
            b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".as_slice(),
            b"fLaC\0\0\0\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<html>502</html>",
            b"",
            b"MZ\x90\0",
        ] {
            for provider in HOSTS {
                let fault = ProviderFault::Instead(file.to_vec());
                let seen = makes(stage, &mia, provider, fault).await;
                assert!(!seen.contains("Say it in other words"), "{seen}");
                assert!(seen.contains("must give out a picture"), "{seen}");
                if provider == "saladcloud" {
                    told.push(seen);
                }
            }
        }
        for provider in HOSTS {
            told.push(makes(stage, &mia, provider, ProviderFault::NoPicture).await);
        }
        assert_snapshot!(told.join("\n"), @"
        saladcloud: What SaladCloud made is a video or a sound, and no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        saladcloud: What SaladCloud made is a video or a sound, and no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        saladcloud: What SaladCloud made is an SVG drawing, which I can't show. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        saladcloud: SaladCloud gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        saladcloud: SaladCloud finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        saladcloud: SaladCloud gave out a file that can't be read as a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        runpod: RunPod finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 4000000
        runcomfy-serverless: RunComfy Serverless finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, unknown
        saladcloud: SaladCloud finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; cut_off, 0 pictures, 3221000
        comfyui: ComfyUI finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; failed, 0 pictures, 0
        runcomfy: RunComfy finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.; failed, 0 pictures, 0
        ");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_ran_and_failed_costs_its_time_or_an_unknown_sum_and_never_nothing() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = mia_everywhere(stage).await;
        let mut told = Vec::new();
        for provider in HOSTS {
            for fault in [ProviderFault::MachineError, ProviderFault::OutOfMemory] {
                told.push(makes(stage, &mia, provider, fault).await);
            }
        }
        assert_snapshot!(told.join("\n"), @"
        runpod: The machine at RunPod failed, or never started. Try it again, or name another provider.; cut_off, 0 pictures, 4000000
        runpod: The machine at RunPod has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; cut_off, 0 pictures, 4000000
        runcomfy-serverless: The machine at RunComfy Serverless failed, or never started. Try it again, or name another provider.; cut_off, 0 pictures, unknown
        runcomfy-serverless: The machine at RunComfy Serverless has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; cut_off, 0 pictures, unknown
        saladcloud: The machine at SaladCloud failed, or never started. Try it again, or name another provider.; cut_off, 0 pictures, 6000000
        saladcloud: The machine at SaladCloud has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; cut_off, 0 pictures, 6000000
        comfyui: ComfyUI could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.; failed, 0 pictures, 0
        comfyui: The machine at ComfyUI has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; failed, 0 pictures, 0
        runcomfy: The machine at RunComfy failed, or never started. Try it again, or name another provider.; failed, 0 pictures, 0
        runcomfy: The machine at RunComfy has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; failed, 0 pictures, 0
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_of_a_worker_is_found_wherever_it_stands() {
    stage::run_with(setup(), async |stage| {
        let mia = mia_everywhere(stage).await;
        for output in [
            json!("PICTURE"),
            json!(["PICTURE"]),
            json!({"image": "PICTURE", "message": "Image generated successfully"}),
            json!({"images": {"9": ["PICTURE"]}}),
            json!({"result": {"images": ["PICTURE"]}}),
            json!({"data": [{"b64_json": "PICTURE"}]}),
            json!({"artifacts": [{"base64": "PICTURE", "seed": 5}]}),
            json!({"output": {"image_base64": "PICTURE"}}),
            json!([{"base64": "PICTURE", "url": "", "finish_reason": "SUCCESS"}]),
            json!({"status": "success", "message": "PICTURE"}),
        ] {
            stage.fails("runpod", ProviderFault::Output(output.clone()));
            let seen = mia.runs("/imagine prompt:x provider:runpod").await;
            assert!(seen.contains("[picture-1.png"), "{output}: {seen}");
            assert!(!seen.contains("missing"), "{output}: {seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_ends_well_and_says_that_it_failed_is_believed() {
    stage::run_with(setup(), async |stage| {
        let mia = mia_everywhere(stage).await;
        for output in [
            json!({"error": "CUDA out of memory"}),
            json!({"result": {"error": "CUDA out of memory"}}),
            json!({"images": [], "errors": ["CUDA out of memory"]}),
            json!({"status": "error", "message": "CUDA out of memory"}),
        ] {
            for provider in ["runpod", "saladcloud"] {
                let fault = ProviderFault::Output(output.clone());
                let seen = makes(stage, &mia, provider, fault).await;
                assert!(seen.contains("too little memory"), "{output}: {seen}");
                assert!(seen.contains("unknown"), "{output}: {seen}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn unfinished_pictures_are_booked_where_no_finished_one_comes() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[images]\npreviews = 2\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let tokens = async || {
            let rows = stage.app().await.audit().await;
            let used = &rows.last().unwrap().used;
            format!("{} in, {} out", used.input_tokens, used.output_tokens)
        };
        let mut told = Vec::new();
        for fault in [
            ProviderFault::CutAfterPreview,
            ProviderFault::BlockedAfterPreview,
        ] {
            let seen = makes(stage, &mia, "openai", fault).await;
            told.push(format!("{seen}; {}", tokens().await));
        }
        stage.fails("openai", ProviderFault::HangsAfterPreview);
        stage.clock.advance_ms(1);
        let asked = mia.starts("/imagine prompt:a lighthouse provider:openai");
        shows(stage, &mia, "Being made").await;
        let channel = mia.channel;
        let shown = stage.world().until(|state| {
            let mut here = state.messages.iter().rev().filter(|m| m.channel == channel);
            let newest = here.find(|m| m.author.is_none())?;
            (!newest.files.is_empty()).then_some(())
        });
        shown.await;
        let (message, id) = mia.button("Cancel");
        stage.world().press(mia.person, message, &id).unwrap();
        mia.sees(asked).await;
        told.push(format!("{}; {}", booked(stage).await, tokens().await));
        assert_snapshot!(told.join("\n"), @"
        openai: OpenAI broke off in mid-answer. Ask again, or name another provider.; cut_off, 1 pictures, 3015000; 3 in, 100 out
        openai: OpenAI declined that. Rephrase it, or name another provider.; cut_off, 0 pictures, 3015000; 3 in, 100 out
        abandoned, 1 pictures, 3015000; 3 in, 100 out
        ");
    })
    .await;
}

/// What was made of a call whose answer nobody can read, nobody knows: a
/// limit counts the most of it, and somebody's own key only what went.
#[tokio::test]
async fn an_answer_that_holds_no_readable_picture_is_counted_where_limits_bind() {
    stage::run(async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:dollars amount:9 per:day")
            .await;
        let mut told = Vec::new();
        for person in [&mia, &omar] {
            for answer in [
                json!({"created": 1, "data": [{"b64_json": "no base64"}]}),
                json!({"created": 1, "data": [{"b64_json": "aGVsbG8="}]}),
                json!({"created": 1, "data": []}),
                json!({"foo": 1}),
            ] {
                let head = vec![("content-type", "application/json".to_owned())];
                let fault = ProviderFault::Sends(head, answer.to_string().into());
                told.push(makes(stage, person, "openai", fault).await);
            }
            omar.adds("openai", "user", &good("openai")).await;
        }
        assert_snapshot!(told.join("\n"), @"
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 719882000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 719882000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 719882000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 719882000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 15000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 15000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 15000
        openai: OpenAI finished without a picture that I can use. Say it in other words, or name another provider or model.; cut_off, 1 pictures, 15000
        ");
    })
    .await;
}

/// A picture that nobody can fetch from where it is kept costs what it costs
/// where it is shown: what its provider reports, or its price, and no more
/// because a limit binds.
#[tokio::test]
async fn what_a_provider_reports_of_a_picture_that_cannot_be_fetched_is_booked() {
    let kept = || json!({"url": "https://pictures.invalid/1.png"});
    let refused = || json!({"url": "", "respect_moderation": false});
    let tokens = json!({"input_tokens": 300, "output_tokens": 4160, "total_tokens": 4460,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 290}});
    let spoken = json!({"prompt_tokens": 300, "completion_tokens": 1120, "total_tokens": 1420});
    let (_folder, setup) = priced();
    let cases = [
        ("openai", json!([kept()]), tokens),
        ("openai", json!([kept()]), json!(null)),
        (
            "xai",
            json!([kept()]),
            json!({"cost_in_usd_ticks": 500_000_000}),
        ),
        ("xai", json!([kept()]), json!(null)),
        ("xai", json!([kept(), refused(), refused()]), json!(null)),
        ("openrouter", json!([kept()]), json!({"cost": 0.03})),
        ("openrouter", json!([kept()]), spoken),
    ];
    stage::run_with(setup, async |stage| {
        let (omar, mia) = (stage.omar(), stage.mia());
        for provider in ["openai", "xai", "openrouter"] {
            omar.adds(provider, "guild", &good(provider)).await;
        }
        omar.runs("/server budget set what:dollars amount:9 per:day")
            .await;
        let mut told = Vec::new();
        for person in [&mia, &omar] {
            for (provider, items, usage) in &cases {
                let head = vec![("content-type", "application/json".to_owned())];
                let answer = json!({"created": 1, "data": items, "usage": usage});
                let fault = ProviderFault::Sends(head, answer.to_string().into());
                stage.fails(provider, fault);
                stage.clock.advance_ms(24 * 3_600_001);
                let count = items.as_array().unwrap().len();
                let line = format!("/imagine prompt:x provider:{provider} count:{count}");
                person.runs(&line).await;
                let rows = stage.app().await.audit().await;
                let told_by = if rows.last().unwrap().estimated {
                    ", estimated"
                } else {
                    ""
                };
                told.push(format!("{provider}: {}{told_by}", booked(stage).await));
            }
            for provider in ["openai", "xai", "openrouter"] {
                omar.adds(provider, "user", &good(provider)).await;
            }
        }
        assert_snapshot!(told.join("\n"), @"
        openai: cut_off, 1 pictures, 127170000
        openai: cut_off, 1 pictures, 711578000, estimated
        xai: cut_off, 1 pictures, 20000000
        xai: cut_off, 1 pictures, 20000000
        xai: cut_off, 1 pictures, 20000000
        openrouter: cut_off, 1 pictures, 30000000
        openrouter: cut_off, 1 pictures, 67350000
        openai: cut_off, 1 pictures, 127170000
        openai: cut_off, 1 pictures, 711578000, estimated
        xai: cut_off, 1 pictures, 50000000
        xai: cut_off, 1 pictures, 20000000
        xai: cut_off, 1 pictures, 20000000
        openrouter: cut_off, 1 pictures, 30000000
        openrouter: cut_off, 1 pictures, 67350000
        ");
    })
    .await;
}
