//! The bodies of providers' errors, whatever their shape: nested, flat, a bare
//! text, an array, problem+json; `docs/providers.md` §4.1.

use std::time::Duration;

use serde_json::Value;

/// What could be parsed of an error body. Never kept, never shown.
#[derive(Default)]
pub struct ErrorBody {
    /// In lower case.
    pub message: String,
    pub code: String,
    pub kind: String,
    /// Google's `details[].reason`, and OpenRouter's `metadata`.
    pub reasons: Vec<String>,
    pub retry_delay: Option<Duration>,
}

impl ErrorBody {
    /// The status that an error without one stands for.
    pub fn status(&self) -> u16 {
        match self.code.parse::<u16>() {
            Ok(code) if (400..600).contains(&code) => return code,
            _ => {}
        }
        let meant = |word: &str| match word {
            "rate_limit_error"
            | "rate_limit_exceeded"
            | "insufficient_quota"
            | "RESOURCE_EXHAUSTED" => Some(429),
            "authentication_error" | "UNAUTHENTICATED" => Some(401),
            "billing_error" => Some(402),
            "permission_error" | "PERMISSION_DENIED" => Some(403),
            "not_found_error" | "NOT_FOUND" => Some(404),
            "request_too_large" => Some(413),
            "timeout_error" | "DEADLINE_EXCEEDED" => Some(504),
            "overloaded_error" => Some(529),
            "server_is_overloaded" | "slow_down" | "UNAVAILABLE" => Some(503),
            "invalid_request_error"
            | "INVALID_ARGUMENT"
            | "invalid_prompt"
            | "context_length_exceeded"
            | "image_generation_user_error"
            | "billing_limit_user_error"
            | "moderation_blocked"
            | "content_policy_violation"
            | "content_filter" => Some(400),
            _ => None,
        };
        // OpenAI's types are coarser than its codes.
        meant(&self.code)
            .or_else(|| meant(&self.kind))
            .unwrap_or(500)
    }

    /// Whether the provider says that it has more to do than it can.
    pub fn is_overload(&self, status: u16) -> bool {
        let says_so = self.has_code(&[
            "overloaded_error",
            "server_is_overloaded",
            "slow_down",
            "UNAVAILABLE",
        ]);
        status == 529 || says_so || (status == 503 && self.mentions(&["overload", "high demand"]))
    }

    /// Whether the message holds one of these texts.
    pub fn mentions(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.message.contains(text))
    }

    /// Whether a prompt is longer than the model reads.
    pub fn is_about_length(&self) -> bool {
        self.has_code(&["context_length_exceeded"])
            || self.mentions(&[
                "prompt is too long",
                "maximum context length",
                "too many tokens",
                "model token limit",
                "context window exceeds limit",
                "range of input length",
                "length of all messages is too long",
                "token count",
            ])
    }

    /// Whether the code or the kind of the error is one of these.
    pub fn has_code(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str()) || codes.contains(&self.kind.as_str())
    }

    /// Whether the body gives this reason, letter for letter.
    pub fn has_reason(&self, reason: &str) -> bool {
        self.reasons.iter().any(|given| given == reason)
    }

    /// Whether a quota of Google's free tier is none at all for the model, so
    /// that no wait helps. The message holds a line for each quota.
    pub fn is_beyond_free_tier(&self) -> bool {
        let quotas = self.message.split("quota exceeded for metric");
        let is_none = |quota: &str| {
            let limit = quota.split("limit:").nth(1).unwrap_or_default();
            let digits = limit.trim_start().split(|c: char| !c.is_ascii_digit());
            quota.contains("free_tier") && digits.into_iter().next() == Some("0")
        };
        quotas.skip(1).any(is_none)
    }
}

/// Reads the body of an error.
pub fn parse_error(body: &Value) -> ErrorBody {
    let body = body.get(0).unwrap_or(body);
    let nested = body
        .get("error")
        .or_else(|| body.pointer("/response/error"));
    let error = nested.filter(|it| it.is_object()).unwrap_or(body);
    let text = |at: &Value, field: &str| match at.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let message = ["message", "detail", "error", "error_message", "title"]
        .iter()
        .find_map(|field| text(error, field))
        .unwrap_or_default();
    let details = error
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let delay = details
        .clone()
        .find_map(|detail| detail.get("retryDelay")?.as_str());
    let mut reasons: Vec<String> = details
        .filter_map(|detail| detail.get("reason")?.as_str().map(Into::into))
        .collect();
    reasons.extend(
        error
            .pointer("/metadata/limit_source")
            .and_then(Value::as_str)
            .map(Into::into),
    );
    ErrorBody {
        message: message.to_lowercase(),
        code: text(error, "code")
            .or_else(|| text(error, "error_code"))
            .unwrap_or_default(),
        kind: text(error, "type")
            .or_else(|| text(error, "status"))
            .unwrap_or_default(),
        reasons,
        retry_delay: delay.and_then(seconds),
    }
}

/// Reads `48`, `48.9` or `48.9s`.
pub fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.trim().trim_end_matches('s').parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}
