//! `latchkey doctor`: checks everything that must be right, with one line for
//! each thing, and says what to do where it is not.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

use super::assemble::{bot_defaults, catalogue, master_keys, prices, time_zone};
use super::pages::sign_in;
use super::{Assembled, RunOptions, assemble};
use crate::app::SignInTrouble;
use crate::bot::{Introduction, SignInDesk, SignInSettings};
use crate::config::{Config, Environment, others_can_read_dotenv};
use crate::model::{Check, Clock, MemoryBudget, redact};
use crate::providers::{Clients, Providers, Timeouts};
use crate::store::Store;
use crate::vault::Vault;

/// What lines about pages for people are called.
const CONSOLE: &str = "console";

/// Whether any check has failed so far.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn fail(&mut self, what: &str, detail: &str) {
        self.failed = true;
        println!("FAIL  {what}: {}", redact(detail));
    }
}

fn pass(what: &str, detail: &str) {
    println!("ok    {what}: {detail}");
}

fn note(what: &str, detail: &str) {
    println!("note  {what}: {detail}");
}

/// Checks everything that can be checked without serving.
pub async fn doctor(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let environment = match Environment::of_process() {
        Ok(environment) => environment,
        Err(error) => {
            report.fail("environment", &error.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    match Config::load(file, &environment) {
        Ok(config) => {
            check_dotenv();
            pass("configuration", "every setting is known and in range");
            check_quotas(&mut report, &config);
            check_database(&mut report, &config, &environment).await;
            let clients = Clients::new(Timeouts::default().connect)?;
            check_discord(&mut report, &config, &environment, &clients.web).await;
            check_providers(&mut report, &config, &environment, clients).await;
            if !report.failed {
                stop_machines(&mut report, &config, &environment).await;
            }
        }
        Err(error) => report.fail("configuration", &error.to_string()),
    }
    Ok(if report.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Checks that others on the machine cannot read the secrets in `.env`.
fn check_dotenv() {
    if others_can_read_dotenv() {
        note(
            ".env",
            "others on this machine can read it, and so every secret in it; run `chmod 600 .env`",
        );
    }
}

/// Stops machines that were started for pictures and are not needed any more,
/// since they cost money.
async fn stop_machines(report: &mut Report, config: &Config, environment: &Environment) {
    let assembled = assemble(config, environment, RunOptions::default()).await;
    let app = match assembled {
        Ok(Assembled { app, .. }) => app,
        Err(error) => return report.fail("machines", &format!("{error:#}")),
    };
    match app.pictures.stop_all_leftovers().await {
        Ok(stopped) if stopped.is_empty() => pass("machines", "none is left over"),
        Ok(stopped) => note(
            "machines",
            &format!("stopped, since nobody needs them: {}", stopped.join(", ")),
        ),
        Err(error) => report.fail("machines", &format!("{error:#}")),
    }
    app.shut_down(Duration::ZERO, Duration::ZERO).await;
}

/// Checks tiers, prices, and that there is an operator.
fn check_quotas(report: &mut Report, config: &Config) {
    let problems = [prices(config).err(), time_zone(config).err()];
    for error in problems.into_iter().flatten() {
        report.fail("quotas", &error.to_string());
    }
    let tiers: Vec<&str> = config.quota.tiers.iter().map(|t| t.name.as_str()).collect();
    pass("quotas", &format!("tiers {}", tiers.join(", ")));
    if config.discord.operators.is_empty() {
        note(
            "quotas",
            "nobody may use /admin; put ids of people into `discord.operators` to allow it",
        );
    }
}

/// Checks the master keys, and that the database opens and they open its keys.
async fn check_database(report: &mut Report, config: &Config, environment: &Environment) {
    let masters = match master_keys(environment) {
        Ok(masters) => masters,
        Err(error) => return report.fail("master key", &format!("{error:#}")),
    };
    match masters.first() {
        Some(active) => pass("master key", &format!("active key is {}", active.kid())),
        None => note(
            "master key",
            "not set, so people can't store keys; run `latchkey keygen`",
        ),
    }
    let store = match Store::open(&config.store.url).await {
        Ok(store) => store,
        Err(error) => return report.fail("database", &format!("{error:#}; check `store.url`")),
    };
    pass("database", "opens, and its tables are up to date");
    check_pages(report, &store).await;
    let unlocked = Vault::unlock(masters, &store, Clock::default().now_ms()).await;
    match (unlocked, store.keys_by_master().await) {
        (Ok(vault), Ok(counts)) => {
            for (kid, keys) in counts {
                if vault.can_open(&kid) {
                    pass("stored keys", &format!("{keys} under master key {kid}"));
                } else {
                    report.fail("stored keys", &format!(
                        "{keys} are locked: configure master key {kid}, or put it into BYOK_MASTER_KEY_PREVIOUS"
                    ));
                }
            }
        }
        (Err(error), _) | (_, Err(error)) => report.fail("vault", &format!("{error:#}")),
    }
    store.close().await;
}

/// Checks that SQLite can read every page of its file.
async fn check_pages(report: &mut Report, store: &Store) {
    let wrong = match store.find_damage().await {
        Ok(damage) if damage.is_empty() => return pass("database pages", "none is damaged"),
        Ok(damage) => damage.join("; "),
        Err(error) => format!("{error:#}"),
    };
    report.fail(
        "database pages",
        &format!("{wrong}; stop the program and put back a backup, or save what can be read with `sqlite3 … .recover`"),
    );
}

/// Checks the bot's token, and what Discord grants it.
async fn check_discord(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
    http: &Client,
) {
    let token = match environment.secret(&["DISCORD_TOKEN"]) {
        Ok(Some(token)) => token,
        Ok(None) => {
            return report.fail(
                "Discord token",
                "DISCORD_TOKEN is not set; copy it from https://discord.com/developers/applications",
            );
        }
        Err(error) => return report.fail("Discord token", &error.to_string()),
    };
    match Introduction::ask(&config.discord.api_url, &token, http.clone()).await {
        Ok(who) => {
            pass(
                "Discord token",
                &format!("accepted, as application {}", who.application),
            );
            check_intents(report, config, who.reads_messages);
            pass("Discord gateway", "its address is known");
            if let Some(settings) = find_sign_in(report, config, environment) {
                let (api, application) = (&config.discord.api_url, who.application);
                let desk = SignInDesk::new(api, application, settings, http.clone());
                check_secret(report, desk).await;
            }
        }
        Err(error) => report.fail(
            "Discord token",
            &format!("{error:#}; check DISCORD_TOKEN and `discord.api_url`"),
        ),
    }
}

/// Finds out whether there are pages and whether people can sign in to them,
/// and says what to register with Discord for it.
fn find_sign_in(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
) -> Option<SignInSettings> {
    match config.sign_in_back() {
        Ok(back) => note(
            CONSOLE,
            &format!(
                "under OAuth2 on the application's page, this must stand as a redirect, letter for letter: {back}"
            ),
        ),
        Err(why) => {
            note(CONSOLE, &format!("no pages for people: {why}"));
            return None;
        }
    }
    match sign_in(config, environment) {
        Ok(Some(settings)) => return Some(settings),
        Ok(None) => note(
            CONSOLE,
            "nobody can sign in: DISCORD_CLIENT_SECRET is not set; copy it from OAuth2 on the application's page",
        ),
        Err(error) => report.fail(CONSOLE, &error.to_string()),
    }
    None
}

/// Has Discord say whether it takes the client secret.
async fn check_secret(report: &mut Report, desk: anyhow::Result<SignInDesk>) {
    let checked = match desk {
        Ok(desk) => desk.check_secret().await,
        Err(error) => return report.fail(CONSOLE, &format!("{error:#}")),
    };
    match checked {
        Ok(()) => pass(CONSOLE, "Discord takes the client secret"),
        Err(SignInTrouble::WrongSecret) => report.fail(
            CONSOLE,
            "Discord refuses DISCORD_CLIENT_SECRET; copy it again, or reset it, under OAuth2 on the application's page",
        ),
        Err(trouble) => {
            report.fail(CONSOLE, &format!("the client secret can't be tried: {trouble}"));
        }
    }
}

/// Checks that Discord grants the one intent that it must, if it is wanted.
fn check_intents(report: &mut Report, config: &Config, granted: bool) {
    match (config.discord.message_content, granted) {
        (false, _) => pass("Discord intents", "none that Discord must grant are used"),
        (true, true) => pass("Discord intents", "Message Content is granted"),
        (true, false) => report.fail(
            "Discord intents",
            "`discord.message_content` is set, but Message Content is not granted; turn it on under Bot on the \
             application's page, or Discord will refuse the connection",
        ),
    }
}

/// Has every provider check its bot default key.
async fn check_providers(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
    clients: Clients,
) {
    let catalogue = match catalogue(config, environment) {
        Ok(catalogue) => catalogue,
        Err(error) => return report.fail("providers", &format!("{error:#}")),
    };
    let defaults = match bot_defaults(&catalogue, config, environment) {
        Ok(defaults) => defaults,
        Err(error) => return report.fail("providers", &format!("{error:#}")),
    };
    let memory = Arc::new(MemoryBudget::new(config.gateway.bodies_bytes()));
    let providers = Providers::new(catalogue, clients, Timeouts::default(), memory);
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
            Check::Valid => pass(name, "accepts the bot default key"),
            Check::Invalid => report.fail(
                name,
                &format!("refuses the bot default key; make a new one at {page}"),
            ),
            Check::OutOfCredit => report.fail(
                name,
                &format!("the account is out of credit; top up at {page}"),
            ),
            Check::Restricted => note(name, "accepts the bot default key with restrictions"),
            Check::WrongExtra => report.fail(name, "knows the key but not the ids that go with it"),
            Check::Unknown(class) => {
                report.fail(name, &format!("can't be asked right now: {class:?}"));
            }
        }
    }
}
