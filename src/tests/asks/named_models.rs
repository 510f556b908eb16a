//! Models as people name them: beside a provider, before whose name it stands,
//! and at servers of the operator's own.

use insta::assert_snapshot;

use crate::tests::{Setup, Stage, good, run, run_with};

/// Starts again with a server of the operator's own without a default model, which
/// answers as this provider does.
async fn open_workshop(stage: &Stage, like: &str, more: &str) {
    let url = stage.scene.emulator.provider_url(like);
    let url = if like == "ollama" {
        format!("{url}/v1")
    } else {
        url
    };
    stage.stop().await;
    let settings = format!("{more}[providers.workshop]\nbase_url = \"{url}\"\n");
    stage.start_configured(&settings).await;
}

#[tokio::test]
async fn models_are_offered_of_the_provider_that_is_named() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let all = mia.completes("/ask prompt:x model:", "model").await;
        assert!(all.contains("OpenAI") && all.contains("Anthropic"), "{all}");
        let line = "/ask prompt:x provider:anthropic model:";
        let of_one = mia.completes(line, "model").await;
        assert!(
            of_one.contains("Anthropic") && !of_one.contains("OpenAI"),
            "{of_one}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_model_of_another_provider_is_called_so_and_nobody_is_asked() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let before = stage.calls();
        let mut told = Vec::new();
        for line in [
            "/ask prompt:count provider:openai model:anthropic/claude-sonnet-5",
            "/ask prompt:count model:openai/perplexity/sonar",
            "/model set model:openai/perplexity/sonar",
            "/ask prompt:count provider:anthropic model:gpt-6-luna",
            "/ask prompt:count model:anthropic/gpt-6-luna",
            "/model set model:anthropic/gpt-6-luna",
            "/imagine prompt:x provider:xai model:openai/gpt-image-2",
            "/imagine prompt:x provider:xai model:gpt-image-2",
            "/imagine prompt:x model:xai/gpt-image-2",
        ] {
            told.push(mia.runs(line).await);
        }
        assert_snapshot!(told.join("\n"), @"
        (only you) `anthropic/claude-sonnet-5` is Anthropic's, and OpenAI has no models of others, so nobody was asked. Name a model of OpenAI's, or `anthropic/claude-sonnet-5` alone.
        (only you) `perplexity/sonar` is Perplexity's, and OpenAI has no models of others, so nobody was asked. Name a model of OpenAI's, or `perplexity/sonar` alone.
        (only you) `perplexity/sonar` is Perplexity's, and OpenAI has no models of others, so nobody was asked. Name a model of OpenAI's, or `perplexity/sonar` alone.
        (only you) `openai/gpt-6-luna` is OpenAI's, and Anthropic has no models of others, so nobody was asked. Name a model of Anthropic's, or `openai/gpt-6-luna` alone.
        (only you) `openai/gpt-6-luna` is OpenAI's, and Anthropic has no models of others, so nobody was asked. Name a model of Anthropic's, or `openai/gpt-6-luna` alone.
        (only you) `openai/gpt-6-luna` is OpenAI's, and Anthropic has no models of others, so nobody was asked. Name a model of Anthropic's, or `openai/gpt-6-luna` alone.
        (only you) `openai/gpt-image-2` is OpenAI's, and xAI has no models of others, so nobody was asked. Name a model of xAI's, or `openai/gpt-image-2` alone.
        (only you) `openai/gpt-image-2` is OpenAI's, and xAI has no models of others, so nobody was asked. Name a model of xAI's, or `openai/gpt-image-2` alone.
        (only you) `openai/gpt-image-2` is OpenAI's, and xAI has no models of others, so nobody was asked. Name a model of xAI's, or `openai/gpt-image-2` alone.
        ");
        assert_eq!(stage.calls(), before);
        // A vendor that serves models of others is asked, and so is whoever may
        // have anything under its own names.
        for (provider, model) in [("qwen", "deepseek-v3.2"), ("cerebras", "gpt-oss-120b")] {
            mia.adds(provider, "user", &good(provider)).await;
            let line = format!("/ask prompt:count provider:{provider} model:{model}");
            let told = mia.runs(&line).await;
            assert!(!told.contains("has no models of others"), "{told}");
        }
        // A provider may be named twice.
        let twice = mia
            .runs("/ask prompt:count provider:openai model:openai/gpt-6-luna")
            .await;
        assert!(twice.contains("OpenAI gpt-6-luna"), "{twice}");
        // One that serves models of others takes their vendors' names.
        mia.adds("groq", "user", &good("groq")).await;
        for model in ["openai/gpt-oss-20b", "groq/openai/gpt-oss-20b"] {
            let told = mia
                .runs(&format!("/ask prompt:count provider:groq model:{model}"))
                .await;
            assert!(told.contains("Groq openai/gpt-oss-20b"), "{told}");
        }
    })
    .await;
}

