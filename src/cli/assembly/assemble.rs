//! Puts the program together from its settings and secrets. Where that cannot
//! be done, the error names the setting.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use super::operator_files::{personas, prices, refuse_models_of_others, workflows};
use super::operator_keys::{bot_defaults, is_set_up};
use super::pages::{self, sign_in};
use super::storage::{images, storage};
use crate::app::{
    App, AskSettings, BotDefault, ModelSettings, Moderation, Parts, QuotaSettings, Settings,
};
use crate::bot;
use crate::config::{Config, ConfigError, Environment, Shards, check_url};
use crate::gateway;
use crate::ledger::{LeaseTimes, Ledger, LedgerParts};
use crate::model::{Clock, MemoryBudget, Owner, PersonId, ProviderId, ProviderKind, ServerId};
use crate::providers::{Catalogue, Clients, Delivery, Override, Provider, Providers, Timeouts};
use crate::store::Store;
use crate::vault::{MasterKey, Vault};

const DISCORD_TOKEN: &str = "DISCORD_TOKEN";
const MASTER_KEY: &str = "BYOK_MASTER_KEY";
const PREVIOUS_KEYS: &str = "BYOK_MASTER_KEY_PREVIOUS";
const HOW_TO_GET_A_TOKEN: &str =
    "is not set; copy the bot's token from https://discord.com/developers/applications";

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

/// The secrets of the environment, and the providers that some are for.
pub struct Secrets {
    token: SecretString,
    catalogue: Catalogue,
    bot_defaults: Vec<BotDefault>,
    masters: Vec<MasterKey>,
}

/// Reads the secrets, and refuses what is missing or wrong before anything is
/// opened.
pub fn read_secrets(config: &Config, environment: &Environment) -> anyhow::Result<Secrets> {
    let token = environment.secret(&[DISCORD_TOKEN])?;
    let token = token.ok_or_else(|| ConfigError::new(DISCORD_TOKEN, HOW_TO_GET_A_TOKEN))?;
    let catalogue = catalogue(config, environment)?;
    let bot_defaults = bot_defaults(&catalogue, config, environment)?;
    let masters = master_keys(environment)?;
    check_distinct(&masters, &token, &bot_defaults)?;
    Ok(Secrets {
        token,
        catalogue,
        bot_defaults,
        masters,
    })
}

/// Reads the secrets, opens the database, unlocks the vault, and makes the
/// program of them.
pub async fn assemble(
    config: &Config,
    environment: &Environment,
    options: RunOptions,
) -> anyhow::Result<Assembled> {
    let secrets = read_secrets(config, environment)?;
    assemble_with(secrets, config, environment, options).await
}

/// Does the same with secrets that were read.
pub async fn assemble_with(
    secrets: Secrets,
    config: &Config,
    environment: &Environment,
    options: RunOptions,
) -> anyhow::Result<Assembled> {
    let RunOptions {
        shards,
        timeouts,
        clock,
    } = options;
    gateway::start_counting();
    let timeouts = timeouts.with_silence(config.gateway.silence());
    let Secrets {
        token,
        catalogue,
        bot_defaults,
        masters,
    } = secrets;
    let mut settings = settings(config, &catalogue)?;
    settings.images.storage = storage(config, environment)?;
    let quota = quota(config, &catalogue)?;
    let zone = time_zone(config)?;
    let prices = prices(config)?;
    let store = Store::open(&config.store.url).await?;
    let vault = unlock(&store, masters, &clock).await?;
    check_moderation(settings.images.moderation, &bot_defaults, &store).await?;
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
    let discord = bot::Settings {
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
        sign_in: sign_in(config, environment)?,
    };
    Ok(Assembled {
        app: Arc::new(app),
        gateway: gateway_settings(config),
        discord,
    })
}

/// The built-in providers with the operator's changes.
pub fn catalogue(config: &Config, environment: &Environment) -> anyhow::Result<Catalogue> {
    let mut overrides: Vec<Override> = config
        .providers
        .iter()
        .map(|(id, change)| Override {
            id: id.clone(),
            name: change.name.clone(),
            base_url: change.base_url.clone(),
            default_model: change.default_model.clone(),
            sees: change.sees.clone(),
            image_model: change.image_model.clone(),
            image_hosts: change.image_hosts.clone(),
            key_prefixes: change.key_prefixes.clone(),
        })
        .collect();
    for provider in Catalogue::new(&[])?.iter() {
        let host = provider.url_env.and_then(|name| environment.plain(name));
        let has_url = config
            .providers
            .get(provider.id.as_str())
            .is_some_and(|p| p.base_url.is_some());
        if let Some(host) = host.filter(|_| !has_url) {
            let base_url = with_scheme(host.expose_secret());
            check_url(provider.url_env.unwrap_or_default(), &base_url)?;
            let base_url = Some(base_url);
            overrides.push(Override {
                id: provider.id.to_string(),
                base_url,
                ..Override::default()
            });
        }
    }
    let mut catalogue = Catalogue::new(&overrides)?;
    // Whoever has a key for one would else reach whatever listens on this
    // machine.
    catalogue.retain(|provider| {
        !provider.is_on_own_machine() || is_set_up(provider, config, environment)
    });
    Ok(catalogue)
}

/// Puts `http://` before a bare host and port, as `OLLAMA_HOST` may be.
fn with_scheme(host: &str) -> String {
    if host.contains("://") {
        host.to_owned()
    } else {
        format!("http://{host}")
    }
}

