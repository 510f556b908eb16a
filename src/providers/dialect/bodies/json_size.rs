//! How large JSON becomes once it is parsed: a tree of small values takes
//! many times the memory of its text.

use serde_json::Value;

use crate::model::FailureClass;

/// The most values in the body of a call, and the most objects and lists
/// among them: more than any model reads.
const BODY_VALUES_MAX: usize = 500_000;
const BODY_CONTAINERS_MAX: usize = 16_000;
/// The most values in an answer that is parsed into a tree.
const ANSWER_VALUES_MAX: usize = 200_000;
/// A text of this size has too few values to be counted.
const UNCOUNTED_BYTES_MAX: usize = 64 * 1024;
/// What a value takes in a tree beside its text.
const VALUE_BYTES: usize = 100;
/// What an object or a list takes, once it is translated too: measured with
/// conversations of 28,000 short messages.
const CONTAINER_BYTES: usize = 11_000;

/// How large a text of JSON is when it is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonSize {
    /// How deep brackets nest.
    pub depth: usize,
    /// How many values there are at the most.
    pub values: usize,
    /// How many of them are objects and lists.
    pub containers: usize,
}

impl JsonSize {
    /// Counts the signs outside of strings. What is no JSON has a size too.
    pub fn measure(text: &[u8]) -> Self {
        let (mut size, mut now) = (Self::default(), 0_usize);
        size.values = 1;
        let (mut in_string, mut escaped) = (false, false);
        for byte in text {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => {
                    size.values += 1;
                    size.containers += 1;
                    now += 1;
                    size.depth = size.depth.max(now);
                }
                b'}' | b']' => now = now.saturating_sub(1),
                b',' => size.values += 1,
                _ => {}
            }
        }
        size
    }

    /// Whether there are more values than the body of a call may have.
    pub fn is_too_large_for_a_body(self) -> bool {
        self.values > BODY_VALUES_MAX || self.containers > BODY_CONTAINERS_MAX
    }

    /// How much memory the values take, in bytes.
    pub fn tree_bytes(self, text: &[u8]) -> usize {
        let containers = self.containers.saturating_mul(CONTAINER_BYTES);
        let values = self.values.saturating_mul(VALUE_BYTES);
        text.len().saturating_add(containers).saturating_add(values)
    }
}

/// Parses a text of a provider's into a tree; none where it is no JSON.
pub fn parse_tree(text: &[u8]) -> Result<Option<Value>, FailureClass> {
    let is_large = text.len() > UNCOUNTED_BYTES_MAX;
    if is_large && JsonSize::measure(text).values > ANSWER_VALUES_MAX {
        return Err(FailureClass::TooLarge);
    }
    Ok(serde_json::from_slice(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, depth, values, containers) in [
            ("1", 0, 1, 0),
            ("[]", 1, 2, 1),
            ("[1,2,3]", 1, 4, 1),
            (r#"{"a":{"b":[1,"x,[\"{"]}}"#, 3, 5, 3),
            (r#"["\\",",",1]"#, 1, 4, 1),
            ("", 0, 1, 0),
        ] {
            let size = JsonSize::measure(text.as_bytes());
            let expected = JsonSize {
                depth,
                values,
                containers,
            };
            assert_eq!(size, expected, "{text}");
        }
    }

    #[test]
    fn a_tree_that_would_be_too_large_is_not_made() {
        let list = |items: usize| format!("[{}1]", "1,".repeat(items));
        assert!(parse_tree(list(100_000).as_bytes()).unwrap().is_some());
        assert_eq!(
            parse_tree(list(ANSWER_VALUES_MAX).as_bytes()),
            Err(FailureClass::TooLarge)
        );
        let long = format!("\"{}\"", "[,".repeat(ANSWER_VALUES_MAX));
        assert!(parse_tree(long.as_bytes()).unwrap().is_some());
        assert_eq!(parse_tree(b"<html>"), Ok(None));
    }
}
