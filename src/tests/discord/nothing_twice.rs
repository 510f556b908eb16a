//! What comes twice is answered once; what is deleted is worked on no more;
//! and a mention can come later.

use std::time::Duration;

use latchkey_emulator::Webhook;
use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::tests::stage::{self, Stage};

/// How many messages the bot has written.
fn written(stage: &Stage) -> usize {
    let is_bots = |state: &latchkey_emulator::WorldState| {
        state.messages.iter().filter(|m| m.is_bots()).count()
    };
    stage.world().look(is_bots)
}

/// Waits until an answer of the bot's stands in the channel; its id.
async fn growing(stage: &Stage) -> u64 {
    let found = stage.world().until(|state| {
        let shown = state
            .messages
            .iter()
            .rev()
            .find(|m| m.is_bots() && !m.loading);
        shown.map(|m| m.id)
    });
    found.await
}

/// Waits until the provider is asked.
async fn asked(stage: &Stage) {
    let calls = stage.world().until(|state| {
        let mut calls = state.providers.calls.iter();
        calls.find(|call| call.provider == "groq").map(drop)
    });
    calls.await;
}

#[tokio::test]
async fn a_message_that_comes_again_is_answered_once() {
    stage::run(async |stage| {
        let mia = stage.mia();
        for (actor, text) in [(mia, "@Latchkey count"), (mia.directly(), "count")] {
            let before = (stage.calls(), written(stage));
            let message = actor.writes(text, None);
            stage.world().deliver_again(message);
            actor.sees_reply(message).await;
            stage.world().deliver_again(message);
            // Whatever comes of that has come before the next is answered.
            actor.says("@Latchkey thanks").await;
            assert_eq!(
                (stage.calls(), written(stage)),
                (before.0 + 2, before.1 + 2)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_command_that_comes_again_is_run_once() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let id = mia.starts("/ask prompt:count");
        let event = stage.world().look(|state| {
            let sent = state.sessions.iter().flat_map(|session| &session.sent);
            let text = sent
                .map(|(_, text)| text)
                .find(|text| text.contains(&id.to_string()));
            serde_json::from_str::<Value>(text.unwrap()).unwrap()["d"].clone()
        });
        stage.world().emit_raw("INTERACTION_CREATE", &event);
        assert!(mia.sees(id).await.contains("nine ten"));
        mia.runs("/ask prompt:count").await;
        assert_eq!(stage.calls(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_mention_that_is_added_by_editing_is_answered_once() {
    stage::run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        let bot = world.look(|state| state.application);
        let message = mia.writes("count", None);
        // Something about it changes that nobody wrote.
        world.refresh(message);
        world.edit_message(message, &format!("<@{bot}> count"));
        world.edit_message(message, &format!("<@{bot}> count, please"));
        assert!(mia.sees_reply(message).await.contains("nine ten"));
        world.refresh(message);
        world.edit_message(message, &format!("<@{bot}> count!"));
        mia.says("@Latchkey thanks").await;
        assert_eq!((stage.calls(), written(stage)), (2, 2));
        // What had a mention from the start was answered at the start.
        let message = mia.writes("@Latchkey count", None);
        mia.sees_reply(message).await;
        world.edit_message(message, &format!("<@{bot}> count again"));
        mia.says("@Latchkey thanks").await;
        assert_eq!((stage.calls(), written(stage)), (4, 4));
    })
    .await;
}

#[tokio::test]
async fn the_bots_own_role_stands_for_it() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let role = stage.world().look(|state| {
            let mut roles = state.servers[0].roles.iter();
            roles.find(|role| role.is_bots).unwrap().id
        });
        // Discord does not show the words then, unless the bot may read all.
        let seen = mia.says(&format!("<@&{role}> count")).await;
        assert!(seen.contains("mentions me"), "{seen}");
        let regulars = stage.world().look(|state| {
            let mut roles = state.servers[0].roles.iter();
            roles.find(|role| role.name == "regulars").unwrap().id
        });
        mia.writes(&format!("<@&{regulars}> count"), None);
        mia.says("@Latchkey count").await;
        assert_eq!(written(stage), 2);
    })
    .await;
    let setup = stage::Setup {
        config: "message_content = true\n[ask]\nedit_interval_ms = 100\n".into(),
        ..stage::Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let role = stage.world().look(|state| {
            let mut roles = state.servers[0].roles.iter();
            roles.find(|role| role.is_bots).unwrap().id
        });
        let seen = stage.mia().says(&format!("<@&{role}> count")).await;
        assert!(seen.contains("nine ten"), "{seen}");
        // In a server of which no event has told yet.
        let world = stage.world();
        let later = world.add_server("Later", true, &["den"]);
        world.join(later, stage.mia().person, latchkey_emulator::MEMBER);
        let role = world.look(|state| {
            let server = state.servers.iter().find(|server| server.id == later);
            let mut roles = server.unwrap().roles.iter();
            roles.find(|role| role.is_bots).unwrap().id
        });
        let there = stage.mia().in_channel("den");
        let seen = there.says(&format!("<@&{role}> count")).await;
        assert!(seen.contains("nine ten"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn whoever_deletes_a_growing_answer_stops_it() {
    stage::run(async |stage| {
        stage.expects_refusals();
        let (world, mia) = (stage.world(), stage.mia());
        for way in ["alone", "with others", "with its thread", "under a command"] {
            stage.fails("groq", ProviderFault::StallWithComments);
            let start = mia.writes("hello", None);
            let thread = world.open_thread(start, way).unwrap();
            let here = mia.in_thread(thread);
            let before = written(stage);
            if way == "under a command" {
                here.starts("/ask prompt:count");
            } else {
                here.writes("@Latchkey count", None);
            }
            let found = world.until(|state| {
                let mut all = state.messages.iter().rev();
                let grown = all.find(|m| m.is_bots() && m.channel == thread)?;
                (!grown.loading && !grown.content.is_empty()).then_some(grown.id)
            });
            let answer = found.await;
            match way {
                "with others" => world.delete_messages(thread, &[start, answer]),
                "with its thread" => world.delete_thread(thread),
                _ => world.delete_message(answer),
            }
            stage.app().await.idle().await;
            stage.recovers("groq");
            assert_eq!(written(stage), before, "{way}");
        }
        // Each was stopped long before its provider had ended.
        let rows = stage.app().await.audit().await;
        assert_eq!(rows.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn whoever_deletes_their_question_stops_its_answer() {
    stage::run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        stage.fails("groq", ProviderFault::StallWithComments);
        let question = mia.writes("@Latchkey count", None);
        growing(stage).await;
        world.delete_message(question);
        stage.app().await.idle().await;
        let seen = mia.reads_channel();
        assert!(seen.contains("-# The answer stops here."), "{seen}");
        // Where no word has come yet, nothing is left in the channel.
        stage.fails("groq", ProviderFault::SlowFirstByte(Duration::from_secs(3)));
        let before = (stage.calls(), written(stage));
        let question = mia.writes("@Latchkey count", None);
        asked(stage).await;
        world.delete_message(question);
        stage.app().await.idle().await;
        assert_eq!(written(stage), before.1);
    })
    .await;
}

#[tokio::test]
async fn a_question_that_comes_again_from_a_proxy_is_answered_once_under_it() {
    stage::run(async |stage| {
        let (world, mia) = (stage.world(), stage.mia());
        let bot = world.look(|state| state.application);
        let question = mia.writes("@Latchkey count", None);
        world.delete_message(question);
        let ember = Webhook {
            id: 466,
            name: "Ember".into(),
            application: Some(466_378_653_216_014_359),
        };
        let text = format!("<@{bot}> count");
        let copy = world.post_as_webhook(ember, mia.channel, &text, json!({}));
        let seen = mia.sees_reply(copy).await;
        assert!(seen.contains("nine ten"), "{seen}");
        assert_eq!((stage.calls(), written(stage)), (1, 1));
    })
    .await;
}
