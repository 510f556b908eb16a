//! Refusals about limits, blocks and tiers.

use crate::model::ids::ProviderId;
use crate::model::payment::offer::{Skip, Source};
use crate::model::payment::quota::{LimitHit, Metric, SetBlock};

/// Why something about a limit, a block or a tier was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaRefusal {
    #[error("a limit leaves no room")]
    LimitReached {
        hit: Box<LimitHit>,
        /// Whose key it limits.
        payer: Source,
        provider: ProviderId,
        /// Seconds until there is room again; none where there never is.
        retry_after_s: Option<u64>,
        /// What a key of the asker's own for this provider would change.
        own_key: OwnKeyWay,
    },
    #[error("dollars are limited, and the price is not known")]
    UnknownPrice {
        provider: ProviderId,
        model: String,
        payer: Source,
        /// As above.
        own_key: OwnKeyWay,
    },
    #[error("this is blocked")]
    Blocked(SetBlock),
    #[error("there is no such tier")]
    NoSuchTier { name: String },
    #[error("there is no such limit")]
    NoSuchLimit,
    #[error("there are too many limits")]
    TooManyLimits { max: usize },
    #[error("the amount is no amount")]
    BadAmount,
    #[error("the amount is larger than can be counted")]
    AmountTooLarge(Metric),
    #[error("the amount can be read in two ways")]
    AmbiguousAmount {
        /// With what stands in it as the decimal point: `1.5` for `1.500`.
        less: String,
        /// With it between thousands: `1500`.
        more: String,
    },
    #[error("one person, role or channel must be named")]
    NameOne,
    #[error("two options do not go together")]
    Contradiction(Contradiction),
    #[error("the id is no server's")]
    BadServer,
    #[error("the bot is not in that server")]
    NotInServer,
    #[error("the duration is no duration")]
    BadDuration(DurationOf),
    #[error("the duration is longer than can be kept")]
    DurationTooLong(DurationOf),
    #[error("a report of this period is too long")]
    ReportTooLong,
}

/// What a key of the asker's own would change where a limit leaves no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKeyWay {
    /// There is none, and one would have no such limit.
    Add,
    /// There is one without such a limit, and this keeps it from paying.
    Mend(Skip),
    /// None would help: it has the same limit, or may not be used.
    NoHelp,
}

/// What a duration was typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationOf {
    /// How far back a channel is read.
    LookBack,
    /// How long somebody is stopped.
    Block,
    /// How long somebody has a tier.
    Tier,
    /// How long a token works.
    Token,
}

impl DurationOf {
    /// The most days of anything but a token. Longer than ten years is for good.
    pub const DAYS_MAX: u64 = 3_650;
}

/// Options of a command that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// A person and a server, of which one is meant.
    PersonAndServer,
    /// A role's limit is for each member with it.
    RoleAndTogether,
    /// A minute has no calendar.
    MinuteAndCalendar,
    /// Dollars, and a limit on something else.
    DollarsOfACount,
    /// A duration is that of a tier.
    DurationWithoutTier,
}
