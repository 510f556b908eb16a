//! A key that comes with a call and names no provider goes to the provider
//! that the call names, and nowhere where the call names none.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::tests::program::{Program, send};
use crate::tests::{Stage, good, run};

/// A call to one surface, with a model in it.
type Body = fn(&str) -> Value;

/// Every surface on which a model's name tells where a call goes.
const SURFACES: [(&str, &str, Body); 5] = [
    (
        "unified",
        "/api/v1/unified",
        |model| json!({"model": model, "prompt": "count"}),
    ),
    (
        "chat",
        "/v1/chat/completions",
        |model| json!({"model": model, "messages": [{"role": "user", "content": "count"}]}),
    ),
    (
        "responses",
        "/v1/responses",
        |model| json!({"model": model, "input": "count"}),
    ),
    (
        "embeddings",
        "/v1/embeddings",
        |model| json!({"model": model, "input": "count"}),
    ),
    (
        "images",
        "/v1/images/generations",
        |model| json!({"model": model, "prompt": "a lighthouse"}),
    ),
];

/// Providers that the calls below could reach.
const PROVIDERS: [&str; 4] = ["openai", "google", "anthropic", "xai"];

/// What every surface says to one model, streamed or not. Surfaces that say
/// the same share a line.
async fn shown(stage: &Stage, program: &Program, model: &str, key: [&str; 2]) -> String {
    let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
    for (name, path, body) in SURFACES {
        let mut said = Vec::new();
        for stream in [false, true] {
            let mut body = body(model);
            if name != "embeddings" {
                body["stream"] = json!(stream);
            }
            let before = stage.calls();
            let call = program.call("POST", path).header(key[0], key[1]);
            let answer = send(call.json(&body)).await;
            if answer.status == 200 {
                let payer = ["x-latchkey-source", "x-latchkey-provider"];
                said.push(format!(
                    "200 {}",
                    payer.map(|it| answer.header(it)).join(" ")
                ));
            } else if stage.calls() > before {
                said.push(format!("{} by the provider", answer.code()));
            } else {
                said.push(answer.code());
            }
        }
        said.dedup();
        let said = said.join(", streamed ");
        match lines.iter_mut().find(|(_, other)| *other == said) {
            Some((names, _)) => names.push(name),
            None => lines.push((vec![name], said)),
        }
    }
    let mut text = format!("{model:?}\n");
    for (names, said) in lines {
        writeln!(text, "  {said}: {}", names.join(" ")).unwrap();
    }
    text
}

