//! Events of a stream, as their bytes.

use serde_json::Value;

/// The events of a streamed reply.
pub struct StreamedReply {
    /// What comes before the reply.
    pub head: String,
    /// The reply, piece by piece.
    pub pieces: Vec<String>,
    /// What ends it.
    pub tail: String,
}

/// Writes an event without a name.
pub fn unnamed_event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// Writes an event with its name, and with spaces at its end, which a reader
/// must tolerate.
pub fn named_event(value: &Value) -> String {
    format!(
        "event: {}\ndata: {value}   \n\n",
        value["type"].as_str().unwrap_or_default()
    )
}
