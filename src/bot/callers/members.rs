//! Cache of server members and their roles, as Discord named them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::{PersonId, ServerId};

/// How long a membership answer from Discord stays valid.
const FRESH: Duration = Duration::from_mins(1);
/// How many members the cache holds at the most.
const MEMBERS_MAX: usize = 10_000;

/// A person in a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub server: ServerId,
    pub person: PersonId,
}

/// When Discord was asked about each member, and the roles that it named.
type RolesByMember = HashMap<Member, (Instant, Vec<u64>)>;

/// The roles of members whom programs with tokens speak for.
#[derive(Default)]
pub struct MemberCache {
    roles: Mutex<RolesByMember>,
}

impl MemberCache {
    /// A member's roles, if Discord named them within the last minute.
    pub fn fresh_roles(&self, member: Member) -> Option<Vec<u64>> {
        let known = self.lock();
        let (at, roles) = known.get(&member)?;
        (at.elapsed() < FRESH).then(|| roles.clone())
    }

    /// Stores a member's roles, or forgets who is no member.
    pub fn store_roles(&self, member: Member, roles: Option<Vec<u64>>) {
        let mut known = self.lock();
        if known.len() >= MEMBERS_MAX {
            known.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        match roles {
            Some(roles) if known.len() < MEMBERS_MAX => {
                known.insert(member, (Instant::now(), roles));
            }
            _ => {
                known.remove(&member);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, RolesByMember> {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
