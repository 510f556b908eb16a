//! The program as a process of its own: its verbs, its exit codes, signals.
//!
//! The test binary runs itself again, with the command line in a variable.

use std::process::{ExitCode, Output, Stdio, Termination};
use std::time::Duration;

use insta::assert_snapshot;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::cli::Scene;
use crate::config::{EXAMPLE, Environment};
use crate::tests::own_address::own_address;
use crate::vault::MasterKey;

/// Holds the command line of a child. Not `LATCHKEY_…`: that is a setting.
const WORDS: &str = "CHILD_OF_A_LATCHKEY_TEST";
/// What a child panics with, when it is told to.
const PANIC: &str = "made-up-canary-in-a-panic";

/// Not a test by itself: what a child process runs.
#[test]
fn child() -> ExitCode {
    let found = std::env::vars().find(|(name, _)| name == WORDS);
    let Some((_, line)) = found else {
        return ExitCode::SUCCESS;
    };
    if line == "panic" {
        crate::cli::start_log(&Environment::default());
        std::thread::spawn(|| panic!("{PANIC}")).join().unwrap_err();
        return ExitCode::SUCCESS;
    }
    let words: Vec<String> = line.split(' ').map(Into::into).collect();
    crate::cli::run_as(&words).report()
}

/// A child with this command line and these variables, and no others.
pub fn command(line: &str, variables: &[(String, SecretString)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tests::process::child", "--nocapture", "--quiet"]);
    command
        .env_clear()
        .env(WORDS, line)
        .current_dir(std::env::temp_dir());
    for (name, value) in variables {
        command.env(name, value.expose_secret());
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub async fn run(line: &str, variables: &[(String, SecretString)]) -> Output {
    let running = command(line, variables).output();
    timeout(Duration::from_mins(1), running)
        .await
        .expect("it ends")
        .unwrap()
}

/// What a child printed, without the test runner's own lines.
pub fn printed(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let ours = text
        .lines()
        .take_while(|line| !line.starts_with("tests::process"))
        .filter(|line| {
            let runner = ["running 1 test", "test result:", "error: test failed"];
            !line.is_empty() && *line != "." && !runner.iter().any(|start| line.starts_with(start))
        });
    ours.collect::<Vec<_>>().join("\n")
}

/// The variables that lead a child into an emulated world.
pub async fn world(folder: &std::path::Path) -> (Scene, Vec<(String, SecretString)>) {
    let scene = Scene::start(TcpListener::bind("127.0.0.1:0").await.unwrap()).unwrap();
    scene.emulator.world.with(|state| state.keeps_calls = true);
    let mut variables = scene.variables(folder, &MasterKey::generate().unwrap());
    let spool = folder.display().to_string();
    variables.push(("LATCHKEY_STORE__SPOOL_FOLDER".to_owned(), spool.into()));
    (scene, variables)
}

pub fn changed(
    variables: &[(String, SecretString)],
    name: &str,
    value: Option<&str>,
) -> Vec<(String, SecretString)> {
    let mut others: Vec<_> = variables
        .iter()
        .filter(|(n, _)| n != name)
        .cloned()
        .collect();
    others.extend(value.map(|value| (name.to_owned(), SecretString::from(value))));
    others
}

#[tokio::test]
async fn keygen_makes_a_key_that_is_accepted() {
    let output = run("keygen", &[]).await;
    let printed = printed(&output.stdout);
    let key = MasterKey::parse(&SecretString::from(printed)).unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains(&key.kid().to_string()));
}

#[tokio::test]
async fn default_config_prints_the_example() {
    let output = run("default-config", &[]).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains(EXAMPLE));
}

#[tokio::test]
async fn a_wrong_setting_or_secret_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let master = variables
        .iter()
        .find(|(name, _)| name == "BYOK_MASTER_KEY")
        .unwrap()
        .1
        .clone();
    let workflow = "---\nabout = \"\"\nprompt = \"6.text\"\n---\n{\"9\": {\"class_type\": \"SaveImage\", \"inputs\": {}}}";
    std::fs::write(folder.path().join("mine.workflow"), workflow).unwrap();
    let workflows = folder.path().display().to_string();
    let mut seen = Vec::new();
    for (name, value) in [
        ("LATCHKEY_IMAGES__WORKFLOWS", Some(workflows.as_str())),
        ("LATCHKEY_IMAGES__MODERATION", Some("openai")),
        ("DISCORD_TOKEN", None),
        ("DISCORD_TOKEN", Some("made-up.wrong.token-of-nobody")),
        ("DISCORD_TOKEN", Some("sk-made-up-key-of-a-provider")),
        ("BYOK_MASTER_KEY", Some("")),
        ("BYOK_MASTER_KEY", Some("made-up-passphrase")),
        ("OPENAI_API_KEY", Some("short")),
        ("OPENAI_API_KEY", Some(master.expose_secret())),
        ("LATCHKEY_ASK__PROVIDER_ORDER", Some("[\"opnai\"]")),
        ("LATCHKEY_PROVIDERS__OPNAI__DEFAULT_MODEL", Some("x-1")),
        ("LATCHKEY_STROE__URL", Some("sqlite:x.db")),
    ] {
        let output = run("serve", &changed(&variables, name, value)).await;
        assert!(!output.status.success(), "{name}");
        let text = printed(&output.stderr);
        assert!(
            value.is_none_or(|value| value.is_empty() || value.len() < 6 || !text.contains(value)),
            "{text}"
        );
        let first = text.lines().find(|line| line.starts_with("error: "));
        seen.push(first.unwrap_or_default().to_owned());
    }
    let place = std::env::temp_dir().canonicalize().unwrap();
    let seen = seen
        .join("\n")
        .replace(&place.display().to_string(), "<folder>");
    assert_snapshot!(seen, @r#"
    error: `images.workflows` holds a wrong one: workflow `mine`: `prompt` is put into node 6, which is not there
    error: `images.moderation` asks OpenAI, which needs a bot default key: set OPENAI_API_KEY, or add a system key first
    error: `DISCORD_TOKEN` is not set in the environment, and <folder>/.env is not there; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    error: Discord does not accept `DISCORD_TOKEN` (401): it was reset, belongs to no bot, or was not copied whole; copy it from https://discord.com/developers/applications (Bot, Reset Token)
    error: `DISCORD_TOKEN` is no bot's token, which has three parts with dots between; it was sent to nobody. Instead, copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    error: `BYOK_MASTER_KEY` is empty; give it a value or remove it
    error: `BYOK_MASTER_KEY` must be 32 bytes, written as 64 hex digits or as base64; `latchkey keygen` makes a good one
    error: `OPENAI_API_KEY` is too short for a secret
    error: `BYOK_MASTER_KEY` is also used as another secret; make a new one
    error: `ask.provider_order` names "opnai", which is no provider of language models
    error: `providers.opnai` is no provider; give it a `base_url` to add one by this name
    error: `stroe` is not a setting; expected one of `discord`, `store`, `ask`, `chat`, `images`, `quota`, `gateway`, `console`, `providers`
    "#);
}

pub async fn start(variables: &[(String, SecretString)], scene: &Scene) -> Child {
    start_as("serve", variables, scene).await
}

/// Starts a child with this command line.
pub async fn start_as(line: &str, variables: &[(String, SecretString)], scene: &Scene) -> Child {
    let child = command(line, variables).spawn().unwrap();
    let ready = scene
        .emulator
        .world
        .until(|state| state.bot_is_ready().then_some(()));
    timeout(Duration::from_mins(1), ready)
        .await
        .expect("it starts");
    child
}

/// Holds every call that the child made against Discord's schema.
pub fn judge(scene: &Scene) {
    let calls: Vec<_> = scene
        .emulator
        .world
        .with(|state| state.calls.drain(..).collect());
    assert!(!calls.is_empty());
    assert_eq!(super::spec::violations(&calls), Vec::<String>::new());
}

/// Sends SIGTERM, and waits for the end.
pub async fn terminate(child: &mut Child) -> bool {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    let process = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    timeout(Duration::from_mins(1), child.wait())
        .await
        .expect("it ends")
        .unwrap()
        .success()
}

#[tokio::test]
async fn a_signal_lets_what_is_running_finish_and_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut child = start(&variables, &scene).await;
    let world = &scene.emulator.world;
    world.with(|state| state.providers.pace = Duration::from_millis(100));
    let channel = world.look(|state| {
        state
            .channels
            .iter()
            .find(|c| c.name == "general")
            .unwrap()
            .id
    });
    let asked = world
        .run(scene.member, channel, "/ask prompt:count")
        .unwrap();
    world
        .until(|state| {
            state
                .interactions
                .iter()
                .find(|i| i.id == asked)?
                .acknowledged
        })
        .await;
    assert!(terminate(&mut child).await);
    let answer = world.look(|state| {
        state
            .messages
            .iter()
            .find(|m| m.interaction == Some(asked))
            .unwrap()
            .content
            .clone()
    });
    assert!(answer.contains("nine ten\n-# Groq"), "{answer}");
    judge(&scene);
}

