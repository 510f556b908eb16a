//! How a language writes what no sentence of its file holds: what stands
//! between the parts of a list, and in numbers.

use crate::bot::words::speech::lang::Lang;
use crate::model::{NanoDollars, grouped};

/// What one language writes between parts.
pub struct Punctuation {
    comma: &'static str,
    semicolon: &'static str,
    colon: &'static str,
    /// What stands between two sentences.
    gap: &'static str,
    thousands: &'static str,
    decimal: &'static str,
    /// What stands before an amount of US dollars, and after it: Unicode's
    /// CLDR 48, `¤` of the standard currency format and the symbol of USD.
    dollars: (&'static str, &'static str),
    /// Whether "de" and "que" lose their vowel before another.
    pub elides: bool,
}

pub const ENGLISH: Punctuation = Punctuation {
    comma: ", ",
    semicolon: "; ",
    colon: ": ",
    gap: " ",
    thousands: ",",
    decimal: ".",
    dollars: ("$", ""),
    elides: false,
};
pub const GERMAN: Punctuation = Punctuation {
    thousands: ".",
    decimal: ",",
    dollars: ("", "\u{a0}$"),
    ..ENGLISH
};
pub const SPANISH: Punctuation = Punctuation {
    dollars: ("", "\u{a0}US$"),
    ..GERMAN
};
pub const PORTUGUESE: Punctuation = Punctuation {
    dollars: ("US$\u{a0}", ""),
    ..GERMAN
};
/// A blank that does not break a line stands before double marks, and between
/// thousands.
pub const FRENCH: Punctuation = Punctuation {
    semicolon: "\u{a0}; ",
    colon: "\u{a0}: ",
    thousands: "\u{a0}",
    decimal: ",",
    dollars: ("", "\u{a0}$US"),
    elides: true,
    ..ENGLISH
};
pub const JAPANESE: Punctuation = Punctuation {
    comma: "、",
    semicolon: "；",
    colon: "：",
    gap: "",
    ..ENGLISH
};

impl Lang {
    /// Names or amounts after each other.
    pub fn list<T: AsRef<str>>(self, items: &[T]) -> String {
        join(items, self.punctuation().comma)
    }

    /// Names of which one is meant: "A, B or C".
    pub fn either<T: AsRef<str>>(self, items: &[T], or: &str) -> String {
        match items {
            [before @ .., last] if !before.is_empty() => {
                format!("{}{or}{}", self.list(before), last.as_ref())
            }
            _ => self.list(items),
        }
    }

    /// Parts of a sentence that are set apart from each other.
    pub fn clauses<T: AsRef<str>>(self, items: &[T]) -> String {
        join(items, self.punctuation().semicolon)
    }

    /// What something is called, and what there is to say of it.
    pub fn labelled(self, label: &str, value: &str) -> String {
        format!("{label}{}{value}", self.punctuation().colon)
    }

    /// Sentences after each other.
    pub fn sentences<T: AsRef<str>>(self, items: &[T]) -> String {
        join(items, self.punctuation().gap)
    }

    /// A number, with its thousands set apart.
    pub fn number(self, number: u64) -> String {
        grouped(number).replace(',', self.punctuation().thousands)
    }

    /// What is written with a point before its decimals.
    pub fn decimal(self, written: &str) -> String {
        written.replace('.', self.punctuation().decimal)
    }

    /// An amount of money, wherever somebody reads one.
    pub fn money(self, amount: NanoDollars) -> String {
        self.dollars(&amount.to_string())
    }

    /// A limit, a price or a figure of an axis: all of its digits.
    pub fn money_in_full(self, amount: NanoDollars) -> String {
        self.dollars(&amount.in_full())
    }

    fn dollars(self, english: &str) -> String {
        let marks = self.punctuation();
        let (before, after) = marks.dollars;
        let (start, digits) = english.split_once('$').unwrap_or(("", english));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
        let whole = whole.replace(',', marks.thousands);
        format!("{start}{before}{whole}{}{fraction}{after}", marks.decimal)
    }
}

fn join<T: AsRef<str>>(items: &[T], between: &str) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(between)
}

/// Takes the vowel off a "de" or "que" at the end of what was written, where
/// what comes next begins with one, as French does: "d’OpenAI".
pub fn elide(written: &mut String, next: &str) {
    const VOWELS: &str = "aeiouéèêàâîôûAEIOUÉÈÊÀÂÎÔÛ";
    let is_word = |word: &str| {
        let before = written.strip_suffix(word);
        before.is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    };
    let is_elided = is_word("de ") || is_word("que ") || is_word("De ") || is_word("Que ");
    if is_elided && next.starts_with(|c| VOWELS.contains(c)) {
        written.truncate(written.len() - "e ".len());
        written.push('’');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(locale: &str) -> String {
        let lang = Lang::from_locale(locale);
        let parts = [
            lang.list(&["a", "b"]),
            lang.clauses(&["a", "b"]),
            lang.labelled("a", "b"),
            lang.sentences(&["A.", "B."]),
            lang.number(1_234_567),
            lang.decimal("0.13"),
            lang.money(NanoDollars(16_000)),
            lang.money_in_full(NanoDollars(1_234_500_000_000)),
        ];
        parts.join(" | ")
    }

    #[test]
    fn each_language_has_its_own_marks() {
        let all = ["en-US", "de", "es-419", "fr", "ja", "pt-BR"].map(written);
        insta::assert_snapshot!(all.join("\n").replace('\u{a0}', "_"), @"
        a, b | a; b | a: b | A. B. | 1,234,567 | 0.13 | <_$0.0001 | $1,234.50
        a, b | a; b | a: b | A. B. | 1.234.567 | 0,13 | <_0,0001_$ | 1.234,50_$
        a, b | a; b | a: b | A. B. | 1.234.567 | 0,13 | <_0,0001_US$ | 1.234,50_US$
        a, b | a_; b | a_: b | A. B. | 1_234_567 | 0,13 | <_0,0001_$US | 1_234,50_$US
        a、b | a；b | a：b | A.B. | 1,234,567 | 0.13 | <_$0.0001 | $1,234.50
        a, b | a; b | a: b | A. B. | 1.234.567 | 0,13 | <_US$_0,0001 | US$_1.234,50
        ");
    }

    #[test]
    fn french_elides_before_a_vowel_and_nowhere_else() {
        let french = Lang::from_locale("fr");
        let says = |sentence: &'static str, name: &str| french.fill(sentence, &[("it", &name)]);
        assert_eq!(says("une clé de {it}", "OpenAI"), "une clé d’OpenAI");
        assert_eq!(says("une clé de {it}", "Groq"), "une clé de Groq");
        assert_eq!(says("plus que {it}", "Ollama"), "plus qu’Ollama");
        assert_eq!(says("une grande {it}", "Ollama"), "une grande Ollama");
        assert_eq!(says("une clé de `{it}`", "openai"), "une clé de `openai`");
        let german = Lang::from_locale("de");
        assert_eq!(german.fill("de {it}", &[("it", &"OpenAI")]), "de OpenAI");
    }
}
