//! What a provider itself says of a call that failed: for the owner of the
//! key that paid, and for nobody else.
//!
//! Its words may hold anything, so that everything that looks like a key is
//! taken out of them, with the paying key itself, and the names of
//! organisations, projects and accounts; `docs/providers.md` §4.5.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::model::{Credential, ErrorForm, ProviderError, redact};

/// The most of one text in an error that is told.
const TEXT_CHARACTERS_MAX: usize = 4_000;
/// How deep an error is told.
const DEPTH_MAX: usize = 8;
/// A shorter key is no word of its own, and would be found everywhere.
const SECRET_BYTES_MIN: usize = 8;
/// What stands where the paying key stood.
const KEY_MARK: &str = "[redacted]";
/// What stands where a name stood.
const NAME_MARK: &str = "[…]";
/// How the names of organisations, projects and accounts begin.
const NAMES: [&str; 4] = ["org-", "proj_", "user-", "acct_"];
/// Fields whose values are keys, whatever they look like.
const KEY_FIELDS: [&str; 7] = [
    "api_key",
    "apikey",
    "authorization",
    "key",
    "secret",
    "token",
    "x-api-key",
];
/// Headers of an answer that are told, by how they begin: limits of the
/// account, and how to go on; `docs/providers.md` §5.1.
const TOLD_HEADERS: [&str; 7] = [
    "anthropic-ratelimit-",
    "openai-processing-ms",
    "openai-version",
    "x-gemini-service-tier",
    "x-goog-upload-",
    "x-ratelimit-",
    "x-should-retry",
];
/// Where providers write which request an answer belongs to.
const REQUEST_IDS: [&str; 2] = ["request-id", "x-request-id"];
/// Where it is told: the names themselves tell our own.
const TOLD_REQUEST_ID: HeaderName = HeaderName::from_static("x-latchkey-provider-request-id");

/// Takes out of a provider's words what nobody may read.
#[derive(Default)]
pub struct Scrubber {
    /// The key that the call was made with.
    secret: Option<SecretString>,
}

/// The error in the body of an answer; none where there are no words.
pub fn read_error(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    scrubber: &Scrubber,
) -> Option<ProviderError> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut error = read_value(status, &body, scrubber)?;
    error.headers = told_headers(headers);
    Some(error)
}

/// The error that an event of a stream is.
pub fn read_error_event(status: u16, event: &Value, scrubber: &Scrubber) -> Option<ProviderError> {
    let mut error = read_value(status, event, scrubber)?;
    error.event = Some(scrubber.scrub_value(event, 0));
    Some(error)
}

fn read_value(status: u16, body: &Value, scrubber: &Scrubber) -> Option<ProviderError> {
    // Google puts some of its errors into a list.
    let body = body.get(0).unwrap_or(body);
    let nested = body
        .get("error")
        .or_else(|| body.pointer("/response/error"))
        .filter(|error| error.is_object());
    let error = nested.unwrap_or(body).as_object()?;
    // OpenAI's Responses write the event of an error so too, with a number.
    let is_numbered = body.get("sequence_number").is_some();
    let form = if nested.is_some() && body["type"] == "error" && !is_numbered {
        ErrorForm::Anthropic
    } else if error.get("status").is_some_and(Value::is_string) && error.contains_key("code") {
        ErrorForm::Google
    } else {
        ErrorForm::OpenAi
    };
    let message = message_of(error)?;
    let mut told = scrubber.scrub_fields(error, 0);
    if nested.is_none() {
        // Flat forms have other names for the message, and fields that
        // are none of the error's.
        told.retain(|name, _| ["type", "code", "param"].contains(&name.as_str()));
        if body["type"] == "error" {
            told.remove("type");
        }
    }
    told.insert("message".to_owned(), json!(scrubber.scrub(message)));
    Some(ProviderError {
        status,
        form,
        error: told,
        event: None,
        headers: Vec::new(),
    })
}

/// The message in an error, by any of the names that it has.
fn message_of(error: &Map<String, Value>) -> Option<&str> {
    let names = ["message", "detail", "error", "error_message", "title"];
    let found = names.iter().find_map(|name| error.get(*name)?.as_str());
    found.filter(|message| !message.trim().is_empty())
}

/// The headers of an answer that the owner of the key may read.
pub fn told_headers(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let mut told = Vec::new();
    for (name, value) in headers {
        let is_told = |start: &&str| name.as_str().starts_with(*start);
        if REQUEST_IDS.contains(&name.as_str()) {
            told.push((TOLD_REQUEST_ID, value.clone()));
        } else if TOLD_HEADERS.iter().any(is_told) {
            told.push((name.clone(), value.clone()));
        }
    }
    told
}

impl Scrubber {
    /// Takes out this key too.
    pub fn for_key(credential: Option<&Credential>) -> Self {
        Self {
            secret: credential.map(|credential| credential.secret.clone()),
        }
    }

