//! Discord's gateway as it is on a bad day: closed connections, dead ones,
//! sessions that are over, frames that nobody can read.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use insta::assert_snapshot;
use latchkey_emulator::{SessionStarts, World};
use serde_json::json;

use crate::tests::process::{changed, run as run_process, world};
use crate::tests::program::Program;
use crate::tests::{Setup, Stage, run, run_with};

/// How often a heartbeat is wanted where a test waits for one.
const HEARTBEAT: Duration = Duration::from_millis(300);

/// Something that goes wrong in a world.
type Interruption = Box<dyn Fn(&World)>;
type SessionEnd = fn(&World);

/// How many sessions began, and how many were resumed.
fn sessions(stage: &Stage) -> (u32, u32) {
    stage
        .world()
        .look(|state| (state.identifies, state.resumes))
}

/// Starts the bot again in a world that was changed.
async fn start_again(stage: &Stage, change: impl FnOnce(&World)) {
    stage.stop().await;
    change(stage.world());
    stage.start().await;
}

/// Lets interactions be answered however long it takes to connect again.
fn wait_for_answer(stage: &Stage) {
    stage.world().with(|state| {
        for interaction in &mut state.interactions {
            interaction.created = Instant::now() + Duration::from_mins(1);
        }
    });
}

/// What goes wrong with a connection whose session goes on.
fn interruptions() -> Vec<(String, Interruption)> {
    let codes = [1_000, 1_001, 4_000, 4_001, 4_002, 4_005, 4_008, 4_999];
    let mut all: Vec<(String, Interruption)> = Vec::new();
    for code in codes {
        let close = move |world: &World| world.drop_sockets(Some(code));
        all.push((code.to_string(), Box::new(close)));
    }
    all.push((
        "no code".into(),
        Box::new(World::close_sockets_without_code),
    ));
    all.push(("cut off".into(), Box::new(|world| world.drop_sockets(None))));
    all.push(("reconnect".into(), Box::new(World::ask_to_reconnect)));
    all.push((
        "invalid, resumable".into(),
        Box::new(|world| world.invalidate_sessions(true)),
    ));
    let refused = |world: &World| {
        world.with(|state| state.connections_to_refuse = 3);
        world.drop_sockets(None);
    };
    all.push(("an outage".into(), Box::new(refused)));
    let at_resume = |world: &World| {
        world.with(|state| state.gateway.resumes_to_close.extend([4_000, 1_001]));
        world.drop_sockets(Some(4_000));
    };
    all.push(("closed again while it resumes".into(), Box::new(at_resume)));
    all.push(("a cut cable".into(), Box::new(World::silence_sockets)));
    all
}

