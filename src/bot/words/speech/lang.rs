//! Which language a person reads.
//!
//! The English sentences stand in the code. The other languages are files
//! (`assets/languages/`), from an English sentence to theirs, with the same
//! `{names}` in it. What a file lacks stays English; a test finds it.

use std::collections::HashMap;
use std::fmt::Display;

use crate::bot::words::speech::phrasebook::{PHRASEBOOKS, Phrasebook};
use crate::bot::words::speech::punctuation::{self, Punctuation, elide};

/// The locale where Discord names none.
pub const DEFAULT_LOCALE: &str = "en-US";

/// One person's language.
#[derive(Clone, Copy, Default)]
pub struct Lang {
    phrasebook: Option<&'static Phrasebook>,
}

/// A sentence with a number in it: for one, and for any other number.
#[derive(Clone, Copy, Debug)]
pub struct Plural(pub &'static str, pub &'static str);

impl Lang {
    /// The language of one of Discord's locales, such as `de` or `pt-BR`;
    /// English where there is no other.
    pub fn from_locale(locale: &str) -> Self {
        Self {
            phrasebook: Phrasebook::find(locale),
        }
    }

    /// A sentence with its `{names}` filled in.
    pub fn say(self, english: &str, values: &[(&str, &dyn Display)]) -> String {
        self.fill(self.words(english), values)
    }

    /// A sentence about as many as `{n}` says, with its other `{names}`
    /// filled in.
    pub fn say_count(self, n: u64, plural: Plural, values: &[(&str, &dyn Display)]) -> String {
        let Plural(one, many) = plural;
        let english = if n == 1 { one } else { many };
        let theirs = self.phrasebook.and_then(|book| book.counted(one, n));
        let sentence = theirs.unwrap_or(english);
        let number = self.number(n);
        let mut all: Vec<(&str, &dyn Display)> = vec![("n", &number)];
        all.extend_from_slice(values);
        self.fill(sentence, &all)
    }

    /// A sentence without names.
    pub fn words(self, english: &str) -> &str {
        let Some(book) = self.phrasebook else {
            return english;
        };
        let theirs = book.sentence(english);
        // Words that were put together are in no file.
        #[cfg(test)]
        assert!(
            theirs.is_some() || !crate::bot::words::speech::phrasebook::has_words(english),
            "{} lacks {english:?}",
            book.language.name
        );
        theirs.unwrap_or(english)
    }

    /// Words that may be the operator's own: ours in this language, others as
    /// they are.
    pub fn words_if_ours(self, words: &str) -> &str {
        let theirs = self.phrasebook.and_then(|book| book.sentence(words));
        theirs.unwrap_or(words)
    }

    /// How it writes lists and numbers.
    pub fn punctuation(self) -> &'static Punctuation {
        self.phrasebook
            .map_or(&punctuation::ENGLISH, |book| &book.language.punctuation)
    }

    /// Fills the `{names}` of a sentence in. What stands in a value is never
    /// taken for a name.
    pub fn fill(self, sentence: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut filled = String::with_capacity(sentence.len() + 32);
        let mut rest = sentence;
        while let Some((before, inside)) = rest.split_once('{') {
            filled.push_str(before);
            let found = inside.split_once('}').and_then(|(name, after)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((value, after))
            });
            if let Some((value, after)) = found {
                let value = value.to_string();
                if self.punctuation().elides {
                    elide(&mut filled, &value);
                }
                filled.push_str(&value);
                rest = after;
            } else {
                filled.push('{');
                rest = inside;
            }
        }
        filled + rest
    }

    /// Whether it is the language of the code.
    pub fn is_english(self) -> bool {
        self.phrasebook.is_none()
    }
}

/// The locale of the language that somebody reads whose app has another one:
/// the first of the same language, or English.
pub fn known_locale(locale: &str) -> &'static str {
    let found = Phrasebook::find(locale);
    found.map_or(DEFAULT_LOCALE, |book| book.locale())
}

/// A description in every language that has one, by Discord's locale, for the
/// registration of commands.
pub fn localizations(english: &str) -> HashMap<&'static str, &'static str> {
    let languages = PHRASEBOOKS.iter().flat_map(|book| {
        let theirs = book.sentence(english);
        let locales = book.language.locales.iter();
        locales.filter_map(move |locale| Some((*locale, theirs?)))
    });
    languages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_value_is_no_name() {
        let values: &[(&str, &dyn Display)] = &[("who", &"{what} {who}"), ("what", &"x")];
        assert_eq!(
            Lang::default().fill("Hello {who}, {what} {else} {", values),
            "Hello {what} {who}, x {else} {"
        );
    }

    #[test]
    fn english_has_one_and_many() {
        let requests = Plural("{n} request", "{n} requests");
        let said = |n| Lang::default().say_count(n, requests, &[]);
        assert_eq!(
            [0, 1, 2, 1_000].map(said),
            ["0 requests", "1 request", "2 requests", "1,000 requests"]
        );
    }
}
