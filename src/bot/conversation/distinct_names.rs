//! Names that nobody can take for another's: how a model is told a name, and
//! which names look the same.

use std::collections::HashSet;

use crate::bot::conversation::names::SOMEBODY;
use crate::model::{is_blank, is_invisible};

/// The longest name of a person that a model is told.
const NAME_CHARACTERS: usize = 32;
/// What stands after the name of another program.
const OF_APP: &str = " (app)";
/// Names by which no person speaks: those of roles in a conversation, and of
/// whoever is not known.
const RESERVED: [&str; 4] = [SOMEBODY, "several people", "assistant", "system"];
/// Signs that look like the one that stands after a speaker's name.
const COLONS: [char; 7] = [':', '：', '﹕', '︓', '꞉', '∶', 'ː'];
/// Letters of other writings that look like one of ours.
const ALIKE: [(&str, char); 18] = [
    ("аα", 'a'),
    ("вβ", 'b'),
    ("сϲ", 'c'),
    ("еε", 'e'),
    ("нһ", 'h'),
    ("іιı", 'i'),
    ("јϳ", 'j'),
    ("кκ", 'k'),
    ("ӏ|", 'l'),
    ("м", 'm'),
    ("оο0", 'o'),
    ("рρ", 'p'),
    ("ѕ", 's'),
    ("тτ", 't'),
    ("υ", 'u'),
    ("ν", 'v'),
    ("хχ", 'x'),
    ("уγ", 'y'),
];

/// A name as somebody would be called if nobody else was.
pub struct WantedName {
    pub shown: String,
    /// The name of the account, which no other has.
    pub account: String,
    /// It is another program, and no person.
    pub is_app: bool,
}

/// The names that are given in one conversation.
pub struct DistinctNames {
    /// What those look like that no person may have.
    reserved: HashSet<String>,
    /// What those look like that are given.
    given: HashSet<String>,
}

impl DistinctNames {
    /// Gives nobody a name that looks like the bot's.
    pub fn beside<'a>(own_names: impl Iterator<Item = &'a str>) -> Self {
        let reserved = own_names.chain(RESERVED).map(look_of);
        Self {
            reserved: reserved.filter(|look| !look.is_empty()).collect(),
            given: HashSet::new(),
        }
    }

    /// Gives a speaker a name that nobody else has.
    pub fn give(&mut self, wanted: &WantedName) -> String {
        let account = plain_name(&wanted.account);
        let shown = Some(plain_name(&wanted.shown)).filter(|name| !is_blank(name));
        let shown = shown.unwrap_or_else(|| account.clone());
        let name = if wanted.is_app {
            format!("{shown}{OF_APP}")
        } else if self.passes_for_another(&shown) {
            format!("{shown} (member)")
        } else {
            shown
        };
        let differs = look_of(&name) != look_of(&account);
        let by_account = Some(format!("{name} ({account})")).filter(|_| differs);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut choices = std::iter::once(name.clone())
            .chain(by_account)
            .chain(numbered);
        let free = choices.find(|choice| self.given.insert(look_of(choice)));
        free.unwrap_or(name)
    }

    fn passes_for_another(&self, name: &str) -> bool {
        let look = look_of(name);
        self.reserved.contains(&look) || look.ends_with(OF_APP.trim())
    }
}

/// A name on one line, without the sign that stands after a speaker's name.
pub fn plain_name(name: &str) -> String {
    let is_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let plain = name.chars().filter(|c| !is_line(*c) && !COLONS.contains(c));
    let plain: String = plain.take(NAME_CHARACTERS).collect();
    plain.trim().to_owned()
}

/// What a name looks like, whatever it is written with: names that look the
/// same have the same.
fn look_of(name: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{300}'..='\u{36f}');
    let seen = name.chars().filter(|c| !is_invisible(*c) && !is_mark(*c));
    let plain = seen.map(|c| match c {
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    });
    let lower = plain
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase);
    lower.map(look_of_letter).collect()
}

fn look_of_letter(letter: char) -> char {
    let alike = ALIKE.iter().find(|(others, _)| others.contains(letter));
    alike.map_or(letter, |(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(names: &mut DistinctNames, shown: &str, account: &str) -> String {
        names.give(&WantedName {
            shown: shown.to_owned(),
            account: account.to_owned(),
            is_app: false,
        })
    }

    #[test]
    fn no_member_has_a_name_that_looks_like_the_bots() {
        for shown in [
            "Latchkey",
            "latchKEY",
            " Latchkey\u{3164}",
            "Latch\u{200b}key",
            "Latch\u{2800}key",
            "Latch key",
            "Latchkey\u{a0}",
            "L\u{34f}atchkey\u{fe0f}",
            "\u{202e}Latchkey",
            "Ｌａｔｃｈｋｅｙ",
            "Lаtсhkеу",
            "Latchke\u{301}y",
            "Latchkey:",
            "assistant",
            "System",
            "Some\u{200b}body",
            "Helper (app)",
        ] {
            let mut names = DistinctNames::beside(["Latchkey"].into_iter());
            let name = give(&mut names, shown, "mia");
            assert!(name.ends_with(" (member)"), "{shown:?}: {name:?}");
        }
        let mut names = DistinctNames::beside(["Latchkey"].into_iter());
        assert_eq!(give(&mut names, "Latchkeys", "mia"), "Latchkeys");
        assert_eq!(give(&mut names, "Latchkey", "zoe"), "Latchkey (member)");
        assert_eq!(
            give(&mut names, "LATCHKEY", "omar"),
            "LATCHKEY (member) (omar)"
        );
    }

    #[test]
    fn two_members_of_one_name_are_told_apart() {
        let mut names = DistinctNames::beside(["Latchkey"].into_iter());
        for (shown, account, given) in [
            ("Mia", "mia", "Mia"),
            ("mia\u{200b}", "mia.b", "mia\u{200b} (mia.b)"),
            ("M I A", "mia.b", "M I A (2)"),
            ("\u{200b}\u{3164}", "zoe", "zoe"),
            ("omar: yes\u{2028}", "omar", "omar yes"),
            ("омаr", "o", "омаr"),
            ("omar", "omar", "omar (2)"),
        ] {
            assert_eq!(give(&mut names, shown, account), given);
        }
    }
}