    /// The text without what nobody may read.
    pub fn scrub(&self, text: &str) -> String {
        let secret = self.secret.as_ref().map(SecretString::expose_secret);
        let secret = secret.filter(|secret| secret.len() >= SECRET_BYTES_MIN);
        let text = match secret {
            Some(secret) if text.contains(secret) => text.replace(secret, KEY_MARK).into(),
            _ => std::borrow::Cow::Borrowed(text),
        };
        let text = redact(&text);
        let mut scrubbed = String::with_capacity(text.len());
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            if NAMES.iter().any(|start| bare.starts_with(start)) {
                scrubbed.push_str(NAME_MARK);
                scrubbed.extend(word.chars().last().filter(|c| c.is_whitespace()));
            } else {
                scrubbed.push_str(word);
            }
        }
        let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let shown = scrubbed.chars().filter(is_shown);
        shown.take(TEXT_CHARACTERS_MAX).collect()
    }

    fn scrub_value(&self, value: &Value, depth: usize) -> Value {
        match value {
            Value::String(text) => self.scrub(text).into(),
            Value::Array(_) | Value::Object(_) if depth >= DEPTH_MAX => Value::Null,
            Value::Array(list) => {
                let items = list.iter().map(|item| self.scrub_value(item, depth + 1));
                items.collect()
            }
            Value::Object(fields) => self.scrub_fields(fields, depth).into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn scrub_fields(&self, fields: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let scrubbed = fields.iter().map(|(name, value)| {
            let is_key = KEY_FIELDS.contains(&name.to_ascii_lowercase().as_str());
            let value = if is_key && value.is_string() {
                json!(KEY_MARK)
            } else {
                self.scrub_value(value, depth + 1)
            };
            (self.scrub(name), value)
        });
        scrubbed.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(body: &Value) -> ProviderError {
        let credential = Credential {
            secret: SecretString::from("0123456789madeup0123456789madeup"),
            origins: Vec::new(),
            extras: BTreeMap::new(),
        };
        let scrubber = Scrubber::for_key(Some(&credential));
        let body = body.to_string();
        read_error(400, &HeaderMap::new(), body.as_bytes(), &scrubber).unwrap()
    }

    #[test]
    fn every_form_of_error_keeps_its_fields() {
        for (body, form, kept) in [
            (
                json!({"error": {"message": "no", "type": "invalid_request_error", "param": "x", "code": "unsupported_value"}}),
                ErrorForm::OpenAi,
                json!({"message": "no", "type": "invalid_request_error", "param": "x", "code": "unsupported_value"}),
            ),
            (
                json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded", "details": {"error_code": "x"}}, "request_id": "req_1"}),
                ErrorForm::Anthropic,
                json!({"type": "overloaded_error", "message": "Overloaded", "details": {"error_code": "x"}}),
            ),
            (
                json!([{"error": {"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "QuotaFailure", "violations": [{"quotaId": "PerDay"}]}]}}]),
                ErrorForm::Google,
                json!({"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "QuotaFailure", "violations": [{"quotaId": "PerDay"}]}]}),
            ),
            (
                json!({"type": "error", "sequence_number": 1, "error": {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "long", "param": "input"}}),
                ErrorForm::OpenAi,
                json!({"type": "invalid_request_error", "code": "context_length_exceeded", "message": "long", "param": "input"}),
            ),
            // Mistral, Cerebras, xAI, RunPod.
            (
                json!({"detail": "Invalid", "status": 401}),
                ErrorForm::OpenAi,
                json!({"message": "Invalid"}),
            ),
            (
                json!({"message": "Wrong", "type": "t", "param": "p", "code": "c"}),
                ErrorForm::OpenAi,
                json!({"message": "Wrong", "type": "t", "param": "p", "code": "c"}),
            ),
            (
                json!({"code": "invalid-argument", "error": "Bad body"}),
                ErrorForm::OpenAi,
                json!({"message": "Bad body", "code": "invalid-argument"}),
            ),
            // Two events of OpenAI's Responses.
            (
                json!({"type": "error", "code": "rate_limit_exceeded", "message": "no", "param": null, "sequence_number": 2}),
                ErrorForm::OpenAi,
                json!({"message": "no", "code": "rate_limit_exceeded", "param": null}),
            ),
            (
                json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "no"}}}),
                ErrorForm::OpenAi,
                json!({"message": "no", "code": "server_error"}),
            ),
        ] {
            let error = read(&body);
            assert_eq!((error.form, json!(error.error)), (form, kept), "{body}");
        }
        let nothing = |body: &str| {
            read_error(
                500,
                &HeaderMap::new(),
                body.as_bytes(),
                &Scrubber::default(),
            )
        };
        for body in ["", "<html>", "[]", "{}", r#"{"error":{"message":" "}}"#] {
            assert!(nothing(body).is_none(), "{body}");
        }
    }

    #[test]
    fn no_key_and_no_name_is_told() {
        let error = read(&json!({"error": {
            "message": "Key sk-proj-madeup0123456789 or 0123456789madeup0123456789madeup of org-madeup\u{7} is wrong",
            "metadata": {"raw": ["used by proj_madeup."], "token": "whatever"},
            "deep": [[[[[[[[["far down"]]]]]]]]],
        }}));
        assert_eq!(
            error.message(),
            "Key [redacted] or [redacted] of […] is wrong"
        );
        assert_eq!(
            error.error["metadata"],
            json!({"raw": ["used by […]"], "token": "[redacted]"})
        );
        let told = json!(error.error).to_string();
        assert!(
            !told.contains("madeup") && !told.contains("far down"),
            "{told}"
        );
        assert!(!format!("{error:?}").contains("wrong"));
    }

    #[test]
    fn headers_that_tell_of_limits_are_told() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-ratelimit-remaining-requests",
            "anthropic-ratelimit-tokens-limit",
            "request-id",
            "set-cookie",
            "openai-organization",
            "x-should-retry",
        ] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        let mut told: Vec<_> = told_headers(&headers)
            .into_iter()
            .map(|(name, _)| name.to_string())
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                "anthropic-ratelimit-tokens-limit",
                "x-latchkey-provider-request-id",
                "x-ratelimit-remaining-requests",
                "x-should-retry"
            ]
        );
    }
}
