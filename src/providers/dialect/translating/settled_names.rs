//! Names of functions, put into the form that the provider takes, and back.
//! The same name always becomes the same: `docs/providers.md` §12.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::neutral::{Content, NeutralRequest, ToolChoice};
use super::settled_calls::write_hex;
use crate::providers::dialect::Dialect;

/// How much of a hash makes a shortened name one of its own, in bytes.
const HASH_BYTES: usize = 4;

/// Which names of functions a provider takes.
#[derive(Clone, Copy, Debug)]
pub struct NameRule {
    pub characters_max: usize,
    /// What a name may have beside letters, digits, `_` and `-`.
    pub more_letters: &'static str,
    /// Whether a name begins with a letter or `_`.
    pub begins_with_letter: bool,
}

/// The names that were changed, by what they became.
#[derive(Default)]
pub struct SettledNames {
    asked: HashMap<String, String>,
}

impl SettledNames {
    /// Gives a function the name that its caller knows.
    pub fn restore(&self, name: &mut String) {
        if let Some(asked) = self.asked.get(name.as_str()) {
            name.clone_from(asked);
        }
    }
}

impl NeutralRequest {
    /// Gives each function that the provider would refuse a name that it takes.
    pub fn settle_names(&mut self, dialect: Dialect) -> SettledNames {
        let rule = dialect.name_rule();
        let mut settled = SettledNames::default();
        let mut settle = |name: &mut String| {
            if name.is_empty() || rule.takes_name(name) {
                return;
            }
            let new = rule.new_name(name);
            let asked = std::mem::replace(name, new.clone());
            settled.asked.insert(new, asked);
        };
        for tool in &mut self.tools {
            settle(&mut tool.name);
        }
        if let ToolChoice::One(name) = &mut self.tool_choice {
            settle(name);
        }
        for part in self.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            match &mut part.what {
                Content::Call(call) => settle(&mut call.name),
                Content::Result(result) => {
                    if let Some(name) = &mut result.name {
                        settle(name);
                    }
                }
                _ => {}
            }
        }
        settled
    }
}

impl NameRule {
    fn takes_letter(self, letter: char) -> bool {
        let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        is_plain || self.more_letters.contains(letter)
    }

    /// Whether the provider takes a name.
    pub fn takes_name(self, name: &str) -> bool {
        name.len() <= self.characters_max
            && name.chars().all(|letter| self.takes_letter(letter))
            && (!self.begins_with_letter || begins_with_letter(name))
    }

    /// As much of a name as the provider takes, and a hash of the whole.
    pub fn new_name(self, name: &str) -> String {
        let hash = write_hex(Sha256::digest(name).iter().take(HASH_BYTES));
        let kept = self.characters_max - 2 * HASH_BYTES - 2;
        let mut new = String::new();
        if !begins_with_letter(name) {
            new.push('_');
        }
        new.extend(name.chars().take(kept).map(|letter| {
            let is_taken = self.takes_letter(letter);
            if is_taken { letter } else { '_' }
        }));
        format!("{new}_{hash}")
    }
}

fn begins_with_letter(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_one_that_is_taken_and_the_same_each_time() {
        let long = format!("mcp__{}", "a".repeat(130));
        for name in [long.as_str(), "mcp.server:do-it", "1c_reload", "été", "a b"] {
            for dialect in [Dialect::Anthropic, Dialect::Google, Dialect::Ollama] {
                let rule = dialect.name_rule();
                let new = rule.new_name(name);
                assert!(rule.takes_name(&new), "{new}");
                assert_eq!(new, rule.new_name(name));
            }
        }
        let (google, anthropic) = (Dialect::Google.name_rule(), Dialect::Anthropic.name_rule());
        assert!(google.takes_name("mcp.server:do-it"));
        assert!(!google.takes_name("1c_reload"));
        assert!(anthropic.takes_name("1c_reload"));
        let new = Dialect::Ollama.name_rule().new_name("a.b");
        assert_eq!(new.len(), "a_b_01234567".len());
    }
}
