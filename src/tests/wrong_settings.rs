//! Whatever is wrong in the settings and the environment: `serve` refuses to
//! start, `doctor` says the same, and both name all of it at once.

use std::collections::BTreeMap;

use secrecy::SecretString;
use toml::{Table, Value};

use crate::cli::{Readings, read_all};
use crate::config::{EXAMPLE, Environment};
use crate::providers::Catalogue;
use crate::tests::process::{changed, printed, run, world};

/// Texts that a setting does not take.
const WRONG_TEXTS: [(&str, &str); 15] = [
    ("discord.api_url", "nowhere"),
    ("store.url", "mysql://db"),
    ("store.spool_folder", "/nowhere/at/all"),
    ("ask.personas", "/nowhere/at/all"),
    ("images.workflows", "/nowhere/at/all"),
    ("images.moderation", "sometimes"),
    ("images.storage.endpoint", "nowhere"),
    ("images.storage.public_url", "nowhere"),
    ("quota.time_zone", "Mars/Olympus"),
    ("quota.prices_file", "/nowhere/at/all"),
    ("gateway.listen", "nowhere"),
    ("gateway.public_url", "nowhere"),
    ("providers.openai.base_url", "nowhere"),
    ("providers.ollama.base_url", "nowhere"),
    ("providers.acme-ai.base_url", "nowhere"),
];
/// Texts that may be anything.
const FREE_TEXTS: [&str; 8] = [
    "ask.system_prompt",
    "images.storage.bucket",
    "images.storage.region",
    "providers.openai.default_model",
    "providers.openai.image_model",
    "providers.ollama.default_model",
    "providers.acme-ai.default_model",
    "providers.acme-ai.name",
];
/// Lists of something else than texts.
const SPECIAL_LISTS: [&str; 2] = ["discord.operators", "quota.tiers"];
/// Numbers and lists of the right type that are wrong all the same.
const WRONG_VALUES: [(&str, &str); 10] = [
    ("ask.models", "[\"gpt-6\"]"),
    ("ask.provider_order", "[\"opnai\"]"),
    ("ask.max_output_tokens", "1"),
    ("images.provider_order", "[\"opnai\"]"),
    ("images.previews", "4"),
    ("images.confirm_above_dollars", "-1"),
    ("quota.applies_to", "[\"nobody\"]"),
    ("gateway.hosts", "[\"a b\"]"),
    ("gateway.trusted_proxies", "[\"nobody\"]"),
    ("gateway.silence_s", "1"),
];

/// The settings of the example, each with its value.
fn settings_of(table: &Table, path: &str, found: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let path = [path, name].join(".");
        let path = path.trim_start_matches('.');
        match value {
            Value::Table(section) => settings_of(section, path, found),
            value => {
                found.insert(path.to_owned(), value.clone());
            }
        }
    }
}

