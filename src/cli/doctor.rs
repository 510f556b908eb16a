//! `latchkey doctor`: one line for each thing that must be right, with
//! what to do where it is not.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::Client;

use super::assemble::{bot_defaults, catalogue, master_keys, prices, time_zone};
use super::{Assembled, assemble};
use crate::bot::Introduction;
use crate::config::{Config, Environment, Shards, others_can_read_dotenv};
use crate::model::{Check, Clock, redact};
use crate::providers::{Clients, Providers, Timeouts};
use crate::store::Store;
use crate::vault::Vault;

/// What the doctor found so far.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn bad(&mut self, what: &str, detail: &str) {
        self.failed = true;
        println!("FAIL  {what}: {}", redact(detail));
    }
}

fn good(what: &str, detail: &str) {
    println!("ok    {what}: {detail}");
}

fn note(what: &str, detail: &str) {
    println!("note  {what}: {detail}");
}

/// Checks everything that can be checked without running.
pub async fn doctor(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let environment = match Environment::of_process() {
        Ok(environment) => environment,
        Err(error) => {
            report.bad("environment", &error.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    match Config::load(file, &environment) {
        Ok(config) => {
            dotenv();
            good("configuration", "every setting is known and in range");
            quotas(&mut report, &config);
            database(&mut report, &config, &environment).await;
            let clients = Clients::new(Timeouts::default().connect)?;
            discord(&mut report, &config, &environment, &clients.web).await;
            providers(&mut report, &config, &environment, clients).await;
            if !report.failed {
                machines(&mut report, &config, &environment).await;
            }
        }
        Err(error) => report.bad("configuration", &error.to_string()),
    }
    Ok(if report.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A `.env` that others on the machine can read gives them every secret.
fn dotenv() {
    if others_can_read_dotenv() {
        note(
            ".env",
            "others on this machine can read it, and so every secret in it; run `chmod 600 .env`",
        );
    }
}

/// Machines that were started for pictures, and that nobody needs any more:
/// they cost money, so they are stopped.
async fn machines(report: &mut Report, config: &Config, environment: &Environment) {
    let (shards, timeouts) = (Shards::default(), Timeouts::default());
    let assembled = assemble(config, environment, shards, timeouts, Clock::default()).await;
    let app = match assembled {
        Ok(Assembled { app, .. }) => app,
        Err(error) => return report.bad("machines", &format!("{error:#}")),
    };
    match app.pictures.stop_all_leftovers().await {
        Ok(stopped) if stopped.is_empty() => good("machines", "none is left over"),
        Ok(stopped) => note(
            "machines",
            &format!("stopped, since nobody needs them: {}", stopped.join(", ")),
        ),
        Err(error) => report.bad("machines", &format!("{error:#}")),
    }
    app.shut_down(Duration::ZERO, Duration::ZERO).await;
}

/// Tiers, prices, and who is told.
fn quotas(report: &mut Report, config: &Config) {
    let problems = [prices(config).err(), time_zone(config).err()];
    for error in problems.into_iter().flatten() {
        report.bad("quotas", &error.to_string());
    }
    let tiers: Vec<&str> = config.quota.tiers.iter().map(|t| t.name.as_str()).collect();
    good("quotas", &format!("tiers {}", tiers.join(", ")));
    if config.discord.operators.is_empty() {
        note(
            "quotas",
            "nobody may use /admin; put ids of people into `discord.operators` to allow it",
        );
    }
}

async fn database(report: &mut Report, config: &Config, environment: &Environment) {
    let masters = match master_keys(environment) {
        Ok(masters) => masters,
        Err(error) => return report.bad("master key", &format!("{error:#}")),
    };
    match masters.first() {
        Some(active) => good("master key", &format!("active key is {}", active.kid())),
        None => note(
            "master key",
            "not set, so people can't store keys; run `latchkey keygen`",
        ),
    }
    let store = match Store::open(&config.store.url).await {
        Ok(store) => store,
        Err(error) => return report.bad("database", &format!("{error:#}; check `store.url`")),
    };
    good("database", "opens, and its tables are up to date");
    pages(report, &store).await;
    let unlocked = Vault::unlock(masters, &store, Clock::default().now_ms()).await;
    match (unlocked, store.keys_by_master().await) {
        (Ok(vault), Ok(counts)) => {
            for (kid, keys) in counts {
                if vault.can_open(&kid) {
                    good("stored keys", &format!("{keys} under master key {kid}"));
                } else {
                    report.bad("stored keys", &format!(
                        "{keys} are locked: configure master key {kid}, or put it into BYOK_MASTER_KEY_PREVIOUS"
                    ));
                }
            }
        }
        (Err(error), _) | (_, Err(error)) => report.bad("vault", &format!("{error:#}")),
    }
    store.close().await;
}

/// Whether SQLite can read every page of its file.
async fn pages(report: &mut Report, store: &Store) {
    let wrong = match store.damage().await {
        Ok(damage) if damage.is_empty() => return good("database pages", "none is damaged"),
        Ok(damage) => damage.join("; "),
        Err(error) => format!("{error:#}"),
    };
    report.bad(
        "database pages",
        &format!("{wrong}; stop the program and put back a backup, or save what can be read with `sqlite3 … .recover`"),
    );
}

async fn discord(report: &mut Report, config: &Config, environment: &Environment, http: &Client) {
    let token = match environment.secret(&["DISCORD_TOKEN"]) {
        Ok(Some(token)) => token,
        Ok(None) => {
            return report.bad(
                "Discord token",
                "DISCORD_TOKEN is not set; copy it from https://discord.com/developers/applications",
            );
        }
        Err(error) => return report.bad("Discord token", &error.to_string()),
    };
    match Introduction::ask(&config.discord.api_url, &token, http.clone()).await {
        Ok(who) => {
            good(
                "Discord token",
                &format!("accepted, as application {}", who.application),
            );
            intents(report, config, who.reads_messages);
            good("Discord gateway", "its address is known");
        }
        Err(error) => report.bad(
            "Discord token",
            &format!("{error:#}; check DISCORD_TOKEN and `discord.api_url`"),
        ),
    }
}

/// The one intent that Discord must grant, where it is wanted.
fn intents(report: &mut Report, config: &Config, granted: bool) {
    match (config.discord.message_content, granted) {
        (false, _) => good("Discord intents", "none that Discord must grant are used"),
        (true, true) => good("Discord intents", "Message Content is granted"),
        (true, false) => report.bad(
            "Discord intents",
            "`discord.message_content` is set, but Message Content is not granted; turn it on under Bot on the \
             application's page, or Discord will refuse the connection",
        ),
    }
}

async fn providers(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
    clients: Clients,
) {
    let catalogue = match catalogue(config, environment) {
        Ok(catalogue) => catalogue,
        Err(error) => return report.bad("providers", &format!("{error:#}")),
    };
    let defaults = match bot_defaults(&catalogue, config, environment) {
        Ok(defaults) => defaults,
        Err(error) => return report.bad("providers", &format!("{error:#}")),
    };
    let providers = Providers::new(catalogue, clients, Timeouts::default());
    if defaults.is_empty() {
        note(
            "providers",
            "no bot default key is set; only people's own keys will pay",
        );
    }
    for default in defaults {
        let Some(provider) = providers.get(&default.provider) else {
            continue;
        };
        let (name, page) = (&provider.name, &provider.key_page);
        match providers.check(provider, default.credential.as_ref()).await {
            Check::Valid => good(name, "accepts the bot default key"),
            Check::Invalid => report.bad(
                name,
                &format!("refuses the bot default key; make a new one at {page}"),
            ),
            Check::OutOfCredit => report.bad(
                name,
                &format!("the account is out of credit; top up at {page}"),
            ),
            Check::Restricted => note(name, "accepts the bot default key with restrictions"),
            Check::WrongExtra => report.bad(name, "knows the key but not the ids that go with it"),
            Check::Unknown(class) => {
                report.bad(name, &format!("can't be asked right now: {class:?}"));
            }
        }
    }
}
