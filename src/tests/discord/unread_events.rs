//! What Discord sends and serenity cannot read is read from its raw form, or
//! counted and told.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::discord_gateway::unread;
use crate::tests::{Stage, good, run};

/// A mention by mia, as Discord would send it.
fn mention(stage: &Stage, words: &str) -> Value {
    let (channel, server, bot) = stage.world().look(|state| {
        let channel = state.channels.iter().find(|c| c.name == "general").unwrap();
        (channel.id, channel.server.unwrap(), state.application)
    });
    let bot = json!({"id": bot.to_string(), "username": "Latchkey", "discriminator": "0000", "bot": true});
    json!({
        "id": "1450000000000000000", "channel_id": channel.to_string(), "guild_id": server.to_string(),
        "author": {"id": stage.scene.member.to_string(), "username": "mia", "discriminator": "0", "global_name": "Mia"},
        "content": format!("<@{}> {words}", bot["id"].as_str().unwrap()),
        "timestamp": "2026-11-27T12:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [bot], "mention_roles": [], "attachments": [],
        "embeds": [], "pinned": false, "type": 0, "flags": 0, "components": [],
    })
}

#[tokio::test]
async fn a_message_that_can_only_be_read_in_part_is_answered_and_counted() {
    run(async |stage| {
        let parts = [
            (
                "embeds",
                json!([{"title": "Disk full", "video": {"height": 3}}]),
            ),
            (
                "components",
                json!([{"type": 1, "components": [{"type": 99}]}]),
            ),
            ("poll", json!({"question": 3})),
            ("application", json!({"id": "9", "name": "a"})),
        ];
        let before = unread(stage, "message", "read").await;
        for (number, (field, value)) in parts.into_iter().enumerate() {
            let words = format!("count number {number}");
            let mut message = mention(stage, &words);
            message[field] = value;
            message["id"] = json!((1_450_000_000_000_000_000 + number).to_string());
            stage.world().emit_raw("MESSAGE_CREATE", &message);
            let answered = |state: &latchkey_emulator::WorldState| {
                let calls = state.providers.calls.iter();
                let mut asked = calls.filter(|call| call.body.to_string().contains(&words));
                asked.next().map(|_| ())
            };
            stage.world().until(answered).await;
        }
        stage.app().await.idle().await;
        assert!(unread(stage, "message", "read").await >= before + 4);
        // Nobody knows where this one was said, or by whom.
        stage
            .world()
            .emit_raw("MESSAGE_CREATE", &json!({"content": "made-up"}));
        assert!(stage.is_answering().await);
        assert!(unread(stage, "message", "dropped").await >= 1);
    })
    .await;
}

#[tokio::test]
async fn an_interaction_that_lacks_something_is_answered_all_the_same() {
    run(async |stage| {
        let mia = stage.mia();
        for field in ["locale", "entitlements", "attachment_size_limit"] {
            stage.world().with(|state| state.gateway.fields_left_out = vec![field]);
            assert!(mia.runs("/ask prompt:count").await.contains("\none two"), "{field}");
            // A command, its form, and a press.
            let added = mia.adds("openai", "user", &good("openai")).await;
            assert!(added.contains("OpenAI"), "{added}");
            mia.runs("/keys remove provider:openai scope:user").await;
            let removed = mia.presses("Remove").await;
            assert!(removed.contains("OpenAI"), "{removed}");
        }
        stage.world().with(|state| state.gateway.fields_left_out = vec!["data"]);
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"(only you) Discord sent this in a form that I can't read, so nothing was done. Please try it another way; whoever runs me finds a line in the log, and an update may help.");
        assert_eq!(stage.dropped().await, 1);
    })
    .await;
}
