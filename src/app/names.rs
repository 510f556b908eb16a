//! Names that people give to their keys and tokens. They are kept and shown
//! as they are, so that no secret may stand in one.

use crate::model::{KeyRefusal, is_blank};
use crate::providers::{Catalogue, holds_secret};

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 40;

/// A typed name as it is kept; none where nothing is left of it. One that is too
/// long is refused: cut, it may be the name of another.
pub fn name_to_keep(
    catalogue: &Catalogue,
    typed: Option<&str>,
) -> Result<Option<String>, KeyRefusal> {
    let typed = typed.unwrap_or_default();
    if holds_secret(catalogue, typed) {
        return Err(KeyRefusal::SecretAsName);
    }
    let is_shown = |c: &char| !c.is_control() && !turns_direction(*c);
    let shown = typed.trim().chars().filter(is_shown);
    let name: String = shown.collect();
    let characters = name.chars().count();
    if characters > NAME_CHARACTERS_MAX {
        return Err(KeyRefusal::NameTooLong {
            characters,
            max: NAME_CHARACTERS_MAX,
        });
    }
    Ok(Some(name).filter(|name| !is_blank(name)))
}

/// Whether a character turns the direction of what follows, so that a name
/// would change how the words around it are read
/// (<https://www.unicode.org/reports/tr9/>).
fn turns_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_of_words_is_left_out_of_names() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let kept = |typed| name_to_keep(&catalogue, Some(typed)).unwrap();
        assert_eq!(kept("\u{202e}kroW\u{2066}!").as_deref(), Some("kroW!"));
        assert_eq!(kept("\u{202e}"), None);
        // Letters of every script stay, and so do emoji of several parts.
        for name in ["עבודה", "👩‍💻"] {
            assert_eq!(kept(name).as_deref(), Some(name));
        }
    }
}
