//! Provider keys that come with a call. They pay for that call and are never
//! stored.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::app::{KnownProviders, RequestKey};
use crate::model::{ProviderId, TOKEN_PREFIX};

use crate::gateway::replies::problem::Problem;

/// A header that takes any provider's key; Anthropic's libraries use it.
const ANY_PROVIDER_HEADER: &str = "x-api-key";
/// Where Google's libraries put the key.
const GOOGLE_HEADER: &str = "x-goog-api-key";
/// What stands around a provider's name in the header that brings its key.
const OWN_START: &str = "x-";
const OWN_END: &str = "-key";
/// The headers in which libraries put a key whatever they are given.
const OF_LIBRARIES: [&str; 2] = [ANY_PROVIDER_HEADER, GOOGLE_HEADER];
/// A header that is named as those of keys are, and brings none.
const IDEMPOTENCY_HEADER: &str = "x-idempotency-key";

/// A header's value that may be a key, and the provider that the header
/// names.
struct KeyHeader<'a> {
    provider: Option<ProviderId>,
    value: &'a HeaderValue,
}

/// Finds the key that came with a call, if one did. Two different keys are
/// refused, as nobody could tell which of them is to pay.
pub fn find_request_key(
    headers: &HeaderMap,
    providers: KnownProviders<'_>,
) -> Result<Option<RequestKey>, Problem> {
    let mut found: Option<KeyHeader<'_>> = None;
    let is_named = brings_named_key(headers);
    for (name, value) in headers {
        let provider = match header_role(name.as_str(), providers)? {
            HeaderRole::Other => continue,
            HeaderRole::KeyOfAnyProvider => None,
            HeaderRole::KeyOf(provider) => Some(provider),
        };
        let name = name.as_str();
        if is_token(value) || (is_named && is_placeholder(name, value, providers)) {
            continue;
        }
        let new = KeyHeader { provider, value };
        found = Some(match found {
            None => new,
            Some(before) => join_key_headers(before, new)?,
        });
    }
    let Some(KeyHeader { provider, value }) = found else {
        return Ok(None);
    };
    let secret = value.to_str().map_err(|_| {
        Problem::new(
            400,
            "malformed_key",
            "The key that came with the call has characters that no key has.",
        )
    })?;
    Ok(Some(RequestKey {
        provider,
        secret: SecretString::from(secret),
    }))
}

/// Finds the bytes of a key that came with a call, whoever it is for, to tell
/// it from others.
pub fn find_key_bytes<'a>(
    headers: &'a HeaderMap,
    providers: KnownProviders<'_>,
) -> Option<&'a [u8]> {
    let is_named = brings_named_key(headers);
    let mut keys = headers
        .iter()
        .filter(|(name, value)| brings_key(name, value));
    let found =
        keys.find(|(name, value)| !(is_named && is_placeholder(name.as_str(), value, providers)));
    found.map(|(_, value)| value.as_bytes())
}

/// Whether a header brings a key, and no token of ours in its place.
fn brings_key(name: &HeaderName, value: &HeaderValue) -> bool {
    is_key_header(name.as_str()) && name != IDEMPOTENCY_HEADER && !is_token(value)
}

/// Whether a token of ours stands where a library puts its key.
fn is_token(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(TOKEN_PREFIX.as_bytes())
}

/// Whether a key came in a header that no library sends by itself.
fn brings_named_key(headers: &HeaderMap) -> bool {
    let mut keys = headers
        .iter()
        .filter(|(name, value)| brings_key(name, value));
    keys.any(|(name, _)| !OF_LIBRARIES.contains(&name.as_str()))
}

/// Whether a library's header holds a word that stands for a key: libraries
/// send one whatever they are given.
fn is_placeholder(name: &str, value: &HeaderValue, providers: KnownProviders<'_>) -> bool {
    let text = value.to_str();
    OF_LIBRARIES.contains(&name) && text.is_ok_and(|text| !providers.may_be_secret(text))
}

/// Takes two headers for one, if they bring the same key and at most one of
/// them names its provider, or both the same one.
fn join_key_headers<'a>(
    first: KeyHeader<'a>,
    second: KeyHeader<'a>,
) -> Result<KeyHeader<'a>, Problem> {
    let may_agree =
        first.provider == second.provider || first.provider.is_none() || second.provider.is_none();
    if first.value != second.value || !may_agree {
        return Err(keys_disagree());
    }
    Ok(KeyHeader {
        provider: first.provider.or(second.provider),
        value: first.value,
    })
}

/// Whether a header of this name brings a key, or is meant to.
pub fn is_key_header(name: &str) -> bool {
    name.starts_with(OWN_START) && name.ends_with(OWN_END)
}

/// What a header of this name brings.
enum HeaderRole {
    KeyOfAnyProvider,
    KeyOf(ProviderId),
    Other,
}

/// Reads from a header's name whose key it brings.
fn header_role(name: &str, providers: KnownProviders<'_>) -> Result<HeaderRole, Problem> {
    if name == ANY_PROVIDER_HEADER {
        return Ok(HeaderRole::KeyOfAnyProvider);
    }
    if name == GOOGLE_HEADER {
        return Ok(HeaderRole::KeyOf(ProviderId::from("google")));
    }
    if name.contains('_') && is_key_header(&name.replace('_', "-")) {
        return Err(misspelt_header(name));
    }
    let Some(typed) = name
        .strip_prefix(OWN_START)
        .and_then(|rest| rest.strip_suffix(OWN_END))
    else {
        return Ok(HeaderRole::Other);
    };
    match providers.find(typed) {
        Some(provider) => Ok(HeaderRole::KeyOf(provider.id().clone())),
        None if typed == "idempotency" => Ok(HeaderRole::Other),
        // Passing over a mistyped provider would charge somebody else.
        None => Err(Problem::new(
            400,
            "unknown_provider",
            format!("`{name}` names no provider. `GET /api/v1/providers` lists all."),
        )),
    }
}