fn example() -> BTreeMap<String, Value> {
    let lines = EXAMPLE.lines().map(|line| {
        let header = line.strip_prefix("# ");
        let line = header
            .filter(|it| it.starts_with("[providers."))
            .unwrap_or(line);
        let is_own = ["# name = ", "# base_url = ", "# default_model = "];
        let own = is_own.iter().any(|start| line.starts_with(start));
        match line.strip_prefix('#') {
            Some(setting) if own || !setting.starts_with(' ') => setting.trim_start(),
            Some(_) => "",
            None => line,
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut found = BTreeMap::new();
    settings_of(&text.parse().unwrap(), "", &mut found);
    found
}

/// The variable that is a setting.
fn variable(setting: &str) -> String {
    format!("LATCHKEY_{}", setting.to_uppercase().replace('.', "__"))
}

/// Each setting or variable, and a value that is wrong for it: what it is named
/// by, the variable, and the value.
fn wrong_values() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (setting, value) in example() {
        let wrong = match value {
            Value::String(_) if FREE_TEXTS.contains(&setting.as_str()) => continue,
            Value::String(_) => {
                let found = WRONG_TEXTS.iter().find(|(name, _)| *name == setting);
                found
                    .unwrap_or_else(|| panic!("what is wrong for {setting}?"))
                    .1
            }
            // Any text is a list of one; those that do not take it stand above.
            Value::Array(_) if !SPECIAL_LISTS.contains(&setting.as_str()) => continue,
            _ => "nonsense",
        };
        all.push((setting.clone(), variable(&setting), wrong.to_owned()));
    }
    for (setting, value) in WRONG_VALUES {
        all.push((setting.to_owned(), variable(setting), value.to_owned()));
    }
    let secrets = ["DISCORD_TOKEN", "DISCORD_CLIENT_SECRET", "BYOK_MASTER_KEY"];
    let secrets = secrets
        .into_iter()
        .chain(["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]);
    let mut secrets: Vec<String> = secrets.map(str::to_owned).collect();
    for provider in Catalogue::new(&[]).unwrap().iter() {
        // Their keys are read once their addresses are set.
        if !provider.is_on_own_machine() {
            secrets.extend(provider.env.iter().cloned());
        }
        if let Some(host) = provider.url_env {
            all.push((host.to_owned(), host.to_owned(), "ftp://nowhere".to_owned()));
        }
    }
    all.extend(
        secrets
            .into_iter()
            .map(|name| (name.clone(), name, "short".to_owned())),
    );
    all
}

#[tokio::test]
async fn a_pattern_of_models_that_fits_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let told = |patterns: &str| {
        errors(&changed(
            &variables,
            "LATCHKEY_ASK__MODELS",
            Some(&format!("[{patterns}]")),
        ))
    };
    let good = r#""openai/gpt-6-*", "groq/*", "*", "*/gpt-6", "open*", "ollama/*""#;
    assert_eq!(told(good), Vec::<String>::new());
    let wrong = told(r#""gpt-6", "made-up-model", "opnai/gpt-6", "gpt-6*""#);
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    `ask.models` holds a model without its provider; write `provider/model`, such as "openai/gpt-6"
    `ask.models` holds a model without its provider; write `provider/model`, such as "openai/gpt-6-*"
    `ask.models` names "opnai", which is no provider
    `ask.models` names "gpt-6", which is no provider
    "#);
}

/// Everything that is wrong with these variables.
fn errors(variables: &[(String, SecretString)]) -> Vec<String> {
    let environment = Environment::of(variables.iter().cloned());
    let Readings { errors, .. } = read_all(None, &environment).1;
    errors.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn each_wrong_setting_and_variable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    assert_eq!(errors(&variables), Vec::<String>::new());
    for (named, variable, wrong) in wrong_values() {
        let told = errors(&changed(&variables, &variable, Some(&wrong)));
        let first = told
            .first()
            .unwrap_or_else(|| panic!("{variable}={wrong} is taken"));
        let names = format!("`{named}`");
        assert!(first.starts_with(&names), "{variable}={wrong}: {told:?}");
        // An address without a bucket is wrong in another way too.
        let more = usize::from(named == "images.storage.endpoint");
        assert_eq!(told.len(), 1 + more, "{variable}={wrong}: {told:?}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once_and_alike_by_both_verbs() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, mut variables) = world(folder.path()).await;
    for (_, variable, wrong) in wrong_values() {
        // Of two names of one secret, the first counts.
        if !["GOOGLE_API_KEY"].contains(&variable.as_str()) {
            variables = changed(&variables, &variable, Some(&wrong));
        }
    }
    let expected = errors(&variables);
    assert!(expected.len() > 70, "{expected:#?}");
    let serve = printed(&run("serve", &variables).await.stderr);
    let told = serve
        .lines()
        .filter_map(|line| line.strip_prefix("error: "));
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let doctor = printed(&run("doctor", &variables).await.stdout);
    let told = doctor
        .lines()
        .filter_map(|line| line.strip_prefix("FAIL  "));
    let told = told.filter_map(|line| Some(line.split_once(": ")?.1));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
