//! Importing keys: a `.env` file, or a list of `NAME=key` lines, is read; each
//! key in it is checked; and those that its person wants are stored.
//!
//! Between the check and the choice the keys wait in rows of their own, sealed
//! and bound to the import, for as long as a form waits. They never go back to
//! whoever sent them, and a row does not depend on this process. A key that the
//! provider refused is not kept at all.

use futures_util::{StreamExt, stream};
use secrecy::SecretString;

use crate::model::{
    AccessRefusal, Caller, Check, CheckGoal, Credential, Health, Key, KeyGoal, KeyId, KeyRefusal,
    Owner, ProviderId, Refusal, Scope, Sealed,
};
use crate::providers::{FoundKey, UnusedLine, WhyUnused, read_key_file};
use crate::store::{ImportOf, ImportedKey};
use crate::vault;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{CheckedKey, draw_key_id};
use crate::app::keys::adding::credential::{
    CleanedCredential, KeyDestination, TypedKey, refuse_paste,
};
use crate::app::pending::{PENDING_FOR_MS, random_id};

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1_024;
/// How many keys of a file one import takes. The others are named.
const KEYS_MAX: usize = 40;
/// How many keys of an import are checked at once.
const CHECKED_AT_ONCE: usize = 4;

/// An import that waits for its person to choose.
#[derive(Debug)]
pub struct KeyImport {
    /// Names it in [`Keys::show_import`] and [`Keys::finish_import`].
    pub id: String,
    pub keys: Vec<PendingKey>,
    /// Lines that hold no key which could be stored. Nothing of them is kept,
    /// so that an import that is shown again has none.
    pub skipped: Vec<SkippedLine>,
}

/// A key of an import, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingKey {
    /// None for a key that cannot be chosen: it was refused, or it is stored.
    pub id: Option<KeyId>,
    pub provider: ProviderId,
    /// What the file called it.
    pub variable: Option<String>,
    /// The last four characters, for keys long enough to spare them.
    pub hint: Option<String>,
    /// What its provider says; none while nobody asked, because too many keys
    /// were checked a moment ago.
    pub health: Option<Health>,
    /// The stored key whose place it would take.
    pub replaces: Option<Key>,
    /// Whether it is the very key that is stored.
    pub is_stored: bool,
}

/// A line that holds no key which could be stored.
#[derive(Debug, PartialEq, Eq)]
pub struct SkippedLine {
    /// Its number in the file; the first is 1.
    pub line: usize,
    /// None where there is none, or it looks like a secret itself.
    pub variable: Option<String>,
    pub why: WhySkipped,
}

