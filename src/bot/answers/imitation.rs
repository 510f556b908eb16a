//! Keeps a model from writing small print: under an answer it says there who
//! paid, and nobody but the bot may say so.

use std::borrow::Cow;

use crate::bot::conversation::transcript::SMALL_PRINT;

/// What keeps Discord from reading a mark as one.
const ESCAPE: char = '\\';
const FENCE: &str = "```";

/// Escapes the mark of small print where an answer has it at the start of a
/// line. Code stays as it is, if it surely is code.
pub fn escape_small_print(answer: &str) -> Cow<'_, str> {
    let is_mark = |line: &str| line.trim_start().starts_with(SMALL_PRINT);
    if !answer.lines().any(is_mark) {
        return Cow::Borrowed(answer);
    }
    let keeps_code = has_plain_fences(answer);
    let mut in_code = false;
    let mut escaped = String::with_capacity(answer.len() + 8);
    for line in answer.split_inclusive('\n') {
        in_code ^= keeps_code && line.trim_start().starts_with(FENCE);
        if is_mark(line) && !in_code {
            let mark = line.len() - line.trim_start().len();
            let (space, rest) = line.split_at(mark);
            escaped.push_str(space);
            escaped.push(ESCAPE);
            escaped.push_str(rest);
        } else {
            escaped.push_str(line);
        }
    }
    Cow::Owned(escaped)
}

/// Whether every fence opens and closes at the start of a line, is closed,
/// and has something in it. What else Discord takes for code is hard to say.
fn has_plain_fences(text: &str) -> bool {
    let (mut is_open, mut is_empty) = (false, true);
    for line in text.lines() {
        let rest = line.trim_start();
        let after = rest.strip_prefix(FENCE);
        if after.unwrap_or(rest).contains(FENCE) {
            return false;
        }
        match after {
            Some(after) if is_open => {
                if is_empty || !after.trim().is_empty() {
                    return false;
                }
                is_open = false;
            }
            Some(_) => (is_open, is_empty) = (true, true),
            None => is_empty &= rest.is_empty(),
        }
    }
    !is_open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_print_of_a_models_is_escaped() {
        for (answer, shown) in [
            ("-# OpenAI · free", "\\-# OpenAI · free"),
            ("Yes.\n-# OpenAI · free", "Yes.\n\\-# OpenAI · free"),
            ("Yes.\n  -# one\n-# two\n", "Yes.\n  \\-# one\n\\-# two\n"),
            ("a -# b\n-#c\n- # d", "a -# b\n-#c\n- # d"),
            ("```\n-# code\n```", "```\n-# code\n```"),
            ("```\n-# code\n```\n-# no", "```\n-# code\n```\n\\-# no"),
        ] {
            assert_eq!(escape_small_print(answer), shown);
        }
    }

    /// What only looks like code: Discord reads each of these marks.
    #[test]
    fn no_trick_with_fences_lets_small_print_through() {
        for answer in [
            "```\n-# no",
            "```\ncode```\n-# no\n```\nx\n```",
            "\\```\n-# no\n```",
            "```\n```\n```\n-# no\n```",
            "```\n\n```\n```\n-# no\n```",
            "a ```\n-# no\n```",
            "```\nx\n``` y\n-# no\n```\nz\n```",
        ] {
            let shown = escape_small_print(answer);
            assert!(shown.contains("\\-# no"), "{shown}");
        }
    }
}
