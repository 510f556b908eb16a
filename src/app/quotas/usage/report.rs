//! Reports of what was used. Whatever shows a sum of it makes it of the lines of
//! one report, so that no two sums differ.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::Date;

use crate::model::{AccessRefusal, AttemptId, Caller, KeyId, Owner, QuotaRefusal, Refusal, Scope};
use crate::store::{OwnAttempt, TooManyLines, Total, TotalLine, TotalScope};
use crate::store::{QUARTER_MS, UsageLine, UsageOwner};

use crate::app::Error;
use crate::app::quotas::usage::period::{Grain, Period, PeriodChoice, date_at, number_of};
use crate::app::quotas::{Quotas, managed_server};

/// Whose usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageScope {
    User,
    /// What a server's keys paid, for its managers.
    Guild,
    /// The whole bot's, for the operator's people.
    Bot,
}

impl From<Scope> for UsageScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::User => Self::User,
            Scope::Guild => Self::Guild,
            Scope::System => Self::Bot,
        }
    }
}

/// What was used in a period.
#[derive(Clone, Debug)]
pub struct UsageReport {
    pub scope: UsageScope,
    pub period: Period,
    /// The sum of all lines.
    pub total: Total,
    /// By the days of the period, or by the first days of its months.
    pub lines: Vec<UsageLine>,
    /// By member, the most expensive first; only of a server's keys.
    pub members: Vec<(u64, Total)>,
}

/// Which key paid, as a report tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayingKey {
    pub source: String,
    pub provider: String,
    /// None where the key is no row.
    pub key: Option<KeyId>,
}

impl Quotas {
    /// A period as it is now, in a time zone or in the operator's.
    pub fn period(
        &self,
        choice: PeriodChoice,
        zone: Option<jiff::tz::TimeZone>,
    ) -> anyhow::Result<Period> {
        let zone = zone.unwrap_or_else(|| self.ledger.zone().clone());
        Period::at(choice, zone, self.clock.now_ms())
    }

    /// What was used in a period.
    pub async fn report_usage(
        &self,
        caller: &Caller,
        scope: UsageScope,
        period: Period,
    ) -> Result<UsageReport, Error> {
        let owner = self.usage_owner(caller, scope)?;
        let (lines, members) = tokio::try_join!(self.read_lines(owner, &period), async {
            Ok(self.members(owner, &period).await?)
        },)?;
        let mut total = Total::default();
        for line in &lines {
            total.add(&line.total);
        }
        Ok(UsageReport {
            scope,
            period,
            total,
            lines,
            members,
        })
    }

