//! `latchkey keys`: shows and changes stored keys through a gateway.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Subcommand;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::ask::describe_source;
use super::gateway::{Gateway, json as whole, send};
use super::hidden;
use crate::cli::output::explain;

/// What advice about keys begins with.
const COMMAND: &str = "`latchkey keys";

/// What is done to keys.
#[derive(Debug, Subcommand)]
pub enum KeyVerb {
    /// The keys that are stored.
    List,
    /// Store a key; it is typed hidden, or read from standard input.
    Add {
        /// The provider, such as openai.
        provider: String,
        /// What you call the key.
        #[arg(long)]
        name: Option<String>,
        /// What the provider needs beside the key, as field=value.
        #[arg(long = "extra", value_name = "FIELD=VALUE", value_parser = read_extra)]
        extras: Vec<(String, String)>,
        /// For how many days it is used: 7, 30, 90 or 365, or 0 for as long as it
        /// works. Left out, it ends as the key whose place it takes, if that ends.
        #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
        days: Option<i64>,
        /// Store it even if its provider refuses it, or says that it can't pay
        /// while the key that you have works.
        #[arg(long)]
        keep_refused: bool,
    },
    /// Ask a key's provider whether it accepts it; ends with status 1 where it
    /// does not.
    Test {
        /// The key: its provider, name, last four characters or id.
        key: String,
    },
    /// Stop using a key without removing it.
    Pause {
        /// The key: its provider, name, last four characters or id.
        key: String,
    },
    /// Use it again.
    Resume {
        /// The key: its provider, name, last four characters or id.
        key: String,
    },
    /// Remove a key, once you have said yes.
    Remove {
        /// The key: its provider, name, last four characters or id.
        key: String,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Which key would pay for what, and why not the others.
    Status,
    /// The providers that keys can be added for.
    Providers,
}

impl KeyVerb {
    /// The key that is named, where one is.
    fn named_key(&self) -> Option<&str> {
        match self {
            Self::Test { key }
            | Self::Pause { key }
            | Self::Resume { key }
            | Self::Remove { key, .. } => Some(key),
            Self::List | Self::Add { .. } | Self::Status | Self::Providers => None,
        }
    }
}

/// What a provider needs beside a key, as it is typed.
fn read_extra(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), value.to_owned())),
        _ => Err("write the field, an equals sign and the value, such as deployment=my-app".into()),
    }
}

/// Whose keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    Me,
    /// A server's, by its id.
    Server(u64),
    Operator,
}

impl KeyOwner {
    /// Advice that names `latchkey keys`, so that it leads to these keys.
    fn advise(self, words: &str) -> String {
        let option = match self {
            Self::Me => return words.to_owned(),
            Self::Server(id) => format!(" --guild {id}"),
            Self::Operator => " --system".to_owned(),
        };
        let mut parts = words.split(COMMAND);
        let mut advised = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            advised.push_str(COMMAND);
            let is_same = part.starts_with(&option) || part.starts_with(" providers");
            if !is_same {
                advised.push_str(&option);
            }
            advised.push_str(part);
        }
        advised
    }
}

/// Calls the gateway for a verb, and prints its answer.
pub async fn keys(
    verb: Option<KeyVerb>,
    whose: KeyOwner,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let done = call_for(verb.unwrap_or(KeyVerb::List), whose, as_json).await;
    done.map_err(|error| anyhow!("{}", whose.advise(&explain(&error))))
}

