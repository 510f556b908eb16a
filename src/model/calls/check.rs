//! What a provider said: of a key that was checked, of a call that failed.

use std::time::Duration;

use crate::model::access::key::Health;
use crate::model::ids::ProviderId;

/// What the free check of a key found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The provider accepts it.
    Valid,
    /// The server answers, with this key as without any: it checks none.
    Unguarded,
    /// The provider does not know it. The only outcome that refuses a save.
    Invalid,
    /// It is real, its account has no credit.
    OutOfCredit,
    /// It is real, but its permissions, country or plan limit it.
    Restricted,
    /// The provider knows the key, but not the endpoint, organisation or
    /// deployment that was given with it.
    WrongExtra,
    /// The provider could not be asked, or did not say.
    Unknown(FailureClass),
}

impl Check {
    /// Whether a key pays after this check, as far as its provider says.
    pub fn lets_pay(&self) -> bool {
        !matches!(self, Self::Invalid | Self::OutOfCredit | Self::WrongExtra)
    }

    /// The health that a key has after this check.
    pub fn health(&self) -> Health {
        match self {
            Self::Valid => Health::Valid,
            Self::Unguarded => Health::Unguarded,
            Self::Invalid => Health::Refused,
            Self::OutOfCredit => Health::OutOfCredit,
            Self::Restricted | Self::WrongExtra => Health::Restricted,
            Self::Unknown(_) => Health::Unverified,
        }
    }
}

/// What a provider does not let a key do; `docs/providers.md` §4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// To use this model.
    Model,
    /// To be used from this address.
    Address,
    /// To be used from this country.
    Country,
    /// To call models at all: it lacks a permission, or its project does.
    Permission,
    /// To spend more: a limit of its own is used up there.
    Spent,
    /// Anything: its account or project is suspended.
    Suspended,
    /// To use this model, until its organisation is verified there.
    Unverified,
    /// To use this model without paying, which is all that its account does.
    FreeTier,
    /// The provider does not say.
    Unsaid,
}

/// What came in the place of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignFile {
    FilmOrSound,
    /// An `SVG`, which is no picture of pixels.
    Drawing,
    /// A page or another text, such as a gateway's error.
    Text,
    Nothing,
    /// Anything else.
    Unknown,
}

/// What kind of failure a provider's answer was; `docs/providers.md` §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The key is not one of theirs.
    AuthInvalid,
    /// The key may not do this, or not from here.
    AuthForbidden(Restriction),
    /// The account has no credit.
    Billing,
    /// Too many requests for now.
    RateLimited,
    /// There is no such model for this key.
    ModelNotFound,
    /// The prompt is longer than the model reads.
    ContextTooLong,
    /// The provider refuses the content.
    ContentBlocked,
    /// The provider can't read a picture that it was shown.
    PictureRefused,
    /// The request was wrong in another way.
    BadRequest,
    /// The provider is down, or answered nonsense.
    Upstream,
    /// The provider says that it has more to do than it can.
    Overloaded,
    /// Nothing answers at the provider's address.
    Unreachable,
    /// The provider took too long.
    TimedOut,
    /// The answer broke off after it had begun.
    CutOff,
    /// The answer was larger than we read.
    TooLarge,
    /// There was no memory left here for the answer.
    NoMemory,
    /// The provider says that it is done, and there is no picture.
    NoPicture,
    /// It is done, and gave out another file in the place of a picture.
    NoImageOutput(ForeignFile),
    /// The picture is said to be where the provider keeps none.
    UntrustedResult,
    /// It is done, and its picture can't be had from where it is kept.
    ResultUnreachable,
    /// The workflow does not run there: a node of it failed.
    WorkflowFailed,
    /// The workflow needs a model's file that is not there.
    ModelFileMissing,
    /// The workflow needs a node that is not installed there.
    NodeMissing,
    /// The machine that should run it failed.
    MachineFailed,
    /// Its graphics card has too little memory for this.
    OutOfMemory,
    /// It is done, and what it made is lost, or more than it passes on.
    ResultLost,
    /// Somebody cancelled it at the provider.
    Cancelled,
    /// The provider no longer has the result.
    Expired,
    /// Something that this needs was not given with the key.
    NotSetUp,
    /// The key was stored for another address than the one in use now.
    WrongOrigin,
    /// What is stored of the key does not open, so that nobody was asked.
    DamagedKey,
}

impl FailureClass {
    /// Whether it says nothing of the call: whatever was asked may have been
    /// done.
    pub fn is_about_the_host(self) -> bool {
        matches!(
            self,
            Self::Upstream | Self::Overloaded | Self::TimedOut | Self::CutOff
        )
    }

    /// Whether it says something of the key that paid, which is for its
    /// owner's eyes.
    pub fn is_about_the_key(self) -> bool {
        matches!(
            self,
            Self::AuthInvalid
                | Self::AuthForbidden(_)
                | Self::Billing
                | Self::WrongOrigin
                | Self::NotSetUp
                | Self::DamagedKey
        )
    }
}

/// A provider call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider} failed: {class:?}")]
pub struct ProviderFailure {
    pub provider: ProviderId,
    pub class: FailureClass,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// How long the provider asked us to wait.
    pub retry_after: Option<Duration>,
    /// What it is about, where that is said: a model's file, a node, a host of
    /// pictures. Never words of a person's, never a key.
    pub subject: Option<Box<str>>,
}

/// Statuses by which a machine before the provider says that the call had left
/// it, and that no answer came which it can read, while the provider may be at
/// work: the standard's, and Cloudflare's own; `docs/providers.md` §4.3.
const MAY_BE_AT_WORK: [u16; 4] = [504, 520, 524, 527];

impl ProviderFailure {
    /// Whether the provider may have done all the same what it is paid for:
    /// it took the call, and did not say no.
    pub fn may_have_worked(&self) -> bool {
        match self.class {
            FailureClass::TimedOut
            | FailureClass::CutOff
            | FailureClass::TooLarge
            | FailureClass::NoMemory
            | FailureClass::NoPicture
            | FailureClass::NoImageOutput(_) => true,
            FailureClass::Upstream | FailureClass::Overloaded => self
                .status
                .is_none_or(|status| status < 300 || MAY_BE_AT_WORK.contains(&status)),
            _ => false,
        }
    }
}