#[tokio::test]
async fn the_process_leaves_no_core_dump() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut child = start(&variables, &scene).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id().unwrap())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"]);
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn a_file_that_may_not_grow_fails_writes_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let address = own_address().to_string();
    let variables = changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some(&address));
    let mut child = start(&variables, &scene).await;
    let id = i32::try_from(child.id().unwrap()).unwrap();
    let id = rustix::process::Pid::from_raw(id);
    let limit = |current| {
        let maximum = None;
        let files = rustix::process::Rlimit { current, maximum };
        rustix::process::prlimit(id, rustix::process::Resource::Fsize, files).unwrap();
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let readiness = async || {
        let response = client.get(format!("http://{address}/readyz")).send().await;
        response.unwrap().text().await.unwrap()
    };
    let until = async |word: &str| {
        let said = async { while !readiness().await.contains(word) {} };
        let said = timeout(Duration::from_mins(1), said).await;
        said.unwrap_or_else(|_| panic!("no {word}"));
    };
    until("\"ready\"").await;
    limit(Some(1_024));
    until("\"state\":\"full\"").await;
    limit(None);
    until("\"ready\"").await;
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn a_signal_ends_the_process_while_discord_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut child = start(&variables, &scene).await;
    scene
        .emulator
        .world
        .with(|state| state.connections_to_refuse = 1_000);
    scene.emulator.world.drop_sockets(None);
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn goodbye_is_said_to_discord_whether_it_answers_or_hangs_up() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    for hangs_up in [0, 1] {
        let mut child = start(&variables, &scene).await;
        let world = &scene.emulator.world;
        world.with(|state| state.closes_to_leave_unanswered = hangs_up);
        assert!(terminate(&mut child).await);
        let close_codes = world.with(|state| std::mem::take(&mut state.close_codes));
        assert_eq!(close_codes, [1_000]);
        world.with(|state| {
            assert_eq!(state.identifies, 1, "it came back");
            state.identifies = 0;
            state.ready_is_sent = false;
        });
    }
}

