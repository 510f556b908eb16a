//! Canaries: made-up keys and words that must turn up nowhere.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex};

use latchkey_emulator::providers::{ProviderFault, Standing};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::program::Program;
use super::{Setup, good, run, run_with};

/// Everything that any test of this process logs, at TRACE.
static LOG: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| {
    let writer = || CollectedLog;
    let _ = tracing_subscriber::registry()
        .with(crate::cli::log_layer("trace", true, writer))
        .try_init();
    Mutex::default()
});

struct CollectedLog;

impl Write for CollectedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not through the LazyLock: it may be in the making on this thread.
        if let Some(log) = LazyLock::get(&LOG) {
            log.lock().unwrap().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The ways in which a text can hide in bytes.
fn disguises(canary: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    let hex = canary
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(canary);
    let utf16: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reversed: String = canary.chars().rev().collect();
    vec![
        canary.as_bytes().to_vec(),
        canary.replace('-', "%2D").into_bytes(),
        hex.into_bytes(),
        base64.into_bytes(),
        utf16,
        reversed.into_bytes(),
    ]
}

pub fn holds(bytes: &[u8], canary: &str) -> bool {
    disguises(canary)
        .iter()
        .any(|form| bytes.windows(form.len()).any(|window| window == form))
}

#[test]
fn the_search_finds_what_is_there() {
    assert!(holds(b"xx made-up-canary xx", "made-up-canary"));
    assert!(holds(b"6d6164652d75702d63616e617279", "made-up-canary"));
    assert!(!holds(b"nothing here", "made-up-canary"));
}

#[tokio::test]
async fn a_canary_key_and_prompt_turn_up_nowhere() {
    LazyLock::force(&LOG);
    run(async |stage| {
        let key = format!("{}-canary-9f31", good("openai"));
        let prompt = "a canary prompt about a blue heron 77c1";
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &key).await;
        mia.runs(&format!("/ask prompt:{prompt} provider:openai"))
            .await;
        for fault in [
            ProviderFault::EchoKey,
            ProviderFault::Html(500),
            ProviderFault::Cut,
            ProviderFault::HugeLine,
            ProviderFault::Redirect(format!("http://localhost:1/?key={key}")),
        ] {
            stage.fails("openai", fault);
            stage.key_stands(&key, Standing::Good);
            mia.runs(&format!("/ask prompt:{prompt} provider:openai"))
                .await;
            mia.runs("/keys test provider:openai").await;
        }
        stage.recovers("openai");
        // And as a key for one ask.
        mia.runs("/ask prompt:hello provider:openai once:true")
            .await;
        mia.submits(&[("prompt", "hello"), ("key", &key)]).await;
        mia.runs("/keys add provider:openai scope:user").await;
        let form = mia.open_form();
        omar.submits_as(&form, &[("key", &key)]).await;
        let payload = serde_json::json!({"type": 5, "token": &key, "data": {"components": &key}});
        stage.world().emit_raw("INTERACTION_CREATE", &payload);
        mia.runs("/keys list").await;
        // And in the address of a call, where no key belongs.
        let program = Program::of(stage, &mia, "").await;
        for name in ["key", "api-key", "X_API_KEY", "a"] {
            let said = program
                .gets(&format!("/openai/v1/models?{name}={key}"))
                .await;
            assert_eq!(said.code(), "400 secret_in_address");
            assert!(!said.text.contains(&key));
        }
        stage.stop().await;

        let log = LOG.lock().unwrap().clone();
        assert!(holds(&log, "stored key"), "the log is being read");
        assert!(!holds(&log, &key) && !holds(&log, "blue heron"));
        for file in std::fs::read_dir(stage.database().parent().unwrap()).unwrap() {
            // The last connection to close takes SQLite's side files with it.
            let Ok(bytes) = std::fs::read(file.unwrap().path()) else {
                continue;
            };
            assert!(!holds(&bytes, &key) && !holds(&bytes, "blue heron"));
        }
        // Nothing that the bot sends to Discord holds the key, and only the
        // answer itself, above which it stands, holds the prompt.
        stage.world().look(|state| {
            for call in &state.calls {
                let body = call
                    .body
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(!holds(body.as_bytes(), &key) && !holds(call.path.as_bytes(), &key));
                assert!(
                    !holds(body.as_bytes(), "blue heron") || body.contains("> a canary prompt"),
                    "{body}"
                );
            }
            let others = state
                .messages
                .iter()
                .filter(|m| m.only_for == Some(omar.person));
            assert!(others.into_iter().all(|m| !m.content.contains("canary")));
        });
    })
    .await;
}

#[tokio::test]
async fn a_ciphertext_moved_to_another_row_owner_or_provider_does_not_open() {
    LazyLock::force(&LOG);
    run_with(
        Setup {
            no_defaults: true,
            ..Setup::default()
        },
        async |stage| {
            let (mia, omar) = (stage.mia(), stage.omar());
            mia.adds("openai", "user", &good("openai")).await;
            omar.adds("openai", "user", &good("openai")).await;
            omar.adds("mistral", "user", &good("mistral")).await;
            move_ciphertext(&stage.database(), mia.person, omar.person);
            for provider in ["openai", "mistral"] {
                let seen = omar
                    .runs(&format!("/ask prompt:hello provider:{provider}"))
                    .await;
                assert!(seen.contains("can't be opened any more"), "{seen}");
                assert!(stage.keys_that_paid(provider).is_empty());
            }
            assert!(
                mia.runs("/ask prompt:hello provider:openai")
                    .await
                    .contains("personal key")
            );
        },
    )
    .await;
}

/// Puts one person's ciphertext into all rows of another.
fn move_ciphertext(file: &std::path::Path, from: u64, to: u64) {
    let database = rusqlite::Connection::open(file).unwrap();
    let read = "select sealed from provider_key where owner_id = ?1";
    let sealed: Vec<u8> = database
        .query_row(read, [from.cast_signed()], |row| row.get(0))
        .unwrap();
    let write = "update provider_key set sealed = ?1 where owner_id = ?2";
    assert_eq!(
        database
            .execute(write, (&sealed, to.cast_signed()))
            .unwrap(),
        2
    );
}
