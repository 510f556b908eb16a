//! Keys that no provider is known by, in wrappings that are known: behind the
//! name of a key or the word `Bearer`, in code, a command or a header; or as the
//! one word of a sentence that can be a key. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::peel::peel;
use super::snippet::{FoundKeys, only_one};

/// The shortest text that is taken for a key by what stands before it, in bytes.
const NAMED_BYTES_MIN: usize = 16;
/// How many letters and digits of a named key stand together at least.
const NAMED_RUN_MIN: usize = 8;
/// How many do of a key without a name: more than in words, dates, and names of
/// models.
const UNNAMED_RUN_MIN: usize = 16;
/// The shortest run of letters and digits mixed that may be a part of a key.
const MIXED_RUN_MIN: usize = 4;
/// What stands in no key, and around one in code and addresses.
const AROUND: &str = "\"'`“”‘’()[]{}<>,;&?|";

/// What is named as a key: the name with its mark, or the scheme of a header;
/// perhaps an opening quote; and the value.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let name =
        r#"[\w.-]*(?:key|token|secret|password)[\w-]*["'`”’\])]*(?:\s*(?::=|=>|=|:|,)\s*|\s+)"#;
    let pattern = format!(
        r#"(?i)(?:bearer\s+|{name})(["'`“‘*|]{{0,3}})([a-z0-9_.~+/=-]{{{NAMED_BYTES_MIN},}})"#
    );
    Regex::new(&pattern).expect("it is a regex")
});

/// Whether something stands in a text that stands in no key.
pub fn has_wrapping(text: &str) -> bool {
    text.contains(|c: char| c.is_whitespace() || AROUND.contains(c))
}

/// Finds the key in a text, where exactly one can be meant.
pub fn find_wrapped(text: &str) -> FoundKeys<'_> {
    match only_one(named_keys(text)) {
        Ok(key) => FoundKeys::One(key.into()),
        Err(FoundKeys::None) => find_in_sentence(text),
        Err(several) => several,
    }
}

/// What is named as a key, each once.
fn named_keys(text: &str) -> BTreeSet<&str> {
    let found = NAMED.captures_iter(text).filter_map(|found| {
        let (quote, value) = (found.get(1)?, found.get(2)?);
        let behind = text.get(value.end()..)?;
        let ends = if quote.is_empty() {
            ends_unquoted(behind)
        } else {
            behind.starts_with(['"', '\'', '`', '”', '’', '*', '|'])
        };
        let key = value.as_str().trim_end_matches('.');
        (ends && is_mixed(key) && longest_run(key) >= NAMED_RUN_MIN).then_some(key)
    });
    found.collect()
}

/// Whether a key without quotes ends before this, and does not go on behind a
/// blank.
fn ends_unquoted(behind: &str) -> bool {
    let goes_on = || {
        behind
            .split_whitespace()
            .next()
            .is_some_and(|word| !is_plain(word))
    };
    match behind.chars().next() {
        None => true,
        Some(c) if c.is_whitespace() => !goes_on(),
        Some(c) => AROUND.contains(c) || c == '\\' || c == '*',
    }
}

/// Finds the one word of a sentence that can be a key, where no other may be a
/// part of it.
fn find_in_sentence(text: &str) -> FoundKeys<'_> {
    let mut keys = BTreeSet::new();
    for word in text.split_whitespace() {
        let bare = peel(word, &mut BTreeSet::new()).trim_end_matches(['.', '!', '?', ':']);
        let stands_in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_key = is_mixed(bare) && longest_run(bare) >= UNNAMED_RUN_MIN;
        if is_key && bare.chars().all(stands_in_key) {
            keys.insert(bare);
        } else if !is_plain(bare) {
            return FoundKeys::None;
        }
    }
    match only_one(keys) {
        Ok(key) => FoundKeys::One(key.into()),
        // Two words that can be keys may be one key in two parts.
        Err(_) => FoundKeys::None,
    }
}

/// Whether no part of a word can be one of a key: letters and digits stand in it
/// apart, as in words, dates and names of models.
fn is_plain(word: &str) -> bool {
    runs(word).all(|run| run.len() < MIXED_RUN_MIN || !is_mixed(run))
}

