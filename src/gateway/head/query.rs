//! Keeps secrets out of addresses, which everybody on the way writes down: a
//! query with a name that stands for a key, a token or a password is refused,
//! however it is spelt, and so is one with a value that looks like a key.

use std::borrow::Cow;

use crate::gateway::replies::problem::Problem;
use crate::model::has_secret;

use super::shorten;

/// How often a name is decoded. Programs on the way may decode it again.
const DECODINGS: usize = 3;
/// Names whose values are secrets, in small letters, with nothing between
/// their words.
const SECRET_NAMES: [&str; 14] = [
    "auth",
    "authorization",
    "bearer",
    "credential",
    "credentials",
    "jwt",
    "key",
    "passwd",
    "password",
    "pwd",
    "secret",
    "sig",
    "signature",
    "token",
];
/// The last word of names whose values are secrets: `api-key`,
/// `x_openai_key`, `accessToken`, `client_secret` and the like. `hockey` is
/// one word, and none of these.
const SECRET_LAST_WORDS: [&str; 5] = ["key", "passwd", "password", "secret", "token"];
/// What such names end in where nothing parts their words: `apikey`,
/// `XAPIKEY`, `accesstoken`.
const SECRET_ENDINGS: [&str; 15] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authkey",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "idtoken",
    "privatekey",
    "refreshtoken",
    "secretkey",
    "sessiontoken",
    "subscriptionkey",
];
/// Names of tokens that say where a list goes on.
const PLACES_IN_LISTS: [&str; 3] = ["pagetoken", "continuationtoken", "nexttoken"];

/// Refuses a query that holds a secret.
pub fn refuse_secrets(query: Option<&str>) -> Result<(), Problem> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(());
    };
    // Some programs take a semicolon for what stands between two pairs.
    for pair in query.split(['&', ';']) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if is_secret_name(name) || is_secret_value(name) || is_secret_value(value) {
            return Err(secret_in_address(name));
        }
    }
    Ok(())
}

fn is_secret_name(name: &str) -> bool {
    let mut name = Cow::Borrowed(name);
    for _ in 0..=DECODINGS {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let ends_in = |endings: &[&str]| endings.iter().any(|ending| plain.ends_with(ending));
        let is_secret = SECRET_NAMES.contains(&plain.as_str())
            || ends_in(&SECRET_ENDINGS)
            || SECRET_LAST_WORDS.contains(&last_word(&name).as_str());
        if is_secret && !ends_in(&PLACES_IN_LISTS) {
            return true;
        }
        name = Cow::Owned(decode(&name));
    }
    false
}

/// The last word of a name, in small letters. Words are parted by what is no
/// letter and no digit, or begin with a capital.
fn last_word(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars().rev() {
        if !letter.is_ascii_alphanumeric() {
            if word.is_empty() {
                continue;
            }
            break;
        }
        let begins_capitals = word.starts_with(|first: char| first.is_ascii_uppercase());
        if begins_capitals && letter.is_ascii_lowercase() {
            break;
        }
        word.insert(0, letter);
        let mut letters = word.chars();
        let is_capitalized = letters.next().is_some_and(|it| it.is_ascii_uppercase())
            && letters.next().is_some_and(|it| it.is_ascii_lowercase());
        if is_capitalized {
            break;
        }
    }
    word.to_ascii_lowercase()
}

/// Whether a text has the shape of a key or of a token.
fn is_secret_value(value: &str) -> bool {
    !value.is_empty() && has_secret(&decode(value))
}

/// Decodes what is written as `%` and two hex digits.
pub fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| Some(char::from(*after.get(at)?).to_digit(16)?.to_le_bytes()[0]);
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            decoded.push(high * 16 + low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn secret_in_address(name: &str) -> Problem {
    // A name that is itself the secret is not said again.
    let name = if is_secret_value(name) {
        "…".to_owned()
    } else {
        shorten(name)
    };
    let message = format!(
        "A key or a token stands in the address (`{name}`), where it is written down on the way. Send it as a header, and replace it: it is no secret any more."
    );
    Problem::new(400, "secret_in_address", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> Option<String> {
        refuse_secrets(Some(query)).err().map(|it| it.message)
    }

    #[test]
    fn a_secret_is_refused_in_every_spelling_of_its_name() {
        for query in [
            "key=x",
            "KEY=x",
            "Key=",
            "key",
            "%6bey=x",
            "k%65y=x",
            "%6B%65%79=x",
            "%256bey=x",
            "%25256bey=x",
            "key%20=x",
            "key+=x",
            "$key=x",
            "key[]=x",
            "a=1&key=x",
            "a=1;key=x",
            "key=a&key=b",
            "api_key=x",
            "api-key=x",
            "API-Key=x",
            "apiKey=x",
            "apikey=x",
            "api%2Dkey=x",
            "api%5Fkey=x",
            "api.key=x",
            "x-api-key=x",
            "x_api_key=x",
            "X-Api-Key=x",
            "%78-api-key=x",
            "XAPIKEY=x",
            "APIKey=x",
            "openaiKey=x",
            "openaiKEY=x",
            "x-goog-api-key=x",
            "x-openai-key=x",
            "openai_api_key=x",
            "subscription-key=x",
            "token=x",
            "access_token=x",
            "accessToken=x",
            "oauth_token=x",
            "id_token=x",
            "authorization=Bearer%20x",
            "auth=x",
            "secret=x",
            "client_secret=x",
            "clientsecret=x",
            "refreshtoken=x",
            "k%00ey=x",
            "password=x",
            "db_password=x",
            "sig=x",
        ] {
            let said = refused(query).unwrap_or_else(|| panic!("{query}"));
            assert!(said.starts_with("A key or a token"), "{said}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_key_is_refused_and_not_repeated() {
        for query in [
            "a=sk-madeup0123456789madeup",
            "a=sk%2Dmadeup0123456789madeup",
            "sk-madeup0123456789madeup",
            "sk-madeup0123456789madeup=1",
            "user=latchkey_madeupmadeupmadeupmadeupmadeup012345",
        ] {
            let said = refused(query).unwrap_or_else(|| panic!("{query}"));
            assert!(!said.contains("madeup"), "{said}");
        }
    }

    #[test]
    fn other_queries_pass() {
        for query in [
            "",
            "limit=20&after=file-abc123",
            "pageSize=50&pageToken=CgZtb2RlbHM",
            "page_token=x",
            "alt=sse",
            "beta=true",
            "include[]=step_details.tool_calls%5B*%5D.file_search",
            "hockey=1",
            "Hockey=1",
            "HOCKEY=1",
            "monkey=2&turkey=3&whiskey=4",
            "ice-hockey=1",
            "iceHockey=1",
            "monkeys=1",
            "tokenizer=x",
            "keynote=x",
            "secretary=x",
            "design=x",
            "tokens=5&max_tokens=9",
            "keyword=x",
            "keys=all",
            "order=desc",
            // Random text of a vendor's.
            "after=CgZtb2RlbHM-x_sk-MadeUp0123456789",
        ] {
            assert_eq!(refused(query), None, "{query}");
        }
    }
}
