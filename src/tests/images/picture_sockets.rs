//! ComfyUI tells on its own how far a picture is, over its WebSocket: its steps,
//! and what it looks like. Where it does not, looks at the job go on.

use insta::assert_snapshot;
use latchkey_emulator::providers::{HIDDEN, SocketHabit};
use serde_json::{Value, json};

use super::picture_jobs::{adds, left_over, lives, shows, speaks};
use super::shown_pictures::sent;
use crate::tests::program::Program;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

const FOREVER: u32 = 1_000_000;
const LINE: &str = "/imagine prompt:a lighthouse provider:comfyui count:1";

/// A ComfyUI, and so many previews on the way to a picture.
fn previews(count: u8) -> Setup {
    Setup {
        config: format!("[ask]\nedit_interval_ms = 100\n[images]\npreviews = {count}\n"),
        comfyui: true,
        ..Setup::default()
    }
}

/// Waits for a file of this name in the newest message of the bot's.
async fn file(stage: &Stage, actor: &Actor<'_>, name: &str) -> Vec<u8> {
    let found = stage.world().until(|state| {
        let mut here = state.messages.iter().rev();
        let newest = here.find(|m| m.channel == actor.channel && m.is_bots())?;
        let file = newest.files.iter().find(|file| file.name == name)?;
        Some(file.bytes.clone())
    });
    found.await
}

/// How the WebSocket was asked for: the address, and whether a key came along.
fn connections(stage: &Stage) -> Vec<(String, bool)> {
    stage.world().look(|state| {
        let calls = state.providers.calls.iter();
        let calls = calls.filter(|call| call.path.contains("/ws?"));
        calls
            .map(|call| (call.path.clone(), call.key.is_some()))
            .collect()
    })
}

#[tokio::test]
async fn steps_and_a_preview_are_seen_until_the_picture_takes_its_place() {
    stage::run_with(previews(1), async |stage| {
        let mia = stage.mia();
        for (habit, more, name) in [
            (SocketHabit::Modern, "", "preview.jpg"),
            (SocketHabit::Old, " spoiler:true", "SPOILER_preview.jpg"),
            (SocketHabit::Shared, "", "preview.jpg"),
        ] {
            speaks(stage, habit);
            lives(stage, FOREVER, 0, 0);
            let asked = mia.starts(&format!("{LINE}{more}"));
            let waits = shows(stage, &mia, "line").await;
            assert!(!waits.contains("step"), "{waits}");
            lives(stage, 0, 0, FOREVER);
            let seen = shows(stage, &mia, "step 20 of 20").await;
            assert!(seen.contains("Being made, since"), "{seen}");
            let preview = file(stage, &mia, name).await;
            let hidden = HIDDEN.as_bytes();
            assert!(!preview.windows(hidden.len()).any(|it| it == hidden));
            assert_eq!(image::load_from_memory(&preview).unwrap().width(), 96);
            lives(stage, 0, 0, 0);
            let made = mia.sees(asked).await;
            assert!(made.contains("picture-1.png"), "{made}");
            assert!(!made.contains("preview"), "{made}");
        }
        let of_others = stage.world().look(|state| {
            let bodies = state.calls.iter().filter_map(|call| call.body.as_ref());
            bodies
                .map(Value::to_string)
                .any(|body| body.contains("of 7"))
        });
        assert!(!of_others);
    })
    .await;
}

#[tokio::test]
async fn a_picture_comes_by_looks_alone_where_nothing_is_told() {
    stage::run_with(previews(3), async |stage| {
        let mia = stage.mia();
        for habit in [
            SocketHabit::Refused,
            SocketHabit::Closing,
            SocketHabit::Silent,
            SocketHabit::Huge,
            SocketHabit::Garbled,
        ] {
            speaks(stage, habit);
            lives(stage, 1, 0, 2);
            let made = mia.runs(LINE).await;
            assert!(made.contains("[picture-1.png"), "{habit:?}: {made}");
            assert!(!made.contains("preview"), "{habit:?}: {made}");
        }
        assert_snapshot!(left_over(stage), @"5 jobs, 5 done, 0 cancelled; 0 machines, 0 running");
        speaks(stage, SocketHabit::Refused);
        lives(stage, 0, 0, FOREVER);
        let asked = mia.starts(LINE);
        let seen = shows(stage, &mia, "Being made").await;
        assert!(!seen.contains("step"), "{seen}");
        let (message, id) = mia.button("Cancel");
        stage.world().press(mia.person, message, &id).unwrap();
        assert!(mia.sees(asked).await.contains("Stopped."));
    })
    .await;
}

