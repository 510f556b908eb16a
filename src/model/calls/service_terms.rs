//! On which terms a provider served a call, where they are not its usual ones
//! and have prices of their own; `docs/providers.md` §16.1.

use std::fmt;

/// One such term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceTerm {
    /// Before others, for more.
    Priority,
    /// When there is room, for less.
    Flex,
    /// Within a day, for less.
    Batch,
    /// On capacity that was bought beforehand.
    Scale,
    Performance,
    Ultrafast,
    /// By Anthropic's faster configuration of a model.
    Fast,
    /// Nowhere but in the United States.
    InUs,
    /// A term that Latchkey does not know, so that nobody knows its price.
    Other,
}

/// The terms of one call: at the most its tier, its speed and its place. Empty
/// where it was served as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceTerms(u16);

/// The terms, and their names in receipts and files of prices.
const NAMES: [(ServiceTerm, &str); 9] = [
    (ServiceTerm::Priority, "priority"),
    (ServiceTerm::Flex, "flex"),
    (ServiceTerm::Batch, "batch"),
    (ServiceTerm::Scale, "scale"),
    (ServiceTerm::Performance, "performance"),
    (ServiceTerm::Ultrafast, "ultrafast"),
    (ServiceTerm::Fast, "fast"),
    (ServiceTerm::InUs, "us"),
    (ServiceTerm::Other, "other"),
];

impl ServiceTerm {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        let found = NAMES.iter().find(|(term, _)| *term == self);
        found.map_or("other", |(_, name)| name)
    }

    /// Reads its name.
    pub fn parse(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(term, _)| *term)
    }

    /// The term that a vendor's word for a tier of service stands for; none
    /// for its usual one. Google writes `SERVICE_TIER_FLEX` and
    /// `ON_DEMAND_FLEX`, and OpenAI `priority` for what is asked for as `fast`.
    pub fn of_tier(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let word = word.strip_prefix("service_tier_").unwrap_or(&word);
        Some(match word.strip_prefix("on_demand_").unwrap_or(word) {
            ""
            | "default"
            | "standard"
            | "standard_only"
            | "auto"
            | "on_demand"
            | "unspecified"
            | "traffic_type_unspecified" => return None,
            "priority" | "fast" => Self::Priority,
            "flex" => Self::Flex,
            "batch" => Self::Batch,
            "scale" | "provisioned_throughput" => Self::Scale,
            "performance" => Self::Performance,
            "ultrafast" => Self::Ultrafast,
            _ => Self::Other,
        })
    }

    /// The terms behind Anthropic's word for a speed; none where it is the usual
    /// one.
    pub fn of_speed(word: &str) -> Option<Self> {
        match word {
            "" | "standard" => None,
            "fast" => Some(Self::Fast),
            _ => Some(Self::Other),
        }
    }

    /// The terms behind Anthropic's word for where a model ran; none where it is
    /// the usual place.
    pub fn of_place(word: &str) -> Option<Self> {
        match word {
            "" | "global" | "not_available" => None,
            "us" => Some(Self::InUs),
            _ => Some(Self::Other),
        }
    }
}

impl ServiceTerms {
    /// These terms and one more.
    #[must_use]
    pub fn with(self, term: ServiceTerm) -> Self {
        Self(self.0 | 1 << term as u16)
    }

    /// Those of either.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Whether the call was served as usual.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = ServiceTerm> {
        let terms = NAMES.iter().map(|(term, _)| *term);
        terms.filter(move |term| self.0 & 1 << *term as u16 != 0)
    }

    /// Reads what is written by its `Display`.
    pub fn parse(words: &str) -> Option<Self> {
        let mut terms = words.split('+').map(ServiceTerm::parse);
        terms.try_fold(Self::default(), |terms, term| Some(terms.with(term?)))
    }
}

/// Writes their names, as in `fast+us`.
impl fmt::Display for ServiceTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.iter().enumerate() {
            let plus = if at > 0 { "+" } else { "" };
            write!(f, "{plus}{}", term.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_back_what_they_write() {
        for (term, name) in NAMES {
            assert_eq!(ServiceTerm::parse(name), Some(term));
            assert_eq!(term.as_str(), name);
        }
        let terms = ServiceTerms::default()
            .with(ServiceTerm::InUs)
            .with(ServiceTerm::Fast);
        assert_eq!(terms.to_string(), "fast+us");
        assert_eq!(ServiceTerms::parse("fast+us"), Some(terms));
        assert_eq!(ServiceTerms::parse("fast+"), None);
        assert!(ServiceTerms::default().is_empty() && !terms.is_empty());
    }

    #[test]
    fn vendors_words_are_terms_or_the_usual() {
        use ServiceTerm as T;
        for (word, term) in [
            ("default", None),
            ("auto", None),
            ("on_demand", None),
            ("ON_DEMAND", None),
            ("standard", None),
            ("priority", Some(T::Priority)),
            ("ON_DEMAND_PRIORITY", Some(T::Priority)),
            ("SERVICE_TIER_FLEX", Some(T::Flex)),
            ("batch", Some(T::Batch)),
            ("PROVISIONED_THROUGHPUT", Some(T::Scale)),
            ("ultrafast", Some(T::Ultrafast)),
            ("sometimes", Some(T::Other)),
        ] {
            assert_eq!(ServiceTerm::of_tier(word), term, "{word}");
        }
        assert_eq!(ServiceTerm::of_speed("fast"), Some(T::Fast));
        assert_eq!(ServiceTerm::of_speed("standard"), None);
        assert_eq!(ServiceTerm::of_place("us"), Some(T::InUs));
        assert_eq!(ServiceTerm::of_place("not_available"), None);
        assert_eq!(ServiceTerm::of_place("mars"), Some(T::Other));
    }
}
