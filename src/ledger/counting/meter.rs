//! Which counter a limit reads.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::{Bound, Limit, LimitUse, Metric, Period, PersonId, ServerId, Span, Window};

use crate::ledger::counting::counter::Counter;

/// A limit that applies to a call, with the counter that it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedLimit {
    pub bound: Bound,
    pub limit: Limit,
    /// The name of its counter.
    pub counter: Arc<str>,
}

impl AppliedLimit {
    /// A limit on a person in a server. None where it bounds something of a
    /// server and there is none.
    pub fn new(
        bound: Bound,
        limit: Limit,
        person: PersonId,
        server: Option<ServerId>,
    ) -> Option<Self> {
        let meter = Meter {
            metric: limit.metric,
            span: limit.span,
        };
        let counter = match bound {
            Bound::Tier => format!("person/{person}/{meter}"),
            Bound::Bot => format!("bot/{meter}"),
            Bound::BotInServer => format!("bot/server/{}/{meter}", server?),
            Bound::BotForPerson => format!("bot/person/{person}/{meter}"),
            Bound::ServerKey => format!("server/{}/{meter}", server?),
            Bound::Member | Bound::Role(_) => format!("server/{}/member/{person}/{meter}", server?),
        };
        Some(Self {
            bound,
            limit,
            counter: counter.into(),
        })
    }

    /// How much of the limit its counter has counted. The counter must have
    /// been advanced to now.
    pub fn used(&self, counter: &Counter, zone: &TimeZone) -> anyhow::Result<LimitUse> {
        Ok(LimitUse {
            bound: self.bound,
            limit: self.limit,
            used: counter.used(),
            renews_at_ms: counter.renews_at(self.limit, zone)?,
        })
    }
}

/// What a counter counts, and in which span. Its name ends in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    pub metric: Metric,
    pub span: Span,
}

impl Meter {
    /// Parses it from the end of a counter's name.
    pub fn parse(counter: &str) -> Option<Self> {
        let mut words = counter.rsplit('/');
        let window = Window::parse(words.next()?)?;
        let period = Period::parse(words.next()?)?;
        let metric = Metric::parse(words.next()?)?;
        let span = Span { period, window };
        Some(Self { metric, span })
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, span } = self;
        let (period, window) = (span.period.as_str(), span.window.as_str());
        write!(f, "{}/{period}/{window}", metric.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counters_name_says_what_it_counts() {
        let limit = Limit {
            metric: Metric::OutputTokens,
            span: Span {
                period: Period::Week,
                window: Window::Calendar,
            },
            max: 5,
        };
        let (mia, club) = (PersonId(7), Some(ServerId(9)));
        for (bound, name) in [
            (Bound::Tier, "person/7"),
            (Bound::Bot, "bot"),
            (Bound::BotInServer, "bot/server/9"),
            (Bound::BotForPerson, "bot/person/7"),
            (Bound::ServerKey, "server/9"),
            (Bound::Member, "server/9/member/7"),
            (Bound::Role(5), "server/9/member/7"),
        ] {
            let applied = AppliedLimit::new(bound, limit, mia, club).unwrap();
            assert_eq!(
                *applied.counter,
                format!("{name}/output_tokens/week/calendar")
            );
            let meter = Meter::parse(&applied.counter).unwrap();
            assert_eq!((meter.metric, meter.span), (limit.metric, limit.span));
        }
        assert_eq!(AppliedLimit::new(Bound::ServerKey, limit, mia, None), None);
        assert_eq!(Meter::parse("server/9"), None);
    }
}