fn is_mixed(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

fn longest_run(text: &str) -> usize {
    runs(text).map(str::len).max().unwrap_or(0)
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use crate::model::Wrapping;
    use crate::providers::Catalogue;
    use crate::providers::pasted_key::{PasteProblem, read_pasted_key};

    /// Keys that begin as no provider's: letters and digits, hex, with dashes.
    const KEYS: [&str; 4] = [
        "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d",
        "made0up1made0up1-made_0up1.made0up1",
        "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    ];
    /// What people paste around them, one line or several.
    const AROUND: [&str; 22] = [
        "curl https://api.mistral.ai/v1/models -H \"Authorization: Bearer %\"",
        "curl -H 'Authorization: Bearer %' -H 'Content-Type: application/json' https://api.mistral.ai/v1/chat/completions -d '{\"model\": \"mistral-large-2411\"}'",
        "curl https://api.mistral.ai/v1/models \\\n  --header 'x-api-key: %' \\\n  --compressed",
        "os.environ[\"MISTRAL_API_KEY\"] = \"%\"",
        "os.environ[\"MISTRAL_API_KEY\"]=\"%\"",
        "os.environ.setdefault('MISTRAL_API_KEY', '%')",
        "client = Mistral(api_key=\"%\")",
        "Mistral(api_key=\"%\")",
        "from mistralai import Mistral\n\nclient = Mistral(api_key=\"%\", timeout=30)\n",
        "const client = new Mistral({ apiKey: '%' });",
        "headers = {\"Authorization\": f\"Bearer %\", \"Accept\": \"text/plain\"}",
        "process.env.MISTRAL_API_KEY = \"%\";",
        "[Environment]::SetEnvironmentVariable(\"MISTRAL_API_KEY\", \"%\", \"User\")",
        "mistral --api-key % --model mistral-large-2411",
        "docker run -e MISTRAL_API_KEY=% mistral/client:1.2",
        "{\"mistral\": {\"api_key\": \"%\", \"model\": \"mistral-large-2411\"},",
        "providers:\n  - name: mistral\n    model: mistral-large-2411\n    api_key: % # work\n",
        "GET https://api.mistral.ai/v1/models?key=%&x=1",
        "MODEL=mistral-large-2411 MISTRAL_API_KEY=% python main.py",
        "Host: api.mistral.ai\nAuthorization: Bearer %\nAccept: */*",
        "the key: **%**, keep it",
        "my mistral token `%`",
    ];

    fn read(typed: &str) -> Result<(String, Vec<Wrapping>), PasteProblem> {
        let catalogue = Catalogue::new(&[]).unwrap();
        let provider = catalogue.find("mistral").unwrap();
        let read = read_pasted_key(&catalogue, provider, &SecretString::from(typed))?;
        Ok((read.secret.expose_secret().to_owned(), read.removed))
    }

    #[test]
    fn a_key_without_a_known_beginning_is_taken_out_of_known_wrappings() {
        for around in AROUND {
            for key in KEYS {
                let typed = around.replace('%', key);
                let found = read(&typed).unwrap_or_else(|why| panic!("{typed:?}: {why:?}"));
                assert_eq!(found.0, key, "{typed:?}");
                assert!(!found.1.is_empty(), "{typed:?}");
            }
        }
    }

    #[test]
    fn the_one_word_of_a_sentence_that_can_be_a_key_is_one() {
        for around in [
            "My Mistral key is %, thanks!",
            "here you go: % (for mistral-large-2411)",
            "Here it is:\n%",
            "密钥 % 谢谢",
        ] {
            let typed = around.replace('%', KEYS[0]);
            assert_eq!(
                read(&typed).map(|it| it.0).as_deref(),
                Ok(KEYS[0]),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn where_several_can_be_meant_or_a_part_is_missing_none_is_taken() {
        let (key, other) = (KEYS[0], KEYS[1]);
        let (head, tail) = key.split_at(18);
        for typed in [
            format!("a_key=\"{key}\" b_key=\"{other}\""),
            format!("f(api_key=\"{key}\", secret=\"{other}\")"),
            format!("{key} or {other}"),
            format!("{head} {tail}"),
            format!("my key is {head} {tail}"),
            format!("client = Mistral(api_key=\"{head} {tail}\")"),
            format!("curl -H \"Authorization: Bearer {head} {tail}\""),
            "client = Mistral(api_key=os.environ[\"MISTRAL_API_KEY\"])".to_owned(),
            "curl -H \"Authorization: Bearer $MISTRAL_API_KEY\" https://api.mistral.ai".to_owned(),
            "my key is the one of last week".to_owned(),
        ] {
            assert!(read(&typed).is_err(), "{typed:?}: {:?}", read(&typed));
        }
    }
}
