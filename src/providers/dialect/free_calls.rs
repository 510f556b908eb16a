//! Calls with POST of which nothing is made that anybody takes money for: what is
//! kept is shown, stopped or put away, and a prompt is counted.

use crate::model::ProviderId;

/// Their addresses, and whose they are; everybody's where nobody stands there. A
/// `*` is one name in an address, and before the first name may stand the API's
/// version.
const FREE: [(&str, &str); 14] = [
    // S: openai-spec, for responses, batches, jobs, uploads and runs; `anthropic`,
    // `google-genai` and `mistralai` for Python, for batches, interactions and
    // jobs. RunPod's: `docs/providers.md` §14.7.
    ("", "**/cancel"),
    ("runpod", "*/cancel/*"),
    ("google", "**:cancel"),
    // S: openai-spec, `countInputTokens`.
    ("", "responses/input_tokens"),
    // D: <https://platform.kimi.ai/docs>, "Estimate tokens".
    ("moonshot", "tokenizers/estimate-token-count"),
    ("openai", "chat/completions/*"),
    ("openai", "conversations"),
    ("openai", "conversations/*"),
    ("openai", "conversations/*/items"),
    // S: openai-spec, `anthropic` and `mistralai`: a file is kept, and nothing is
    // made of it yet.
    ("", "files"),
    ("openai", "uploads"),
    ("openai", "uploads/*/parts"),
    ("openai", "uploads/*/complete"),
    // S: ollama-spec.
    ("ollama", "api/show"),
];

/// Whether a call with POST to a path below a provider's base makes nothing.
pub fn makes_nothing(provider: &ProviderId, path: &str) -> bool {
    let path = path.trim_matches('/');
    let path = path.strip_prefix("upload/").unwrap_or(path);
    let path = match path.split_once('/') {
        Some(("v1" | "v1beta", rest)) => rest,
        _ => path,
    };
    let mut known = FREE.iter();
    known.any(|(whose, pattern)| {
        (whose.is_empty() || *whose == provider.as_str()) && is_like(pattern, path)
    })
}

fn is_like(pattern: &str, path: &str) -> bool {
    if let Some(end) = pattern.strip_prefix("**") {
        return path.ends_with(end);
    }
    let (mut names, mut patterns) = (path.split('/'), pattern.split('/'));
    let is_same = names
        .by_ref()
        .zip(patterns.by_ref())
        .all(|(name, pattern)| pattern == "*" || name == pattern);
    is_same && path.split('/').count() == pattern.split('/').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_shows_stops_or_counts_makes_nothing() {
        for (provider, path, is_free) in [
            ("openai", "/responses/resp_1/cancel", true),
            ("openai", "/batches/batch_1/cancel", true),
            ("openai", "/fine_tuning/jobs/ftjob-1/cancel", true),
            ("openai", "/uploads/upload_1/cancel", true),
            ("openai", "/threads/thread_1/runs/run_1/cancel", true),
            (
                "openai",
                "/vector_stores/vs_1/file_batches/b_1/cancel",
                true,
            ),
            ("openai", "/responses/input_tokens", true),
            ("openai", "/chat/completions/chatcmpl-1", true),
            ("openai", "/conversations", true),
            ("openai", "/conversations/conv_1/items", true),
            ("openai", "/files", true),
            ("openai", "/uploads/upload_1/parts", true),
            ("anthropic", "/v1/messages/batches/b_1/cancel", true),
            ("anthropic", "/v1/files", true),
            ("google", "/batches/b1:cancel", true),
            ("google", "/interactions/v1_1/cancel", true),
            ("google", "/upload/v1beta/files", true),
            ("mistral", "/fine_tuning/jobs/j1/cancel", true),
            ("moonshot", "/tokenizers/estimate-token-count", true),
            ("ollama", "/api/show", true),
            ("runpod", "/made-up/cancel/job-1", true),
            // These make something, or what they keep costs something.
            ("openai", "/responses", false),
            ("openai", "/responses/compact", false),
            ("openai", "/batches", false),
            ("openai", "/fine_tuning/jobs", false),
            ("openai", "/vector_stores/vs_1/files", false),
            ("openai", "/vector_stores/vs_1/search", false),
            ("openai", "/containers", false),
            ("openai", "/videos", false),
            ("openai", "/threads/thread_1/runs", false),
            ("openai", "/realtime/client_secrets", false),
            ("anthropic", "/v1/messages/batches", false),
            ("google", "/cachedContents", false),
            ("google", "/interactions", false),
            ("mistral", "/conversations", false),
            ("mistral", "/conversations/conv_1", false),
            ("mistral", "/batch/jobs", false),
            ("ollama", "/api/pull", false),
            ("runpod", "/made-up/run", false),
            ("runpod", "/cancel/runsync", false),
        ] {
            let found = makes_nothing(&provider.into(), path);
            assert_eq!(found, is_free, "{provider} {path}");
        }
    }
}
