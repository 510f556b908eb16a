//! Which models see pictures.
//!
//! Providers do not say it where a key can ask, so this goes by the names
//! of their models; the operator can add to it (`providers.<id>.sees`).

use super::catalogue::Provider;

/// Names of models that see, by provider; `*` stands for anything.
const SEEING: &[(&str, &[&str])] = &[
    (
        "openai",
        &["gpt-4o*", "gpt-4.1*", "gpt-5*", "gpt-6*", "o3*", "o4*"],
    ),
    ("anthropic", &["claude-*"]),
    ("google", &["gemini-*"]),
    ("xai", &["grok-4*", "grok-5*", "*vision*"]),
    (
        "mistral",
        &[
            "pixtral*",
            "mistral-medium*",
            "mistral-large*",
            "mistral-small*",
        ],
    ),
    (
        "openrouter",
        &[
            "anthropic/*",
            "google/gemini-*",
            "openai/gpt-4o*",
            "openai/gpt-5*",
            "*-vl*",
            "*vision*",
        ],
    ),
    ("groq", &["*llama-4*", "*vision*"]),
    (
        "ollama",
        &["llava*", "gemma3*", "gemma4*", "*-vl*", "*vision*"],
    ),
];

/// Whether a model can be shown pictures.
pub fn sees(provider: &Provider, model: &str) -> bool {
    let built_in = SEEING
        .iter()
        .filter(|(id, _)| *id == provider.id.as_str())
        .flat_map(|(_, patterns)| patterns.iter().copied());
    let added = provider.sees.iter().map(String::as_str);
    built_in.chain(added).any(|pattern| glob(pattern, model))
}

/// Whether a text fits a pattern in which `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("*", "", true),
            ("*vision*", "llama-vision-11b", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("*/gpt-*-mini", "openai/gpt-5-mini", true),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} on {text}");
        }
    }
}
