//! Sorts the errors of providers into classes; `docs/providers.md` §4.
//!
//! Every shape of error body is read: nested, flat, a bare text, an array,
//! problem+json, HTML. Only the class is kept; the text is dropped.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::model::{FailureClass, ProviderFailure, ProviderId, Restriction};

use super::catalogue::Provider;

/// The longest wait that a provider is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Codes of an account that pays for nothing more.
const NO_CREDIT: [&str; 3] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
];

/// What could be parsed of an error body. Never kept, never shown.
#[derive(Default)]
struct ErrorBody {
    /// In lower case.
    message: String,
    code: String,
    kind: String,
    /// Google's `details[].reason`, and OpenRouter's `metadata`.
    reasons: Vec<String>,
    retry_delay: Option<Duration>,
}

/// Sorts an answer that is an error.
pub fn classify(
    provider: &Provider,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> ProviderFailure {
    let error = serde_json::from_slice(body)
        .map(|value| parse_error(&value))
        .unwrap_or_default();
    let class = class_of(status, &error);
    // What a key may not do it may not do later either, whatever is sent along.
    let is_lasting = matches!(class, FailureClass::AuthForbidden(_));
    ProviderFailure {
        provider: provider.id.clone(),
        class,
        status: Some(status),
        retry_after: header_delay(headers)
            .or(error.retry_delay)
            .filter(|_| !is_lasting)
            .map(|d| d.min(RETRY_AFTER_MAX)),
        subject: None,
    }
}

/// Sorts an error that came inside a stream whose status was 200.
pub fn classify_event(provider: &ProviderId, event: &Value) -> ProviderFailure {
    let error = parse_error(event);
    ProviderFailure {
        provider: provider.clone(),
        class: class_of(error.status(), &error),
        status: Some(200),
        retry_after: error.retry_delay,
        subject: None,
    }
}

/// The status that an error inside a stream stands for.
pub fn status_of_event(event: &Value) -> u16 {
    parse_error(event).status()
}

/// Whether an answer with status 200 reports an error all the same.
pub fn has_hidden_error(body: &Value) -> bool {
    body.get("error_code").is_some_and(|code| !code.is_null())
}

impl ErrorBody {
    /// The status that an error without one stands for.
    fn status(&self) -> u16 {
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
            | "context_length_exceeded" => Some(400),
            _ => None,
        };
        // OpenAI's types are coarser than its codes.
        meant(&self.code)
            .or_else(|| meant(&self.kind))
            .unwrap_or(500)
    }

    /// Whether the provider says that it has more to do than it can.
    fn is_overload(&self, status: u16) -> bool {
        let says_so = self.has_code(&[
            "overloaded_error",
            "server_is_overloaded",
            "slow_down",
            "UNAVAILABLE",
        ]);
        status == 529 || says_so || (status == 503 && self.mentions(&["overload", "high demand"]))
    }

    /// Whether the message holds one of these texts.
    fn mentions(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.message.contains(text))
    }

    /// Whether the code or the kind of the error is one of these.
    fn has_code(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str()) || codes.contains(&self.kind.as_str())
    }

    fn has_reason(&self, reason: &str) -> bool {
        self.reasons.iter().any(|given| given == reason)
    }

    /// Whether a quota of Google's free tier is none at all for the model, so
    /// that no wait helps. The message holds a line for each quota.
    fn is_beyond_free_tier(&self) -> bool {
        let quotas = self.message.split("quota exceeded for metric");
        let is_none = |quota: &str| {
            let limit = quota.split("limit:").nth(1).unwrap_or_default();
            let digits = limit.trim_start().split(|c: char| !c.is_ascii_digit());
            quota.contains("free_tier") && digits.into_iter().next() == Some("0")
        };
        quotas.skip(1).any(is_none)
    }
}