/// What stands in a vendor's place may have models of anybody's, and what a server
/// of the operator's own is asked for is not its own by that.
#[tokio::test]
async fn a_model_is_no_others_where_the_operator_may_have_put_it() {
    run(async |stage| {
        let url = |id: &str| stage.scene.emulator.provider_url(id);
        let (openai, anthropic) = (url("openai"), url("anthropic"));
        let cases = [
            // A proxy in OpenAI's place.
            (
                format!("[providers.openai]\nbase_url = '{openai}'\n"),
                "openai",
                [
                    "model:openai/claude-haiku-5-5",
                    "provider:openai model:claude-haiku-5-5",
                    "provider:openai model:anthropic/claude-haiku-5-5",
                ],
            ),
            // One that has a model of Mistral's as its default.
            (
                format!("[providers.proxy]\nbase_url = '{openai}'\ndefault_model = 'devstral-medium-latest'\n"),
                "mistral",
                [
                    "model:mistral/devstral-medium-latest",
                    "provider:mistral model:devstral-medium-latest",
                    "provider:mistral model:mistral/devstral-medium-latest",
                ],
            ),
            // One that has it as its default, and stands in Anthropic's place.
            (
                format!("[providers.anthropic]\nbase_url = '{anthropic}'\ndefault_model = 'devstral-medium-latest'\n"),
                "mistral",
                [
                    "model:mistral/devstral-medium-latest",
                    "provider:mistral model:devstral-medium-latest",
                    "provider:mistral model:mistral/devstral-medium-latest",
                ],
            ),
        ];
        for (settings, provider, lines) in cases {
            stage.stop().await;
            stage.start_configured(&settings).await;
            let mia = stage.mia();
            mia.adds(provider, "user", &good(provider)).await;
            for line in lines {
                let before = stage.calls();
                let told = mia.runs(&format!("/ask prompt:count {line}")).await;
                assert!(!told.contains("has no models of others"), "{line}: {told}");
                assert!(stage.calls() > before, "{line}: {told}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_whose_models_have_its_name_is_named_once() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/model set model:perplexity/sonar").await, @"
        (only you) `perplexity/sonar` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.
        ⚠️ Nobody has a key here that pays for Perplexity, so it does not answer yet, and I could not look whether there is such a model. `/keys add scope:user` adds one of yours.
        ");
        mia.adds("perplexity", "user", &good("perplexity")).await;
        assert_snapshot!(mia.runs("/model set model:perplexity/sonar").await, @"(only you) `perplexity/sonar` answers you from now on, wherever somebody can pay for it. `/model reset` takes that back.");
        let shown = mia.runs("/model show").await;
        assert!(!shown.contains("perplexity/perplexity"), "{shown}");
        let told = mia.runs("/ask prompt:count").await;
        assert!(told.contains("Perplexity"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_server_without_a_default_model_has_its_only_one_asked() {
    run_with(Setup::default(), async |stage| {
        open_workshop(stage, "ollama", "").await;
        let mia = stage.mia();
        let key = format!("{}1", good("ollama"));
        mia.adds("workshop", "user", &key).await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:workshop").await, @"
        > count

        one two three four five six seven eight nine ten
        -# workshop made-up-model · 👤 personal key · about 20 tokens in, 13 out · price unknown
        ");
        open_workshop(stage, "openai", "").await;
        mia.adds("workshop", "user", &good("openai")).await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:workshop").await, @"
        > count

        one two three four five six seven eight nine ten
        -# workshop made-up-model · 👤 personal key · about 20 tokens in, 13 out · price unknown
        ");
        open_workshop(stage, "openai", "[ask]\nmodels = ['workshop/made-up']\n").await;
        assert_snapshot!(mia.runs("/ask prompt:count provider:workshop").await, @"
        (only you) > count

        workshop has no default model here, and I know of none of its that may be used. Name one with `model:`, as `workshop/…`. The bot's operator can set `providers.workshop.default_model`.
        ");
    })
    .await;
}
