//! How much goes on at once in the playground, and how often visitors ask.

use std::net::IpAddr;

use axum::http::StatusCode;

use crate::app::{ConcurrencyLimits, KeySender, Permit};
use crate::console::trouble::Trouble;
use crate::model::{AddressPace, Caller, PersonId, RequestOrigin, counted_address};

/// How many answers one person waits for at once: two models side by side, in
/// two windows.
const PERSON_AT_ONCE: usize = 4;
/// How many the visitors at one address wait for at once.
const VISITORS_AT_ONCE: usize = 2;
/// How many questions the visitors at one address ask within a minute.
const VISITORS_PER_MINUTE: u32 = 20;

/// What counts the questions of the playground.
pub struct PlaygroundLimits {
    people: ConcurrencyLimits<PersonId>,
    visitors: ConcurrencyLimits<IpAddr>,
    visitor_pace: AddressPace,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    pub caller: Caller,
    /// From where, as addresses are counted.
    address: IpAddr,
}

/// Room for one answer. Dropping it lets the next one in.
pub enum AnswerPermit {
    Person { _permit: Permit<PersonId> },
    Visitor { _permit: Permit<IpAddr> },
}

impl Default for PlaygroundLimits {
    fn default() -> Self {
        Self {
            people: ConcurrencyLimits::new(PERSON_AT_ONCE, 0),
            visitors: ConcurrencyLimits::new(VISITORS_AT_ONCE, 0),
            visitor_pace: AddressPace::new(VISITORS_PER_MINUTE),
        }
    }
}

impl Asker {
    /// Somebody, and where they are.
    pub fn new(caller: Caller, origin: &RequestOrigin) -> Self {
        Self {
            caller,
            address: counted_address(origin.client.to_canonical()),
        }
    }

    /// Whether nobody knows who it is.
    pub fn is_visitor(&self) -> bool {
        self.caller.person == PersonId::UNKNOWN
    }

    /// With whose keys a key of theirs is counted that is refused.
    pub fn key_senders(&self) -> [KeySender; 2] {
        let whose = if self.is_visitor() {
            KeySender::Nobody(self.address)
        } else {
            KeySender::Person(self.caller.person)
        };
        [whose, KeySender::Address(self.address)]
    }
}

impl PlaygroundLimits {
    /// Takes room for one answer.
    pub fn admit(&self, asker: &Asker, now_ms: i64) -> Result<AnswerPermit, Trouble> {
        let permit = if asker.is_visitor() {
            let pace = self.visitor_pace.count(asker.address, now_ms);
            pace.map_err(too_often)?;
            let permit = self.visitors.acquire(asker.address);
            permit.map(|permit| AnswerPermit::Visitor { _permit: permit })
        } else {
            let permit = self.people.acquire(asker.caller.person);
            permit.map(|permit| AnswerPermit::Person { _permit: permit })
        };
        permit.ok_or_else(too_many)
    }
}

fn too_often(wait_s: u64) -> Trouble {
    let words = format!(
        "Visitors at your address asked {VISITORS_PER_MINUTE} questions within a minute. Ask again \
         in {wait_s} s, or sign in."
    );
    let mut trouble = Trouble::new(StatusCode::TOO_MANY_REQUESTS, "That is too often", words);
    trouble.retry_after_s = Some(wait_s);
    trouble.way("/sign-in?next=/playground", "Sign in with Discord")
}

fn too_many() -> Trouble {
    let mut trouble = Trouble::new(
        StatusCode::TOO_MANY_REQUESTS,
        "Your last questions are still being answered",
        "Wait for one of the answers, or stop one.",
    );
    trouble.retry_after_s = Some(1);
    trouble
}
