//! What a provider itself says of a call that failed: for the owner of the
//! key that paid, and for nobody else.

use std::fmt;

use axum::http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// Whose form an error has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    OpenAi,
    Anthropic,
    Google,
}

/// An error in a provider's own words. Its `Debug` never shows them.
#[derive(Clone, PartialEq)]
pub struct ProviderError {
    /// The HTTP status, or the one that an error inside a stream stands for.
    pub status: u16,
    pub form: ErrorForm,
    /// What stands in the field `error`, or would stand there.
    pub error: Map<String, Value>,
    /// The whole event, where the error came inside a stream.
    pub event: Option<Value>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl ProviderError {
    /// The provider's message.
    pub fn message(&self) -> &str {
        self.error["message"].as_str().unwrap_or_default()
    }

    /// Whether it speaks of a quota of the day, which no wait of a library's
    /// outlasts.
    pub fn is_of_the_day(&self) -> bool {
        let details = self.error.get("details").and_then(Value::as_array);
        let violations = details.into_iter().flatten().filter_map(|detail| {
            let violations = detail.get("violations")?.as_array()?;
            Some(violations.iter())
        });
        let mut ids = violations
            .flatten()
            .filter_map(|it| it.get("quotaId")?.as_str());
        ids.any(|id| id.contains("PerDay"))
    }
}

impl fmt::Debug for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[an error of a provider, status {}]", self.status)
    }
}
