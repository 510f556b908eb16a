//! What holds for every answer, however it is written and however it grows.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::{Author, Layout};
use crate::bot::answers::length::units;

const LIMIT: usize = 300;

/// Discord's own rule for a block of code: `docs/discord.md` §3.5.
static CODE_BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)```(?:([A-Za-z0-9_+\-.#]+?)\n)?\n*([^\n].*?)\n*```").unwrap()
});
/// Small print, also behind marks that Discord reads first.
static SMALL_PRINT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^[ >*_~|\-0-9.]*-#[ \t]").unwrap());

/// A code span.
static CODE_SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)``.+?``|`[^`]+`").unwrap());
/// A fence with the name of a language.
static LANGUAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)```[ \t]*[^\s`]+[ \t]*$").unwrap());
/// A word of an answer that was made by chance.
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"w(\d{3,})").unwrap());

fn lay_out(text: &str) -> Vec<String> {
    Layout::new(Author::Model, LIMIT).end(text)
}

/// A message without what is code in it.
fn prose_of(piece: &str) -> String {
    let prose = CODE_BLOCK.replace_all(piece, "code");
    // Something stands there, whatever Discord may read before small print.
    let prose = prose.replace("\\`", "*");
    CODE_SPAN.replace_all(&prose, "code").into_owned()
}

/// The code in a message.
fn code_of(piece: &str) -> String {
    let blocks = CODE_BLOCK.captures_iter(piece);
    blocks.map(|block| block[2].to_owned() + "\n").collect()
}

/// Words of an answer, each with a number in the place of its `#`.
fn words() -> impl Strategy<Value = String> {
    let bit = prop::sample::select(vec![
        "w# ",
        "w#, w#. ",
        "**w# w#** ",
        "*w#* ",
        "~~w#~~ ",
        "||w# w#|| ",
        "__w#__ ",
        "`w# w#` ",
        "``w# ` w#`` ",
        "` ``` ` ",
        "``w# ",
        "&#96;&#96;",
        "<kbd>w#</kbd>",
        "[w#](https://a.example/w#) ",
        "https://a.example/w# ",
        "<@#> ",
        "👨‍👩‍👧‍👦w# ",
        "日本w#。 ",
        "\n",
        "\n\n",
        "\n- w# ",
        "\n  - w# ",
        "\n1. w# ",
        "\n> w# ",
        "\n#### w#\n",
        "\n# w#\n",
        "\n---\n",
        "\n===\n",
        "\n```rust\nw# = w#;\n",
        "\n```\n",
        "w#:```py\nw#\n",
        "\n<pre>w#\nw#</pre>\n",
        "<p>w#</p>w#",
        "<ul><li>w#</li><li>w#</ul>",
        "<h2>w#</h2>w#",
        "<h4>w#</h4>",
        "\nw# <table><caption>w#</caption><tr><th>w#</th></tr>\n<tr><td>w#</td></tr></table>w#\n",
        "<blockquote>w#<br>w#</blockquote>",
        "<li>",
        "</ul>",
        "\n````md\n```\nw#\n```\n````\n",
        "\n~~~\nw#\n~~~\n",
        "```w# w#``` ",
        "\n> ```\n> w#\n> ```\n",
        "\n- ```js\n  w#\n  ```\n",
        "\n|w#|w#|\n|--|--|\n|w#|w#|\n",
        "\n-# w# ",
        "*-# w#* ",
        "||-# w# ",
        "`w# ",
        "** w# ",
        "||w# ",
        "* w# ",
        "\\*w# ",
        "$5 w# ",
        "w#w#w#w#w#w#w#w#w#w#w#w#w#w#w#w# ",
        "\n    w#\n",
        "w# -# w# ",
        "w#_w#_w# ",
        "\u{2028}-# w# ",
        "\r\n",
        "\u{c}-# w# ",
    ]);
    prop::collection::vec(bit, 0..60).prop_map(|bits| number_words(&bits.concat()))
}

/// A text in which each word has a number in the place of its `#`.
fn number_words(words: &str) -> String {
    let (mut text, mut number) = (String::new(), 100);
    for c in words.chars() {
        let is_place = c == '#' && text.ends_with(['w', '@']);
        if is_place {
            text.push_str(&number.to_string());
            number += 1;
        } else {
            text.push(c);
        }
    }
    text
}

