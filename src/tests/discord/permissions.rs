//! Channels in which the bot may not do everything: Discord refuses, with its
//! codes, and whoever asked hears of it all the same.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::{ChannelRules, PrivateThread, permission};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::emulated::outcome;
use crate::tests::{Actor, Stage, bot_wrote, run};

/// A call of the bot's with its own token: status and code.
async fn calls(stage: &Stage, method: Method, path: &str, body: Option<Value>) -> (u16, u64) {
    let token = stage.world().look(|state| state.bot_token.clone());
    let url = format!("{}{path}", stage.scene.emulator.discord_api());
    let client = Client::builder().no_proxy().build().unwrap();
    let mut call = client
        .request(method, url)
        .header("authorization", format!("Bot {token}"));
    if let Some(body) = body {
        call = call.json(&body);
    }
    outcome(call.send().await.unwrap()).await
}

async fn posts(stage: &Stage, channel: u64, body: Value) -> (u16, u64) {
    let path = format!("/channels/{channel}/messages");
    calls(stage, Method::POST, &path, Some(body)).await
}

/// A thread under a message of somebody's.
fn opens_thread(stage: &Stage, actor: &Actor<'_>) -> u64 {
    let said = actor.writes("a subject", None);
    stage.world().open_thread(said, "a thread").unwrap()
}

/// What the bot wrote to somebody directly, once it is done.
async fn reads_directly(stage: &Stage, actor: &Actor<'_>) -> String {
    stage.app().await.idle().await;
    actor.directly().reads_channel()
}

#[tokio::test]
async fn discord_refuses_by_channel_permission() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.with(|state| state.limits = false);
        let general = mia.channel;
        let hello = json!({"content": "hello"});
        assert_eq!(posts(stage, general, hello.clone()).await, (200, 0));
        let own = mia.newest();
        let said = mia.writes("a question", None);
        let reply =
            json!({"content": "hello", "message_reference": {"message_id": said.to_string()}});
        let embed = json!({"embeds": [{"title": "hello"}]});
        let history = format!("/channels/{general}/messages");
        let one = format!("{history}/{own}");
        let typing = format!("/channels/{general}/typing");

        world.deny_bot(general, permission::READ_MESSAGE_HISTORY);
        assert_eq!(posts(stage, general, reply.clone()).await, (403, 160_002));
        assert_eq!(posts(stage, general, hello.clone()).await, (200, 0));
        assert_eq!(calls(stage, Method::GET, &history, None).await, (200, 0));
        assert_eq!(calls(stage, Method::GET, &one, None).await, (403, 50_013));
        world.allow_bot(general, permission::READ_MESSAGE_HISTORY);
        assert_eq!(posts(stage, general, reply).await, (200, 0));

        world.deny_bot(general, permission::EMBED_LINKS);
        assert_eq!(posts(stage, general, embed.clone()).await, (403, 50_013));
        world.allow_bot(general, permission::EMBED_LINKS);
        assert_eq!(posts(stage, general, embed).await, (200, 0));

        world.deny_bot(general, permission::SEND_MESSAGES);
        assert_eq!(posts(stage, general, hello.clone()).await, (403, 50_013));
        assert_eq!(
            calls(stage, Method::POST, &typing, None).await,
            (403, 50_013)
        );
        // What it wrote before it may still change.
        let edit = calls(stage, Method::PATCH, &one, Some(hello.clone())).await;
        assert_eq!(edit, (200, 0));
        world.allow_bot(general, permission::SEND_MESSAGES);

        world.deny_bot(general, permission::VIEW_CHANNEL);
        assert_eq!(posts(stage, general, hello.clone()).await, (403, 50_001));
        assert_eq!(
            calls(stage, Method::GET, &history, None).await,
            (403, 50_001)
        );
        let channel = format!("/channels/{general}");
        assert_eq!(
            calls(stage, Method::GET, &channel, None).await,
            (403, 50_001)
        );
        world.allow_bot(general, permission::VIEW_CHANNEL);

        world.time_out_bot(stage.scene.server, true);
        assert_eq!(posts(stage, general, hello.clone()).await, (403, 50_013));
        assert_eq!(calls(stage, Method::GET, &history, None).await, (200, 0));
        world.time_out_bot(stage.scene.server, false);

        assert_eq!(
            posts(stage, general, json!({"content": " "})).await,
            (400, 50_006)
        );
        let lobby = stage.zoe().channel;
        assert_eq!(posts(stage, lobby, hello.clone()).await, (403, 50_001));
        assert_eq!(posts(stage, 7, hello).await, (404, 10_003));
    })
    .await;
}

