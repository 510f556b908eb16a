//! The shape of the source, kept by a test: what each module may use, how
//! long files are, where secrets are laid open.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::shape::{Shape, WHOLE_CRATE, module_path};

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
    ("console", &["model", "app"]),
    (
        "cli",
        &[
            "app",
            "bot",
            "config",
            "console",
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
    // Signs what is put into the operator's bucket.
    "app/pictures/storage.rs",
    "bot/connection/calls/rest.rs",
    "bot/connection/connect.rs",
    // Shows Discord its own secrets.
    "bot/sign_in.rs",
    // Shows a new token, once.
    "bot/words/tokens.rs",
    "console/pages/tokens/",
    // Cookies, what forms carry, and what is typed into them.
    "console/cookies.rs",
    "console/form.rs",
    "console/frame.rs",
    "console/parts/form.rs",
    "bench/",
    "ledger/stories/race.rs",
    "tests/",
];

/// Names of files and folders that say nothing of what is in them.
const SAY_NOTHING: &[&str] = &[
    "common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "shared",
    "types", "util", "utils",
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
    let mark = concat!("#[cfg(test)]\n", "mod tests {");
    text.split(mark).next().unwrap()
}

/// The shape of every source file of the program, by its path below `src`.
/// Several tests look at it, and it is made once.
fn shapes() -> &'static [(String, Shape)] {
    static SHAPES: LazyLock<Vec<(String, Shape)>> = LazyLock::new(|| shapes_of(files()));
    &SHAPES
}

fn shapes_of(files: Vec<(String, String)>) -> Vec<(String, Shape)> {
    let shapes = files.into_iter().map(|(file, text)| {
        let shape = Shape::parse(&file, &text);
        (file, shape)
    });
    shapes.collect()
}

