//! Which language a person reads.
//!
//! The English sentences stand in the code; a translation is a table from
//! an English sentence to another, with the same `{names}` in it. What a
//! table lacks stays English. English ships; a language is added by adding
//! its table to [`TABLES`].

use std::collections::HashMap;
use std::fmt::Display;

/// The locale where Discord names none: that of messages and programs.
pub const DEFAULT_LOCALE: &str = "en-US";

/// Translations, by Discord's locale.
const TABLES: &[(&str, &[(&str, &str)])] = &[];

/// One person's language.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lang {
    table: &'static [(&'static str, &'static str)],
}

impl Lang {
    /// The language of a Discord locale, such as `de` or `pt-BR`.
    pub fn from_locale(locale: &str) -> Self {
        Self::among(TABLES, locale)
    }

    /// A sentence with its `{names}` filled in.
    pub fn say(self, english: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut sentence = self.words(english).to_owned();
        for (name, value) in values {
            sentence = sentence.replace(&format!("{{{name}}}"), &value.to_string());
        }
        sentence
    }

    /// A sentence without names.
    pub fn words(self, english: &str) -> &str {
        self.table
            .iter()
            .find(|(from, _)| *from == english)
            .map_or(english, |(_, to)| to)
    }

    fn among(
        tables: &'static [(&'static str, &'static [(&'static str, &'static str)])],
        locale: &str,
    ) -> Self {
        let table = tables.iter().find(|(name, _)| *name == locale);
        Self {
            table: table.map_or(&[], |(_, table)| table),
        }
    }
}

/// A description in every language that has one, by locale, for the
/// registration of commands.
pub fn localizations(english: &str) -> HashMap<String, String> {
    TABLES
        .iter()
        .filter_map(|(locale, table)| {
            let found = table.iter().find(|(from, _)| *from == english)?;
            Some(((*locale).to_owned(), found.1.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_translates_what_it_has_and_leaves_the_rest() {
        const PIRATE: &[(&str, &[(&str, &str)])] = &[("pir", &[("Hello {who}.", "Ahoy {who}!")])];
        let lang = Lang::among(PIRATE, "pir");
        assert_eq!(lang.say("Hello {who}.", &[("who", &"Mia")]), "Ahoy Mia!");
        assert_eq!(lang.words("Goodbye."), "Goodbye.");
        assert_eq!(
            Lang::among(PIRATE, "en-US").say("Hello {who}.", &[("who", &1)]),
            "Hello 1."
        );
    }
}
