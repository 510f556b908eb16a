//! Who pays: reserving before the call, settling after it, and keys that
//! turn out to be dead.

use std::sync::Mutex;
use std::time::Duration;

use crate::ledger::{Applied, Ended, Hold, NoRoom, Order, PriceTable, Settled};
use crate::model::{
    Credential, FailureClass, FellBack, Health, KeyId, Offer, ProviderFailure, ProviderId,
    QuotaRefusal, Refusal, Source, TtlCache, WhyFellBack, lock,
};
use crate::providers::{ChatReply, Provider, sees};

use crate::app::asks::answer::{Demotion, ReadyAsk, request_offer};
use crate::app::asks::fit::{self, Fitted};
use crate::app::quotas::caller_policy::CallerPolicy;
use crate::app::quotas::notice::Notice;
use crate::app::{App, Error};

/// How often the use of a key is noted.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// How many keys are remembered for that.
const NOTED_MAX: usize = 10_000;
/// What stands in the place of a provider and a model where none is asked.
pub const DEMO: &str = "demo";

/// A payer for whom room is reserved.
pub struct Reserved {
    pub offer: Offer,
    pub hold: Hold,
    pub model: String,
    /// The conversation as this model is told it.
    pub told: Fitted,
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

/// The keys whose use was noted in the last minute.
pub struct KeyUses(Mutex<TtlCache<KeyId, ()>>);

impl Default for KeyUses {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(NOTED_MAX, NOTE_EVERY)))
    }
}

impl KeyUses {
    /// Whether the caller must note a use of this key; nobody else must for
    /// the next minute.
    fn claim(&self, key: KeyId, now_ms: i64) -> bool {
        let mut noted = lock(&self.0);
        let is_due = noted.get(&key, now_ms).is_none();
        if is_due {
            noted.put(key, (), now_ms);
        }
        is_due
    }
}

/// The payers that were passed over.
#[derive(Default)]
pub struct SkippedPayers {
    /// How many of them.
    tried: usize,
    pub fell_back: Vec<FellBack>,
    /// Of those that a limit stopped, the one that renews first.
    pub refusal: Option<Refusal>,
    /// Payers that a limit stopped: it stops their other keys too.
    over_limit: Vec<Source>,
}

impl SkippedPayers {
    /// The next payer to be tried, if there is one.
    pub fn next(&mut self, payers: &[Offer]) -> Option<Offer> {
        while let Some(offer) = payers.get(self.tried) {
            self.tried += 1;
            if !self.over_limit.contains(&offer.source) {
                return Some(offer.clone());
            }
        }
        None
    }

    pub fn note(&mut self, offer: &Offer, refusal: Refusal) {
        self.over_limit.push(offer.source);
        self.fell_back.push(FellBack {
            source: offer.source,
            provider: offer.provider.clone(),
            why: WhyFellBack::Limit,
        });
        let wait = |refusal: &Refusal| match refusal {
            Refusal::Quota(QuotaRefusal::LimitReached { retry_after_s, .. }) => {
                retry_after_s.unwrap_or(u64::MAX - 1)
            }
            _ => u64::MAX,
        };
        let sooner = |old: &Refusal| wait(&refusal) < wait(old);
        if self.refusal.as_ref().is_none_or(sooner) {
            self.refusal = Some(refusal);
        }
    }
}