#[tokio::test]
async fn whatever_interrupts_a_connection_the_session_goes_on_and_nothing_is_lost() {
    run(async |stage| {
        start_again(stage, |world| {
            world.with(|state| state.gateway.heartbeat_interval = HEARTBEAT);
        })
        .await;
        let mia = stage.mia();
        let (began, _) = sessions(stage);
        for (what, interrupt) in interruptions() {
            // What it hangs at, if it does.
            println!("{what}");
            let (_, before) = sessions(stage);
            interrupt(stage.world());
            let asked = mia.starts("/keys list");
            wait_for_answer(stage);
            assert!(mia.sees(asked).await.contains("None yet"), "{what}");
            let (now, resumed) = sessions(stage);
            assert!(
                now == began && resumed > before,
                "{what}: {now} sessions, {resumed} resumed"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn heartbeats_without_an_answer_end_the_connection_and_not_the_session() {
    run(async |stage| {
        start_again(stage, |world| {
            world.with(|state| {
                state.gateway.heartbeat_interval = HEARTBEAT;
                state.gateway.answers_heartbeats = false;
            });
        })
        .await;
        let (began, _) = sessions(stage);
        let resumed_twice =
            |state: &latchkey_emulator::WorldState| (state.resumes >= 2).then_some(());
        stage.world().until(resumed_twice).await;
        stage
            .world()
            .with(|state| state.gateway.answers_heartbeats = true);
        assert!(stage.is_answering().await);
        assert_eq!(sessions(stage).0, began);
    })
    .await;
}

/// What ends a session, or keeps one from beginning at first. serenity takes
/// five seconds over a new one, so all of them are tried at the same time.
fn endings() -> Vec<(&'static str, SessionEnd)> {
    vec![
        ("4003", |world| world.drop_sockets(Some(4_003))),
        ("4007", |world| world.drop_sockets(Some(4_007))),
        ("4009", |world| world.drop_sockets(Some(4_009))),
        ("invalid", |world| world.invalidate_sessions(false)),
        ("4007 while it resumes", |world| {
            world.with(|state| state.gateway.resumes_to_close.push_back(4_007));
            world.drop_sockets(None);
        }),
        (
            "a gateway that takes connections and says nothing",
            |world| {
                world.with(|state| state.gateway.silent_connections = 1);
                world.drop_sockets(Some(4_009));
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_is_followed_by_one_other() {
    let tries = endings().into_iter().map(async |(what, end)| {
        run(async |stage| {
            end(stage.world());
            let asked_before = stage.app().await.shards.count();
            assert_eq!(asked_before.all, 1);
            stage
                .world()
                .until(|state| (state.identifies == 2).then_some(()))
                .await;
            let answer = stage.mia().runs("/ask prompt:count").await;
            assert!(answer.contains("\none two"), "{what}");
            assert_eq!(sessions(stage).0, 2, "{what}");
        })
        .await;
    });
    join_all(tries).await;
}

/// The codes after which nobody is let in, and what the operator reads.
#[tokio::test]
async fn a_code_that_lets_nobody_in_ends_the_bot_with_a_next_step() {
    let mut seen = Vec::new();
    for code in [4_004, 4_010, 4_011, 4_012, 4_013, 4_014] {
        run(async |stage| {
            // In the middle of everything, and when it would go on.
            stage.world().drop_sockets(Some(code));
            let words = stage.ends().await;
            assert_eq!(sessions(stage).0, 1, "{code}: it came back");
            stage.start().await;
            stage
                .world()
                .with(|state| state.gateway.resumes_to_close.push_back(code));
            stage.world().drop_sockets(None);
            assert_eq!(stage.ends().await, words);
            assert_eq!(sessions(stage).0, 2, "{code}: it came back");
            seen.push(words);
        })
        .await;
    }
    assert_snapshot!(seen.join("\n"), @"
    Discord does not accept `DISCORD_TOKEN` any more (401, close code 4004): it was reset, or the bot was removed; copy the token from https://discord.com/developers/applications (Bot, Reset Token), and start again with it
    Discord knows no such shard (close code 4010): shards are counted from 0, so the largest of `--shards A-B/TOTAL` is TOTAL - 1; correct `--shards`, with the same TOTAL for all processes, and start again
    the bot is in too many servers for so few shards (close code 4011): Discord takes at most 2,500 servers a shard; raise the total in `--shards A-B/TOTAL` for all processes, to one shard for every 1,000 servers, and start again
    Discord no longer speaks version 10 of its gateway (close code 4012), and this program speaks no other: update Latchkey
    Discord does not know one of the intents that this program asks for (close code 4013): update Latchkey
    Discord has not granted this bot the intent Message Content (close code 4014): switch it on at https://discord.com/developers/applications (Bot, Privileged Gateway Intents), or set `discord.message_content = false`, and start again
    ");
}

#[tokio::test]
async fn a_token_that_dies_ends_the_bot_wherever_that_shows_first() {
    run(async |stage| {
        stage.expects_refusals();
        stage.world().reset_token();
        let closed = stage.ends().await;
        assert!(closed.contains("`DISCORD_TOKEN`"), "{closed}");
    })
    .await;
    run(async |stage| {
        stage.expects_refusals();
        // A call that is refused by mistake ends nothing.
        stage.world().with(|state| {
            let refused = latchkey_emulator::RestTrouble::Refused(401, 0);
            let fault = crate::tests::rest_fault(("POST", "/typing"), refused, 1);
            state.rest_faults.push(fault);
        });
        let mia = stage.mia();
        assert!(mia.says("@Latchkey count").await.contains("one two"));
        assert!(mia.runs("/ask prompt:count").await.contains("\none two"));
        // The gateway may say nothing of it.
        stage.world().with(|state| state.bot_token.push_str("-new"));
        mia.writes("@Latchkey count", None);
        let refused = stage.ends().await;
        assert!(refused.contains("`DISCORD_TOKEN`"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn sessions_begin_only_where_discord_allows_more_of_them() {
    run(async |stage| {
        let token = stage.world().look(|state| state.bot_token.clone());
        let reset_at = Instant::now() + Duration::from_millis(400);
        start_again(stage, |world| {
            world.with(|state| {
                state.gateway.starts = SessionStarts {
                    remaining: 0,
                    reset_at: Some(reset_at),
                    total: 1_000,
                };
            });
        })
        .await;
        assert!(Instant::now() >= reset_at);
        assert_eq!(sessions(stage).0, 2);
        let after = stage.world().look(|state| state.bot_token.clone());
        assert_eq!(after, token, "Discord reset it");
        assert!(stage.is_answering().await);
    })
    .await;
}

/// Frames that nobody can read, each as text or as bytes.
const GARBAGE: [&str; 12] = [
    "",
    "made-up",
    "[]",
    "null",
    "{\"op\":0}",
    "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":null,\"d\":{}}",
    "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":7,\"d\":{",
    "{\"op\":10,\"d\":{}}",
    "{\"op\":9}",
    "{\"op\":77,\"d\":null}",
    "{\"op\":\"0\"}",
    "\u{0}\u{feff}",
];

#[tokio::test]
async fn frames_that_cannot_be_read_are_counted_and_cost_nothing_else() {
    run(async |stage| {
        let began = sessions(stage);
        for garbage in GARBAGE {
            stage.world().send_frame(garbage);
            stage.world().send_bytes(garbage.as_bytes());
        }
        // As if it were compressed, and is not.
        stage.world().send_bytes(&[0x78, 0x9c, 1, 2, 3]);
        // Deeper than JSON is read, and an event of no kind that is known.
        let deep = format!(
            "{{\"op\":0,\"t\":\"NOBODY_KNOWS\",\"s\":1,\"d\":{}{}}}",
            "[".repeat(300),
            "]".repeat(300)
        );
        stage.world().send_frame(&deep);
        stage.world().emit_raw("NOBODY_KNOWS", &json!({"id": 3}));
        let mia = stage.mia();
        assert!(mia.runs("/ask prompt:count").await.contains("\none two"));
        assert_eq!(sessions(stage), began);
        let counted = unread(stage, "frame", "dropped").await;
        assert!(
            counted >= u64::try_from(GARBAGE.len() * 2 + 1).unwrap(),
            "{counted}"
        );
    })
    .await;
}

/// How many events could not be read by now, in all tests of this process.
pub async fn unread(stage: &Stage, what: &str, then: &str) -> u64 {
    let operator = Program::of(stage, &stage.omar(), "scopes:chat,usage:read").await;
    let metrics = operator.gets("/metrics").await.text;
    let start = "latchkey_discord_unread_total{";
    let lines = metrics.lines().filter(|line| line.starts_with(start));
    let found = lines.filter(|line| {
        line.contains(&format!("\"{what}\"")) && line.contains(&format!("\"{then}\""))
    });
    found
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// What `serve` says when it ends.
async fn last_words(change: impl FnOnce(&World), variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (scene, mut all) = world(folder.path()).await;
    for (name, value) in variables {
        all = changed(&all, name, Some(value));
    }
    change(&scene.emulator.world);
    let output = run_process("serve", &all).await;
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let began = scene.emulator.world.look(|state| state.identifies);
    assert!(began <= 1, "{began} sessions: {told}");
    let last = told.lines().find(|line| line.starts_with("error: "));
    last.unwrap_or(&told).to_owned()
}

#[tokio::test]
async fn serve_says_why_discord_does_not_let_it_in() {
    let content = [("LATCHKEY_DISCORD__MESSAGE_CONTENT", "true")];
    let ungranted = |world: &World| {
        world.with(|state| state.gateway.grants_message_content = false);
    };
    let reset = |world: &World| {
        world.with(|state| state.gateway.identifies_to_close.push_back(4_004));
    };
    let small = |world: &World| world.with(|state| state.gateway.servers_per_shard = 0);
    let said = [
        last_words(ungranted, &content).await,
        last_words(reset, &[]).await,
        last_words(small, &[]).await,
    ];
    assert_snapshot!(said.join("\n"), @"
    error: Discord has not granted this bot the intent Message Content (close code 4014): switch it on at https://discord.com/developers/applications (Bot, Privileged Gateway Intents), or set `discord.message_content = false`, and start again
    error: Discord does not accept `DISCORD_TOKEN` any more (401, close code 4004): it was reset, or the bot was removed; copy the token from https://discord.com/developers/applications (Bot, Reset Token), and start again with it
    error: the bot is in too many servers for so few shards (close code 4011): Discord takes at most 2,500 servers a shard; raise the total in `--shards A-B/TOTAL` for all processes, to one shard for every 1,000 servers, and start again
    ");
}

#[tokio::test]
async fn serve_with_the_intent_granted_reads_what_is_said() {
    let setup = Setup {
        config: "message_content = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let intents = stage.world().look(|state| state.sessions[0].intents);
        assert_ne!(intents & (1 << 15), 0);
    })
    .await;
}