/// Sorts by the hosts' own codes, then by status, code and message.
fn class_of(status: u16, error: &ErrorBody) -> FailureClass {
    match error.code.as_str() {
        "401001" | "400004" => return FailureClass::AuthInvalid,
        "10001" | "400002" => return FailureClass::Billing,
        "403003" => return FailureClass::AuthForbidden(Restriction::Permission),
        "10002" => return FailureClass::AuthForbidden(Restriction::Suspended),
        "404001" | "10003" => return FailureClass::ModelNotFound,
        "500001" => return FailureClass::Upstream,
        _ => {}
    }
    match status {
        401 if !error.has_code(&["invalid_api_key"])
            && error.mentions(&["organization", "ip address", "ip is not", "missing scopes"]) =>
        {
            FailureClass::AuthForbidden(restriction_in(error))
        }
        401 => FailureClass::AuthInvalid,
        402 if error.has_reason("openrouter_in_flight_budget") => FailureClass::RateLimited,
        402 => FailureClass::Billing,
        403 if error.mentions(&["not authenticated"]) => FailureClass::AuthInvalid,
        403 if error.mentions(&["moderation", "flagged"]) => FailureClass::ContentBlocked,
        403 => FailureClass::AuthForbidden(restriction_in(error)),
        429 if error.has_code(&NO_CREDIT)
            || error.mentions(&["prepayment credits are depleted", "credit balance"]) =>
        {
            FailureClass::Billing
        }
        429 if error.is_beyond_free_tier() => FailureClass::AuthForbidden(Restriction::FreeTier),
        429 | 498 => FailureClass::RateLimited,
        400 | 404 | 405 | 409 | 410 | 413 | 422 => class_of_request(status, error),
        500.. if error.is_overload(status) => FailureClass::Overloaded,
        _ => FailureClass::Upstream,
    }
}

/// What a provider does not let a key do, as far as it says.
fn restriction_in(error: &ErrorBody) -> Restriction {
    let has = |reasons: &[&str]| reasons.iter().any(|reason| error.has_reason(reason));
    let blocked = error.code.starts_with("model_permission_blocked");
    if error.mentions(&["key limit exceeded", "any credits or licenses"]) {
        Restriction::Spent
    } else if error.mentions(&["organization must be verified"]) {
        Restriction::Unverified
    } else if blocked
        || error.has_code(&["model_not_found"])
        || error.mentions(&["access to model"])
    {
        Restriction::Model
    } else if has(&[
        "API_KEY_IP_ADDRESS_BLOCKED",
        "API_KEY_HTTP_REFERRER_BLOCKED",
    ]) || error.mentions(&["ip address", "ip is not", "ip allowlist"])
    {
        Restriction::Address
    } else if error.has_code(&["unsupported_country_region_territory"])
        || error.mentions(&["country, region", "user location"])
    {
        Restriction::Country
    } else if has(&["CONSUMER_SUSPENDED"]) || error.mentions(&["suspended"]) {
        Restriction::Suspended
    } else if has(&["API_KEY_SERVICE_BLOCKED", "SERVICE_DISABLED"])
        || error.mentions(&[
            "missing scopes",
            "insufficient permissions",
            "permission to",
        ])
    {
        Restriction::Permission
    } else {
        Restriction::Unsaid
    }
}

/// Sorts a 4xx that may be about the key, the model, the length, the
/// content, or a mistake of ours.
fn class_of_request(status: u16, error: &ErrorBody) -> FailureClass {
    if error.has_reason("API_KEY_INVALID") || error.mentions(&["incorrect api key"]) {
        FailureClass::AuthInvalid
    } else if error.has_code(&["FAILED_PRECONDITION"])
        || error.mentions(&["organization must be verified"])
    {
        FailureClass::AuthForbidden(restriction_in(error))
    } else if error.has_code(&NO_CREDIT)
        || error.mentions(&[
            "credit balance is too low",
            "usage limits",
            "spend limit",
            "billing hard limit",
        ])
    {
        FailureClass::Billing
    } else if error.has_code(&["context_length_exceeded"])
        || error.mentions(&[
            "prompt is too long",
            "maximum context length",
            "token count",
        ])
    {
        FailureClass::ContextTooLong
    } else if error.has_code(&[
        "content_filter",
        "moderation_blocked",
        "content_policy_violation",
    ]) || error.mentions(&["content moderation", "rejected by the safety system"])
    {
        FailureClass::ContentBlocked
    } else if refuses_picture(error) {
        FailureClass::PictureRefused
    } else if status == 404
        || error.has_code(&["model_not_found"])
        || (error.message.contains("model") && error.mentions(&["not found", "does not exist"]))
        || error.mentions(&MAKES_NO_PICTURES)
    {
        FailureClass::ModelNotFound
    } else {
        FailureClass::BadRequest
    }
}

/// What is said of a model of which pictures are asked that makes none.
const MAKES_NO_PICTURES: [&str; 2] = [
    "supported values are: 'gpt-image",
    "support the requested response modalities",
];

