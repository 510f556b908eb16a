//! What Discord knows of people who sign in elsewhere with their account: what
//! the application's owner registered, codes, and who agreed to what.

use std::time::{Duration, Instant};

use super::World;

/// How long a code can be exchanged, and an access token is valid.
const CODE_LIVES: Duration = Duration::from_mins(10);
pub const TOKEN_LIVES: Duration = Duration::from_hours(7 * 24);

/// What is set in Discord's developer portal, and what came of it.
#[derive(Default)]
pub struct SignIns {
    pub client_secret: String,
    /// The addresses that may be returned to, exactly as they are registered.
    pub redirects: Vec<String>,
    pub authorizations: Vec<Authorization>,
    pub codes: Vec<Code>,
    /// What the browser that comes to the page for consent does there.
    pub visitor: Visitor,
    /// Who agreed last: whose browser it is, as far as Discord can tell.
    pub agreed_last: Option<u64>,
    pub issuer: Issuer,
    /// How often a code was exchanged for tokens.
    pub exchanges: u32,
}

/// What somebody does who is asked for consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitor {
    /// Reads the page and presses a button.
    #[default]
    Reads,
    /// Is this person, and agrees at once.
    Agrees(u64),
    /// Refuses at once.
    Cancels,
}

/// Which authorization server an answer says that it comes from (RFC 9207).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Issuer {
    #[default]
    Own,
    Other(String),
    Unsaid,
}

/// That a person lets the application do something, and the tokens for it.
#[derive(Clone, Debug)]
pub struct Authorization {
    pub person: u64,
    pub scopes: Vec<String>,
    pub access_token: String,
    /// None where the application asked for itself.
    pub refresh_token: Option<String>,
    pub made: Instant,
    pub is_revoked: bool,
}

/// A code on its way through somebody's browser.
#[derive(Clone, Debug)]
pub struct Code {
    pub text: String,
    pub person: u64,
    pub scopes: Vec<String>,
    pub redirect: String,
    /// The SHA-256 of the verifier that must come with it, in base64url.
    pub challenge: Option<String>,
    pub made: Instant,
    pub is_used: bool,
}

impl Code {
    /// Whether it can still be exchanged.
    pub fn is_good(&self) -> bool {
        !self.is_used && self.made.elapsed() < CODE_LIVES
    }
}

impl Authorization {
    /// Whether its access token opens anything.
    pub fn is_alive(&self) -> bool {
        !self.is_revoked && self.made.elapsed() < TOKEN_LIVES
    }
}

impl World {
    /// Has whoever comes to the page for consent from now on be this person,
    /// and agree at once.
    pub fn consents(&self, person: u64) {
        self.with(|state| state.sign_ins.visitor = Visitor::Agrees(person));
    }

    /// Has whoever comes to the page for consent refuse.
    pub fn declines(&self) {
        self.with(|state| state.sign_ins.visitor = Visitor::Cancels);
    }

    /// Registers an address that may be returned to.
    pub fn register_redirect(&self, address: &str) {
        self.with(|state| state.sign_ins.redirects.push(address.to_owned()));
    }
}
