//! Takes everything that looks like a secret out of a text.
//!
//! The last line of defence: secrets have types that do not print, and this
//! catches what other people's code printed. `docs/providers.md` §2.4 lists
//! the shapes.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// Shapes of keys and tokens.
pub(super) const KEYS: &[&str] = &[
    r"c?sk-[A-Za-z0-9*_-]{6,}",
    r"AIza[0-9A-Za-z_-]{16,}",
    r"AQ\.[A-Za-z0-9_-]{16,}",
    r"gsk_[A-Za-z0-9_]{16,}",
    r"xai-[0-9A-Za-z_]{16,}",
    r"(?:rpa|fw|hf|api_org|vck)_[A-Za-z0-9_-]{16,}",
    r"tgp_v1_[A-Za-z0-9_-]{16,}",
    r"(?:nvapi|pplx)-[A-Za-z0-9_-]{16,}",
    r"salad_cloud_[0-9A-Za-z_]{8,}",
    r"latchkey_[0-9A-Za-z]{36}",
    r"[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}",
    r"(?:gh[oprsu]|github_pat)_[A-Za-z0-9_]{30,}",
    r"(?:AKIA|ASIA)[A-Z2-7]{16}",
    r"(?:glpat|xox[abeprs])-[A-Za-z0-9_-]{16,}",
    r"[rs]k_live_[A-Za-z0-9]{16,}",
    r"(?:npm|r8)_[A-Za-z0-9]{36,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|(?:\s|\\n|[A-Za-z0-9+/=]{40,})*)",
];
/// Shapes of what else holds secrets. Their group is kept.
const HOLDERS: &[&str] = &[
    r"(?i)(bearer |bot )[A-Za-z0-9._~+/=*-]{8,}",
    r"(?i)([?&](?:api_?key|key|token|access_token)=)[^&\s]+",
    r#"(?i)("(?:token|key|api_?key|secret|value|authorization|x-api-key|x-goog-api-key|salad-api-key)"\s*:\s*")[^"]+"#,
    r"(/(?:webhooks|interactions)/[0-9]+/)[A-Za-z0-9._~-]{8,}",
    r"(postgres(?:ql)?://[^:/\s]+:)[^@\s]+",
];

/// Any of the shapes: one expression takes a third of the memory of one for
/// each, and half the time.
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = KEYS
        .iter()
        .chain(HOLDERS)
        .map(|shape| format!("(?:{shape})"));
    let any = shapes.collect::<Vec<_>>().join("|");
    Regex::new(&any).expect("every shape is a regex")
});

/// As much of a caller's word as may be said back to them, between marks of
/// code.
pub fn quotable(word: &str, characters_max: usize) -> String {
    word.chars()
        .filter(|c| !c.is_control() && *c != '`')
        .take(characters_max)
        .collect()
}

/// Replaces everything that has the shape of a secret.
pub fn redact(text: &str) -> Cow<'_, str> {
    PATTERN.replace_all(text, |found: &Captures<'_>| {
        let kept = found.iter().skip(1).flatten().next();
        format!("{}{MARK}", redact(kept.map_or("", |kept| kept.as_str())))
    })
}

/// Whether a word of a text begins as a secret does. Random text may have such a
/// shape in its middle, and is none.
pub fn has_secret(text: &str) -> bool {
    PATTERN
        .find_iter(text)
        .any(|found| begins_word(text, found.start()))
}

/// Whether no part of a word stands right before a place in a text.
pub(super) fn begins_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    !before.ends_with(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_key_is_taken_out() {
        for secret in [
            "sk-proj-madeup0123456789madeup",
            "sk-ant-api03-madeup0123456789",
            "sk-short****abcd",
            "csk-madeup0123456789madeup",
            "AIzaMadeUp0123456789madeup",
            "AQ.MadeUp0123456789madeup-x",
            "gsk_madeup0123456789madeup",
            "xai-madeup0123456789madeup",
            "rpa_MADEUP0123456789MADEUP",
            "fw_madeup0123456789madeup",
            "hf_madeupmadeupmadeupmadeup",
            "api_org_madeupmadeupmadeup",
            "vck_madeup0123456789madeup",
            "tgp_v1_madeup0123456789madeup",
            "nvapi-madeup0123456789madeup",
            "pplx-madeup0123456789madeup",
            "salad_cloud_user_madeup0123",
            "latchkey_madeupmadeupmadeupmadeupmadeup012345",
            "MTAwMDAwMDAwMDAwMDAwMDAw.GmadeU.madeupmadeupmadeupmadeupmadeup",
            "ghp_madeupmadeupmadeupmadeupmadeup012345",
            "ghs_madeupmadeupmadeupmadeupmadeup012345",
            "github_pat_madeupmadeup0123456789_madeupmadeup",
            "AKIAMADEUPMADEUPMADE",
            "glpat-madeup0123456789madeup",
            "xoxb-0123456789-madeup0123456789",
            "sk_live_madeup0123456789madeup",
            "npm_madeupmadeupmadeupmadeupmadeup012345",
            "eyJtYWRlVXAiOjF9.eyJtYWRlVXAiOjF9.madeupmadeupmadeup0123",
            "-----BEGIN PRIVATE KEY-----\nmadeup\n-----END PRIVATE KEY-----",
        ] {
            let line = format!("provider said {secret} is wrong");
            assert_eq!(redact(&line), "provider said [redacted] is wrong");
            assert!(has_secret(&line), "{secret}");
            assert!(!has_secret(&format!("MadeUp-1_{secret}")), "{secret}");
        }
    }

    #[test]
    fn what_introduces_a_secret_stays() {
        for (line, clean) in [
            (
                "Authorization: Bearer madeup-token-1",
                "Authorization: Bearer [redacted]",
            ),
            (
                "GET /models?key=madeup&x=1",
                "GET /models?key=[redacted]&x=1",
            ),
            (r#"{"token":"madeup-token"}"#, r#"{"token":"[redacted]"}"#),
            (
                "POST /webhooks/123/aW50ZXJhY3Rpb24",
                "POST /webhooks/123/[redacted]",
            ),
            (
                "postgres://bot:madeup@localhost/db",
                "postgres://bot:[redacted]@localhost/db",
            ),
            (
                "postgres://sk-madeup0123456789:madeup@localhost/db",
                "postgres://[redacted]:[redacted]@localhost/db",
            ),
        ] {
            assert_eq!(redact(line), clean);
        }
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        let line = "connected to openai in 12 ms, 3 keys, model gpt-6-luna";
        assert!(matches!(redact(line), Cow::Borrowed(_)));
    }
}
