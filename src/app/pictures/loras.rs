//! LoRAs: which ones hosts have, and what is refused before it costs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::{
    Caller, KeyId, LORAS_MAX, Lora, Offer, PictureRefusal, ProviderId, TtlCache, lock,
};

use crate::app::Error;
use crate::app::models::runs_workflows;
use crate::app::pictures::Pictures;

/// How long a host's list is believed. Somebody who adds a file there wants to
/// see it soon.
const FRESH: Duration = Duration::from_mins(5);
/// How many hosts' lists are kept.
const LISTS_MAX: usize = 200;
/// How many a refusal names.
const SHOWN_MAX: usize = 3;
/// The longest part of an unknown name that is repeated, in characters.
const SHOWN_CHARACTERS_MAX: usize = 100;

/// The lists that hosts gave, by the key that asked.
pub struct Loras(Mutex<TtlCache<ListedFor, Arc<[String]>>>);

/// The host that listed its files, and the key that it did so for.
type ListedFor = (ProviderId, Option<KeyId>);

impl Default for Loras {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(LISTS_MAX, FRESH)))
    }
}

impl Pictures {
    /// The LoRAs of all hosts here that somebody can pay for.
    pub async fn list_loras(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let order = self.models.picture_order();
        let payers = self.payers.choose_for(&policy, order, None).payers;
        let mut all = Vec::new();
        for offer in &payers {
            all.extend(self.loras_at(offer).await.unwrap_or_default());
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Leaves those payers whose hosts have all LoRAs that are typed, as far as
    /// they tell; how the first of them calls those.
    pub(in crate::app::pictures) async fn keep_those_with(
        &self,
        typed: &str,
        payers: &mut Vec<Offer>,
    ) -> Result<String, PictureRefusal> {
        let (mut known, mut able) = (Vec::new(), Vec::new());
        let (mut missing, mut first_found) = (None, None::<Vec<Lora>>);
        for offer in std::mem::take(payers) {
            // The host itself says whether it has them, and makes nothing if not.
            let Some(there) = self.loras_at(&offer).await else {
                able.push(offer);
                continue;
            };
            let found = match &first_found {
                None => find_all(&Lora::parse_among(typed, &there), &there),
                Some(sent) => find_as_sent(sent, &there),
            };
            match found {
                Ok(found) => {
                    first_found.get_or_insert(found);
                    able.push(offer);
                }
                Err(name) => {
                    missing.get_or_insert(name);
                    known.extend(there);
                }
            }
        }
        if let (true, Some(name)) = (able.is_empty(), missing) {
            return Err(refuse(&name, known));
        }
        *payers = able;
        let wanted = first_found.unwrap_or_else(|| Lora::parse_all(typed));
        if wanted.len() > LORAS_MAX {
            return Err(refuse(typed, Vec::new()));
        }
        Ok(Lora::write_all(&wanted))
    }

    /// What a host has: what it lists, and what the operator says that hosts
    /// have which list nothing. None where it can't be asked right now.
    async fn loras_at(&self, offer: &Offer) -> Option<Vec<String>> {
        let host = self.models.provider(&offer.provider).ok()?;
        if !runs_workflows(host) {
            return Some(Vec::new());
        }
        let key = (offer.provider.clone(), offer.key);
        let now_ms = self.clock.now_ms();
        let fresh = lock(&self.loras.0).get(&key, now_ms).map(Arc::clone);
        let listed = if let Some(listed) = fresh {
            listed
        } else {
            let opened = self.payers.open_key(offer, None).ok()?;
            let listed = self.providers.list_loras(host, opened.credential()).await;
            let listed: Arc<[String]> = listed.ok()?.into();
            lock(&self.loras.0).put(key, Arc::clone(&listed), now_ms);
            listed
        };
        let settled = self.settings.loras.iter();
        Some(listed.iter().chain(settled).cloned().collect())
    }
}

/// What a host calls each LoRA that is wanted; or the first that it has not.
fn find_all(wanted: &[Lora], there: &[String]) -> Result<Vec<Lora>, String> {
    let find = |lora: &Lora| {
        let exact = there.iter().find(|file| **file == lora.name);
        let found = exact.or_else(|| there.iter().find(|file| lora.is_called(file)));
        let name = found.ok_or_else(|| lora.name.clone())?.clone();
        let strength = lora.strength;
        Ok(Lora { name, strength })
    };
    wanted.iter().map(find).collect()
}

/// The LoRAs as they are sent, where another host calls all of them exactly so;
/// or the first that it does not.
fn find_as_sent(sent: &[Lora], there: &[String]) -> Result<Vec<Lora>, String> {
    let mut all = sent.iter();
    match all.find(|lora| !there.contains(&lora.name)) {
        Some(lora) => Err(lora.name.clone()),
        None => Ok(sent.to_vec()),
    }
}

fn refuse(lora: &str, mut known: Vec<String>) -> PictureRefusal {
    known.dedup();
    known.truncate(SHOWN_MAX);
    PictureRefusal::UnknownLora {
        lora: lora.chars().take(SHOWN_CHARACTERS_MAX).collect(),
        known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_host_must_call_them_as_the_first_does() {
        let files = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (typed, first, other, has_them) in [
            (
                "ink, wash",
                &["Ink, wash.safetensors"][..],
                &["ink", "wash"][..],
                false,
            ),
            (
                "ink, wash",
                &["ink", "wash"],
                &["Ink, wash.safetensors"],
                false,
            ),
            ("WoodCut", &["woodcut.safetensors"], &["woodcut"], false),
            (
                "WoodCut",
                &["woodcut.safetensors"],
                &["WoodCut.safetensors"],
                false,
            ),
            (
                "WoodCut:0.5",
                &["woodcut.safetensors"],
                &["a", "woodcut.safetensors"],
                true,
            ),
        ] {
            let (first, other) = (files(first), files(other));
            let sent = find_all(&Lora::parse_among(typed, &first), &first).unwrap();
            let found = find_as_sent(&sent, &other);
            assert_eq!(found.is_ok(), has_them, "{typed} {other:?}");
            assert!(found.is_err() || found == Ok(sent));
        }
    }
}