    /// The days that there can be usage of, in a time zone: from the first use
    /// until today. None where nothing was used yet.
    pub async fn find_used_days(
        &self,
        caller: &Caller,
        scope: UsageScope,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Option<RangeInclusive<Date>>, Error> {
        let owner = self.usage_owner(caller, scope)?;
        let Some(quarter) = self.store.first_use(owner).await? else {
            return Ok(None);
        };
        let first = date_at(quarter.saturating_mul(QUARTER_MS), zone)?;
        let today = date_at(self.clock.now_ms(), zone)?;
        Ok(Some(first.min(today)..=today))
    }

    /// The lines of one day, for a table of any length.
    pub async fn list_usage_of_day(
        &self,
        caller: &Caller,
        scope: UsageScope,
        day: Period,
    ) -> Result<Vec<UsageLine>, Error> {
        let owner = self.usage_owner(caller, scope)?;
        self.read_lines(owner, &day.by_days()).await
    }

    /// The lines of a report, oldest first.
    pub(in crate::app::quotas) async fn read_lines(
        &self,
        owner: UsageOwner,
        period: &Period,
    ) -> Result<Vec<UsageLine>, Error> {
        if period.grain == Grain::Days {
            let stretches = period.stretches()?;
            let reading = self.store.usage_by_day(owner, &stretches).await;
            return reading.map_err(refuse_too_long);
        }
        let mut lines = Vec::new();
        for first in period.parts() {
            let quarters = period.part_quarters(first)?;
            let part = self.store.usage_between(owner, quarters, number_of(first));
            lines.extend(part.await.map_err(refuse_too_long)?);
        }
        Ok(lines)
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
        owner: UsageOwner,
        period: &Period,
    ) -> anyhow::Result<Vec<(u64, Total)>> {
        if owner.scope != TotalScope::Guild {
            return Ok(Vec::new());
        }
        self.store
            .usage_by_member(owner.id, period.quarters()?)
            .await
    }

    /// Whose totals a scope names, if the caller may see them.
    pub(in crate::app::quotas) fn usage_owner(
        &self,
        caller: &Caller,
        scope: UsageScope,
    ) -> Result<UsageOwner, Refusal> {
        let (scope, id) = match scope {
            UsageScope::User => (TotalScope::User, caller.person.0),
            UsageScope::Guild => {
                let server = managed_server(caller, AccessRefusal::UsageForManagers)?;
                (TotalScope::Guild, server.0)
            }
            UsageScope::Bot => {
                self.settings
                    .require_operator(caller)
                    .map_err(|_| AccessRefusal::UsageForOperators)?;
                (TotalScope::Bot, 0)
            }
        };
        Ok(UsageOwner { scope, id })
    }
}

/// A report that is too long is a refusal: whoever asked can ask for less.
fn refuse_too_long(error: anyhow::Error) -> Error {
    match error.downcast_ref::<TooManyLines>() {
        Some(TooManyLines) => QuotaRefusal::ReportTooLong.into(),
        None => error.into(),
    }
}

impl UsageReport {
    /// Sums of each provider's models, the most expensive first.
    pub fn by_model(&self) -> Vec<((String, String), Total)> {
        let model = |line: &UsageLine| (line.provider.clone(), line.model.clone());
        dearest_first(self.sums_by(model))
    }

    /// Sums of each provider, the most expensive first.
    pub fn by_provider(&self) -> Vec<(String, Total)> {
        dearest_first(self.sums_by(|line| line.provider.clone()))
    }

    /// Sums of each key, the most expensive first.
    pub fn by_key(&self) -> Vec<(PayingKey, Total)> {
        let key = |line: &UsageLine| PayingKey {
            source: line.source.clone(),
            provider: line.provider.clone(),
            key: line.key,
        };
        dearest_first(self.sums_by(key))
    }

    /// Sums of each server where a person asked, the most expensive first; 0
    /// for direct messages and programs.
    pub fn by_server(&self) -> Vec<(u64, Total)> {
        dearest_first(self.sums_by(|line| line.server))
    }

    /// Sums of each day, payer and model, oldest first.
    pub fn by_day_and_model(&self) -> Vec<TotalLine> {
        let of = |line: &UsageLine| {
            let (source, provider) = (line.source.clone(), line.provider.clone());
            (line.day, source, provider, line.model.clone())
        };
        let lines = self.sums_by(of).into_iter();
        let line = |((day, source, provider, model), total)| TotalLine {
            day,
            source,
            provider,
            model,
            total,
        };
        lines.map(line).collect()
    }

    /// The numbers of the first and the last day.
    pub fn day_numbers(&self) -> (i64, i64) {
        (number_of(self.period.first), number_of(self.period.last))
    }

    /// Sums of each payer.
    pub fn by_source(&self) -> BTreeMap<String, Total> {
        self.sums_by(|line| line.source.clone())
    }

    /// Sums of the lines that something is the same of.
    pub fn sums_by<K: Ord>(&self, of: impl Fn(&UsageLine) -> K) -> BTreeMap<K, Total> {
        let mut sums: BTreeMap<K, Total> = BTreeMap::new();
        for line in &self.lines {
            sums.entry(of(line)).or_default().add(&line.total);
        }
        sums
    }
}

/// Sorts sums, the most expensive first.
fn dearest_first<K>(sums: BTreeMap<K, Total>) -> Vec<(K, Total)> {
    let mut sorted: Vec<_> = sums.into_iter().collect();
    sorted.sort_by_key(|(_, total)| Reverse((total.cost_nano, total.requests)));
    sorted
}
