//! The cookies of the console. All are `__Host-` cookies: no other host, and
//! no page without TLS past this machine, can set them
//! ([RFC 6265bis, section 4.1.3.2](https://www.ietf.org/archive/id/draft-ietf-httpbis-rfc6265bis-20.html)).

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Who is signed in.
pub const SESSION: &str = "__Host-latchkey";
/// A sign-in that has begun, until it comes back.
pub const SIGN_IN: &str = "__Host-latchkey-in";
/// A key that is being agreed to at its provider, until its maker comes back.
pub const KEY_CONSENT: &str = "__Host-latchkey-key";
/// A visitor who has not signed in, so that forms of theirs are known.
pub const VISITOR: &str = "__Host-latchkey-visitor";
/// Everything about whoever used the browser was erased a moment ago.
pub const ERASED: &str = "__Host-latchkey-erased";
/// Light or dark, if somebody chose.
pub const LOOK: &str = "__Host-latchkey-look";

/// The longest cookie that is read, in bytes.
const VALUE_BYTES_MAX: usize = 200;

/// The value of a cookie, if the request carries it once.
pub fn find(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let all = headers.get_all(COOKIE).iter();
    let texts = all.filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (its_name, value) = pair.trim().split_once('=')?;
        (its_name == name).then_some(value)
    });
    let value = values
        .next()
        .filter(|value| value.len() <= VALUE_BYTES_MAX)?;
    // Two cookies of one name: somebody else set one of them.
    values.next().is_none().then(|| value.into())
}

/// The header that sets a cookie for `seconds`; 0 removes it.
pub fn set(name: &str, value: &SecretString, seconds: u64) -> Option<HeaderValue> {
    let value = value.expose_secret();
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&'static str]) -> HeaderMap {
        let values = cookies
            .iter()
            .map(|text| (COOKIE, HeaderValue::from_static(text)));
        values.collect()
    }

    #[test]
    fn a_cookie_counts_only_where_it_comes_once() {
        let found = |cookies: &[&'static str]| {
            let value = find(&headers(cookies), SESSION);
            value.map(|value| value.expose_secret().to_owned())
        };
        assert_eq!(
            found(&["a=1; __Host-latchkey=abc; b=2"]),
            Some("abc".into())
        );
        assert_eq!(
            found(&["__Host-latchkey-in=no; __Host-latchkey=abc"]),
            Some("abc".into())
        );
        assert_eq!(found(&["__Host-latchkey=abc; __Host-latchkey=def"]), None);
        assert_eq!(found(&["__Host-latchkey=abc", "__Host-latchkey=def"]), None);
        assert_eq!(found(&["latchkey=abc", "__Host-latchkey"]), None);
        assert_eq!(found(&[]), None);
    }
}
