//! What the operator's people may do to everybody: tiers, blocks, limits.

use std::time::Duration;

use crate::ledger::AppliedLimit;
use crate::model::{
    AccessRefusal, Blocked, Bound, Caller, ChosenLimits, Limit, LimitUse, PersonId, ProviderId,
    QuotaRefusal, Scope, ServerId, SetLimit, Source, snowflake,
};
use crate::store::{GivenTier, OperatorsRules, PendingAction, PendingKind};

use crate::app::Error;
use crate::app::people::{IdKind, People};

/// How many lines of each kind are shown.
const SHOWN_MAX: u32 = 50;

/// Whose use of the bot default a limit of the operator's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSubject {
    Everyone,
    Server(ServerId),
    Person(PersonId),
}

/// What the operator has set, and what is used of it.
pub struct OperatorsView {
    pub rules: OperatorsRules,
    /// In the order of the rules' limits.
    pub uses: Vec<LimitUse>,
}

impl OperatorsView {
    /// What is used of a limit that is set.
    pub fn used_of(&self, whom: LimitSubject, limit: Limit) -> Option<&LimitUse> {
        let mut set = self.rules.limits.iter().zip(&self.uses);
        let found = set.find(|((subject, set), _)| {
            whom.parts() == (set.bound, *subject) && set.limit == limit
        });
        found.map(|(_, used)| used)
    }
}

impl LimitSubject {
    /// The id of whom it is for, and what that is an id of; none for everybody.
    pub fn id(self) -> Option<(IdKind, u64)> {
        match self {
            Self::Everyone => None,
            Self::Server(server) => Some((IdKind::Server, server.0)),
            Self::Person(person) => Some((IdKind::Person, person.0)),
        }
    }

    /// The bound of such a limit, and the id of whom it is for, or 0.
    pub fn parts(self) -> (Bound, u64) {
        match self {
            Self::Everyone => (Bound::Bot, 0),
            Self::Server(server) => (Bound::BotInServer, server.0),
            Self::Person(person) => (Bound::BotForPerson, person.0),
        }
    }
}

impl People {
    /// Refuses whoever the operator did not list.
    pub fn require_operator(&self, caller: &Caller) -> Result<(), AccessRefusal> {
        self.settings.require_operator(caller)
    }

    /// The payers that the limits of tiers bind.
    pub fn payers_of_tiers(&self) -> &[Source] {
        &self.settings.applies_to
    }

    /// Whether any tier comes with something that people can buy.
    pub fn sells_tiers(&self) -> bool {
        self.settings.tiers.iter().any(|tier| !tier.skus.is_empty())
    }

    /// The tiers' names, lowest first.
    pub fn tier_names(&self) -> impl Iterator<Item = &str> {
        self.settings.tiers.iter().map(|tier| tier.name.as_str())
    }

    /// Gives a person a tier by hand, for a time or for good; none takes it
    /// back.
    pub async fn give_tier(
        &self,
        caller: &Caller,
        person: PersonId,
        tier: Option<&str>,
        during: Option<Duration>,
    ) -> Result<Option<i64>, Error> {
        self.require_operator(caller)?;
        if let Some(name) = tier.filter(|name| !self.tier_names().any(|known| known == *name)) {
            let name = name.chars().take(50).collect();
            return Err(QuotaRefusal::NoSuchTier { name }.into());
        }
        let now_ms = self.clock.now_ms();
        let until_ms = during.map(|during| after(now_ms, during));
        let by = caller.person;
        match tier.map(|tier| GivenTier { tier, until_ms, by }) {
            Some(given) => self.store.give_tier(person, given, now_ms).await?,
            None => self.store.take_back_tier(person).await?,
        }
        Ok(until_ms)
    }

    /// Stops somebody, a server, or everybody, for a time or until it is
    /// lifted. What runs is not cut off. A person is signed out everywhere, and
    /// reads who stopped them once they sign in again.
    pub async fn block(
        &self,
        caller: &Caller,
        whom: Blocked,
        during: Option<Duration>,
    ) -> Result<Option<i64>, Error> {
        self.require_operator(caller)?;
        let now_ms = self.clock.now_ms();
        if let Blocked::Server(server) = whom {
            require_plausible(server, now_ms)?;
            self.require_bot_in(server).await?;
        }
        let until_ms = during.map(|during| after(now_ms, during));
        self.store
            .set_block(whom, until_ms, caller.person, now_ms)
            .await?;
        if let Blocked::Person(person) = whom {
            self.store.end_sessions(person, None).await?;
        }
        tracing::warn!("{whom:?} is blocked by {}", caller.person);
        Ok(until_ms)
    }

