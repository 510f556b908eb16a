//! The policy for one caller in one place: their tier, the limits that
//! apply, and whether they are blocked.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ledger::AppliedLimit;
use crate::model::{
    AccessRefusal, BlockTarget, Blocked, Bound, Caller, Choice, Clock, Health, Limit, Metric,
    Offer, PersonId, Place, ProviderId, QuotaRefusal, Refusal, SetBlock, Source, Span, Tier,
};
use crate::store::{Rules, RulesAndOffers, RulesKey, Store};
use crate::vault::Vault;

/// What the operator settled of quotas.
#[derive(Clone, Debug)]
pub struct QuotaSettings {
    /// Lowest first, and one at least.
    pub tiers: Vec<Tier>,
    /// The payers whose asks obey the tiers.
    pub applies_to: Vec<Source>,
    /// Who may change limits, and is told of them.
    pub operators: Vec<PersonId>,
    /// How long attempts are kept.
    pub keep_days: u32,
    /// Providers whose keys go to a server of the operator's, which may check
    /// none.
    pub own_servers: Vec<ProviderId>,
}

/// What one caller may use in one place.
#[derive(Clone)]
pub struct CallerPolicy {
    pub caller: Caller,
    stored: Arc<RulesAndOffers>,
    quota: Arc<QuotaSettings>,
    /// The index of their tier.
    tier: usize,
}

/// Reads the policies for callers.
pub struct Policies {
    store: Store,
    vault: Arc<Vault>,
    quota: Arc<QuotaSettings>,
    clock: Clock,
}

impl QuotaSettings {
    /// Refuses whoever the operator did not list.
    pub fn require_operator(&self, caller: &Caller) -> Result<(), AccessRefusal> {
        if self.operators.contains(&caller.person) {
            Ok(())
        } else {
            Err(AccessRefusal::NotAnOperator)
        }
    }

    /// Whether an offer uses the operator's own server with a key that the
    /// server is not known to check: anybody can make one up.
    fn is_on_operators_server(&self, offer: &Offer) -> bool {
        let is_checked = matches!(offer.health, Health::Valid | Health::Restricted);
        !is_checked && self.own_servers.contains(&offer.provider)
    }
}

impl Policies {
    /// Puts the parts together.
    pub fn new(store: Store, vault: Arc<Vault>, quota: Arc<QuotaSettings>, clock: Clock) -> Self {
        Self {
            store,
            vault,
            quota,
            clock,
        }
    }

    /// Whether every tier lets people use keys of their own.
    pub fn everybody_may_use_own_keys(&self) -> bool {
        self.quota.tiers.iter().all(|tier| tier.byok)
    }

    /// Reads the policy for a caller in one query: the rules that are set
    /// for them, and the stored keys that could pay.
    pub async fn read_policy(&self, caller: Caller) -> anyhow::Result<CallerPolicy> {
        let key = RulesKey {
            person: caller.person,
            place: caller.place,
            channel: caller.channel,
        };
        let stored = self
            .store
            .rules_and_offers(key, |kid| self.vault.can_open(kid))
            .await?;
        Ok(CallerPolicy {
            tier: self.tier_of(&caller, &stored.rules)?,
            quota: Arc::clone(&self.quota),
            stored,
            caller,
        })
    }

    /// The index of the highest tier that a role, a purchase or an operator
    /// gives the caller.
    fn tier_of(&self, caller: &Caller, rules: &Rules) -> anyhow::Result<usize> {
        let now_ms = self.clock.now_ms();
        let by_hand = rules
            .tier
            .as_ref()
            .filter(|(_, until)| is_on(*until, now_ms));
        let gives = |tier: &&Tier| {
            by_hand.is_some_and(|(name, _)| *name == tier.name)
                || tier.skus.iter().any(|sku| caller.skus.contains(sku))
                || tier
                    .roles
                    .iter()
                    .any(|role| caller.home_roles.contains(role))
        };
        let tiers = &self.quota.tiers;
        anyhow::ensure!(!tiers.is_empty(), "no tier is configured");
        Ok(tiers.iter().rposition(|tier| gives(&tier)).unwrap_or(0))
    }
}

impl CallerPolicy {
    /// Their tier.
    pub fn tier(&self) -> &Tier {
        &self.quota.tiers[self.tier]
    }

    fn rules(&self) -> &Rules {
        &self.stored.rules
    }

    /// The stored keys that could pay for the caller here.
    pub fn stored_offers(&self) -> &[Offer] {
        &self.stored.offers
    }

    /// The operator's people, who are told of the bot's own limits.
    pub fn operators(&self) -> &[PersonId] {
        &self.quota.operators
    }

    /// Refuses a caller whom the operator or a server's manager has blocked.
    pub fn refuse_blocked(&self, now_ms: i64) -> Result<(), Refusal> {
        match self.blocks(now_ms).next() {
            Some(block) => Err(Refusal::Quota(QuotaRefusal::Blocked(block))),
            None => Ok(()),
        }
    }