/// Passing over it would charge somebody else.
fn misspelt_header(name: &str) -> Problem {
    let message = format!(
        "The header `{name}` is not read, since some proxies drop names with underscores. Write it `{}`.",
        name.replace('_', "-")
    );
    Problem::new(400, "misspelt_header", message)
}

fn keys_disagree() -> Problem {
    Problem::new(
        400,
        "keys_disagree",
        "Two different keys came with the call. Send the one that shall pay.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;
    use secrecy::ExposeSecret;

    /// A key and another, in the shape that keys of OpenAI's have.
    const KEY: &str = "sk-proj-Made0Up1Made0Up1Made0Up1_made-up";
    const ANOTHER: &str = "sk-proj-Made0Up2Made0Up2Made0Up2_made-up";

    fn found(headers: &[(&'static str, &'static str)]) -> String {
        let catalogue = Catalogue::new(&[]).unwrap();
        let providers = KnownProviders::new(&catalogue);
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let headers: HeaderMap = headers.collect();
        match find_request_key(&headers, providers) {
            Ok(None) => "none".to_owned(),
            Ok(Some(key)) => {
                let bytes = find_key_bytes(&headers, providers);
                assert_eq!(bytes, Some(key.secret.expose_secret().as_bytes()));
                let of = key
                    .provider
                    .map_or_else(|| "any".to_owned(), |id| id.to_string());
                format!("{of} {}", key.secret.expose_secret())
            }
            Err(problem) => problem.code.to_owned(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table of headers")]
    #[test]
    fn a_key_is_found_by_its_header() {
        for (headers, key) in [
            (&[][..], "none"),
            (&[("x-api-key", "made-up-a")], "any made-up-a"),
            (&[("x-openai-key", "made-up-a")], "openai made-up-a"),
            (&[("x-claude-key", "made-up-a")], "anthropic made-up-a"),
            (&[("x-anthropic-key", "made-up-a")], "anthropic made-up-a"),
            (&[("x-gemini-key", "made-up-a")], "google made-up-a"),
            (&[("x-chatgpt-key", "made-up-a")], "openai made-up-a"),
            (&[("x-grok-key", "made-up-a")], "xai made-up-a"),
            (&[("x-goog-api-key", "made-up-a")], "google made-up-a"),
            (&[("x-deepseek-key", "made-up-a")], "deepseek made-up-a"),
            (
                &[("x-runcomfy-serverless-key", "made-up-a")],
                "runcomfy-serverless made-up-a",
            ),
            (&[("x-api-key", "latchkey_madeup")], "none"),
            (&[("x-goog-api-key", "latchkey_madeup")], "none"),
            (&[("x-idempotency-key", "1")], "none"),
            (&[("x-request-id", "1")], "none"),
            (&[("x-opnai-key", "made-up-a")], "unknown_provider"),
            (&[("x_api_key", "made-up-a")], "misspelt_header"),
            (&[("x_openai-key", "made-up-a")], "misspelt_header"),
            (&[("x-goog_api_key", "made-up-a")], "misspelt_header"),
            (&[("x_request_id", "1")], "none"),
            (
                &[
                    ("x-claude-key", "made-up-a"),
                    ("x-anthropic-key", "made-up-a"),
                ],
                "anthropic made-up-a",
            ),
            (
                &[
                    ("x-claude-key", "made-up-a"),
                    ("x-anthropic-key", "made-up-b"),
                ],
                "keys_disagree",
            ),
            (
                &[("x-api-key", "made-up-a"), ("x-openai-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-openai-key", "made-up-a"), ("x-api-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-api-key", KEY), ("x-openai-key", ANOTHER)],
                "keys_disagree",
            ),
            (
                &[("x-goog-api-key", KEY), ("x-openai-key", ANOTHER)],
                "keys_disagree",
            ),
            // A key of no known shape.
            (
                &[
                    ("x-api-key", "made0up1made0up1made0up1made0up1"),
                    ("x-openai-key", "made-up-a"),
                ],
                "keys_disagree",
            ),
            (
                &[("x-api-key", "placeholder"), ("x-openai-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-openai-key", "made-up-a"), ("x-api-key", "sk-1234")],
                "openai made-up-a",
            ),
            (
                &[("x-goog-api-key", "unused"), ("x-openai-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-goog-api-key", ""), ("x-gemini-key", "made-up-a")],
                "google made-up-a",
            ),
            (
                &[("api-key", "unused"), ("x-openai-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[
                    ("x-api-key", "unused"),
                    ("x-goog-api-key", "unused"),
                    ("x-claude-key", "made-up-a"),
                ],
                "anthropic made-up-a",
            ),
            // Without another they are keys.
            (&[("x-goog-api-key", "unused")], "google unused"),
            (
                &[
                    ("x-goog-api-key", "unused"),
                    ("x-openai-key", "latchkey_madeup"),
                ],
                "google unused",
            ),
            (
                &[("x-claude-key", "made-up-a"), ("x-openai-key", "made-up-a")],
                "keys_disagree",
            ),
            (
                &[("x-openai-key", "made-up-a"), ("x-openai-key", "made-up-b")],
                "keys_disagree",
            ),
        ] {
            assert_eq!(found(headers), key, "{headers:?}");
        }
    }
}
