//! The shape of the source, kept by a test: what each module may use, how
//! long files are, where secrets are laid open.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use super::shape::Shape;

/// The longest file, in lines.
const LINES_MAX: usize = 500;

/// What each module may use; `docs/architecture.md` §2. Tests may use anything. The
/// emulator is a crate of its own and stands here for who may use it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("emulator", &[]),
    ("config", &["model"]),
    ("store", &["model"]),
    ("providers", &["model"]),
    ("resolver", &["model"]),
    ("vault", &["model", "store"]),
    ("ledger", &["model", "store"]),
    (
        "app",
        &[
            "config",
            "ledger",
            "model",
            "providers",
            "resolver",
            "store",
            "vault",
        ],
    ),
    ("bot", &["model", "app"]),
    ("gateway", &["model", "app"]),
    (
        "cli",
        &[
            "app",
            "bot",
            "config",
            "emulator",
            "gateway",
            "ledger",
            "model",
            "providers",
            "resolver",
            "store",
            "vault",
        ],
    ),
];

/// Files of the source that put modules together and belong to none.
const BELONG_TO_NO_MODULE: &[&str] = &["internals.rs", "lib.rs", "main.rs"];

/// Where a secret may be laid open: where it is sealed, where it leaves,
/// and the edges that receive one.
const MAY_EXPOSE: &[&str] = &[
    "vault/",
    "providers/",
    "config/",
    "cli/",
    "store/mod.rs",
    "bot/connection/rest.rs",
    "bot/connection/connect.rs",
    // Shows a new token, once.
    "bot/words/tokens.rs",
    "bench/",
    "ledger/race.rs",
    "tests/",
];

/// The other crates of this repository that each of them may use.
const CRATES_MAY_USE: &[(&str, &[&str])] = &[
    ("bench", &["latchkey", "latchkey_emulator"]),
    ("emulator", &[]),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of the program: its path below `src`, and its text.
fn files() -> Vec<(String, String)> {
    files_below(&repository().join("src"))
}

/// Every source file of the other crates: its path below `crates`, and its
/// text.
fn files_of_crates() -> Vec<(String, String)> {
    files_below(&repository().join("crates"))
}

fn files_below(top: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// The text without its unit tests, which stand at the foot of a file.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

/// Whether a file holds tests alone.
fn is_test(file: &str) -> bool {
    let of_tests = [
        "tests.rs",
        "story.rs",
        "race.rs",
        "properties.rs",
        "vectors.rs",
        "recordings.rs",
    ];
    file.starts_with("tests/") || of_tests.iter().any(|name| file.ends_with(name))
}

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = BTreeSet::new();
    for (file, text) in files() {
        let own = module(&file);
        if BELONG_TO_NO_MODULE.contains(&file.as_str()) || is_test(&file) {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == own) else {
            wrong.insert(format!("{file} is in no row of the table"));
            continue;
        };
        let shape = Shape::parse(production(&text));
        let known = |other: &str| MAY_USE.iter().any(|(name, _)| *name == other);
        let others = shape.uses.iter().filter(|other| known(other));
        for other in others.filter(|other| *other != own && !allowed.contains(&other.as_str())) {
            wrong.insert(format!("{file} uses {other}"));
        }
        if own == "app"
            && let Some(names) = shape.re_exports.get("providers")
        {
            wrong.insert(format!("{file} re-exports {names:?} of providers"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn functions_take_few_parameters() {
    let mut wrong = Vec::new();
    for (file, text) in files().into_iter().chain(files_of_crates()) {
        let crowded = Shape::parse(production(&text)).crowded;
        wrong.extend(crowded.iter().map(|function| format!("{file}: {function}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn crates_use_only_the_crates_that_they_may() {
    let used = Regex::new(r"\b(latchkey(?:_[a-z]+)?)::").unwrap();
    let needed = Regex::new(r"(?m)^(latchkey[a-z-]*)\b").unwrap();
    let mut wrong = BTreeSet::new();
    for (name, allowed) in CRATES_MAY_USE {
        let manifest = repository().join("crates").join(name).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let needs = needed.captures_iter(&manifest);
        let mut others: BTreeSet<String> = needs.map(|found| found[1].replace('-', "_")).collect();
        for (_, text) in files_of_crates()
            .iter()
            .filter(|(file, _)| module(file) == *name)
        {
            others.extend(used.captures_iter(text).map(|found| found[1].to_owned()));
        }
        let own = format!("latchkey_{name}");
        others.retain(|other| *other != own && !allowed.contains(&other.as_str()));
        wrong.extend(others.iter().map(|other| format!("{name} uses {other}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let crates = files_of_crates();
    let known = |file: &str| CRATES_MAY_USE.iter().any(|(name, _)| *name == module(file));
    assert!(crates.iter().all(|(file, _)| known(file)));
}

#[test]
fn secrets_are_laid_open_only_where_they_must_be() {
    let wrong: Vec<String> = files()
        .into_iter()
        .chain(files_of_crates())
        .filter(|(_, text)| production(text).contains("expose_secret()"))
        .map(|(file, _)| file)
        .filter(|file| !MAY_EXPOSE.iter().any(|place| file.starts_with(place)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_bot_makes_callers_in_one_place() {
    let literal = Regex::new(r"(^|[^>\s]\s*)\bCaller \{|nobody_else\(").unwrap();
    let made: Vec<String> = files()
        .into_iter()
        .filter(|(file, text)| {
            let mut lines = production(text).lines();
            file.starts_with("bot/") && lines.any(|line| literal.is_match(line.trim()))
        })
        .map(|(file, _)| file)
        .collect();
    assert_eq!(made, ["bot/callers/caller.rs"]);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (file, text) in files().into_iter().chain(files_of_crates()) {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{file} has {lines} lines");
        assert!(text.starts_with("//! "), "{file} says nothing of itself");
        let marks = [
            concat!("to", "do!"),
            concat!("un", "implemented!"),
            concat!("#[", "ignore"),
        ];
        assert!(
            marks.iter().all(|mark| !text.contains(mark)),
            "{file} is not finished"
        );
        let name = Path::new(&file)
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            !["utils", "helpers", "common", "types", "manager", "service"].contains(&name.as_str())
        );
    }
}

#[test]
fn serenitys_old_tls_is_not_compiled_in() {
    // Its rustls backend brings a rustls-webpki with open advisories:
    // RUSTSEC-2026-0049, -0098, -0099, -0104.
    let lock =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let webpki = Regex::new("name = \"rustls-webpki\"\nversion = \"0\\.(\\d+)\\.").unwrap();
    assert!(
        webpki
            .captures_iter(&lock)
            .all(|found| found[1].parse::<u32>().unwrap() >= 103)
    );
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(database);
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[test]
fn the_example_configuration_shows_the_defaults() {
    use crate::config::{Config, EXAMPLE, Environment};

    // Settings are commented out as `#name`, prose as `# prose`.
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') && !setting.is_empty() => {
                format!("{setting}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let shown = Config::parse(&uncommented, &Environment::default()).unwrap();
    let built_in = Config::parse("", &Environment::default()).unwrap();
    let without_providers = |config: &Config| {
        use secrecy::ExposeSecret;
        let url = config.store.url.expose_secret().to_owned();
        format!(
            "{:?} {url} {:?} {:?}",
            config.discord, config.ask, config.gateway
        )
    };
    assert_eq!(without_providers(&shown), without_providers(&built_in));
    let catalogue = |config| crate::cli::catalogue(config, &Environment::default()).unwrap();
    assert_eq!(catalogue(&shown), catalogue(&built_in));
}