async fn call_for(verb: KeyVerb, whose: KeyOwner, as_json: bool) -> anyhow::Result<ExitCode> {
    let base = match whose {
        KeyOwner::Me => "/api/v1/api-keys".to_owned(),
        KeyOwner::Server(id) => format!("/api/v1/guilds/{id}/api-keys"),
        KeyOwner::Operator => "/api/v1/system-keys".to_owned(),
    };
    let gateway = Gateway::open()?;
    let call = |method, path: &str| gateway.call(method, &format!("{base}{path}"));
    anyhow::ensure!(
        whose != KeyOwner::Operator || !matches!(verb, KeyVerb::Status),
        "`status` shows who pays for one person; leave --system out"
    );
    let named = match verb.named_key() {
        Some(key) => {
            let listed = whole(send(call(Method::GET, "")).await?).await?;
            Some(find_key(&listed, key)?)
        }
        None => None,
    };
    let path = named
        .as_ref()
        .map_or_else(String::new, |key| format!("/{}", word(&key["id"])));
    let shown = named.as_ref().map(describe_key).unwrap_or_default();
    let request = match &verb {
        KeyVerb::List => call(Method::GET, ""),
        KeyVerb::Status => call(Method::GET, "/status"),
        KeyVerb::Providers => gateway.call(Method::GET, "/api/v1/providers"),
        KeyVerb::Add {
            provider,
            name,
            extras,
            days,
            keep_refused,
        } => {
            let extras = extras.iter();
            let extras: serde_json::Map<String, Value> = extras
                .map(|(field, value)| (field.clone(), json!(value)))
                .collect();
            let key = hidden::read_key(&format!("Key for {provider}"))?;
            let body = json!({"provider": provider, "key": key.expose_secret(), "name": name, "extras": extras, "days": days, "keep_refused": keep_refused});
            call(Method::POST, "").json(&body)
        }
        KeyVerb::Test { .. } => call(Method::POST, &format!("{path}/test")),
        KeyVerb::Pause { .. } => call(Method::PATCH, &path).json(&json!({"paused": true})),
        KeyVerb::Resume { .. } => call(Method::PATCH, &path).json(&json!({"paused": false})),
        KeyVerb::Remove { yes, .. } => {
            anyhow::ensure!(*yes || agrees(&shown)?, "nothing was removed");
            call(Method::DELETE, &path)
        }
    };
    let answer = whole(send(request).await?).await?;
    match &verb {
        _ if as_json => println!("{answer}"),
        KeyVerb::Remove { .. } => println!("Removed {shown}."),
        _ => print_answer(&verb, whose, &answer),
    }
    let fails = matches!(verb, KeyVerb::Test { .. }) && !works(&answer);
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether a key that was tested can be used.
fn works(tested: &Value) -> bool {
    matches!(word(&tested["check"]), "valid" | "unguarded" | "restricted")
}

/// Asks on a terminal whether a key is to be removed.
fn agrees(shown: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(
        io::stdin().is_terminal() && io::stderr().is_terminal(),
        "{shown} would be removed, and nobody can be asked here; say so with --yes"
    );
    eprint!("Remove {shown}? It can't be brought back. [y/N] ");
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    Ok(matches!(typed.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Finds the key that somebody names by its id, provider, name or hint, or by
/// provider and hint as in `openai:6789`.
fn find_key(listed: &Value, named: &str) -> anyhow::Result<Value> {
    let keys = listed["keys"].as_array().cloned().unwrap_or_default();
    let plain = named.trim().to_lowercase().replace('…', "");
    let is_named = |key: &&Value| {
        let [id, provider, name, hint] =
            ["id", "provider", "name", "hint"].map(|field| word(&key[field]).to_lowercase());
        let both = [format!("{provider}:{hint}"), format!("{provider} {hint}")];
        [&id, &provider, &name].into_iter().any(|it| *it == plain)
            || (!hint.is_empty() && (hint == plain || both.contains(&plain)))
    };
    let found: Vec<&Value> = keys.iter().filter(is_named).collect();
    let list = |keys: &[&Value]| {
        let described = keys
            .iter()
            .map(|key| format!("{} ({})", describe_key(key), word(&key["id"])));
        described.collect::<Vec<_>>().join(", ")
    };
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] if keys.is_empty() => {
            bail!("there is no key here; `latchkey keys add openai` stores one")
        }
        [] => bail!(
            "no key here is called `{named}`. There are: {}",
            list(&keys.iter().collect::<Vec<_>>())
        ),
        several => bail!(
            "`{named}` names several keys: {}. Name one by its id",
            list(several)
        ),
    }
}

fn print_answer(verb: &KeyVerb, whose: KeyOwner, answer: &Value) {
    match verb {
        KeyVerb::List => {
            let keys = answer["keys"].as_array().into_iter().flatten();
            if keys.clone().next().is_none() {
                let words = "No keys. `latchkey keys add openai` stores one.";
                println!("{}", whose.advise(words));
            }
            keys.for_each(print_key);
        }
        KeyVerb::Status => answer["providers"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(print_payer),
        KeyVerb::Providers => answer["providers"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(print_provider),
        KeyVerb::Add { .. } | KeyVerb::Test { .. } => {
            print_key(&answer["key"]);
            let removed = answer["removed"].as_array().into_iter().flatten();
            let removed: Vec<&str> = removed.map(word).collect();
            if !removed.is_empty() {
                let removed = removed.join(", ").replace('_', " ");
                println!("Taken out around the key: {removed}.");
            }
            println!("The provider says: {}.", word(&answer["check"]));
        }
        KeyVerb::Pause { .. } | KeyVerb::Resume { .. } => print_key(answer),
        KeyVerb::Remove { .. } => {}
    }
}

/// A key by its provider, how it ends, and its name.
fn describe_key(key: &Value) -> String {
    let hint = key["hint"]
        .as_str()
        .map(|hint| format!(" …{hint}"))
        .unwrap_or_default();
    let name = key["name"]
        .as_str()
        .map(|name| format!(" “{name}”"))
        .unwrap_or_default();
    format!("{}{hint}{name}", word(&key["provider"]))
}

fn print_key(key: &Value) {
    let paused = if key["paused"] == true {
        ", paused"
    } else {
        ""
    };
    let ending = key["expires_at"]
        .as_str()
        .map(|at| format!(", used until {at}"))
        .unwrap_or_default();
    let variable = key["variable"]
        .as_str()
        .map(|variable| format!(", from the environment ({variable})"))
        .unwrap_or_default();
    let overridden = key["overridden_by"]
        .as_str()
        .map(|variable| format!(", not used: {variable} wins"))
        .unwrap_or_default();
    println!(
        "{}: {}{paused}{ending}{variable}{overridden}  ({})",
        describe_key(key),
        word(&key["health"]),
        word(&key["id"])
    );
}

/// A provider by its id, with what its keys need beside them, and where to get
/// one.
fn print_provider(provider: &Value) {
    let extras = provider["extras"].as_array().into_iter().flatten();
    let extras = extras.map(|extra| {
        let option = format!("--extra {}=…", word(&extra["field"]));
        if extra["required"] == true {
            format!(" {option}")
        } else {
            format!(" [{option}]")
        }
    });
    let page = match word(&provider["key_page"]) {
        "" => String::new(),
        page => format!("  ({page})"),
    };
    let extras: String = extras.collect();
    println!("{}{extras}{page}", word(&provider["id"]));
}

fn print_payer(provider: &Value) {
    let payer = provider["pays"].as_str().map_or("nobody", describe_source);
    let in_part = if provider["in_part"] == true {
        ", but only in part: its provider does not let it do everything"
    } else {
        ""
    };
    println!("{}: {payer} pays{in_part}", word(&provider["provider"]));
    let skipped = provider["trace"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|step| step["reason"].is_string());
    for step in skipped {
        let remedy = step["remedy"].as_str();
        let remedy = remedy.map_or_else(String::new, |remedy| format!("; {remedy}"));
        println!(
            "  not the {}: {}{remedy}",
            describe_source(word(&step["source"])),
            word(&step["reason"])
        );
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