impl App {
    /// Reserves room for the next payer that has any.
    pub(in crate::app) async fn reserve(&self, ask: &mut ReadyAsk) -> Result<(), Error> {
        while let Some(offer) = ask.passed.next(&ask.payers) {
            let provider = self.known(&offer.provider)?;
            let model = ask.plan.model_for(provider)?;
            let told = self.fit(ask, provider, &model);
            if let Some(hold) = self.hold(ask, &offer, &model, &told).await? {
                ask.reserved = Some(Reserved {
                    offer,
                    hold,
                    model,
                    told,
                });
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reserves what an order may use; where a limit leaves too little, its
    /// payer is passed over.
    pub(in crate::app) async fn hold_or_pass(
        &self,
        order: Order<'_>,
        limits: Vec<Applied>,
        offer: &Offer,
        passed: &mut SkippedPayers,
    ) -> anyhow::Result<Option<Hold>> {
        match self.ledger.hold(order, limits).await? {
            Ok(hold) => Ok(Some(hold)),
            Err(no_room) => {
                let refusal = self.refusal(no_room, offer, order.model.to_owned());
                passed.note(offer, refusal);
                Ok(None)
            }
        }
    }

    /// Writes down a reply that nobody pays for.
    pub(in crate::app) async fn reserve_demo(&self, ask: &mut ReadyAsk) -> Result<(), Error> {
        let provider = ProviderId::from(DEMO);
        let caller = &ask.standing.caller;
        let order = Order {
            person: caller.person,
            server: caller.place.server(),
            source: Source::Demo,
            key: None,
            provider: &provider,
            model: DEMO,
            prompt_bytes: 0,
            max_output_tokens: 0,
            images: 0,
        };
        // Without limits there is always room.
        if let Ok(hold) = self.ledger.hold(order, Vec::new()).await? {
            ask.reserved = Some(Reserved {
                offer: Offer {
                    source: Source::Demo,
                    ..request_offer(&provider)
                },
                hold,
                model: DEMO.to_owned(),
                told: Fitted::default(),
            });
        }
        Ok(())
    }

    /// What a model is told: what it sees, and what its context and the
    /// operator's limit have room for.
    fn fit(&self, ask: &ReadyAsk, provider: &Provider, model: &str) -> Fitted {
        let system = ask.plan.system.len() as u64;
        let window = PriceTable::context_tokens(&provider.id, model);
        let room = window.map(|window| window.saturating_sub(u64::from(ask.most) + system));
        let most = u64::from(self.settings.context_tokens);
        let room = room.map_or(most, |room| room.min(most));
        fit::fit(&ask.turns, sees(provider, model), room)
    }

    async fn hold(
        &self,
        ask: &mut ReadyAsk,
        offer: &Offer,
        model: &str,
        told: &Fitted,
    ) -> anyhow::Result<Option<Hold>> {
        let system = ask.plan.system.len() as u64;
        let caller = &ask.standing.caller;
        let order = Order {
            person: caller.person,
            server: caller.place.server(),
            source: offer.source,
            key: offer.key,
            provider: &offer.provider,
            model,
            prompt_bytes: system + fit::bytes(&told.turns),
            max_output_tokens: u64::from(ask.most),
            images: 0,
        };
        let limits = ask.standing.limits(offer.source);
        self.hold_or_pass(order, limits, offer, &mut ask.passed)
            .await
    }

    fn refusal(&self, no_room: NoRoom, offer: &Offer, model: String) -> Refusal {
        let (payer, provider) = (offer.source, offer.provider.clone());
        match no_room {
            NoRoom::Limit(hit) => {
                let now_ms = self.clock.now_ms();
                let wait = |at_ms: i64| (at_ms - now_ms).max(0).cast_unsigned().div_ceil(1_000);
                Refusal::Quota(QuotaRefusal::LimitReached {
                    retry_after_s: hit.renews_at_ms.map(wait),
                    hit,
                    payer,
                    provider,
                })
            }
            NoRoom::Unpriced => Refusal::Quota(QuotaRefusal::UnknownPrice {
                provider,
                model,
                payer,
            }),
        }
    }

    /// Settles what was reserved. An answer is not taken back because its
    /// settlement could not be written: it is then settled later.
    pub(in crate::app) async fn settle(
        &self,
        standing: &CallerPolicy,
        reserved: Reserved,
        called: &Result<(ChatReply, String), ProviderFailure>,
        notices: &mut Vec<Notice>,
    ) -> Settled {
        let ended = match called {
            Ok((reply, _)) => Ended::Answered { usage: reply.usage },
            Err(failure) => Ended::Failed(failure),
        };
        match self.ledger.settle(reserved.hold, ended).await {
            Ok(settled) => {
                notices.extend(self.notices(standing, &settled.warnings));
                settled
            }
            Err(error) => {
                tracing::error!("could not settle an attempt: {error:#}");
                Settled {
                    usage: called
                        .as_ref()
                        .ok()
                        .and_then(|(r, _)| r.usage)
                        .unwrap_or_default(),
                    estimated: true,
                    cost: None,
                    warnings: Vec::new(),
                }
            }
        }
    }

    /// The key that an offer stands for, opened for one call.
    pub(in crate::app) fn open_key<'a>(
        &'a self,
        offer: &Offer,
        request_key: Option<&'a Credential>,
    ) -> anyhow::Result<OpenKey<'a>> {
        Ok(match offer.source {
            Source::Request => OpenKey::Known(request_key),
            Source::BotDefault => OpenKey::Known(self.bot_default(&offer.provider)),
            Source::Demo => OpenKey::Known(None),
            Source::Personal | Source::Server => OpenKey::Opened(self.vault.open(offer)?),
        })
    }

    pub(in crate::app) fn bot_default(&self, provider: &ProviderId) -> Option<&Credential> {
        let found = self
            .bot_defaults
            .iter()
            .find(|default| default.provider == *provider);
        found.and_then(|default| default.credential.as_ref())
    }

    /// Notes that a provider turned a stored key down; the one caller that
    /// changes its health tells its owner.
    pub(in crate::app) async fn demote(
        &self,
        offer: &Offer,
        failure: &ProviderFailure,
    ) -> anyhow::Result<Option<Demotion>> {
        let health = match failure.class {
            FailureClass::AuthInvalid => Health::Refused,
            FailureClass::Billing => Health::OutOfCredit,
            _ => return Ok(None),
        };
        // A key that was typed for one ask is nobody's to mend but its person's.
        if offer.source == Source::Request {
            return Ok(None);
        }
        let (Some(key), Some(owner)) = (offer.key, offer.owner) else {
            tracing::error!(provider = %offer.provider, "the bot default key of {} was turned down: {:?}", offer.provider, failure.class);
            return Ok(None);
        };
        if !self.store.demote(key, health, self.clock.now_ms()).await? {
            return Ok(None);
        }
        tracing::info!(key.id = %key, provider = %offer.provider, "key {key} is now {}", health.as_str());
        let tell = self.store.adder_of(key).await?;
        let provider = offer.provider.clone();
        Ok(tell.map(|tell| Demotion {
            provider,
            owner,
            health,
            tell,
        }))
    }

    /// Notes in the background that a key paid.
    pub(in crate::app) fn note_use(&self, key: Option<KeyId>) {
        let Some(key) = key else { return };
        let (store, now_ms) = (self.store.clone(), self.clock.now_ms());
        if !self.uses.claim(key, now_ms) {
            return;
        }
        self.spawn(async move {
            if let Err(error) = store.touch_key(key, now_ms).await {
                tracing::warn!("could not note the use of key {key}: {error:#}");
            }
        });
    }
}
