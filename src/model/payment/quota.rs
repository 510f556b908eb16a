//! Limits on what an ask may use, and what is left of them.

use super::money::NanoDollars;
use crate::model::ids::{PersonId, ServerId};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    Requests,
    OutputTokens,
    Images,
    /// In nano-dollars.
    Cost,
}

impl Metric {
    /// The most that a limit on it can be.
    pub const fn most(self) -> u64 {
        match self {
            Self::Cost => NanoDollars::CALL_MAX.0,
            Self::Requests | Self::OutputTokens | Self::Images => 1_000_000_000_000_000,
        }
    }
}

/// Over how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    Minute,
    Day,
    Week,
    /// A calendar month, or 30 days where the window rolls.
    Month,
}

/// When counting begins again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// The last minute, day, week or 30 days, at any moment.
    #[default]
    Rolling,
    /// This minute, day, week or month, in the operator's time zone. Weeks
    /// begin on Monday.
    Calendar,
}

/// The stretch of time that a limit looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub period: Period,
    pub window: Window,
}

/// At most `max` of a metric in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    pub metric: Metric,
    pub span: Span,
    pub max: u64,
}

/// Whose use a limit bounds, and who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bound {
    /// What a person uses of the bot default, by their tier.
    Tier,
    /// What everybody uses of the bot default together.
    Bot,
    /// What one server uses of the bot default.
    BotInServer,
    /// What one person uses of the bot default, beside their tier.
    BotForPerson,
    /// What everybody uses of a server's key together.
    ServerKey,
    /// What each member uses of a server's key.
    Member,
    /// What each member with a role uses of a server's key, in place of
    /// the limit for every member.
    Role(u64),
}

impl Bound {
    /// Whether nobody else's use counts too.
    pub fn is_of_one_person(self) -> bool {
        match self {
            Self::Tier | Self::BotForPerson | Self::Member | Self::Role(_) => true,
            Self::Bot | Self::BotInServer | Self::ServerKey => false,
        }
    }

    /// Whether it is one of a server's budget.
    pub fn is_budget(self) -> bool {
        matches!(self, Self::ServerKey | Self::Member | Self::Role(_))
    }
}

/// A limit, and what is used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUse {
    pub bound: Bound,
    pub limit: Limit,
    pub used: u64,
    /// When some of it can be used again; none while nothing is used.
    pub renews_at_ms: Option<i64>,
}

/// What a limit leaves of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitLeft {
    pub limit: Limit,
    pub left: u64,
    /// When nothing that counts now counts any more.
    pub full_at_ms: i64,
}

/// A limit that leaves no room for an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitHit {
    pub bound: Bound,
    pub limit: Limit,
    pub used: u64,
    /// When there is room again; none where the limit is smaller than the
    /// ask.
    pub renews_at_ms: Option<i64>,
    /// When nothing that counts now counts any more; none while nothing does.
    pub empties_at_ms: Option<i64>,
}

/// What a person may use of what the operator pays, as the operator's
/// configuration defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    pub name: String,
    pub limits: Vec<Limit>,
    /// Whether its people may use keys of their own.
    pub byok: bool,
    /// Discord SKUs that give it.
    pub skus: Vec<u64>,
    /// Roles of the operator's home server that give it.
    pub roles: Vec<u64>,
}

/// Whom a block stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Blocked {
    Everyone,
    Server(ServerId),
    Person(PersonId),
    /// Everybody with a role, in whichever server.
    Role(u64),
    Channel(u64),
    /// By the server's own managers.
    InServer(ServerId, BlockTarget),
}

/// Whom a server's managers stop there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockTarget {
    Person(PersonId),
    Role(u64),
    Channel(u64),
}

/// A block that somebody set, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetBlock {
    pub whom: Blocked,
    pub since_ms: i64,
    /// None: until it is lifted.
    pub until_ms: Option<i64>,
}

/// A limit that somebody set, and who.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLimit {
    pub bound: Bound,
    pub limit: Limit,
    pub set_by: PersonId,
}

/// Which limits are meant: all, or those of one kind, on one metric or over one
/// stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChosenLimits {
    pub bound: Option<Bound>,
    pub metric: Option<Metric>,
    pub period: Option<Period>,
    pub window: Option<Window>,
}

impl ChosenLimits {
    /// Whether a limit is one of them.
    pub fn has(self, set: &SetLimit) -> bool {
        let Limit { metric, span, .. } = set.limit;
        self.bound.is_none_or(|bound| bound == set.bound)
            && self.metric.is_none_or(|it| it == metric)
            && self.period.is_none_or(|it| it == span.period)
            && self.window.is_none_or(|it| it == span.window)
    }

    /// Whether all limits are.
    pub fn is_all(self) -> bool {
        self == Self::default()
    }
}

/// The names that commands, configuration and the database use.
macro_rules! names {
    ($kind:ident { $($variant:ident = $name:literal),+ }) => {
        impl $kind {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in commands, configuration and the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// Reads its name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}

names!(Metric {
    Requests = "requests",
    OutputTokens = "output_tokens",
    Images = "images",
    Cost = "dollars"
});
names!(Period {
    Minute = "minute",
    Day = "day",
    Week = "week",
    Month = "month"
});
names!(Window {
    Rolling = "rolling",
    Calendar = "calendar"
});

impl Span {
    /// How an English sentence says it behind an amount: "a day" by the
    /// calendar, "in 24 hours" where the window rolls.
    pub fn words(self) -> &'static str {
        match (self.period, self.window) {
            (Period::Minute, _) => "a minute",
            (Period::Day, Window::Rolling) => "in 24 hours",
            (Period::Day, Window::Calendar) => "a day",
            (Period::Week, Window::Rolling) => "in 7 days",
            (Period::Week, Window::Calendar) => "a week",
            (Period::Month, Window::Rolling) => "in 30 days",
            (Period::Month, Window::Calendar) => "a month",
        }
    }
}

impl LimitHit {
    /// What is left: too little.
    pub fn remaining(&self) -> u64 {
        self.limit.max.saturating_sub(self.used)
    }

    /// What is left of the limit, rounded down to what can be shown.
    pub fn shown_remaining(&self) -> u64 {
        rounded_down(self.limit.metric, self.remaining())
    }
}

/// An amount that is left, without what cannot be shown of it.
fn rounded_down(metric: Metric, left: u64) -> u64 {
    match metric {
        Metric::Cost => NanoDollars(left).rounded_down().0,
        _ => left,
    }
}

impl LimitUse {
    /// What is left.
    pub fn left(&self) -> u64 {
        self.limit.max.saturating_sub(self.used)
    }

    /// What is left of the limit, rounded down to what can be shown.
    pub fn shown_left(&self) -> u64 {
        rounded_down(self.limit.metric, self.left())
    }
}
