//! The master key: parsing it, refusing weak ones, naming it.
//!
//! A master key's id (kid) is computed from the key. So a missing master key
//! can be told from a damaged seal, and two processes with the same master
//! key give it the same id without asking each other.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::seal;

const MASTER_BYTES: usize = 32;
/// Random bytes have fewer distinct ones than this with a chance below 5e-12.
const DISTINCT_BYTES_MIN: usize = 20;
/// A key that repeats itself after this many bytes or fewer is refused.
const PERIOD_MAX: usize = 16;
const KID_SALT: &[u8] = b"byok";
const KID_LABEL: &[u8] = b"byok/kid/v1";

/// The first eight bytes of a hash of a master key: its public name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kid(pub [u8; 8]);

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// 32 bytes that seal every stored key.
pub struct MasterKey {
    bytes: Zeroizing<[u8; MASTER_BYTES]>,
    kid: Kid,
    pub(super) seal_keys: seal::SealKeyCache,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.kid)
    }
}

/// Why a master key is not accepted. Never says what the key was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakMaster {
    #[error("must be 32 bytes, written as 64 hex digits or as base64")]
    NotThirtyTwoBytes,
    #[error("has too few different bytes to be random")]
    FewDistinctBytes,
    #[error("is readable text, not random bytes")]
    Readable,
    #[error("repeats itself")]
    Repeats,
    #[error("counts upwards or downwards")]
    Counts,
    #[error("is a key from documentation or tests, known to everyone")]
    Published,
}

impl MasterKey {
    /// Parses 64 hex digits, base64 or base64url. One trailing newline is
    /// allowed, and nothing else around the key.
    pub fn parse(text: &SecretString) -> Result<Self, WeakMaster> {
        let text = text.expose_secret();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let decoded = decode(text).ok_or(WeakMaster::NotThirtyTwoBytes)?;
        let mut bytes = Zeroizing::new([0; MASTER_BYTES]);
        bytes.copy_from_slice(&decoded);
        check_strength(&bytes)?;
        if PUBLISHED.contains(&text) {
            return Err(WeakMaster::Published);
        }
        Ok(Self::from_bytes(bytes))
    }

    /// Draws a new master key from the system's generator.
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = Zeroizing::new([0; MASTER_BYTES]);
        loop {
            getrandom::fill(bytes.as_mut())?;
            if check_strength(&bytes).is_ok() {
                return Ok(Self::from_bytes(bytes));
            }
        }
    }

    /// The key as 64 hex digits, for the operator to keep.
    pub fn to_hex(&self) -> SecretString {
        let mut hex = String::with_capacity(2 * MASTER_BYTES);
        for byte in self.bytes.iter() {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).expect("a nibble is a digit"));
            }
        }
        SecretString::from(hex)
    }

    /// The key's public name.
    pub fn kid(&self) -> Kid {
        self.kid
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    fn from_bytes(bytes: Zeroizing<[u8; MASTER_BYTES]>) -> Self {
        let mut kid = [0; 8];
        let prk = seal::hkdf_extract(KID_SALT, bytes.as_slice());
        seal::hkdf_expand(&prk, &[KID_LABEL], &mut kid);
        Self {
            bytes,
            kid: Kid(kid),
            seal_keys: seal::SealKeyCache::default(),
        }
    }

    /// A fixed key that no strength check has seen.
    #[cfg(test)]
    pub(super) fn for_tests(seed: u8) -> Self {
        Self::from_bytes(Zeroizing::new([seed; MASTER_BYTES]))
    }
}

/// Keys that stand in documentation and tests.
const PUBLISHED: &[&str] = &[
    "0123456789abcdeffedcba98765432100f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
];

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = if text.len() == 2 * MASTER_BYTES {
        decode_hex(text)
    } else {
        [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .iter()
            .find_map(|engine| engine.decode(text).ok())
            .map(Zeroizing::new)
    };
    bytes.filter(|bytes| bytes.len() == MASTER_BYTES)
}

fn decode_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks_exact(2) {
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(bytes)
}

fn check_strength(bytes: &[u8; MASTER_BYTES]) -> Result<(), WeakMaster> {
    if (1..=PERIOD_MAX).any(|period| bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b)) {
        return Err(WeakMaster::Repeats);
    }
    let mut steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let first_step = steps.next();
    if steps.all(|step| Some(step) == first_step) {
        return Err(WeakMaster::Counts);
    }
    if bytes
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
    {
        return Err(WeakMaster::Readable);
    }
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    if seen.iter().filter(|seen| **seen).count() < DISTINCT_BYTES_MIN {
        return Err(WeakMaster::FewDistinctBytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MasterKey, WeakMaster> {
        MasterKey::parse(&SecretString::from(text))
    }

    #[test]
    fn hex_and_base64_name_the_same_key() {
        let made = MasterKey::generate().unwrap();
        let hex = made.to_hex();
        let base64 = STANDARD.encode(made.bytes());
        let url = URL_SAFE_NO_PAD.encode(made.bytes());
        for text in [hex.expose_secret(), &base64, &url, &format!("{base64}\n")] {
            assert_eq!(parse(text).unwrap().kid(), made.kid());
        }
    }

    #[test]
    fn weak_keys_are_refused_with_the_reason() {
        let cases = [
            ("", WeakMaster::NotThirtyTwoBytes),
            ("hunter2", WeakMaster::NotThirtyTwoBytes),
            (&"zz".repeat(32), WeakMaster::NotThirtyTwoBytes),
            (&"ab".repeat(31), WeakMaster::NotThirtyTwoBytes),
            (
                &format!(" {}", "ab".repeat(32)),
                WeakMaster::NotThirtyTwoBytes,
            ),
            (&"00".repeat(32), WeakMaster::Repeats),
            (&"deadbeef".repeat(8), WeakMaster::Repeats),
            (
                &"00112233445566778899aabbccddeeff".repeat(2),
                WeakMaster::Repeats,
            ),
            (PUBLISHED[0], WeakMaster::Published),
            (PUBLISHED[1], WeakMaster::Published),
        ];
        for (text, reason) in cases {
            assert_eq!(parse(text).unwrap_err(), reason, "{text}");
        }
        let counting: Vec<u8> = (0..32).collect();
        assert_eq!(
            parse(&STANDARD.encode(counting)).unwrap_err(),
            WeakMaster::Counts
        );
        let words = b"correct horse battery staple 123";
        assert_eq!(
            parse(&STANDARD.encode(words)).unwrap_err(),
            WeakMaster::Readable
        );
        let few: Vec<u8> = (0..32_u16)
            .map(|i| (i * i % 19 + 200).to_be_bytes()[1])
            .collect();
        assert_eq!(
            parse(&STANDARD.encode(few)).unwrap_err(),
            WeakMaster::FewDistinctBytes
        );
    }

    #[test]
    fn a_random_key_is_never_taken_for_a_weak_one() {
        let mut bytes = [0; MASTER_BYTES];
        for _ in 0..100_000 {
            getrandom::fill(&mut bytes).unwrap();
            assert_eq!(check_strength(&bytes), Ok(()));
        }
    }

    #[test]
    fn a_master_key_does_not_print_itself() {
        let key = MasterKey::for_tests(1);
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.kid()));
    }
}