#[tokio::test]
async fn a_panic_is_logged_by_its_place_and_not_by_its_words() {
    let output = run("panic", &[]).await;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("panicked at src/tests/process.rs"), "{text}");
    assert!(!text.contains(PANIC), "{text}");
}

#[tokio::test]
async fn logs_are_json_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let variables = changed(&variables, "LOG_FORMAT", Some("json"));
    let mut child = start(&changed(&variables, "RUST_LOG", Some("trace")), &scene).await;
    assert!(terminate(&mut child).await);
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .await
        .unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 2, "{text}");
    for line in lines {
        let line: serde_json::Value = serde_json::from_str(line).expect("every line is JSON");
        assert!(line["timestamp"].is_string() && line["level"].is_string());
    }
    for (name, secret) in &variables {
        assert!(
            !name.ends_with("KEY") || !text.contains(secret.expose_secret()),
            "{name} is in the log"
        );
    }
}

#[tokio::test]
async fn the_health_page_says_whether_the_process_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let address = own_address().to_string();
    let variables = changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some(&address));
    assert!(!run("health", &variables).await.status.success());
    let mut child = start(&variables, &scene).await;
    let well = run("health", &variables).await;
    assert_eq!(printed(&well.stdout), "ok");
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn the_demo_prints_where_it_is_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let place = SecretString::from(folder.path().to_str().unwrap());
    let mut child = command("demo --port 0", &[("TMPDIR".into(), place)])
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let address = timeout(Duration::from_mins(1), async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("it prints its address");
            if let Some((_, rest)) = line.split_once("Open ") {
                return rest.split_whitespace().next().unwrap().to_owned();
            }
        }
    });
    let address = address.await.expect("it starts");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client
        .get(&address)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Latchkey <small>demo</small>"));
    assert!(terminate(&mut child).await);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn secrets_come_from_a_dotenv_file_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let token = variables
        .iter()
        .find(|(name, _)| name == "DISCORD_TOKEN")
        .unwrap()
        .1
        .expose_secret();
    let lines = format!(
        "DISCORD_TOKEN={token}\nGROQ_API_KEY={}\n",
        super::bad("groq")
    );
    std::fs::write(folder.path().join(".env"), lines).unwrap();
    let without_token = changed(&variables, "DISCORD_TOKEN", None);
    let output = command("doctor", &without_token)
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let text = printed(&output.stdout);
    assert!(
        text.contains("Discord token: accepted") && text.contains("Groq: accepts"),
        "{text}"
    );
    judge(&scene);
}
