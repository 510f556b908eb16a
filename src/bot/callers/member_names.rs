//! What members of servers are called, for pages that list them.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::bot::callers::members::Member;
use crate::model::{TtlCache, lock};

/// How long a name is believed: it is only shown.
const FRESH: Duration = Duration::from_hours(1);
/// How many names the cache holds at the most.
const NAMES_MAX: usize = 5_000;

/// Names that Discord said lately; empty for those who left.
pub struct MemberNames(Mutex<TtlCache<Member, String>>);

impl Default for MemberNames {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(NAMES_MAX, FRESH)))
    }
}

impl MemberNames {
    /// What Discord said of a member within the last hour.
    pub fn fresh(&self, member: Member, now_ms: i64) -> Option<String> {
        lock(&self.0).get(&member, now_ms).cloned()
    }

    /// Keeps a name that Discord has just told, in place of an older one.
    pub fn store(&self, member: Member, name: String, now_ms: i64) {
        lock(&self.0).put(member, name, now_ms);
    }
}

/// What a member is called: their name in the server, else the one that they
/// show, else their user name.
pub fn read_member_name(member: &Value) -> String {
    let names = [
        &member["nick"],
        &member["user"]["global_name"],
        &member["user"]["username"],
    ];
    let found = names.into_iter().find_map(Value::as_str);
    found.unwrap_or_default().to_owned()
}
