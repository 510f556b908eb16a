//! What a server's key may be used for, as its managers set it.

use crate::ledger::AppliedLimit;
use crate::model::{
    AccessRefusal, Bound, Caller, ChosenLimits, Limit, LimitUse, Owner, PersonId, ProviderId,
    QuotaRefusal, Refusal, Scope, ServerId, SetLimit,
};
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::quotas::{Quotas, managed_server};

/// How many limits a server's budget has at the most.
const LIMITS_MAX: usize = 20;

/// A server's budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What is used of the limits on the whole key.
    pub whole: Vec<LimitUse>,
    /// Limits on each member, and on members with a role.
    pub members: Vec<(Bound, Limit)>,
    pub exempt_roles: Vec<u64>,
    /// Whether the server has any key that they limit.
    pub has_key: bool,
}

impl Budget {
    /// What is used of a limit on the whole key; none of one that each member
    /// has a count of their own for.
    pub fn used_of(&self, bound: Bound, limit: Limit) -> Option<&LimitUse> {
        let mut whole = self.whole.iter();
        whole.find(|used| used.bound == bound && used.limit == limit)
    }
}

/// What came of clearing all limits that somebody was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetClearing {
    Cleared(Vec<SetLimit>),
    /// They are others by now: a new button, and which they are.
    Changed(String, Vec<SetLimit>),
}

impl Quotas {
    /// Limits a server's key: all of it, each member, or each member with a
    /// role. Counting begins when a limit is set.
    pub async fn set_budget(
        &self,
        caller: &Caller,
        bound: Bound,
        limit: Limit,
    ) -> Result<(), Error> {
        let server = budget_server(caller)?;
        if limit.max == 0 || limit.max > i64::MAX.cast_unsigned() {
            return Err(QuotaRefusal::BadAmount.into());
        }
        let rules = self.store.rules(caller.person, Some(server), None).await?;
        let is_same = |set: &SetLimit| {
            let other = set.limit;
            set.bound == bound && other.metric == limit.metric && other.span == limit.span
        };
        let of_server = rules.limits.iter().filter(|set| set.bound.is_budget());
        let is_new = !rules.limits.iter().any(is_same);
        if is_new && of_server.count() >= LIMITS_MAX {
            return Err(QuotaRefusal::TooManyLimits { max: LIMITS_MAX }.into());
        }
        let set = SetLimit {
            bound,
            limit,
            set_by: caller.person,
        };
        let now_ms = self.clock.now_ms();
        self.store
            .set_limit(Some(server), subject(bound), &set, now_ms)
            .await?;
        Ok(())
    }

    /// Hands out the button that clears all limits of a server's key; which
    /// those are.
    pub async fn begin_clear_budget(
        &self,
        caller: &Caller,
    ) -> Result<(String, Vec<SetLimit>), Error> {
        let server = budget_server(caller)?;
        let limits = self
            .find_budget_limits(caller, ChosenLimits::default())
            .await?;
        let action = PendingAction {
            kind: PendingKind::ClearBudget,
            person: caller.person,
            server: Some(server),
            scope: Scope::Guild,
            provider: ProviderId::from(""),
            name: Some(write_limits(&limits)),
        };
        Ok((self.pending.hand_out(&action).await?, limits))
    }

    /// Clears the limits of a server's key that somebody was shown and confirmed;
    /// none, where they are others by now.
    pub async fn finish_clear_budget(
        &self,
        caller: &Caller,
        button: &str,
    ) -> Result<BudgetClearing, Error> {
        let taken = self.pending.take(caller, PendingKind::ClearBudget, button);
        let shown = taken.await?.name;
        let all = ChosenLimits::default();
        let shown = shown.unwrap_or_default();
        if let Some(cleared) = self.clear_shown(caller, all, &shown).await? {
            return Ok(BudgetClearing::Cleared(cleared));
        }
        let (button, limits) = self.begin_clear_budget(caller).await?;
        Ok(BudgetClearing::Changed(button, limits))
    }

