//! The roles that people have in the operator's home server, wherever they
//! call from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::model::{Caller, PersonId, ServerId};

use super::Rest;

/// How long an answer of Discord's is taken for true.
const FRESH: Duration = Duration::from_mins(5);
/// How long an ask waits for Discord's answer; it then goes on without.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many people are remembered.
const PEOPLE_MAX: usize = 10_000;

/// The home server, and whom we have asked about.
pub struct Home {
    server: ServerId,
    known: Mutex<HashMap<PersonId, (Instant, Vec<u64>)>>,
}

impl Home {
    /// Knows nobody yet.
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            known: Mutex::default(),
        }
    }

    /// A person's roles there; none for whoever is no member.
    pub async fn roles_of(&self, rest: &Rest, caller: &Caller) -> Vec<u64> {
        if caller.place.server() == Some(self.server) {
            self.remember(caller.person, caller.roles.clone());
            return caller.roles.clone();
        }
        if let Some(roles) = self.recall(caller.person, FRESH) {
            return roles;
        }
        let path = format!("/guilds/{}/members/{}", self.server, caller.person);
        let asking = rest.get("GET member", &path);
        let roles = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(member)) => roles(&member),
            Ok(Err(error)) if is_unknown(&error) => Vec::new(),
            // Better what was true a while ago than nothing.
            _ => {
                return self
                    .recall(caller.person, Duration::MAX)
                    .unwrap_or_default();
            }
        };
        self.remember(caller.person, roles.clone());
        roles
    }

    fn recall(&self, person: PersonId, within: Duration) -> Option<Vec<u64>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, roles) = known.get(&person)?;
        (at.elapsed() < within).then(|| roles.clone())
    }

    fn remember(&self, person: PersonId, roles: Vec<u64>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PEOPLE_MAX {
            known.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        if known.len() < PEOPLE_MAX {
            known.insert(person, (Instant::now(), roles));
        }
    }
}

fn roles(member: &Value) -> Vec<u64> {
    let roles = member["roles"].as_array().into_iter().flatten();
    roles
        .filter_map(|role| role.as_str()?.parse().ok())
        .collect()
}

fn is_unknown(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<super::rest::DiscordError>()
        .is_some_and(|error| error.status == 404)
}
