//! For how long a key is used.

use super::key::Key;
use crate::model::clock::DAY_MS;

/// For how many days a key can be used that ends.
pub const LIFETIMES_DAYS: [u16; 4] = [7, 30, 90, 365];

/// For how long a key is used that is to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// For as long as the key whose place it takes, if that is used now and
    /// ends; else for as long as it works.
    #[default]
    AsBefore,
    WhileItWorks,
    Days(u16),
}

impl Lifetime {
    /// The word that [`Self::word`] writes of [`Self::AsBefore`].
    pub const AS_BEFORE: &'static str = "before";
    /// The word that [`Self::word`] writes of [`Self::WhileItWorks`].
    pub const WHILE_IT_WORKS: &'static str = "0";

    /// The word used in forms and in the database.
    pub fn word(self) -> String {
        match self {
            Self::AsBefore => Self::AS_BEFORE.to_owned(),
            Self::WhileItWorks => Self::WHILE_IT_WORKS.to_owned(),
            Self::Days(days) => days.to_string(),
        }
    }

    /// Reads the word that [`Self::word`] writes. Nothing is as before; none of
    /// what nobody can choose.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim() {
            "" | Self::AS_BEFORE => Some(Self::AsBefore),
            word => Self::of_days(word.parse().ok()?),
        }
    }

    /// So many days, if they can be chosen; 0 for as long as the key works.
    pub fn of_days(days: i64) -> Option<Self> {
        if days == 0 {
            return Some(Self::WhileItWorks);
        }
        let is_offered = |offered: &u16| i64::from(*offered) == days;
        let offered = LIFETIMES_DAYS.into_iter().find(is_offered);
        offered.map(Self::Days)
    }

    /// When a key ends that is stored now, in the place of another or of none.
    pub fn end_ms(self, now_ms: i64, replaced: Option<&Key>) -> Option<i64> {
        match self {
            Self::AsBefore => replaced?.end_to_come_ms(now_ms),
            Self::WhileItWorks => None,
            Self::Days(days) => Some(now_ms + i64::from(days) * DAY_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_choose_is_no_lifetime() {
        for word in ["8", "-1", "999", "abc", "7.0", "99999999999999999999"] {
            assert_eq!(Lifetime::parse(word), None, "{word}");
        }
        let all = [
            Lifetime::AsBefore,
            Lifetime::WhileItWorks,
            Lifetime::Days(7),
            Lifetime::Days(365),
        ];
        for lifetime in all {
            assert_eq!(Lifetime::parse(&lifetime.word()), Some(lifetime));
        }
        assert_eq!(Lifetime::parse(""), Some(Lifetime::AsBefore));
    }
}
