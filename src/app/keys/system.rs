//! System keys: bot defaults that the operator's people add at run time,
//! beside those of the environment, which win.
//!
//! A system key is a stored key whose owner is the operator: the verbs of
//! stored keys add, check, pause and remove it. Here is what is peculiar to
//! it.

use std::collections::BTreeMap;

use crate::model::{
    Caller, Check, CheckGoal, DAY_MS, Health, Key, KeyId, KeyRefusal, ProviderId, Scope, Source,
};
use crate::store::{Total, TotalScope, UsageOwner};

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{AddedKey, KeyDraft};
use crate::app::payers::EnvironmentKey;

/// What the ids of keys begin with that the environment has.
const ENVIRONMENT_ID: &str = "env-";
/// How many quarters of an hour a day has, by which totals are kept.
const QUARTERS_A_DAY: i64 = 96;

/// A key that the operator pays with, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemKey {
    /// It is in the environment, and changed where it stands.
    Environment(EnvironmentKey),
    /// It was added at run time.
    Stored {
        key: Key,
        /// The variable whose key pays in its place.
        overridden_by: Option<String>,
    },
}

/// What each bot default paid for: those of the environment have no key's id.
pub type SystemUses = BTreeMap<(ProviderId, Option<KeyId>), SystemUse>;

/// What one bot default paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemUse {
    /// Since midnight, UTC.
    pub today: Total,
    /// Today and the 29 days before.
    pub month: Total,
}

impl SystemKey {
    /// The last characters of the key, where it is long enough to spare them.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Environment(key) => key.hint.as_deref(),
            Self::Stored { key, .. } => key.hint.as_deref(),
        }
    }

    /// What it is addressed by.
    pub fn id(&self) -> String {
        match self {
            Self::Environment(key) => format!("{ENVIRONMENT_ID}{}", key.provider),
            Self::Stored { key, .. } => key.id.to_string(),
        }
    }

    /// Whose key it is.
    pub fn provider(&self) -> &ProviderId {
        match self {
            Self::Environment(key) => &key.provider,
            Self::Stored { key, .. } => &key.provider,
        }
    }

    /// What it paid for.
    pub fn used(&self, all: &SystemUses) -> SystemUse {
        let key = match self {
            Self::Environment(_) => None,
            Self::Stored { key, .. } => Some(key.id),
        };
        let used = all.get(&(self.provider().clone(), key));
        used.copied().unwrap_or_default()
    }

    /// What is known of it.
    pub fn health(&self) -> Health {
        match self {
            Self::Environment(key) => key.health,
            Self::Stored { key, .. } => key.health,
        }
    }
}

impl Keys {
    /// Every key that the operator pays with, by provider: of two for one
    /// provider, the one that wins first.
    pub async fn list_system(&self, caller: &Caller) -> Result<Vec<SystemKey>, Error> {
        let owner = self.owner_for(caller, Scope::System)?;
        let environment = self.payers.bot_defaults.describe().into_iter();
        let stored = self.store.keys_of(owner).await?.into_iter();
        let mut keys: Vec<_> = environment
            .map(SystemKey::Environment)
            .chain(stored.map(|key| self.describe_stored(key)))
            .collect();
        // A stable sort: what the environment has stays before what is stored.
        keys.sort_by(|one, other| one.provider().cmp(other.provider()));
        Ok(keys)
    }

    /// Finds a key that the operator pays with, by its id.
    pub async fn find_system(&self, caller: &Caller, id: &str) -> Result<SystemKey, Error> {
        let keys = self.list_system(caller).await?;
        let found = keys.into_iter().find(|key| key.id() == id);
        Ok(found.ok_or(KeyRefusal::UnknownSystemKey)?)
    }

    /// Checks, seals and stores a system key, in the place of the one for
    /// that provider if there is one.
    pub async fn put_system(&self, caller: &Caller, draft: KeyDraft) -> Result<AddedKey, Error> {
        self.owner_for(caller, Scope::System)?;
        let draft = KeyDraft {
            scope: Scope::System,
            ..draft
        };
        self.put(caller, draft).await
    }

