//! Tokens with which programs speak for a person.

use std::fmt;

use crate::model::ids::{PersonId, ServerId};

/// How every token begins.
pub const TOKEN_PREFIX: &str = "latchkey_";

/// A token's public name: 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub u64);

/// Something that a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Ask models, for words and for pictures.
    Chat,
    /// See which keys there are.
    KeysRead,
    /// Add, change and remove keys.
    KeysWrite,
    /// See what was used and what is left.
    UsageRead,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// A bit for each right.
    rights: u8,
    /// The server whose keys and rules count too.
    pub server: Option<ServerId>,
}

/// A token, without its secret. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub person: PersonId,
    /// What its person calls it.
    pub name: Option<String>,
    pub scopes: Scopes,
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
    pub last_used_at_ms: Option<i64>,
}

const SERVER: &str = "guild:";

impl Right {
    /// Every one, in order.
    pub const ALL: [Self; 4] = [Self::Chat, Self::KeysRead, Self::KeysWrite, Self::UsageRead];

    /// Its word in a token's scopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::UsageRead => "usage:read",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Scopes {
    /// What a token may do when nothing else is said.
    pub const CHAT: Self = Self {
        rights: 1 << Right::Chat as u8,
        server: None,
    };

    /// Whether a token may do this.
    pub fn has(self, right: Right) -> bool {
        self.rights & right.bit() != 0
    }

    /// These scopes and one more right.
    #[must_use]
    pub fn with(self, right: Right) -> Self {
        Self {
            rights: self.rights | right.bit(),
            ..self
        }
    }

    /// Reads words with spaces or commas between them; none when one is no
    /// scope, or none is given, or two servers are.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scopes = Self::default();
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            if let Some(right) = Right::ALL.into_iter().find(|right| right.as_str() == word) {
                scopes.rights |= right.bit();
                continue;
            }
            let server = ServerId(word.strip_prefix(SERVER)?.parse().ok()?);
            let before = scopes.server.replace(server);
            if before.is_some_and(|before| before != server) {
                return None;
            }
        }
        (scopes.rights != 0).then_some(scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rights = Right::ALL.into_iter().filter(|right| self.has(*right));
        let mut words: Vec<String> = rights.map(|right| right.as_str().to_owned()).collect();
        words.extend(self.server.map(|server| format!("{SERVER}{server}")));
        f.write_str(&words.join(" "))
    }
}

impl TokenId {
    /// Reads 16 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u64::from_str_radix(text, 16).ok());
        number.flatten().map(Self)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_what_they_write() {
        for text in [
            "chat",
            "chat keys:read keys:write usage:read",
            "keys:write guild:123",
            "chat guild:18446744073709551615",
        ] {
            assert_eq!(Scopes::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Scopes::parse("chat,chat  keys:read").unwrap().to_string(),
            "chat keys:read"
        );
        for wrong in [
            "",
            " ",
            "Chat",
            "all",
            "guild:1",
            "chat guild:",
            "chat guild:x",
            "chat guild:1 guild:2",
        ] {
            assert_eq!(Scopes::parse(wrong), None, "{wrong}");
        }
    }
}
