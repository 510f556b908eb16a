//! Whole numbers in every spelling that JSON has for them.

/// The greatest whole number that every reader of JSON reads alike: 2⁵³.
const EXACT_MAX: u64 = 1 << 53;
/// How many digits a number below [`EXACT_MAX`] has at the most.
const DIGITS_MAX: usize = 16;

/// Reads a JSON number that is whole and not negative: `5`, `5.0` and
/// `50e-1` are all 5.
pub fn whole(text: &[u8]) -> Option<u64> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (text.get(..at)?, exponent(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    let (integer, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (mantissa.get(..at)?, mantissa.get(at + 1..)?),
        None => (mantissa, &[] as &[u8]),
    };
    let has_point = mantissa.len() > integer.len();
    let is_integer = integer == b"0" || integer.first().is_some_and(|first| *first != b'0');
    let all_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if !is_integer
        || !all_digits(integer)
        || !all_digits(fraction)
        || (has_point && fraction.is_empty())
    {
        return None;
    }
    let mut digits: Vec<u8> = integer.iter().chain(fraction).copied().collect();
    let mut power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    while digits.last() == Some(&b'0') {
        digits.pop();
        power = power.checked_add(1)?;
    }
    let first = digits.iter().position(|digit| *digit != b'0');
    let Some(significant) = first.and_then(|first| digits.get(first..)) else {
        return Some(0);
    };
    let zeros = usize::try_from(power).ok()?;
    if significant.len().checked_add(zeros)? > DIGITS_MAX {
        return None;
    }
    let zeros = std::iter::repeat_n(&b'0', zeros);
    let value = significant
        .iter()
        .chain(zeros)
        .fold(0, |value: u64, digit| value * 10 + u64::from(*digit - b'0'));
    Some(value).filter(|value| *value < EXACT_MAX)
}

fn exponent(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_number_is_the_same_in_every_spelling() {
        for (text, value) in [
            ("0", Some(0)),
            ("0.0", Some(0)),
            ("0e5", Some(0)),
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("5e0", Some(5)),
            ("5E+0", Some(5)),
            ("50e-1", Some(5)),
            ("0.5e1", Some(5)),
            ("100000.0", Some(100_000)),
            ("1e5", Some(100_000)),
            ("9007199254740991", Some(9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("1e16", None),
            ("1e400", None),
            ("1e99999999999999999999", None),
            ("0.5", None),
            ("5e-1", None),
            ("-1", None),
            ("-0", None),
            ("05", None),
            ("5.", None),
            ("+5", None),
            (" 5", None),
            ("", None),
            ("e5", None),
            ("5e", None),
            ("0x5", None),
            ("NaN", None),
        ] {
            assert_eq!(whole(text.as_bytes()), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in 0..EXACT_MAX, zeros in 0_usize..5) {
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(whole(value.to_string().as_bytes()), Some(value));
            prop_assert_eq!(whole(format!("{value}.0{zeros}").as_bytes()), Some(value));
            let longer = format!("{value}{zeros}e-{}", zeros.len());
            prop_assert_eq!(whole(longer.as_bytes()), Some(value));
        }
    }
}
