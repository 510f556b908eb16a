//! The seal format: bytes in, bytes out. Nothing here does I/O.
//!
//! ```text
//! off len
//! 0   1   format 0x01 = HKDF-SHA256 + AES-256-GCM + commitment
//! 1   8   kid    = HKDF-Expand(PRK0, "byok/kid/v1")[..8],  PRK0 = HKDF-Extract("byok", master)
//! 9   32  salt   random per seal
//! 41  32  commit = Expand(PRK, "byok/commit/v1" | kid),    PRK = HKDF-Extract(salt, master)
//! 73  12  nonce  random per seal
//! 85  n   AES-256-GCM(K_enc, nonce, pad(payload), AAD),    K_enc = Expand(PRK, "byok/enc/v1" | kid)
//! 85+n 16 tag                                              (overhead 101 bytes)
//!
//! AAD = "byok-aad-v1" | bytes 0..73 | LP(purpose) | LP(scope) | LP(owner u64 BE)
//!                     | LP(provider) | LP(row uuid 16)
//! LP  = u16 BE length + bytes
//! pad = u32 BE length + payload + zeros, to a multiple of 64 bytes
//! ```
//!
//! Each seal has a key of its own, derived from a random salt, so a nonce
//! never meets the same key twice. The commitment tells "another master
//! key" from "tampered with". The associated data is made anew from the
//! row and the caller, so a blob that was moved to another owner, provider
//! or row does not open.
//!
//! AES-GCM is NIST SP 800-38D, HKDF is RFC 5869.

use std::sync::{Arc, Mutex};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::model::{BoundedMap, lock};

use super::master::{Kid, MasterKey};

const FORMAT: u8 = 0x01;
const KID: std::ops::Range<usize> = 1..9;
const SALT: std::ops::Range<usize> = 9..41;
const COMMIT: std::ops::Range<usize> = 41..73;
const NONCE: std::ops::Range<usize> = 73..85;
const TAG_BYTES: usize = 16;
const PAD_STEP_BYTES: usize = 64;
const LENGTH_BYTES: usize = 4;

/// How many seals' keys are cached for one master key.
const SEALS_MAX: usize = 1_024;

const COMMIT_LABEL: &[u8] = b"byok/commit/v1";
const ENCRYPT_LABEL: &[u8] = b"byok/enc/v1";
const AAD_LABEL: &[u8] = b"byok-aad-v1";

/// What a blob belongs to. Its caller knows that; it is never read from the
/// blob.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub purpose: &'a str,
    pub scope: &'a str,
    pub owner: u64,
    pub provider: &'a str,
    pub row: [u8; 16],
}

/// Why a blob did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the seal's format is not known")]
    Format,
    #[error("the seal was made with another master key")]
    AnotherMaster,
    #[error("the seal was tampered with, or moved")]
    Tampered,
}

/// The random bytes of one seal.
pub struct SaltAndNonce {
    salt: [u8; 32],
    nonce: [u8; 12],
}

impl SaltAndNonce {
    /// Draws them from the system's generator.
    pub fn draw() -> anyhow::Result<Self> {
        let mut drawn = Self {
            salt: [0; 32],
            nonce: [0; 12],
        };
        getrandom::fill(&mut drawn.salt)?;
        getrandom::fill(&mut drawn.nonce)?;
        Ok(drawn)
    }
}

/// Seals a payload for what `binding` names.
pub fn seal(
    master: &MasterKey,
    binding: &Binding,
    payload: &[u8],
    random: &SaltAndNonce,
) -> Vec<u8> {
    let keys = SealKeys::derive(master, &random.salt);
    let plain = pad(payload);
    let mut blob = Vec::with_capacity(NONCE.end + plain.len() + TAG_BYTES);
    blob.push(FORMAT);
    blob.extend_from_slice(&master.kid().0);
    blob.extend_from_slice(&random.salt);
    blob.extend_from_slice(&keys.commit);
    blob.extend_from_slice(&random.nonce);
    let aad = associated_data(&blob, binding);
    let sealed = aes_gcm_encrypt(&keys.cipher, &random.nonce, &aad, &plain)
        .expect("a padded payload is far below AES-GCM's limit");
    blob.extend_from_slice(&sealed);
    blob
}

