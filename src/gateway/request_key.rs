//! Keys that come with a call: used for it, and kept nowhere.

use axum::http::{HeaderMap, HeaderValue};
use secrecy::SecretString;

use crate::app::{Catalogue, RequestKey};
use crate::model::{ProviderId, TOKEN_PREFIX};

use crate::gateway::problem::Problem;

/// Other names that providers go by.
const ALIASES: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("gemini", "google"),
    ("grok", "xai"),
];
/// Where some libraries put their provider's key.
const OF_ANY: &str = "x-api-key";
const OF_GOOGLE: &str = "x-goog-api-key";

/// The key that came, if one did. Two that disagree are none.
pub fn find(headers: &HeaderMap, catalogue: &Catalogue) -> Result<Option<RequestKey>, Problem> {
    let mut found: Option<(Option<ProviderId>, &HeaderValue)> = None;
    for (name, value) in headers {
        let of = match held_by(name.as_str(), catalogue)? {
            Holds::NoKey => continue,
            Holds::KeyOfAny => None,
            Holds::KeyOf(provider) => Some(provider),
        };
        if value.as_bytes().starts_with(TOKEN_PREFIX.as_bytes()) {
            continue;
        }
        found = match found {
            None => Some((of, value)),
            // The same key once with its provider's name, and once without.
            Some((before, same))
                if same == value && (before == of || before.is_none() || of.is_none()) =>
            {
                Some((before.or(of), value))
            }
            Some(_) => return Err(disagree()),
        };
    }
    let Some((provider, value)) = found else {
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

/// What a header holds.
enum Holds {
    NoKey,
    KeyOfAny,
    KeyOf(ProviderId),
}

fn held_by(name: &str, catalogue: &Catalogue) -> Result<Holds, Problem> {
    if name == OF_ANY {
        return Ok(Holds::KeyOfAny);
    }
    if name == OF_GOOGLE {
        return Ok(Holds::KeyOf(ProviderId::from("google")));
    }
    let Some(typed) = name
        .strip_prefix("x-")
        .and_then(|rest| rest.strip_suffix("-key"))
    else {
        return Ok(Holds::NoKey);
    };
    let alias = ALIASES.iter().find(|(alias, _)| *alias == typed);
    let typed = alias.map_or(typed, |(_, id)| id);
    match catalogue.find(typed) {
        Some(provider) => Ok(Holds::KeyOf(provider.id.clone())),
        // A key for nobody we know must not be taken for none.
        None if typed == "idempotency" => Ok(Holds::NoKey),
        None => Err(Problem::new(
            400,
            "unknown_provider",
            format!("`{name}` names no provider. `GET /api/v1/providers` lists all."),
        )),
    }
}

fn disagree() -> Problem {
    Problem::new(
        400,
        "keys_disagree",
        "Two different keys came with the call. Send the one that shall pay.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn found(headers: &[(&'static str, &'static str)]) -> String {
        let catalogue = Catalogue::new(&[]).unwrap();
        let headers = headers.iter().map(|(name, value)| {
            (
                axum::http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        match find(&headers.collect(), &catalogue) {
            Ok(None) => "none".to_owned(),
            Ok(Some(key)) => {
                let of = key
                    .provider
                    .map_or_else(|| "any".to_owned(), |id| id.to_string());
                format!("{of} {}", key.secret.expose_secret())
            }
            Err(problem) => problem.code.to_owned(),
        }
    }

    #[test]
    fn a_key_is_found_by_its_header() {
        for (headers, key) in [
            (&[][..], "none"),
            (&[("x-api-key", "made-up-a")], "any made-up-a"),
            (&[("x-openai-key", "made-up-a")], "openai made-up-a"),
            (&[("x-claude-key", "made-up-a")], "anthropic made-up-a"),
            (&[("x-anthropic-key", "made-up-a")], "anthropic made-up-a"),
            (&[("x-gemini-key", "made-up-a")], "google made-up-a"),
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
            (
                &[("x-api-key", "made-up-a"), ("x-openai-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-openai-key", "made-up-a"), ("x-api-key", "made-up-a")],
                "openai made-up-a",
            ),
            (
                &[("x-api-key", "made-up-a"), ("x-openai-key", "made-up-b")],
                "keys_disagree",
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