#[tokio::test]
async fn a_key_of_no_named_provider_goes_nowhere_unless_the_call_names_one() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let key = good("openai");
        let mut told = String::new();
        for model in [
            "gpt-4o",
            "gpt-4o/mine",
            "gpt-4o/",
            "gpt-image-2/mine",
            "gemini-3.1-flash-lite-image/mine",
            "grok-imagine-image/mine",
            "claude-haiku-5-5/a/b",
            " gpt-4o/mine ",
            "GPT-4o/mine",
            "/gpt-4o",
            "//gpt-4o",
            "x/y",
            "claude/claude-haiku-5-5",
            "/",
            "",
        ] {
            told += &shown(stage, &program, model, ["x-api-key", &key]).await;
        }
        for provider in PROVIDERS {
            assert!(!stage.keys_that_paid(provider).contains(&key), "{provider}");
        }
        assert_snapshot!(told, @r#"
        "gpt-4o"
          400 provider_missing: unified chat responses embeddings
          400 no_pictures: images
        "gpt-4o/mine"
          400 provider_missing: unified chat responses embeddings images
        "gpt-4o/"
          400 provider_missing: unified chat responses embeddings images
        "gpt-image-2/mine"
          400 provider_missing: unified chat responses embeddings images
        "gemini-3.1-flash-lite-image/mine"
          400 provider_missing: unified chat responses embeddings images
        "grok-imagine-image/mine"
          400 provider_missing: unified chat responses embeddings images
        "claude-haiku-5-5/a/b"
          400 provider_missing: unified chat responses embeddings
          400 no_pictures: images
        " gpt-4o/mine "
          400 provider_missing: unified chat responses embeddings images
        "GPT-4o/mine"
          400 provider_missing: unified
          404 model_not_found: chat responses embeddings images
        "/gpt-4o"
          400 provider_missing: unified
          404 model_not_found: chat responses embeddings
          400 no_pictures: images
        "//gpt-4o"
          400 provider_missing: unified
          404 model_not_found: chat responses embeddings
          400 no_pictures: images
        "x/y"
          404 model_not_found: unified chat responses embeddings images
        "claude/claude-haiku-5-5"
          400 key_for_another_provider: unified chat responses embeddings images
        "/"
          400 provider_missing: unified
          404 model_not_found: chat responses embeddings images
        ""
          400 provider_missing: unified
          400 model_missing: chat responses embeddings images
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_key_of_no_named_provider_goes_to_the_one_that_the_call_names() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for (model, provider) in [
            ("openai/gpt-6-luna", "openai"),
            (" openai/gpt-6-luna", "openai"),
            ("OpenAI/gpt-6-luna", "openai"),
            ("OPENAI / gpt-6-luna", "openai"),
            // A provider's name and no model's: no key is asked to pay.
            ("openai/", "openai"),
            (" OpenAI / ", "openai"),
            ("google/", "google"),
            ("mistral/", "mistral"),
            ("anthropic/", "anthropic"),
            ("groq/openai/gpt-oss-20b", "groq"),
            ("openai/gpt-image-2", "openai"),
            ("google/gemini-3.1-flash-lite-image", "google"),
            ("anthropic/claude-haiku-5-5", "anthropic"),
            ("xAI/grok-imagine-image", "xai"),
        ] {
            told += &shown(stage, &program, model, ["x-api-key", &good(provider)]).await;
        }
        assert_snapshot!(told, @r#"
        "openai/gpt-6-luna"
          200 request openai: unified chat responses embeddings
          400 no_pictures: images
        " openai/gpt-6-luna"
          200 request openai: unified chat responses embeddings
          400 no_pictures: images
        "OpenAI/gpt-6-luna"
          200 request openai: unified chat responses embeddings
          400 no_pictures: images
        "OPENAI / gpt-6-luna"
          200 request openai: unified chat responses embeddings
          400 no_pictures: images
        "openai/"
          400 model_missing: unified chat responses embeddings images
        " OpenAI / "
          400 model_missing: unified chat responses embeddings images
        "google/"
          400 model_missing: unified chat responses embeddings images
        "mistral/"
          400 model_missing: unified chat responses embeddings images
        "anthropic/"
          400 model_missing: unified chat responses embeddings images
        "groq/openai/gpt-oss-20b"
          200 request groq: unified chat responses embeddings
          400 no_pictures: images
        "openai/gpt-image-2"
          400 no_chat: unified chat responses
          200 request openai: embeddings images
        "google/gemini-3.1-flash-lite-image"
          200 request google: unified chat responses embeddings images
        "anthropic/claude-haiku-5-5"
          200 request anthropic: unified chat responses
          400 untranslatable: embeddings
          400 no_pictures: images
        "xAI/grok-imagine-image"
          400 no_chat: unified chat responses
          200 request xai: embeddings images
        "#);
    })
    .await;
}

/// A header that names its key's provider needs nothing of the model.
#[tokio::test]
async fn a_key_with_its_providers_name_goes_to_that_provider_alone() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = String::new();
        for (header, provider, model) in [
            ("x-openai-key", "openai", "gpt-4o/mine"),
            ("x-openai-key", "openai", "openai/gpt-6-luna"),
            ("x-claude-key", "anthropic", "claude-haiku-5-5"),
            ("x-gemini-key", "google", "gemini-3.1-flash-lite-image/mine"),
            ("x-openai-key", "openai", "anthropic/claude-haiku-5-5"),
        ] {
            let key = good(provider);
            writeln!(told, "{header}").unwrap();
            told += &shown(stage, &program, model, [header, &key]).await;
            for other in PROVIDERS.iter().filter(|other| **other != provider) {
                assert!(!stage.keys_that_paid(other).contains(&key), "{other}");
            }
        }
        assert_snapshot!(told, @r#"
        x-openai-key
        "gpt-4o/mine"
          200 request openai: unified chat responses embeddings
          400 model_not_found by the provider: images
        x-openai-key
        "openai/gpt-6-luna"
          200 request openai: unified chat responses embeddings
          400 no_pictures: images
        x-claude-key
        "claude-haiku-5-5"
          200 request anthropic: unified chat responses
          400 untranslatable: embeddings
          400 no_pictures: images
        x-gemini-key
        "gemini-3.1-flash-lite-image/mine"
          404 model_not_found: unified
          400 untranslatable: chat responses embeddings
          404 model_not_found, streamed 200 request google: images
        x-openai-key
        "anthropic/claude-haiku-5-5"
          400 key_for_another_provider: unified chat responses embeddings images
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_model_without_a_provider_is_its_familys_at_every_address() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("google", "user", &good("google")).await;
        let program = Program::of(stage, &mia, "").await;
        for model in ["gemini-3.1-flash-lite", "gemma-3-27b-it"] {
            let chat = json!({"model": model, "messages": [{"role": "user", "content": "count"}]});
            let chat = program.posts("/v1/chat/completions", &chat).await;
            let content = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
            let path = format!("/v1beta/models/{model}:generateContent");
            let native = program.posts(&path, &content).await;
            for answer in [chat, native] {
                assert_eq!(answer.status, 200, "{model}: {}", answer.text);
                assert_eq!(answer.header("x-latchkey-provider"), "google", "{model}");
            }
        }
    })
    .await;
}
