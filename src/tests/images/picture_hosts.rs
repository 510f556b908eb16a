//! What every host of pictures can do to an answer: one bad picture among good
//! ones, errors, lost answers, and machines that are paid for all the same.

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use tempfile::TempDir;

use super::picture_jobs::{adds, left_over, lives, setup, shows};
use crate::tests::Actor;
use crate::tests::stage::{self, Setup, Stage};

pub const HOSTS: [&str; 5] = [
    "runpod",
    "runcomfy-serverless",
    "saladcloud",
    "comfyui",
    "runcomfy",
];
const FOREVER: u32 = 1_000_000;

/// A price of a tenth of a cent for each second of a machine.
fn priced() -> (TempDir, Setup) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.toml");
    let lines = ["runpod", "saladcloud"].map(|provider| {
        format!("[[price]]\nprovider = \"{provider}\"\nmodel = \"text-to-image\"\nsecond = 0.001\n")
    });
    std::fs::write(&path, lines.concat()).unwrap();
    let Setup { config, .. } = Setup::default();
    let config = format!("{config}[quota]\nprices_file = {path:?}\n");
    (folder, Setup { config, ..setup() })
}

/// Mia with a key for every host, whose jobs end at the first look.
async fn mia_everywhere(stage: &Stage) -> Actor<'_> {
    let mia = stage.mia();
    for provider in HOSTS {
        adds(&mia, provider).await;
    }
    lives(stage, 0, 0, 0);
    mia
}

/// What comes of two pictures: how many are shown, why not, and what is booked.
async fn makes(stage: &Stage, mia: &Actor<'_>, provider: &str) -> String {
    let line = format!("/imagine prompt:a lighthouse provider:{provider} count:2");
    // The newest attempt is the last.
    stage.clock.advance_ms(1);
    let seen = mia.runs(&line).await;
    let shown = seen.matches("[picture-").count();
    let words = match shown {
        0 => seen.lines().skip(2).collect::<Vec<_>>().join(" "),
        _ => format!("{shown} shown"),
    };
    let rows = stage.app().await.audit().await;
    let last = rows.last().unwrap();
    let cost = last.used.cost.map_or(0, |cost| cost.0);
    let images = last.used.images;
    format!("{provider}: {words}; {images} booked, {cost}")
}

async fn makes_everywhere(stage: &Stage, fault: Option<ProviderFault>) -> String {
    let mia = stage.mia();
    let mut told = Vec::new();
    for provider in HOSTS {
        if let Some(fault) = fault.clone() {
            stage.fails(provider, fault);
        }
        told.push(makes(stage, &mia, provider).await);
        stage.recovers(provider);
    }
    told.join("\n")
}

