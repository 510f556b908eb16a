//! Personas as people read their names. What commands and forms take are the
//! names as they are stored.

/// What personas of co-founders are called before the dash.
pub const CO_FOUNDER: &str = "cofounder-";

/// A persona's name as people write it, such as "Prompt crafter".
pub fn write_name(name: &str) -> String {
    match name.strip_prefix(CO_FOUNDER) {
        Some(role) => format!("Co-founder, {}", role.replace('-', " ")),
        None => write_words(name),
    }
}

/// Words with dashes between, with spaces instead and a capital at their
/// beginning.
pub fn write_words(words: &str) -> String {
    let mut letters = words.chars().map(|c| if c == '-' { ' ' } else { c });
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_people_write_them() {
        assert_eq!(write_name("prompt-crafter"), "Prompt crafter");
        assert_eq!(write_name("cofounder-finance"), "Co-founder, finance");
        assert_eq!(write_name(""), "");
    }
}
