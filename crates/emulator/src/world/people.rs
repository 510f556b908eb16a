//! People, servers with their roles and members, and channels.

use std::collections::HashMap;

/// Discord's permissions, as far as they matter here: `docs/discord.md` §7.
pub mod permission {
    pub const ADMINISTRATOR: u64 = 1 << 3;
    pub const MANAGE_SERVER: u64 = 1 << 5;
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    pub const SEND_MESSAGES: u64 = 1 << 11;
    pub const EMBED_LINKS: u64 = 1 << 14;
    pub const ATTACH_FILES: u64 = 1 << 15;
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    pub const MENTION_EVERYONE: u64 = 1 << 17;
    pub const USE_EXTERNAL_EMOJIS: u64 = 1 << 18;
    pub const USE_COMMANDS: u64 = 1 << 31;
    pub const MANAGE_THREADS: u64 = 1 << 34;
    pub const SEND_IN_THREADS: u64 = 1 << 38;
    pub const USE_EXTERNAL_APPS: u64 = 1 << 50;
}

use permission as may;

/// The permissions of ordinary members, and of the bot.
pub const MEMBER: u64 = may::VIEW_CHANNEL
    | may::SEND_MESSAGES
    | may::EMBED_LINKS
    | may::ATTACH_FILES
    | may::READ_MESSAGE_HISTORY
    | may::USE_EXTERNAL_EMOJIS
    | may::USE_COMMANDS
    | may::SEND_IN_THREADS
    | may::USE_EXTERNAL_APPS;
/// The permissions of members who manage the server.
pub const MANAGER: u64 = MEMBER | may::MANAGE_SERVER;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: u64,
    pub name: String,
    /// SKUs that they have bought.
    pub skus: Vec<u64>,
    /// It is another bot.
    pub is_app: bool,
    /// The language of their app.
    pub locale: String,
}

/// The language of whoever chose none.
pub const USUAL_LOCALE: &str = "en-US";
/// When the bot and everybody else joined a server, and things were written,
/// unless something else is said.
pub const JOINED_AT: &str = "2026-01-01T00:00:00.000000+00:00";

/// A server and who is in it.
#[derive(Clone, Debug)]
pub struct Server {
    pub id: u64,
    pub name: String,
    /// Whether the server itself installed the bot.
    pub installed: bool,
    /// The first is `@everyone`.
    pub roles: Vec<Role>,
    /// The roles of each member, without `@everyone`.
    pub members: HashMap<u64, Vec<u64>>,
    /// What members call themselves here.
    pub nicks: HashMap<u64, String>,
    /// Members who are timed out, the bot by its application's id.
    pub timed_out: Vec<u64>,
    /// The language that whoever manages it chose.
    pub locale: String,
    /// When it added the bot.
    pub joined_at: String,
    /// The channel for Discord's own notices.
    pub system_channel: Option<u64>,
}

/// A role and the permissions that it gives.
#[derive(Clone, Debug)]
pub struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: u64,
    /// Discord made it for the bot when the bot was added; the bot alone has
    /// it.
    pub is_bots: bool,
}

impl Server {
    /// Returns the permissions of a person, which are those of all their roles
    /// together; none for a person who is not a member.
    pub fn permissions_of(&self, person: u64) -> u64 {
        let Some(roles) = self.members.get(&person) else {
            return 0;
        };
        let everybodys = self.roles.first().map_or(0, |role| role.permissions);
        let own = self.roles.iter().filter(|role| roles.contains(&role.id));
        own.fold(everybodys, |sum, role| sum | role.permissions)
    }
}

/// A channel of a server, or a direct message with the bot.
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: u64,
    pub name: String,
    pub server: Option<u64>,
    /// The person whose direct messages with the bot it holds.
    pub person: Option<u64>,
    /// The channel that it is a thread of.
    pub parent: Option<u64>,
    pub rules: ChannelRules,
}

/// What is set for one channel or thread apart from its server.
#[derive(Clone, Debug, Default)]
pub struct ChannelRules {
    /// Permissions that are given or taken in it.
    pub overwrites: Vec<Overwrite>,
    pub age_restricted: bool,
    /// A thread that nobody has written in for a while.
    pub archived: bool,
    /// A thread in which only who manages threads may write.
    pub locked: bool,
    /// A thread for its own members alone; the bot is one of them or not.
    pub private: Option<PrivateThread>,
}

/// Who is in a private thread, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateThread {
    pub has_bot: bool,
}

/// Permissions that a role or a member has or lacks in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// A role, or a member.
    pub whose: u64,
    pub is_role: bool,
    pub allowed: u64,
    pub denied: u64,
}
