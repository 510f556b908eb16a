//! The program, killed in mid-answer: what stands in the channel after the
//! next start, and how it goes on.

use std::time::Duration;

use latchkey_emulator::{NewMessage, World, WorldState};
use tokio::time::timeout;

use super::process::{start, terminate, world};

/// The bot's message whose text has this in it.
fn holding<'a>(state: &'a WorldState, text: &str) -> Option<&'a latchkey_emulator::Message> {
    let mut all = state.messages.iter().rev();
    all.find(|m| m.author.is_none() && m.content.contains(text))
}

async fn until_it_grows(world: &World) {
    let growing = |state: &WorldState| {
        let found = holding(state, "two")?;
        (!found.content.contains("-#")).then_some(())
    };
    world.until(growing).await;
}

async fn crash_and_go_on(asks: impl Fn(&World, u64, u64)) {
    let told = timeout(Duration::from_mins(1), crash(asks)).await;
    told.expect("it ends in time");
}

async fn crash(asks: impl Fn(&World, u64, u64)) {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut child = start(&variables, &scene).await;
    let world = &scene.emulator.world;
    world.with(|state| state.providers.pace = Duration::from_millis(500));
    let channel = world.look(|state| {
        let mut all = state.channels.iter();
        all.find(|c| c.name == "general").unwrap().id
    });
    asks(world, scene.member, channel);
    until_it_grows(world).await;
    child.kill().await.unwrap();
    world.with(|state| {
        state.sessions.clear();
        state.ready_is_sent = false;
        state.providers.pace = Duration::ZERO;
    });
    let mut child = start(&variables, &scene).await;
    let closed = world.until(|state| holding(state, "I was restarted").cloned());
    let closed = closed.await;
    assert!(closed.content.contains("one two"), "{}", closed.content);
    let buttons = closed.components[0]["components"].as_array().unwrap();
    let again = buttons.iter().find(|b| b["label"] == "Again").unwrap();
    let again = again["custom_id"].as_str().unwrap();
    world.press(scene.member, closed.id, again).unwrap();
    world
        .until(|state| holding(state, "nine ten\n-# Groq").map(|_| ()))
        .await;
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn a_mention_that_a_crash_cut_off_says_so_and_is_answered_again() {
    crash_and_go_on(|world, person, channel| {
        let bot = world.look(|state| state.application);
        world.post(NewMessage {
            person,
            channel,
            text: &format!("<@{bot}> count"),
            ..NewMessage::default()
        });
    })
    .await;
}

#[tokio::test]
async fn a_command_that_a_crash_cut_off_says_so_and_is_answered_again() {
    crash_and_go_on(|world, person, channel| {
        world.run(person, channel, "/ask prompt:count").unwrap();
    })
    .await;
}
