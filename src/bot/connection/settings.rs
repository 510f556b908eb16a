//! What the operator settled of the connection to Discord.

use std::time::Duration;

use secrecy::SecretString;

use crate::bot::connection::shards::ShardRange;
use crate::bot::conversation::settings::ChatSettings;
use crate::bot::sign_in::SignInSettings;
use crate::model::ServerId;

/// How to reach Discord, and what the bot does there.
pub struct Settings {
    pub api_url: String,
    pub token: SecretString,
    /// The shortest time between two edits of an answer that grows.
    pub edit_interval: Duration,
    pub chat: ChatSettings,
    /// Whether the bot reads what people say to each other too; Discord
    /// must have allowed it.
    pub message_content: bool,
    /// The server whose roles give tiers.
    pub home_server: Option<ServerId>,
    /// The shards that this process serves.
    pub shards: ShardRange,
    /// How people sign in to the pages; none where nobody can.
    pub sign_in: Option<SignInSettings>,
}
