//! Settings: built-in defaults, then the file, then the environment.
//!
//! [`Config`] mirrors `config.example.toml`. Secrets never come from the
//! file; see [`Environment`]. Every error names the setting and what it
//! should be, never its value.

mod console;
mod discord;
mod environment;
mod errors;
mod gateway;
mod ids;
mod provider;
mod quota;
mod reading;
mod shards;
mod storage;

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml::Table;

pub use console::{Console, NoConsole};
use discord::Discord;
pub use environment::{Environment, HOW_TO_GET_A_TOKEN, others_can_read_dotenv};
pub use errors::{ConfigError, ConfigErrors, Wrong};
pub use gateway::Gateway;
pub use provider::Provider;
pub use quota::Quota;
pub use shards::Shards;
pub use storage::Storage;

use reading::{TypedSettings, parse_scalar, read_table, read_text, set_value, syntax_error};

/// The commented example, which is also what `default-config` prints.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Environment variables with this prefix are settings: `LATCHKEY_STORE__URL`
/// is `store.url`.
const PREFIX: &str = "LATCHKEY_";

/// Everything that an operator can set, but for secrets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub discord: Discord,
    pub store: Store,
    pub ask: Ask,
    pub chat: Chat,
    pub images: Images,
    pub quota: Quota,
    pub gateway: Gateway,
    pub console: Console,
    pub providers: BTreeMap<String, Provider>,
}

/// How the bot takes part in conversations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chat {
    pub asks_per_person: u32,
    pub asks_per_channel: u32,
    pub answer_messages: u32,
    pub memory_messages: u32,
    pub pictures: u32,
    pub picture_kb: u32,
    pub text_file_kb: u32,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            asks_per_person: 1,
            asks_per_channel: 8,
            answer_messages: 5,
            memory_messages: 40,
            pictures: 4,
            picture_kb: 4_096,
            text_file_kb: 128,
        }
    }
}

/// Where the database is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// May hold a password, so it is a secret.
    pub url: SecretString,
    /// Where settlements are kept that PostgreSQL does not take; empty for
    /// nowhere.
    pub spool_folder: String,
}

/// How asks are answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    pub provider_order: Vec<String>,
    pub system_prompt: String,
    /// A folder of personas; empty for none but ours.
    pub personas: String,
    pub demo_replies: bool,
    /// Patterns of `provider/model` that are allowed; empty for every model.
    pub models: Vec<String>,
    pub max_output_tokens: u32,
    /// How much of a conversation a model is told at the most, in tokens.
    pub context_tokens: u32,
    pub stream: bool,
    pub edit_interval_ms: u64,
}

/// How pictures are made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Images {
    pub provider_order: Vec<String>,
    /// A folder of workflows; empty for none but ours.
    pub workflows: String,
    pub moderation: String,
    pub deadline_minutes: u32,
    pub per_person: u32,
    pub poll_ms: u32,
    pub age_restricted_only: bool,
    /// How many unfinished pictures people see on the way to one.
    pub previews: u8,
    /// LoRAs that hosts have which don't tell.
    pub loras: Vec<String>,
    /// People are asked before one ask for pictures may cost more; 0: never.
    pub confirm_above_dollars: f64,
    pub storage: Storage,
}

impl Default for Images {
    fn default() -> Self {
        let order = "openai google xai openrouter runpod runcomfy-serverless saladcloud comfyui \
                     runcomfy";
        Self {
            provider_order: order.split(' ').map(Into::into).collect(),
            workflows: String::new(),
            moderation: "provider".into(),
            deadline_minutes: 20,
            per_person: 2,
            poll_ms: 2_000,
            age_restricted_only: false,
            previews: 0,
            loras: Vec::new(),
            confirm_above_dollars: 0.0,
            storage: Storage::default(),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite:latchkey.db".into(),
            spool_folder: ".".into(),
        }
    }
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            provider_order: Vec::new(),
            system_prompt: "You answer in a Discord chat. Be brief and use Discord's Markdown."
                .into(),
            personas: String::new(),
            demo_replies: false,
            models: Vec::new(),
            max_output_tokens: 1_500,
            context_tokens: 16_000,
            stream: true,
            edit_interval_ms: 1_100,
        }
    }
}