    /// Clears limits of a server's key that somebody was shown, as `write_limits`
    /// has them; none, where they are others by now.
    pub async fn clear_shown(
        &self,
        caller: &Caller,
        chosen: ChosenLimits,
        shown: &str,
    ) -> Result<Option<Vec<SetLimit>>, Error> {
        let server = budget_server(caller)?;
        let mut limits = self.find_budget_limits(caller, chosen).await?;
        if shown != write_limits(&limits) {
            return Ok(None);
        }
        // One that is set or changed right now was not shown, and stays.
        for place in (0..limits.len()).rev() {
            let set = &limits[place];
            let clearing = self.store.clear_unchanged(server, subject(set.bound), set);
            if !clearing.await? {
                limits.remove(place);
            }
        }
        Ok(Some(limits))
    }

    /// Limits of a server's key; refused where there are none.
    pub async fn find_budget_limits(
        &self,
        caller: &Caller,
        chosen: ChosenLimits,
    ) -> Result<Vec<SetLimit>, Error> {
        let server = budget_server(caller)?;
        let rules = self.store.rules(caller.person, Some(server), None).await?;
        let mut limits = rules.limits;
        limits.retain(|set| set.bound.is_budget() && chosen.has(set));
        if limits.is_empty() {
            return Err(QuotaRefusal::NoSuchLimit.into());
        }
        Ok(limits)
    }

    /// Clears limits of a server's key. Says which there were.
    pub async fn clear_budget(
        &self,
        caller: &Caller,
        chosen: ChosenLimits,
    ) -> Result<Vec<SetLimit>, Error> {
        let server = budget_server(caller)?;
        let of = chosen.bound.map_or(0, subject);
        let cleared = self.store.clear_limits(Some(server), of, chosen).await?;
        if cleared.is_empty() {
            return Err(QuotaRefusal::NoSuchLimit.into());
        }
        Ok(cleared)
    }

    /// Frees a role from the limits on members, or binds it again. The
    /// limits on the whole key hold for everybody.
    pub async fn exempt_role(&self, caller: &Caller, role: u64, exempt: bool) -> Result<(), Error> {
        let server = budget_server(caller)?;
        self.store.exempt_role(server, role, exempt).await?;
        Ok(())
    }

    /// The limits of a server's key, and what is used of them.
    pub async fn read_budget(&self, caller: &Caller) -> Result<Budget, Error> {
        let server = budget_server(caller)?;
        let rules = self.store.rules(caller.person, Some(server), None).await?;
        let whole = limits_of_whole(&rules.limits, server);
        let members = rules.limits.iter().map(|set| (set.bound, set.limit));
        let of_member =
            |(bound, _): &(Bound, Limit)| matches!(bound, Bound::Member | Bound::Role(_));
        Ok(Budget {
            whole: self.ledger.load_uses(&whole).await?,
            members: members.filter(of_member).collect(),
            exempt_roles: rules.exempt_roles,
            has_key: !self.store.keys_of(Owner::Server(server)).await?.is_empty(),
        })
    }
}

/// The server whose budget the caller may set. Nobody has one of their own, so
/// that no other choice helps where there is no server.
fn budget_server(caller: &Caller) -> Result<ServerId, Refusal> {
    match managed_server(caller, AccessRefusal::BudgetForManagers) {
        Err(Refusal::Access(AccessRefusal::NotInAServer)) => Err(AccessRefusal::NeedsServer.into()),
        Err(Refusal::Access(AccessRefusal::NotInstalledHere)) => {
            Err(AccessRefusal::NeedsBotInServer.into())
        }
        managed => managed,
    }
}

/// The limits on the whole key of a server, all members together.
pub(in crate::app) fn limits_of_whole(set: &[SetLimit], server: ServerId) -> Vec<AppliedLimit> {
    let whole = set.iter().filter(|set| set.bound == Bound::ServerKey);
    let applied =
        whole.filter_map(|set| AppliedLimit::new(set.bound, set.limit, PersonId(0), Some(server)));
    applied.collect()
}

/// Limits in one line, which is another where one of them is.
pub fn write_limits(limits: &[SetLimit]) -> String {
    let write = |set: &SetLimit| {
        let SetLimit { bound, limit, .. } = set;
        let (period, window) = (limit.span.period.as_str(), limit.span.window.as_str());
        let what = limit.metric.as_str();
        format!("{bound:?} {what} {period} {window} {}", limit.max)
    };
    let mut written: Vec<String> = limits.iter().map(write).collect();
    written.sort_unstable();
    written.join("; ")
}

fn subject(bound: Bound) -> u64 {
    match bound {
        Bound::Role(role) => role,
        _ => 0,
    }
}
