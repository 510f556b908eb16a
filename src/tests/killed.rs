//! The program, killed in mid-answer: what stands in the channel after the
//! next start, how it goes on, and what is left of the calls of programs.

use std::sync::Arc;
use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use latchkey_emulator::{NewMessage, World, WorldState};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::timeout;

use super::postgres;
use super::process::{start, terminate, world};
use super::program::{HttpAnswer, send};
use super::served::ServedProgram;
use crate::store::Store;

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
    let told = timeout(Duration::from_mins(3), crash(asks)).await;
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

/// Kills the program while it makes a call that must be made once, and makes
/// that call again, until it is made; returns all answers, the last of which is
/// that call's.
async fn call_again_after_a_kill(store: Option<&SecretString>) -> Vec<HttpAnswer> {
    let settings = store.map(|url| ("LATCHKEY_STORE__URL", url.expose_secret().to_owned()));
    let mut served = ServedProgram::start(|_| settings.into_iter().collect()).await;
    let file = format!(
        "sqlite:{}",
        served.folder.path().join("process.db").display()
    );
    let world = Arc::clone(&served.scene.emulator.world);
    let slow = ProviderFault::SlowFirstByte(Duration::from_secs(30));
    world.with(|state| state.providers.faults.insert("groq".to_owned(), slow));
    let ask = json!({"model": "groq/made-up",
        "messages": [{"role": "user", "content": "Count to ten."}]});
    let call = |served: &ServedProgram| {
        let call = served.call(Method::POST, "/v1/chat/completions");
        call.header("idempotency-key", "one").json(&ask)
    };
    let asked = world.until(|state| (!state.providers.calls.is_empty()).then_some(()));
    tokio::select! {
        answered = call(&served).send() => panic!("{answered:?}"),
        () = asked => {}
    }
    served.kill_and_start().await;
    world.with(|state| state.providers.faults.clear());
    let mut answers = Vec::new();
    while answers
        .last()
        .is_none_or(|last: &HttpAnswer| last.status != 200)
    {
        answers.push(send(call(&served)).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let url = store.cloned().unwrap_or_else(|| file.into());
    let store = Store::open(&url).await.unwrap();
    let mut states = Vec::new();
    while states != ["expired", "settled"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let rows = store.audit().await;
        states = rows.into_iter().map(|row| row.state).collect();
    }
    store.close().await;
    served.end().await;
    answers
}

#[tokio::test]
async fn a_call_that_a_kill_cut_off_is_made_again_at_once_on_sqlite() {
    let answers = timeout(Duration::from_mins(3), call_again_after_a_kill(None));
    let answers = answers.await.expect("it is free at once");
    let [made] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert!(made.text.contains("nine") && made.header("x-latchkey-repeat").is_empty());
}

#[tokio::test]
async fn a_call_that_a_kill_cut_off_is_made_again_when_its_lease_has_ended_on_postgresql() {
    let Some(url) = postgres::database() else {
        return;
    };
    let answers = timeout(Duration::from_mins(3), call_again_after_a_kill(Some(&url)));
    let answers = answers.await.expect("it is free within seconds");
    let (made, before) = answers.split_last().unwrap();
    assert!(made.text.contains("nine") && made.header("x-latchkey-repeat").is_empty());
    assert!(
        before
            .iter()
            .all(|said| said.code() == "409 call_in_flight")
    );
}

/// Answers calls that limits bind, and kills the program after each as soon as
/// it is answered.
async fn kill_after_each_answer(store: Option<&SecretString>) {
    let settings = store.map(|url| ("LATCHKEY_STORE__URL", url.expose_secret().to_owned()));
    let mut served = ServedProgram::start(|_| settings.into_iter().collect()).await;
    let file = format!(
        "sqlite:{}",
        served.folder.path().join("process.db").display()
    );
    for stream in [false, true, false, true] {
        let ask = json!({"model": "groq/made-up", "stream": stream,
            "messages": [{"role": "user", "content": "Count to ten."}]});
        let call = served.call(Method::POST, "/v1/chat/completions");
        let said = send(call.json(&ask)).await;
        assert!(said.text.contains("nine"), "{}", said.text);
        served.kill_and_start().await;
    }
    let url = store.cloned().unwrap_or_else(|| file.into());
    let store = Store::open(&url).await.unwrap();
    let rows = store.audit().await;
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert!(!row.counted.is_empty(), "limits bind it");
        assert_eq!(
            (row.state.as_str(), row.used.output_tokens),
            ("settled", 10)
        );
    }
    store.close().await;
    served.end().await;
}

#[tokio::test]
async fn whoever_was_answered_is_charged_for_that_whatever_kills_the_process_on_sqlite() {
    let killed = timeout(Duration::from_mins(3), kill_after_each_answer(None));
    killed.await.expect("it ends in time");
}

#[tokio::test]
async fn whoever_was_answered_is_charged_for_that_whatever_kills_the_process_on_postgresql() {
    if let Some(url) = postgres::database() {
        let killed = timeout(Duration::from_mins(3), kill_after_each_answer(Some(&url)));
        killed.await.expect("it ends in time");
    }
}
