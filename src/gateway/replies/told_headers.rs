//! Headers of a provider that tell the owner of the key of their limits, in
//! the words of the dialect that was called: `docs/providers.md` §5.1.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::gateway::routing::api_dialect::ApiDialect;

const OPENAIS: &str = "x-ratelimit-";
const ANTHROPICS: &str = "anthropic-ratelimit-";

/// Writes a provider's headers into a response. Where the dialect has its own
/// names for what they tell, it is told under those. A header of ours stays.
pub fn write_told_headers(
    headers: &mut HeaderMap,
    dialect: ApiDialect,
    told: &[(HeaderName, HeaderValue)],
) {
    for (name, value) in told {
        if let Some(name) = name_in(dialect, name) {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// What a header is called in a dialect; none where it means nothing there.
fn name_in(dialect: ApiDialect, name: &HeaderName) -> Option<HeaderName> {
    let text = name.as_str();
    if let Some(limit) = text.strip_prefix(ANTHROPICS) {
        return match dialect {
            ApiDialect::Anthropic | ApiDialect::Latchkey => Some(name.clone()),
            ApiDialect::OpenAi | ApiDialect::Responses => {
                // What is counted comes before what is told of it.
                let (counted, told) = limit.rsplit_once('-')?;
                in_both(counted, told)?;
                HeaderName::try_from(format!("{OPENAIS}{told}-{counted}")).ok()
            }
            ApiDialect::Google => None,
        };
    }
    if let Some(limit) = text.strip_prefix(OPENAIS) {
        return match dialect {
            ApiDialect::OpenAi | ApiDialect::Responses | ApiDialect::Latchkey => Some(name.clone()),
            ApiDialect::Anthropic => {
                let (told, counted) = limit.split_once('-')?;
                in_both(counted, told)?;
                HeaderName::try_from(format!("{ANTHROPICS}{counted}-{told}")).ok()
            }
            ApiDialect::Google => None,
        };
    }
    let is_openais = text.starts_with("openai-");
    (!is_openais || dialect.is_openai()).then(|| name.clone())
}

/// Whether both vendors tell this of what is counted, and in the same words:
/// the one gives the time of a reset, the other how long it takes.
fn in_both(counted: &str, told: &str) -> Option<()> {
    let is_known =
        matches!(counted, "requests" | "tokens") && matches!(told, "limit" | "remaining");
    is_known.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_the_words_of_the_dialect() {
        let told: Vec<_> = [
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-tokens",
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-input-tokens-limit",
            "openai-version",
            "x-should-retry",
        ]
        .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x")))
        .into();
        let in_dialect = |dialect: ApiDialect| {
            let mut headers = HeaderMap::new();
            write_told_headers(&mut headers, dialect, &told);
            let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
            names.sort_unstable();
            names.join(" ")
        };
        for (dialect, expected) in [
            (
                ApiDialect::OpenAi,
                "openai-version x-ratelimit-limit-tokens x-ratelimit-remaining-requests x-ratelimit-reset-tokens x-should-retry",
            ),
            (
                ApiDialect::Anthropic,
                "anthropic-ratelimit-input-tokens-limit anthropic-ratelimit-requests-remaining anthropic-ratelimit-tokens-limit x-should-retry",
            ),
            (ApiDialect::Google, "x-should-retry"),
        ] {
            assert_eq!(in_dialect(dialect), expected, "{dialect:?}");
        }
    }
}