/// Opens a blob that was sealed for the same binding with the same master.
pub fn open(
    master: &MasterKey,
    binding: &Binding,
    blob: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if kid_of(blob)? != master.kid() {
        return Err(OpenError::AnotherMaster);
    }
    let salt = blob.get(SALT).and_then(|salt| salt.try_into().ok());
    let salt = salt.ok_or(OpenError::Format)?;
    let commit = blob.get(COMMIT).ok_or(OpenError::Format)?;
    let nonce = blob.get(NONCE).ok_or(OpenError::Format)?;
    let sealed = blob.get(NONCE.end..).ok_or(OpenError::Format)?;
    let keys = master.seal_keys.get_or_derive(master, salt);
    if !bool::from(keys.commit.ct_eq(commit)) {
        return Err(OpenError::Tampered);
    }
    let aad = associated_data(blob, binding);
    let plain = aes_gcm_decrypt(&keys.cipher, nonce, &aad, sealed).ok_or(OpenError::Tampered)?;
    unpad(&plain).ok_or(OpenError::Tampered)
}

/// Which master key sealed a blob.
pub fn kid_of(blob: &[u8]) -> Result<Kid, OpenError> {
    if blob.first() != Some(&FORMAT) {
        return Err(OpenError::Format);
    }
    let kid = blob.get(KID).ok_or(OpenError::Format)?;
    Ok(Kid(kid.try_into().expect("the range is eight bytes long")))
}

/// The two keys of one seal, derived from the master key and the seal's salt.
struct SealKeys {
    commit: [u8; 32],
    /// Wipes its key when it is dropped.
    cipher: Aes256Gcm,
}

impl SealKeys {
    fn derive(master: &MasterKey, salt: &[u8; 32]) -> Self {
        let kid = master.kid().0;
        let prk = hkdf_extract(salt, master.bytes());
        let (mut commit, mut encrypt) = ([0; 32], Zeroizing::new([0; 32]));
        hkdf_expand(&prk, &[COMMIT_LABEL, &kid], &mut commit);
        hkdf_expand(&prk, &[ENCRYPT_LABEL, &kid], encrypt.as_mut());
        Self {
            commit,
            cipher: Aes256Gcm::new((&*encrypt).into()),
        }
    }
}

/// The keys of seals that were opened lately, by salt. Deriving them costs as
/// much as all else that an ask does with keys. They open nothing that the
/// master key, which is in memory anyway, does not open; the credentials
/// inside the seals are not cached. They hold for ever, so that they need no
/// time to live.
pub struct SealKeyCache(Mutex<BoundedMap<[u8; 32], Arc<SealKeys>>>);

impl Default for SealKeyCache {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(SEALS_MAX)))
    }
}

impl SealKeyCache {
    fn get_or_derive(&self, master: &MasterKey, salt: &[u8; 32]) -> Arc<SealKeys> {
        if let Some(keys) = lock(&self.0).get(salt) {
            return Arc::clone(keys);
        }
        let keys = Arc::new(SealKeys::derive(master, salt));
        lock(&self.0).put(*salt, Arc::clone(&keys));
        keys
    }
}

/// `HKDF-Extract(salt, input)`, ready to expand.
pub fn hkdf_extract(salt: &[u8], input: &[u8]) -> Hkdf<Sha256> {
    Hkdf::<Sha256>::new(Some(salt), input)
}

/// `HKDF-Expand(prk, info, |out|)`, where the info is the parts in a row.
pub fn hkdf_expand(prk: &Hkdf<Sha256>, info: &[&[u8]], out: &mut [u8]) {
    prk.expand_multi_info(info, out)
        .expect("no output here is longer than 255 hashes");
}

/// `AES-256-GCM(key, nonce, plain, aad)`, the tag at the end.
pub fn aes_gcm_encrypt(
    cipher: &Aes256Gcm,
    nonce: &[u8],
    aad: &[u8],
    plain: &[u8],
) -> Option<Vec<u8>> {
    let nonce: &[u8; 12] = nonce.try_into().ok()?;
    let payload = Payload { msg: plain, aad };
    cipher.encrypt(&Nonce::from(*nonce), payload).ok()
}

