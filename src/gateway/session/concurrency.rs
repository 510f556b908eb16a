//! Limits how many calls of one token, and of one server, are worked on at
//! once.

use std::sync::{Arc, Mutex};

use foldhash::HashMap;

use crate::gateway::Gateway;
use crate::gateway::problem::Problem;
use crate::model::{ServerId, Token, TokenId, lock};

/// Calls that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum CallGroup {
    Token(TokenId),
    Server(ServerId),
}

/// How many calls of each group are being worked on.
#[derive(Default)]
pub struct ConcurrencyLimits {
    running: Mutex<HashMap<CallGroup, usize>>,
}

/// One call's share of a group's limit. Dropping it lets another call in.
pub struct Permit {
    group: CallGroup,
    limits: Arc<ConcurrencyLimits>,
}

impl Gateway {
    /// Takes a permit of the token, and one of the server whose context the
    /// token carries.
    pub fn acquire_permits(&self, token: &Token) -> Result<Vec<Permit>, Problem> {
        let of_token = CallGroup::Token(token.id);
        let mut permits = vec![self.limits.acquire(of_token, self.settings.per_token)?];
        if let Some(server) = token.scopes.server {
            let of_server = CallGroup::Server(server);
            permits.push(self.limits.acquire(of_server, self.settings.per_server)?);
        }
        Ok(permits)
    }
}

impl ConcurrencyLimits {
    fn acquire(self: &Arc<Self>, group: CallGroup, max: usize) -> Result<Permit, Problem> {
        let mut running = lock(&self.running);
        let count = running.entry(group).or_default();
        if *count >= max {
            let message = format!(
                "{max} calls are being worked on already, which is the most at once. Wait for one of them."
            );
            return Err(Problem {
                retry_after_s: Some(1),
                ..Problem::new(429, "too_many_at_once", message)
            });
        }
        *count += 1;
        Ok(Permit {
            group,
            limits: Arc::clone(self),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = lock(&self.limits.running);
        let left = running.get_mut(&self.group).map_or(0, |count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == 0 {
            running.remove(&self.group);
        }
    }
}
