//! Reads everything that the settings and the environment say, before anything
//! is opened. `serve` stops at what is wrong, and `doctor` tells of it: both
//! read here, and find the same.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::operator_keys::{bot_defaults, is_set_up};
use super::pages::CLIENT_SECRET;
use super::settings::{prices, quota, settings, time_zone};
use super::storage::storage;
use crate::app::{BotDefault, QuotaSettings, Settings};
use crate::config::{
    Config, ConfigError, ConfigErrors, Environment, HOW_TO_GET_A_TOKEN, Wrong, check_url,
};
use crate::ledger::Prices;
use crate::providers::{Catalogue, Override};
use crate::vault::MasterKey;

const DISCORD_TOKEN: &str = "DISCORD_TOKEN";
const MASTER_KEY: &str = "BYOK_MASTER_KEY";
const PREVIOUS_KEYS: &str = "BYOK_MASTER_KEY_PREVIOUS";

/// What was read: whatever is wrong is none, and in `errors`.
pub struct Readings {
    /// Whether each setting is as it is written, and none as it is by default
    /// because it is wrong.
    pub has_settings: bool,
    pub token: Option<SecretString>,
    pub masters: Option<Vec<MasterKey>>,
    pub catalogue: Option<Catalogue>,
    pub bot_defaults: Vec<BotDefault>,
    pub settings: Option<Settings>,
    pub quota: Option<QuotaSettings>,
    pub zone: Option<jiff::tz::TimeZone>,
    pub prices: Option<Prices>,
    /// What people sign in to the console with; none where it is not set.
    pub client_secret: Result<Option<SecretString>, Wrong>,
    pub errors: ConfigErrors,
}

/// All of it, with nothing wrong.
pub struct Prepared {
    pub token: SecretString,
    pub masters: Vec<MasterKey>,
    pub catalogue: Catalogue,
    pub bot_defaults: Vec<BotDefault>,
    pub settings: Settings,
    pub quota: QuotaSettings,
    pub zone: jiff::tz::TimeZone,
    pub prices: Prices,
    pub client_secret: Option<SecretString>,
}

/// Reads the settings, and what they and the environment say, whatever is wrong.
pub fn read_all(file: Option<&Path>, environment: &Environment) -> (Config, Readings) {
    let (config, mut errors) = Config::read(file, environment);
    let mut readings = Readings::read(&config, environment);
    readings.has_settings = errors.is_empty();
    errors.extend(std::mem::take(&mut readings.errors));
    readings.errors = errors;
    (config, readings)
}

impl Readings {
    /// Reads all of it, whatever is wrong.
    pub fn read(config: &Config, environment: &Environment) -> Self {
        let mut errors = ConfigErrors::default();
        let token = errors.keep(discord_token(environment));
        let masters = master_keys(environment, &mut errors);
        let catalogue = catalogue(config, environment, &mut errors);
        let mut defaults = Vec::new();
        if let Some(catalogue) = &catalogue {
            defaults = bot_defaults(catalogue, config, environment, &mut errors);
        }
        let settings = catalogue.as_ref().and_then(|catalogue| {
            let storage = storage(config, environment, &mut errors);
            let mut settings = settings(config, catalogue, &mut errors)?;
            settings.images.storage = storage.ok()?;
            Some(settings)
        });
        let quota = catalogue.as_ref().map(|catalogue| quota(config, catalogue));
        let quota = quota.and_then(|quota| errors.keep(quota));
        if let (Some(token), Some(masters)) = (&token, &masters) {
            errors.keep(check_distinct(masters, token, &defaults));
        }
        Self {
            has_settings: true,
            token,
            masters,
            bot_defaults: defaults,
            settings,
            quota,
            zone: errors.keep(time_zone(config)),
            prices: errors.keep(prices(config)),
            client_secret: errors
                .keep(environment.secret(&[CLIENT_SECRET]))
                .ok_or(Wrong),
            catalogue,
            errors,
        }
    }

    /// All of it, unless anything is wrong.
    pub fn complete(mut self) -> Result<Prepared, ConfigErrors> {
        let errors = std::mem::take(&mut self.errors);
        match self.whole() {
            Some(prepared) => errors.unless_wrong(prepared),
            None => Err(errors),
        }
    }

