//! Headers that the vendors put on every answer: limits, request ids and
//! whether to try again. `docs/providers.md` §5.1 and §5.4; their values are
//! of recorded answers.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use super::keys::Emulated;

const OPENAI: &[(&str, &str)] = &[
    ("openai-organization", "org-emulated"),
    ("openai-processing-ms", "584"),
    ("openai-version", "2020-10-01"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "200000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "199000"),
    ("x-ratelimit-reset-requests", "8.64s"),
    ("x-ratelimit-reset-tokens", "6m0s"),
    ("x-request-id", "req_emulated"),
];
const ANTHROPIC: &[(&str, &str)] = &[
    ("anthropic-organization-id", "org-emulated"),
    ("anthropic-ratelimit-input-tokens-limit", "10000000"),
    ("anthropic-ratelimit-input-tokens-remaining", "10000000"),
    ("anthropic-ratelimit-requests-limit", "10000"),
    ("anthropic-ratelimit-requests-remaining", "9997"),
    ("anthropic-ratelimit-requests-reset", "2026-08-19T14:34:11Z"),
    ("anthropic-ratelimit-tokens-limit", "12000000"),
    ("anthropic-ratelimit-tokens-remaining", "12000000"),
    ("anthropic-ratelimit-tokens-reset", "2026-08-19T14:34:12Z"),
    ("request-id", "req_emulated"),
];
const GROQ: &[(&str, &str)] = &[
    ("x-ratelimit-limit-requests", "14400"),
    ("x-ratelimit-remaining-requests", "14370"),
    ("x-request-id", "req_emulated"),
];
const GOOGLE: &[(&str, &str)] = &[
    ("server-timing", "gfet4t7; dur=619"),
    ("x-gemini-service-tier", "standard"),
];

/// Adds what a vendor puts on every answer.
pub fn add_headers(provider: &Emulated, response: &mut Response) {
    let added = match provider.id {
        "openai" => OPENAI,
        "anthropic" => ANTHROPIC,
        "groq" => GROQ,
        "google" => GOOGLE,
        _ => &[],
    };
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    for (name, value) in added {
        let name = HeaderName::from_static(name);
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if provider.id == "anthropic" && status >= 400 {
        let tries_again = !matches!(status, 400 | 401 | 403 | 404);
        let value = if tries_again { "true" } else { "false" };
        headers.insert("x-should-retry", HeaderValue::from_static(value));
    }
}
