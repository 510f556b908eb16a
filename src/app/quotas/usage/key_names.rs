//! What the keys in a report are called.

use std::collections::BTreeMap;

use crate::model::{AccessRefusal, Caller, KeyId, Owner, Source};

use crate::app::Error;
use crate::app::quotas::usage::report::{PayingKey, UsageScope};
use crate::app::quotas::{Quotas, managed_server};

/// The keys of whoever a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyNames(BTreeMap<KeyId, (Option<String>, Option<String>)>);

/// What a key is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName<'a> {
    /// A stored key of the one whom the report is about, with its name and its
    /// last characters, where it has them.
    Stored {
        name: Option<&'a str>,
        hint: Option<&'a str>,
    },
    /// A key that was stored once, and is no more.
    Removed,
    /// A key of somebody else's: a server's, or the operator's; or one that came
    /// with the call.
    Unstored(Source),
}

impl KeyNames {
    /// What a key is called.
    pub fn name(&self, paying: &PayingKey) -> KeyName<'_> {
        if let Some((name, hint)) = paying.key.and_then(|key| self.0.get(&key)) {
            return KeyName::Stored {
                name: name.as_deref(),
                hint: hint.as_deref(),
            };
        }
        match Source::parse(&paying.source) {
            Some(Source::Personal) | None => KeyName::Removed,
            Some(source) => KeyName::Unstored(source),
        }
    }
}

impl Quotas {
    /// The names of the keys that a report may be about.
    pub async fn read_key_names(
        &self,
        caller: &Caller,
        scope: UsageScope,
    ) -> Result<KeyNames, Error> {
        let owner = match scope {
            UsageScope::User => Owner::Person(caller.person),
            UsageScope::Guild => {
                Owner::Server(managed_server(caller, AccessRefusal::UsageForManagers)?)
            }
            UsageScope::Bot => return Ok(KeyNames::default()),
        };
        let keys = self.store.keys_of(owner).await?.into_iter();
        Ok(KeyNames(
            keys.map(|key| (key.id, (key.name, key.hint))).collect(),
        ))
    }
}
