//! What people have bought: an interaction says it, a message does not.

use std::time::Duration;

use serde_json::Value;

use crate::bot::Rest;
use crate::bot::callers::memo::Memo;
use crate::model::PersonId;

/// How long an ask waits for Discord's answer; it then goes on without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whom we have asked about.
pub struct Entitlements {
    application: u64,
    known: Memo,
}

impl Entitlements {
    /// Knows nobody yet.
    pub fn new(application: u64) -> Self {
        Self {
            application,
            known: Memo::default(),
        }
    }

    /// The SKUs that a person is entitled to.
    pub async fn skus_of(&self, rest: &Rest, person: PersonId) -> Vec<u64> {
        if let Some(skus) = self.known.fresh(person) {
            return skus;
        }
        let path = format!(
            "/applications/{}/entitlements?user_id={person}&exclude_ended=true",
            self.application
        );
        let asking = rest.get("GET entitlements", &path);
        let Ok(Ok(listed)) = tokio::time::timeout(PATIENCE, asking).await else {
            return self.known.stale(person);
        };
        let skus = skus(&listed);
        self.known.note(person, skus.clone());
        skus
    }
}

fn skus(listed: &Value) -> Vec<u64> {
    let all = listed.as_array().into_iter().flatten();
    let on = all.filter(|one| one["deleted"] != true);
    on.filter_map(|one| one["sku_id"].as_str()?.parse().ok())
        .collect()
}
