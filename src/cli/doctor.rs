//! `latchkey doctor`: checks everything that must be right, with one line for
//! each thing, and says what to do where it is not.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

use super::assembly::assemble::{catalogue, master_keys, time_zone};
use super::assembly::operator_files::prices;
use super::assembly::operator_keys::bot_defaults;
use super::assembly::pages::sign_in;
use super::assembly::storage::check_storage;
use super::health::is_well;
use super::output::explain;
use super::{Assembled, RunOptions, assemble};
use crate::app::{
    Finding, SignInTrouble, Wellness, check_pages, judge_buckets, judge_check, judge_health,
    judge_keyless, judge_master, judge_quotas, judge_sign_in, judge_stored_keys,
};
use crate::bot::{Introduction, SignInDesk, SignInSettings, invite_address};
use crate::config::{Config, Environment, others_can_read_dotenv};
use crate::gateway;
use crate::model::{Clock, Key, MemoryBudget, Owner, redact};
use crate::providers::{Clients, Providers, Timeouts};
use crate::store::Store;
use crate::vault::Vault;

/// What lines about pages for people are called.
const CONSOLE: &str = "console";
/// How long a connection to Discord's gateway may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What everything is set up by.
#[derive(Clone, Copy)]
struct Sources<'a> {
    config: &'a Config,
    environment: &'a Environment,
}

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

    fn show(&mut self, finding: &Finding) {
        let Finding { what, words, .. } = finding;
        match finding.wellness {
            Wellness::Good => pass(what, words),
            Wellness::Note => note(what, words),
            Wellness::Bad => self.fail(what, words),
        }
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
            check_gateway(&mut report, &config).await;
            let missing = Store::missing_file(&config.store.url);
            let stored = match &missing {
                Some(file) => {
                    check_missing_database(&mut report, file, &environment);
                    Vec::new()
                }
                None => check_database(&mut report, &config, &environment).await,
            };
            let clients = Clients::new(Timeouts::default().connect)?;
            check_discord(&mut report, &config, &environment, &clients.web).await;
            if let Some(finding) = check_storage(&config, &environment, &clients.web).await {
                report.show(&finding);
            }
            let sources = Sources {
                config: &config,
                environment: &environment,
            };
            check_providers(&mut report, sources, clients, stored).await;
            if !report.failed && missing.is_none() {
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

/// Checks that the port of the gateway can be opened, or that this program has
/// it open already.
async fn check_gateway(report: &mut Report, config: &Config) {
    const GATEWAY: &str = "gateway";
    let address = &config.gateway.listen;
    match gateway::listen(address).await {
        Ok(None) => note(GATEWAY, "`gateway.listen` is empty, so programs can't call"),
        Ok(Some(_)) => pass(GATEWAY, &format!("{address} is free")),
        Err(_) if is_well(address).await => pass(
            GATEWAY,
            &format!("{address} is in use by a Latchkey that is well, as it is while `serve` runs"),
        ),
        Err(error) => report.fail(GATEWAY, &explain(&error)),
    }
}

/// Checks that the database can be made, and makes nothing.
fn check_missing_database(report: &mut Report, file: &Path, environment: &Environment) {
    match master_keys(environment) {
        Ok(masters) => {
            let active = masters.first().map(|active| active.kid().to_string());
            report.show(&judge_master(active.as_deref()));
        }
        Err(error) => report.fail("master key", &explain(&error)),
    }
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let may_write = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match rustix::fs::access(folder, may_write) {
        Ok(()) => note(
            "database",
            &format!(
                "{} is not there yet; `latchkey serve` makes it",
                file.display()
            ),
        ),
        Err(error) => {
            let why = std::io::Error::from(error).kind();
            report.fail(
                "database",
                &format!(
                    "{} is not there yet and can't be made, since its folder can't be written ({why}); make the folder, \
                     give it to the user who runs Latchkey, or change `store.url`",
                    file.display()
                ),
            );
        }
    }
}

/// Checks that a connection to Discord's gateway can be opened.
async fn check_discord_gateway(report: &mut Report, address: &str) {
    const GATEWAY: &str = "Discord gateway";
    let url = url::Url::parse(address).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    let secure = url.as_ref().is_some_and(|url| url.scheme() == "wss");
    let port = url.as_ref().and_then(url::Url::port);
    let Some(host) = host else {
        return report.fail(GATEWAY, &format!("Discord names no address: {address}"));
    };
    let target = (host, port.unwrap_or(if secure { 443 } else { 80 }));
    let connecting = tokio::net::TcpStream::connect(target);
    match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
        Ok(Ok(_)) => pass(GATEWAY, "can be reached"),
        Ok(Err(error)) => report.fail(
            GATEWAY,
            &format!(
                "{address} can't be reached ({}); a firewall may stand between",
                error.kind()
            ),
        ),
        Err(_) => report.fail(
            GATEWAY,
            &format!("{address} does not answer; a firewall may stand between"),
        ),
    }
}

/// Stops machines that were started for pictures and are not needed any more,
/// since they cost money.
async fn stop_machines(report: &mut Report, config: &Config, environment: &Environment) {
    let assembled = assemble(config, environment, RunOptions::default()).await;
    let app = match assembled {
        Ok(Assembled { app, .. }) => app,
        Err(error) => return report.fail("machines", &explain(&error)),
    };
    match app.pictures.stop_all_leftovers().await {
        Ok(stopped) if stopped.is_empty() => pass("machines", "none is left over"),
        Ok(stopped) => note(
            "machines",
            &format!("stopped, since nobody needs them: {}", stopped.join(", ")),
        ),
        Err(error) => report.fail("machines", &explain(&error)),
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
    for finding in judge_quotas(&tiers, config.discord.operators.len()) {
        report.show(&finding);
    }
}

/// Checks the master keys, and that the database opens and they open its keys.
/// Returns the system keys that are stored there.
async fn check_database(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
) -> Vec<Key> {
    let masters = match master_keys(environment) {
        Ok(masters) => masters,
        Err(error) => {
            report.fail("master key", &explain(&error));
            return Vec::new();
        }
    };
    let active = masters.first().map(|active| active.kid().to_string());
    report.show(&judge_master(active.as_deref()));
    let store = match Store::open(&config.store.url).await {
        Ok(store) => store,
        Err(error) => {
            report.fail(
                "database",
                &format!("{}; check `store.url`", explain(&error)),
            );
            return Vec::new();
        }
    };
    pass("database", "opens, and its tables are up to date");
    report.show(&check_pages(&store).await);
    let unlocked = Vault::unlock(masters, &store, Clock::default().now_ms()).await;
    match (unlocked, store.keys_by_master().await) {
        (Ok(vault), Ok(counts)) => {
            for (kid, keys) in counts {
                report.show(&judge_stored_keys(&kid, keys, vault.can_open(&kid)));
            }
        }
        (Err(error), _) | (_, Err(error)) => report.fail("vault", &explain(&error)),
    }
    let system_keys = store.keys_of(Owner::Operator).await;
    store.close().await;
    system_keys.unwrap_or_else(|error| {
        report.fail("system keys", &explain(&error));
        Vec::new()
    })
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
            check_discord_gateway(report, &who.gateway).await;
            let invite = invite_address(&config.discord.api_url, who.application);
            note("invite", &format!("add the bot to a server with {invite}"));
            if let Some(settings) = find_sign_in(report, config, environment) {
                let (api, application) = (&config.discord.api_url, who.application);
                let desk = SignInDesk::new(api, application, settings, http.clone());
                check_secret(report, desk).await;
            }
        }
        Err(error) => report.fail(
            "Discord token",
            &format!(
                "{}; check DISCORD_TOKEN and `discord.api_url`",
                explain(&error)
            ),
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
        Ok(None) => report.show(&judge_sign_in(Err(SignInTrouble::NoSecret))),
        Err(error) => report.fail(CONSOLE, &error.to_string()),
    }
    None
}

/// Has Discord say whether it takes the client secret.
async fn check_secret(report: &mut Report, desk: anyhow::Result<SignInDesk>) {
    let checked = match desk {
        Ok(desk) => desk.check_secret().await,
        Err(error) => return report.fail(CONSOLE, &explain(&error)),
    };
    report.show(&judge_sign_in(checked));
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

/// Has every provider check its bot default key, and says what is known of
/// the system keys.
async fn check_providers(
    report: &mut Report,
    sources: Sources<'_>,
    clients: Clients,
    stored: Vec<Key>,
) {
    let Sources {
        config,
        environment,
    } = sources;
    let catalogue = match catalogue(config, environment) {
        Ok(catalogue) => catalogue,
        Err(error) => return report.fail("providers", &explain(&error)),
    };
    let defaults = match bot_defaults(&catalogue, config, environment) {
        Ok(defaults) => defaults,
        Err(error) => return report.fail("providers", &explain(&error)),
    };
    let memory = Arc::new(MemoryBudget::new(config.gateway.bodies_bytes()));
    let providers = Providers::new(catalogue, clients, Timeouts::default(), memory);
    if defaults.is_empty() && stored.is_empty() {
        note(
            "providers",
            "no bot default key is set; only people's own keys will pay",
        );
    }
    for default in defaults {
        let Some(provider) = providers.get(&default.provider) else {
            continue;
        };
        let check = providers.check(provider, default.credential.as_ref()).await;
        report.show(&match default.credential {
            Some(_) => judge_check(provider, "the bot default key", &check),
            None => judge_keyless(provider, &check),
        });
        if let Some(finding) = judge_buckets(provider) {
            report.show(&finding);
        }
    }
    for key in stored {
        if let Some(provider) = providers.get(&key.provider) {
            report.show(&judge_health(provider, "the system key", key.health));
            if let Some(finding) = judge_buckets(provider) {
                report.show(&finding);
            }
        }
    }
}