impl Config {
    /// Reads the named file, or else `latchkey.toml` in this folder if there is
    /// one, and then the environment.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, ConfigErrors> {
        let (config, errors) = Self::read(file, environment);
        errors.unless_wrong(config)
    }

    /// The same, with everything that is wrong; what is, is left as it is by
    /// default.
    pub fn read(file: Option<&Path>, environment: &Environment) -> (Self, ConfigErrors) {
        let mut errors = ConfigErrors::default();
        let text = errors.keep(read_text(file)).unwrap_or_default();
        let (config, others) = Self::read_text(&text, environment);
        errors.extend(others);
        (config, errors)
    }

    /// Reads a file's text, then the environment.
    #[cfg(any(test, feature = "demo"))]
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, ConfigErrors> {
        let (config, errors) = Self::read_text(text, environment);
        errors.unless_wrong(config)
    }

    fn read_text(text: &str, environment: &Environment) -> (Self, ConfigErrors) {
        let mut errors = ConfigErrors::default();
        let table = text.parse::<Table>();
        let table = table.map_err(|error| syntax_error(text, &error));
        let mut table = errors.keep(table).unwrap_or_default();
        let mut typed = TypedSettings::new();
        for setting in environment.settings(PREFIX) {
            let Some((variable, value)) = errors.keep(setting) else {
                continue;
            };
            let path = variable.trim_start_matches(PREFIX).to_ascii_lowercase();
            let parsed = parse_scalar(value.expose_secret());
            errors.keep(set_value(&mut table, &variable, &path, parsed));
            typed.insert(path.replace("__", "."), value);
        }
        let config = read_table(table, typed, &mut errors);
        config.check(&mut errors);
        (config, errors)
    }

    fn check_ranges(&self, errors: &mut ConfigErrors) {
        let (ask, chat) = (&self.ask, &self.chat);
        for (setting, value, range) in [
            ("ask.max_output_tokens", ask.max_output_tokens, 16..=100_000),
            ("ask.context_tokens", ask.context_tokens, 256..=10_000_000),
            ("chat.asks_per_person", chat.asks_per_person, 1..=1_000),
            ("chat.asks_per_channel", chat.asks_per_channel, 1..=1_000),
            ("chat.answer_messages", chat.answer_messages, 1..=6),
            ("chat.memory_messages", chat.memory_messages, 1..=100),
            ("chat.pictures", chat.pictures, 1..=20),
            ("chat.picture_kb", chat.picture_kb, 1..=20_480),
            ("chat.text_file_kb", chat.text_file_kb, 1..=1_024),
            (
                "images.deadline_minutes",
                self.images.deadline_minutes,
                1..=120,
            ),
            ("images.poll_ms", self.images.poll_ms, 1..=60_000),
            ("images.per_person", self.images.per_person, 1..=1_000),
            ("quota.keep_days", self.quota.keep_days, 1..=36_500),
        ]
        .into_iter()
        .chain(self.gateway.ranges())
        {
            errors.keep(check_range(setting, u64::from(value), range));
        }
        let interval = check_range("ask.edit_interval_ms", ask.edit_interval_ms, 100..=60_000);
        errors.keep(interval);
    }

    fn check(&self, errors: &mut ConfigErrors) {
        errors.keep(self.discord.check());
        self.check_ranges(errors);
        errors.keep(self.quota.sources());
        let tiers = errors.keep(self.quota.tiers()).unwrap_or_default();
        if self.discord.home_server == 0 && tiers.iter().any(|tier| !tier.roles.is_empty()) {
            let problem = "must be the id of the server whose roles `quota.tiers` name";
            errors.extend(ConfigError::new("discord.home_server", problem).into());
        }
        errors.keep(self.store.check());
        self.gateway.check(errors);
        self.images.storage.check(errors);
        for (id, provider) in &self.providers {
            provider.check(id, errors);
        }
    }
}

impl Store {
    fn check(&self) -> Result<(), ConfigError> {
        let url = self.url.expose_secret();
        let mut starts = ["sqlite:", "postgres://", "postgresql://"].iter();
        if starts.any(|start| url.strip_prefix(start).is_some_and(|rest| !rest.is_empty())) {
            return Ok(());
        }
        let problem = "must be `sqlite:<path>` or `postgres://<user>@<host>/<database>`";
        Err(ConfigError::new("store.url", problem))
    }
}

/// Refuses what is no address of a service, by the name of its setting.
pub fn check_url(setting: &str, text: &str) -> Result<(), ConfigError> {
    let wrong = || {
        ConfigError::new(
            setting,
            "must be an http:// or https:// URL without user or query",
        )
    };
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") {
        Ok(())
    } else {
        Err(wrong())
    }
}

fn check_range(
    setting: &str,
    value: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        setting,
        format!("must be from {} to {}", range.start(), range.end()),
    ))
}

#[cfg(test)]
mod tests;
