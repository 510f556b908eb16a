//! Rules of Mistral's chat: ids of calls.

use serde_json::{Value, json};

use crate::providers::json_fields::{list, text};

/// The length of an id.
const ID_CHARACTERS: usize = 9;

/// The error for a body that breaks a rule.
pub fn broken_rule(body: &Value) -> Option<Value> {
    let calls = list(&body["messages"]).flat_map(|message| list(&message["tool_calls"]));
    let results = list(&body["messages"]).filter(|message| message["role"] == "tool");
    let mut ids = calls
        .map(|call| text(call, "id"))
        .chain(results.map(|message| text(message, "tool_call_id")));
    let fits =
        |id: &str| id.len() == ID_CHARACTERS && id.chars().all(|c| c.is_ascii_alphanumeric());
    let id = ids.find(|id| !fits(id))?;
    let message = format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9.");
    Some(
        json!({"object": "error", "message": message, "type": "invalid_function_call",
        "param": null, "code": "3280"}),
    )
}
