//! What Discord offers while an option is typed.

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse};

use crate::bot::connection::wire::card::CHOICE_CHARACTERS_MAX;

/// Discord takes no more choices than this, and serenity does not count.
const CHOICES_MAX: usize = 25;

/// Offers the values whose label or text has what was typed in it, as many
/// as Discord takes. Each is a label and a value.
pub fn suggest(
    all: impl IntoIterator<Item = (String, String)>,
    typed: &str,
) -> CreateAutocompleteResponse {
    let typed = typed.to_lowercase();
    let matching = all
        .into_iter()
        .filter(|(label, value)| {
            label.to_lowercase().contains(&typed) || value.to_lowercase().contains(&typed)
        })
        .take(CHOICES_MAX)
        .map(|(label, value)| AutocompleteChoice::new(clip(&label), clip(&value)));
    CreateAutocompleteResponse::new().set_choices(matching.collect())
}

/// Offers texts that stand for themselves.
pub fn suggest_texts<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    typed: &str,
) -> CreateAutocompleteResponse {
    let texts = texts.into_iter();
    suggest(texts.map(|text| (text.to_owned(), text.to_owned())), typed)
}

fn clip(text: &str) -> String {
    text.chars().take(CHOICE_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_choices_are_offered_than_discord_takes() {
        let many = (0..40).map(|n| (format!("Model {n}"), format!("model-{n}")));
        let response = serde_json::to_value(suggest(many, "model")).unwrap();
        assert_eq!(response["choices"].as_array().unwrap().len(), 25);
    }
}
