//! What people see as one character can be longer than a message. It is cut
//! somewhere, and nothing of it is lost.

use unicode_segmentation::UnicodeSegmentation;

use super::{Author, Layout};
use crate::bot::answers::length::{LIMIT, units};
use crate::model::is_invisible;

/// Characters of several thousand units each.
fn long_characters() -> Vec<String> {
    let family = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}";
    vec![
        format!("a{}", "\u{301}".repeat(3_000)),
        format!("Z{}", "\u{334}\u{35b}\u{489}".repeat(1_700)),
        "\u{301}".repeat(4_500),
        family.repeat(400),
        format!("\u{1f44d}{}", "\u{fe0f}".repeat(2_500)),
        "\u{1100}".repeat(2_500),
        format!("\u{915}{}", "\u{94d}\u{915}".repeat(2_000)),
    ]
}

/// A text without what stands around code and quotes, and without what nobody
/// sees: no message is made of that alone.
fn solid(text: &str) -> String {
    let kept = text.replace("```", "").replace("> ", "");
    let is_seen = |c: &char| !c.is_whitespace() && !is_invisible(*c);
    kept.chars().filter(is_seen).collect()
}

#[test]
fn a_character_that_is_longer_than_a_message_is_cut_and_loses_nothing() {
    for long in long_characters() {
        assert!(units(&long) > LIMIT && long.graphemes(true).count() < 400);
        for text in [
            long.clone(),
            format!("{long}{long}"),
            format!("Before it. {long} And behind it."),
            format!("{}{long}", "word ".repeat(390)),
            format!("**{long}**"),
            format!("> {long}"),
            format!("- {long}\n- {long}"),
            format!("||{long}||"),
            format!("```\n{long}\n```"),
            format!("```\nfirst\n{long} {long}\n```"),
            format!("> ```\n> {long}\n> ```"),
        ] {
            for author in [Author::Model, Author::Bot] {
                let parts = Layout::new(author, LIMIT).end(&text);
                let most = units(&text) / (LIMIT / 2) + 3;
                assert!(parts.len() <= most, "{} messages", parts.len());
                assert!(parts.iter().all(|part| units(part) <= LIMIT));
                let is_plain = |text: &&str| !text.contains(['*', '|', '-']);
                if let Some(text) = Some(text.as_str()).filter(is_plain) {
                    assert_eq!(solid(&parts.concat()), solid(text));
                }
                let shown: usize = parts.iter().map(|part| solid(part).chars().count()).sum();
                assert!(shown + 8 >= solid(&text).chars().count());
            }
        }
    }
}

#[test]
fn a_character_that_is_longer_than_a_message_stands_still_while_it_grows() {
    for long in long_characters() {
        let mut layout = Layout::new(Author::Model, LIMIT);
        let mut grown = String::new();
        let mut shown = Vec::new();
        for (at, c) in long.chars().enumerate() {
            grown.push(c);
            if at % 500 == 0 {
                shown = layout.grow(&grown);
            }
        }
        let whole = layout.end(&long);
        let settled = shown.len().saturating_sub(1);
        assert_eq!(shown.get(..settled), whole.get(..settled));
        assert_eq!(solid(&whole.concat()), solid(&long));
    }
}

#[test]
fn no_mark_stands_alone_before_a_character_that_is_longer_than_a_message() {
    for long in long_characters() {
        for mark in [
            "- ", "* ", "1. ", "[", "(", "- **", "> - ", "- [", "*", "## ",
        ] {
            let text = format!("{mark}{long}");
            let parts = Layout::new(Author::Model, LIMIT).end(&text);
            let first = parts.first().unwrap();
            assert!(units(first) > LIMIT / 4, "{first:?}");
        }
    }
}

#[test]
fn no_message_is_made_of_what_nobody_sees() {
    for unseen in ["\u{200b}", "\u{2800}", "\u{3164}", "\u{fe0f}", "\u{e0020}"] {
        let many = unseen.repeat(5_000);
        for (text, messages) in [
            (many.clone(), 0),
            (format!("{many}\n\n{many}"), 0),
            (format!("words\n\n{many}"), 1),
            (format!("words {many}\n\nand words"), 2),
        ] {
            let mut layout = Layout::new(Author::Model, LIMIT);
            for end in (0..text.len()).step_by(701) {
                let grown = text.get(..text.floor_char_boundary(end)).unwrap();
                assert!(layout.grow(grown).len() <= messages);
            }
            let parts = layout.end(&text);
            assert_eq!(parts.len(), messages, "{unseen:?}");
        }
    }
}