/// Whether a file belongs to a module that is compiled for tests alone.
fn is_test(file: &str) -> bool {
    let module = module_path(file).join("::");
    let mut of_tests = shapes().iter().flat_map(|(_, shape)| &shape.test_modules);
    of_tests.any(|it| module == *it || module.starts_with(&format!("{it}::")))
}

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = BTreeSet::new();
    for (file, shape) in shapes() {
        let own = module(file);
        if BELONG_TO_NO_MODULE.contains(&file.as_str()) {
            if !shape.inline_modules.is_empty() {
                wrong.insert(format!("{file} has modules that no row has"));
            }
            continue;
        }
        if own == "tests" {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == own) else {
            wrong.insert(format!("{file} is in no row of the table"));
            continue;
        };
        if is_test(file) {
            continue;
        }
        let known =
            |other: &str| other == WHOLE_CRATE || MAY_USE.iter().any(|(name, _)| *name == other);
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
    for (file, shape) in shapes().iter().chain(&shapes_of(files_of_crates())) {
        let crowded = shape.crowded.iter();
        wrong.extend(crowded.map(|function| format!("{file}: {function}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Our crates that a manifest needs, whatever it calls them.
fn crates_needed_by(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut tables: Vec<toml::Table> = vec![manifest.parse().unwrap()];
    while let Some(table) = tables.pop() {
        for (key, value) in table {
            let toml::Value::Table(inner) = value else {
                continue;
            };
            if key.ends_with("dependencies") {
                for (name, needs) in inner {
                    let renamed = needs.get("package").and_then(toml::Value::as_str);
                    found.insert(renamed.unwrap_or(&name).replace('-', "_"));
                }
            } else {
                tables.push(inner);
            }
        }
    }
    found.retain(|name| name.starts_with("latchkey"));
    found
}

#[test]
fn a_dependency_of_another_name_is_seen() {
    let manifest = "[target.'cfg(unix)'.dev-dependencies]\nours = { package = \"latchkey\" }
        latchkey-emulator.workspace = true";
    let needed: Vec<String> = crates_needed_by(manifest).into_iter().collect();
    assert_eq!(needed, ["latchkey", "latchkey_emulator"]);
}

#[test]
fn unit_tests_stand_at_the_foot_of_a_file() {
    let mark = concat!("#[cfg(test)]\n", "mod tests {");
    for (file, shape) in shapes().iter().chain(&shapes_of(files_of_crates())) {
        let below = shape.goes_on_below_tests;
        assert!(!below, "{file} goes on below its unit tests");
    }
    for (file, text) in files().into_iter().chain(files_of_crates()) {
        let marks = text.matches(mark).count();
        assert!(marks <= 1, "{file} has unit tests twice");
    }
}

#[test]
fn crates_use_only_the_crates_that_they_may() {
    let used = Regex::new(r"\b(latchkey(?:_[a-z]+)?)::").unwrap();
    let mut wrong = BTreeSet::new();
    for (name, allowed) in CRATES_MAY_USE {
        let manifest = repository().join("crates").join(name).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let mut others = crates_needed_by(&manifest);
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
        // As a function too: `ExposeSecret::expose_secret(key)`.
        .filter(|(_, text)| production(text).contains("expose_secret"))
        .map(|(file, _)| file)
        .filter(|file| !MAY_EXPOSE.iter().any(|place| file.starts_with(place)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One place makes callers of what Discord says, and one makes those of
/// whom nothing is known but who they are.
#[test]
fn callers_are_made_in_two_places() {
    let makers = shapes().iter().filter(|(file, _)| !is_test(file));
    let makers = makers.filter(|(_, shape)| shape.literals.contains("Caller"));
    let makers: Vec<&str> = makers.map(|(file, _)| file.as_str()).collect();
    assert_eq!(makers, ["app/people/directory.rs", "bot/callers/caller.rs"]);
    let knows = Regex::new(r"\bnobody_else\b").unwrap();
    let asks = |(file, text): &(String, String)| {
        file.starts_with("bot/") && knows.is_match(production(text))
    };
    assert!(!files().iter().any(asks), "the bot knows more of everybody");
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
        let words = file.trim_end_matches(".rs").split('/');
        let nameless: Vec<&str> = words.filter(|word| SAY_NOTHING.contains(word)).collect();
        assert!(nameless.is_empty(), "{file}: {nameless:?} says nothing");
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

/// People's databases have had these: who changes one, and be it in a comment,
/// has the migrator doubt all of them. A new one adds a line here.
#[test]
fn migrations_stay_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let version = |name: &str| -> u32 {
        let digits = name.trim_start_matches('V').split('_').next().unwrap();
        digits.parse().unwrap()
    };
    let files = std::fs::read_dir(folder.join("sqlite")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_by_key(|name| version(name));
    let mut seen = String::new();
    for name in names {
        let mut hash = Sha256::new();
        for database in ["sqlite", "postgres"] {
            hash.update(std::fs::read(folder.join(database).join(&name)).unwrap());
        }
        let hash = u64::from_be_bytes(*hash.finalize().first_chunk().unwrap());
        let _ = writeln!(seen, "{hash:016x} {}", name.trim_end_matches(".sql"));
    }
    insta::assert_snapshot!(seen, @"
    9ab83a87bbed2bd6 V1__keys
    d6d1eff154d7b847 V2__ledger
    4253c5b947cb08e9 V3__departures
    fd23112614cd1a6f V4__chat
    d110b2a2689e74d0 V5__pictures
    1221835ed0fcab17 V6__tokens
    4c056a14b99ccf83 V7__counters
    9adece6f9e5b8f7a V8__receipts
    179fbade83522ff3 V9__leases
    ae50cf70439f7c7f V10__sessions
    5e16220c12e71b30 V12__usage
    19ba8c3866cdb838 V13__imported_keys
    586c877b747c9079 V15__spoilers
    c1995dfce126b0ac V16__usage_days
    2a79fe670bd1d70e V17__joined_servers
    efa8319b874ef293 V18__greetings
    a9b486a692b2f816 V19__ongoing_jobs
    ");
}

#[test]
fn the_example_configuration_shows_the_defaults() {
    use crate::config::{Config, ConfigErrors, EXAMPLE, Environment};

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
    let catalogue = |config| {
        let mut errors = ConfigErrors::default();
        crate::cli::catalogue(config, &Environment::default(), &mut errors).unwrap()
    };
    assert_eq!(catalogue(&shown), catalogue(&built_in));
    let without_providers = |mut config: Config| {
        use secrecy::ExposeSecret;
        config.providers.clear();
        // What an operator's own provider may have stays behind.
        let own = crate::config::Provider::default();
        config.providers.insert(String::new(), own);
        let url = config.store.url.expose_secret().to_owned();
        format!("{config:#?} {url}")
    };
    let built_in = without_providers(built_in);
    assert_eq!(without_providers(shown), built_in);
    // Each setting stands there with its value; those of a table that is
    // written in one line, in the comment above it.
    let settings = Regex::new(r"(?m)^ +(\w+): ").unwrap();
    for found in settings.captures_iter(&built_in) {
        let name = &found[1];
        let shown = format!(r"(?m)^(#? ?{name} = |#?\[+.*\b{name}\b)|[{{,] {name} = |`{name}`");
        let shown = Regex::new(&shown).unwrap();
        assert!(shown.is_match(EXAMPLE), "{name} is not shown");
    }
}