#[tokio::test]
async fn discord_has_rules_for_threads_and_direct_messages() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.with(|state| state.limits = false);
        let thread = opens_thread(stage, &mia);
        let hello = json!({"content": "hello"});
        // Send Messages counts for nothing in a thread.
        world.deny_bot(mia.channel, permission::SEND_MESSAGES);
        assert_eq!(posts(stage, thread, hello.clone()).await, (200, 0));
        world.deny_bot(mia.channel, permission::SEND_IN_THREADS);
        assert_eq!(posts(stage, thread, hello.clone()).await, (403, 50_013));
        world.allow_bot(
            mia.channel,
            permission::SEND_IN_THREADS | permission::SEND_MESSAGES,
        );

        let own = mia.in_thread(thread).newest();
        let one = format!("/channels/{thread}/messages/{own}");
        world.change_channel(thread, |rules| rules.archived = true);
        let edit = calls(stage, Method::PATCH, &one, Some(hello.clone())).await;
        assert_eq!(edit, (400, 50_083));
        assert_eq!(posts(stage, thread, hello.clone()).await, (200, 0));
        let edit = calls(stage, Method::PATCH, &one, Some(hello.clone())).await;
        assert_eq!(edit, (200, 0), "writing took it out of the archive");
        world.change_channel(thread, |rules| rules.locked = true);
        assert_eq!(posts(stage, thread, hello.clone()).await, (403, 160_005));
        world.change_channel(thread, |rules| *rules = ChannelRules::default());

        let private = |has_bot| Some(PrivateThread { has_bot });
        world.change_channel(thread, |rules| rules.private = private(false));
        assert_eq!(posts(stage, thread, hello.clone()).await, (403, 50_001));
        world.change_channel(thread, |rules| rules.private = private(true));
        assert_eq!(posts(stage, thread, hello.clone()).await, (200, 0));

        world.with(|state| state.closed_to_bot.push(mia.person));
        let direct = mia.directly().channel;
        assert_eq!(posts(stage, direct, hello).await, (403, 50_007));
    })
    .await;
}

#[tokio::test]
async fn foreign_emojis_are_shown_as_text_and_no_message_is_refused_for_them() {
    run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        world.deny_bot(mia.channel, permission::USE_EXTERNAL_EMOJIS);
        let said = json!({"content": "so <:happy:123> or <a:wild:4> but <b> and <:x"});
        assert_eq!(posts(stage, mia.channel, said).await, (200, 0));
        assert_eq!(mia.reads_channel(), "so :happy: or :wild: but <b> and <:x");
    })
    .await;
}

