//! Programs that have a picture changed.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::picture_apis::mia_with_all_keys;
use super::picture_jobs;
use super::program::{self, Program};
use super::stage;

/// A form as OpenAI's libraries send it.
fn form(model: &str, pictures: &[&[u8]]) -> Form {
    let form = Form::new()
        .text("model", model.to_owned())
        .text("prompt", "x")
        .text("n", "1");
    pictures.iter().fold(form, |form, bytes| {
        form.part("image", Part::bytes(bytes.to_vec()).file_name("a.png"))
    })
}

#[tokio::test]
async fn a_program_has_a_picture_changed_by_a_form_or_by_json() {
    const PATH: &str = "/v1/images/edits";
    stage::run_with(picture_jobs::setup(), async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let program = Program::of(stage, &mia, "").await;
        let png = latchkey_emulator::providers::picture("photo", 0);
        let mut told = String::new();
        let mut note = |what: &str, said: &program::HttpAnswer| {
            let made = said.json()["data"].as_array().map(Vec::len);
            let why = said.json()["error"]["message"].clone();
            let _ = writeln!(told, "{what}: {} {made:?} {why}", said.status);
        };
        for model in [
            "openai/gpt-image-2",
            "google/gemini-3.1-flash-lite-image",
            "comfyui/image-to-image",
            "comfyui/text-to-image",
            "xai/grok-imagine-image",
        ] {
            let call = program.call("POST", PATH).multipart(form(model, &[&png]));
            note(model, &program::send(call).await);
        }
        let with_mask = form("openai/gpt-image-2", &[&png])
            .part("mask", Part::bytes(png.clone()).file_name("mask.png"));
        let prompt_twice = form("openai/gpt-image-2", &[&png]).text("prompt", "y");
        let previews = form("openai/gpt-image-2", &[&png]).text("partial_images", "99");
        for (what, form) in [
            ("a prompt twice", prompt_twice),
            ("99 previews", previews),
            ("a mask", with_mask),
            ("two", form("openai/gpt-image-2", &[&png, &png])),
            ("none", form("openai/gpt-image-2", &[])),
            ("a GIF", form("openai/gpt-image-2", &[b"GIF89a...."])),
            ("a page", form("openai/gpt-image-2", &[b"<html>"])),
        ] {
            let call = program.call("POST", PATH).multipart(form);
            note(what, &program::send(call).await);
        }
        let data = STANDARD.encode(&png);
        for url in [
            format!("data:image/png;base64,{data}"),
            "https://x.example/a.png".to_owned(),
        ] {
            let body = json!({"model": "openai/gpt-image-2", "prompt": "x", "images": [{"image_url": url}]});
            note("JSON", &program.posts(PATH, &body).await);
        }
        let alone = format!("data:image/png;base64,{data}");
        let body = json!({"model": "openai/gpt-image-2", "prompt": "x", "images": [alone]});
        note("an address alone", &program.posts(PATH, &body).await);
        assert_snapshot!(told, @r#"
        openai/gpt-image-2: 200 Some(1) null
        google/gemini-3.1-flash-lite-image: 200 Some(1) null
        comfyui/image-to-image: 200 Some(1) null
        comfyui/text-to-image: 400 None "The workflow `text-to-image` makes a picture from words alone. Name one that changes pictures, or send none."
        xai/grok-imagine-image: 400 None "None of these providers can change a picture. Name another, or send no picture."
        a prompt twice: 400 None "The field `prompt` stands in the body twice. Send it once."
        99 previews: 400 None "`partial_images` must be a number from 0 to 3. Nothing was sent to the provider: correct it, and send the call again."
        a mask: 400 None "`mask` can't be passed on to this provider from here. Leave it out, or call the provider's own API under `/<provider>/`."
        two: 400 None "more than one picture can't be passed on to this provider from here. Leave it out, or call the provider's own API under `/<provider>/`."
        none: 400 None "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        a GIF: 400 None "openai changes no GIF, so nobody was asked. Send a PNG, JPEG or WebP, or name another provider."
        a page: 400 None "That file can't be used. Send a PNG, JPEG, GIF or WebP picture of at most 8 MB."
        JSON: 200 Some(1) null
        JSON: 400 None "`images` but for `data:` URLs can't be passed on to this provider from here. Leave it out, or call the provider's own API under `/<provider>/`."
        an address alone: 200 Some(1) null
        "#);
        let form = form("comfyui/image-to-image", &[&png]).text("stream", "true");
        let said = program::send(program.call("POST", PATH).multipart(form)).await;
        assert!(said.text.contains("event: image_edit.completed"), "{}", said.text);
    })
    .await;
}
