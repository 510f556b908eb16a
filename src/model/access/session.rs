//! People who are signed in with a browser, and sign-ins on their way.

use std::fmt;

use secrecy::SecretString;

use crate::model::ids::{PersonId, ServerId};

/// A browser session's public name: 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BrowserSessionId(pub u64);

/// A browser in which somebody is signed in. Times are milliseconds since
/// 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    pub id: BrowserSessionId,
    pub person: PersonId,
    /// Their name, as Discord showed it when they signed in.
    pub name: String,
    /// The servers that they could manage when they signed in. Whether they
    /// still can is asked of Discord each time that it matters.
    pub servers: Vec<ServerId>,
    /// The other servers that they were in when they signed in. Whether they
    /// still are is asked in the same way.
    pub joined: Vec<ServerId>,
    /// The browser in a few words, such as "Firefox on Linux".
    pub browser: String,
    pub signed_in_at_ms: i64,
    pub seen_at_ms: i64,
    /// When it ends at the latest.
    pub ends_at_ms: i64,
}

/// A sign-in that has begun: what leaves with the browser, and stays in it.
pub struct BegunSignIn {
    /// What Discord hands back with its code.
    pub state: SecretString,
    /// What Discord's code is exchanged with; its SHA-256 goes to Discord.
    pub verifier: SecretString,
    /// What the browser keeps in a cookie until it comes back.
    pub cookie: SecretString,
}

/// Why no key was made for whoever agreed to it in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKeyMade {
    #[error("OpenRouter refuses the code: used, too old, or not ours")]
    CodeRefused,
    #[error("OpenRouter can't be reached, or answered something else")]
    Away,
}

/// A sign-in that has come back, once and in time, in the browser in which
/// it was begun.
pub struct ReturnedSignIn {
    pub verifier: SecretString,
    /// The address in the console that comes next.
    pub next: String,
}

impl BrowserSession {
    /// All servers that its person was in, those that they could manage first.
    pub fn all_servers(&self) -> Vec<ServerId> {
        self.servers.iter().chain(&self.joined).copied().collect()
    }
}

impl BrowserSessionId {
    /// Reads 16 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u64::from_str_radix(text, 16).ok());
        number.flatten().map(Self)
    }
}

impl fmt::Display for BrowserSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
