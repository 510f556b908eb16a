//! The longest answers of models that speak `OpenAI`'s dialect;
//! `docs/providers.md` §7.6.

/// How the names of models begin, behind the name of their maker, and the longest
/// answer in tokens. The first that fits counts.
const LONGEST: [(&str, u64); 21] = [
    ("gpt-5-chat", 16_384),
    ("gpt-5.1-chat", 16_384),
    ("gpt-5.2-chat", 16_384),
    ("gpt-5-pro", 272_000),
    ("gpt-5", 128_000),
    ("gpt-6", 128_000),
    ("gpt-4o-2024-05-13", 4_096),
    ("gpt-4o", 16_384),
    ("chatgpt-4o", 16_384),
    ("gpt-4.1", 32_768),
    ("gpt-4.5", 16_384),
    ("gpt-4-turbo", 4_096),
    ("gpt-4-0125", 4_096),
    ("gpt-4-1106", 4_096),
    ("gpt-3.5-turbo", 4_096),
    ("o1-mini", 65_536),
    ("o1-preview", 32_768),
    ("o1", 100_000),
    ("o3", 100_000),
    ("o4-mini", 100_000),
    // Groq's alone.
    ("llama-3.3-70b-versatile", 32_768),
];

/// The longest answer of a model; none where nobody says it.
pub fn longest_answer(model: &str) -> Option<u64> {
    let model = model.rsplit('/').next().unwrap_or(model);
    let mut known = LONGEST.iter();
    let found = known.find(|(name, _)| model.starts_with(name));
    found.map(|(_, tokens)| *tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_how_long_its_answers_are() {
        for (model, longest) in [
            ("gpt-4o", Some(16_384)),
            ("openai/gpt-4o-mini", Some(16_384)),
            ("gpt-4o-2024-05-13", Some(4_096)),
            ("gpt-4.1-nano", Some(32_768)),
            ("gpt-4", None),
            ("gpt-5.2-chat-latest", Some(16_384)),
            ("gpt-6-luna", Some(128_000)),
            ("o3", Some(100_000)),
            ("gpt-oss-120b", None),
        ] {
            assert_eq!(longest_answer(model), longest, "{model}");
        }
    }
}
