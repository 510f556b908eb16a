//! Headers of a caller's that reach a provider, beside the key's own:
//! `docs/providers.md` §15.1. Everything else stays here.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::providers::catalogue::Provider;
use crate::providers::shared_key::allowed_features;

/// Headers that reach every provider, whoever pays.
const FOR_ALL: [HeaderName; 2] = [ACCEPT, CONTENT_TYPE];
/// Headers that reach Anthropic, whoever pays; of the first, a shared key
/// carries a part.
const BETA: &str = "anthropic-beta";
pub const VERSION: &str = "anthropic-version";
/// Headers that reach the provider whose libraries and programs send them,
/// where the caller's own key pays, by how they begin.
const FOR_ONE: [(&str, &[&str]); 5] = [
    (
        "anthropic",
        &[
            "anthropic-user-profile-id",
            "anthropic-workspace-id",
            "x-app",
            "x-claude-code-",
        ],
    ),
    (
        "openai",
        &[
            "openai-",
            "originator",
            "session-id",
            "session_id",
            "thread-id",
            "x-client-request-id",
            "x-codex-",
            "x-openai-",
        ],
    ),
    ("google", &["x-goog-", "x-server-timeout"]),
    ("openrouter", &["http-referer", "x-openrouter-", "x-title"]),
    ("xai", &["x-grok-"]),
];
/// Headers that bring keys: the paying one takes their place.
const KEYS: [&str; 4] = [
    "x-goog-api-key",
    "x-openai-key",
    "x-xai-key",
    "x-openrouter-key",
];

/// Headers of a caller's that may reach a provider. They are copies: the
/// headers that came share the buffer of their connection, and would keep it.
#[derive(Clone, Default)]
pub struct ForwardedHeaders(Vec<(HeaderName, HeaderValue)>);

impl ForwardedHeaders {
    /// Copies those that may reach some provider, of all that came. What is
    /// a list may stand in several headers, which become one.
    pub fn copy_from(headers: &HeaderMap) -> Self {
        let mut copied = Vec::new();
        for name in headers.keys().filter(|name| may_be_forwarded(name)) {
            let mut values = headers.get_all(name).iter();
            let Some(first) = values.next() else { continue };
            let mut joined = first.as_bytes().to_vec();
            for value in values {
                joined.extend_from_slice(b", ");
                joined.extend_from_slice(value.as_bytes());
            }
            if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(joined)) {
                copied.push((name.clone(), value));
            }
        }
        Self(copied)
    }

    /// Those that reach this provider: all that it may be sent, where the
    /// caller's own key pays.
    pub fn for_own_key(&self, provider: &Provider) -> Vec<(HeaderName, HeaderValue)> {
        self.filter(|name| is_for_all(name) || starts_of(provider.id.as_str(), name))
    }

    /// Those that reach a provider with a key that others pay for: nothing
    /// that switches on what it does not pay for, and no word about the body,
    /// which was judged as the JSON that it is.
    pub fn for_shared_key(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = self.filter(|name| is_for_all(name) && name != CONTENT_TYPE);
        headers.retain_mut(|(name, value)| {
            if name.as_str() != BETA {
                return true;
            }
            let allowed = value.to_str().ok().and_then(allowed_features);
            let allowed = allowed.and_then(|allowed| HeaderValue::from_str(&allowed).ok());
            let is_left = allowed.is_some();
            if let Some(allowed) = allowed {
                *value = allowed;
            }
            is_left
        });
        headers
    }

    fn filter(&self, goes_on: impl Fn(&HeaderName) -> bool) -> Vec<(HeaderName, HeaderValue)> {
        let headers = self.0.iter().filter(|(name, _)| goes_on(name));
        headers.cloned().collect()
    }
}

fn is_for_all(name: &HeaderName) -> bool {
    FOR_ALL.contains(name) || [BETA, VERSION].contains(&name.as_str())
}

/// Whether a header is one that a provider's own libraries send it.
fn starts_of(provider: &str, name: &HeaderName) -> bool {
    let starts = FOR_ONE.iter().find(|(of, _)| *of == provider);
    let mut starts = starts.into_iter().flat_map(|(_, starts)| starts.iter());
    starts.any(|start| name.as_str().starts_with(start)) && !KEYS.contains(&name.as_str())
}

fn may_be_forwarded(name: &HeaderName) -> bool {
    let mut providers = FOR_ONE.iter().map(|(provider, _)| provider);
    is_for_all(name) || providers.any(|provider| starts_of(provider, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;

    const SENT: &[(&str, &str)] = &[
        ("accept", "application/json"),
        ("anthropic-beta", "a-2026-01-01"),
        ("anthropic-beta", "b-2026-01-01,c-2026-01-01"),
        ("anthropic-version", "2023-06-01"),
        ("authorization", "Bearer made-up"),
        ("content-type", "text/plain"),
        ("cookie", "made-up"),
        ("http-referer", "https://a.example"),
        ("openai-beta", "assistants=v2"),
        ("openai-project", "proj_madeup"),
        ("x-api-key", "made-up"),
        ("x-goog-api-key", "made-up"),
        ("x-goog-upload-protocol", "resumable"),
        ("x-openai-key", "made-up"),
        ("x-stainless-os", "Linux"),
        ("x-title", "A"),
    ];

    #[test]
    fn each_provider_gets_what_its_own_libraries_send() {
        let mut headers = HeaderMap::new();
        for (name, value) in SENT {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let headers = ForwardedHeaders::copy_from(&headers);
        let catalogue = Catalogue::new(&[]).unwrap();
        let shown = |headers: Vec<(HeaderName, HeaderValue)>| {
            let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_string()).collect();
            names.sort_unstable();
            names.join(" ")
        };
        let own = |provider: &str| shown(headers.for_own_key(catalogue.find(provider).unwrap()));
        let all = "accept anthropic-beta anthropic-version content-type";
        for (provider, more) in [
            ("openai", " openai-beta openai-project"),
            ("anthropic", ""),
            ("google", " x-goog-upload-protocol"),
            ("groq", ""),
        ] {
            assert_eq!(own(provider), format!("{all}{more}"), "{provider}");
        }
        assert_eq!(
            own("openrouter"),
            "accept anthropic-beta anthropic-version content-type http-referer x-title"
        );
        assert_eq!(shown(headers.for_shared_key()), "accept anthropic-version");
        let beta = headers.0.iter().find(|(name, _)| name == "anthropic-beta");
        assert_eq!(beta.unwrap().1, "a-2026-01-01, b-2026-01-01,c-2026-01-01");
    }
}
