//! Answers that are not as hosts mostly give them, and hold pictures all the
//! same, or say what went wrong: what is good is shown, the rest has its
//! reason, and what was made is booked.

use insta::assert_snapshot;
use latchkey_emulator::providers::{ProviderFault, picture};
use serde_json::{Value, json};

use super::picture_hosts::HOSTS;
use super::picture_jobs::{adds, lives, setup};
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

const FOREVER: u32 = 1_000_000;

/// An answer with status 200.
fn sends(kind: &str, body: String) -> ProviderFault {
    ProviderFault::Sends(vec![("content-type", kind.to_owned())], body.into_bytes())
}

fn sends_json(answer: &Value) -> ProviderFault {
    sends("application/json", answer.to_string())
}

/// A picture as encoders of MIME write it, in lines of 76 characters.
fn in_lines(end: &str) -> String {
    let base64 = encoded();
    let lines = base64.as_bytes().chunks(76).map(String::from_utf8_lossy);
    lines.map(|line| line + end).collect()
}

fn encoded() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(picture("a lighthouse", 0))
}

/// What is shown, what is said of the rest, and what is booked.
async fn makes(stage: &Stage, who: &Actor<'_>, line: &str) -> String {
    stage.clock.advance_ms(3_600_001);
    let seen = who.runs(line).await;
    let shown = seen.matches("[picture-").count();
    let said = if shown == 0 {
        seen.lines().skip(2).collect::<Vec<_>>().join(" ")
    } else {
        let missing = seen.lines().find(|line| line.contains("missing"));
        format!("{shown} shown {}", missing.unwrap_or_default())
    };
    let rows = stage.app().await.audit().await;
    let last = rows.last().unwrap();
    let cost = match last.used.cost {
        Some(cost) => cost.0.to_string(),
        None => "unknown".to_owned(),
    };
    let outcome = last.outcome.as_deref().unwrap_or_default();
    format!("{said}; {outcome}, {} pictures, {cost}", last.used.images)
}

/// Whether no job and no machine runs on.
fn runs_nothing(stage: &Stage) -> bool {
    stage.world().look(|state| {
        let jobs = state.providers.jobs.iter();
        let mut open = jobs.filter(|job| !job.done && !job.cancelled);
        let mut servers = state.providers.servers.iter();
        !servers.any(|server| server.running) && open.all(|job| job.provider == "runcomfy")
    })
}