/// The master keys: the active one first, then the previous ones. Where there
/// are none, BYOK is off.
pub fn master_keys(environment: &Environment) -> anyhow::Result<Vec<MasterKey>> {
    let parse = |name: &str, text: &str| {
        MasterKey::parse(&SecretString::from(text)).map_err(|weak| {
            ConfigError::new(name, format!("{weak}; `latchkey keygen` makes a good one"))
        })
    };
    let mut keys = Vec::new();
    if let Some(active) = environment.secret(&[MASTER_KEY])? {
        keys.push(parse(MASTER_KEY, active.expose_secret())?);
    }
    if let Some(previous) = environment.secret(&[PREVIOUS_KEYS])? {
        if keys.is_empty() {
            return Err(
                ConfigError::new(PREVIOUS_KEYS, format!("needs {MASTER_KEY} beside it")).into(),
            );
        }
        for text in previous.expose_secret().split(',') {
            keys.push(parse(PREVIOUS_KEYS, text)?);
        }
    }
    Ok(keys)
}

/// Refuses a master key that is used as another secret too: whoever learns one
/// would have the other.
fn check_distinct(
    masters: &[MasterKey],
    token: &SecretString,
    defaults: &[BotDefault],
) -> Result<(), ConfigError> {
    let keys = defaults
        .iter()
        .filter_map(|default| default.credential.as_ref())
        .map(|c| &c.secret);
    for other in keys.chain([token]) {
        let same =
            MasterKey::parse(other).is_ok_and(|key| masters.iter().any(|m| m.kid() == key.kid()));
        if same {
            return Err(ConfigError::new(
                MASTER_KEY,
                "is also used as another secret; make a new one",
            ));
        }
    }
    Ok(())
}

/// Refuses moderation by OpenAI without a bot default key, since no other key
/// may pay for it. A system key is one.
async fn check_moderation(
    moderation: Moderation,
    defaults: &[BotDefault],
    store: &Store,
) -> anyhow::Result<()> {
    let openai = ProviderId::from("openai");
    let has_key = defaults.iter().any(|it| it.provider == openai);
    if moderation != Moderation::OpenAi || has_key {
        return Ok(());
    }
    if store.key_of(Owner::Operator, &openai).await?.is_some() {
        return Ok(());
    }
    let problem =
        "asks OpenAI, which needs a bot default key: set OPENAI_API_KEY, or add a system key first";
    Err(ConfigError::new("images.moderation", problem).into())
}

fn settings(config: &Config, catalogue: &Catalogue) -> Result<Settings, ConfigError> {
    let mut provider_order = Vec::new();
    for name in &config.ask.provider_order {
        let known = catalogue
            .find(name)
            .filter(|provider| provider.kind == ProviderKind::Chat);
        let known = known.ok_or_else(|| {
            ConfigError::new(
                "ask.provider_order",
                "names something that is no provider of language models",
            )
        })?;
        provider_order.push(known.id.clone());
    }
    // Providers that the order leaves out come last.
    let left_out = |id: &ProviderId| !provider_order.contains(id);
    let rest: Vec<ProviderId> = catalogue
        .iter()
        .filter(|p| p.kind == ProviderKind::Chat && left_out(&p.id))
        .map(|p| p.id.clone())
        .collect();
    provider_order.extend(rest);
    let models = ModelSettings {
        chat_order: provider_order,
        picture_order: picture_order(config, catalogue)?,
        workflows: workflows(config)?,
        allowed: config.ask.models.clone(),
    };
    let personas = personas(&config.ask.personas)?;
    refuse_models_of_others(&personas, |model| models.refuse_anothers(catalogue, model))?;
    Ok(Settings {
        models,
        asks: AskSettings {
            system_prompt: config.ask.system_prompt.clone(),
            personas,
            demo_replies: config.ask.demo_replies,
            max_output_tokens: config.ask.max_output_tokens,
            context_tokens: config.ask.context_tokens,
            delivery: if config.ask.stream {
                Delivery::Streamed
            } else {
                Delivery::Whole
            },
        },
        images: images(config)?,
        gateway_url: config.gateway.url(),
        console_url: config.console_url().ok(),
    })
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

/// The operator's settings of quotas.
fn quota(config: &Config, catalogue: &Catalogue) -> Result<QuotaSettings, ConfigError> {
    let operators = config.discord.operators.iter();
    let own_servers = catalogue.iter().filter(|it| it.may_check_no_keys());
    Ok(QuotaSettings {
        tiers: config.quota.tiers()?,
        applies_to: config.quota.sources()?,
        operators: operators.map(|id| PersonId(*id)).collect(),
        keep_days: config.quota.keep_days,
        own_servers: own_servers.map(|it| it.id.clone()).collect(),
    })
}

/// Who is asked for pictures, best first.
fn picture_order(config: &Config, catalogue: &Catalogue) -> Result<Vec<ProviderId>, ConfigError> {
    let mut order = Vec::new();
    // One that is not set up here is passed over.
    let built_in = Catalogue::new(&[]).unwrap_or_else(|_| catalogue.clone());
    let is_left_out = |name: &String| {
        let is_known = built_in.find(name).is_some_and(Provider::is_on_own_machine);
        is_known && catalogue.find(name).is_none()
    };
    let order_there = config.images.provider_order.iter();
    for name in order_there.filter(|name| !is_left_out(name)) {
        let known = catalogue.find(name).filter(|it| it.images.wire.is_some());
        let known = known.ok_or_else(|| {
            let problem = "names something that is no provider of pictures";
            ConfigError::new("images.provider_order", problem)
        })?;
        order.push(known.id.clone());
    }
    Ok(order)
}

/// The time zone in which calendar days begin.
pub fn time_zone(config: &Config) -> Result<jiff::tz::TimeZone, ConfigError> {
    jiff::tz::TimeZone::get(&config.quota.time_zone).map_err(|_| {
        ConfigError::new(
            "quota.time_zone",
            "must be a name of the IANA time zone database, such as `Europe/Berlin`, or `UTC`",
        )
    })
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
