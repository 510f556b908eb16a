//! The roles that people have in the operator's home server, wherever they
//! call from.

use std::time::Duration;

use serde_json::Value;

use crate::model::{Caller, ServerId};

use crate::bot::Rest;
use crate::bot::callers::memo::Memo;

/// How long an ask waits for Discord's answer; it then goes on without.
const PATIENCE: Duration = Duration::from_secs(1);

/// The home server, and whom we have asked about.
pub struct HomeRoles {
    server: ServerId,
    known: Memo,
}

impl HomeRoles {
    /// Knows nobody yet.
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            known: Memo::default(),
        }
    }

    /// A person's roles there; none for whoever is no member.
    pub async fn roles_of(&self, rest: &Rest, caller: &Caller) -> Vec<u64> {
        let person = caller.person;
        if caller.place.server() == Some(self.server) {
            self.known.note(person, caller.roles.clone());
            return caller.roles.clone();
        }
        if let Some(roles) = self.known.fresh(person) {
            return roles;
        }
        let path = format!("/guilds/{}/members/{person}", self.server);
        let asking = rest.get("GET member", &path);
        let roles = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(member)) => roles(&member),
            Ok(Err(error)) if is_unknown(&error) => Vec::new(),
            _ => return self.known.stale(person),
        };
        self.known.note(person, roles.clone());
        roles
    }
}

/// The roles of a member, as Discord shows one.
pub fn roles(member: &Value) -> Vec<u64> {
    let roles = member["roles"].as_array().into_iter().flatten();
    roles
        .filter_map(|role| role.as_str()?.parse().ok())
        .collect()
}

fn is_unknown(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<crate::bot::connection::rest::DiscordError>()
        .is_some_and(|error| error.status == 404)
}