/// OpenRouter sends most of its errors so
/// (<https://openrouter.ai/docs/api/reference/errors-and-debugging>).
#[tokio::test]
async fn an_error_under_status_200_is_sorted_by_its_code_and_costs_nothing() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let mut told = Vec::new();
        for provider in ["openrouter", "openai", "xai", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
            for error in [
                json!({"code": 402, "message": "Insufficient credits"}),
                json!({"code": 429, "message": "Rate limit exceeded"}),
                json!({"code": 502, "message": "Provider returned error"}),
                json!({"code": 403, "message": "Your input was flagged"}),
                json!("Internal error"),
            ] {
                let answer = json!({"error": error, "data": [], "user_id": "made up"});
                stage.fails(provider, sends_json(&answer));
                let line = format!("/imagine prompt:x provider:{provider} count:2");
                told.push(format!("{provider}: {}", makes(stage, &mia, &line).await));
                mia.runs(&format!("/keys test provider:{provider}")).await;
                stage.recovers(provider);
                mia.runs(&format!("/keys test provider:{provider}")).await;
            }
        }
        assert_snapshot!(told.join("\n"), @"
        openrouter: The OpenRouter account behind the key is out of credit. Top it up at <https://openrouter.ai/settings/credits>, then run `/keys test provider:openrouter scope:user`. --- (only you) Your OpenRouter key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:openrouter`.; failed, 0 pictures, 0
        openrouter: OpenRouter is limiting this key right now. Ask again in 60 seconds, or name another provider.; failed, 0 pictures, 0
        openrouter: OpenRouter is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        openrouter: OpenRouter declined that. Rephrase it, or name another provider.; failed, 0 pictures, 0
        openrouter: OpenRouter is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        openai: The OpenAI account behind the key is out of credit. Top it up at <https://platform.openai.com/settings/organization/billing>, then run `/keys test provider:openai scope:user`. --- (only you) Your OpenAI key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:openai`.; failed, 0 pictures, 0
        openai: OpenAI is limiting this key right now. Ask again in 60 seconds, or name another provider.; failed, 0 pictures, 0
        openai: OpenAI is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        openai: OpenAI declined that. Rephrase it, or name another provider.; failed, 0 pictures, 0
        openai: OpenAI is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        xai: The xAI account behind the key is out of credit. Top it up at <https://console.x.ai/team/default/billing>, then run `/keys test provider:xai scope:user`. --- (only you) Your xAI key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:xai`.; failed, 0 pictures, 0
        xai: xAI is limiting this key right now. Ask again in 60 seconds, or name another provider.; failed, 0 pictures, 0
        xai: xAI is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        xai: xAI declined that. Rephrase it, or name another provider.; failed, 0 pictures, 0
        xai: xAI is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        google: The Google account behind the key is out of credit. Top it up at <https://aistudio.google.com/billing>, then run `/keys test provider:google scope:user`. --- (only you) Your Google key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:google`.; failed, 0 pictures, 0
        google: Google is limiting this key right now. Ask again in 60 seconds, or name another provider.; failed, 0 pictures, 0
        google: Google is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        google: Google declined that. Rephrase it, or name another provider.; failed, 0 pictures, 0
        google: Google is having trouble. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        ");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_out_of_credit_by_an_error_under_status_200_is_passed_over() {
    let setup = Setup {
        config: "[images]\nprovider_order = ['openrouter', 'xai']\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openrouter", "user", &good("openrouter")).await;
        mia.adds("xai", "user", &good("xai")).await;
        let error = json!({"error": {"code": 402, "message": "Insufficient credits"}});
        stage.fails("openrouter", sends_json(&error));
        let seen = mia.runs("/imagine prompt:x").await;
        assert!(
            seen.contains("-# xAI") && seen.contains("[picture-1"),
            "{seen}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_in_one_piece_where_events_were_asked_for_is_read_as_it_is() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[images]\npreviews = 2\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let usage = json!({"input_tokens": 12, "output_tokens": 4360, "total_tokens": 4372,
            "input_tokens_details": {"text_tokens": 12, "image_tokens": 0}});
        let whole = json!({"data": [{"b64_json": encoded()}], "usage": usage});
        let url = format!("data:image/png;base64,{}", encoded());
        let completed = json!({"type": "image_generation.completed", "url": url, "usage": usage});
        let mut told = Vec::new();
        for fault in [
            sends_json(&whole),
            sends("application/json; charset=utf-8", whole.to_string()),
            sends(
                "text/event-stream",
                format!("event: image_generation.completed\ndata: {completed}\n\n"),
            ),
            sends_json(&json!({"error": {"code": "slow_down", "message": "busy"}})),
        ] {
            stage.fails("openai", fault);
            told.push(makes(stage, &mia, "/imagine prompt:x provider:openai").await);
        }
        assert_snapshot!(told.join("\n"), @"
        1 shown ; answered, 1 pictures, 130860000
        1 shown ; answered, 1 pictures, 130860000
        1 shown ; answered, 1 pictures, 130860000
        OpenAI has more to do than it can right now. Ask again in a minute, or name another provider.; failed, 0 pictures, 0
        ");
    })
    .await;
}

#[tokio::test]
async fn base64_in_lines_or_without_its_padding_is_a_picture() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        mia.adds("openai", "user", &good("openai")).await;
        lives(stage, 0, 0, 0);
        for text in [
            in_lines("\n"),
            in_lines("\r\n"),
            encoded().trim_end_matches('=').to_owned(),
            format!("data:image/png;base64,{}", in_lines("\n")),
        ] {
            stage.fails("runpod", ProviderFault::Output(json!({"images": [text]})));
            let seen = makes(stage, &mia, "/imagine prompt:x provider:runpod").await;
            assert!(seen.contains("1 shown"), "{seen}");
            stage.fails("openai", sends_json(&json!({"data": [{"b64_json": text}]})));
            let seen = makes(stage, &mia, "/imagine prompt:x provider:openai").await;
            assert!(seen.contains("1 shown"), "{seen}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_saved_before_a_node_failed_is_shown_with_the_reason_of_the_rest() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, 0);
        let mut told = Vec::new();
        for provider in ["comfyui", "runcomfy", "runcomfy-serverless"] {
            adds(&mia, provider).await;
            stage.fails(provider, ProviderFault::BreaksOff);
            let line = format!("/imagine prompt:x provider:{provider} count:2");
            told.push(format!("{provider}: {}", makes(stage, &mia, &line).await));
        }
        assert_snapshot!(told.join("\n"), @"
        comfyui: 2 shown -# ⚠️ 1 of 3 missing: the machine at ComfyUI has too little memory for it.; answered, 2 pictures, 0
        runcomfy: 2 shown -# ⚠️ 1 of 3 missing: the machine at RunComfy has too little memory for it.; answered, 2 pictures, unknown
        runcomfy-serverless: 2 shown -# ⚠️ 1 of 3 missing: the machine at RunComfy Serverless has too little memory for it.; answered, 2 pictures, unknown
        ");
    })
    .await;
}