#[tokio::test]
async fn where_the_bot_may_not_write_nobody_is_asked_and_the_asker_hears_of_it() {
    run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        let thread = opens_thread(stage, &mia);
        let in_thread = mia.in_thread(thread);
        let server = stage.scene.server;
        let deny = |permissions| world.deny_bot(mia.channel, permissions);
        let allow = |permissions| world.allow_bot(mia.channel, permissions);
        let mut told = String::new();
        for way in ["send", "timed out", "threads", "locked"] {
            let asks_in = match way {
                "send" | "timed out" => &mia,
                _ => &in_thread,
            };
            match way {
                "send" => deny(permission::SEND_MESSAGES),
                "timed out" => world.time_out_bot(server, true),
                "threads" => deny(permission::SEND_IN_THREADS),
                _ => world.change_channel(thread, |rules| rules.locked = true),
            }
            asks_in.writes("@Latchkey count", None);
            let direct = mia.directly().channel;
            let before = told.len();
            let newest = world.until(|state| {
                let all = state.messages.iter().filter(|m| m.channel == direct);
                let all: String = all.map(|m| m.content.clone() + "\n").collect();
                (all.len() > before).then_some(all)
            });
            told = newest.await;
            match way {
                "send" => allow(permission::SEND_MESSAGES),
                "timed out" => world.time_out_bot(server, false),
                "threads" => allow(permission::SEND_IN_THREADS),
                _ => world.change_channel(thread, |rules| rules.locked = false),
            }
        }
        assert_eq!(told.lines().count(), 4, "{told}");
        assert_snapshot!(stage.readable(&told), @"
        I may not write in <#general>, so I did not answer you there. Whoever manages the server can allow it (View Channel and Send Messages, in threads Send Messages in Threads), or ask me elsewhere.
        A moderator has timed me out in that server until <t:4070908800:f>, so I did not answer you in <#general>. Its moderators can end that sooner, or ask me elsewhere.
        I may not write in <#a thread>, so I did not answer you there. Whoever manages the server can allow it (View Channel and Send Messages, in threads Send Messages in Threads), or ask me elsewhere.
        The thread <#a thread> is locked, so I did not answer you there. Whoever manages the server's threads can unlock it, or ask me elsewhere.
        ");
        assert_eq!(stage.keys_that_paid("groq").len(), 0);
        let refused = world.look(|state| state.calls.iter().any(|call| call.status >= 400));
        assert!(!refused, "what is forbidden is not even tried");
        // And where it may again, it answers.
        assert!(mia.says("@Latchkey count").await.contains("nine ten\n-# Groq"));
        assert!(in_thread.says("@Latchkey count").await.contains("nine ten\n-# Groq"));
    })
    .await;
}

#[tokio::test]
async fn commands_are_answered_where_the_bot_may_not_write() {
    run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        let all = permission::SEND_MESSAGES | permission::ATTACH_FILES | permission::EMBED_LINKS;
        world.deny_bot(mia.channel, all | permission::VIEW_CHANNEL);
        world.time_out_bot(stage.scene.server, true);
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("nine ten\n-# Groq")
        );
        let endless = mia.runs("/ask prompt:endless").await;
        assert!(
            endless.contains("[answer.md: The whole answer]"),
            "{endless}"
        );
        assert!(mia.runs("/keys list").await.contains("Your keys"));
    })
    .await;
}

#[tokio::test]
async fn an_answer_comes_plainly_where_the_bot_may_not_reply() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.deny_bot(mia.channel, permission::READ_MESSAGE_HISTORY);
        mia.writes("@Latchkey a long answer", None);
        world
            .until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.content.contains("-# Groq")).map(|_| ())
            })
            .await;
        stage.app().await.idle().await;
        let seen = mia.reads_channel();
        assert!(seen.contains("Here is a long answer."));
        assert!(
            seen.contains("That was the long answer.\n-# Groq"),
            "{seen}"
        );
        assert!(!seen.contains("[Stop]"));
        assert_eq!(stage.keys_that_paid("groq").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_answer_whose_file_is_refused_keeps_its_beginning_and_its_end() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.deny_bot(mia.channel, permission::ATTACH_FILES);
        let seen = mia.says("@Latchkey endless").await;
        assert_snapshot!(seen.lines().rev().take(2).collect::<Vec<_>>().join("\n"), @"
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 2578 out · $0.00078
        -# This is the beginning; the rest could not be attached here, so whoever asked has the whole answer directly.
        ");
        assert_snapshot!(reads_directly(stage, &mia).await, @"
        The whole answer from <#general>: it could not be attached there.
        [answer.md: The whole answer]
        ");
        world.with(|state| state.closed_to_bot.push(mia.person));
        let seen = mia.says("@Latchkey endless").await;
        assert!(seen.contains("the rest could not be attached"), "{seen}");
        assert!(!seen.contains("[Stop]"));
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_turns_out_to_be_closed_stops_the_model() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        world.with(|state| {
            state.providers.pace = Duration::from_millis(200);
            // Discord takes the sign that somebody writes, and no message:
            // a forum post whose first message is missing.
            state.rest_faults.push(crate::tests::rest_fault(
                ("POST", "/messages"),
                latchkey_emulator::RestTrouble::Refused(400, 40_058),
                1,
            ));
        });
        mia.writes("@Latchkey count", None);
        let direct = mia.directly().channel;
        world
            .until(|state| {
                state
                    .messages
                    .iter()
                    .find(|m| m.channel == direct)
                    .map(|_| ())
            })
            .await;
        assert!(
            reads_directly(stage, &mia)
                .await
                .starts_with("I may not write in <#general>")
        );
        assert_eq!(bot_wrote(stage, mia.channel), "");
    })
    .await;
}

