//! The roles that people have in the operator's home server, wherever they
//! call from.

use std::time::Duration;

use serde_json::Value;

use crate::bot::callers::person_ids::PersonIds;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::rest::{Rest, status_of};
use crate::model::ServerId;

/// How long an ask waits for Discord's answer; it then goes on without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks up roles in the home server, and keeps Discord's answers for some
/// minutes.
pub struct HomeRoles {
    server: ServerId,
    cache: PersonIds,
}

impl HomeRoles {
    /// Roles in a server, with an empty cache.
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            cache: PersonIds::default(),
        }
    }

    /// A person's roles in the home server; none for whoever is no member.
    /// Whoever calls from there brings them along.
    pub async fn roles_of(&self, rest: &Rest, caller: &RawCaller, now_ms: i64) -> Vec<u64> {
        let person = caller.person;
        if caller.place.server() == Some(self.server) {
            self.cache.store_ids(person, caller.roles.clone(), now_ms);
            return caller.roles.clone();
        }
        if let Some(roles) = self.cache.fresh_ids(person, now_ms) {
            return roles;
        }
        let path = format!("/guilds/{}/members/{person}", self.server);
        let asking = rest.get("GET member", &path);
        let roles = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(member)) => roles_in(&member),
            Ok(Err(error)) if status_of(&error) == Some(404) => Vec::new(),
            _ => return self.cache.last_ids(person),
        };
        self.cache.store_ids(person, roles.clone(), now_ms);
        roles
    }
}

/// The roles in a member as Discord's API describes one.
pub fn roles_in(member: &Value) -> Vec<u64> {
    let roles = member["roles"].as_array().into_iter().flatten();
    roles
        .filter_map(|role| role.as_str()?.parse().ok())
        .collect()
}
