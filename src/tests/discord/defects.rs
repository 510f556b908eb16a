//! Defects of serenity and poise, and what shows that they cannot hurt
//! here. Their causes are in the doc comments of what replaces them.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use latchkey_emulator::{RestFault, RestTrouble};

use crate::config::Shards;
use crate::providers::Timeouts;
use crate::tests::{Setup, rest_fault, run, run_with};

fn fault(method: &'static str, path: &'static str, status: u16, times: u32) -> RestFault {
    let trouble = match status {
        429 => RestTrouble::Limited {
            seconds: 0.2,
            is_global: false,
        },
        _ => RestTrouble::Refused(status, 0),
    };
    rest_fault((method, path), trouble, times)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_streams_at_once_all_finish() {
    let setup = Setup {
        // One person may ask ten times a minute unless the operator says more.
        config: "[ask]\nedit_interval_ms = 400\n[chat]\nasks_per_person = 40\nasks_per_channel = 40\n[[quota.tiers]]\nname = 'community'\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(200));
        let mia = stage.mia();
        let asks: Vec<u64> = (0..40).map(|_| mia.starts("/ask prompt:count")).collect();
        for ask in asks {
            assert!(mia.sees(ask).await.contains("nine ten\n-# Groq"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_bot_whose_commands_could_not_be_registered_answers_all_the_same() {
    run(async |stage| {
        assert_eq!(stage.world().look(|state| state.command_writes), 1);
        stage.restart().await;
        assert_eq!(
            stage.world().look(|state| state.command_writes),
            1,
            "they did not differ"
        );
        stage.stop().await;
        stage.world().with(|state| {
            state.commands[0]["description"] = "an older description".into();
            state.rest_faults.push(fault("PUT", "/commands", 503, 1));
            state.rest_faults.push(fault("GET", "/commands", 500, 2));
        });
        stage.start().await;
        assert!(stage.is_answering().await);
        stage
            .world()
            .until(|state| (state.command_writes == 2).then_some(()))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_range_of_shards_ends_where_it_says() {
    let setup = Setup {
        shards: Shards {
            first: 0,
            last: 1,
            total: 4,
        },
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage
            .world()
            .until(|state| (state.identifies == 2).then_some(()))
            .await;
        // The second shard's first heartbeat would be due long before a third
        // could identify; what is asked for is what serenity was told.
        let mut shards: Vec<_> = stage
            .world()
            .look(|state| state.sessions.iter().map(|s| s.shard).collect());
        shards.sort_unstable();
        assert_eq!(shards, [(0, 4), (1, 4)]);
        assert!(
            stage
                .mia()
                .directly()
                .runs("/ask prompt:count")
                .await
                .contains("\none two")
        );
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_is_not_named_twice_is_not_replaced_by_discords_own() {
    run(async |stage| {
        stage.stop().await;
        // Ours is answered; serenity's own question fails, and it would fall
        // back to the public gateway in silence.
        stage.world().with(|state| {
            state.rest_faults.push(RestFault {
                after: 1,
                ..fault("GET", "/gateway", 500, 1)
            });
        });
        stage.start().await;
        assert!(stage.is_answering().await);
        let used = stage
            .world()
            .look(|state| state.rest_faults.iter().all(|fault| fault.times == 0));
        assert!(used, "serenity asked, and was not answered");
    })
    .await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_gateway_that_is_away() {
    run(async |stage| {
        stage
            .world()
            .with(|state| state.connections_to_refuse = 1_000);
        stage.world().drop_sockets(None);
        stage.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_interaction_that_cannot_be_read_is_counted_and_the_bot_lives_on() {
    run(async |stage| {
        let payload =
            serde_json::json!({"id": "1", "type": 2, "token": "made-up", "data": {"name": "ask"}});
        stage.world().emit_raw("INTERACTION_CREATE", &payload);
        assert!(stage.is_answering().await);
        assert_eq!(stage.dropped().await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_interaction_behind_a_cut_connection_is_answered_after_the_resume() {
    run(async |stage| {
        let mia = stage.mia();
        stage.world().drop_sockets(None);
        let asked = mia.starts("/ask prompt:count");
        assert!(mia.sees(asked).await.contains("\none two"));
        assert_eq!(
            stage
                .world()
                .look(|state| (state.identifies, state.resumes)),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_discord_wants_renewed_loses_nothing() {
    run(async |stage| {
        let mia = stage.mia();
        stage.world().ask_to_reconnect();
        let asked = mia.starts("/ask prompt:count");
        assert!(mia.sees(asked).await.contains("\none two"));
        stage
            .world()
            .until(|state| (state.resumes == 1).then_some(()))
            .await;
        assert!(mia.runs("/ask prompt:count").await.contains("\none two"));
        assert_eq!(stage.world().look(|state| state.identifies), 1);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_discord_forgot_is_started_anew() {
    run(async |stage| {
        stage.world().drop_sockets(Some(4_000));
        stage.world().with(|state| state.sessions.clear());
        stage
            .world()
            .until(|state| (state.identifies == 2).then_some(()))
            .await;
        assert!(stage.is_answering().await);
    })
    .await;
}

#[tokio::test]
async fn limits_and_errors_of_discord_are_waited_out() {
    run(async |stage| {
        let mia = stage.mia();
        stage.world().with(|state| {
            state.rest_faults.push(fault("PATCH", "/webhooks/", 429, 2));
            state.rest_faults.push(fault("POST", "/callback", 429, 1));
            state.rest_faults.push(fault("PATCH", "/webhooks/", 500, 1));
        });
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("nine ten\n-# Groq")
        );
        assert!(mia.runs("/keys list").await.contains("Your keys"));
    })
    .await;
}

#[tokio::test]
async fn a_bucket_is_never_run_over() {
    run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(4));
        // Edits ten times a second are more than the bucket takes; the
        // limiter spreads them out, and Discord never has to say no.
        assert!(
            stage
                .mia()
                .runs("/ask prompt:a long answer")
                .await
                .contains("tokens in")
        );
        assert_eq!(stage.world().look(|state| state.too_many), 0);
    })
    .await;
}

#[tokio::test]
async fn an_ask_that_a_restart_cuts_off_says_so() {
    let timeouts = Timeouts {
        first_byte: Duration::from_mins(1),
        ..Setup::default().timeouts
    };
    run_with(
        Setup {
            timeouts,
            ..Setup::default()
        },
        async |stage| {
            stage.fails(
                "groq",
                ProviderFault::SlowFirstByte(Duration::from_secs(50)),
            );
            let mia = stage.mia();
            let id = mia.starts("/ask prompt:count");
            stage
                .world()
                .until(|state| {
                    state
                        .messages
                        .iter()
                        .find(|m| m.interaction == Some(id))
                        .map(|_| ())
                })
                .await;
            stage.stop().await;
            assert_snapshot!(mia.reads_channel(), @"
            (only you) > count

            I am being restarted and could not finish. Please ask again in a minute.
            ");
        },
    )
    .await;
}

#[tokio::test]
async fn a_command_in_an_old_form_is_answered() {
    run(async |stage| {
        // What a client still shows that has not heard of the new commands.
        stage.world().with(|state| {
            state.commands[0]["options"] = serde_json::json!([
                {"name": "text", "type": 3, "description": "as it was", "required": true},
            ]);
        });
        assert_snapshot!(stage.mia().runs("/ask text:count").await, @"(only you) Your Discord sent this command in an old form, so nothing was done. Reload Discord (Ctrl+R, or restart the app) and type it again.");
    })
    .await;
}
