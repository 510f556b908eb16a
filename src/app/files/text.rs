//! Text as editors and other programs save it: UTF-8, UTF-16 and the
//! encodings that were there before them, told apart by their bytes. What
//! Discord says of a file's encoding is a bad guess (`docs/discord.md` §6.1)
//! and counts for nothing.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE};

/// Begins colours of terminals, and the Japanese part of ISO-2022-JP.
const ESCAPE: u8 = 0x1b;
const VERTICAL_TAB: u8 = 0x0b;
/// Of so many bytes, one at least is zero in UTF-16 without a mark: half of
/// a space, a line break, a digit or a Latin letter.
const BYTES_PER_ZERO_MAX: usize = 16;
/// Fewer zeros show nothing.
const ZEROS_MIN: usize = 4;

/// Reads a text file, without its byte order mark; none if it is no text.
pub fn decode_text(bytes: &[u8]) -> Option<String> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark_bytes)) => decode(encoding, bytes.get(mark_bytes..)?),
        None => decode_unmarked(bytes),
    };
    text.filter(|text| is_text(text))
}

/// Whether the beginning of a file can be that of a text. A whole file is
/// read to be sure.
pub fn can_begin_text(head: &[u8]) -> bool {
    let is_odd = |byte: u8| {
        let can_stand = byte.is_ascii_whitespace() || byte == VERTICAL_TAB || byte == ESCAPE;
        byte.is_ascii_control() && !can_stand
    };
    Encoding::for_bom(head).is_some()
        || unmarked_utf16(head).is_some()
        || !head.iter().copied().any(is_odd)
}

/// Reads a file without a byte order mark.
fn decode_unmarked(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text(text) && !bytes.contains(&ESCAPE) => return Some(text.to_owned()),
        _ => {}
    }
    if let Some(encoding) = unmarked_utf16(bytes) {
        return decode(encoding, bytes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    match std::str::from_utf8(bytes) {
        Ok(text) if guess != ISO_2022_JP => Some(text.to_owned()),
        _ => decode(guess, bytes),
    }
}

fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.into_owned())
}

/// Which kind of UTF-16 a file is, if its zeros stand as they do there: many
/// of them, and all in one half of the pairs.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| {
        let half = bytes.iter().skip(first).step_by(2);
        half.filter(|byte| **byte == 0).count()
    };
    let (high, low) = (zeros(0), zeros(1));
    let (most, least) = (high.max(low), high.min(low));
    let is_likely = most >= ZEROS_MIN
        && most * BYTES_PER_ZERO_MAX >= bytes.len()
        && least * BYTES_PER_ZERO_MAX <= most;
    is_likely.then_some(if high > low { UTF_16BE } else { UTF_16LE })
}

/// Whether a text is for people to read.
fn is_text(text: &str) -> bool {
    let is_odd = |c: char| c.is_control() && !c.is_whitespace() && c != char::from(ESCAPE);
    !text.chars().any(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in an encoding of which `encoding_rs` has a writer.
    fn encoded(label: &str, text: &str) -> Vec<u8> {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let (bytes, _, has_lost) = encoding.encode(text);
        assert!(!has_lost, "{label} cannot say {text}");
        bytes.into_owned()
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn unicode_is_read_with_and_without_its_mark() {
        let text = "Größe;Stück\r\n4711;3\r\n設計 👍\n";
        let (little, big) = (utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes));
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            little.clone(),
            big.clone(),
            [b"\xff\xfe".to_vec(), little].concat(),
            [b"\xfe\xff".to_vec(), big].concat(),
        ] {
            assert!(can_begin_text(&bytes));
            assert_eq!(decode_text(&bytes).as_deref(), Some(text));
        }
        assert_eq!(decode_text(b"\xef\xbb\xbf").as_deref(), Some(""));
    }

    #[test]
    fn encodings_of_old_are_told_apart() {
        for (label, text) in [
            ("windows-1252", "Größe;Stück\n4711;3\n"),
            ("windows-1252", "“Voilà”, dit-il – c’est l’été à Besançon…"),
            ("windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
            ("windows-1251", "Отчёт о продажах за третий квартал"),
            ("koi8-r", "Отчёт о продажах за третий квартал"),
            ("windows-1253", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"),
            (
                "windows-1254",
                "Şişli'de güneşli bir öğleden sonra, ağaçların altında",
            ),
            ("shift_jis", "設計書を確認してください。お願いします。"),
            ("euc-jp", "設計書を確認してください。お願いします。"),
            ("iso-2022-jp", "設計書を確認してください。"),
            ("gb18030", "请查看设计文件，谢谢。"),
            ("big5", "請查看設計文件，謝謝。"),
            ("euc-kr", "설계 문서를 확인해 주세요."),
        ] {
            let bytes = encoded(label, text);
            assert!(can_begin_text(&bytes), "{label}");
            assert_eq!(decode_text(&bytes).as_deref(), Some(text), "{label}");
        }
    }

    #[test]
    fn what_is_no_text_is_not_taken_for_one() {
        for bytes in [
            b"nul\0".as_slice(),
            b"\x00\x01no picture",
            b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
            b"PK\x03\x04\x14\x00\x06\x00",
            b"OggS\x00\x02\x00\x00\x9c\x81",
            // Half of a surrogate pair.
            b"\xff\xfe\x00\xd8a\x00",
        ] {
            assert_eq!(decode_text(bytes), None, "{bytes:?}");
        }
        assert!(!can_begin_text(b"\x7fELF\x02\x01\x01\x00\x00\x00"));
        assert_eq!(
            decode_text(b"tabs\tand \x1b[1mcolours\x1b[0m\n").as_deref(),
            Some("tabs\tand \u{1b}[1mcolours\u{1b}[0m\n")
        );
    }
}