/// Whether it is a picture that a provider can't read.
fn refuses_picture(error: &ErrorBody) -> bool {
    error.code.starts_with("invalid_image")
        || error.has_code(&[
            "image_parse_error",
            "invalid_base64_image",
            "unsupported_file_mimetype",
        ])
        || error.mentions(&[
            "could not process image",
            "unable to process input image",
            "provided image is not valid",
            "unsupported image",
            "does not represent a valid image",
            "image does not match the provided media type",
            "image exceeds",
            "image dimensions exceed",
        ])
}

fn parse_error(body: &Value) -> ErrorBody {
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

fn header_delay(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(ms) = header("retry-after-ms").and_then(|text| text.parse::<u64>().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let after = header("retry-after")?;
    seconds(after).or_else(|| {
        let at = httpdate::parse_http_date(after).ok()?;
        // By the provider's own clock, where it tells the time.
        let date = header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let now = date.unwrap_or_else(SystemTime::now);
        Some(at.duration_since(now).unwrap_or_default())
    })
}

/// Reads `48`, `48.9` or `48.9s`.
fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.trim().trim_end_matches('s').parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;

    #[test]
    fn every_shape_of_error_is_sorted() {
        let catalogue = Catalogue::new(&[]).unwrap();
        // A line each: provider, status, class, body.
        for case in include_str!("failures.txt").lines() {
            let mut parts = case.splitn(4, ' ');
            let provider = catalogue.find(parts.next().unwrap()).unwrap();
            let status = parts.next().unwrap().parse().unwrap();
            let expected = parts.next().unwrap();
            let body = parts.next().unwrap_or_default();
            let failure = classify(provider, status, &HeaderMap::new(), body.as_bytes());
            assert_eq!(format!("{:?}", failure.class), expected, "{case}");
        }
    }

    #[test]
    fn the_wait_is_read_from_headers_and_from_googles_body() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let google = catalogue.find("google").unwrap();
        let wait = |name: &'static str, value: &'static str, body: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            classify(google, 429, &headers, body.as_bytes())
                .retry_after
                .map(|d| d.as_millis())
        };
        assert_eq!(wait("retry-after", "7", ""), Some(7_000));
        assert_eq!(wait("retry-after-ms", "250", ""), Some(250));
        assert_eq!(wait("retry-after", "1e300", ""), None);
        assert_eq!(wait("retry-after", "-4", ""), None);
        assert_eq!(wait("retry-after", "999999999", ""), Some(86_400_000));
        let body = r#"{"error":{"details":[{"retryDelay":"48.5s"}]}}"#;
        assert_eq!(wait("x-other", "1", body), Some(48_500));
        let mut dated = HeaderMap::new();
        dated.insert("date", "Fri, 27 Nov 2026 13:08:17 GMT".parse().unwrap());
        for (at, ms) in [
            ("Fri, 27 Nov 2026 13:10:17 GMT", Some(120_000)),
            ("Fri, 27 Nov 2026 13:00:00 GMT", Some(0)),
            ("tomorrow", None),
        ] {
            dated.insert("retry-after", at.parse().unwrap());
            let wait = classify(google, 429, &dated, b"").retry_after;
            assert_eq!(wait.map(|wait| wait.as_millis()), ms, "{at}");
        }
    }

    #[test]
    fn an_error_in_a_stream_stands_for_a_status() {
        for (event, status, class) in [
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                529,
                FailureClass::Overloaded,
            ),
            (
                r#"{"error":{"code":503,"message":"high demand","status":"UNAVAILABLE"}}"#,
                503,
                FailureClass::Overloaded,
            ),
            (
                r#"{"type":"error","code":"rate_limit_exceeded","message":"no","param":null}"#,
                429,
                FailureClass::RateLimited,
            ),
            (
                r#"{"error":{"type":"invalid_request_error","code":"insufficient_quota","message":"no"}}"#,
                429,
                FailureClass::Billing,
            ),
            (
                r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"no"}}}"#,
                500,
                FailureClass::Upstream,
            ),
            (
                r#"{"error":{"code":502,"message":"Worker local total request limit reached (33/32)"}}"#,
                502,
                FailureClass::Upstream,
            ),
            (r#"{"error":"overloaded"}"#, 500, FailureClass::Upstream),
        ] {
            let event: Value = serde_json::from_str(event).unwrap();
            assert_eq!(status_of_event(&event), status, "{event}");
            let failure = classify_event(&ProviderId::from("x"), &event);
            assert_eq!(
                (failure.class, failure.status),
                (class, Some(200)),
                "{event}"
            );
        }
    }
}
