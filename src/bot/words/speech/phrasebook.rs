//! The languages that the bot speaks beside English, each from a file of its
//! own in `assets/languages/`.

use std::collections::HashMap;
use std::sync::LazyLock;

use anyhow::{Context, ensure};
use polib::po_file::{POParseOptions, parse_from_reader_with_option};

use crate::bot::words::speech::punctuation::{self, Punctuation};

/// Each language: its file's name, Discord's locales for it, the file. A new
/// one needs a line here and the file: `CONTRIBUTING.md`, Adding a language.
pub const LANGUAGES: &[Language] = &[
    Language {
        name: "de",
        locales: &["de"],
        punctuation: punctuation::GERMAN,
        file: include_str!("../../../../assets/languages/de.po"),
    },
    Language {
        name: "es",
        locales: &["es-ES", "es-419"],
        punctuation: punctuation::SPANISH,
        file: include_str!("../../../../assets/languages/es.po"),
    },
    Language {
        name: "fr",
        locales: &["fr"],
        punctuation: punctuation::FRENCH,
        file: include_str!("../../../../assets/languages/fr.po"),
    },
    Language {
        name: "ja",
        locales: &["ja"],
        punctuation: punctuation::JAPANESE,
        file: include_str!("../../../../assets/languages/ja.po"),
    },
    Language {
        name: "pt-BR",
        locales: &["pt-BR"],
        punctuation: punctuation::PORTUGUESE,
        file: include_str!("../../../../assets/languages/pt-BR.po"),
    },
];

/// A language that ships.
pub struct Language {
    pub name: &'static str,
    /// Discord's locales for it: `docs/discord.md` §2.4.
    pub locales: &'static [&'static str],
    /// How it writes lists and numbers.
    pub punctuation: Punctuation,
    /// Its file, in gettext's PO format: an English sentence, and ours.
    pub file: &'static str,
}

/// The sentences of one language, by their English ones.
pub struct Phrasebook {
    pub language: &'static Language,
    phrases: HashMap<String, Phrase>,
    form_of: fn(u64) -> usize,
}

/// A sentence: one form of it, or as many as the language has for numbers.
type Phrase = Vec<String>;

/// Every language, read once.
pub static PHRASEBOOKS: LazyLock<Vec<Phrasebook>> = LazyLock::new(|| {
    let read =
        |language| Phrasebook::read(language).expect("a test reads every language that ships");
    LANGUAGES.iter().map(read).collect()
});

impl Phrasebook {
    /// The language of one of Discord's locales, such as `de` or `pt-BR`.
    pub fn find(locale: &str) -> Option<&'static Self> {
        let speaks = |it: &&Self| it.language.locales.contains(&locale);
        PHRASEBOOKS.iter().find(speaks)
    }

    /// The locale that stands for all of the language's.
    pub fn locale(&self) -> &'static str {
        self.language.locales.first().copied().unwrap_or_default()
    }

    /// Reads a language's file.
    pub fn read(language: &'static Language) -> anyhow::Result<Self> {
        let options = POParseOptions {
            message_body_only: true,
            translated_only: true,
            ..POParseOptions::default()
        };
        let catalog = parse_from_reader_with_option(language.file.as_bytes(), &options)
            .with_context(|| format!("could not read the language {}", language.name))?;
        let rules = &catalog.metadata.plural_rules;
        let form_of = plural_rule(&rules.expr)
            .with_context(|| format!("unknown rule for plurals: {}", rules.expr))?;
        let mut phrases = HashMap::new();
        for message in catalog.messages() {
            let phrase: Phrase = if message.is_plural() {
                let forms = message.msgstr_plural().cloned().unwrap_or_default();
                ensure!(
                    forms.len() == rules.nplurals,
                    "not as many forms as the language has: {}",
                    message.msgid()
                );
                forms
            } else {
                vec![message.msgstr().unwrap_or_default().to_owned()]
            };
            phrases.insert(message.msgid().to_owned(), phrase);
        }
        Ok(Self {
            language,
            phrases,
            form_of,
        })
    }

    /// The sentence for an English one.
    pub fn sentence(&self, english: &str) -> Option<&str> {
        self.phrases.get(english)?.first().map(String::as_str)
    }

    /// The form of a sentence that goes with a number, by the sentence's
    /// English singular.
    pub fn counted(&self, english: &str, count: u64) -> Option<&str> {
        let forms = self.phrases.get(english)?;
        forms.get((self.form_of)(count)).map(String::as_str)
    }

    /// Every English sentence that there is one for, with its forms.
    #[cfg(test)]
    pub fn phrases(&self) -> impl Iterator<Item = (&str, &[String])> {
        let phrases = self.phrases.iter();
        phrases.map(|(english, forms)| (english.as_str(), forms.as_slice()))
    }
}

/// Which form goes with a number, as gettext's files write it. A language
/// with another rule needs a line here.
fn plural_rule(expression: &str) -> Option<fn(u64) -> usize> {
    Some(match expression {
        "0" => |_| 0,
        "(n != 1)" | "n != 1" => |count| usize::from(count != 1),
        "(n > 1)" | "n > 1" => |count| usize::from(count > 1),
        _ => return None,
    })
}

/// Whether there are words in a text, beside names that are filled in.
#[cfg(test)]
pub fn has_words(text: &str) -> bool {
    let mut is_name = false;
    text.chars().any(|c| {
        is_name = (is_name || c == '{') && c != '}';
        c.is_alphabetic() && !is_name
    })
}