/// The client that a job was queued by is the one that listens, with the same key.
#[tokio::test]
async fn whoever_queued_a_job_listens_with_its_key() {
    stage::run_with(previews(0), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, FOREVER);
        let asked = mia.starts(LINE);
        shows(stage, &mia, "step 20 of 20").await;
        let body = sent(stage, "comfyui");
        // Nobody wants previews, so that none are made.
        assert_eq!(body["extra_data"], Value::Null);
        let client = body["client_id"].as_str().unwrap();
        let own = format!("/ws?clientId={client}");
        assert_eq!(connections(stage), [(own, false)]);
        lives(stage, 0, 0, 0);
        mia.sees(asked).await;
        let guarded = "comfyui".to_owned();
        let world = stage.world();
        world.with(|state| state.providers.guarded.insert(guarded));
        mia.adds("comfyui", "user", &good("comfyui")).await;
        lives(stage, 0, 0, FOREVER);
        let asked = mia.starts(LINE);
        shows(stage, &mia, "step 20 of 20").await;
        assert!(connections(stage).pop().unwrap().1);
        lives(stage, 0, 0, 0);
        mia.sees(asked).await;
    })
    .await;
}

#[tokio::test]
async fn a_machine_of_runcomfys_tells_as_much() {
    stage::run_with(previews(1), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runcomfy").await;
        lives(stage, 0, 0, FOREVER);
        let asked = mia.starts("/imagine prompt:a lighthouse provider:runcomfy count:1");
        shows(stage, &mia, "step 20 of 20").await;
        file(stage, &mia, "preview.jpg").await;
        // Its address is the secret, and no key goes there.
        let (address, has_key) = connections(stage).pop().unwrap();
        assert!(
            address.starts_with("/comfy/server-1/ws?clientId="),
            "{address}"
        );
        assert!(!has_key);
        lives(stage, 0, 0, 0);
        let made = mia.sees(asked).await;
        assert!(
            made.contains("picture-1.png") && !made.contains("preview"),
            "{made}"
        );
        assert_snapshot!(left_over(stage), @"1 jobs, 1 done, 0 cancelled; 1 machines, 0 running");
    })
    .await;
}

#[tokio::test]
async fn of_several_pictures_no_previews_are_asked_for() {
    stage::run_with(previews(1), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, 0);
        for (count, wanted) in [(1, json!({"preview_method": "auto"})), (2, Value::Null)] {
            let line = format!("/imagine prompt:a lighthouse provider:comfyui count:{count}");
            mia.runs(&line).await;
            assert_eq!(sent(stage, "comfyui")["extra_data"], wanted);
        }
    })
    .await;
}

#[tokio::test]
async fn programs_are_told_of_steps_in_comments() {
    stage::run_with(previews(0), async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "").await;
        lives(stage, 0, 0, FOREVER);
        let body = json!({"model": "comfyui/text-to-image", "prompt": "x", "stream": true});
        let call = program.call("POST", "/v1/images/generations");
        let mut streamed = call.json(&body).send().await.unwrap();
        let mut said = String::new();
        while !said.contains(": {\"stage\":\"running\",\"step\":20,\"steps\":20}\n\n") {
            let piece = streamed.chunk().await.unwrap().expect("more comes");
            said += &String::from_utf8_lossy(&piece);
        }
        lives(stage, 0, 0, 0);
        assert!(
            streamed
                .text()
                .await
                .unwrap()
                .contains("image_generation.completed")
        );
    })
    .await;
}
