//! The bot's own words cut into messages. `bot/answers/layout/` says where
//! cuts fall, and what they close.

use crate::bot::answers::layout::{Author, Layout};
pub use crate::bot::answers::length::{LIMIT, units};

/// The parts of a text in Discord's Markdown, in order. None is empty or
/// longer than `limit`.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    Layout::new(Author::Bot, limit).end(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FENCE: &str = "```";

    #[test]
    fn a_short_answer_stays_whole() {
        assert_eq!(split("Hello.", 100), ["Hello."]);
        assert!(split("  \n ", 100).is_empty());
    }

    #[test]
    fn words_are_not_broken() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let parts = split(text, 60);
        assert_eq!(parts.join(" "), text);
        assert!(parts.len() > 1);
    }

    #[test]
    fn a_fence_is_closed_and_opened_again_with_its_language() {
        let code: Vec<String> = (0..40)
            .map(|line| format!("let x{line} = {line};"))
            .collect();
        let parts = split(
            &format!("Look:\n```rust\n{}\n```\nDone.", code.join("\n")),
            200,
        );
        assert!(parts.len() > 2);
        for part in &parts {
            assert_eq!(part.matches(FENCE).count() % 2, 0, "{part}");
            assert!(units(part) <= 200);
        }
        assert!(parts[1].starts_with("```rust\n"));
        let all = parts.join("\n");
        assert!((0..40).all(|line| all.contains(&format!("let x{line} = {line};"))));
    }

    #[test]
    fn the_parts_of_a_growing_text_stand_still() {
        let text = "A sentence that goes on. And another one, with `code`.\n\n".repeat(20);
        let whole = split(&text, 200);
        for end in (0..text.len()).step_by(7) {
            let parts = split(text.get(..end).unwrap(), 200);
            let settled = parts.len().saturating_sub(1);
            assert_eq!(parts[..settled], whole[..settled]);
        }
    }

    fn solid(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "word ",
            "a-longer-word ",
            "🔑",
            "é",
            "Sentence. ",
            "\n",
            "\n\n",
            "- item\n",
            "\n```rust\n",
            "\n```\n",
            "\n```c++\n",
            "    indented\n",
            "x".repeat(70).leak(),
        ])
    }

    /// Every character that is no space, with the language of the code that
    /// it is in.
    fn read_characters(text: &str) -> Vec<(Option<String>, char)> {
        let mut open = None;
        let mut characters = Vec::new();
        for line in text.replace('\u{200b}', "").lines() {
            match (line.trim().strip_prefix(FENCE), &open) {
                (Some(language), None) => open = Some(language.to_owned()),
                (Some(""), Some(_)) => open = None,
                _ => characters.extend(solid(line).chars().map(|c| (open.clone(), c))),
            }
        }
        characters
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn parts_are_short_whole_and_closed(
            words in prop::collection::vec(piece(), 0..40),
        ) {
            let text = words.concat();
            let parts = split(&text, 120);
            let mut read = Vec::new();
            for part in &parts {
                prop_assert!(!part.trim().is_empty() && units(part) <= 120);
                let closed = part.replace('\u{200b}', "").matches(FENCE).count();
                let inside = part.matches("``\u{200b}`").count();
                prop_assert!((closed - inside).is_multiple_of(2), "{part:?}");
                read.extend(read_characters(part));
            }
            // What was closed and opened again apart, they are the text, and
            // the code in them is in its language.
            prop_assert_eq!(read, read_characters(&text));
        }
    }
}
