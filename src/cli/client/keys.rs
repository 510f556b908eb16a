//! `latchkey keys`: shows and changes stored keys through a gateway.

use clap::Subcommand;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::gateway::{Gateway, json as whole, send};
use super::hidden;

/// What is done to keys.
#[derive(Debug, Subcommand)]
pub enum KeyVerb {
    /// The keys that are stored.
    List,
    /// Store a key; it is typed hidden, or read from standard input.
    Add {
        provider: String,
        #[arg(long)]
        name: Option<String>,
        /// What the provider needs beside the key, as field=value.
        #[arg(long = "extra", value_name = "FIELD=VALUE")]
        extras: Vec<String>,
    },
    /// Ask a key's provider whether it accepts it.
    Test { id: String },
    /// Stop using a key without removing it.
    Pause { id: String },
    /// Use it again.
    Resume { id: String },
    /// Remove a key.
    Remove { id: String },
    /// Which key would pay for what, and why not the others.
    Status,
}

/// Whose keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    Me,
    /// A server's, by its id.
    Server(u64),
    Operator,
}

/// Calls the gateway for a verb, and prints its answer.
pub async fn keys(verb: Option<KeyVerb>, whose: KeyOwner, as_json: bool) -> anyhow::Result<()> {
    let base = match whose {
        KeyOwner::Me => "/api/v1/api-keys".to_owned(),
        KeyOwner::Server(id) => format!("/api/v1/guilds/{id}/api-keys"),
        KeyOwner::Operator => "/api/v1/system-keys".to_owned(),
    };
    let gateway = Gateway::open()?;
    let call = |method, path: &str| gateway.call(method, &format!("{base}{path}"));
    let verb = verb.unwrap_or(KeyVerb::List);
    anyhow::ensure!(
        whose != KeyOwner::Operator || !matches!(verb, KeyVerb::Status),
        "`status` shows who pays for one person; leave --system out"
    );
    let request = match &verb {
        KeyVerb::List => call(Method::GET, ""),
        KeyVerb::Status => call(Method::GET, "/status"),
        KeyVerb::Add {
            provider,
            name,
            extras,
        } => {
            let extras: serde_json::Map<String, Value> = extras
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(field, value)| (field.to_owned(), json!(value)))
                .collect();
            let key = hidden::read_key(&format!("Key for {provider}"))?;
            let body = json!({"provider": provider, "key": key.expose_secret(), "name": name, "extras": extras});
            call(Method::POST, "").json(&body)
        }
        KeyVerb::Test { id } => call(Method::POST, &format!("/{id}/test")),
        KeyVerb::Pause { id } => {
            call(Method::PATCH, &format!("/{id}")).json(&json!({"paused": true}))
        }
        KeyVerb::Resume { id } => {
            call(Method::PATCH, &format!("/{id}")).json(&json!({"paused": false}))
        }
        KeyVerb::Remove { id } => call(Method::DELETE, &format!("/{id}")),
    };
    let answer = whole(send(request).await?).await?;
    if as_json {
        println!("{answer}");
    } else {
        print_answer(&verb, &answer);
    }
    Ok(())
}

fn print_answer(verb: &KeyVerb, answer: &Value) {
    match verb {
        KeyVerb::List => {
            let keys = answer["keys"].as_array().into_iter().flatten();
            if keys.clone().next().is_none() {
                println!("No keys. `latchkey keys add openai` stores one.");
            }
            keys.for_each(print_key);
        }
        KeyVerb::Status => answer["providers"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(print_payer),
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
        KeyVerb::Remove { .. } => println!("Removed."),
    }
}

fn print_key(key: &Value) {
    let paused = if key["paused"] == true {
        ", paused"
    } else {
        ""
    };
    let hint = key["hint"]
        .as_str()
        .map(|hint| format!(" …{hint}"))
        .unwrap_or_default();
    let name = key["name"]
        .as_str()
        .map(|name| format!(" “{name}”"))
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
        "{}  {}{hint}{name}: {}{paused}{variable}{overridden}",
        word(&key["id"]),
        word(&key["provider"]),
        word(&key["health"])
    );
}

fn print_payer(provider: &Value) {
    let payer = provider["pays"].as_str().unwrap_or("nobody");
    println!("{}: {payer} pays", word(&provider["provider"]));
    let skipped = provider["trace"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|step| step["reason"].is_string());
    for step in skipped {
        println!(
            "  not the {} key: {}",
            word(&step["source"]),
            word(&step["reason"])
        );
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
