//! `latchkey doctor`: checks everything that must be right, with one line for
//! each thing, and says what to do where it is not.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use secrecy::SecretString;

use super::assembly::assemble::check_moderation;
use super::assembly::pages::sign_in;
use super::assembly::readings::{Readings, read_all};
use super::assembly::storage::check_storage;
use super::health::is_well;
use super::output::explain;
use super::{Assembled, RunOptions, assemble};
use crate::app::{
    BotDefault, Finding, PICTURE_STORAGE, SignInTrouble, Wellness, check_pages, judge_address,
    judge_buckets, judge_check, judge_health, judge_keyless, judge_master, judge_quotas,
    judge_sign_in, judge_stored_keys,
};
use crate::bot::{Introduction, SignInDesk, SignInSettings, Unheard, invite_address};
use crate::config::{Config, Environment, Wrong, others_can_read_dotenv};
use crate::gateway;
use crate::model::{Clock, Key, MemoryBudget, Owner, ProviderId, redact};
use crate::providers::{Clients, Providers, Timeouts};
use crate::store::{Store, check_folder};
use crate::vault::{MasterKey, Vault};

/// What lines about the settings, about pages for people, and about providers are
/// called.
const CONFIGURATION: &str = "configuration";
const CONSOLE: &str = "console";
const PROVIDERS: &str = "providers";
const TOKEN: &str = "DISCORD_TOKEN";
/// How long a connection to Discord's gateway may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

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
    let (config, readings) = read_all(file, &environment);
    tell_errors(&mut report, &readings);
    // With settings that are not meant, other checks would mislead.
    if readings.has_settings {
        Box::pin(check_all(&mut report, &config, &environment, readings)).await?;
    }
    Ok(if report.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Says everything that keeps `serve` from starting.
fn tell_errors(report: &mut Report, readings: &Readings) {
    let mut is_well = readings.has_settings;
    for error in readings.errors.iter() {
        let what = subject_of(&error.setting);
        is_well &= what != CONFIGURATION;
        report.fail(what, &error.to_string());
    }
    if is_well {
        pass(CONFIGURATION, "every setting is known and in range");
    }
}

/// What a setting or a variable is about.
fn subject_of(setting: &str) -> &'static str {
    let setting = setting.strip_suffix("_FILE").unwrap_or(setting);
    let is_variable = !setting.contains(|c: char| c.is_ascii_lowercase() || c == '.');
    match setting {
        TOKEN => "Discord token",
        "DISCORD_CLIENT_SECRET" => CONSOLE,
        _ if setting.starts_with("BYOK_") => "master key",
        _ if setting.starts_with("S3_") || setting.starts_with("images.storage") => PICTURE_STORAGE,
        _ if setting.starts_with("quota.") => "quotas",
        _ if is_variable && !setting.starts_with("LATCHKEY_") => PROVIDERS,
        _ => CONFIGURATION,
    }
}

/// Checks what settings lead to.
async fn check_all(
    report: &mut Report,
    config: &Config,
    environment: &Environment,
    mut readings: Readings,
) -> anyhow::Result<()> {
    check_dotenv();
    check_quotas(report, config);
    check_gateway(report, config).await;
    let missing = Store::missing_file(&config.store.url);
    let masters = readings.masters.take();
    let stored = match (&missing, masters) {
        (_, None) => None,
        (Some(file), Some(masters)) => {
            check_missing_database(report, file, &masters);
            Some(Vec::new())
        }
        (None, Some(masters)) => check_database(report, config, masters).await,
    };
    // Whether there is a key to moderate with is known only where they were read.
    if let (Some(stored), Some(settings)) = (&stored, &readings.settings) {
        let openai = ProviderId::from("openai");
        let has_key = stored.iter().any(|key| key.provider == openai);
        let moderation = settings.images.moderation;
        if let Err(error) = check_moderation(moderation, &readings.bot_defaults, has_key) {
            report.fail(CONFIGURATION, &error.to_string());
        }
    }
    let stored = stored.unwrap_or_default();
    let clients = Clients::new(Timeouts::default().connect)?;
    check_discord(report, config, &mut readings, &clients.web).await;
    let storage = readings.settings.take().and_then(|it| it.images.storage);
    if let Some(storage) = storage {
        report.show(&check_storage(storage, &clients.web).await);
    }
    // Wherever something is wrong, a key could go where it is not meant to.
    if !readings.errors.is_empty() {
        note(PROVIDERS, "no key was tried; mend what is wrong first");
    } else if let Some(catalogue) = readings.catalogue {
        for finding in catalogue.iter().filter_map(judge_address) {
            report.show(&finding);
        }
        let memory = Arc::new(MemoryBudget::new(config.gateway.bodies_bytes()));
        let providers = Providers::new(catalogue, clients, Timeouts::default(), memory);
        check_providers(report, &providers, readings.bot_defaults, stored).await;
    }
    if !report.failed && missing.is_none() {
        stop_machines(report, config, environment).await;
    }
    Ok(())
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
        Err(_) if is_well(address).await => match Store::is_claimed(&config.store.url) {
            Some(false) => report.fail(
                GATEWAY,
                &format!(
                    "{address} is in use by another Latchkey, and none uses this database; stop that one, or choose \
                     another port in `gateway.listen`"
                ),
            ),
            Some(true) => pass(
                GATEWAY,
                &format!("{address} is in use, as it is while `serve` runs, which is well"),
            ),
            None => pass(
                GATEWAY,
                &format!(
                    "{address} is in use by a Latchkey that is well, as it is while `serve` runs"
                ),
            ),
        },
        Err(error) => report.fail(GATEWAY, &explain(&error)),
    }
}

