//! The models that somebody's keys open, in a browser.

use std::time::{Duration, Instant};

use latchkey_emulator::providers::ProviderFault;

use super::{SeenPage, Visitor};
use crate::tests::{Stage, good, run};

/// How long a page may wait for lists, and be made.
const WAIT_MAX: Duration = Duration::from_secs(4);
const TWO_HOURS_MS: i64 = 2 * 60 * 60 * 1_000;

/// The line of the page that has these words.
fn line(page: &SeenPage, words: &str) -> String {
    let says = page.says();
    let mut lines = says.lines();
    let found = lines.find(|line| line.contains(words));
    found
        .unwrap_or_else(|| panic!("{words}: {says}"))
        .to_owned()
}

async fn mia_with(stage: &Stage, providers: &[&str]) {
    for provider in providers {
        stage.mia().adds(provider, "user", &good(provider)).await;
    }
}

#[tokio::test]
async fn what_a_list_says_that_a_model_can_do_is_shown_and_filtered_by() {
    run(async |stage| {
        mia_with(stage, &["openrouter", "mistral", "deepseek"]).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/models").await;
        let listed: Vec<String> = page
            .says()
            .lines()
            .filter(|line| line.starts_with("made-up-model"))
            .map(str::to_owned)
            .collect();
        insta::assert_snapshot!(listed.join("\n"), @"
        made-up-modelOpenRouter | own key | | text, tools, reasoning, JSON | unknown | | unknown | Try made-up-model [/playground?model=openrouter%2Fmade-up-model]
        made-up-modelMistral | own key | | text, tools | unknown | | unknown | Try made-up-model [/playground?model=mistral%2Fmade-up-model]
        made-up-modelDeepSeek | own key | | text | unknown | | unknown | Try made-up-model [/playground?model=deepseek%2Fmade-up-model]
        made-up-modelGroq | bot default | | text | unknown | | unknown | Try made-up-model [/playground?model=groq%2Fmade-up-model]
        ");
        for (ability, providers) in [
            ("tools", vec!["Mistral", "OpenRouter"]),
            ("thinks", vec!["OpenRouter"]),
            ("json", vec!["OpenRouter"]),
        ] {
            let found = mia.opens(&format!("/models?can={ability}")).await.says();
            for provider in ["Mistral", "OpenRouter", "DeepSeek"] {
                let lines = found.lines().filter(|line| line.starts_with("made-up-model"));
                let is_there = lines.clone().any(|line| line.contains(provider));
                assert_eq!(is_there, providers.contains(&provider), "{ability}: {found}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_slow_to_list_its_models_keeps_no_page_waiting() {
    run(async |stage| {
        mia_with(stage, &["openai"]).await;
        stage.fails(
            "openai",
            ProviderFault::SlowFirstByte(Duration::from_mins(1)),
        );
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let began = Instant::now();
        let page = mia.opens("/models").await;
        assert!(began.elapsed() < WAIT_MAX, "{:?}", began.elapsed());
        // Its default is there, and what is missing is said.
        assert!(line(&page, "gpt-6-luna").contains("own key"));
        line(&page, "OpenAI has not listed its models yet.");
        stage.recovers("openai");
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_old_says_how_old_it_is() {
    run(async |stage| {
        mia_with(stage, &["openai"]).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/models").await;
        line(&page, "made-up-model");
        assert!(!page.says().contains("as of"), "{}", page.says());
        stage.fails("openai", ProviderFault::Status(500));
        stage.clock.advance_ms(TWO_HOURS_MS);
        // Nobody stays signed in for as long as that.
        mia.signs_in(stage.scene.member).await;
        let page = mia.opens("/models").await;
        line(&page, "made-up-model");
        line(&page, "OpenAI as of 2 h ago.");
        stage.recovers("openai");
    })
    .await;
}