/// Discord takes ten files, and a long prompt is one of them.
#[tokio::test]
async fn more_pictures_than_a_message_takes_fill_several() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        let long = "a lighthouse in the rain, ".repeat(60);
        let mut told = Vec::new();
        for (count, prompt) in [
            (9, "x"),
            (10, "x"),
            (10, long.as_str()),
            (23, long.as_str()),
        ] {
            let output = json!({"images": vec!["PICTURE"; count]});
            stage.fails("runpod", ProviderFault::Output(output));
            let line = format!("/imagine prompt:{prompt} provider:runpod");
            told.push(makes(stage, &mia, &line).await);
        }
        assert_snapshot!(told.join("\n"), @"
        9 shown ; answered, 9 pictures, unknown
        10 shown ; answered, 10 pictures, unknown
        10 shown ; answered, 10 pictures, unknown
        23 shown ; answered, 23 pictures, unknown
        ");
    })
    .await;
}

#[tokio::test]
async fn fewer_than_were_asked_for_are_said_at_every_host_of_jobs() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, 0);
        let mut told = Vec::new();
        for provider in ["runpod", "saladcloud"] {
            adds(&mia, provider).await;
            let output = json!({"images": ["PICTURE"]});
            stage.fails(provider, ProviderFault::Output(output));
            let line = format!("/imagine prompt:x provider:{provider} count:3");
            told.push(format!("{provider}: {}", makes(stage, &mia, &line).await));
        }
        assert_snapshot!(told.join("\n"), @"
        runpod: 1 shown -# ⚠️ 2 of 3 missing: RunPod made fewer.; answered, 1 pictures, unknown
        saladcloud: 1 shown -# ⚠️ 2 of 3 missing: SaladCloud made fewer.; answered, 1 pictures, unknown
        ");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_cannot_be_looked_at_any_more_is_cancelled() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        let mut told = Vec::new();
        for provider in HOSTS {
            adds(&mia, provider).await;
            for status in [400, 401, 403, 409, 422] {
                lives(stage, 0, 0, FOREVER);
                stage.fails(provider, ProviderFault::LooksRefused(status));
                let line = format!("/imagine prompt:x provider:{provider}");
                let seen = makes(stage, &mia, &line).await;
                told.push(format!("{provider} {status}: {seen}"));
                stage.recovers(provider);
                assert!(runs_nothing(stage), "{provider} {status}");
                mia.runs(&format!("/keys test provider:{provider}")).await;
            }
        }
        assert_snapshot!(told.join("\n"), @"
        runpod 400: RunPod is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runpod 401: Key is invalid: RunPod refused the key that would have paid. `/keys status` shows which. Add it again with `/keys add provider:runpod scope:user`. --- (only you) RunPod no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:runpod scope:user`, or try it again with `/keys test provider:runpod`.; failed, 0 pictures, 0
        runpod 403: RunPod does not let this key do that, or not from here. Check the key's permissions at <https://console.runpod.io/user/settings>, or name another provider. --- (only you) Your RunPod key works only in part: its provider does not let it do what was asked, or not from here. Check its permissions at <https://console.runpod.io/user/settings>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.; failed, 0 pictures, 0
        runpod 409: RunPod is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runpod 422: RunPod is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runcomfy-serverless 400: RunComfy Serverless is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runcomfy-serverless 401: Key is invalid: RunComfy Serverless refused the key that would have paid. `/keys status` shows which. Add it again with `/keys add provider:runcomfy-serverless scope:user`. --- (only you) RunComfy Serverless no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:runcomfy-serverless scope:user`, or try it again with `/keys test provider:runcomfy-serverless`.; failed, 0 pictures, 0
        runcomfy-serverless 403: RunComfy Serverless does not let this key do that, or not from here. Check the key's permissions at <https://www.runcomfy.com/profile>, or name another provider. --- (only you) Your RunComfy Serverless key works only in part: its provider does not let it do what was asked, or not from here. Check its permissions at <https://www.runcomfy.com/profile>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.; failed, 0 pictures, 0
        runcomfy-serverless 409: RunComfy Serverless is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runcomfy-serverless 422: RunComfy Serverless is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        saladcloud 400: SaladCloud is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        saladcloud 401: Key is invalid: SaladCloud refused the key that would have paid. `/keys status` shows which. Add it again with `/keys add provider:saladcloud scope:user`. --- (only you) SaladCloud no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:saladcloud scope:user`, or try it again with `/keys test provider:saladcloud`.; failed, 0 pictures, 0
        saladcloud 403: SaladCloud does not let this key do that, or not from here. Check the key's permissions at <https://portal.salad.com/api-key>, or name another provider. --- (only you) Your SaladCloud key works only in part: its provider does not let it do what was asked, or not from here. Check its permissions at <https://portal.salad.com/api-key>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.; failed, 0 pictures, 0
        saladcloud 409: SaladCloud is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        saladcloud 422: SaladCloud is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        comfyui 400: ComfyUI is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, 0
        comfyui 401: ComfyUI turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:comfyui scope:user`.; failed, 0 pictures, 0
        comfyui 403: ComfyUI turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:comfyui scope:user`.; failed, 0 pictures, 0
        comfyui 409: ComfyUI is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, 0
        comfyui 422: ComfyUI is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, 0
        runcomfy 400: RunComfy is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runcomfy 401: Key is invalid: RunComfy refused the key that would have paid. `/keys status` shows which. Add it again with `/keys add provider:runcomfy scope:user`. --- (only you) RunComfy no longer accepts your key, so I stopped using it. Replace it with `/keys add provider:runcomfy scope:user`, or try it again with `/keys test provider:runcomfy`.; abandoned, 1 pictures, unknown
        runcomfy 403: RunComfy does not let this key do that, or not from here. Check the key's permissions at <https://www.runcomfy.com/profile>, or name another provider. --- (only you) Your RunComfy key works only in part: its provider does not let it do what was asked, or not from here. Check its permissions at <https://www.runcomfy.com/profile>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.; abandoned, 1 pictures, unknown
        runcomfy 409: RunComfy is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        runcomfy 422: RunComfy is having trouble. Ask again in a minute, or name another provider.; abandoned, 1 pictures, unknown
        ");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_more_than_is_read_is_booked_as_what_was_asked_for() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.fails("openai", ProviderFault::HugePicture);
        let line = "/imagine prompt:x provider:openai count:3";
        assert_snapshot!(makes(stage, &mia, line).await, @"OpenAI sent more than I can read. Ask for less, or name another provider.; cut_off, 3 pictures, 2134734000");
    })
    .await;
}

/// OpenAI's image models of today answer in base64 and refuse to be asked for
/// it; programs that were written for dall-e ask for it all the same.
#[tokio::test]
async fn a_program_may_name_the_form_in_which_pictures_come_in_any_case() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, "").await;
        let mut told = Vec::new();
        for format in [json!("b64_json"), Value::Null, json!("url"), json!(7)] {
            let wish =
                json!({"model": "openai/gpt-image-2", "prompt": "x", "response_format": format});
            let said = program.posts("/v1/images/generations", &wish).await;
            let error = said.json()["error"]["message"].clone();
            told.push(format!(
                "{format}: {} ({}) {error}",
                said.status,
                said.header("x-latchkey-ignored")
            ));
        }
        assert_snapshot!(told.join("\n"), @r#"
        "b64_json": 200 (response_format) null
        null: 200 () null
        "url": 400 () "`response_format` but for `b64_json` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        7: 400 () "`response_format` but for `b64_json` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        "#);
    })
    .await;
}
