//! Pictures that outlive the process that asked for them, or the
//! interaction.

use std::time::Duration;

use insta::assert_snapshot;

use super::picture_jobs::{adds, left_over, lives, setup, shows};
use crate::tests::Actor;
use crate::tests::stage::{self, Stage};

const FOREVER: u32 = 1_000_000;

/// Asks for a picture that is being made, and waits until that is seen.
async fn begins(stage: &Stage, actor: &Actor<'_>, provider: &str) -> u64 {
    adds(actor, provider).await;
    begins_with_a_key(stage, actor, provider).await
}

async fn begins_with_a_key(stage: &Stage, actor: &Actor<'_>, provider: &str) -> u64 {
    lives(stage, 0, 0, FOREVER);
    let asked = actor.starts(&format!(
        "/imagine prompt:a lighthouse provider:{provider} seed:7"
    ));
    shows(stage, actor, "Being made").await;
    asked
}

/// Stops the bot; the next start is later.
async fn stops(stage: &Stage) {
    stage.stop().await;
    stage.clock.advance_ms(1);
}

/// Changes a row as no verb of the program would.
fn change(stage: &Stage, sql: &str) {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1);
}

async fn outcomes(stage: &Stage) -> String {
    let rows = stage.app().await.audit().await;
    let said = rows.iter().filter_map(|row| row.outcome.as_deref());
    said.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_restart_in_mid_job_loses_no_picture_and_pays_for_none_twice() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        begins(stage, &mia, "runpod").await;
        stops(stage).await;
        assert_snapshot!(mia.reads_channel(), @"
        (only you) Stored the personal key: **RunPod** `…6789`.
        RunPod accepts it.
        It is kept for images that you make with RunPod; `/ask` does not use it.
        ---
        > a lighthouse

        ⏸️ I am being restarted. The picture goes on being made, and comes when I am back.
        ");
        lives(stage, 0, 0, 0);
        stage.start().await;
        shows(stage, &mia, "-# RunPod").await;
        stage.app().await.idle().await;
        assert_snapshot!(mia.reads_channel(), @"
        (only you) Stored the personal key: **RunPod** `…6789`.
        RunPod accepts it.
        It is kept for images that you make with RunPod; `/ask` does not use it.
        ---
        > a lighthouse

        -# What came of it stands in a message of its own.
        ---
        > a lighthouse

        -# RunPod text-to-image · 👤 personal key · price unknown
        <@mia>
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
        assert_snapshot!(left_over(stage), @"1 jobs, 1 done, 0 cancelled; 0 machines, 0 running");
        assert_snapshot!(outcomes(stage).await, @"answered");
        // It can be made again as if nothing had been.
        assert_snapshot!(mia.presses("Seed").await, @"(only you) The seed is `7`. `/imagine seed:7` with the same prompt and workflow makes the same picture.");
        assert_snapshot!(mia.presses("Again").await, @"
        > a lighthouse

        -# RunPod text-to-image · 👤 personal key · price unknown
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_name_never_came_is_given_back_and_its_machine_stopped() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        begins(stage, &mia, "runcomfy").await;
        stops(stage).await;
        change(stage, "update picture set host_job = null");
        stage.start().await;
        shows(stage, &mia, "Nothing was counted").await;
        stage.app().await.idle().await;
        assert_snapshot!(mia.reads_channel(), @"
        (only you) Stored the personal key: **RunComfy** `…6789`.
        RunComfy accepts it.
        It is kept for images that you make with RunComfy; `/ask` does not use it.
        ---
        > a lighthouse

        -# What came of it stands in a message of its own.
        ---
        > a lighthouse

        A restart came before the picture was safe. Nothing was counted for it; `/imagine` begins anew.
        <@mia>
        ");
        assert_snapshot!(left_over(stage), @"1 jobs, 0 done, 0 cancelled; 1 machines, 0 running");
        assert_snapshot!(outcomes(stage).await, @"failed");
    })
    .await;
}

#[tokio::test]
async fn what_was_given_back_before_a_crash_is_told_after_it() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        begins(stage, &mia, "runpod").await;
        stops(stage).await;
        let sql = "update attempt set state = 'released', outcome = 'failed' where state = 'held'";
        change(stage, sql);
        stage.start().await;
        shows(stage, &mia, "Nothing was counted").await;
        stage.app().await.idle().await;
        assert!(
            mia.reads_channel()
                .contains("-# What came of it stands in a message of its own.")
        );
        assert_snapshot!(outcomes(stage).await, @"failed");
    })
    .await;
}