/// The numbers of the words, in their order.
fn numbers(text: &str) -> Vec<u32> {
    let found = WORD.captures_iter(text);
    found.map(|word| word[1].parse().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn messages_are_short_closed_and_whole(text in words()) {
        let pieces = lay_out(&text);
        for piece in &pieces {
            prop_assert!(!piece.trim().is_empty());
            prop_assert!(units(piece) <= LIMIT, "{} units: {piece:?}", units(piece));
            let prose = prose_of(piece);
            prop_assert!(!prose.contains("```"), "{piece:?}");
            prop_assert!(!SMALL_PRINT.is_match(&prose), "{piece:?}");
        }
        // A table that is written as a list names its columns in each row.
        let shown = numbers(&pieces.join("\n"));
        let mut at = shown.iter();
        for number in numbers(&text) {
            let is_next = at.any(|it| *it == number);
            let is_there = text.contains("--|") && shown.contains(&number);
            prop_assert!(is_next || is_there, "w{number} is lost: {pieces:#?}");
        }
    }

    #[test]
    fn what_is_laid_out_stays_as_it_is(text in words()) {
        let pieces = Layout::new(Author::Model, 100_000).end(&text);
        let again = Layout::new(Author::Model, 100_000).end(&pieces.concat());
        prop_assert_eq!(again, pieces);
    }

    #[test]
    fn any_text_can_be_laid_out(text in "[`~|>*_\\[\\](){}#\\-+.$\\\\<>a/=&;! \n1日👩\u{200d}🚀-]{0,200}") {
        for piece in lay_out(&text) {
            prop_assert!(units(&piece) <= LIMIT);
            prop_assert!(!SMALL_PRINT.is_match(&prose_of(&piece)), "{piece:?}");
        }
    }

    #[test]
    fn characters_stay_whole(count in 1..400_usize, which in 0..4_usize) {
        let character = ["👨‍👩‍👧‍👦", "🇵🇪", "e\u{301}\u{302}", "각"][which];
        let text = character.repeat(count);
        let pieces = lay_out(&text);
        for piece in &pieces {
            prop_assert!(piece.graphemes(true).all(|it| it == character), "{piece:?}");
        }
        prop_assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn code_stays_as_it_is(lines in prop::collection::vec("[a-z(){}|*_ ]{1,90}", 1..40)) {
        let code = lines.join("\n");
        let pieces = lay_out(&format!("Look:\n```rust\n{code}\n```\nDone."));
        let shown: String = pieces.iter().map(|piece| code_of(piece)).collect();
        let solid = |text: &str| text.replace([' ', '\n'], "");
        prop_assert_eq!(solid(&shown), solid(&code));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn a_growing_answer_ends_as_the_whole_one(text in words(), step in 3..60_usize) {
        let whole = lay_out(&text);
        let mut layout = Layout::new(Author::Model, LIMIT);
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            let pieces = layout.grow(text.get(..end).unwrap());
            for piece in &pieces {
                prop_assert!(units(piece) <= LIMIT && !piece.trim().is_empty());
                let prose = prose_of(piece);
                prop_assert!(!prose.contains("```"), "{piece:?}");
                prop_assert!(!SMALL_PRINT.is_match(&prose), "{piece:?}");
            }
            let settled = layout.done.len();
            prop_assert!(settled <= whole.len());
            prop_assert_eq!(&layout.done, &whole[..settled]);
            prop_assert_eq!(&pieces[..settled], &whole[..settled]);
        }
        prop_assert_eq!(layout.end(&text), whole);
    }
}

/// Lines with fences at any place in them.
fn lines_with_fences() -> impl Strategy<Value = String> {
    let bit = prop::sample::select(vec!["w#", "w# ", " w#", "```", "w#: ```", "````", "w#."]);
    let line = (
        prop::sample::select(vec!["", "", "> ", "- ", "  "]),
        prop::collection::vec(bit, 0..5),
    )
        .prop_map(|(start, bits)| format!("{start}{}", bits.concat()));
    prop::collection::vec(line, 1..12).prop_map(|lines| number_words(&lines.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn no_word_is_lost_wherever_fences_stand(text in lines_with_fences(), step in 1..20_usize) {
        let whole = lay_out(&text);
        for piece in &whole {
            prop_assert!(!prose_of(piece).contains("```"), "{piece:?}");
        }
        let shown = numbers(&whole.join("\n"));
        let mut at = shown.iter();
        // A word behind a fence is the language of the code, which may be empty.
        for number in numbers(&LANGUAGE.replace_all(&text, "```")) {
            prop_assert!(at.any(|it| *it == number), "w{number} is lost: {whole:#?}");
        }
        let mut layout = Layout::new(Author::Model, LIMIT);
        for end in (0..text.len()).step_by(step) {
            for piece in layout.grow(text.get(..end).unwrap()) {
                prop_assert!(!prose_of(&piece).contains("```"), "{piece:?}");
            }
        }
        prop_assert_eq!(layout.end(&text), whole);
    }
}

/// Each answer whose fences stand beside words, and how it stands in Discord.
#[test]
fn fences_beside_words_part_words_from_code() {
    let t = "```";
    for (answer, shown) in [
        (
            format!("a {t}\nx\n{t} b {t}\ny\n{t} c"),
            format!("a\n{t}\nx\n{t}\nb\n{t}\ny\n{t}\nc"),
        ),
        (
            format!("text{t}\ncode\n{t}text after"),
            format!("text\n{t}\ncode\n{t}\ntext after"),
        ),
        (
            format!("text{t}\ncode\n\nmore{t} after"),
            format!("text\n{t}\ncode\n\nmore\n{t}\nafter"),
        ),
        (
            format!("so {t}\nand **on**"),
            "so \\`\\`\\`\nand **on**".to_owned(),
        ),
        (
            format!("so{t}\n\n{t}py\nx\n{t}"),
            format!("so\\`\\`\\`\n\n{t}py\nx\n{t}"),
        ),
        (format!("{t}py\n{t}\nso"), "so".to_owned()),
        (
            format!("{t}py\nx{t}a b{t} \nso\n{t}c d{t} "),
            format!("{t}py\nx\n{t}\na b\\`\\`\\` \nso\n{t}c d{t}"),
        ),
        (
            format!("- a <p>b</p>c {t} ` \n---\nd {t}e f{t}"),
            format!("- a\n\nb\n\nc \\`\\`\\` \\` \n──────────\nd {t}e f{t}"),
        ),
    ] {
        let all = Layout::new(Author::Model, 2_000).end(&answer).concat();
        assert_eq!(all, shown, "{answer:?}");
    }
}

/// A link that no message holds is text, which can be read whole.
#[test]
fn a_link_that_no_message_holds_is_written_out() {
    let address = format!("https://a.example/{}", "x".repeat(2_500));
    let answer = format!("See [a **link**]({address}).");
    let pieces = Layout::new(Author::Model, 2_000).end(&answer);
    assert!(pieces[0].starts_with("See a **link**"), "{pieces:#?}");
    let all: String = pieces.iter().map(|it| it.replace('`', "")).collect();
    assert!(all.contains(&address), "{pieces:#?}");
    let short = format!("See [a link](https://a.example/{}).", "x".repeat(1_200));
    assert_eq!(Layout::new(Author::Model, 2_000).end(&short), [short]);
}

/// What only looks like code, and what is code however it is closed: nowhere
/// does Discord read a mark of small print.
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
        "````md\n```sh\nx\n```\n````\n-# no\n```\n-# no",
        "~~~~md\n~~~\nx\n~~~~\n-# no\n~~~",
    ] {
        let mut layout = Layout::new(Author::Model, LIMIT);
        let mut shown: Vec<String> = answer
            .char_indices()
            .flat_map(|(end, _)| layout.grow(answer.get(..end).unwrap()))
            .collect();
        shown.extend(layout.end(answer));
        for piece in shown {
            let prose = prose_of(&piece);
            assert!(!SMALL_PRINT.is_match(&prose), "{answer:?}: {piece:?}");
        }
        let all = lay_out(answer).concat();
        assert!(all.contains("no"), "{answer:?}: {all:?}");
    }
}

/// What is read again when an answer has grown stays small, whatever it is
/// made of.
#[test]
fn the_work_grows_with_the_answer() {
    let long = 100_000;
    for (kind, bit) in [
        (
            "paragraphs",
            "Some words that are said. And more of them.\n\n",
        ),
        (
            "one paragraph",
            "Some words that are said. And more of them.\n",
        ),
        ("one line", "word "),
        ("one word", "word"),
        ("stars", "**a "),
        ("ticks", "`a ``b "),
        ("brackets", "[a]("),
        ("code", "let x = 1;\n"),
        ("a line of code", "let x = 1;"),
        ("a table", "| a | b |\n"),
        ("quotes", "> > a\n"),
        ("tags", "<b>"),
        ("formulas", "\\(a "),
        ("list", "- a\n  - b\n"),
    ] {
        let start = match kind {
            "code" | "a line of code" => "```\n",
            "a table" => "| a | b |\n|--|--|\n",
            _ => "",
        };
        let text = start.to_owned() + &bit.repeat(long / bit.len());
        let mut layout = Layout::new(Author::Model, LIMIT).at_most(5);
        for end in (0..text.len()).step_by(2_000) {
            let pieces = layout.grow(text.get(..end).unwrap());
            let again = end - layout.read_bytes;
            assert!(
                again <= 9_000 || layout.done.len() > 5,
                "{kind}: {again} bytes"
            );
            assert!(pieces.len() < 50, "{kind}");
        }
    }
}
