//! Cuts a long answer into messages.
//!
//! A message holds [`LIMIT`] UTF-16 units. Cuts fall at paragraphs, lines,
//! sentences or words, in that order; a code fence that is cut is closed,
//! and opened again in the next message with its language. The parts of a
//! growing text do not change once the next part has begun, so that they
//! can be shown while it grows.

/// The longest message, in UTF-16 units.
pub const LIMIT: usize = 2_000;

/// Room for closing a fence and opening it again.
const FENCE_ROOM: usize = 40;
const FENCE: &str = "```";
const CLOSING: &str = "\n```";

/// The parts of a text, in order. None is empty or longer than `limit`.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let pieces = pieces(text, limit).into_iter();
    pieces
        .map(|piece| piece.head + piece.body + piece.foot)
        .collect()
}

/// A piece of a text, and what is put around it.
struct Piece<'a> {
    /// Opens a fence again.
    head: String,
    body: &'a str,
    /// Closes a fence.
    foot: &'static str,
}

fn pieces(text: &str, limit: usize) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_end();
    let mut open: Option<String> = None;
    while !rest.is_empty() {
        let head = open
            .as_ref()
            .map_or(String::new(), |language| format!("{FENCE}{language}\n"));
        if units(&head) + units(rest) <= limit {
            let foot = "";
            let body = rest;
            pieces.push(Piece { head, body, foot });
            break;
        }
        let room = limit.saturating_sub(units(&head) + FENCE_ROOM).max(1);
        let (part, tail) = cut(rest, room, open.is_some());
        open = fence_after(open, part);
        let foot = if open.is_some() { CLOSING } else { "" };
        let body = part.trim_end();
        pieces.push(Piece { head, body, foot });
        rest = if open.is_some() {
            tail.trim_start_matches('\n')
        } else {
            tail.trim_start()
        };
    }
    pieces.retain(|piece| !piece.body.trim().is_empty());
    pieces
}

/// UTF-16 units, which is how Discord counts.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts a text that is too long at the best place within `room` units.
fn cut(text: &str, room: usize, in_fence: bool) -> (&str, &str) {
    let end = byte_at(text, room);
    let window = text.get(..end).unwrap_or(text);
    let half = byte_at(text, room / 2);
    let after = |pattern: &str| {
        window
            .rfind(pattern)
            .map(|at| at + pattern.len())
            .filter(|at| *at > half)
    };
    let word = || window.rfind(char::is_whitespace).map(|at| at + 1);
    let best = if in_fence || fence_after(None, window).is_some() {
        after("\n").or_else(word)
    } else {
        after("\n\n")
            .or_else(|| after("\n"))
            .or_else(|| after(". "))
            .or_else(word)
    };
    // A cut right before a fence's mark must not fall into the mark.
    let at = best.unwrap_or(end).max(1);
    text.split_at(text.floor_char_boundary(at).max(first_char(text)))
}

/// The byte where `room` units end.
fn byte_at(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > room {
            return at;
        }
    }
    text.len()
}

fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Whether a fence is open after a text, and its language.
fn fence_after(mut open: Option<String>, text: &str) -> Option<String> {
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix(FENCE) {
            let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#');
            let language = language.chars().take_while(allowed).take(20).collect();
            open = if open.is_none() { Some(language) } else { None };
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

        #[test]
        fn parts_are_short_whole_and_closed(
            words in prop::collection::vec(piece(), 0..40),
        ) {
            let text = words.concat();
            let parts = split(&text, 120);
            for part in &parts {
                prop_assert!(!part.trim().is_empty() && units(part) <= 120);
            }
            // Every part but the last is closed; the last is as the answer was.
            for part in parts.iter().rev().skip(1) {
                prop_assert!(fence_after(None, part).is_none(), "{part:?}");
            }
            // What was put around the pieces apart, they are the answer.
            let bodies: String = pieces(&text, 120).iter().map(|piece| piece.body).collect();
            prop_assert_eq!(solid(&bodies), solid(&text));
            // A fence that was closed is opened again with its language.
            let all = pieces(&text, 120);
            let mut before = String::new();
            for pair in all.windows(2) {
                before = before + pair[0].body + "\n";
                let open = fence_after(None, &before);
                let head = open.map_or(String::new(), |language| format!("{FENCE}{language}\n"));
                prop_assert_eq!(&pair[1].head, &head);
            }
        }
    }
}
