//! Programs that have a picture changed.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::picture_apis::mia_with_all_keys;
use super::picture_jobs;
use crate::tests::program::{self, Program};
use crate::tests::stage;

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
#[expect(clippy::too_many_lines, reason = "one line for each form")]
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
            ("two at Google", form("google/gemini-3.1-flash-lite-image", &[&png, &png])),
            ("two at a workflow", form("comfyui/image-to-image", &[&png, &png])),
            ("none", form("openai/gpt-image-2", &[])),
            ("an empty one", form("openai/gpt-image-2", &[b""])),
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
        a mask: 200 Some(1) null
        two: 200 Some(1) null
        two at Google: 200 Some(1) null
        two at a workflow: 400 None "more than one picture can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        none: 400 None "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        an empty one: 400 None "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        a GIF: 400 None "openai changes no GIF, so nobody was asked. Send a PNG, JPEG or WebP, or name another provider."
        a page: 400 None "That file can't be used. Send a PNG, JPEG, GIF or WebP picture of at most 8 MB."
        JSON: 200 Some(1) null
        JSON: 400 None "`images` but for `data:` URLs can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        an address alone: 200 Some(1) null
        "#);
        let form = form("comfyui/image-to-image", &[&png]).text("stream", "true");
        let said = program::send(program.call("POST", PATH).multipart(form)).await;
        assert!(said.text.contains("event: image_edit.completed"), "{}", said.text);
    })
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one line for each wish")]
async fn whatever_is_wished_of_a_changed_picture_is_told_or_refused_by_its_name() {
    const PATH: &str = "/v1/images/edits";
    stage::run_with(picture_jobs::setup(), async |stage| {
        let mia = mia_with_all_keys(stage).await;
        let program = Program::of(stage, &mia, "").await;
        let png = latchkey_emulator::providers::picture("photo", 0);
        let url = format!("data:image/png;base64,{}", STANDARD.encode(&png));
        let mut told = String::new();
        for (name, value) in [
            ("quality", json!("low")),
            ("quality", json!("hd")),
            ("background", json!("transparent")),
            ("output_format", json!("webp")),
            ("output_compression", json!(50)),
            ("input_fidelity", json!("high")),
            ("moderation", json!("low")),
            ("mask", json!({"image_url": url})),
            ("mask", json!(url)),
            ("mask", json!("https://x.example/mask.png")),
            (
                "images",
                json!([{"image_url": url}, url, {"image_url": {"url": url}}]),
            ),
            ("images", json!([])),
            ("images", json!("")),
            ("size", json!("1536x1024")),
            ("style", json!("natural")),
            ("response_format", json!("url")),
            ("frame_count", json!(2)),
        ] {
            for model in [
                "openai/gpt-image-2",
                "google/gemini-3.1-flash-lite-image",
                "comfyui/image-to-image",
            ] {
                let mut body = json!({"model": model, "prompt": "x", "images": [url]});
                body[name] = value.clone();
                if name == "output_compression" {
                    body["output_format"] = json!("jpeg");
                }
                let said = program.posts(PATH, &body).await;
                let error = said.json()["error"]["message"].clone();
                let (host, _) = model.split_once('/').unwrap();
                let _ = write!(told, "{name} {host}: {}", said.status);
                let _ = match (said.status, host) {
                    (200, "openai") => writeln!(told, " {}", stage.asked("openai")),
                    (200, _) => writeln!(told),
                    _ => writeln!(told, " {error}"),
                };
            }
        }
        assert_snapshot!(told, @r#"
        quality openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"x","quality":"low"}
        quality google: 400 "`quality` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        quality comfyui: 400 "`quality` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        quality openai: 400 "openai says that the call is wrong."
        quality google: 400 "`quality` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        quality comfyui: 400 "`quality` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        background openai: 200 /images/edits {"background":"transparent","images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"x"}
        background google: 400 "`background` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        background comfyui: 400 "`background` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        output_format openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"output_format":"webp","prompt":"x"}
        output_format google: 400 "`output_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        output_format comfyui: 400 "`output_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        output_compression openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"output_compression":50,"output_format":"jpeg","prompt":"x"}
        output_compression google: 400 "`output_compression` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        output_compression comfyui: 400 "`output_compression` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        input_fidelity openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"input_fidelity":"high","model":"gpt-image-2","n":1,"prompt":"x"}
        input_fidelity google: 400 "`input_fidelity` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        input_fidelity comfyui: 400 "`input_fidelity` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        moderation openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","moderation":"low","n":1,"prompt":"x"}
        moderation google: 400 "`moderation` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        moderation comfyui: 400 "`moderation` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"mask":{"image_url":"[a picture]"},"model":"gpt-image-2","n":1,"prompt":"x"}
        mask google: 400 "`mask` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask comfyui: 400 "`mask` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"mask":{"image_url":"[a picture]"},"model":"gpt-image-2","n":1,"prompt":"x"}
        mask google: 400 "`mask` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask comfyui: 400 "`mask` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask openai: 400 "`mask` but for `data:` URLs can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask google: 400 "`mask` but for `data:` URLs can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mask comfyui: 400 "`mask` but for `data:` URLs can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        images openai: 200 /images/edits {"images":[{"image_url":"[a picture]"},{"image_url":"[a picture]"},{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"x"}
        images google: 200
        images comfyui: 400 "more than one picture can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        images openai: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        images google: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        images comfyui: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        images openai: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        images google: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        images comfyui: 400 "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL."
        size openai: 200 /images/edits {"images":[{"image_url":"[a picture]"}],"model":"gpt-image-2","n":1,"prompt":"x","size":"1536x1024"}
        size google: 200
        size comfyui: 200
        style openai: 400 "`style` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        style google: 400 "`style` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        style comfyui: 400 "`style` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        response_format openai: 400 "`response_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        response_format google: 400 "`response_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        response_format comfyui: 400 "`response_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        frame_count openai: 400 "`frame_count` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        frame_count google: 400 "`frame_count` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        frame_count comfyui: 400 "`frame_count` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        "#);
        // Whoever is first and can, where none is named.
        let body = json!({"prompt": "x", "images": [url], "mask": url, "quality": "low"});
        let said = program.posts(PATH, &body).await;
        assert_eq!(
            said.header("x-latchkey-provider"),
            "openai",
            "{}",
            said.text
        );
        let part = |name: &str| Part::bytes(png.clone()).file_name(format!("{name}.png"));
        let brackets = form("openai/gpt-image-2", &[])
            .part("image[]", part("a"))
            .part("image[]", part("b"))
            .part("mask[]", part("mask"));
        let said = program::send(program.call("POST", PATH).multipart(brackets)).await;
        assert_eq!(said.status, 200, "{}", said.text);
        assert_snapshot!(stage.asked("openai"), @r#"/images/edits {"images":[{"image_url":"[a picture]"},{"image_url":"[a picture]"}],"mask":{"image_url":"[a picture]"},"model":"gpt-image-2","n":1,"prompt":"x"}"#);
        let mut mask = form("openai/gpt-image-2", &[&png]);
        mask = mask.part(
            "mask",
            Part::bytes(b"GIF89a....".to_vec()).file_name("mask.gif"),
        );
        let said = program::send(program.call("POST", PATH).multipart(mask)).await;
        assert_snapshot!(said.json()["error"]["message"], @r#""`mask` must be a PNG that is clear where the picture is to be changed. Send it as a PNG.""#);
    })
    .await;
}

/// OpenAI's dall-e-2 alone made variations, and is gone.
#[tokio::test]
async fn variations_are_refused_with_what_is_nearest() {
    crate::tests::run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let png = latchkey_emulator::providers::picture("photo", 0);
        let call = program.call("POST", "/v1/images/variations");
        let said = program::send(call.multipart(form("dall-e-2", &[&png[..]]))).await;
        assert_eq!(said.code(), "404 no_variations");
        let words = said.json()["error"]["message"].clone();
        assert_snapshot!(words.as_str().unwrap(), @"OpenAI's dall-e-2, which alone made variations, was shut down on 12 May 2026. Send the picture to `POST /v1/images/edits` with a `prompt` that says what is to vary, and a `model` that changes pictures, such as `openai/gpt-image-2`.");
    })
    .await;
}
