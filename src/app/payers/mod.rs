//! Who pays for a call: reserves room before it, opens the key for it, and
//! looks after keys that turn out to be dead.

mod attempts;
mod bot_defaults;
mod demo;
mod queue;
mod recent_keys;

use std::sync::Arc;
use std::time::Duration;

use crate::ledger::{
    AppliedLimit, CallEnd, CallOrder, Hold, Ledger, ListPrice, NoRoom, SettledAttempt,
};
use crate::model::{
    AttemptId, Caller, Clock, Credential, FailureClass, Health, Key, KeyId, Offer, OwnKeyWay,
    Owner, PersonId, ProviderFailure, ProviderId, QuotaRefusal, Refusal, Restriction, Sealed,
    Source,
};
use crate::resolver::{self, Choice, Question};
use crate::store::Store;
use crate::vault::Vault;

use crate::app::policy::{CallerPolicy, QuotaSettings};
use crate::app::tasks::Tasks;

pub use attempts::{
    CallOutcome, CannotPay, FailedCall, Needs, PaidCall, Payable, Reservation,
    another_payer_may_help, refused_by,
};
pub use bot_defaults::{BotDefault, BotDefaults, EnvironmentKey};
pub use demo::free_usage;
pub use queue::PayerQueue;
use recent_keys::RecentKeys;

/// How often the use of a key is noted.
const NOTE_USE_EVERY: Duration = Duration::from_mins(1);
/// How often an owner is told that a provider does not let a key do something.
const TELL_RESTRICTION_EVERY: Duration = Duration::from_hours(24);

/// Who pays for a call, and what for.
#[derive(Clone, Debug)]
pub struct Payer {
    pub source: Source,
    pub provider: ProviderId,
    pub model: String,
    pub key: Option<KeyId>,
    pub attempt: AttemptId,
}

/// A key that its provider turned down during use, or that did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    pub provider: ProviderId,
    pub owner: Owner,
    pub health: Health,
    /// What its provider does not let it do, where it is restricted.
    pub restriction: Option<Restriction>,
    /// Who should know: whoever added it, or the operator's people.
    pub tell: Vec<PersonId>,
}

/// A key for one call, wiped after it where it was opened for it.
pub enum OpenKey<'a> {
    Known(Option<&'a Credential>),
    Opened(Credential),
}

impl OpenKey<'_> {
    /// The key; none where the provider asks for none.
    pub fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Known(known) => *known,
            Self::Opened(opened) => Some(opened),
        }
    }
}

/// What [`Payers`] is made of.
pub struct PayersParts {
    pub store: Store,
    pub vault: Arc<Vault>,
    pub ledger: Arc<Ledger>,
    pub bot_defaults: Vec<BotDefault>,
    pub quota: Arc<QuotaSettings>,
    pub clock: Clock,
    pub tasks: Tasks,
}

/// Everybody's keys, and the ledger in which they pay.
pub struct Payers {
    store: Store,
    vault: Arc<Vault>,
    ledger: Arc<Ledger>,
    /// The operator's keys of the environment.
    pub bot_defaults: BotDefaults,
    quota: Arc<QuotaSettings>,
    uses: RecentKeys,
    /// The keys whose owners were told lately that they are restricted.
    restrictions: RecentKeys,
    clock: Clock,
    tasks: Tasks,
}

impl Payers {
    /// Puts the parts together.
    pub fn new(parts: PayersParts) -> Self {
        Self {
            bot_defaults: BotDefaults::new(parts.bot_defaults),
            quota: parts.quota,
            store: parts.store,
            vault: parts.vault,
            ledger: parts.ledger,
            uses: RecentKeys::remembering(NOTE_USE_EVERY),
            restrictions: RecentKeys::remembering(TELL_RESTRICTION_EVERY),
            clock: parts.clock,
            tasks: parts.tasks,
        }
    }

