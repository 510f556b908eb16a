//! Books use of the past, for the demo: by the keys and limits that people have
//! now.

use std::collections::BTreeMap;

use crate::ledger::{AppliedLimit, PastCall};
use crate::model::{
    Caller, KeyId, Offer, Owner, PersonId, Place, ProviderId, ServerId, Source, Usage,
};

use crate::app::quotas::Quotas;

/// A call that somebody made, and that was answered.
#[derive(Clone, Debug)]
pub struct PastUse {
    pub at_ms: i64,
    pub caller: Caller,
    pub source: Source,
    pub provider: ProviderId,
    pub model: String,
    pub usage: Usage,
    pub images: u64,
    pub duration_ms: u64,
}

/// What is known of those who called.
#[derive(Default)]
struct KnownCallers {
    limits: BTreeMap<(PersonId, Option<ServerId>, Source), Vec<AppliedLimit>>,
    keys: BTreeMap<(Owner, ProviderId), KeyId>,
}

impl Quotas {
    /// Books calls of the past. Each is paid by the key that its payer has now,
    /// and counted by the limits that hold now.
    pub async fn book_past(&self, uses: Vec<PastUse>) -> anyhow::Result<()> {
        let mut known = KnownCallers::default();
        let mut calls = Vec::with_capacity(uses.len());
        for past in uses {
            self.find_limits(&mut known, &past).await?;
            calls.push(finish(&known, past));
        }
        self.ledger.book_past(calls).await
    }

    /// Reads the limits and keys of a caller, if they are not known yet.
    async fn find_limits(&self, known: &mut KnownCallers, past: &PastUse) -> anyhow::Result<()> {
        let by = limits_of(past);
        if known.limits.contains_key(&by) {
            return Ok(());
        }
        let policy = self.policies.read_policy(past.caller.clone()).await?;
        let offer = Offer::unstored(past.source, past.provider.clone());
        known.limits.insert(by, policy.limits(&offer));
        for offer in policy.stored_offers() {
            if let (Some(owner), Some(key)) = (offer.owner, offer.key) {
                known.keys.insert((owner, offer.provider.clone()), key);
            }
        }
        Ok(())
    }
}

fn limits_of(past: &PastUse) -> (PersonId, Option<ServerId>, Source) {
    let server = past.caller.place.server();
    (past.caller.person, server, past.source)
}

fn finish(known: &KnownCallers, past: PastUse) -> PastCall {
    let limits = known.limits.get(&limits_of(&past));
    let owner = match (past.source, past.caller.place) {
        (Source::Personal, _) => Some(Owner::Person(past.caller.person)),
        (Source::Server, Place::Server(server)) => Some(Owner::Server(server)),
        _ => None,
    };
    let key = owner.and_then(|owner| known.keys.get(&(owner, past.provider.clone())));
    PastCall {
        key: key.copied(),
        limits: limits.cloned().unwrap_or_default(),
        at_ms: past.at_ms,
        person: past.caller.person,
        server: past.caller.place.server(),
        source: past.source,
        provider: past.provider,
        model: past.model,
        usage: past.usage,
        images: past.images,
        duration_ms: past.duration_ms,
    }
}
