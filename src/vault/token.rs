//! Makes the secrets of tokens, checks them for typing mistakes, and hashes
//! them.
//!
//! ```text
//! latchkey_ 9nA…30 characters of base62…k2 4fT0Zq
//! prefix    178 random bits                CRC-32 of them, in base62
//! ```
//!
//! The check sum shows that a token is mistyped or made up without a query
//! to the database, and lets secret scanners recognise a real one;
//! `docs/security.md` §3. A fast hash is enough: nobody can guess 178 random
//! bits.

use crate::model::TOKEN_PREFIX;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARACTERS: usize = 30;
const SUM_CHARACTERS: usize = 6;
/// The largest multiple of 62 that fits into a byte. Bytes from here on are
/// drawn again, so that every character is equally likely.
const FAIR: u8 = 248;

/// The SHA-256 of a token, which is all that the database has of it.
pub type TokenHash = [u8; 32];

/// Makes a token, and returns it with its hash.
pub fn new_token() -> anyhow::Result<(SecretString, TokenHash)> {
    let mut random = Zeroizing::new(String::with_capacity(RANDOM_CHARACTERS));
    let mut bytes = Zeroizing::new([0; 64]);
    while random.len() < RANDOM_CHARACTERS {
        getrandom::fill(bytes.as_mut())?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        let missing = RANDOM_CHARACTERS - random.len();
        random.extend(fair.take(missing).map(|byte| character(u32::from(*byte))));
    }
    let sum = sum(&random).map(char::from);
    let sum: String = sum.iter().collect();
    let text = Zeroizing::new(format!("{TOKEN_PREFIX}{}{sum}", *random));
    let token = SecretString::from(text.as_str());
    let hash = hash(&token);
    Ok((token, hash))
}

/// The hash of a typed token; none where the text cannot be a token of ours.
pub fn token_hash(typed: &SecretString) -> Option<TokenHash> {
    let rest = typed.expose_secret().strip_prefix(TOKEN_PREFIX)?;
    let (random, told) = rest.split_at_checked(RANDOM_CHARACTERS)?;
    let is_ours = rest.len() == RANDOM_CHARACTERS + SUM_CHARACTERS
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_ours && sum(random) == told.as_bytes()).then(|| hash(typed))
}

fn hash(token: &SecretString) -> TokenHash {
    Sha256::digest(token.expose_secret()).into()
}

fn sum(random: &str) -> [u8; SUM_CHARACTERS] {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut digits = [ALPHABET[0]; SUM_CHARACTERS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

fn character(number: u32) -> char {
    char::from(ALPHABET[(number % 62) as usize])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_token_is_known_again_and_a_mistyped_one_is_not() {
        let (token, kept) = new_token().unwrap();
        assert_eq!(token_hash(&token), Some(kept));
        let text = token.expose_secret();
        assert_eq!(text.len(), TOKEN_PREFIX.len() + 36);
        for at in 0..text.len() {
            let mut typed: Vec<char> = text.chars().collect();
            typed[at] = if typed[at] == 'x' { 'y' } else { 'x' };
            let typed: String = typed.into_iter().collect();
            assert_eq!(token_hash(&SecretString::from(typed)), None, "{at}");
        }
        for wrong in [
            "",
            "latchkey_",
            "sk-made-up",
            "latchkey_ü",
            text.split_at(text.len() - 1).0,
        ] {
            assert_eq!(token_hash(&SecretString::from(wrong)), None, "{wrong}");
        }
        assert_eq!(token_hash(&SecretString::from(format!("{text}0"))), None);
    }

    #[test]
    fn the_check_sum_is_crc_32_in_base_62() {
        // CRC-32 (ISO-HDLC) of "123456789" is 0xCBF43926, a published value.
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        assert_eq!(&sum("123456789"), b"3jZRME");
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        let tokens: HashSet<TokenHash> = (0..1_000).map(|_| new_token().unwrap().1).collect();
        assert_eq!(tokens.len(), 1_000);
    }
}
