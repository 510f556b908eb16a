//! Sorts the errors of providers into classes; `docs/providers.md` §4.
//!
//! Every shape of error body is read: nested, flat, a bare text, an array,
//! problem+json, HTML. Only the class is kept; the text is dropped.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::model::{FailureClass, ProviderFailure, ProviderId, Restriction};

use super::error_body::{ErrorBody, parse_error, seconds};
use crate::providers::catalogue::Provider;

/// The longest wait that a provider is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Codes of an account that pays for nothing more.
const NO_CREDIT: [&str; 6] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    // Moonshot's, Z.ai's and Qwen's.
    "exceeded_current_quota_error",
    "1113",
    "Arrearage",
];

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
        403 if error.has_code(&NO_CREDIT) => FailureClass::Billing,
        403 if error.mentions(&["moderation", "flagged"]) => FailureClass::ContentBlocked,
        // Together's word for it.
        403 if error.is_about_length() => FailureClass::ContextTooLong,
        403 => FailureClass::AuthForbidden(restriction_in(error)),
        // Fireworks' word for it.
        412 if error.mentions(&["account is suspended"]) => {
            FailureClass::AuthForbidden(Restriction::Suspended)
        }
        429 if error.has_code(&NO_CREDIT)
            || error.mentions(&["prepayment credits are depleted", "credit balance"]) =>
        {
            FailureClass::Billing
        }
        429 if error.is_beyond_free_tier() => FailureClass::AuthForbidden(Restriction::FreeTier),
        // Cohere's word for it; Groq means that it has no room.
        498 if error.mentions(&["deny listed"]) => FailureClass::ContentBlocked,
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
    } else if error.has_code(&["customer_verification_required"])
        || error.mentions(&["organization must be verified"])
    {
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
            "sufficient permissions",
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
    } else if error.is_about_length() {
        FailureClass::ContextTooLong
    } else if error.has_code(&[
        "content_filter",
        "moderation_blocked",
        "content_policy_violation",
        "data_inspection_failed",
        "1301",
    ]) || error.mentions(&["content moderation", "rejected by the safety system"])
    {
        FailureClass::ContentBlocked
    } else if refuses_picture(error) {
        FailureClass::PictureRefused
    } else if status == 404
        || error.has_code(&["model_not_found", "model_not_available"])
        || (error.message.contains("model")
            && error.mentions(&[
                "not found",
                "does not exist",
                "model not exist",
                "invalid model",
                "not a valid model",
                "not supported by",
                "unknown model",
            ]))
        || status == 410
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;
    use crate::providers::catalogue::plain_refusals;

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
        for (id, refusal) in plain_refusals() {
            let (provider, body) = (catalogue.find(&id).unwrap(), &refusal.body);
            let failure = classify(provider, refusal.status, &HeaderMap::new(), body.as_bytes());
            assert_eq!(format!("{:?}", failure.class), refusal.class, "{id} {body}");
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
