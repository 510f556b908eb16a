//! The clients that people have, against the gateway: the providers' official
//! libraries for Python and JavaScript, Vercel's AI SDK and `LangChain`.

use std::path::Path;
use std::process::Stdio;

use latchkey_emulator::providers::ProviderFault;
use tokio::process::Command;

use super::program::Program;
use super::{Setup, good, run_with};

/// A Python that has the libraries: `LATCHKEY_PYTHON`, or the system's.
async fn python() -> Option<String> {
    let named = std::env::vars().find(|(name, _)| name == "LATCHKEY_PYTHON");
    let python = named.map_or_else(|| "python3".to_owned(), |(_, path)| path);
    let probe = Command::new(&python)
        .args(["-c", "import openai, anthropic, google.genai"])
        .stderr(Stdio::null())
        .status()
        .await;
    match probe {
        Ok(status) if status.success() => Some(python),
        _ => super::skip("no Python has the libraries of tests/clients/requirements.txt"),
    }
}

/// Where the packages of `tests/clients/package.json` are installed:
/// `LATCHKEY_CLIENTS`.
fn packages() -> Option<String> {
    let named = std::env::vars().find(|(name, _)| name == "LATCHKEY_CLIENTS");
    match named {
        Some((_, folder)) => Some(folder),
        None => super::skip("LATCHKEY_CLIENTS names no folder with tests/clients/package.json"),
    }
}

#[tokio::test]
async fn clients_in_javascript_work_with_another_address_and_key() {
    let Some(packages) = packages() else { return };
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 200\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/clients.mjs");
        let done = Command::new("node")
            .arg(script)
            .env("GATEWAY_URL", stage.gateway().await)
            .env("GATEWAY_TOKEN", program.token())
            .env("CLIENTS", packages)
            .output()
            .await
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{told}");
        insta::assert_snapshot!(String::from_utf8_lossy(&done.stdout), @"39 of 39 checks");
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert!(rows.iter().all(|row| row.state != "held"));
    })
    .await;
}

#[tokio::test]
async fn the_official_clients_work_with_another_address_and_key() {
    let Some(python) = python().await else { return };
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 100\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google", "mistral"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        // More often than a call is tried here, so that the library tries again.
        stage.fails("mistral", ProviderFault::Busy(429, 4));
        let program = Program::of(stage, &mia, "").await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/clients.py");
        let done = Command::new(python)
            .arg(script)
            .env("GATEWAY_URL", stage.gateway().await)
            .env("GATEWAY_TOKEN", program.token())
            .env("DEEPSEEK_KEY", good("deepseek"))
            .output()
            .await
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{told}");
        insta::assert_snapshot!(String::from_utf8_lossy(&done.stdout), @"21 checks");
        stage.app().await.idle().await;
        let rows = stage.app().await.audit().await;
        assert!(rows.iter().all(|row| row.state != "held"));
    })
    .await;
}
