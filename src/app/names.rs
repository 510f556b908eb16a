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
    let shown = typed.trim().chars().filter(|c| !c.is_control());
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