    /// Asks the provider about a key that the operator pays with, and notes
    /// what it says.
    pub async fn test_system(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(SystemKey, Check), Error> {
        match self.find_system(caller, id).await? {
            SystemKey::Stored { key, .. } => {
                let provider = key.provider.as_str();
                let tested = self.test(caller, provider, Scope::System).await?;
                Ok((self.describe_stored(tested.key), tested.check))
            }
            SystemKey::Environment(key) => {
                let check = self.check_environment(caller, &key.provider).await?;
                Ok((self.find_system(caller, id).await?, check))
            }
        }
    }

    /// Renames, pauses or resumes a system key.
    pub async fn change_system(
        &self,
        caller: &Caller,
        id: &str,
        name: Option<String>,
        paused: Option<bool>,
    ) -> Result<SystemKey, Error> {
        let key = self.find_stored(caller, id).await?;
        self.change(caller, &key, name, paused).await?;
        tracing::info!(key.id = %key.id, ?paused, "system key {} was changed by {}", key.id, caller.person);
        self.find_system(caller, id).await
    }

    /// Removes a system key, and returns it as it was.
    pub async fn remove_system(&self, caller: &Caller, id: &str) -> Result<Key, Error> {
        let key = self.find_stored(caller, id).await?;
        self.delete(caller, &key).await?;
        tracing::warn!(provider = %key.provider, "the system key for {} was removed by {}", key.provider, caller.person);
        Ok(key)
    }

    /// What each key that the operator pays with paid for.
    pub async fn system_use(&self, caller: &Caller) -> Result<SystemUses, Error> {
        self.owner_for(caller, Scope::System)?;
        let tomorrow = self.clock.now_ms().div_euclid(DAY_MS) + 1;
        let days = |days: i64| (tomorrow - days) * QUARTERS_A_DAY..tomorrow * QUARTERS_A_DAY;
        let whole = UsageOwner {
            scope: TotalScope::Bot,
            id: 0,
        };
        let (today, month) = tokio::try_join!(
            self.store.usage_between(whole, days(1), 0),
            self.store.usage_between(whole, days(30), 0),
        )?;
        let mut used = SystemUses::new();
        for (lines, is_today) in [(today, true), (month, false)] {
            for line in lines {
                if line.source != Source::BotDefault.as_str() {
                    continue;
                }
                let of = (ProviderId::from(line.provider.as_str()), line.key);
                let one = used.entry(of).or_default();
                let sum = if is_today {
                    &mut one.today
                } else {
                    &mut one.month
                };
                sum.add(&line.total);
            }
        }
        Ok(used)
    }

    /// A system key with what keeps it from paying.
    fn describe_stored(&self, key: Key) -> SystemKey {
        let default = self.payers.bot_defaults.find(&key.provider);
        let overridden_by = default.and_then(|default| default.variable.clone());
        SystemKey::Stored { key, overridden_by }
    }

    /// A system key that can be changed here; a key of the environment's
    /// cannot.
    async fn find_stored(&self, caller: &Caller, id: &str) -> Result<Key, Error> {
        match self.find_system(caller, id).await? {
            SystemKey::Stored { key, .. } => Ok(key),
            SystemKey::Environment(EnvironmentKey {
                provider, variable, ..
            }) => Err(KeyRefusal::OfEnvironment { provider, variable }.into()),
        }
    }

    /// Asks a provider about the key that the environment has for it.
    async fn check_environment(
        &self,
        caller: &Caller,
        provider: &ProviderId,
    ) -> Result<Check, Error> {
        let known = self.models.provider(provider)?;
        let counted = self.count_check(caller, CheckGoal::Test).await?;
        let defaults = &self.payers.bot_defaults;
        let default = defaults.find(provider);
        let credential = default.and_then(|default| default.credential.as_ref());
        let check = self.providers.check(known, credential).await;
        self.settle_check(counted, &check).await?;
        if !matches!(check, Check::Unknown(_)) {
            defaults.note_health(provider, check.health(), self.clock.now_ms());
        }
        Ok(check)
    }
}
