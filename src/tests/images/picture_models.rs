//! Models that make no pictures, and asks that say nothing of what to make.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderCall;
use serde_json::json;

use super::picture_apis::mia_with_all_keys;
use super::picture_jobs::setup;
use crate::tests::program::Program;
use crate::tests::stage;

const PATH: &str = "/v1/images/generations";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one line for each model")]
async fn a_model_that_makes_no_pictures_is_refused_before_anybody_is_asked() {
    stage::run_with(setup(), async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let program = Program::of(stage, &mia, "").await;
        let mut told = Vec::new();
        for model in [
            "openai/gpt-6-luna",
            "gpt-6-luna",
            "xai/grok-4.7",
            "google/gemini-3.1-flash-lite",
            "openrouter/openai/gpt-6-luna",
            "claude-haiku-5-5",
            "anthropic/claude-haiku-5-5",
        ] {
            for path in [PATH, "/v1/images/edits"] {
                let png = STANDARD.encode(latchkey_emulator::providers::picture("x", 0));
                let mut wish = json!({"model": model, "prompt": "x"});
                if path != PATH {
                    wish["images"] = json!([format!("data:image/png;base64,{png}")]);
                }
                let said = program.posts(path, &wish).await;
                let message = said.json()["error"]["message"].clone();
                told.push(format!("{} {message}", said.code()));
            }
            let seen = mia.runs(&format!("/imagine prompt:x model:{model}")).await;
            told.push(seen.replace('\n', " "));
        }
        for prompt in ["", " "] {
            for model in [Some("openai/gpt-image-2"), None] {
                let said = program
                    .posts(PATH, &json!({"model": model, "prompt": prompt}))
                    .await;
                told.push(said.code());
            }
        }
        let said = program
            .posts(PATH, &json!({"model": "openai/gpt-image-2"}))
            .await;
        told.push(said.code());
        let is_post = |call: &ProviderCall| call.method == "POST";
        let asked = stage
            .world()
            .look(|state| state.providers.calls.iter().any(is_post));
        assert!(!asked, "somebody was asked");
        // What nobody here knows, its provider does.
        for model in [
            "openai/gpt-image-9",
            "xai/made-up",
            "openrouter/made-up",
            "google/made-up",
        ] {
            let said = program
                .posts(PATH, &json!({"model": model, "prompt": "x"}))
                .await;
            told.push(format!(
                "{} {}",
                said.code(),
                said.json()["error"]["message"]
            ));
            let seen = mia.runs(&format!("/imagine prompt:x model:{model}")).await;
            told.push(seen.replace('\n', " "));
        }
        told.push(mia.runs("/imagine prompt:\u{200b} enhance:true").await);
        assert_snapshot!(told.join("\n"), @r#"
        400 no_pictures "`gpt-6-luna` of openai makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        400 no_pictures "`gpt-6-luna` of openai makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        (only you) `gpt-6-luna` of OpenAI makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`. Name one with `model:`, or leave it out.
        400 no_pictures "`gpt-6-luna` of openai makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        400 no_pictures "`gpt-6-luna` of openai makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        (only you) `gpt-6-luna` of OpenAI makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`. Name one with `model:`, or leave it out.
        400 no_pictures "`grok-4.7` of xai makes no pictures, so nobody was asked. These do: `xai/grok-imagine-image`, `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`."
        400 no_edits "None of these providers can change a picture. Name another, or send no picture."
        (only you) `grok-4.7` of xAI makes no pictures, so nobody was asked. These do: `xai/grok-imagine-image`, `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`. Name one with `model:`, or leave it out.
        400 no_pictures "`gemini-3.1-flash-lite` of google makes no pictures, so nobody was asked. These do: `google/gemini-3.1-flash-lite-image`, `openai/gpt-image-2`, `xai/grok-imagine-image`."
        400 no_pictures "`gemini-3.1-flash-lite` of google makes no pictures, so nobody was asked. These do: `google/gemini-3.1-flash-lite-image`, `openai/gpt-image-2`, `xai/grok-imagine-image`."
        (only you) `gemini-3.1-flash-lite` of Google makes no pictures, so nobody was asked. These do: `google/gemini-3.1-flash-lite-image`, `openai/gpt-image-2`, `xai/grok-imagine-image`. Name one with `model:`, or leave it out.
        400 no_pictures "`openai/gpt-6-luna` of openrouter makes no pictures, so nobody was asked. These do: `openrouter/google/gemini-3.1-flash-image`, `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`."
        400 no_edits "None of these providers can change a picture. Name another, or send no picture."
        (only you) `openai/gpt-6-luna` of OpenRouter makes no pictures, so nobody was asked. These do: `openrouter/google/gemini-3.1-flash-image`, `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`. Name one with `model:`, or leave it out.
        400 no_pictures "`claude-haiku-5-5` of anthropic makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        400 no_pictures "`claude-haiku-5-5` of anthropic makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`."
        (only you) `claude-haiku-5-5` of Anthropic makes no pictures, so nobody was asked. These do: `openai/gpt-image-2`, `google/gemini-3.1-flash-lite-image`, `xai/grok-imagine-image`. Name one with `model:`, or leave it out.
        400 no_pictures "anthropic makes no pictures. `GET /v1/models` lists what your keys can use."
        400 no_pictures "anthropic makes no pictures. `GET /v1/models` lists what your keys can use."
        (only you) Anthropic makes no pictures. Leave `provider:` out, or pick one from the list that appears while you type.
        400 prompt_missing
        400 prompt_missing
        400 prompt_missing
        400 prompt_missing
        400 prompt_missing
        400 model_not_found "Invalid value: 'gpt-image-9'. Supported values are: 'gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'gpt-image-2', 'gpt-image-2-2026-04-21', 'gpt-image-2.5', 'chatgpt-image-latest', 'dall-e-2', 'dall-e-3'."
        (only you) > x  OpenAI has no such model for this key. Choose another: with `model:` in a command, or for all that you ask with `/model set`.
        404 model_not_found "The model made-up does not exist or your team made-up does not have access to it."
        (only you) > x  xAI has no such model for this key. Choose another: with `model:` in a command, or for all that you ask with `/model set`.
        404 model_not_found "No endpoints found that support the requested output modalities: image"
        (only you) > x  OpenRouter has no such model for this key. Choose another: with `model:` in a command, or for all that you ask with `/model set`.
        404 model_not_found "google has no such model for this key. `GET /v1/models` lists those that your keys can use."
        (only you) > x  Google has no such model for this key. Choose another: with `model:` in a command, or for all that you ask with `/model set`.
        (only you) There is nothing to make a picture of. Put what it should show into `prompt:`.
        "#);
        stage.app().await.idle().await;
        for row in stage.app().await.audit().await {
            assert_eq!(
                (row.used.images, row.state.as_str()),
                (0, "released"),
                "{row:?}"
            );
        }
    })
    .await;
}