/// Why a line was not taken for a key.
#[derive(Debug, PartialEq, Eq)]
pub enum WhySkipped {
    /// It is neither `NAME=value` nor a key.
    Unread,
    /// It has no value.
    Empty,
    /// It is the name of a variable, and nothing else.
    NameAlone,
    /// It has the key of this provider that an earlier line has.
    Repeats(ProviderId, usize),
    /// Neither its name nor its value is known: another setting.
    AnotherSetting,
    /// Keys of these providers begin so, and its name tells of none.
    OneOfSeveral(Vec<ProviderId>),
    /// What stands there can be no key of the provider that it is for.
    NoKey(Refusal),
    /// It is for this provider, who needs this variable beside it.
    Lacks(ProviderId, &'static str),
    /// It has a zero byte in it, which no text has.
    Binary,
    /// It is for this provider, and tells of another variable instead of
    /// holding a key.
    Reference(ProviderId),
    /// It holds a key of this provider, and as many were read already as one
    /// import takes.
    TooMany(ProviderId),
}

/// What became of a key that was chosen.
#[derive(Debug)]
pub enum ImportOutcome {
    Stored {
        key: Key,
        replaced: bool,
    },
    /// It is the very key of this provider that is stored.
    StoredBefore(ProviderId),
    /// Its provider refused it.
    Refused(ProviderId),
    /// It can't pay, which its person did not know, and the key that works
    /// stays.
    KeptWorking(ProviderId),
    /// It must be checked first, and may be in so many seconds. It waits until
    /// then.
    Later {
        provider: ProviderId,
        retry_after_s: u64,
    },
    /// Another key of the same provider was chosen before it, and there is one
    /// for each.
    OneOfTwo(ProviderId),
    /// It was stored or has expired.
    Gone,
}

/// A key of a file whose provider was asked, or could not be.
struct TriedKey {
    provider: ProviderId,
    variable: Option<String>,
    credential: Credential,
    check: Option<Check>,
    /// The very key is stored, with this health.
    stored: Option<Health>,
}

impl Keys {
    /// Reads a file, checks the keys in it, and keeps them sealed until their
    /// person chooses.
    pub async fn begin_import(
        &self,
        caller: &Caller,
        scope: Scope,
        file: SecretString,
    ) -> Result<KeyImport, Error> {
        let owner = self.owner_of_import(caller, scope).await?;
        let catalogue = self.models.catalogue();
        let read = read_key_file(catalogue, &file, FILE_BYTES_MAX).ok_or(malformed(
            scope,
            "it is larger than 64 kB, which no file of keys is",
        ))?;
        drop(file);
        let mut found = read.keys;
        let too_many = found.split_off(found.len().min(KEYS_MAX));
        let checks = found
            .into_iter()
            .map(|found| self.try_found(caller, owner, found));
        let tried: Vec<Result<TriedKey, Error>> = stream::iter(checks)
            .buffered(CHECKED_AT_ONCE)
            .collect()
            .await;
        let (mut rows, mut keys) = (Vec::new(), Vec::new());
        let stored = self.store.keys_of(owner).await?;
        for tried in tried {
            let (row, mut key) = self.seal_tried(owner, tried?)?;
            key.replaces = find_replaced(&stored, &key.provider);
            keys.push(key);
            rows.extend(row);
        }
        let skipped = read.unused.into_iter();
        let skipped = skipped.map(|unused| skip_line(unused, scope));
        let mut skipped: Vec<SkippedLine> =
            skipped.chain(too_many.into_iter().map(skip_key)).collect();
        skipped.sort_by_key(|it| it.line);
        let id = random_id()?;
        let expires_at_ms = self.clock.now_ms() + PENDING_FOR_MS;
        self.store
            .add_imported_keys(import_of(caller, &id), &rows, expires_at_ms)
            .await?;
        Ok(KeyImport { id, keys, skipped })
    }

    /// An import's keys that still wait.
    pub async fn show_import(&self, caller: &Caller, id: &str) -> Result<KeyImport, Error> {
        let rows = self.rows_of_import(caller, id).await?;
        let scope = rows.first().map(|row| row.scope);
        let scope = scope.ok_or(AccessRefusal::StaleForm)?;
        let owner = self.owner_of_import(caller, scope).await?;
        let stored = self.store.keys_of(owner).await?;
        let keys = rows.into_iter().map(|row| PendingKey {
            id: Some(row.id),
            replaces: find_replaced(&stored, &row.provider),
            provider: row.provider,
            variable: row.variable,
            hint: row.hint,
            health: row.health,
            is_stored: false,
        });
        Ok(KeyImport {
            id: id.to_owned(),
            keys: keys.collect(),
            skipped: Vec::new(),
        })
    }

    /// Stores the keys that were chosen, in their order, and forgets the
    /// others. Where some must wait for their check, all that are left stay.
    pub async fn finish_import(
        &self,
        caller: &Caller,
        id: &str,
        chosen: &[KeyId],
    ) -> Result<Vec<ImportOutcome>, Error> {
        let mut rows = self.rows_of_import(caller, id).await?;
        let scope = rows.first().map(|row| row.scope);
        let owner = scope.ok_or(AccessRefusal::StaleForm)?;
        let owner = self.owner_of_import(caller, owner).await?;
        let (mut outcomes, mut taken) = (Vec::new(), Vec::<ProviderId>::new());
        for wanted in chosen.iter().take(KEYS_MAX) {
            let place = rows.iter().position(|row| row.id == *wanted);
            let outcome = match place.map(|place| rows.remove(place)) {
                None => ImportOutcome::Gone,
                Some(row) if taken.contains(&row.provider) => ImportOutcome::OneOfTwo(row.provider),
                Some(row) => self.store_imported(caller, id, owner, row).await?,
            };
            if let ImportOutcome::Stored { key, .. } = &outcome {
                taken.push(key.provider.clone());
            }
            outcomes.push(outcome);
        }
        let waits = |outcome: &ImportOutcome| matches!(outcome, ImportOutcome::Later { .. });
        if !outcomes.iter().any(waits) {
            self.forget_import(caller, id).await?;
        }
        Ok(outcomes)
    }

