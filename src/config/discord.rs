//! Settings of how to reach Discord, and of who is who there.

use serde::Deserialize;

use super::{ConfigError, check_url, ids};

/// The path of the version of Discord's API that the bot speaks. serenity adds
/// the same path to the address of a proxy.
const API_PATH: &str = "/api/v10";

/// How to reach Discord.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Discord {
    pub api_url: String,
    /// Who may use `/admin`.
    #[serde(deserialize_with = "ids::list")]
    pub operators: Vec<u64>,
    /// The server whose roles give tiers; 0 for none.
    #[serde(deserialize_with = "ids::one")]
    pub home_server: u64,
    /// Whether Discord lets the bot read messages that are not to the bot.
    pub message_content: bool,
}

impl Default for Discord {
    fn default() -> Self {
        Self {
            api_url: "https://discord.com/api/v10".into(),
            operators: Vec::new(),
            home_server: 0,
            message_content: false,
        }
    }
}

impl Discord {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        const SETTING: &str = "discord.api_url";
        check_url(SETTING, &self.api_url)?;
        if self.api_url.trim_end_matches('/').ends_with(API_PATH) {
            return Ok(());
        }
        Err(ConfigError::new(SETTING, format!("must end in {API_PATH}")))
    }
}
