//! Seals provider keys for storage, and opens them for one call.
//!
//! A provider key that was sealed with a master key which is not configured
//! is *locked*: its row stays as it is until that master key is configured
//! again. Nothing here deletes or overwrites a row that it cannot open.

mod cookie;
mod master;
mod seal;
mod token;
#[cfg(test)]
mod vectors;

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use cookie::{
    claimed_owner, cookie_hash, derive_form_token, derive_verifier, is_same_secret, new_cookie,
};
pub use master::MasterKey;
pub use token::{new_token, token_hash};

use crate::model::{Credential, Key, KeyId, KeyRefusal, Offer, Owner, ProviderId, Refusal};
use crate::store::Store;
use seal::{Binding, SaltAndNonce};

const KEY_PURPOSE: &str = "provider-key";
/// For keys of an import, until their person chooses: moved to a row of a
/// stored key, such a seal does not open.
const IMPORT_PURPOSE: &str = "imported-key";
const CHECK_PURPOSE: &str = "master-check";
const CHECK_CONSTANT: &[u8] = b"latchkey master key check v1";

/// The last characters of a provider key are shown only if it has at least
/// this many.
const HINT_FROM_LENGTH: usize = 20;
const HINT_LENGTH: usize = 4;

/// The configured master keys. Without any, nobody can store a key: BYOK is
/// off.
#[derive(Debug, Default)]
pub struct Vault {
    /// The first is the active one, which seals. The others only open what
    /// they sealed earlier.
    masters: Vec<MasterKey>,
}

/// Hashes a key, to tell it from others in memory.
pub fn hash_credential(credential: &Credential, hashes: &impl BuildHasher) -> u64 {
    hashes.hash_one(credential.secret.expose_secret().as_bytes())
}

impl Vault {
    /// Takes the configured master keys, and proves each against its check
    /// value in the database. A master key that is new to the database gets
    /// its check value now.
    pub async fn unlock(
        masters: Vec<MasterKey>,
        store: &Store,
        now_ms: i64,
    ) -> anyhow::Result<Self> {
        for master in &masters {
            let kid = master.kid().to_string();
            match store.master_check(&kid).await? {
                Some(check) => prove(master, &check)?,
                None => {
                    store
                        .add_master(&kid, &check_value(master)?, now_ms)
                        .await?;
                }
            }
        }
        Ok(Self { masters })
    }

    /// Whether provider keys can be stored at all.
    pub fn is_enabled(&self) -> bool {
        !self.masters.is_empty()
    }

    /// Whether the master key `kid` is configured, so that what it sealed
    /// can be opened.
    pub fn can_open(&self, kid: &str) -> bool {
        self.masters
            .iter()
            .any(|master| master.kid().to_string() == kid)
    }

    /// The id of the active master key.
    pub fn active_kid(&self) -> Result<String, Refusal> {
        self.active().map(|master| master.kid().to_string())
    }

    /// Seals a credential for the row that will hold it.
    pub fn seal(
        &self,
        row: KeyId,
        owner: Owner,
        provider: &ProviderId,
        credential: &Credential,
    ) -> Result<Vec<u8>, SealError> {
        self.seal_bound(&binding(row, owner, provider), credential)
    }

    /// Seals a credential of an import, for the few minutes until its person
    /// has chosen.
    pub fn seal_imported(
        &self,
        row: KeyId,
        owner: Owner,
        provider: &ProviderId,
        credential: &Credential,
    ) -> Result<Vec<u8>, SealError> {
        let binding = Binding {
            purpose: IMPORT_PURPOSE,
            ..binding(row, owner, provider)
        };
        self.seal_bound(&binding, credential)
    }

    /// Opens a credential of an import.
    pub fn open_imported(
        &self,
        row: KeyId,
        owner: Owner,
        provider: &ProviderId,
        sealed: &[u8],
    ) -> anyhow::Result<Credential> {
        let binding = Binding {
            purpose: IMPORT_PURPOSE,
            ..binding(row, owner, provider)
        };
        self.open_bound(&binding, sealed)
            .with_context(|| format!("could not open imported key {row}"))
    }

    fn seal_bound(
        &self,
        binding: &Binding<'_>,
        credential: &Credential,
    ) -> Result<Vec<u8>, SealError> {
        let master = self.active()?;
        let payload = Payload::write(credential)?;
        let random = SaltAndNonce::draw()?;
        Ok(seal::seal(master, binding, &payload, &random))
    }

    /// Opens the stored provider key of an offer, for one call.
    pub fn open(&self, offer: &Offer) -> anyhow::Result<Credential> {
        let (Some(row), Some(owner), Some(sealed)) = (offer.key, offer.owner, &offer.sealed) else {
            bail!("the offer is not of a stored key");
        };
        self.open_row(row, owner, &offer.provider, &sealed.0)
    }

    /// Opens the ciphertext of a provider key's row.
    pub fn open_key(&self, key: &Key, sealed: &[u8]) -> anyhow::Result<Credential> {
        self.open_row(key.id, key.owner, &key.provider, sealed)
    }

