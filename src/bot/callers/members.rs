//! Cache of server members and their roles, as Discord named them.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{PersonId, ServerId, TtlCache, lock};

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

/// The roles of members whom programs with tokens speak for.
pub struct MemberCache(Mutex<TtlCache<Member, Vec<u64>>>);

impl Default for MemberCache {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(MEMBERS_MAX, FRESH)))
    }
}

impl MemberCache {
    /// A member's roles, if Discord named them within the last minute.
    pub fn fresh_roles(&self, member: Member, now_ms: i64) -> Option<Vec<u64>> {
        lock(&self.0).get(&member, now_ms).cloned()
    }

    /// Stores a member's roles.
    pub fn store_roles(&self, member: Member, roles: Vec<u64>, now_ms: i64) {
        lock(&self.0).put(member, roles, now_ms);
    }

    /// Forgets who is no member any more, or may not be.
    pub fn forget(&self, member: Member) {
        lock(&self.0).remove(&member);
    }
}