#[tokio::test]
async fn one_bad_picture_costs_no_good_one_at_any_host() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = mia_everywhere(stage).await;
        assert_snapshot!(makes_everywhere(stage, None).await, @"
        runpod: 2 shown; 2 booked, 4000000
        runcomfy-serverless: 2 shown; 2 booked, 0
        saladcloud: 2 shown; 2 booked, 3221000
        comfyui: 2 shown; 2 booked, 0
        runcomfy: 2 shown; 2 booked, 0
        ");
        assert_snapshot!(makes_everywhere(stage, Some(ProviderFault::OneBad)).await, @"
        runpod: 1 shown; 1 booked, 4000000
        runcomfy-serverless: 1 shown; 1 booked, 0
        saladcloud: 1 shown; 1 booked, 3221000
        comfyui: 1 shown; 1 booked, 0
        runcomfy: 1 shown; 1 booked, 0
        ");
        // A video stands beside the only picture.
        stage.fails("comfyui", ProviderFault::OneBad);
        let seen = mia.runs("/imagine prompt:x provider:comfyui count:1").await;
        assert!(seen.contains("[picture-1.png"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn what_a_host_complains_of_is_told_in_words_that_help() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = mia_everywhere(stage).await;
        assert_snapshot!(makes_everywhere(stage, Some(ProviderFault::OutOfMemory)).await, @"
        runpod: The machine at RunPod has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; 0 booked, 4000000
        runcomfy-serverless: The machine at RunComfy Serverless has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; 0 booked, 0
        saladcloud: The machine at SaladCloud has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; 0 booked, 6000000
        comfyui: The machine at ComfyUI has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; 0 booked, 0
        runcomfy: The machine at RunComfy has too little memory for this. Ask for fewer pictures (`count:`) or a smaller `size:`, or name another provider.; 0 booked, 0
        ");
        assert_snapshot!(makes_everywhere(stage, Some(ProviderFault::ModelMissing)).await, @"
        runpod: RunPod could not run the workflow: the model file `sd_xl_base_1.0.safetensors` is not there. Whoever runs it can install it; or name another workflow with `model:`.; 0 booked, 4000000
        runcomfy-serverless: RunComfy Serverless could not run the workflow: the model file `sd_xl_base_1.0.safetensors` is not there. Whoever runs it can install it; or name another workflow with `model:`.; 0 booked, 0
        saladcloud: SaladCloud could not run the workflow: the model file `sd_xl_base_1.0.safetensors` is not there. Whoever runs it can install it; or name another workflow with `model:`.; 0 booked, 6000000
        comfyui: ComfyUI could not run the workflow: the model file `sd_xl_base_1.0.safetensors` is not there. Whoever runs it can install it; or name another workflow with `model:`.; 0 booked, 0
        runcomfy: RunComfy could not run the workflow: the model file `sd_xl_base_1.0.safetensors` is not there. Whoever runs it can install it; or name another workflow with `model:`.; 0 booked, 0
        ");
        let mut told = Vec::new();
        for fault in [ProviderFault::TimeLimit, ProviderFault::NoOutput] {
            stage.fails("runpod", fault);
            told.push(makes(stage, &mia, "runpod").await);
        }
        assert_snapshot!(told.join("\n"), @"
        runpod: RunPod took too long. Ask again, or name another provider.; 0 booked, 4000000
        runpod: RunPod made it, and what came of it was lost there: it may be larger than RunPod passes on. Ask for fewer pictures (`count:`) or a smaller `size:`.; 0 booked, 4000000
        ");
        let line = "/imagine prompt:x model:runpod/qwen-image-t2i";
        stage.recovers("runpod");
        let seen = mia.runs(line).await;
        assert!(seen.contains("$0.0024") && seen.contains("[picture-1.png"), "{seen}");
        assert_snapshot!(left_over(stage), @"11 jobs, 11 done, 0 cancelled; 2 machines, 0 running");
    })
    .await;
}

#[tokio::test]
async fn a_graph_whose_answer_is_lost_is_found_and_not_queued_again() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, 0);
        for provider in ["comfyui", "runcomfy"] {
            adds(&mia, provider).await;
            stage.fails(provider, ProviderFault::LostAnswer);
            let seen = mia
                .runs(&format!("/imagine prompt:x provider:{provider}"))
                .await;
            assert!(seen.contains("[picture-1.png"), "{seen}");
        }
        assert_snapshot!(left_over(stage), @"2 jobs, 2 done, 0 cancelled; 1 machines, 0 running");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled_and_the_one_before_it_runs_on() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        lives(stage, FOREVER, 0, 0);
        let asked = mia.starts("/imagine prompt:x provider:comfyui");
        shows(stage, &mia, "line").await;
        stage.world().with(|state| {
            let mut theirs = state.providers.jobs[0].clone();
            theirs.id = "theirs".into();
            theirs.looks = 2 * FOREVER;
            state.providers.jobs.insert(0, theirs);
        });
        let (message, id) = mia.button("Cancel");
        stage.world().press(mia.person, message, &id).unwrap();
        let seen = mia.sees(asked).await;
        assert!(seen.contains("Stopped."), "{seen}");
        let cancelled = stage.world().look(|state| {
            let jobs = state.providers.jobs.iter();
            let cancelled = jobs.filter(|job| job.cancelled);
            cancelled.map(|job| job.id.clone()).collect::<Vec<_>>()
        });
        assert_eq!(cancelled, ["job-1"]);
    })
    .await;
}

#[tokio::test]
async fn a_machine_that_worked_is_paid_for_though_its_job_was_cancelled() {
    let (_folder, setup) = priced();
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["runpod", "saladcloud"] {
            adds(&mia, provider).await;
            lives(stage, 0, 0, FOREVER);
            stage.clock.advance_ms(1);
            let asked = mia.starts(&format!("/imagine prompt:x provider:{provider}"));
            shows(stage, &mia, "Being made").await;
            let (message, id) = mia.button("Cancel");
            stage.world().press(mia.person, message, &id).unwrap();
            mia.sees(asked).await;
            let rows = stage.app().await.audit().await;
            let last = rows.last().unwrap();
            let cost = last.used.cost.map_or(0, |cost| cost.0);
            assert_eq!(last.outcome.as_deref(), Some("abandoned"));
            assert!(cost > 0 && last.estimated, "{provider}: {cost}");
        }
    })
    .await;
}
