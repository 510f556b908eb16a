//! Puts the program together from what was read of its settings and secrets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;

use super::pages;
use super::readings::{Prepared, Readings};
use crate::app::{App, BotDefault, Moderation, Parts, Settings};
use crate::bot::{self, SignInSettings};
use crate::config::{self, Config, ConfigError, Environment, Shards};
use crate::gateway;
use crate::ledger::{LeaseTimes, Ledger, LedgerParts};
use crate::model::{Clock, MemoryBudget, Owner, ProviderId, ServerId};
use crate::providers::{Clients, Providers, Timeouts};
use crate::store::Store;
use crate::vault::{MasterKey, Vault};

/// How a process runs, beside its settings.
#[derive(Clone, Default)]
pub struct RunOptions {
    pub shards: Shards,
    pub timeouts: Timeouts,
    pub clock: Clock,
}

/// The program, ready to serve.
pub struct Assembled {
    pub app: Arc<App>,
    pub gateway: gateway::Settings,
    pub discord: bot::Settings,
}

/// Reads everything, opens the database, unlocks the vault, and makes the
/// program of them.
pub async fn assemble(
    config: &Config,
    environment: &Environment,
    options: RunOptions,
) -> anyhow::Result<Assembled> {
    let prepared = Readings::read(config, environment).complete()?;
    assemble_with(prepared, config, options).await
}

/// Does the same with what was read.
pub async fn assemble_with(
    prepared: Prepared,
    config: &Config,
    options: RunOptions,
) -> anyhow::Result<Assembled> {
    let RunOptions {
        shards,
        timeouts,
        clock,
    } = options;
    gateway::start_counting();
    let timeouts = timeouts.with_silence(config.gateway.silence());
    let Prepared {
        token,
        masters,
        catalogue,
        bot_defaults,
        settings,
        quota,
        zone,
        prices,
        client_secret,
    } = prepared;
    // The port of these may be known since the settings were read.
    let settings = Settings {
        gateway_url: config.gateway.url(),
        console_url: config.console_url().ok(),
        ..settings
    };
    let store = Store::open(&config.store.url).await?;
    let vault = unlock(&store, masters, &clock).await?;
    let openai = ProviderId::from("openai");
    let system_key = store.key_of(Owner::Operator, &openai).await?;
    check_moderation(
        settings.images.moderation,
        &bot_defaults,
        system_key.is_some(),
    )?;
    let clients = Clients::new(timeouts.connect)?;
    let http = clients.web.clone();
    let memory = Arc::new(MemoryBudget::new(config.gateway.bodies_bytes()));
    let providers = Providers::new(catalogue, clients, timeouts, memory);
    let ledger = Ledger::start(LedgerParts {
        store: store.clone(),
        prices,
        clock: clock.clone(),
        zone,
        longest_call: timeouts.longest_call(),
        leases: LeaseTimes::default(),
        spool_folder: spool_folder(&config.store),
    });
    let app = App::new(Parts {
        store,
        vault,
        ledger,
        quota,
        providers,
        bot_defaults,
        settings,
        http,
        clock,
    });
    Ok(Assembled {
        app: Arc::new(app),
        gateway: gateway_settings(config),
        discord: discord_settings(config, token, pages::sign_in(config, client_secret), shards),
    })
}

fn spool_folder(store: &config::Store) -> Option<PathBuf> {
    let folder = &store.spool_folder;
    (!folder.is_empty()).then(|| folder.into())
}

fn discord_settings(
    config: &Config,
    token: SecretString,
    sign_in: Option<SignInSettings>,
    shards: Shards,
) -> bot::Settings {
    bot::Settings {
        api_url: config.discord.api_url.clone(),
        token,
        chat: chat_settings(config),
        message_content: config.discord.message_content,
        edit_interval: Duration::from_millis(config.ask.edit_interval_ms),
        home_server: Some(ServerId(config.discord.home_server)).filter(|server| server.0 > 0),
        shards: bot::ShardRange {
            first: shards.first,
            last: shards.last,
            total: shards.total,
        },
        sign_in,
    }
}

/// Refuses moderation by OpenAI without a bot default key, since no other key
/// may pay for it. A system key for OpenAI is one.
pub fn check_moderation(
    moderation: Moderation,
    defaults: &[BotDefault],
    has_system_key: bool,
) -> Result<(), ConfigError> {
    let openai = ProviderId::from("openai");
    let has_key = has_system_key || defaults.iter().any(|it| it.provider == openai);
    if moderation != Moderation::OpenAi || has_key {
        return Ok(());
    }
    let problem =
        "asks OpenAI, which needs a bot default key: set OPENAI_API_KEY, or add a system key first";
    Err(ConfigError::new("images.moderation", problem))
}

fn chat_settings(config: &Config) -> bot::ChatSettings {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    bot::ChatSettings {
        answer_messages: count(config.chat.answer_messages),
        asks_per_person: count(config.chat.asks_per_person),
        asks_per_channel: count(config.chat.asks_per_channel),
        pictures_per_person: count(config.images.per_person),
        memory_messages: count(config.chat.memory_messages),
        file_limits: pages::file_limits(config),
    }
}

fn gateway_settings(config: &Config) -> gateway::Settings {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    gateway::Settings {
        connections: count(config.gateway.connections),
        trusted_proxies: config.gateway.trusted_networks().collect(),
        public_url: config.gateway.own_address(),
        per_token: count(config.gateway.calls_per_token),
        // A token's calls are its person's.
        per_person: count(
            config
                .gateway
                .calls_per_person
                .max(config.gateway.calls_per_token),
        ),
        per_server: count(config.gateway.calls_per_server),
        body_bytes: count(config.gateway.body_kb) * 1_024,
        sound_bytes: count(config.gateway.sound_kb) * 1_024,
        open_metrics: config.gateway.open_metrics,
        keys_without_token: config.gateway.keys_without_token,
        demo_without_token: config.gateway.demo_without_token,
        hosts: config.gateway.own_hosts(),
    }
}

async fn unlock(store: &Store, masters: Vec<MasterKey>, clock: &Clock) -> anyhow::Result<Vault> {
    let vault = Vault::unlock(masters, store, clock.now_ms())
        .await
        .context("could not unlock the vault")?;
    for (kid, keys) in store.keys_by_master().await? {
        if !vault.can_open(&kid) {
            tracing::warn!(
                kid,
                keys,
                "{keys} stored keys are locked: master key {kid} is not configured"
            );
        }
    }
    if !vault.is_enabled() {
        tracing::warn!(
            "BYOK is off: set BYOK_MASTER_KEY to what `latchkey keygen` prints to enable it"
        );
    }
    Ok(vault)
}
