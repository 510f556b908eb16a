//! Reads fields of a body that may be missing, or of another type.

use serde_json::Value;

/// The items of a list; none of anything else.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text of a field; an empty one where it has none.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// A field of Google's, in either of its spellings: `mimeType` or `mime_type`.
pub fn either_spelling<'a>(value: &'a Value, camel: &str) -> &'a Value {
    match &value[camel] {
        Value::Null => &value[snake_case(camel)],
        found => found,
    }
}

/// The other spelling of a field of Google's.
pub fn snake_case(camel: &str) -> String {
    camel.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        snake
    })
}
