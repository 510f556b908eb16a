//! A server removes the bot, or seems to.

use crate::tests::{Stage, good, run};

const DAY_MS: i64 = 86_400_000;

/// Waits until the bot has heard of it: events come in order.
async fn heard(stage: &Stage) {
    stage.mia().directly().runs("/keys list").await;
    stage.app().await.idle().await;
}

async fn servers_key_pays(stage: &Stage) -> bool {
    let seen = stage.mia().runs("/ask prompt:count").await;
    seen.contains("🏠 server key ·")
}

#[tokio::test]
async fn keys_of_a_server_that_removed_the_bot_are_suspended_and_then_deleted() {
    run(async |stage| {
        let server = stage.scene.server;
        let omar = stage.omar();
        omar.adds("openai", "guild", &good("openai")).await;
        assert!(servers_key_pays(stage).await);
        stage.world().remove_bot(server, false);
        heard(stage).await;
        // Back before the time of grace is over: as if nothing had been.
        stage.clock.advance_ms(6 * DAY_MS);
        stage.app().await.sweep().await.unwrap();
        stage.world().add_bot(server);
        heard(stage).await;
        assert!(servers_key_pays(stage).await);

        stage.world().remove_bot(server, false);
        heard(stage).await;
        stage.clock.advance_ms(7 * DAY_MS + 1);
        stage.app().await.sweep().await.unwrap();
        stage.world().add_bot(server);
        heard(stage).await;
        assert!(!servers_key_pays(stage).await);
        let seen = omar.runs("/keys list scope:guild").await;
        assert!(!seen.contains("OpenAI"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn an_outage_is_not_a_removal_and_one_while_we_were_away_is() {
    run(async |stage| {
        let server = stage.scene.server;
        let omar = stage.omar();
        omar.adds("openai", "guild", &good("openai")).await;
        stage.world().remove_bot(server, true);
        heard(stage).await;
        stage.clock.advance_ms(8 * DAY_MS);
        stage.app().await.sweep().await.unwrap();
        stage.world().add_bot(server);
        heard(stage).await;
        assert!(servers_key_pays(stage).await);

        stage.stop().await;
        stage.world().remove_bot(server, false);
        stage.start().await;
        heard(stage).await;
        stage.clock.advance_ms(7 * DAY_MS + 1);
        stage.app().await.sweep().await.unwrap();
        stage.world().add_bot(server);
        heard(stage).await;
        assert!(!servers_key_pays(stage).await);
    })
    .await;
}

/// A server that adds the bot while it is unavailable says its id and no more,
/// which serenity can't read.
#[tokio::test]
async fn a_server_that_is_back_and_unavailable_is_back() {
    run(async |stage| {
        let server = stage.scene.server;
        let omar = stage.omar();
        omar.adds("openai", "guild", &good("openai")).await;
        stage.world().remove_bot(server, false);
        heard(stage).await;
        stage.world().with(|state| {
            let found = state.servers.iter_mut().find(|it| it.id == server);
            found.unwrap().installed = true;
        });
        let raw = serde_json::json!({"id": server.to_string(), "unavailable": true});
        stage.world().emit_raw("GUILD_CREATE", &raw);
        heard(stage).await;
        stage.clock.advance_ms(8 * DAY_MS);
        stage.app().await.sweep().await.unwrap();
        assert!(servers_key_pays(stage).await);
    })
    .await;
}
