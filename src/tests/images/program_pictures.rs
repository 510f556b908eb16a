//! Pictures for programs, from hosts that do not speak OpenAI's words.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, SocketHabit};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::picture_jobs::{adds, left_over, lives, setup, speaks};
use crate::cli::Scene;
use crate::providers::Timeouts;
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::served::ServedProgram;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{bad, good, run};

const PATH: &str = "/v1/images/generations";
const FOREVER: u32 = 1_000_000;
/// How long a process may take to see what another left.
const PATIENCE: Duration = Duration::from_mins(1);

fn wish(model: &str) -> Value {
    json!({"model": model, "prompt": "a lighthouse", "n": 2, "size": "1024x1024"})
}

/// An answer with its pictures counted in the place of shown.
fn told(said: &HttpAnswer) -> String {
    let text = regex::Regex::new("\"b64_json\":\"iVBOR[^\"]{100,}\"").unwrap();
    text.replace_all(&said.shown(), "<PNG>").into_owned()
}

/// Reads a stream until it has said something.
async fn until(response: &mut Response, text: &str) -> String {
    let mut said = String::new();
    while !said.contains(text) {
        let more = response.chunk().await.unwrap();
        said += std::str::from_utf8(&more.expect("it goes on")).unwrap();
    }
    said
}

