//! The program in front of an emulated Discord that is not ours: the npm
//! package `discord-digital-twin`, which knows nothing of what ours allows.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::tests::good;
use crate::tests::process::{changed, command, terminate, world};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The folder in which the package is installed: `LATCHKEY_TWIN`.
async fn folder() -> Option<PathBuf> {
    let named = std::env::vars().find(|(name, _)| name == "LATCHKEY_TWIN");
    let found = named.map(|(_, path)| PathBuf::from(path));
    let found = found.filter(|path| path.join("node_modules/discord-digital-twin").is_dir());
    let probe = Command::new("node").arg("--version").output().await;
    match found {
        Some(path) if probe.is_ok() => Some(path),
        _ => crate::tests::skip("there is no node with the package of tests/twin/package.json"),
    }
}

#[tokio::test]
async fn a_discord_that_is_not_ours_gets_status_a_form_and_an_answer() {
    let Some(twin) = folder().await else { return };
    let place = tempfile::tempdir().unwrap();
    let (scene, variables) = world(place.path()).await;
    let token = scene.emulator.world.look(|state| state.bot_token.clone());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twin/twin.mjs");
    let mut discord = Command::new("node")
        .arg(script)
        .env("TWIN", twin)
        .env("FOLDER", place.path())
        .env("DISCORD_TOKEN", token)
        .env("KEY", good("groq"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(discord.stdout.take().unwrap()).lines();
    let first = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let first = first.expect("it says where it is");
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    let api = first["api"].as_str().unwrap();
    let variables = changed(&variables, "LATCHKEY_DISCORD__API_URL", Some(api));
    let variables: Vec<(String, SecretString)> = variables;
    let mut bot = command("serve", &variables).spawn().unwrap();
    let last = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let ended = discord.wait().await.unwrap();
    assert!(terminate(&mut bot).await);
    let mut told = String::new();
    let mut errors = discord.stderr.take().unwrap();
    errors.read_to_string(&mut told).await.unwrap();
    let mut log = bot.stderr.take().unwrap();
    log.read_to_string(&mut told).await.unwrap();
    assert!(ended.success(), "{told}");
    insta::assert_snapshot!(last.unwrap_or_default(), @"8 checks");
}
