//! The bot defaults of the environment: the keys that the operator pays with
//! and that stand in no row. Each wins over the system key for its provider.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::model::{Credential, Health, Offer, ProviderId, Source, lock};
use crate::vault;

/// A provider that the operator pays for.
pub struct BotDefault {
    pub provider: ProviderId,
    /// The variable that the key is read from.
    pub variable: Option<String>,
    /// None where the operator's own machine asks for no key.
    pub credential: Option<Credential>,
}

/// A bot default of the environment, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentKey {
    pub provider: ProviderId,
    /// None where the operator's own machine asks for no key.
    pub variable: Option<String>,
    /// The last four characters, for keys long enough to spare them.
    pub hint: Option<String>,
    /// What this process has learnt of it since its start.
    pub health: Health,
    pub checked_at_ms: Option<i64>,
}

/// All bot defaults of the environment.
pub struct BotDefaults {
    defaults: Vec<BotDefault>,
    /// The same keys as offers, which say who could pay.
    offers: Vec<Offer>,
    /// What their providers last said of them, and when.
    health: Mutex<BTreeMap<ProviderId, (Health, i64)>>,
}

impl BotDefaults {
    /// Makes offers of them.
    pub fn new(defaults: Vec<BotDefault>) -> Self {
        let offers = defaults
            .iter()
            .map(|default| Offer::unstored(Source::BotDefault, default.provider.clone()));
        Self {
            offers: offers.collect(),
            defaults,
            health: Mutex::default(),
        }
    }

    /// The bot defaults, as those who could pay.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The bot default for a provider, if the environment has one.
    pub fn find(&self, provider: &ProviderId) -> Option<&BotDefault> {
        let mut defaults = self.defaults.iter();
        defaults.find(|default| default.provider == *provider)
    }

    /// Whether the environment has a key for a provider, so that a system key
    /// for it does not pay.
    pub fn has_key(&self, provider: &ProviderId) -> bool {
        self.find(provider)
            .is_some_and(|default| default.credential.is_some())
    }

    /// Notes what a provider said of the key that the environment has for it.
    pub fn note_health(&self, provider: &ProviderId, health: Health, now_ms: i64) {
        lock(&self.health).insert(provider.clone(), (health, now_ms));
    }

    /// All of them, without their secrets.
    pub fn describe(&self) -> Vec<EnvironmentKey> {
        let known = lock(&self.health);
        let describe = |default: &BotDefault| {
            let learnt = known.get(&default.provider);
            let secret = default.credential.as_ref().map(|it| &it.secret);
            EnvironmentKey {
                provider: default.provider.clone(),
                variable: default.variable.clone(),
                hint: secret.and_then(vault::hint),
                health: learnt.map_or(Health::Unverified, |(health, _)| *health),
                checked_at_ms: learnt.map(|(_, at_ms)| *at_ms),
            }
        };
        self.defaults.iter().map(describe).collect()
    }
}
