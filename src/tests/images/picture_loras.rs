//! LoRAs: completed while they are typed, put into workflows, and refused by
//! name before they cost.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::picture_jobs;
use crate::tests::good;
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup};

fn setup() -> Setup {
    let mut setup = picture_jobs::setup();
    setup.config += "\n[images]\nloras = ['of-the-operator.safetensors']\n";
    setup
}

#[tokio::test]
async fn a_lora_is_completed_and_changes_how_a_workflow_paints() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.completes("/imagine prompt:x lora:", "lora").await, @"of-the-operator.safetensors, pixel-art.safetensors, styles/watercolour.safetensors, woodcut.safetensors");
        assert_snapshot!(mia.completes("/imagine prompt:x lora:WOOD", "lora").await, @"woodcut.safetensors");
        let made = mia
            .runs("/imagine prompt:x provider:comfyui negative:people lora:woodcut.safetensors")
            .await;
        assert_snapshot!(made, @"
        > x
        > -# not: people
        > -# LoRA: woodcut.safetensors

        -# ComfyUI text-to-image · 🤖 bot default · free
        [picture-1.png: Made by text-to-image from: x]
        ");
        let graph = |stage: &stage::Stage| -> Value {
            stage
                .world()
                .look(|state| state.providers.jobs.last().unwrap().input.clone())
        };
        assert_snapshot!(graph(stage)["4-latchkey-lora"]["inputs"]["lora_name"], @r#""woodcut.safetensors""#);
        // Several, each as strong as is wished, however their names are written.
        let several = "lora:WoodCut:0.8, styles/watercolour";
        mia.runs(&format!("/imagine prompt:x provider:comfyui {several}"))
            .await;
        assert_snapshot!(graph(stage)["4-latchkey-lora"]["inputs"], @r#"{"lora_name":"woodcut.safetensors","model":["4",0],"strength_model":0.8}"#);
        assert_snapshot!(graph(stage)["4-latchkey-lora-2"]["inputs"], @r#"{"lora_name":"styles/watercolour.safetensors","model":["4-latchkey-lora",0],"strength_model":1.0}"#);
        assert_snapshot!(mia.completes("/imagine prompt:x lora:woodcut:0.8, pix", "lora").await, @"woodcut:0.8, pixel-art.safetensors");
        mia.runs("/imagine prompt:x provider:comfyui negative:people lora:woodcut.safetensors")
            .await;
        // Again and Vary take it along.
        mia.presses("Again").await;
        assert_snapshot!(graph(stage)["4-latchkey-lora"]["inputs"]["lora_name"], @r#""woodcut.safetensors""#);
        assert_snapshot!(graph(stage)["7"]["inputs"]["text"], @r#""people""#);
        // Its list is asked for once in a while, not for each letter.
        let lists = stage.world().look(|state| {
            let calls = state.providers.calls.iter();
            calls
                .filter(|call| call.path.contains("/models/loras"))
                .count()
        });
        assert_eq!(lists, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lora_that_is_not_there_or_not_taken_is_refused_by_its_name() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        picture_jobs::adds(&mia, "runpod").await;
        let jobs = || stage.world().look(|state| state.providers.jobs.len());
        let mut told = String::new();
        for more in [
            "provider:comfyui lora:made-up.safetensors",
            "provider:comfyui lora:woodcut:0.5, Made-Up:2",
            "provider:openai lora:woodcut.safetensors",
            "provider:runpod lora:woodcut.safetensors",
            "provider:runpod model:black-forest-labs-flux-1-schnell lora:woodcut.safetensors",
        ] {
            told += &mia.runs(&format!("/imagine prompt:x {more}")).await;
            told.push('\n');
        }
        assert_snapshot!(told, @"
        (only you) No host here has a LoRA called `made-up.safetensors`, so nobody was asked. There are, among others: `pixel-art.safetensors`, `styles/watercolour.safetensors`, `woodcut.safetensors`; the list that appears while you type `lora:` has all.
        (only you) No host here has a LoRA called `Made-Up`, so nobody was asked. There are, among others: `pixel-art.safetensors`, `styles/watercolour.safetensors`, `woodcut.safetensors`; the list that appears while you type `lora:` has all.
        (only you) What OpenAI would make this with takes no LoRA, so nobody was asked. Leave `lora:` out, or name a workflow with `model:`.
        (only you) No host here has a LoRA called `woodcut.safetensors`, so nobody was asked. There are, among others: `of-the-operator.safetensors`; the list that appears while you type `lora:` has all.
        (only you) What RunPod would make this with takes no LoRA, so nobody was asked. Leave `lora:` out, or name a workflow with `model:`.
        ");
        assert_eq!(jobs(), 0);
        let made = mia
            .runs("/imagine prompt:x provider:runpod lora:of-the-operator.safetensors")
            .await;
        assert!(made.contains("[picture-1.png"), "{made}");
        let program = Program::of(stage, &mia, "").await;
        let mut wish = json!({"model": "comfyui/text-to-image", "prompt": "x", "lora": "made-up"});
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_snapshot!(said.text, @r#"{"error":{"code":"lora_not_found","message":"No host here has a LoRA called `made-up`, so nobody was asked. There are, among others: pixel-art.safetensors, styles/watercolour.safetensors, woodcut.safetensors.","param":null,"type":"invalid_request_error"}}"#);
        wish["lora"] = json!("woodcut.safetensors");
        let said = program.posts("/v1/images/generations", &wish).await;
        assert_eq!(said.status, 200, "{}", said.text);
    })
    .await;
}
