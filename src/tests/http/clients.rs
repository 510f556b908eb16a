//! The clients that people have, against the gateway: the providers' official
//! libraries for Python and JavaScript, Vercel's AI SDK, `LangChain`, coding
//! agents, and the command `llm`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use tokio::process::Command;

use crate::tests::program::Program;
use crate::tests::{Setup, Stage, good, run_with};

/// A Python that has the modules: the one that a variable names, or the
/// system's.
pub async fn python(variable: &str, modules: &str, folder: &str) -> Option<String> {
    let named = std::env::vars().find(|(name, _)| name == variable);
    let python = named.map_or_else(|| "python3".to_owned(), |(_, path)| path);
    let probe = Command::new(&python)
        .args(["-c", &format!("import {modules}")])
        .stderr(Stdio::null())
        .status()
        .await;
    match probe {
        Ok(status) if status.success() => Some(python),
        _ => crate::tests::skip(&format!(
            "no Python has the libraries of tests/{folder}/requirements.txt"
        )),
    }
}

/// Where the packages of a folder in `tests` are installed, which a variable
/// names.
pub fn packages(variable: &str, folder: &str) -> Option<String> {
    let named = std::env::vars().find(|(name, _)| name == variable);
    match named {
        Some((_, installed)) => Some(installed),
        None => crate::tests::skip(&format!(
            "{variable} names no folder with tests/{folder}/package.json"
        )),
    }
}

/// The variable that names the file with the recipes, where what was tried is
/// to be written into it.
pub const WRITE_TO: &str = "LATCHKEY_RECIPES";

/// Holds what a script has tried, which it prints behind the number of checks,
/// against what the recipes say of it; the number.
fn hold_recipes_against(script: &str, printed: &str) -> String {
    let (checks, tried) = printed.trim_end().split_once('\n').unwrap();
    let begin = format!("| `{script}` | ");
    let row = format!("{begin}{tried} |");
    let named = std::env::vars().find(|(name, _)| name == WRITE_TO);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md");
    let recipes = std::fs::read_to_string(&path).unwrap();
    let is_row = |line: &&str| line.starts_with(&begin);
    let written = recipes.lines().find(is_row).expect(script);
    if let Some((_, path)) = named {
        std::fs::write(path, recipes.replace(written, &row)).unwrap();
    } else {
        assert_eq!(
            written, row,
            "`{WRITE_TO}=docs/clients.md cargo test another_address -- --test-threads 1` writes it"
        );
    }
    checks.to_owned()
}

/// Runs a script as mia's program; how many checks passed.
async fn drive(stage: &Stage, runner: &str, script: &str, more: &[(&str, &str)]) -> String {
    let printed = run_script(stage, runner, script, more).await;
    hold_recipes_against(script, &printed)
}

/// Runs a script as mia's program; what it prints. She has keys with the three
/// providers that have a dialect of their own. `script` may have arguments; `more`
/// is added to its environment.
pub async fn run_script(
    stage: &Stage,
    runner: &str,
    script: &str,
    more: &[(&str, &str)],
) -> String {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google"] {
        mia.adds(provider, "user", &good(provider)).await;
    }
    let program = Program::of(stage, &mia, "").await;
    let mut words = script.split(' ');
    let path = words.next().unwrap();
    let done = Command::new(runner)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .args(words)
        .env("GATEWAY_URL", stage.gateway().await)
        .env("GATEWAY_TOKEN", program.token())
        .env("ENDLESS_URL", stage.scene.emulator.provider_url("endless"))
        .envs(more.iter().copied())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    stage.app().await.idle().await;
    let rows = stage.app().await.audit().await;
    assert!(rows.iter().all(|row| row.state != "held"));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

pub fn many_calls() -> Setup {
    Setup {
        config: "[gateway]\ncalls_per_token = 1000\n".into(),
        // Some start a program for every question.
        patience: Duration::from_mins(20),
        ..Setup::default()
    }
}

#[tokio::test]
async fn clients_in_javascript_work_with_another_address_and_key() {
    let Some(installed) = packages("LATCHKEY_CLIENTS", "clients") else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let script = "tests/clients/clients.mjs";
        let done = drive(stage, "node", script, &[("CLIENTS", &installed)]).await;
        insta::assert_snapshot!(done, @"41 of 41 checks");
    })
    .await;
}

#[tokio::test]
async fn coding_agents_work_with_another_address_and_key() {
    let Some(installed) = packages("LATCHKEY_AGENTS", "agents") else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let script = "tests/agents/agents.mjs";
        let done = drive(stage, "node", script, &[("AGENTS", &installed)]).await;
        insta::assert_snapshot!(done, @"8 of 8 checks");
    })
    .await;
}

#[tokio::test]
async fn frameworks_in_python_work_with_another_address_and_key() {
    let modules = "langchain_openai, litellm, instructor, pydantic_ai";
    let Some(python) = python("LATCHKEY_FRAMEWORKS", modules, "frameworks").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let script = "tests/frameworks/frameworks.py";
        let done = drive(stage, &python, script, &[]).await;
        insta::assert_snapshot!(done, @"28 of 28 checks");
    })
    .await;
}

#[tokio::test]
async fn aider_works_with_another_address_and_key() {
    let Some(python) = python("LATCHKEY_AIDER", "aider", "aider").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = drive(stage, &python, "tests/aider/aider.py", &[]).await;
        insta::assert_snapshot!(done, @"5 of 5 checks");
    })
    .await;
}

#[tokio::test]
async fn llm_works_with_another_address_and_key() {
    let Some(python) = python("LATCHKEY_LLM", "llm", "llm").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = drive(stage, &python, "tests/llm/llm.py", &[]).await;
        insta::assert_snapshot!(done, @"9 of 9 checks");
    })
    .await;
}

#[tokio::test]
async fn the_official_clients_work_with_another_address_and_key() {
    let modules = "openai, anthropic, google.genai";
    let Some(python) = python("LATCHKEY_PYTHON", modules, "clients").await else {
        return;
    };
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 100\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage.mia().adds("mistral", "user", &good("mistral")).await;
        // More often than a call is tried here, so that the library tries again.
        stage.fails("mistral", ProviderFault::Busy(429, 4));
        let script = "tests/clients/clients.py";
        let key = good("deepseek");
        let done = drive(stage, &python, script, &[("DEEPSEEK_KEY", &key)]).await;
        insta::assert_snapshot!(done, @"27 checks");
    })
    .await;
}

#[tokio::test]
async fn coheres_client_works_with_another_address_and_key() {
    let Some(python) = python("LATCHKEY_PYTHON", "cohere", "clients").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        stage.mia().adds("cohere", "user", &good("cohere")).await;
        let done = drive(stage, &python, "tests/clients/cohere_client.py", &[]).await;
        insta::assert_snapshot!(done, @"3 checks");
    })
    .await;
}

/// The packages that a manifest names: npm's, or pip's.
fn packages_in(manifest: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let text = std::fs::read_to_string(path).unwrap();
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
        return json["dependencies"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
    }
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split(['=', '[']).next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_client_that_is_driven_has_a_recipe() {
    let recipes = include_str!("../../../docs/clients.md");
    let manifests = [
        "tests/clients/package.json",
        "tests/clients/requirements.txt",
        "tests/agents/package.json",
        "tests/frameworks/requirements.txt",
        "tests/aider/requirements.txt",
        "tests/llm/requirements.txt",
    ];
    let driven: Vec<String> = manifests.into_iter().flat_map(packages_in).collect();
    assert!(driven.len() > 20);
    for client in driven {
        assert!(recipes.contains(&format!("`{client}`")), "{client}");
    }
}
