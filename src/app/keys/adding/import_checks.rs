//! Checking the keys that an import found: as many at a time as the limits on
//! checks have room for, one of each provider first.

use futures_util::{StreamExt, stream};

use crate::model::{Caller, Check, Credential, Health, KeyGoal, Owner, ProviderId};
use crate::providers::FoundKey;
use crate::vault;

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::keys::adding::add::CountedCheck;
use crate::app::keys::adding::credential::{CleanedCredential, KeyDestination, TypedKey};

/// How many keys of an import are checked at once.
const CHECKED_AT_ONCE: usize = 4;

/// A key of a file whose provider was asked, or could not be.
pub(in crate::app::keys) struct TriedKey {
    pub provider: ProviderId,
    pub variable: Option<String>,
    pub credential: Credential,
    pub check: Option<Check>,
    /// In how many seconds it may be checked, if that was not allowed now.
    pub checkable_in_s: Option<u64>,
    /// The very key is stored, with this health.
    pub stored: Option<Health>,
}

impl TriedKey {
    fn waits(&self) -> bool {
        self.check.is_none() && self.stored.is_none()
    }
}

impl Keys {
    /// Checks the keys that were found and are not stored: the first of each
    /// provider's come first, then the others, as they stand in the file.
    pub(in crate::app::keys) async fn try_found(
        &self,
        caller: &Caller,
        owner: Owner,
        found: Vec<FoundKey>,
    ) -> Result<Vec<TriedKey>, Error> {
        let mut keys = Vec::with_capacity(found.len());
        for found in found {
            keys.push(self.read_found(owner, found).await?);
        }
        let order = order_of_checks(&keys);
        // A key that is accepted gives its place back, so that others may follow.
        while self.check_some(caller, &mut keys, &order).await? {}
        Ok(keys)
    }

    /// Checks as many of the keys as there is room for; whether there was any.
    async fn check_some(
        &self,
        caller: &Caller,
        keys: &mut [TriedKey],
        order: &[usize],
    ) -> Result<bool, Error> {
        let (mut counted, mut full_for_s) = (Vec::new(), None);
        for &place in order {
            if !keys[place].waits() {
                continue;
            }
            let room = match full_for_s {
                Some(wait_s) => Err(wait_s),
                None => self.count_or_wait(caller).await?,
            };
            match room {
                Ok(check) => counted.push((place, check)),
                Err(wait_s) => {
                    full_for_s = Some(wait_s);
                    keys[place].checkable_in_s = full_for_s;
                }
            }
        }
        let asked = &*keys;
        let checks = counted.into_iter().map(|(place, counted)| async move {
            let check = self.check_counted(&asked[place], counted).await;
            check.map(|check| (place, check))
        });
        let checked: Vec<Result<(usize, Check), Error>> = stream::iter(checks)
            .buffered(CHECKED_AT_ONCE)
            .collect()
            .await;
        let is_any = !checked.is_empty();
        for checked in checked {
            let (place, check) = checked?;
            keys[place].check = Some(check);
            keys[place].checkable_in_s = None;
        }
        Ok(is_any)
    }

    /// Reads a key that was found, and whether it is stored.
    async fn read_found(&self, owner: Owner, found: FoundKey) -> Result<TriedKey, Error> {
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
        Ok(TriedKey {
            provider: found.provider,
            variable: found.names.into_iter().next(),
            credential,
            check: None,
            checkable_in_s: None,
            stored,
        })
    }

    /// Has the provider of a key asked whose check was counted.
    async fn check_counted(&self, key: &TriedKey, counted: CountedCheck) -> Result<Check, Error> {
        let provider = self.models.provider(&key.provider)?;
        let check = self.providers.check(provider, Some(&key.credential)).await;
        self.settle_check(counted, &check).await?;
        Ok(check)
    }

    /// The health of the stored key, if it is this very one. One that does not
    /// open is another.
    pub(in crate::app::keys) async fn find_same(
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
}

/// The places of keys in the order in which they are checked.
fn order_of_checks(keys: &[TriedKey]) -> Vec<usize> {
    let is_second = |place: usize| {
        let mut before = keys[..place].iter();
        before.any(|key| key.provider == keys[place].provider)
    };
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|place| is_second(*place));
    order
}
