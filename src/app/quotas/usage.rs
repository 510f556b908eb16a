//! What was used: by a person, by a server's key, by the whole bot.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::model::{AccessRefusal, AttemptId, Caller, DAY_MS, Owner, Refusal, Scope};
use crate::store::{OwnAttempt, Total, TotalLine, TotalScope};

use crate::app::Error;
use crate::app::quotas::{Quotas, managed_server};

/// More lines than anybody's year has.
const LINES_MAX: u32 = 50_000;
/// How many members are listed.
const MEMBERS_MAX: u32 = 10_000;

/// Whose usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageScope {
    User,
    /// What a server's key paid, for its managers.
    Guild,
    /// The whole bot's, for the operator's people.
    Bot,
}

/// What was used in the last days.
#[derive(Clone, Debug)]
pub struct UsageReport {
    pub scope: UsageScope,
    /// The first and the last day: days since 1970, UTC.
    pub days: (i64, i64),
    pub total: Total,
    pub lines: Vec<TotalLine>,
    /// By member, the most expensive first; only of a server's key.
    pub members: Vec<(u64, Total)>,
}

impl Quotas {
    /// What was used in the last `days` days, today included.
    pub async fn report_usage(
        &self,
        caller: &Caller,
        scope: UsageScope,
        days: u16,
    ) -> Result<UsageReport, Error> {
        let (kind, owner) = self.usage_owner(caller, scope)?;
        let today = self.clock.now_ms().div_euclid(DAY_MS);
        let first = today - i64::from(days.max(1)) + 1;
        let days = first..=today;
        let (lines, members) = tokio::try_join!(
            self.store.totals(kind, owner, days.clone(), LINES_MAX),
            self.members(scope, owner, days),
        )?;
        let mut total = Total::default();
        for line in &lines {
            total.add(&line.total);
        }
        Ok(UsageReport {
            scope,
            days: (first, today),
            total,
            lines,
            members,
        })
    }

    /// One attempt: the caller's own, or one that the key of a server paid for
    /// that the caller manages. None where there is no such one.
    pub async fn find_attempt(
        &self,
        caller: &Caller,
        scope: Scope,
        id: AttemptId,
    ) -> Result<Option<OwnAttempt>, Error> {
        Ok(match caller.owner_for(scope)? {
            Owner::Person(person) => self.store.attempt_of(person, id).await?,
            Owner::Server(server) => self.store.attempt_of_server(server, id).await?,
            // What bot defaults pay for is whoever's who asked.
            Owner::Operator => None,
        })
    }

    async fn members(
        &self,
        scope: UsageScope,
        owner: u64,
        days: RangeInclusive<i64>,
    ) -> anyhow::Result<Vec<(u64, Total)>> {
        match scope {
            UsageScope::Guild => self.store.totals_by_member(owner, days, MEMBERS_MAX).await,
            UsageScope::User | UsageScope::Bot => Ok(Vec::new()),
        }
    }

    fn usage_owner(
        &self,
        caller: &Caller,
        scope: UsageScope,
    ) -> Result<(TotalScope, u64), Refusal> {
        Ok(match scope {
            UsageScope::User => (TotalScope::User, caller.person.0),
            UsageScope::Guild => {
                let server = managed_server(caller, AccessRefusal::UsageForManagers)?;
                (TotalScope::Guild, server.0)
            }
            UsageScope::Bot => {
                self.settings.require_operator(caller)?;
                (TotalScope::Bot, 0)
            }
        })
    }
}

impl UsageReport {
    /// Sums of each provider's models, the most expensive first.
    pub fn by_model(&self) -> Vec<((String, String), Total)> {
        let mut sums: BTreeMap<(String, String), Total> = BTreeMap::new();
        for line in &self.lines {
            let model = (line.provider.clone(), line.model.clone());
            sums.entry(model).or_default().add(&line.total);
        }
        let mut sorted: Vec<_> = sums.into_iter().collect();
        sorted.sort_by_key(|(_, total)| std::cmp::Reverse((total.cost_nano, total.requests)));
        sorted
    }

    /// Sums of each payer.
    pub fn by_source(&self) -> BTreeMap<String, Total> {
        let mut sums: BTreeMap<String, Total> = BTreeMap::new();
        for line in &self.lines {
            sums.entry(line.source.clone())
                .or_default()
                .add(&line.total);
        }
        sums
    }
}