    /// Forgets what is left of an import.
    pub async fn forget_import(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        Ok(self.store.forget_import(import_of(caller, id)).await?)
    }

    /// Whose the keys of an import become, if the caller may act for them now.
    pub(in crate::app::keys) async fn owner_of_import(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<Owner, Error> {
        self.require_byok()?;
        let owner = caller.owner_for(scope)?;
        self.require_own_keys(caller, scope).await?;
        Ok(owner)
    }

    /// Reads the keys of an import of the caller's that is not over yet.
    pub(in crate::app::keys) async fn rows_of_import(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Vec<ImportedKey>, Error> {
        let now_ms = self.clock.now_ms();
        let of = import_of(caller, id);
        Ok(self.store.imported_keys(of, now_ms).await?)
    }

    /// Checks a key that was found, unless it is stored, or too many were
    /// checked a moment ago.
    async fn try_found(
        &self,
        caller: &Caller,
        owner: Owner,
        found: FoundKey,
    ) -> Result<TriedKey, Error> {
        let provider = self.models.provider(&found.provider)?;
        let typed = TypedKey {
            secret: found.secret,
            extras: found.extras,
        };
        let destination = KeyDestination {
            catalogue: self.models.catalogue(),
            provider,
            goal: KeyGoal::Stored(owner.scope()),
        };
        let CleanedCredential { credential, .. } = typed.into_credential(destination)?;
        let stored = self.find_same(owner, &provider.id, &credential).await?;
        let check = match stored {
            Some(_) => None,
            None => match self
                .limited_check(caller, provider, &credential, CheckGoal::Store)
                .await
            {
                Ok(check) => Some(check),
                Err(Error::Refused(Refusal::Key(KeyRefusal::TooManyChecks { .. }))) => None,
                Err(error) => return Err(error),
            },
        };
        Ok(TriedKey {
            provider: found.provider,
            variable: found.names.into_iter().next(),
            credential,
            check,
            stored,
        })
    }

    /// The health of the stored key, if it is this very one. One that does not
    /// open is another.
    async fn find_same(
        &self,
        owner: Owner,
        provider: &ProviderId,
        credential: &Credential,
    ) -> Result<Option<Health>, Error> {
        let Some((key, sealed)) = self.store.key_of(owner, provider).await? else {
            return Ok(None);
        };
        let stored = self.vault.open_key(&key, &sealed.0);
        let is_same = stored.is_ok_and(|stored| vault::is_same_credential(&stored, credential));
        Ok(is_same.then_some(key.health))
    }

    /// Seals a key for its row, unless its provider refused it or it is stored.
    fn seal_tried(
        &self,
        owner: Owner,
        tried: TriedKey,
    ) -> Result<(Option<ImportedKey>, PendingKey), Error> {
        let hint = vault::hint(&tried.credential.secret);
        let health = tried.check.as_ref().map(Check::health).or(tried.stored);
        let mut pending = PendingKey {
            id: None,
            provider: tried.provider.clone(),
            variable: tried.variable.clone(),
            hint: hint.clone(),
            health,
            replaces: None,
            is_stored: tried.stored.is_some(),
        };
        if pending.is_stored || health == Some(Health::Refused) {
            return Ok((None, pending));
        }
        let id = draw_key_id()?;
        let sealed = self
            .vault
            .seal_imported(id, owner, &tried.provider, &tried.credential)?;
        pending.id = Some(id);
        let checked_at_ms = tried.check.and_then(|check| self.time_of_check(&check));
        let row = ImportedKey {
            id,
            scope: owner.scope(),
            provider: tried.provider,
            variable: tried.variable,
            hint,
            sealed: Sealed(sealed.into()),
            health,
            checked_at_ms,
        };
        Ok((Some(row), pending))
    }

    /// Whether a key that works is stored for a provider.
    async fn has_working(&self, owner: Owner, provider: &ProviderId) -> Result<bool, Error> {
        let stored = self.store.key_of(owner, provider).await?;
        Ok(stored.is_some_and(|(key, _)| self.works(&key)))
    }

    /// Stores one key of an import, after its check if that could not be made
    /// before.
    async fn store_imported(
        &self,
        caller: &Caller,
        import: &str,
        owner: Owner,
        row: ImportedKey,
    ) -> Result<ImportOutcome, Error> {
        let provider = self.models.provider(&row.provider)?;
        let opened = self
            .vault
            .open_imported(row.id, owner, &row.provider, &row.sealed.0);
        let Ok(credential) = opened else {
            return Ok(ImportOutcome::Gone);
        };
        let same = self.find_same(owner, &row.provider, &credential).await?;
        if same.is_some() {
            return Ok(ImportOutcome::StoredBefore(row.provider));
        }
        let (health, checked_at_ms) = match row.health {
            Some(health) => (health, row.checked_at_ms),
            None => match self
                .limited_check(caller, provider, &credential, CheckGoal::Store)
                .await
            {
                Ok(Check::Invalid) => return Ok(ImportOutcome::Refused(row.provider)),
                Ok(check)
                    if !check.lets_pay() && self.has_working(owner, &row.provider).await? =>
                {
                    return Ok(ImportOutcome::KeptWorking(row.provider));
                }
                Ok(check) => (check.health(), self.time_of_check(&check)),
                Err(Error::Refused(Refusal::Key(KeyRefusal::TooManyChecks {
                    retry_after_s,
                    ..
                }))) => {
                    return Ok(ImportOutcome::Later {
                        provider: row.provider,
                        retry_after_s,
                    });
                }
                Err(error) => return Err(error),
            },
        };
        let of = import_of(caller, import);
        let now_ms = self.clock.now_ms();
        if !self.store.take_imported_key(of, row.id, now_ms).await? {
            return Ok(ImportOutcome::Gone);
        }
        let replaced = self.store.key_of(owner, &row.provider).await?;
        let checked = CheckedKey {
            owner,
            provider: row.provider,
            // The new key goes by the old one's name.
            name: replaced.as_ref().and_then(|(old, _)| old.name.clone()),
            same_as: None,
            credential,
            health,
            expires_at_ms: None,
            checked_at_ms,
        };
        let key = self.store_checked(checked, caller.person).await?;
        let replaced = replaced.is_some();
        Ok(ImportOutcome::Stored { key, replaced })
    }
}

/// Names an import, which belongs to a person in a place.
pub(in crate::app::keys) fn import_of<'a>(caller: &Caller, id: &'a str) -> ImportOf<'a> {
    ImportOf {
        id,
        person: caller.person,
        server: caller.place.server(),
    }
}

/// The stored key whose place a provider's new one would take.
fn find_replaced(stored: &[Key], provider: &ProviderId) -> Option<Key> {
    stored.iter().find(|key| key.provider == *provider).cloned()
}

/// The line of a key that is one too many.
fn skip_key(found: FoundKey) -> SkippedLine {
    SkippedLine {
        line: found.line,
        variable: found.names.into_iter().next(),
        why: WhySkipped::TooMany(found.provider),
    }
}

fn skip_line(unused: UnusedLine, scope: Scope) -> SkippedLine {
    let why = match unused.why {
        WhyUnused::Unread => WhySkipped::Unread,
        WhyUnused::Empty => WhySkipped::Empty,
        WhyUnused::NameAlone => WhySkipped::NameAlone,
        WhyUnused::Repeats(provider, line) => WhySkipped::Repeats(provider, line),
        WhyUnused::AnotherSetting => WhySkipped::AnotherSetting,
        WhyUnused::OneOfSeveral(providers) => WhySkipped::OneOfSeveral(providers),
        WhyUnused::NoKey(provider, problem) => {
            WhySkipped::NoKey(refuse_paste(problem, &provider, KeyGoal::Stored(scope)))
        }
        WhyUnused::Lacks(provider, variable) => WhySkipped::Lacks(provider, variable),
        WhyUnused::Binary => WhySkipped::Binary,
        WhyUnused::Reference(provider) => WhySkipped::Reference(provider),
    };
    SkippedLine {
        line: unused.line,
        variable: unused.name,
        why,
    }
}

fn malformed(scope: Scope, problem: &'static str) -> Refusal {
    let goal = KeyGoal::Stored(scope);
    Refusal::Key(KeyRefusal::MalformedKey { problem, goal })
}