    fn open_row(
        &self,
        row: KeyId,
        owner: Owner,
        provider: &ProviderId,
        sealed: &[u8],
    ) -> anyhow::Result<Credential> {
        self.open_bound(&binding(row, owner, provider), sealed)
            .with_context(|| format!("could not open key {row}"))
    }

    fn open_bound(&self, binding: &Binding<'_>, sealed: &[u8]) -> anyhow::Result<Credential> {
        let kid = seal::kid_of(sealed)?;
        let master = self.masters.iter().find(|master| master.kid() == kid);
        let master = master.with_context(|| format!("it is locked under {kid}"))?;
        let plain = seal::open(master, binding, sealed)?;
        Payload::read(&plain).context("it holds no credential")
    }

    fn active(&self) -> Result<&MasterKey, Refusal> {
        self.masters
            .first()
            .ok_or(Refusal::Key(KeyRefusal::ByokDisabled))
    }
}

/// Why a credential was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Whether two credentials are one: the same key, with the same beside it. The
/// time that it takes tells nothing of them.
pub fn is_same_credential(one: &Credential, other: &Credential) -> bool {
    is_same_secret(&one.secret, &other.secret)
        && one.extras.len() == other.extras.len()
        && one.extras.iter().all(|(field, value)| {
            let beside = other.extras.get(field);
            beside.is_some_and(|beside| is_same_secret(value, beside))
        })
}

/// The last characters of a provider key, to recognise it by; none where
/// the key is so short that they would give much of it away.
pub fn hint(secret: &SecretString) -> Option<String> {
    let characters: Vec<char> = secret.expose_secret().chars().collect();
    if characters.len() < HINT_FROM_LENGTH {
        return None;
    }
    characters
        .get(characters.len() - HINT_LENGTH..)
        .map(|last| last.iter().collect())
}

fn binding(row: KeyId, owner: Owner, provider: &ProviderId) -> Binding<'_> {
    Binding {
        purpose: KEY_PURPOSE,
        scope: owner.scope().as_str(),
        owner: owner.id(),
        provider: provider.as_str(),
        row: row.0,
    }
}

fn check_binding() -> Binding<'static> {
    Binding {
        purpose: CHECK_PURPOSE,
        scope: "",
        owner: 0,
        provider: "",
        row: [0; 16],
    }
}

fn check_value(master: &MasterKey) -> anyhow::Result<Vec<u8>> {
    Ok(seal::seal(
        master,
        &check_binding(),
        CHECK_CONSTANT,
        &SaltAndNonce::draw()?,
    ))
}

fn prove(master: &MasterKey, check: &[u8]) -> anyhow::Result<()> {
    let opened = seal::open(master, &check_binding(), check).with_context(|| {
        format!(
            "master key {} does not open its own check value",
            master.kid()
        )
    })?;
    if opened.as_slice() != CHECK_CONSTANT {
        bail!("the check value of master key {} is not ours", master.kid());
    }
    Ok(())
}

/// What a seal contains: the secret, the origins that it may be sent to, and
/// the extra credentials that go with it.
#[derive(Serialize, Deserialize)]
struct Payload {
    secret: Zeroizing<String>,
    origins: Vec<String>,
    extras: BTreeMap<String, Zeroizing<String>>,
}

impl Payload {
    fn write(credential: &Credential) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let expose = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
        let payload = Self {
            secret: expose(&credential.secret),
            origins: credential.origins.clone(),
            extras: credential
                .extras
                .iter()
                .map(|(k, v)| (k.clone(), expose(v)))
                .collect(),
        };
        Ok(Zeroizing::new(serde_json::to_vec(&payload)?))
    }

    fn read(plain: &[u8]) -> anyhow::Result<Credential> {
        let payload: Self = serde_json::from_slice(plain)?;
        let hide = |plain: Zeroizing<String>| SecretString::from(plain.as_str());
        Ok(Credential {
            secret: hide(payload.secret),
            origins: payload.origins,
            extras: payload
                .extras
                .into_iter()
                .map(|(k, v)| (k, hide(v)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_master_key_that_does_not_open_its_own_check_value_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("vault.db").display());
        let store = Store::open(&SecretString::from(url)).await.unwrap();
        let (good, bent) = (MasterKey::for_tests(1), MasterKey::for_tests(2));
        let mut check = check_value(&bent).unwrap();
        *check.last_mut().unwrap() ^= 1;
        store
            .add_master(&bent.kid().to_string(), &check, 0)
            .await
            .unwrap();
        assert!(Vault::unlock(vec![good], &store, 0).await.is_ok());
        let again = Vault::unlock(vec![MasterKey::for_tests(1)], &store, 0)
            .await
            .unwrap();
        assert!(again.is_enabled());
        let error = Vault::unlock(vec![bent], &store, 0).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("does not open its own check value"),
            "{error}"
        );
    }

    #[test]
    fn a_hint_is_given_only_for_keys_that_can_spare_it() {
        let hint_of = |key: &str| hint(&SecretString::from(key));
        assert_eq!(hint_of("made-up-key-0123456"), None);
        assert_eq!(hint_of("made-up-key-01234567"), Some("4567".into()));
    }
}
