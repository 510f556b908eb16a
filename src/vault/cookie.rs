//! Secrets that a browser keeps in a cookie, and what is made of them: hashes
//! for the database, and secrets for one purpose each, which no row has.
//!
//! A cookie is 256 random bits as 43 characters of base64url
//! (`docs/security.md` §3). Nobody can guess it, so that a fast hash is
//! enough.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

const RANDOM_BYTES: usize = 32;
const CHARACTERS: usize = 43;
/// What stands in a form's token after whom it is for.
const AFTER_OWNER: char = '.';

/// The SHA-256 of a cookie, which is all that the database has of it.
pub type CookieHash = [u8; 32];

/// Makes a secret for a cookie, or for an address that comes back, and returns
/// it with its hash.
pub fn new_cookie() -> anyhow::Result<(SecretString, CookieHash)> {
    let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
    getrandom::fill(bytes.as_mut())?;
    let cookie = written(bytes.as_ref());
    let hash = Sha256::digest(cookie.expose_secret()).into();
    Ok((cookie, hash))
}

/// The hash of what a browser sent; none where it cannot be of our making.
pub fn cookie_hash(sent: &SecretString) -> Option<CookieHash> {
    let sent = sent.expose_secret();
    let is_ours = sent.len() == CHARACTERS
        && sent
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_ours.then(|| Sha256::digest(sent).into())
}

/// What the forms of the pages that a cookie is sent for, and that are made for
/// `owner`, carry and come back with: that owner, and what proves it. Whoever
/// reads one learns nothing of the cookie.
pub fn derive_form_token(cookie: &SecretString, owner: &str) -> SecretString {
    let proof = derive(cookie, &["form", owner]);
    format!("{owner}{AFTER_OWNER}{}", proof.expose_secret()).into()
}

/// Whom a form's token says that it is for, whether or not it proves that.
pub fn claimed_owner(form_token: &str) -> Option<&str> {
    let (owner, _) = form_token.split_once(AFTER_OWNER)?;
    Some(owner)
}

/// The code verifier of a sign-in (RFC 7636), which leaves for Discord only
/// with the code that came back.
pub fn derive_verifier(cookie: &SecretString, state: &SecretString) -> SecretString {
    derive(cookie, &["verifier", state.expose_secret()])
}

fn derive(cookie: &SecretString, purpose: &[&str]) -> SecretString {
    let mut mac = Hmac::<Sha256>::new_from_slice(cookie.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    for part in purpose {
        // So that no two purposes are the same bytes.
        mac.update(&part.len().to_be_bytes());
        mac.update(part.as_bytes());
    }
    let mut bytes: [u8; 32] = mac.finalize().into_bytes().into();
    let derived = written(&bytes);
    bytes.zeroize();
    derived
}

/// Whether what was sent is a secret of ours, in constant time.
pub fn is_same_secret(ours: &SecretString, sent: &SecretString) -> bool {
    let [ours, sent] = [ours, sent].map(|secret| secret.expose_secret().as_bytes());
    ours.ct_eq(sent).into()
}

fn written(bytes: &[u8]) -> SecretString {
    let text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    SecretString::from(text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_ours_has_a_hash() {
        let (cookie, hash) = new_cookie().unwrap();
        assert_eq!(cookie_hash(&cookie), Some(hash));
        let text = cookie.expose_secret();
        assert_eq!(text.len(), CHARACTERS);
        for wrong in ["", "made-up", &format!("{text}A"), &"=".repeat(CHARACTERS)] {
            assert_eq!(cookie_hash(&SecretString::from(wrong)), None, "{wrong}");
        }
        assert!(!is_same_secret(&cookie, &new_cookie().unwrap().0));
    }

    #[test]
    fn each_purpose_has_a_secret_of_its_own() {
        let (cookie, _) = new_cookie().unwrap();
        let of = |purpose: &[&str]| derive(&cookie, purpose).expose_secret().to_owned();
        let all = [
            of(&["form", "a"]),
            of(&["form", "b"]),
            of(&["verifier", "a"]),
            of(&["verifier", "b"]),
            of(&["verifiera"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.len(), CHARACTERS);
            assert!(!all[at + 1..].contains(one));
        }
        let token = derive_form_token(&cookie, "a");
        assert_eq!(*token.expose_secret(), format!("a.{}", all[0]));
        assert_eq!(claimed_owner(token.expose_secret()), Some("a"));
        assert_eq!(claimed_owner(&all[0]), None);
        let state = SecretString::from("a");
        assert_eq!(
            derive_verifier(&cookie, &state).expose_secret(),
            all[2].as_str()
        );
    }
}