/// The inverse of [`aes_gcm_encrypt`]; none when the tag does not match.
pub fn aes_gcm_decrypt(
    cipher: &Aes256Gcm,
    nonce: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 12] = nonce.try_into().ok()?;
    let opened = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad });
    opened.ok().map(Zeroizing::new)
}

fn associated_data(blob: &[u8], binding: &Binding) -> Vec<u8> {
    let mut aad = Vec::with_capacity(192);
    aad.extend_from_slice(AAD_LABEL);
    aad.extend_from_slice(blob.get(..COMMIT.end).unwrap_or_default());
    let owner = binding.owner.to_be_bytes();
    for part in [
        binding.purpose.as_bytes(),
        binding.scope.as_bytes(),
        &owner,
        binding.provider.as_bytes(),
        &binding.row,
    ] {
        let length = u16::try_from(part.len()).expect("names in a binding are short");
        aad.extend_from_slice(&length.to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

fn pad(payload: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(payload.len()).expect("a payload is far below 4 GiB");
    let padded = (LENGTH_BYTES + payload.len()).next_multiple_of(PAD_STEP_BYTES);
    // Reserved in full, so that growing leaves no copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(padded));
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(payload);
    plain.resize(padded, 0);
    plain
}

fn unpad(plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = plain.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.get(..length)
        .map(|payload| Zeroizing::new(payload.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn master(seed: u8) -> MasterKey {
        MasterKey::for_tests(seed)
    }

    const HOME: Binding<'_> = Binding {
        purpose: "provider-key",
        scope: "user",
        owner: 42,
        provider: "openai",
        row: [9; 16],
    };

    fn sealed() -> Vec<u8> {
        seal(
            &master(1),
            &HOME,
            b"sk-made-up",
            &SaltAndNonce::draw().unwrap(),
        )
    }

    #[test]
    fn what_is_sealed_opens_and_has_the_stated_size() {
        let blob = sealed();
        assert_eq!(blob.len(), 101 + 64);
        assert_eq!(
            open(&master(1), &HOME, &blob).unwrap().as_slice(),
            b"sk-made-up"
        );
    }

    #[test]
    fn a_frozen_seal_of_the_first_release_opens() {
        let random = SaltAndNonce {
            salt: [0xA5; 32],
            nonce: [0x5A; 12],
        };
        let blob = seal(&master(1), &HOME, b"sk-made-up", &random);
        let hex = blob
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        insta::assert_snapshot!(hex);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let blob = sealed();
        for bit in 0..blob.len() * 8 {
            let mut bent = blob.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&master(1), &HOME, &bent).is_err(), "bit {bit}");
        }
        for length in 0..blob.len() {
            assert!(
                open(&master(1), &HOME, &blob[..length]).is_err(),
                "cut to {length}"
            );
        }
    }

    #[test]
    fn a_seal_moved_elsewhere_does_not_open() {
        let blob = sealed();
        for elsewhere in [
            Binding {
                purpose: "token",
                ..HOME
            },
            Binding {
                scope: "guild",
                ..HOME
            },
            Binding { owner: 43, ..HOME },
            Binding {
                provider: "anthropic",
                ..HOME
            },
            Binding {
                row: [8; 16],
                ..HOME
            },
        ] {
            assert_eq!(
                open(&master(1), &elsewhere, &blob),
                Err(OpenError::Tampered)
            );
        }
    }

    #[test]
    fn another_master_key_is_told_from_tampering() {
        assert_eq!(
            open(&master(2), &HOME, &sealed()),
            Err(OpenError::AnotherMaster)
        );
    }

    #[test]
    fn salt_and_nonce_never_repeat() {
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let random = SaltAndNonce::draw().unwrap();
            assert!(seen.insert((random.salt, random.nonce)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_payload_comes_back_and_its_length_is_blurred(
            payload in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let blob = seal(&master(3), &HOME, &payload, &SaltAndNonce::draw().unwrap());
            prop_assert_eq!((blob.len() - 101) % 64, 0);
            let opened = open(&master(3), &HOME, &blob).unwrap();
            prop_assert_eq!(opened.as_slice(), payload.as_slice());
        }

        #[test]
        fn no_bytes_make_opening_panic(blob in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(open(&master(3), &HOME, &blob).is_err());
        }
    }
}
