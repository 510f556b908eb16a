//! The emulated Discord refuses what the real one refuses. Without that,
//! a transcript would show little.

use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::tests::{Stage, run};

/// An interaction that only the test answers: nothing is sent to the bot.
fn interaction(stage: &Stage) -> (u64, String) {
    let world = stage.world();
    world.with(|state| state.sessions.clear());
    let id = stage.mia().starts("/keys list");
    let token = world.look(|state| {
        state
            .interactions
            .iter()
            .find(|i| i.id == id)
            .unwrap()
            .token
            .clone()
    });
    (id, token)
}

async fn posts(stage: &Stage, path: &str, body: &Value) -> Response {
    let url = format!("{}{path}", stage.scene.emulator.discord_api());
    Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url)
        .json(body)
        .send()
        .await
        .unwrap()
}

/// Status and code of an answer of Discord's.
pub async fn outcome(response: Response) -> (u16, u64) {
    let status = response.status().as_u16();
    (
        status,
        response.json::<Value>().await.unwrap_or_default()["code"]
            .as_u64()
            .unwrap_or(0),
    )
}

#[tokio::test]
async fn an_interaction_is_answered_once_in_time_and_by_its_token() {
    run(async |stage| {
        stage.expects_refusals();
        let reply = json!({"type": 4, "data": {"content": "hello"}});
        let (id, token) = interaction(stage);
        let path = format!("/interactions/{id}/{token}/callback");
        let wrong = posts(
            stage,
            &format!("/interactions/{id}/another-token/callback"),
            &reply,
        )
        .await;
        assert_eq!(outcome(wrong).await, (404, 10_062));
        let long = json!({"type": 4, "data": {"content": "x".repeat(2_001)}});
        assert_eq!(
            outcome(posts(stage, &path, &long).await).await,
            (400, 50_035)
        );
        assert_eq!(posts(stage, &path, &reply).await.status(), 204);
        assert_eq!(
            outcome(posts(stage, &path, &reply).await).await,
            (400, 40_060)
        );

        let (id, token) = interaction(stage);
        age(stage, id, Duration::from_secs(4));
        let late = posts(
            stage,
            &format!("/interactions/{id}/{token}/callback"),
            &reply,
        )
        .await;
        assert_eq!(outcome(late).await, (404, 10_062));
    })
    .await;
}

#[tokio::test]
async fn a_message_has_only_the_flags_that_its_call_may_set() {
    run(async |stage| {
        stage.expects_refusals();
        let (id, token) = interaction(stage);
        let path = format!("/interactions/{id}/{token}/callback");
        for flags in [json!(1 << 3), json!(-1), json!("4")] {
            let reply = json!({"type": 4, "data": {"content": "hello", "flags": flags}});
            let refused = posts(stage, &path, &reply).await;
            assert_eq!(outcome(refused).await, (400, 50_035), "{flags}");
        }
        let flags = (1 << 2) | (1 << 6);
        let reply = json!({"type": 4, "data": {"content": "hello", "flags": flags}});
        assert_eq!(posts(stage, &path, &reply).await.status(), 204);
    })
    .await;
}

#[tokio::test]
async fn a_token_expires_and_its_bucket_empties() {
    run(async |stage| {
        stage.expects_refusals();
        let began = Instant::now();
        holds_buckets(stage, began);
        let (id, token) = interaction(stage);
        let webhook = format!("/webhooks/1/{token}");
        let message = json!({"content": "more"});
        assert_eq!(
            outcome(posts(stage, &webhook, &message).await).await,
            (404, 10_015)
        );
        posts(
            stage,
            &format!("/interactions/{id}/{token}/callback"),
            &json!({"type": 5}),
        )
        .await;
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(posts(stage, &webhook, &message).await.status().as_u16());
        }
        // The early call above took a place too.
        assert_eq!(statuses, [200, 200, 200, 200, 429]);
        let refused = posts(stage, &webhook, &message).await;
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
        let last_moment = began + Duration::from_millis(1_999);
        holds_buckets(stage, last_moment);
        assert_eq!(posts(stage, &webhook, &message).await.status(), 429);
        holds_buckets(stage, began + Duration::from_secs(2));
        assert_eq!(posts(stage, &webhook, &message).await.status(), 200);

        let (id, token) = interaction(stage);
        posts(
            stage,
            &format!("/interactions/{id}/{token}/callback"),
            &json!({"type": 5}),
        )
        .await;
        age(stage, id, Duration::from_mins(16));
        assert_eq!(
            outcome(posts(stage, &format!("/webhooks/1/{token}"), &message).await).await,
            (401, 50_027)
        );
    })
    .await;
}

#[tokio::test]
async fn the_first_follow_up_after_a_deferral_fills_its_message() {
    run(async |stage| {
        stage.expects_refusals();
        let (id, token) = interaction(stage);
        let webhook = format!("/webhooks/1/{token}");
        let callback = format!("/interactions/{id}/{token}/callback");
        posts(stage, &callback, &json!({"type": 5})).await;
        // Its flags count for nothing: the deferral was for everyone.
        let first = json!({"content": "first", "flags": 64});
        assert_eq!(posts(stage, &webhook, &first).await.status(), 200);
        let second = json!({"content": "second", "flags": 64});
        assert_eq!(posts(stage, &webhook, &second).await.status(), 200);
        let seen = stage.mia().reads_channel();
        assert_eq!(seen, "first\n---\n(only you) second");
        let empty = posts(stage, &webhook, &json!({"content": ""})).await;
        assert_eq!(outcome(empty).await, (400, 50_006));
        // Where somebody took the message away, nothing can follow it.
        let original = stage.world().look(|state| state.messages[0].id);
        stage.world().delete_message(original);
        let late = posts(stage, &webhook, &second).await;
        assert_eq!(outcome(late).await, (404, 10_008));
    })
    .await;
}

#[tokio::test]
async fn what_is_the_bots_needs_its_token() {
    run(async |stage| {
        stage.expects_refusals();
        let refused = posts(stage, "/users/@me/channels", &json!({"recipient_id": "1"})).await;
        assert_eq!(refused.status(), 401);
    })
    .await;
}

/// Lets the clock of Discord's buckets stand, so that a machine which is slow
/// sends five calls in no time too.
fn holds_buckets(stage: &Stage, at: Instant) {
    stage.world().with(|state| state.bucket_time = Some(at));
}

/// Lets an interaction have begun earlier.
fn age(stage: &Stage, id: u64, by: Duration) {
    stage.world().with(|state| {
        let interaction = state.interactions.iter_mut().find(|i| i.id == id).unwrap();
        interaction.created = Instant::now().checked_sub(by).unwrap();
    });
}