    /// The blocks that stop the caller.
    pub fn blocks(&self, now_ms: i64) -> impl Iterator<Item = SetBlock> {
        let blocks = self.rules().blocks.iter().copied();
        blocks.filter(move |block| is_on(block.until_ms, now_ms) && self.is_meant(block.whom))
    }

    /// Whether a block is for this caller. The store read only blocks of
    /// their person, their server, and everyone.
    fn is_meant(&self, whom: Blocked) -> bool {
        let caller = &self.caller;
        let has = |role: u64| caller.roles.contains(&role);
        match whom {
            Blocked::Everyone | Blocked::Server(_) | Blocked::Person(_) => true,
            Blocked::Role(role) => has(role),
            Blocked::Channel(channel) => caller.channel == Some(channel),
            Blocked::InServer(server, inside) => {
                let here = caller.place == Place::Server(server);
                here && match inside {
                    BlockTarget::Person(person) => person == caller.person,
                    BlockTarget::Role(role) => role == server.0 || has(role),
                    BlockTarget::Channel(channel) => caller.channel == Some(channel),
                }
            }
        }
    }

    /// What was chosen beforehand, the closest first.
    pub fn chosen(&self) -> &[Choice] {
        &self.rules().choices
    }

    /// Every limit on an ask that this offer pays. What a made-up key opens on
    /// the operator's own server obeys the limits of the bot default too.
    pub fn limits(&self, offer: &Offer) -> Vec<AppliedLimit> {
        let is_operators =
            offer.source == Source::BotDefault || self.quota.is_on_operators_server(offer);
        let applies_to = &self.quota.applies_to;
        let obeys_tier = applies_to.contains(&offer.source)
            || (is_operators && applies_to.contains(&Source::BotDefault));
        let tiers = self.tier().limits.iter().map(|limit| (Bound::Tier, *limit));
        let tiers = tiers.filter(|_| obeys_tier);
        let mut set = Vec::new();
        if offer.source == Source::Server {
            set = self.budget();
        }
        if is_operators {
            set.extend(self.operators_limits());
        }
        let (person, server) = (self.caller.person, self.caller.place.server());
        tiers
            .chain(set)
            .filter_map(|(bound, limit)| AppliedLimit::new(bound, limit, person, server))
            .collect()
    }

    /// Whether the caller may use a key of their own for a provider, and none of
    /// its limits is one of these.
    pub fn has_own_way(
        &self,
        provider: &ProviderId,
        is_it: impl Fn(&AppliedLimit) -> bool,
    ) -> bool {
        let own = Offer::unstored(Source::Personal, provider.clone());
        self.tier().byok && !self.limits(&own).iter().any(is_it)
    }

    /// Whether the limits of the caller's tier bind keys of their own.
    pub fn limits_own_keys(&self) -> bool {
        self.quota.applies_to.contains(&Source::Personal) && !self.tier().limits.is_empty()
    }

    /// Who should be told of a budget: whoever set it.
    pub fn owner_of(&self, bound: Bound, limit: Limit) -> Option<PersonId> {
        let mut set = self.rules().limits.iter();
        set.find(|set| set.bound == bound && set.limit == limit)
            .map(|set| set.set_by)
            .filter(|owner| owner.0 != 0)
    }

    fn operators_limits(&self) -> Vec<(Bound, Limit)> {
        let set = self.rules().limits.iter().map(|set| (set.bound, set.limit));
        set.filter(|(bound, _)| {
            matches!(bound, Bound::Bot | Bound::BotInServer | Bound::BotForPerson)
        })
        .collect()
    }

    /// The server's limits on its key: on the whole key, and on this
    /// member. A limit for one of the member's roles stands in the place of
    /// the one for every member, and the most generous role counts.
    fn budget(&self) -> Vec<(Bound, Limit)> {
        let set = || self.rules().limits.iter().map(|set| (set.bound, set.limit));
        let mut budget: Vec<_> = set()
            .filter(|(bound, _)| *bound == Bound::ServerKey)
            .collect();
        // Everybody's role has the server's own id, and Discord never lists it.
        let everybodys = self.caller.place.server().map(|server| server.0);
        let has = |role: &u64| Some(*role) == everybodys || self.caller.roles.contains(role);
        if self.rules().exempt_roles.iter().any(has) {
            return budget;
        }
        let mut own: BTreeMap<(Metric, Span), (Bound, Limit)> = BTreeMap::new();
        for (bound, limit) in set() {
            let better = |old: &(Bound, Limit)| match (old.0, bound) {
                (Bound::Role(_), Bound::Role(_)) => limit.max > old.1.max,
                (_, Bound::Role(_)) => true,
                _ => false,
            };
            let mine = match bound {
                Bound::Member => true,
                Bound::Role(role) => has(&role),
                _ => false,
            };
            let meter = (limit.metric, limit.span);
            if mine && own.get(&meter).is_none_or(better) {
                own.insert(meter, (bound, limit));
            }
        }
        budget.extend(own.into_values());
        budget
    }
}

/// Whether something that ends is still on.
fn is_on(until_ms: Option<i64>, now_ms: i64) -> bool {
    until_ms.is_none_or(|until| until > now_ms)
}
