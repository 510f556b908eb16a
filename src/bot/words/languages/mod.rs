//! The languages have every sentence that the bot says, no other, and each
//! with what must stand in it.

mod english;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::bot::words::languages::english::{Sentence, Sentences};
use crate::bot::words::speech::phrasebook::{LANGUAGES, Phrasebook};

/// The folder that the files of all languages are written to, with the
/// sentences that they lack, and `english.pot` for a language that there is
/// not yet. They are not written without it.
const WRITE_TO: &str = "LATCHKEY_LANGUAGES";

/// What must be the same in every language: commands, settings and other code,
/// links, marks of Discord's, emphasis, emoji at the beginning, lines.
static KEPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)`[^`]*`|<[^ >]+>|\*\*|^-# |^- |^> |\n|[⏳⚠️📨🧊🎨✍⏸]").unwrap()
});
/// The names that are filled in.
static NAMES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{(\w*)\}").unwrap());
/// What is no word of a language: names, and code.
static NO_WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`|\{\w*\}").unwrap());
/// A blank that may break a line, where French has one that may not.
static FRENCH_BREAK: LazyLock<Regex> = LazyLock::new(|| Regex::new(" [;:!?»]|« ").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new("[A-Za-z]{2}").unwrap());

/// What is rightly the same as in English: in every language, and in each.
const SAME: &[(&str, &[&str])] = &[
    ("", &["default", "wrkspc_…"]),
    ("de", &["Details", "Name", "Seed", "Server {id}"]),
    ("es", &["{n} byte"]),
    ("pt-BR", &["{n} byte"]),
    (
        "fr",
        &[
            "{n} image",
            "{n} minute",
            "Dollars",
            "Images",
            "images",
            "minute",
        ],
    ),
];

#[test]
fn every_language_has_every_sentence() {
    let sentences = english::collect();
    if let Some(folder) = std::env::var_os(WRITE_TO) {
        file::write_all(Path::new(&folder), &sentences);
    }
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let book = Phrasebook::read(language).unwrap();
        for problem in compare(&book, &sentences) {
            wrong.push(format!("{}: {problem}", language.name));
        }
        if file::write_language(language, &sentences) != language.file {
            wrong.push(format!(
                "{}: is not as `{WRITE_TO}` writes it",
                language.name
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them (CONTRIBUTING.md, Adding a language):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What is wrong with a language.
fn compare(book: &Phrasebook, sentences: &Sentences) -> Vec<String> {
    let mut wrong = Vec::new();
    let phrases: BTreeMap<&str, &[String]> = book.phrases().collect();
    for (english, sentence) in sentences {
        let Some(forms) = phrases.get(english.as_str()) else {
            wrong.push(format!("lacks {english:?}"));
            continue;
        };
        for form in *forms {
            let mut problems = compare_sentence(english, sentence, form);
            if form == english && is_worded(english) && !may_be_same(book, english) {
                problems.push("is the English sentence".to_owned());
            }
            let words = NO_WORDS.replace_all(form, "X");
            if book.language.name == "fr" && FRENCH_BREAK.is_match(&words) {
                problems.push("may break before a mark".to_owned());
            }
            wrong.extend(
                problems
                    .iter()
                    .map(|it| format!("{it}: {english:?}: {form:?}")),
            );
        }
    }
    let gone = phrases.keys().filter(|it| !sentences.contains_key(**it));
    wrong.extend(gone.map(|it| format!("nobody says {it:?} any more")));
    wrong
}

/// What is wrong with a sentence in another language.
fn compare_sentence(english: &str, sentence: &Sentence, theirs: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if theirs.trim().is_empty() {
        return vec!["is empty".to_owned()];
    }
    if names(english) != names(theirs) {
        wrong.push(format!("has other names than {:?}", names(english)));
    }
    if kept(english) != kept(theirs) {
        wrong.push(format!("must keep {:?}", kept(english)));
    }
    let blanks = |text: &str| (text.starts_with(' '), text.ends_with(' '));
    if blanks(english) != blanks(theirs) {
        wrong.push("begins or ends with another blank".to_owned());
    }
    if sentence.begins_in_english && !theirs.starts_with(english) {
        wrong.push("must begin with the English word".to_owned());
    }
    let characters = theirs.chars().count();
    if sentence.characters_max.is_some_and(|max| characters > max) {
        wrong.push(format!("has {characters} characters"));
    }
    wrong
}

fn may_be_same(book: &Phrasebook, english: &str) -> bool {
    let of_language = |(name, _): &&(&str, _)| name.is_empty() || *name == book.language.name;
    let mut all = SAME
        .iter()
        .filter(of_language)
        .flat_map(|(_, texts)| *texts);
    all.any(|text| *text == english)
}

/// Whether a text has words of its own, beside names and code.
fn is_worded(text: &str) -> bool {
    WORD.is_match(&NO_WORDS.replace_all(text, ""))
}

/// The names that are filled in.
fn names(text: &str) -> BTreeSet<&str> {
    let found = NAMES.captures_iter(text);
    found.map(|it| it.get(1).unwrap().as_str()).collect()
}

/// What must be kept, as often as it stands there, in any order.
fn kept(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = KEPT.find_iter(text).map(|it| it.as_str()).collect();
    found.sort_unstable();
    found
}
