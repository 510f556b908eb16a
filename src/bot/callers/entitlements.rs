//! What people have bought: an interaction names it, a message does not.

use std::time::Duration;

use serde::Deserialize;
use serenity::all::{Entitlement, Timestamp};

use crate::bot::callers::person_ids::PersonIds;
use crate::bot::connection::calls::rest::Rest;
use crate::model::PersonId;

/// How long an ask waits for Discord's answer; it then goes on without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks up purchases of the bot's application, and keeps Discord's answers
/// for some minutes.
pub struct Entitlements {
    application: u64,
    cache: PersonIds,
}

impl Entitlements {
    /// Purchases of an application, with an empty cache.
    pub fn new(application: u64) -> Self {
        Self {
            application,
            cache: PersonIds::default(),
        }
    }

    /// The SKUs that a person is entitled to, or was when Discord answered
    /// last.
    pub async fn skus_of(&self, rest: &Rest, person: PersonId, now_ms: i64) -> Vec<u64> {
        if let Some(skus) = self.cache.fresh_ids(person, now_ms) {
            return skus;
        }
        let path = format!(
            "/applications/{}/entitlements?user_id={person}&exclude_ended=true",
            self.application
        );
        let asking = rest.get("GET entitlements", &path);
        let Ok(Ok(listed)) = tokio::time::timeout(PATIENCE, asking).await else {
            return self.cache.last_ids(person);
        };
        let listed = listed.as_array().into_iter().flatten();
        // One that serenity cannot read is left out, not the rest.
        let entitlements: Vec<Entitlement> = listed
            .filter_map(|one| Entitlement::deserialize(one).ok())
            .collect();
        let skus = active_skus(&entitlements);
        self.cache.store_ids(person, skus.clone(), now_ms);
        skus
    }
}

/// The SKUs of entitlements that were neither deleted nor have ended.
pub fn active_skus(entitlements: &[Entitlement]) -> Vec<u64> {
    let now_s = Timestamp::now().unix_timestamp();
    let is_active = |entitlement: &&Entitlement| {
        let ends_at = entitlement.ends_at;
        !entitlement.deleted && ends_at.is_none_or(|end| end.unix_timestamp() > now_s)
    };
    let active = entitlements.iter().filter(is_active);
    active.map(|entitlement| entitlement.sku_id.get()).collect()
}
