//! What a call asks a provider for, by its address.

use reqwest::Method;

use crate::providers::catalogue::{Dialect, Provider};

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Words, in the provider's own chat dialect.
    Chat,
    /// OpenAI's newer API for the same.
    Responses,
    Embeddings,
    /// Pictures, in OpenAI's way.
    Images,
    /// Something that costs nothing: models listed, tokens counted.
    Free,
    /// Anything else that a provider does. Nobody knows what it costs, or
    /// whose data it shows, so that only one's own key pays for it.
    Other,
}

impl Surface {
    /// What a path of a provider's own asks for; the path is below its base.
    pub fn of(provider: &Provider, method: &Method, path: &str) -> Self {
        let (get, post) = (*method == Method::GET, *method == Method::POST);
        match provider.dialect {
            Dialect::OpenAi(_) => openai((get, post), path),
            Dialect::Anthropic => match path {
                "/v1/messages" if post => Self::Chat,
                "/v1/messages/count_tokens" if post => Self::Free,
                _ if get && is_list(path, "/v1/models") => Self::Free,
                _ => Self::Other,
            },
            Dialect::Google => google((get, post), path),
            Dialect::Ollama => match path.strip_prefix("/v1") {
                Some(path) => openai((get, post), path),
                None => match path {
                    "/api/chat" if post => Self::Chat,
                    "/api/embed" if post => Self::Embeddings,
                    "/api/tags" | "/api/version" if get => Self::Free,
                    _ => Self::Other,
                },
            },
            Dialect::None => Self::Other,
        }
    }
}

fn openai((get, post): (bool, bool), path: &str) -> Surface {
    match path {
        "/chat/completions" if post => Surface::Chat,
        "/responses" if post => Surface::Responses,
        "/embeddings" if post => Surface::Embeddings,
        "/images/generations" if post => Surface::Images,
        "/moderations" if post => Surface::Free,
        _ if get && is_list(path, "/models") => Surface::Free,
        _ => Surface::Other,
    }
}

fn google((get, post): (bool, bool), path: &str) -> Surface {
    if get && is_list(path, "/models") {
        return Surface::Free;
    }
    let verb = path
        .strip_prefix("/models/")
        .and_then(|rest| rest.split_once(':'));
    match verb {
        Some((_, "generateContent" | "streamGenerateContent")) if post => Surface::Chat,
        Some((_, "embedContent" | "batchEmbedContents")) if post => Surface::Embeddings,
        Some((_, "countTokens")) if post => Surface::Free,
        _ => Surface::Other,
    }
}

/// A list, or one entry of it.
fn is_list(path: &str, list: &str) -> bool {
    path == list
        || path
            .strip_prefix(list)
            .is_some_and(|rest| rest.starts_with('/') && !rest.contains(':'))
}

/// A path below a provider's base as it may be put into an address: plain
/// segments, none of which leads out.
pub fn is_plain(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/,=~".contains(c);
    path.starts_with('/')
        && path.len() <= 512
        && path.chars().all(allowed)
        && !path
            .split('/')
            .skip(1)
            .any(|part| part.is_empty() || part == "." || part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;

    #[test]
    fn an_address_says_what_is_asked_for() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (provider, method, path, surface) in [
            ("openai", "POST", "/chat/completions", Surface::Chat),
            ("openai", "GET", "/chat/completions", Surface::Other),
            ("openai", "POST", "/responses", Surface::Responses),
            ("openai", "GET", "/responses/resp_1", Surface::Other),
            ("openai", "POST", "/embeddings", Surface::Embeddings),
            ("openai", "GET", "/models", Surface::Free),
            ("openai", "GET", "/models/gpt-6", Surface::Free),
            ("openai", "DELETE", "/models/ft-1", Surface::Other),
            ("openai", "GET", "/files", Surface::Other),
            ("anthropic", "POST", "/v1/messages", Surface::Chat),
            ("anthropic", "POST", "/v1/messages/batches", Surface::Other),
            (
                "google",
                "POST",
                "/models/gemini-x:generateContent",
                Surface::Chat,
            ),
            ("google", "POST", "/models/gemini-x:predict", Surface::Other),
            ("google", "GET", "/models/gemini-x", Surface::Free),
            ("google", "POST", "/cachedContents", Surface::Other),
            ("ollama", "POST", "/v1/chat/completions", Surface::Chat),
            ("ollama", "POST", "/api/pull", Surface::Other),
            ("runpod", "POST", "/x/run", Surface::Other),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let found = Surface::of(catalogue.find(provider).unwrap(), &method, path);
            assert_eq!(found, surface, "{provider} {method} {path}");
        }
    }

    #[test]
    fn a_path_cannot_lead_out_of_its_base() {
        for path in ["/models", "/models/a:b", "/v1/x_1-2.3/~", "/a/b,c=d"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "models",
            "/",
            "//",
            "/a//b",
            "/..",
            "/a/../b",
            "/./a",
            "/a/",
            "/%2e%2e/a",
            "/a%2fb",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/a b",
            "/\u{e9}",
            "/a\r\nb",
            "/a;b",
            "/a@b",
            "http://x/",
        ] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(!is_plain(&format!("/{}", "a".repeat(600))));
    }
}