    /// Every key that could pay for a caller, stored or of the environment.
    /// A system key makes way for a key that the environment has for its
    /// provider.
    pub fn offers<'a>(
        &'a self,
        policy: &'a CallerPolicy,
    ) -> impl Iterator<Item = &'a Offer> + Clone {
        let makes_way = |offer: &Offer| {
            offer.source == Source::BotDefault && self.bot_defaults.has_key(&offer.provider)
        };
        let stored = policy.stored_offers().iter();
        stored
            .filter(move |offer| !makes_way(offer))
            .chain(self.bot_defaults.offers())
    }

    /// Who can pay for a caller's call to one of these providers, the key
    /// that came with the call included.
    pub fn choose(
        &self,
        policy: &CallerPolicy,
        providers: &[ProviderId],
        request: Option<&Offer>,
    ) -> Choice {
        let question = Question {
            person: policy.caller.person,
            place: policy.caller.place,
            byok: policy.tier().byok,
            now_ms: self.clock.now_ms(),
        };
        let offers = self.offers(policy).chain(request);
        resolver::choose(&question, providers, &offers)
    }

    /// What lists say of a model now.
    pub async fn list_price(
        &self,
        provider: &ProviderId,
        model: &str,
    ) -> anyhow::Result<ListPrice> {
        self.ledger.list_price(provider, model).await
    }

    /// Whether limits will most likely leave room for a call.
    pub fn expects_room(&self, limits: &[AppliedLimit], output_tokens: u64) -> bool {
        self.ledger.expects_room(limits, output_tokens, 0)
    }

    /// Reserves what a call may use; or says which limit leaves too little.
    pub async fn hold<D>(
        &self,
        caller: &Caller,
        offer: &Offer,
        needs: &Needs<D>,
        limits: Vec<AppliedLimit>,
    ) -> anyhow::Result<Result<Hold, Refusal>> {
        let order = order_of(caller, offer, needs);
        let held = self.ledger.hold(order, limits).await?;
        Ok(held.map_err(|no_room| self.refusal(no_room, offer, &needs.model)))
    }

    /// Whether there is room for a call now; or which limit leaves too little.
    pub async fn check_room<D>(
        &self,
        caller: &Caller,
        offer: &Offer,
        needs: &Needs<D>,
        limits: &[AppliedLimit],
    ) -> anyhow::Result<Result<(), Refusal>> {
        let order = order_of(caller, offer, needs);
        let found = self.ledger.check_room(order, limits).await?;
        Ok(found.map_err(|no_room| self.refusal(no_room, offer, &needs.model)))
    }

    fn refusal(&self, no_room: NoRoom, offer: &Offer, model: &str) -> Refusal {
        let (payer, provider) = (offer.source, offer.provider.clone());
        match no_room {
            NoRoom::Limit(hit) => {
                let now_ms = self.clock.now_ms();
                let wait = |at_ms: i64| (at_ms - now_ms).max(0).cast_unsigned().div_ceil(1_000);
                Refusal::Quota(QuotaRefusal::LimitReached {
                    retry_after_s: hit.renews_at_ms.map(wait),
                    hit: Box::new(hit),
                    payer,
                    provider,
                    own_key: OwnKeyWay::NoHelp,
                })
            }
            NoRoom::Unpriced => Refusal::Quota(QuotaRefusal::UnknownPrice {
                provider,
                model: model.to_owned(),
                payer,
                own_key: OwnKeyWay::NoHelp,
            }),
        }
    }

    /// Puts what a call used in the place of what was reserved for it. None
    /// if that cannot be written: the ledger settles the call later.
    pub async fn settle(&self, hold: Hold, ended: &CallEnd<'_>) -> Option<SettledAttempt> {
        match self.ledger.settle(hold, ended).await {
            Ok(settled) => Some(settled),
            Err(error) => {
                tracing::error!("could not settle an attempt: {error:#}");
                None
            }
        }
    }

    /// Gives back everything that was reserved: nothing came of the call.
    pub async fn release(&self, hold: Hold) {
        if let Err(error) = self.ledger.settle(hold, &CallEnd::Released).await {
            tracing::error!("could not release an attempt: {error:#}");
        }
    }

    /// Takes up what an earlier process reserved; none if it is settled.
    pub async fn take_up(&self, attempt: AttemptId) -> anyhow::Result<Option<Hold>> {
        self.ledger.take_up(attempt).await
    }

    /// Opens the key that an offer stands for, for one call. A stored key
    /// that does not open fails as one that its provider turns down does:
    /// the next payer may help.
    pub fn open_key<'a>(
        &'a self,
        offer: &Offer,
        request_key: Option<&'a Credential>,
    ) -> Result<OpenKey<'a>, ProviderFailure> {
        Ok(match (offer.source, offer.key) {
            (Source::Request, _) => OpenKey::Known(request_key),
            (Source::BotDefault, None) => {
                let default = self.bot_defaults.find(&offer.provider);
                OpenKey::Known(default.and_then(|default| default.credential.as_ref()))
            }
            (Source::Demo, _) => OpenKey::Known(None),
            (Source::Personal | Source::Server | Source::BotDefault, _) => {
                let opened = self.vault.open(offer);
                OpenKey::Opened(opened.map_err(|error| damaged(&offer.provider, &error))?)
            }
        })
    }

    /// Opens a stored key, of which nobody asks whether it may pay.
    pub fn open_stored(&self, key: &Key, sealed: &Sealed) -> Result<Credential, ProviderFailure> {
        let opened = self.vault.open_key(key, &sealed.0);
        opened.map_err(|error| damaged(&key.provider, &error))
    }

    /// The key with which the operator would pay for a call to a provider,
    /// if one can pay: that of the environment, or the system key.
    pub async fn operators_offer(&self, provider: &ProviderId) -> anyhow::Result<Option<Offer>> {
        if self.bot_defaults.has_key(provider) {
            let offer = Offer::unstored(Source::BotDefault, provider.clone());
            return Ok(Some(offer));
        }
        let can_open = |kid: &str| self.vault.can_open(kid);
        let found = self.store.system_offer(provider, can_open).await?;
        let now_ms = self.clock.now_ms();
        Ok(found.filter(|offer| resolver::find_fault(offer, now_ms).is_none()))
    }

    /// The offer of a stored key, if the key is still there; without a key
    /// that of the environment for this provider.
    pub async fn offer_of(
        &self,
        provider: &ProviderId,
        key: Option<KeyId>,
    ) -> anyhow::Result<Option<Offer>> {
        if let Some(key) = key {
            let can_open = |kid: &str| self.vault.can_open(kid);
            return self.store.offer_of_key(key, can_open).await;
        }
        let mut offers = self.bot_defaults.offers().iter();
        Ok(offers.find(|offer| offer.provider == *provider).cloned())
    }

    /// Lowers the health of a stored key that its provider turned down, or
    /// that does not open. Of several callers at once, the one that changes
    /// it tells the owner.
    pub async fn demote(
        &self,
        offer: &Offer,
        failure: &ProviderFailure,
    ) -> anyhow::Result<Option<Demotion>> {
        let health = match failure.class {
            FailureClass::AuthInvalid => Health::Refused,
            FailureClass::Billing => Health::OutOfCredit,
            FailureClass::DamagedKey => Health::Damaged,
            FailureClass::AuthForbidden(_) => Health::Restricted,
            _ => return Ok(None),
        };
        // A key that came with the call is nobody's to mend but its sender's.
        if offer.source == Source::Request {
            return Ok(None);
        }
        let now_ms = self.clock.now_ms();
        let (Some(key), Some(owner)) = (offer.key, offer.owner) else {
            self.bot_defaults
                .note_health(&offer.provider, health, now_ms);
            tracing::error!(provider = %offer.provider, "the bot default key of {} was turned down: {:?}", offer.provider, failure.class);
            return Ok(None);
        };
        let restriction = match failure.class {
            FailureClass::AuthForbidden(what) => Some(what),
            _ => None,
        };
        let is_new = self.store.demote(key, health, now_ms).await?;
        // A key may be known to be restricted since it was added, and its
        // owner not know yet what that means.
        let is_told = restriction.is_none() || !self.restrictions.claim(key, now_ms);
        if !is_new && is_told {
            return Ok(None);
        }
        tracing::info!(key.id = %key, provider = %offer.provider, "key {key} is now {}", health.as_str());
        let tell: Vec<PersonId> = match owner {
            Owner::Operator => self.quota.operators.clone(),
            Owner::Person(_) | Owner::Server(_) => {
                self.store.adder_of(key).await?.into_iter().collect()
            }
        };
        let provider = offer.provider.clone();
        Ok((!tell.is_empty()).then_some(Demotion {
            provider,
            owner,
            health,
            restriction,
            tell,
        }))
    }

    /// Writes down in the background that a stored key paid.
    pub fn note_use(&self, key: Option<KeyId>) {
        let Some(key) = key else { return };
        let now_ms = self.clock.now_ms();
        if !self.uses.claim(key, now_ms) {
            return;
        }
        let store = self.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.touch_key(key, now_ms).await {
                tracing::warn!("could not note the use of key {key}: {error:#}");
            }
        });
    }
}

/// The call that a payer is asked for.
fn order_of<'a, D>(caller: &Caller, offer: &'a Offer, needs: &'a Needs<D>) -> CallOrder<'a> {
    CallOrder {
        person: caller.person,
        server: caller.place.server(),
        source: offer.source,
        key: offer.key,
        provider: &offer.provider,
        model: &needs.model,
        prompt: needs.prompt,
        max_output_tokens: needs.max_output_tokens,
        images: needs.images,
        sound: needs.sound,
    }
}

/// Logs that a stored key does not open, which the operator should know:
/// its row was damaged, or somebody wrote to the database.
fn damaged(provider: &ProviderId, error: &anyhow::Error) -> ProviderFailure {
    tracing::error!(provider = %provider, "a stored key does not open: {error:#}");
    ProviderFailure {
        provider: provider.clone(),
        class: FailureClass::DamagedKey,
        status: None,
        retry_after: None,
        subject: None,
    }
}
