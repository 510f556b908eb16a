//! What `serve` and `doctor` say of keys and addresses in the environment that
//! cannot be meant so, before anything is sent or opened.

use insta::assert_snapshot;
use latchkey_emulator::providers::{Standing, sample};
use secrecy::SecretString;

use crate::tests::process::{changed, printed, run, world};

/// The line that says what is wrong.
fn wrong_line(said: &str) -> String {
    let is_it = |line: &&str| line.starts_with("FAIL  providers") || line.starts_with("error: ");
    said.lines().find(is_it).unwrap_or(said).to_owned()
}

/// What both verbs say of a variable with this value.
async fn say(variables: &[(String, SecretString)], name: &str, value: Option<&str>) -> [String; 2] {
    let variables = changed(variables, name, value);
    let doctor = run("doctor", &variables).await;
    let serve = run("serve", &variables).await;
    assert!(
        !doctor.status.success() && !serve.status.success(),
        "{name}"
    );
    [doctor.stdout, serve.stderr].map(|told| printed(&told))
}

#[tokio::test]
async fn a_key_of_another_vendors_is_sent_to_nobody_and_its_variable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut seen = Vec::new();
    for (name, value) in [
        ("OPENAI_API_KEY", sample("anthropic", Standing::Good)),
        ("GROQ_API_KEY", "sk-made0up1made0up1made0up1".to_owned()),
        (
            "XAI_API_KEY",
            "ghp_Made0Up1Made0Up1Made0Up1Made0Up1Made".to_owned(),
        ),
        ("ANTHROPIC_API_KEY", "sk-ant-...".to_owned()),
    ] {
        let told = say(&variables, name, Some(&value)).await;
        assert!(!told.concat().contains(&value), "{told:?}");
        seen.extend(told.map(|said| wrong_line(&said)));
    }
    assert_snapshot!(seen.join("\n"), @"
    FAIL  providers: `OPENAI_API_KEY` is for OpenAI, and begins as keys of Anthropic do (`ANTHROPIC_API_KEY`); it was sent to nobody. If OpenAI takes it here, put its beginning into `providers.openai.key_prefixes`
    error: `OPENAI_API_KEY` is for OpenAI, and begins as keys of Anthropic do (`ANTHROPIC_API_KEY`); it was sent to nobody. If OpenAI takes it here, put its beginning into `providers.openai.key_prefixes`
    FAIL  providers: `GROQ_API_KEY` is for Groq, and begins as keys of OpenAI, DeepSeek, Moonshot AI, Qwen do; it was sent to nobody. If Groq takes it here, put its beginning into `providers.groq.key_prefixes`
    error: `GROQ_API_KEY` is for Groq, and begins as keys of OpenAI, DeepSeek, Moonshot AI, Qwen do; it was sent to nobody. If Groq takes it here, put its beginning into `providers.groq.key_prefixes`
    FAIL  providers: `XAI_API_KEY` is for xAI, and holds another kind of secret; it was sent to nobody. Copy an API key from https://console.x.ai
    error: `XAI_API_KEY` is for xAI, and holds another kind of secret; it was sent to nobody. Copy an API key from https://console.x.ai
    FAIL  providers: `ANTHROPIC_API_KEY` is still a placeholder, or was copied where only a part of it is shown
    error: `ANTHROPIC_API_KEY` is still a placeholder, or was copied where only a part of it is shown
    ");
    let calls = scene
        .emulator
        .world
        .look(|state| state.providers.calls.len());
    assert_eq!(calls, 0);
}

#[tokio::test]
async fn an_address_that_is_no_web_address_is_named_by_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let told = say(&variables, "OLLAMA_HOST", Some("ftp://127.0.0.1:11434")).await;
    assert_snapshot!(told.map(|said| wrong_line(&said)).join("\n"), @"
    FAIL  providers: `OLLAMA_HOST` must be an http:// or https:// URL without user or query
    error: `OLLAMA_HOST` must be an http:// or https:// URL without user or query
    ");
}

#[tokio::test]
async fn the_doctor_says_of_a_server_without_a_key_that_it_needs_none() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let host = scene.emulator.provider_url("ollama");
    let variables = changed(&variables, "OLLAMA_HOST", Some(&host));
    let of_ollama = |said: &[u8]| {
        let said = printed(said);
        let line = said.lines().find(|line| line.contains("Ollama"));
        line.unwrap_or(&said).to_owned()
    };
    let open = of_ollama(&run("doctor", &variables).await.stdout);
    let world = &scene.emulator.world;
    world.with(|state| state.providers.guarded.insert("ollama".into()));
    let guarded = of_ollama(&run("doctor", &variables).await.stdout);
    assert_snapshot!([open, guarded].join("\n"), @"
    ok    Ollama: answers; it needs no key
    FAIL  Ollama: answers no call without a key; set OLLAMA_API_KEY
    ");
}

#[tokio::test]
async fn nothing_listens_before_the_secrets_are_known_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let variables = changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some("127.0.0.1:0"));
    for (name, value) in [("DISCORD_TOKEN", None), ("BYOK_MASTER_KEY", Some("short"))] {
        let said = printed(&run("serve", &changed(&variables, name, value)).await.stderr);
        assert!(said.contains(&format!("error: `{name}`")), "{said}");
        assert!(!said.contains("listens"), "{said}");
    }
}