/// Asks, and waits until the answer grows.
async fn grows(stage: &Stage, actor: &Actor<'_>) -> u64 {
    let world = stage.world();
    world.with(|state| state.providers.pace = Duration::from_millis(200));
    let asked = actor.writes("@Latchkey count", None);
    world
        .until(|state| {
            let mut all = state.messages.iter();
            all.find(|m| m.channel == actor.channel && m.is_bots())
                .map(|_| ())
        })
        .await;
    asked
}

#[tokio::test]
async fn a_channel_that_is_hidden_in_mid_answer_stops_the_model_after_one_refused_edit() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        grows(stage, &mia).await;
        world.deny_bot(mia.channel, permission::VIEW_CHANNEL);
        let direct = mia.directly().channel;
        let told = |state: &latchkey_emulator::WorldState| {
            let mut all = state.messages.iter();
            all.find(|m| m.channel == direct).map(|_| ())
        };
        world.until(told).await;
        let told = reads_directly(stage, &mia).await;
        assert!(
            told.starts_with("I could not show you this in <#"),
            "{told}"
        );
        assert!(told.contains("one") && !told.contains("ten"), "{told}");
        let refused = world.look(|state| {
            let edits = state.calls.iter().filter(|call| call.method == "PATCH");
            edits.filter(|call| call.status == 403).count()
        });
        // One while it grew, and its last.
        assert_eq!(refused, 2);
    })
    .await;
}

#[tokio::test]
async fn an_answer_grows_on_where_the_bot_may_write_no_more() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        let asked = grows(stage, &mia).await;
        world.deny_bot(mia.channel, permission::SEND_MESSAGES);
        let seen = mia.sees_reply(asked).await;
        assert!(seen.contains("nine ten\n-# Groq"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_removes_the_bot_in_mid_answer_stops_the_model() {
    run(async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        grows(stage, &mia).await;
        stage.world().remove_bot(stage.scene.server, false);
        mia.directly().runs("/keys list").await;
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.as_deref()).collect();
        assert!(!outcomes.contains(&Some("answered")), "{outcomes:?}");
    })
    .await;
}

#[tokio::test]
async fn a_thread_that_is_put_away_for_good_takes_no_answer_and_nobody_pays() {
    run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        let thread = opens_thread(stage, &mia);
        world.change_channel(thread, |rules| {
            rules.archived = true;
            rules.locked = true;
        });
        let asked = mia.in_thread(thread).starts("/ask prompt:count");
        world
            .until(|state| {
                let mut calls = state.calls.iter();
                calls.find(|call| call.status == 400).map(|_| ())
            })
            .await;
        stage.app().await.idle().await;
        let acknowledged = world.look(|state| {
            let mut all = state.interactions.iter();
            all.find(|i| i.id == asked).unwrap().acknowledged
        });
        assert!(acknowledged.is_none());
        assert_eq!(stage.keys_that_paid("groq").len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_lets_nobody_bring_apps_shows_what_they_say_to_the_caller_alone() {
    run(async |stage| {
        let (world, zoe) = (stage.world(), stage.zoe());
        world.with(|state| {
            let elsewhere = state.servers.iter_mut().find(|s| !s.installed).unwrap();
            for role in &mut elsewhere.roles {
                role.permissions &= !permission::USE_EXTERNAL_APPS;
            }
        });
        let seen = zoe.runs("/ask prompt:count").await;
        assert!(seen.starts_with("(only you) "), "{seen}");
        assert!(seen.contains("nine ten\n-# Groq"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_mention_where_the_bot_was_not_added_reaches_nobody() {
    run(async |stage| {
        let mia = stage.mia();
        stage
            .world()
            .with(|state| state.servers[0].installed = false);
        let asked = mia.writes("@Latchkey count", None);
        stage.app().await.idle().await;
        let newest = stage
            .world()
            .look(|state| state.messages.last().map(|it| it.id));
        assert_eq!(newest, Some(asked));
        assert!(stage.keys_that_paid("groq").is_empty());
    })
    .await;
}
