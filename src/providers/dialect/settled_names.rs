//! Names of functions, put into the form that the provider takes, and back.
//! The same name always becomes the same: `docs/providers.md` §12.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Dialect;
use super::neutral::{Content, NeutralRequest, ToolChoice};
use super::settled_calls::write_hex;

/// How much of a hash makes a shortened name one of its own, in bytes.
const HASH_BYTES: usize = 4;

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
        let mut settled = SettledNames::default();
        let mut settle = |name: &mut String| {
            if name.is_empty() || takes_name(dialect, name) {
                return;
            }
            let new = new_name(dialect, name);
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

/// The longest name that a provider takes.
fn characters_max(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Anthropic | Dialect::Google => 128,
        _ => 64,
    }
}

fn takes_letter(dialect: Dialect, letter: char) -> bool {
    let is_of_google = dialect == Dialect::Google && matches!(letter, '.' | ':');
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') || is_of_google
}

fn takes_name(dialect: Dialect, name: &str) -> bool {
    let begins_well =
        |first: char| dialect != Dialect::Google || first.is_ascii_alphabetic() || first == '_';
    name.len() <= characters_max(dialect)
        && name.chars().all(|letter| takes_letter(dialect, letter))
        && name.starts_with(begins_well)
}

/// As much of a name as the provider takes, and a hash of the whole.
fn new_name(dialect: Dialect, name: &str) -> String {
    let hash = write_hex(Sha256::digest(name).iter().take(HASH_BYTES));
    let kept = characters_max(dialect) - 2 * HASH_BYTES - 2;
    let mut new = String::new();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        new.push('_');
    }
    new.extend(name.chars().take(kept).map(|letter| {
        let is_taken = takes_letter(dialect, letter);
        if is_taken { letter } else { '_' }
    }));
    format!("{new}_{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_one_that_is_taken_and_the_same_each_time() {
        let long = format!("mcp__{}", "a".repeat(130));
        for name in [long.as_str(), "mcp.server:do-it", "1c_reload", "été", "a b"] {
            for dialect in [Dialect::Anthropic, Dialect::Google, Dialect::Ollama] {
                let new = new_name(dialect, name);
                assert!(takes_name(dialect, &new), "{new}");
                assert_eq!(new, new_name(dialect, name));
            }
        }
        assert!(takes_name(Dialect::Google, "mcp.server:do-it"));
        assert!(!takes_name(Dialect::Google, "1c_reload"));
        assert!(takes_name(Dialect::Anthropic, "1c_reload"));
        assert_eq!(new_name(Dialect::Ollama, "a.b").len(), "a_b_01234567".len());
    }
}
