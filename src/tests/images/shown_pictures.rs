//! Pictures as Discord and programs get them: without what hides in their
//! files, with the whole prompt behind their buttons, and in words where
//! Discord takes no file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use latchkey_emulator::Attachment;
use latchkey_emulator::providers::{HIDDEN, ProviderFault, picture};
use serde_json::{Value, json};

use super::picture_jobs::{adds, lives, setup, shows};
use crate::tests::program::Program;
use crate::tests::stage::{self, Stage};
use crate::tests::{Actor, good};

pub const AT_ONCE: [&str; 4] = ["openai", "google", "xai", "openrouter"];
pub const BY_JOBS: [&str; 5] = [
    "runpod",
    "runcomfy-serverless",
    "saladcloud",
    "runcomfy",
    "comfyui",
];
const FOREVER: u32 = 1_000_000;

/// A prompt that is too long to stand above its picture, and ends with what
/// matters.
pub fn long_prompt() -> String {
    "a lighthouse by the sea, ".repeat(119) + "and no people"
}

/// The pictures that stand in the newest message of the bot's in a channel.
fn newest_pictures(stage: &Stage, actor: &Actor<'_>) -> Vec<Attachment> {
    stage.world().look(|state| {
        let mut here = state.messages.iter().rev();
        let newest = here.find(|m| m.channel == actor.channel && m.is_bots());
        let files = newest.map(|m| m.files.clone()).unwrap_or_default();
        let is_picture = |file: &Attachment| file.kind.starts_with("image/");
        files.into_iter().filter(is_picture).collect()
    })
}

/// What a provider was sent last.
pub fn sent(stage: &Stage, provider: &str) -> Value {
    stage.world().look(|state| {
        let mut calls = state.providers.calls.iter().rev();
        let last = calls.find(|call| call.provider == provider && call.body.is_object());
        last.map(|call| call.body.clone()).unwrap_or_default()
    })
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// What a picture shows.
fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes)
        .unwrap()
        .to_rgba8()
        .into_raw()
}

#[tokio::test]
async fn nothing_that_hides_in_a_picture_leaves_whatever_its_host() {
    assert!(holds(&picture("a lighthouse", 0), HIDDEN));
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        for provider in AT_ONCE {
            mia.adds(provider, "user", &good(provider)).await;
        }
        stage.clock.advance_ms(60_000);
        lives(stage, 0, 0, 0);
        let program = Program::of(stage, &mia, "").await;
        for provider in AT_ONCE.into_iter().chain(BY_JOBS) {
            adds(&mia, provider).await;
            let line = format!("/imagine prompt:a lighthouse provider:{provider}");
            let seen = mia.runs(&line).await;
            let shown = newest_pictures(stage, &mia);
            assert_eq!(shown.len(), 1, "{provider}: {seen}");
            let bytes = &shown[0].bytes;
            assert!(!holds(bytes, "sk-made-up-key-of-a-node"), "{provider}");
            assert_eq!(pixels(bytes).len(), 96 * 96 * 4, "{provider}");
            if provider == "openai" {
                assert_eq!(pixels(bytes), pixels(&picture("a lighthouse", 0)));
            }
            // What our code answers programs with; what is relayed is not ours.
            let model = match provider {
                "openai" | "xai" | "openrouter" => continue,
                "google" => "google/gemini-3.1-flash-lite-image".to_owned(),
                host => format!("{host}/text-to-image"),
            };
            let wish = json!({"model": model, "prompt": "a lighthouse"});
            let answer = program.posts("/v1/images/generations", &wish).await;
            let encoded = answer.json()["data"][0]["b64_json"].clone();
            let encoded = encoded
                .as_str()
                .unwrap_or_else(|| panic!("{}", answer.shown()));
            let told = STANDARD.decode(encoded).unwrap();
            assert!(!holds(&told, "sk-made-up-key-of-a-node"), "{provider}");
        }
    })
    .await;
}

#[tokio::test]
async fn again_and_vary_send_the_whole_prompt_however_long() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let prompt = long_prompt();
        let seen = mia.runs(&format!("/imagine prompt:{prompt}")).await;
        assert!(seen.contains("[question.md"), "{seen}");
        for label in ["Again", "Vary"] {
            let seen = mia.presses(label).await;
            assert!(seen.contains("[picture-1.png"), "{label}: {seen}");
            assert_eq!(sent(stage, "openai")["prompt"], prompt, "{label}");
        }
        // Where its file is gone, what is left of it is not taken for it.
        stage.world().with(|state| {
            for message in &mut state.messages {
                message.files.retain(|file| file.name != "question.md");
            }
        });
        let seen = mia.presses("Again").await;
        assert!(!seen.contains("[picture-1.png"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_long_prompt_and_a_spoiler_outlive_a_restart() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, FOREVER);
        let prompt = long_prompt();
        mia.starts(&format!(
            "/imagine prompt:{prompt} provider:runpod spoiler:True"
        ));
        shows(stage, &mia, "Being made").await;
        stage.stop().await;
        stage.clock.advance_ms(1);
        lives(stage, 0, 0, 0);
        stage.start().await;
        shows(stage, &mia, "-# RunPod").await;
        stage.app().await.idle().await;
        let seen = mia.reads_channel();
        assert!(seen.contains("[SPOILER_picture-1.png"), "{seen}");
        let seen = mia.presses("Again").await;
        assert!(seen.contains("[SPOILER_picture-1.png"), "{seen}");
        let graph = &sent(stage, "runpod")["input"]["workflow"];
        assert_eq!(graph["6"]["inputs"]["text"], prompt);
    })
    .await;
}

#[tokio::test]
async fn where_discord_takes_no_file_words_say_so_and_no_button_stays() {
    for (status, code, words) in [
        (413, 40_005, "Discord takes no file of its size here"),
        (413, 0, "Discord takes no file of its size here"),
        (400, 50_045, "Discord takes no file of its size here"),
        (400, 20_009, "Discord's filter finds it too explicit"),
    ] {
        stage::run(async |stage| {
            stage.expects_refusals();
            let mia = stage.mia();
            mia.adds("openai", "user", &good("openai")).await;
            stage
                .world()
                .with(|state| state.files_refused = Some((status, code)));
            let seen = mia.runs("/imagine prompt:a lighthouse").await;
            assert!(seen.contains(words), "{code}: {seen}");
            assert!(
                seen.contains("-# OpenAI gpt-image-2 · 👤 personal key · $0.13"),
                "{seen}"
            );
            assert!(!seen.contains("Cancel") && !seen.contains("🎨"), "{seen}");
            // Its provider is paid for it, and so it is booked.
            let rows = stage.app().await.audit().await;
            let outcomes = rows.iter().filter_map(|row| row.outcome.as_deref());
            assert_eq!(outcomes.collect::<Vec<_>>(), ["answered"]);
        })
        .await;
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_comes_in_a_smaller_copy() {
    stage::run(async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::GrainyPicture);
        stage
            .world()
            .with(|state| state.file_bytes_max = 512 * 512 * 2);
        let seen = mia.runs("/imagine prompt:a lighthouse").await;
        assert!(seen.contains("-# In a smaller copy"), "{seen}");
        assert!(seen.contains("[picture-1.jpg"), "{seen}");
    })
    .await;
}