#[tokio::test]
async fn a_machine_that_a_crash_left_running_is_stopped_at_the_next_start() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        begins(stage, &mia, "runcomfy").await;
        stops(stage).await;
        change(stage, "update picture set ended_at_ms = began_at_ms");
        assert_snapshot!(left_over(stage), @"1 jobs, 0 done, 0 cancelled; 1 machines, 1 running");
        stage.start().await;
        let stopped = |state: &latchkey_emulator::WorldState| {
            let servers = &state.providers.servers;
            servers.iter().all(|server| !server.running).then_some(())
        };
        stage.world().until(stopped).await;
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_takes_too_long_is_cancelled_at_its_host() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        begins(stage, &mia, "saladcloud").await;
        stops(stage).await;
        stage.clock.advance_ms(30 * 60_000);
        stage.start().await;
        shows(stage, &mia, "took too long").await;
        stage.app().await.idle().await;
        assert_snapshot!(left_over(stage), @"1 jobs, 0 done, 1 cancelled; 0 machines, 0 running");
        assert_snapshot!(outcomes(stage).await, @"abandoned");
    })
    .await;
}

#[tokio::test]
async fn a_slow_picture_comes_as_a_reply_and_pings_only_who_asked() {
    stage::run_with(setup(), async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        let asked = begins(stage, &mia, "comfyui").await;
        stage
            .world()
            .with(|state| state.token_lifetime = Some(Duration::ZERO));
        lives(stage, 0, 0, 0);
        shows(stage, &mia, "-# ComfyUI").await;
        mia.sees(asked).await;
        assert_snapshot!(mia.reads_channel(), @"
        > a lighthouse

        -# What came of it stands in a message of its own.
        ---
        > a lighthouse

        -# ComfyUI text-to-image · 🤖 bot default · free
        <@mia>
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
        let pinged = stage.world().look(|state| {
            let newest = state.messages.last().unwrap();
            newest.allowed_mentions.to_string()
        });
        assert_eq!(
            pinged,
            format!(r#"{{"parse":[],"users":["{}"]}}"#, mia.person)
        );
    })
    .await;
}

#[tokio::test]
async fn a_slow_picture_comes_directly_where_the_bot_may_not_write() {
    stage::run_with(setup(), async |stage| {
        stage.expects_refusals();
        // A server that never installed the bot.
        let zoe = stage.zoe();
        let asked = begins(stage, &zoe, "comfyui").await;
        stage
            .world()
            .with(|state| state.token_lifetime = Some(Duration::ZERO));
        lives(stage, 0, 0, 0);
        zoe.sees(asked).await;
        assert_snapshot!(zoe.directly().reads_channel(), @"
        > a lighthouse

        -# ComfyUI text-to-image · 🤖 bot default · free
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_restart_loses_no_picture_of_any_host() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        let hosts = ["comfyui", "runcomfy-serverless", "saladcloud", "runcomfy"];
        for host in hosts {
            adds(&mia, host).await;
        }
        for host in hosts {
            begins_with_a_key(stage, &mia, host).await;
        }
        stops(stage).await;
        lives(stage, 0, 0, 0);
        stage.start().await;
        let shown = stage.world().until(|state| {
            let with_file = state.messages.iter().filter(|m| !m.files.is_empty());
            (with_file.count() == hosts.len()).then_some(())
        });
        shown.await;
        stage.app().await.idle().await;
        assert_snapshot!(left_over(stage), @"4 jobs, 4 done, 0 cancelled; 1 machines, 0 running");
        assert_snapshot!(outcomes(stage).await, @"answered answered answered answered");
    })
    .await;
}
