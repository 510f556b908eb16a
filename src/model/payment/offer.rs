//! Keys that could pay for an ask, and why each was taken or skipped.

use std::fmt;
use std::sync::Arc;

use crate::model::access::key::{Health, Owner};
use crate::model::asks::chat::WhyUnpaid;
use crate::model::ids::{KeyId, ProviderId, ServerId};

/// Who pays, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A key that came with the request.
    Request,
    Personal,
    Server,
    BotDefault,
    /// Nobody: the reply is a fixed one.
    Demo,
}

impl Source {
    pub const ALL: [Self; 5] = [
        Self::Request,
        Self::Personal,
        Self::Server,
        Self::BotDefault,
        Self::Demo,
    ];

    /// Its name in the configuration and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Personal => "personal",
            Self::Server => "server",
            Self::BotDefault => "bot_default",
            Self::Demo => "demo",
        }
    }

    /// Whether it is the asker's own key.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Request | Self::Personal)
    }

    /// Whether somebody else's key pays: a server's, or the operator's.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Server | Self::BotDefault)
    }

    /// Reads the word that [`Self::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

/// A key that could pay for an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub source: Source,
    pub provider: ProviderId,
    /// The row, for a stored key.
    pub key: Option<KeyId>,
    /// Whose it is, for a stored key.
    pub owner: Option<Owner>,
    pub health: Health,
    pub paused: bool,
    pub expires_at_ms: Option<i64>,
    /// Its master key is not at hand, so it cannot be opened.
    pub locked: bool,
    /// The ciphertext of a stored key, read with the offer so that opening
    /// it needs no second look into the database.
    pub sealed: Option<Sealed>,
}

impl Offer {
    /// A key that is no row: it came with the request, or is the operator's.
    pub fn unstored(source: Source, provider: ProviderId) -> Self {
        Self {
            source,
            provider,
            key: None,
            owner: None,
            health: Health::Unverified,
            paused: false,
            expires_at_ms: None,
            locked: false,
            sealed: None,
        }
    }
}

/// A sealed key's bytes; `vault` opens them.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Arc<[u8]>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes sealed]", self.0.len())
    }
}

/// Why an offer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// A server's key pays only in that server.
    AnotherServer(ServerId),
    /// A server's key does not pay in direct messages.
    DirectMessage,
    /// The server did not install the bot; only the person did.
    NotInstalledHere,
    /// Somebody else's personal key.
    AnotherPerson,
    /// A request with a key of its own is paid by that key only.
    RequestHasItsOwn,
    /// This person's tier may not use keys of their own.
    Tier,
    Locked,
    Paused,
    Expired,
    Refused,
    OutOfCredit,
    /// A limit leaves it no room.
    Limit,
    /// Its limit is in dollars, and nobody knows what the call costs.
    UnknownPrice,
    /// The call asks for something that only the asker's own key pays for.
    OwnKeyOnly,
    /// It was stored for another address than the one in use now.
    OtherAddress,
    /// Something that its provider needs was not given with it.
    NotSetUp,
    /// Its provider does not let it do this.
    Restricted,
    /// The operator does not allow the model.
    ModelNotAllowed,
    /// Nobody pays for somebody who is blocked.
    Blocked,
    /// What is stored of it does not open.
    Damaged,
}

/// What became of one offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// This key pays.
    Taken,
    /// It could pay, but another one comes first.
    Behind,
    /// There is no such key.
    Absent,
    Skipped(Skip),
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub provider: ProviderId,
    pub source: Source,
    pub key: Option<KeyId>,
    /// Whether its provider is known to let it do some things only.
    pub is_partial: bool,
    pub verdict: Verdict,
}

/// Every offer looked at, in order, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(pub Vec<Step>);

impl Trace {
    /// Whether a key of the caller's own was passed over, which the caller can
    /// mend.
    pub fn passes_over_own_key(&self) -> bool {
        let is_skipped = |step: &Step| matches!(step.verdict, Verdict::Skipped(_));
        let mut steps = self.0.iter();
        steps.any(|step| step.source.is_own() && is_skipped(step))
    }

    /// Why nobody pays for a provider, by the first key for it that does not.
    pub fn why_unpaid(&self, provider: &ProviderId) -> WhyUnpaid {
        let steps = self.0.iter().filter(|step| step.provider == *provider);
        let mut skipped = steps.filter_map(|step| match step.verdict {
            Verdict::Skipped(skip) => Some(WhyUnpaid::Skipped(step.source, skip)),
            _ => None,
        });
        skipped.next().unwrap_or(WhyUnpaid::NoKey)
    }

    /// The step that pays, if any does.
    pub fn taken(&self) -> Option<&Step> {
        self.0.iter().find(|step| step.verdict == Verdict::Taken)
    }

    /// What pays where a key that works only in part pays first, and may not do
    /// what is asked: the next key that is not known to be like that.
    pub fn after_partial(&self) -> Option<&Step> {
        let could = |step: &&Step| matches!(step.verdict, Verdict::Taken | Verdict::Behind);
        self.0.iter().filter(could).find(|step| !step.is_partial)
    }

    /// The steps before the one that pays; all of them where none does.
    pub fn before_taken(&self) -> Self {
        let steps = self.0.iter();
        let before = steps.take_while(|step| step.verdict != Verdict::Taken);
        Self(before.cloned().collect())
    }

    /// Notes that an offer which could pay does not. If it was to pay, the
    /// next one is.
    pub fn skip(&mut self, offer: &Offer, why: Skip) {
        let is_meant = |step: &&mut Step| {
            step.source == offer.source && step.provider == offer.provider && step.key == offer.key
        };
        let Some(step) = self.0.iter_mut().find(is_meant) else {
            return;
        };
        let before = std::mem::replace(&mut step.verdict, Verdict::Skipped(why));
        if before != Verdict::Taken {
            return;
        }
        let is_behind = |step: &&mut Step| step.verdict == Verdict::Behind;
        if let Some(next) = self.0.iter_mut().find(is_behind) {
            next.verdict = Verdict::Taken;
        }
    }

    /// Notes that no offer which could pay does.
    pub fn skip_all(&mut self, why: Skip) {
        for step in &mut self.0 {
            if matches!(step.verdict, Verdict::Taken | Verdict::Behind) {
                step.verdict = Verdict::Skipped(why);
            }
        }
    }
}