    /// Hands out the button that stops everybody, for a time or until it is
    /// lifted.
    pub async fn begin_stop(
        &self,
        caller: &Caller,
        during: Option<Duration>,
    ) -> Result<String, Error> {
        self.require_operator(caller)?;
        let action = PendingAction {
            kind: PendingKind::StopEverybody,
            person: caller.person,
            server: caller.place.server(),
            scope: Scope::System,
            provider: ProviderId::from(""),
            name: during.map(|during| during.as_secs().to_string()),
        };
        Ok(self.pending.hand_out(&action).await?)
    }

    /// Stops everybody, as a button was made for; until when.
    pub async fn finish_stop(&self, caller: &Caller, button: &str) -> Result<Option<i64>, Error> {
        let taken = self
            .pending
            .take(caller, PendingKind::StopEverybody, button);
        let seconds = taken.await?.name.and_then(|seconds| seconds.parse().ok());
        self.block(caller, Blocked::Everyone, seconds.map(Duration::from_secs))
            .await
    }

    /// Lets somebody go on; whether they were stopped at all.
    pub async fn unblock(&self, caller: &Caller, whom: Blocked) -> Result<bool, Error> {
        self.require_operator(caller)?;
        Ok(self.store.lift_block(whom).await?)
    }

    /// Limits what somebody uses of the bot default.
    pub async fn set_operators_limit(
        &self,
        caller: &Caller,
        whom: LimitSubject,
        limit: Limit,
    ) -> Result<(), Error> {
        self.require_operator(caller)?;
        if limit.max == 0 || limit.max > i64::MAX.cast_unsigned() {
            return Err(QuotaRefusal::BadAmount.into());
        }
        let now_ms = self.clock.now_ms();
        if let LimitSubject::Server(server) = whom {
            require_plausible(server, now_ms)?;
            self.require_bot_in(server).await?;
        }
        let (bound, subject) = whom.parts();
        let set = SetLimit {
            bound,
            limit,
            set_by: caller.person,
        };
        self.store.set_limit(None, subject, &set, now_ms).await?;
        Ok(())
    }

    /// Clears limits on somebody's use of the bot default, of those that are chosen.
    pub async fn clear_operators_limits(
        &self,
        caller: &Caller,
        whom: LimitSubject,
        chosen: ChosenLimits,
    ) -> Result<Vec<SetLimit>, Error> {
        self.require_operator(caller)?;
        let (bound, subject) = whom.parts();
        let chosen = ChosenLimits {
            bound: Some(bound),
            ..chosen
        };
        let cleared = self.store.clear_limits(None, subject, chosen).await?;
        if cleared.is_empty() {
            return Err(QuotaRefusal::NoSuchLimit.into());
        }
        Ok(cleared)
    }

    /// Everything that the operator has set.
    pub async fn operators_view(&self, caller: &Caller) -> Result<OperatorsView, Error> {
        self.require_operator(caller)?;
        let rules = self.store.operators_rules(SHOWN_MAX).await?;
        let applied = rules.limits.iter().filter_map(|(subject, set)| {
            let (person, server) = (PersonId(*subject), Some(ServerId(*subject)));
            AppliedLimit::new(set.bound, set.limit, person, server)
        });
        let applied: Vec<AppliedLimit> = applied.collect();
        let uses = self.ledger.load_uses(&applied).await?;
        Ok(OperatorsView { rules, uses })
    }
}

/// Refuses a number that is no server's id, before anything is set for it.
fn require_plausible(server: ServerId, now_ms: i64) -> Result<(), QuotaRefusal> {
    if snowflake::is_plausible(server.0, now_ms) {
        return Ok(());
    }
    Err(QuotaRefusal::BadServer)
}

/// The moment that comes a while after now.
pub(in crate::app) fn after(now_ms: i64, during: Duration) -> i64 {
    let during = i64::try_from(during.as_millis()).unwrap_or(i64::MAX);
    now_ms.saturating_add(during)
}
