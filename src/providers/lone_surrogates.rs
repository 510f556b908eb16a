//! Halves of characters in JSON. Its grammar allows them (RFC 8259, section 8.2),
//! services that cut texts by UTF-16 write them, and no text of ours can hold
//! one.

use std::borrow::Cow;

use bytes::Bytes;

/// What stands for half of a character.
const REPLACEMENT: &[u8] = b"\\ufffd";
/// The length of an escape such as `\ud83d`.
const ESCAPE_BYTES: usize = 6;

/// Puts a mark in the place of each half of a character that stands alone.
pub fn replace_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced: Option<Vec<u8>> = None;
    let (mut at, mut taken) = (0, 0);
    while let Some(found) = find_escape(json, at) {
        let (start, unit) = found;
        at = start + ESCAPE_BYTES;
        let follows = unit_at(json, at);
        match (unit, follows) {
            (0xd800..=0xdbff, Some(0xdc00..=0xdfff)) => at += ESCAPE_BYTES,
            (0xd800..=0xdfff, _) => {
                let out = replaced.get_or_insert_with(Vec::new);
                out.extend_from_slice(json.get(taken..start).unwrap_or_default());
                out.extend_from_slice(REPLACEMENT);
                taken = at;
            }
            _ => {}
        }
    }
    match replaced {
        None => Cow::Borrowed(json),
        Some(mut out) => {
            out.extend_from_slice(json.get(taken..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// Replaces the lone surrogates of a body, which is copied only where there are
/// any.
pub fn mend_surrogates(body: &Bytes) -> Bytes {
    match replace_lone_surrogates(body) {
        Cow::Borrowed(_) => body.clone(),
        Cow::Owned(mended) => mended.into(),
    }
}

/// The next escape of a character by its number, and that number.
fn find_escape(json: &[u8], mut at: usize) -> Option<(usize, u16)> {
    loop {
        let slash = json.get(at..)?.iter().position(|byte| *byte == b'\\')? + at;
        if let Some(unit) = unit_at(json, slash) {
            return Some((slash, unit));
        }
        // Whatever it escapes is one sign.
        at = slash + 2;
    }
}

/// The number in an escape that begins here.
fn unit_at(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE_BYTES)?.strip_prefix(b"\\u")?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_alone_are_replaced_and_nothing_else() {
        for (json, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            (r#""a \ud83d""#, r#""a \ufffd""#),
            (r#""\ude00 b""#, r#""\ufffd b""#),
            (
                r#""\ud83d\ude00 \uD83D\uDE00""#,
                r#""\ud83d\ude00 \uD83D\uDE00""#,
            ),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            (r#""\u00e9\n\ud8""#, r#""\u00e9\n\ud8""#),
            ("\\", "\\"),
        ] {
            let replaced = replace_lone_surrogates(json.as_bytes());
            assert_eq!(String::from_utf8_lossy(&replaced), expected, "{json}");
        }
    }
}
