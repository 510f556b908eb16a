//! What Discord says of a server that matters to who manages it: its name,
//! its owner, and what its roles may do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use serenity::all::Permissions;

use crate::app::ServerRole;
use crate::bot::callers::members::Member;
use crate::bot::callers::raw_caller::may_manage_server;
use crate::bot::connection::calls::rest::number;
use crate::model::{ServerId, TtlCache, lock};

/// How long Discord's word on a server is believed by those who only look.
const FRESH: Duration = Duration::from_mins(1);
/// How many servers the cache holds at the most.
const SERVERS_MAX: usize = 5_000;

/// A server, as Discord described it.
pub struct ServerFacts {
    pub name: String,
    owner: Option<u64>,
    /// Each role, and what it may do.
    roles: Vec<(u64, u64)>,
    named_roles: Vec<ServerRole>,
}

/// Servers that Discord described.
pub struct ServerFactsCache(Mutex<TtlCache<ServerId, Arc<ServerFacts>>>);

impl Default for ServerFactsCache {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(SERVERS_MAX, FRESH)))
    }
}

impl ServerFactsCache {
    /// What Discord said of a server within the last minute.
    pub fn fresh(&self, server: ServerId, now_ms: i64) -> Option<Arc<ServerFacts>> {
        lock(&self.0).get(&server, now_ms).cloned()
    }

    /// What Discord said of a server at any time.
    pub fn even_stale(&self, server: ServerId) -> Option<Arc<ServerFacts>> {
        lock(&self.0).get_even_stale(&server).cloned()
    }

    /// Keeps what Discord has just told of a server, in place of what was known.
    pub fn store(&self, server: ServerId, facts: Arc<ServerFacts>, now_ms: i64) {
        lock(&self.0).put(server, facts, now_ms);
    }
}

impl ServerFacts {
    /// Reads Discord's description of a server.
    pub fn read(server: &Value) -> Self {
        let all = server["roles"].as_array().into_iter().flatten();
        let roles = all
            .clone()
            .filter_map(|role| Some((number(&role["id"])?, number(&role["permissions"])?)));
        let name = |role: &Value| {
            Some(ServerRole {
                id: number(&role["id"])?,
                name: role["name"].as_str()?.to_owned(),
                // Everybody's role has the server's own id.
                is_of_people: role["managed"] != true && role["id"] != server["id"],
            })
        };
        let named_roles = all.filter_map(name);
        Self {
            name: server["name"].as_str().unwrap_or_default().to_owned(),
            owner: number(&server["owner_id"]),
            roles: roles.collect(),
            named_roles: named_roles.collect(),
        }
    }

    /// All its roles, with what they are called.
    pub fn named_roles(&self) -> &[ServerRole] {
        &self.named_roles
    }

    /// Whether an id is that of a role, whoever can have it.
    pub fn has_role(&self, id: u64) -> bool {
        self.roles.iter().any(|(role, _)| *role == id)
    }

    /// Whether a member with these roles manages the server: as its owner, or
    /// by a role.
    pub fn lets_manage(&self, member: Member, roles: &[u64]) -> bool {
        // Everybody's role has the server's own id.
        let is_theirs = |role: u64| role == member.server.0 || roles.contains(&role);
        let theirs = self.roles.iter().filter(|(role, _)| is_theirs(*role));
        let all = theirs.fold(0, |all, (_, these)| all | these);
        self.owner == Some(member.person.0)
            || may_manage_server(Permissions::from_bits_truncate(all))
    }
}
