//! The program ends, or is killed, while its database takes no writes: whoever
//! was answered is charged for that answer, and no more, after the next start.

use std::sync::Arc;
use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::timeout;

use super::database_file::OtherProgram;
use super::link::Link;
use super::postgres;
use super::program::send;
use super::served::ServedProgram;
use crate::store::Store;

/// Why a database takes no writes.
enum Trouble {
    Locked(OtherProgram),
    Away(Link),
}

impl Trouble {
    fn begin(&self) {
        match self {
            Self::Locked(other) => other.runs("begin immediate"),
            Self::Away(link) => link.refuses(),
        }
    }

    fn end(&self) {
        match self {
            Self::Locked(other) => other.runs("rollback"),
            Self::Away(link) => link.passes(),
        }
    }
}

/// Has a call answered while the database is in trouble, ends the program, and
/// reads what the next one makes of that.
async fn answer_and_end(is_killed: bool, postgres: Option<SecretString>) {
    let mut settings = Vec::new();
    let mut link = None;
    if let Some(url) = &postgres {
        let (to_server, linked) = Link::to_database(url).await;
        link = Some(to_server);
        settings.push(("LATCHKEY_STORE__URL", linked.expose_secret().to_owned()));
    }
    let mut served = ServedProgram::start(|_| settings).await;
    let file = served.folder.path().join("process.db");
    let trouble = match link {
        Some(link) => Trouble::Away(link),
        None => Trouble::Locked(OtherProgram::open(&file)),
    };
    let world = Arc::clone(&served.scene.emulator.world);
    let slow = ProviderFault::SlowFirstByte(Duration::from_millis(500));
    world.with(|state| state.providers.faults.insert("groq".to_owned(), slow));
    let ask = json!({"model": "groq/made-up",
        "messages": [{"role": "user", "content": "Count to ten."}]});
    let call = served.call(Method::POST, "/v1/chat/completions").json(&ask);
    let asked = world.until(|state| (!state.providers.calls.is_empty()).then_some(()));
    let begins = async {
        asked.await;
        trouble.begin();
    };
    let (answer, ()) = tokio::join!(send(call), begins);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let said = answer.json()["usage"]["completion_tokens"].as_u64();
    if is_killed {
        served.kill().await;
    } else {
        served.stop().await;
    }
    trouble.end();
    served.start_again().await;
    let url = postgres.unwrap_or_else(|| format!("sqlite:{}", file.display()).into());
    let store = Store::open(&url).await.unwrap();
    let mut rows = store.audit().await;
    while rows.iter().any(|row| row.state == "held") {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rows = store.audit().await;
    }
    store.close().await;
    let [row] = &rows[..] else {
        panic!("{rows:?}");
    };
    assert_eq!((row.state.as_str(), row.estimated), ("settled", false));
    assert_eq!(Some(row.used.output_tokens), said);
    served.end().await;
}

async fn answer_and_end_in_time(is_killed: bool, postgres: Option<SecretString>) {
    let told = timeout(Duration::from_mins(3), answer_and_end(is_killed, postgres));
    told.await.expect("it ends in time");
}

#[tokio::test]
async fn a_kill_beside_a_lock_charges_what_was_answered() {
    answer_and_end_in_time(true, None).await;
}

#[tokio::test]
async fn a_stop_beside_a_lock_charges_what_was_answered() {
    answer_and_end_in_time(false, None).await;
}

#[tokio::test]
async fn a_kill_while_postgresql_is_away_charges_what_was_answered() {
    if let Some(url) = postgres::database() {
        answer_and_end_in_time(true, Some(url)).await;
    }
}

#[tokio::test]
async fn a_stop_while_postgresql_is_away_charges_what_was_answered() {
    if let Some(url) = postgres::database() {
        answer_and_end_in_time(false, Some(url)).await;
    }
}
