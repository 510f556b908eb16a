//! The providers' official Python libraries against the gateway.

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
