//! What all dialects' lists of models have in common.

use serde_json::Value;

/// The models in a list, whichever of the two usual fields holds them, or none
/// of them does.
pub fn entries_of(list: &Value) -> impl Iterator<Item = &Value> {
    let listed = list["data"].as_array().or(list["models"].as_array());
    let entries = listed.or(list.as_array());
    entries.into_iter().flatten()
}

/// The name of a model in a list. Google, and vendors that pass its models
/// on, put `models/` before it.
pub fn name_of(entry: &Value) -> Option<&str> {
    let name = entry["id"].as_str().or(entry["name"].as_str())?;
    Some(name.strip_prefix("models/").unwrap_or(name))
}
