//! Tells by its address what a call asks a provider for; `docs/providers.md` §15.

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

    use crate::model::Surface;
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