#[tokio::test]
async fn every_host_makes_pictures_in_openais_words() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "google", "xai", "openrouter"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        // So many keys are not checked in one minute.
        stage.clock.advance_ms(60_000);
        let hosts = ["runpod", "runcomfy-serverless", "saladcloud", "runcomfy"];
        for provider in hosts {
            adds(&mia, provider).await;
        }
        lives(stage, 0, 0, 0);
        let program = Program::of(stage, &mia, "").await;
        let mut models = vec!["openai/gpt-image-2", "google/gemini-3.1-flash-lite-image"];
        models.extend(["xai/grok-imagine-image", "openrouter/some/painter"]);
        let workflows = hosts.map(|host| format!("{host}/text-to-image"));
        models.extend(workflows.iter().map(String::as_str));
        models.push("comfyui/text-to-image");
        for model in models {
            for streamed in [false, true] {
                let mut wish = wish(model);
                wish["stream"] = json!(streamed);
                let said = program.posts(PATH, &wish).await;
                assert_eq!(said.status, 200, "{model} {}", said.text);
                let whose = if model.starts_with("comfyui") {
                    "bot_default"
                } else {
                    "personal"
                };
                assert_eq!(said.header("x-latchkey-source"), whose, "{model}");
                let made = if streamed {
                    said.text.matches("\"b64_json\":\"iVBOR").count()
                } else {
                    // xAI's own answer says where they are.
                    said.json()["data"].as_array().unwrap().len()
                };
                assert_eq!(made, 2, "{model} {streamed} {}", told(&said));
            }
        }
        stage.app().await.idle().await;
        for row in stage.app().await.audit().await {
            assert_eq!(
                (row.state.as_str(), row.used.images),
                ("settled", 2),
                "{row:?}"
            );
        }
        assert_snapshot!(left_over(stage), @"10 jobs, 10 done, 0 cancelled; 2 machines, 0 running");
        let listed = program.gets("/v1/models").await;
        assert!(!listed.text.contains("image-to-image"), "{}", listed.text);
        let unnamed = json!({"prompt": "a lighthouse"});
        let unnamed = program.posts(PATH, &unnamed).await;
        assert_eq!(unnamed.header("x-latchkey-provider"), "openai");
        for model in [
            "comfyui/text-to-image",
            "google/gemini-3.1-flash-lite-image",
        ] {
            assert!(
                listed.text.contains(&format!("\"{model}\"")),
                "{}",
                listed.text
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_program_hears_how_far_its_picture_is() {
    stage::run_with(setup(), async |stage| {
        // Its steps are told too, as many as were seen before a look.
        speaks(stage, SocketHabit::Refused);
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut wish = wish("comfyui/text-to-image");
        wish["seed"] = json!(7);
        let whole = program.posts(PATH, &wish).await;
        assert_snapshot!(told(&whole), @r#"
        200 bot_default comfyui
        {"cost_nano_dollars":0,"created":1795219200,"data":[{<PNG>},{<PNG>}],"estimate_nano_dollars":0,"output_format":"png","seed":7,"usage":null}
        "#);
        wish["stream"] = json!(true);
        lives(stage, FOREVER, 0, 0);
        let mut streamed = program.call("POST", PATH).json(&wish).send().await.unwrap();
        let mut said = until(&mut streamed, "\"ahead\":0").await;
        lives(stage, 0, 0, FOREVER);
        said += &until(&mut streamed, "running").await;
        lives(stage, 0, 0, 0);
        said += &streamed.text().await.unwrap();
        let picture = whole.json()["data"][0]["b64_json"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(STANDARD.decode(&picture).unwrap().starts_with(b"\x89PNG"));
        // The same seed, the same picture.
        assert!(said.contains(&picture));
        let told: Vec<&str> = said.lines().filter(|line| line.starts_with(": ")).collect();
        assert_snapshot!(told.join("\n"), @r#"
        : {"estimate_nano_dollars":0,"is_most":false}
        : {"ahead":null,"stage":"queued"}
        : {"ahead":0,"stage":"queued"}
        : {"stage":"running"}
        "#);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_host_is_refused_by_its_name() {
    stage::run_with(setup(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = Vec::new();
        for (name, value) in [
            ("quality", json!("high")),
            ("style", json!("natural")),
            ("background", json!("transparent")),
            ("output_format", json!("webp")),
            ("response_format", json!("url")),
            ("partial_images", json!(2)),
            ("n", json!(9)),
            ("n", json!("two")),
            ("size", json!("large")),
            ("prompt", json!(" ")),
            ("model", json!("comfyui/oil-on-canvas")),
            ("model", json!("comfyui/image-to-image")),
            ("model", json!("groq/openai/gpt-oss-20b")),
            ("model", json!("openai/")),
        ] {
            let mut wish = wish("comfyui/text-to-image");
            wish[name] = value;
            let said = program.posts(PATH, &wish).await;
            told.push(format!(
                "{} {}",
                said.code(),
                said.json()["error"]["message"]
            ));
        }
        let mut usual = wish("comfyui/text-to-image");
        for (name, value) in [
            ("quality", "standard"),
            ("style", "vivid"),
            ("background", "opaque"),
            ("output_format", "png"),
            ("response_format", "b64_json"),
            ("user", "u-1"),
        ] {
            usual[name] = json!(value);
        }
        assert_eq!(program.posts(PATH, &usual).await.status, 200);
        assert_snapshot!(told.join("\n"), @r#"
        400 untranslatable "`quality` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 untranslatable "`style` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 untranslatable "`background` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 untranslatable "`output_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 untranslatable "`response_format` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 untranslatable "`partial_images` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        400 malformed_field "`n` is how many pictures, from 1 to 4; a model of OpenAI's that is named with its provider, such as `openai/gpt-image-2`, makes more. Nothing was sent to the provider: correct it, and send the call again."
        400 malformed_body "The body can't be read: a field has the wrong type. `GET /openapi.json` shows what it should be."
        400 malformed_size "`size` must be such as `1024x1024`: sides between 256 and 2048, and multiples of 8."
        400 prompt_missing "There is nothing to make a picture of. Put words into `prompt`."
        404 model_not_found "No model or workflow for pictures is called `oil-on-canvas`. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
        400 workflow_takes_picture "The workflow `image-to-image` changes a picture. Send one to `/v1/images/edits`, or name one that makes one from words."
        400 no_pictures "groq makes no pictures. `GET /v1/models` lists what your keys can use."
        400 model_missing "`openai/` names a provider and no model. Write the model after the slash; `GET /v1/models` lists those that your keys can use."
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_says_that_it_failed_costs_nothing() {
    stage::run_with(setup(), async |stage| {
        speaks(stage, SocketHabit::Refused);
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = Vec::new();
        for fault in [
            ProviderFault::NodeError,
            ProviderFault::NoPicture,
            ProviderFault::WrongType,
            ProviderFault::HugePicture,
            ProviderFault::Html(200),
        ] {
            let name = format!("{fault:?}");
            stage.fails("comfyui", fault);
            for streamed in [false, true] {
                let mut wish = wish("comfyui/text-to-image");
                wish["stream"] = json!(streamed);
                let said = program.posts(PATH, &wish).await;
                told.push(format!("{name}: {}", said.shown().replace('\n', " ")));
            }
        }
        assert_snapshot!(told.join("\n"), @r#"
        NodeError: 502 bot_default comfyui {"error":{"code":"provider_error","message":"comfyui failed, or answered something that is no answer. Try again.","param":null,"type":"server_error"}}
        NodeError: 502 bot_default comfyui {"error":{"code":"provider_error","message":"comfyui failed, or answered something that is no answer. Try again.","param":null,"type":"server_error"}}
        NoPicture: 502 bot_default comfyui {"error":{"code":"no_image_output","message":"comfyui finished, and what it gave out is no picture: a video, a sound, a text, or nothing. Trying again costs again; the workflow must give out a PNG, JPEG, WebP or GIF.","param":null,"type":"server_error"}}
        NoPicture: 200 bot_default comfyui : {"estimate_nano_dollars":0,"is_most":false}  : {"ahead":null,"stage":"queued"}  : {"ahead":0,"stage":"queued"}  : {"stage":"running"}  data: {"error":{"code":"no_image_output","message":"comfyui finished, and what it gave out is no picture: a video, a sound, a text, or nothing. Trying again costs again; the workflow must give out a PNG, JPEG, WebP or GIF.","param":null,"type":"server_error"}}  
        WrongType: 502 bot_default comfyui {"error":{"code":"no_image_output","message":"comfyui finished, and what it gave out is no picture: a video, a sound, a text, or nothing. Trying again costs again; the workflow must give out a PNG, JPEG, WebP or GIF.","param":null,"type":"server_error"}}
        WrongType: 200 bot_default comfyui : {"estimate_nano_dollars":0,"is_most":false}  : {"ahead":null,"stage":"queued"}  : {"ahead":0,"stage":"queued"}  : {"stage":"running"}  data: {"error":{"code":"no_image_output","message":"comfyui finished, and what it gave out is no picture: a video, a sound, a text, or nothing. Trying again costs again; the workflow must give out a PNG, JPEG, WebP or GIF.","param":null,"type":"server_error"}}  
        HugePicture: 502 bot_default comfyui {"error":{"code":"provider_too_large","message":"comfyui answers more than is read here.","param":null,"type":"server_error"}}
        HugePicture: 200 bot_default comfyui : {"estimate_nano_dollars":0,"is_most":false}  : {"ahead":null,"stage":"queued"}  : {"ahead":0,"stage":"queued"}  : {"stage":"running"}  data: {"error":{"code":"provider_too_large","message":"comfyui answers more than is read here.","param":null,"type":"server_error"}}  
        Html(200): 502 bot_default comfyui {"error":{"code":"provider_error","message":"comfyui failed, or answered something that is no answer. Try again.","param":null,"type":"server_error"}}
        Html(200): 502 bot_default comfyui {"error":{"code":"provider_error","message":"comfyui failed, or answered something that is no answer. Try again.","param":null,"type":"server_error"}}
        "#);
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let (unsure, sure): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.used.images > 0);
        for row in sure {
            assert_eq!(row.state, "released", "{row:?}");
        }
        // A page in the place of an answer does not say that nothing was begun.
        assert_eq!(unsure.len(), 2);
        for row in unsure {
            assert_eq!(row.used.images, 2, "{row:?}");
            assert!(row.state == "settled" && row.estimated, "{row:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_program_that_leaves_gives_its_picture_up() {
    stage::run_with(setup(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut wish = wish("comfyui/text-to-image");
        wish["stream"] = json!(true);
        for (life, state) in [((FOREVER, 0), "queued"), ((0, FOREVER), "running")] {
            lives(stage, life.0, 0, life.1);
            let mut streamed = program.call("POST", PATH).json(&wish).send().await.unwrap();
            until(&mut streamed, state).await;
            drop(streamed);
            stage.app().await.idle().await;
        }
        assert_snapshot!(left_over(stage), @"2 jobs, 0 done, 2 cancelled; 0 machines, 0 running");
        let rows = stage.app().await.audit().await;
        let mut states: Vec<_> = rows
            .iter()
            .map(|row| (row.state.as_str(), row.used.images))
            .collect();
        states.sort_unstable();
        assert_snapshot!(format!("{states:?}"), @r#"[("released", 0), ("settled", 2)]"#);
    })
    .await;
}

#[tokio::test]
async fn a_program_is_told_when_the_gateway_stops() {
    stage::run_with(setup(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        lives(stage, FOREVER, 0, 0);
        let mut wish = wish("comfyui/text-to-image");
        wish["stream"] = json!(true);
        let mut streamed = program.call("POST", PATH).json(&wish).send().await.unwrap();
        until(&mut streamed, "queued").await;
        let stopping = async { stage.stop().await };
        let ((), last) = tokio::join!(stopping, until(&mut streamed, "error"));
        assert_snapshot!(last.trim_end().lines().last().unwrap(), @r#"data: {"error":{"code":"stopping","message":"The gateway is being restarted. Try again in a minute.","param":null,"type":"server_error"}}"#);
        assert_snapshot!(left_over(stage), @"1 jobs, 0 done, 1 cancelled; 0 machines, 0 running");
    })
    .await;
}

#[tokio::test]
async fn what_a_program_waited_for_in_a_process_that_died_is_given_up() {
    let settings = |scene: &Scene| {
        let comfyui = scene.emulator.provider_url("comfyui");
        vec![
            ("LATCHKEY_PROVIDERS__COMFYUI__BASE_URL", comfyui),
            ("LATCHKEY_IMAGES__POLL_MS", "20".to_owned()),
        ]
    };
    let mut served = ServedProgram::start(settings).await;
    let world = Arc::clone(&served.scene.emulator.world);
    world.with(|state| state.providers.life.queued = FOREVER);
    let mut wish = wish("comfyui/text-to-image");
    wish["stream"] = json!(true);
    let mut streamed = served
        .call(Method::POST, PATH)
        .json(&wish)
        .send()
        .await
        .unwrap();
    until(&mut streamed, "queued").await;
    served.kill_and_start().await;
    let given_up = world.until(|state| state.providers.jobs[0].cancelled.then_some(()));
    tokio::time::timeout(PATIENCE, given_up).await.unwrap();
    let folder = served.end().await;
    let database = rusqlite::Connection::open(folder.path().join("process.db")).unwrap();
    let sql = "select state, images, ended_at_ms is not null \
         from attempt join picture using (attempt_id)";
    let row = database.query_row(sql, [], |row| {
        let state: String = row.get(0)?;
        Ok((state, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
    });
    assert_eq!(row.unwrap(), ("released".to_owned(), 0, true));
}

#[tokio::test]
async fn a_key_that_comes_with_a_wish_pays_for_it_alone() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let paint = |name: &'static str, key: String, model: &str| {
            send(
                program
                    .call("POST", PATH)
                    .header(name, key)
                    .json(&wish(model)),
            )
        };
        let model = "google/gemini-3.1-flash-lite-image";
        let paid = paint("x-gemini-key", good("google"), model).await;
        assert_eq!(paid.header("x-latchkey-source"), "request", "{}", paid.text);
        assert_eq!(
            stage.keys_that_paid("google"),
            [good("google"), good("google")]
        );
        let refused = paint("x-gemini-key", bad("google"), model).await;
        assert_snapshot!(refused.code(), @"401 provider_key_refused");
        let unnamed = json!({"prompt": "a lighthouse"});
        let call = program
            .call("POST", PATH)
            .header("x-gemini-key", good("google"));
        let unnamed = send(call.json(&unnamed)).await;
        assert_eq!(unnamed.header("x-latchkey-provider"), "google");
        let astray = paint("x-openai-key", good("openai"), model).await;
        assert_snapshot!(astray.code(), @"400 key_for_another_provider");
        let once = |stage: &Stage| stage.calls();
        let before = once(stage);
        let twice = || {
            let call = program
                .call("POST", PATH)
                .header("x-gemini-key", good("google"));
            send(
                call.header("idempotency-key", "lighthouse-1")
                    .json(&wish(model)),
            )
        };
        assert_eq!(twice().await.status, 200);
        let again = twice().await;
        assert_eq!(
            (again.status, again.header("x-latchkey-repeat")),
            (200, "true")
        );
        assert_eq!(once(stage) - before, 2, "two pictures, made once");
    })
    .await;
}

#[tokio::test]
async fn what_the_operator_has_looked_at_is_looked_at_for_programs_too() {
    let setup = Setup {
        config: "[images]\nmoderation = 'openai'\n".into(),
        secrets: vec![("OPENAI_API_KEY".into(), good("openai").into())],
        ..setup()
    };
    stage::run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut told = Vec::new();
        for (path, model) in [
            (PATH, "openai/gpt-image-2"),
            (PATH, "comfyui/text-to-image"),
            ("/openai/v1/images/generations", "gpt-image-2"),
        ] {
            for prompt in ["something forbidden", "a lighthouse"] {
                let wish = json!({"model": model, "prompt": prompt});
                let said = program.posts(path, &wish).await;
                let code = said.code();
                told.push(format!("{path} {model} {prompt}: {}", code.trim_end()));
            }
        }
        assert_snapshot!(told.join("\n"), @"
        /v1/images/generations openai/gpt-image-2 something forbidden: 400 content_filter
        /v1/images/generations openai/gpt-image-2 a lighthouse: 200
        /v1/images/generations comfyui/text-to-image something forbidden: 400 content_filter
        /v1/images/generations comfyui/text-to-image a lighthouse: 200
        /openai/v1/images/generations gpt-image-2 something forbidden: 400 content_filter
        /openai/v1/images/generations gpt-image-2 a lighthouse: 200
        ");
        stage.fails("openai", ProviderFault::Html(503));
        let unasked = program.posts(PATH, &wish("comfyui/text-to-image")).await;
        assert_snapshot!(unasked.shown(), @r#"
        503
        {"error":{"code":"moderation_unavailable","message":"The operator has prompts looked at first, and whoever looks at them does not answer. Try again in a minute.","param":null,"type":"server_error"}}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_takes_minutes_is_paid_for_all_the_same() {
    let usual = Setup::default();
    let setup = Setup {
        timeouts: Timeouts {
            total: Duration::from_mins(10),
            ..usual.timeouts
        },
        ..usual
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let slow = ProviderFault::SlowFirstByte(Duration::from_millis(300));
        stage.fails("openai", slow);
        let before = stage.calls();
        let meanwhile = async {
            let world = stage.world();
            let began = world.until(|state| (state.providers.calls.len() > before).then_some(()));
            began.await;
            stage.clock.advance_ms(5 * 60 * 1_000);
            stage.app().await.sweep().await.unwrap();
        };
        let wish = wish("openai/gpt-image-2");
        let (said, ()) = tokio::join!(program.posts(PATH, &wish), meanwhile);
        assert_eq!(said.status, 200, "{}", said.text);
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert_eq!(
            (rows[0].state.as_str(), rows[0].used.images),
            ("settled", 2)
        );
    })
    .await;
}