    fn whole(self) -> Option<Prepared> {
        Some(Prepared {
            token: self.token?,
            masters: self.masters?,
            catalogue: self.catalogue?,
            bot_defaults: self.bot_defaults,
            settings: self.settings?,
            quota: self.quota?,
            zone: self.zone?,
            prices: self.prices?,
            client_secret: self.client_secret.ok()?,
        })
    }
}

/// The bot's token. What is of another shape is sent to nobody: a key of some
/// provider's may have gone astray.
fn discord_token(environment: &Environment) -> Result<SecretString, ConfigError> {
    let token = environment.secret(&[DISCORD_TOKEN])?;
    let token = token.ok_or_else(|| environment.missing(DISCORD_TOKEN))?;
    // As in <https://discord.com/developers/docs/reference#authentication>.
    let parts: Vec<&str> = token.expose_secret().split('.').collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(is_plain);
    if parts.len() == 3 && parts.iter().all(is_part) {
        return Ok(token);
    }
    let problem = format!(
        "is no bot's token, which has three parts with dots between; it was sent to nobody. Instead, \
         {HOW_TO_GET_A_TOKEN}"
    );
    Err(ConfigError::new(DISCORD_TOKEN, problem))
}

/// The built-in providers with the operator's changes; those changes that are
/// wrong are left out.
pub fn catalogue(
    config: &Config,
    environment: &Environment,
    errors: &mut ConfigErrors,
) -> Option<Catalogue> {
    let make = |overrides: &[Override]| {
        Catalogue::new(overrides)
            .map_err(|wrong| ConfigError::new(format!("providers.{}", wrong.id), wrong.problem))
    };
    let built_in = errors.keep(make(&[]))?;
    let mut overrides = Vec::new();
    for (id, change) in &config.providers {
        let setting = format!("providers.{id}.base_url");
        let url = change.base_url.as_ref().map(|url| check_url(&setting, url));
        if url.is_some_and(|url| errors.keep(url).is_none()) {
            continue;
        }
        overrides.push(Override {
            id: id.clone(),
            name: change.name.clone(),
            base_url: change.base_url.clone(),
            default_model: change.default_model.clone(),
            sees: change.sees.clone(),
            image_model: change.image_model.clone(),
            image_hosts: change.image_hosts.clone(),
            key_prefixes: change.key_prefixes.clone(),
            only_vendor_models: change.only_vendor_models,
        });
    }
    for provider in built_in.iter() {
        let Some(variable) = provider.url_env else {
            continue;
        };
        let set = config.providers.get(provider.id.as_str());
        let has_url = set.is_some_and(|set| set.base_url.is_some());
        let Some(host) = environment.plain(variable).filter(|_| !has_url) else {
            continue;
        };
        let base_url = with_scheme(host.expose_secret());
        if errors.keep(check_url(variable, &base_url)).is_some() {
            overrides.push(Override {
                id: provider.id.to_string(),
                base_url: Some(base_url),
                ..Override::default()
            });
        }
    }
    overrides.retain(|change| errors.keep(make(std::slice::from_ref(change))).is_some());
    let mut catalogue = errors.keep(make(&overrides))?;
    // Whoever has a key for one would else reach whatever listens on this
    // machine.
    catalogue.retain(|provider| {
        !provider.is_on_own_machine() || is_set_up(provider, config, environment)
    });
    Some(catalogue)
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
fn master_keys(environment: &Environment, errors: &mut ConfigErrors) -> Option<Vec<MasterKey>> {
    let parse = |name: &str, text: &str| {
        MasterKey::parse(&SecretString::from(text)).map_err(|weak| {
            ConfigError::new(name, format!("{weak}; `latchkey keygen` makes a good one"))
        })
    };
    let active = errors.keep(environment.secret(&[MASTER_KEY]));
    let previous = errors.keep(environment.secret(&[PREVIOUS_KEYS]));
    let is_alone = matches!((&active, &previous), (Some(None), Some(Some(_))));
    if is_alone {
        let problem = format!("needs {MASTER_KEY} beside it");
        errors.extend(ConfigError::new(PREVIOUS_KEYS, problem).into());
    }
    let (active, previous) = (active?, previous?);
    let mut keys = Vec::new();
    if let Some(active) = active {
        keys.push(errors.keep(parse(MASTER_KEY, active.expose_secret())));
    }
    if let Some(previous) = previous.filter(|_| !is_alone) {
        let each = previous.expose_secret().split(',');
        keys.extend(each.map(|text| errors.keep(parse(PREVIOUS_KEYS, text))));
    }
    keys.into_iter().collect()
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
