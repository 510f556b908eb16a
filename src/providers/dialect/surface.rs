//! What a call asks a provider for; `docs/providers.md` §15.

/// What a call asks for, as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A chat in the provider's own dialect.
    Chat,
    /// OpenAI's newer API for chats.
    Responses,
    Embeddings,
    /// Pictures, as OpenAI makes them.
    Images,
    /// Something that costs nothing: models listed, tokens counted.
    Free,
    /// Anything else that a provider does. Nobody knows what it costs, or
    /// whose data it shows, so only the caller's own key pays for it.
    Other,
}

/// Whether a path is a list, or one entry of it.
pub fn is_list(path: &str, list: &str) -> bool {
    path == list
        || path
            .strip_prefix(list)
            .is_some_and(|rest| rest.starts_with('/') && !rest.contains(':'))
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

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
            let provider = catalogue.find(provider).unwrap();
            let found = provider.dialect.surface_of(&method, path);
            assert_eq!(found, surface, "{} {method} {path}", provider.id);
        }
    }
}
