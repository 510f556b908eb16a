//! The models that somebody's keys open, in a browser.

use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;

use super::{SeenPage, Visitor, html};
use crate::app::nobody_else;
use crate::model::PersonId;
use crate::providers::Timeouts;
use crate::tests::{Setup, Stage, good, run, run_with};

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
    // Longer than the test may take.
    let long = Duration::from_mins(5);
    let patient = Setup {
        timeouts: Timeouts {
            check: long,
            ..Setup::default().timeouts
        },
        ..Setup::default()
    };
    run_with(patient, async |stage| {
        mia_with(stage, &["openai"]).await;
        stage.fails("openai", ProviderFault::SlowFirstByte(long));
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/models").await;
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

#[tokio::test]
async fn what_makes_pictures_is_there_with_its_prices() {
    let setup = Setup {
        comfyui: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        mia_with(stage, &["openai", "google"]).await;
        let typed = [("key", &*good("runpod")), ("endpoint", "made-up-id")];
        stage.mia().adds_with("runpod", "user", &typed).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let page = mia.opens("/models?can=pictures").await;
        // All that `/imagine` offers.
        let caller = nobody_else(PersonId(stage.scene.member));
        let app = stage.app().await;
        let offered = app.pictures.list_models(&caller).await.unwrap();
        assert!(offered.len() > 4, "{offered:?}");
        for choice in offered {
            let model = format!("{}/{}", choice.provider, choice.model);
            let query = url::form_urlencoded::byte_serialize(model.as_bytes());
            let query: String = query.collect();
            assert!(
                page.holds(&format!("model={query}")),
                "{model}: {}",
                page.says()
            );
        }
        let own = line(&page, "comfyui%2Ftext-to-image");
        assert!(own.contains("makes pictures | | | free"), "{own}");
        assert!(line(&page, "comfyui%2Fimage-to-image").contains("changes pictures"));
        // What it is told costs, too.
        let painter = line(&page, "gpt-image-2");
        assert!(
            painter.contains("makes pictures | $5.00 | $1.25 | $30.00"),
            "{painter}"
        );
        // Hosts have no list that could be late.
        assert!(
            !page.says().contains("ComfyUI has not listed"),
            "{}",
            page.says()
        );
    })
    .await;
}

#[tokio::test]
async fn every_snippet_names_a_model_that_its_token_can_use() {
    let pattern =
        regex::Regex::new(r#"(?:model["']?\s?[=:] ?"|ANTHROPIC_MODEL=)([^"\s]+)"#).unwrap();
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for (with, prefix) in [
            (&[][..], "groq/"),
            (&["mistral"][..], "mistral/"),
            (&["anthropic"][..], "anthropic/"),
            (&["openai"][..], "openai/"),
        ] {
            mia_with(stage, with).await;
            let models = mia.opens("/models").await;
            let form = mia.opens("/tokens/new").await;
            let made = mia.sends(&form, "/tokens", &[("name", "Laptop")]).await;
            let says = html::unescape(&made.html);
            let names: Vec<&str> = pattern
                .captures_iter(&says)
                .map(|found| found.get(1).unwrap().as_str())
                .collect();
            assert_eq!(names.len(), 6, "{names:?}");
            assert!(
                names.iter().any(|name| name.starts_with(prefix)),
                "{names:?}"
            );
            for name in names {
                let name = if name.contains('/') {
                    name.to_owned()
                } else {
                    format!("anthropic/{name}")
                };
                let query = name.replace('/', "%2F");
                assert!(
                    models.holds(&format!("model={query}")),
                    "{name}: {}",
                    models.says()
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn where_no_key_opens_a_model_the_snippets_say_what_to_put_there() {
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/tokens/new").await;
        let made = mia.sends(&form, "/tokens", &[("name", "Laptop")]).await;
        assert!(
            made.holds("No key opens a model here yet."),
            "{}",
            made.says()
        );
        assert!(made.holds("provider/model"), "{}", made.says());
    })
    .await;
}
