//! People, servers with their roles and members, and channels.

use std::collections::HashMap;

/// Discord's permission to manage a server.
const MANAGE_GUILD: u64 = 1 << 5;
/// The permissions of ordinary members.
pub const MEMBER: u64 = 1 << 11 | 1 << 10 | 1 << 16 | 1 << 31;
/// The permissions of members who manage the server.
pub const MANAGER: u64 = MEMBER | MANAGE_GUILD;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: u64,
    pub name: String,
    /// SKUs that they have bought.
    pub skus: Vec<u64>,
    /// It is another bot.
    pub is_app: bool,
}

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
}