/// Checks that the database can be made, and makes nothing.
fn check_missing_database(report: &mut Report, file: &Path, masters: &[MasterKey]) {
    let active = masters.first().map(|active| active.kid().to_string());
    report.show(&judge_master(active.as_deref()));
    match check_folder(file) {
        Ok(()) => note(
            "database",
            &format!(
                "{} is not there yet; `latchkey serve` makes it",
                file.display()
            ),
        ),
        Err(error) => report.fail("database", &explain(&error)),
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

/// Says which tiers there are, and whether there is an operator.
fn check_quotas(report: &mut Report, config: &Config) {
    let tiers: Vec<&str> = config.quota.tiers.iter().map(|t| t.name.as_str()).collect();
    for finding in judge_quotas(&tiers, config.discord.operators.len()) {
        report.show(&finding);
    }
}

/// Checks the master keys, and that the database opens and they open its keys.
/// Returns the system keys that are stored there, unless they can't be read.
async fn check_database(
    report: &mut Report,
    config: &Config,
    masters: Vec<MasterKey>,
) -> Option<Vec<Key>> {
    let active = masters.first().map(|active| active.kid().to_string());
    report.show(&judge_master(active.as_deref()));
    let store = match Store::open(&config.store.url).await {
        Ok(store) => store,
        Err(error) => {
            let why = explain(&error);
            let is_told = why.contains("`store.url`");
            let advice = if is_told { "" } else { "; check `store.url`" };
            report.fail("database", &format!("{why}{advice}"));
            return None;
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
    system_keys
        .inspect_err(|error| report.fail("system keys", &explain(error)))
        .ok()
}

/// Checks the bot's token, and what Discord grants it.
async fn check_discord(
    report: &mut Report,
    config: &Config,
    readings: &mut Readings,
    http: &Client,
) {
    let Some(token) = readings.token.take() else {
        return;
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
            let secret = std::mem::replace(&mut readings.client_secret, Err(Wrong));
            if let Some(settings) = find_sign_in(report, config, secret) {
                let (api, application) = (&config.discord.api_url, who.application);
                let desk = SignInDesk::new(api, application, settings, http.clone());
                check_secret(report, desk).await;
            }
        }
        Err(error) => report.fail(what_failed(&error), &explain(&error)),
    }
}

/// What a line is about that says why Discord did not say who the bot is: where
/// it was not heard, nothing is known of the token.
fn what_failed(error: &anyhow::Error) -> &'static str {
    if error.is::<Unheard>() {
        "Discord"
    } else {
        "Discord token"
    }
}

/// Finds out whether there are pages and whether people can sign in to them,
/// and says what to register with Discord for it.
fn find_sign_in(
    report: &mut Report,
    config: &Config,
    client_secret: Result<Option<SecretString>, Wrong>,
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
    let settings = sign_in(config, client_secret.ok()?);
    if settings.is_none() {
        report.show(&judge_sign_in(Err(SignInTrouble::NoSecret)));
    }
    settings
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
    providers: &Providers,
    defaults: Vec<BotDefault>,
    stored: Vec<Key>,
) {
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
