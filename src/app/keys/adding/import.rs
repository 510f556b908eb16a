//! Importing keys: a `.env` file, or a list of `NAME=key` lines, is read; each
//! key in it is checked; and those that its person wants are stored.
//!
//! Between the check and the choice the keys wait in rows of their own, sealed
//! and bound to the import, for as long as a form waits. They never go back to
//! whoever sent them, and a row does not depend on this process. A key that the
//! provider refused is not kept at all.

use secrecy::SecretString;

use crate::model::{
    AccessRefusal, Caller, Check, Health, Key, KeyGoal, KeyId, KeyRefusal, Lifetime, Owner,
    ProviderId, Refusal, Scope, Sealed,
};
use crate::providers::{FoundKey, UnusedLine, WhyUnused, read_key_file};
use crate::store::{ImportOf, ImportedKey};
use crate::vault;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::{CheckedKey, draw_key_id};
use crate::app::keys::adding::credential::refuse_paste;
use crate::app::keys::adding::found_keys::{
    ChosenKeys, ImportOutcome, KeyImport, PendingKey, SkippedLine, WhySkipped,
};
use crate::app::keys::adding::import_checks::TriedKey;
use crate::app::pending::{PENDING_FOR_MS, random_id};

/// The longest file that is read, in bytes.
pub const IMPORT_BYTES_MAX: usize = 64 * 1_024;
/// How many keys of a file one import takes. The others are named.
const KEYS_MAX: usize = 40;

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
        let read = read_key_file(catalogue, &file, IMPORT_BYTES_MAX).ok_or(malformed(
            scope,
            "it is larger than 64 kB, which no file of keys is",
        ))?;
        drop(file);
        let mut found = read.keys;
        let too_many = found.split_off(found.len().min(KEYS_MAX));
        let tried = self.try_found(caller, owner, found).await?;
        let (mut rows, mut keys, mut checkable_in_s) = (Vec::new(), Vec::new(), None);
        let stored = self.store.keys_of(owner).await?;
        for (place, tried) in tried.into_iter().enumerate() {
            checkable_in_s = checkable_in_s.max(tried.checkable_in_s);
            let (row, mut key) = self.seal_tried(owner, tried, place)?;
            key.replaces = find_replaced(&stored, &key.provider);
            keys.push(key);
            rows.extend(row);
        }
        mark_seconds(&mut keys);
        let skipped = read.unused.into_iter();
        let skipped = skipped.map(|unused| skip_line(unused, scope));
        let mut skipped: Vec<SkippedLine> =
            skipped.chain(too_many.into_iter().map(skip_key)).collect();
        skipped.sort_by_key(|it| it.line);
        let id = random_id()?;
        let expires_at_ms = self.end_of_wait(checkable_in_s);
        self.store
            .add_imported_keys(import_of(caller, &id), &rows, expires_at_ms)
            .await?;
        Ok(KeyImport {
            id,
            scope,
            keys,
            checkable_in_s,
            skipped,
        })
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
            is_second: false,
        });
        let mut keys: Vec<PendingKey> = keys.collect();
        mark_seconds(&mut keys);
        Ok(KeyImport {
            id: id.to_owned(),
            scope,
            keys,
            checkable_in_s: None,
            skipped: Vec::new(),
        })
    }

    /// When keys are forgotten that wait: a form's time after the last of them
    /// may be checked.
    fn end_of_wait(&self, checkable_in_s: Option<u64>) -> i64 {
        let wait_s = i64::try_from(checkable_in_s.unwrap_or(0)).unwrap_or(0);
        self.clock.now_ms() + wait_s * 1_000 + PENDING_FOR_MS
    }

    /// Stores the keys that were chosen, in their order, and forgets the
    /// others. Where some must wait for their check, all that are left stay.
    /// Whoever says so first decides: to everybody else the import is over.
    pub async fn finish_import(
        &self,
        caller: &Caller,
        id: &str,
        chosen: &ChosenKeys,
    ) -> Result<Vec<ImportOutcome>, Error> {
        let (of, now_ms) = (import_of(caller, id), self.clock.now_ms());
        let waiting = self.rows_of_import(caller, id).await?;
        let scope = waiting.first().map(|row| row.scope);
        let scope = scope.ok_or(AccessRefusal::StaleForm)?;
        let owner = self.owner_of_import(caller, scope).await?;
        let mut rows = self.store.take_imported_keys(of, now_ms).await?;
        if rows.is_empty() {
            return Err(AccessRefusal::StaleForm.into());
        }
        let stored = self.store_chosen(caller, owner, (&mut rows, chosen)).await;
        let waits = stored.iter().flatten().filter_map(|outcome| match outcome {
            ImportOutcome::Later { retry_after_s, .. } => Some(*retry_after_s),
            _ => None,
        });
        let longest_s = waits.max();
        if longest_s.is_some() || stored.is_err() {
            let until_ms = self.end_of_wait(longest_s);
            self.store.add_imported_keys(of, &rows, until_ms).await?;
        }
        stored
    }

    /// Stores those of an import's keys that were chosen, and leaves the others
    /// and those that are not done with, but none that would replace one of them.
    async fn store_chosen(
        &self,
        caller: &Caller,
        owner: Owner,
        (rows, chosen): (&mut Vec<ImportedKey>, &ChosenKeys),
    ) -> Result<Vec<ImportOutcome>, Error> {
        let (mut outcomes, mut taken) = (Vec::new(), Vec::<ProviderId>::new());
        let without_check = chosen.without_check;
        for wanted in chosen.ids.iter().take(KEYS_MAX) {
            let outcome = match rows.iter().position(|row| row.id == *wanted) {
                None => ImportOutcome::Gone,
                Some(place) if taken.contains(&rows[place].provider) => {
                    ImportOutcome::OneOfTwo(rows[place].provider.clone())
                }
                Some(place) => {
                    let row = (&rows[place], without_check);
                    let outcome = self.store_imported(caller, owner, row).await;
                    let outcome = outcome.inspect_err(|_| {
                        rows.retain(|row| !taken.contains(&row.provider));
                    })?;
                    if !matches!(outcome, ImportOutcome::Later { .. }) {
                        rows.remove(place);
                    }
                    outcome
                }
            };
            if let ImportOutcome::Stored { key, .. } = &outcome {
                taken.push(key.provider.clone());
            }
            outcomes.push(outcome);
        }
        rows.retain(|row| !taken.contains(&row.provider));
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

    /// Seals a key for its row, unless its provider refused it or it is stored.
    fn seal_tried(
        &self,
        owner: Owner,
        tried: TriedKey,
        place: usize,
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
            is_second: false,
        };
        if pending.is_stored || health == Some(Health::Refused) {
            return Ok((None, pending));
        }
        let id = draw_id_at(place)?;
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
        owner: Owner,
        (row, without_check): (&ImportedKey, bool),
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
            return Ok(ImportOutcome::StoredBefore(row.provider.clone()));
        }
        // One that its provider could not be asked about is asked about again, before
        // it takes the place of one that works.
        let is_asked_again = row.health == Some(Health::Unverified)
            && self.has_working(owner, &row.provider).await?;
        let known = row.health.filter(|_| !is_asked_again);
        let (health, checked_at_ms) = if let Some(health) = known {
            (health, row.checked_at_ms)
        } else if without_check && !self.has_working(owner, &row.provider).await? {
            (Health::Unverified, None)
        } else {
            let counted = match self.count_or_wait(caller).await? {
                Ok(counted) => counted,
                Err(retry_after_s) => {
                    return Ok(ImportOutcome::Later {
                        provider: row.provider.clone(),
                        retry_after_s,
                    });
                }
            };
            let check = self.providers.check(provider, Some(&credential)).await;
            self.settle_check(counted, &check).await?;
            if check == Check::Invalid {
                return Ok(ImportOutcome::Refused(row.provider.clone()));
            }
            let old = self.store.key_of(owner, &row.provider).await?;
            if old.is_some_and(|(old, _)| self.would_lose(&old, &check)) {
                let kept = row.provider.clone();
                return Ok(match check {
                    Check::Unknown(_) => ImportOutcome::KeptUnasked(kept),
                    _ => ImportOutcome::KeptWorking(kept),
                });
            }
            (check.health(), self.time_of_check(&check))
        };
        let replaced = self.store.key_of(owner, &row.provider).await?;
        let replaced = replaced.map(|(old, _)| old);
        let checked = CheckedKey {
            owner,
            provider: row.provider.clone(),
            // The new key goes by the old one's name, and ends as that does.
            name: replaced.as_ref().and_then(|old| old.name.clone()),
            same_as: None,
            credential,
            health,
            expires_at_ms: Lifetime::AsBefore.end_ms(self.clock.now_ms(), replaced.as_ref()),
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

/// Draws the id of a row that stands at this place of its import: rows are read
/// in the order of their ids.
fn draw_id_at(place: usize) -> anyhow::Result<KeyId> {
    let KeyId(mut id) = draw_key_id()?;
    id[0] = u8::try_from(place).unwrap_or(u8::MAX);
    Ok(KeyId(id))
}

/// Marks the keys whose provider has one before them that can be stored.
fn mark_seconds(keys: &mut [PendingKey]) {
    let mut taken: Vec<ProviderId> = Vec::new();
    for key in keys {
        key.is_second = key.id.is_some() && taken.contains(&key.provider);
        if key.storable().is_some() {
            taken.push(key.provider.clone());
        }
    }
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
