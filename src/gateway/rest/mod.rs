//! Our own API: keys, usage and limits, as JSON.

pub mod attempts;
pub mod keys;
pub mod providers;
pub mod system_keys;
pub mod unified;
pub mod usage;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::gateway::calls::call::Call;
use crate::gateway::calls::unique_fields::refuse_twice;
use crate::gateway::replies::problem::Problem;

/// The largest body of a call to our own API.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The longest explanation of what is wrong with a body, in characters.
const EXPLANATION_MAX: usize = 200;

/// Reads and parses the body of a call to our own API.
pub async fn read_json<T: DeserializeOwned>(call: &mut Call) -> Result<T, Problem> {
    parse_json(&read_body(call).await?)
}

/// Reads the body of a call to our own API.
pub async fn read_body(call: &mut Call) -> Result<Bytes, Problem> {
    call.read_body(BODY_BYTES_MAX).await
}

/// Parses a body. Its type refuses unknown fields, so that a mistyped field
/// does not pass for one that was left out. None stands in it twice.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    refuse_twice(body)?;
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => explain_data_error(&error),
            _ => "it is no JSON".to_owned(),
        };
        Problem::new(
            400,
            "malformed_body",
            format!("The body can't be read: {what}. `GET /openapi.json` shows what it should be."),
        )
    })
}

/// Explains what is wrong with a body. The explanation may name fields, but
/// holds no value of the body, which may be a key.
fn explain_data_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let about_fields = ["unknown field", "missing field", "duplicate field"];
    if about_fields.iter().any(|start| text.starts_with(start)) {
        let end = text.find(" at line").unwrap_or(text.len());
        let text = text.get(..end).unwrap_or_default();
        return text.chars().take(EXPLANATION_MAX).collect();
    }
    "a field has the wrong type".to_owned()
}

/// Writes a time in RFC 3339.
pub fn format_time(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms);
    at.map_or_else(|_| String::new(), |at| at.to_string())
}
