//! Making pictures: who pays, what is asked of which host, and the job that
//! comes of it.

mod confirm;
mod demo;
mod enhance;
mod job;
mod loras;
mod moderate;
mod plan;
mod program;
mod storage;

use std::sync::Arc;
use std::time::Duration;

pub use confirm::{CostlyPicture, UnconfirmedPicture};
pub use demo::demo_picture;
pub use job::resume::LeftPicture;
pub(in crate::app) use job::run::estimate_price;
pub use job::run::{PictureOutcome, PicturePlace, PictureProgress, UnsettledPictures, Waiter};
pub use program::OpenAiWish;
pub use storage::{PictureLink, Storage, StorageSettings, StorageTrouble};

use crate::model::{
    ANSWERS_KEPT_DAYS, Clock, DAY_MS, NanoDollars, Offer, Picture, PictureAsk, PictureRefusal,
    Refusal, Source, is_blank,
};
use crate::providers::Providers;
use crate::store::Store;

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::payers::{PayerQueue, Payers, Reservation};
use crate::app::pending::PendingActions;
use crate::app::people::People;
use crate::app::policy::Policies;
use crate::app::tasks::Tasks;
use job::call::{PictureDetails, PlannedPicture};
use job::foreign_storage::ForeignStorage;
use loras::Loras;
pub(in crate::app) use plan::PicturePlan;
use plan::refuse_kind;

/// What the operator settled of pictures.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    pub moderation: Moderation,
    /// How long a picture may take.
    pub deadline: Duration,
    /// Between the first two looks at a job; later it is up to five times as
    /// long.
    pub poll: Duration,
    /// Nowhere but in age-restricted channels and direct messages.
    pub age_restricted_only: bool,
    /// How many unfinished pictures people see on the way to one.
    pub previews: u8,
    /// LoRAs that hosts have which don't tell.
    pub loras: Vec<String>,
    /// People are asked before they spend more than this on one ask; none where
    /// nobody is asked.
    pub confirm_above: Option<NanoDollars>,
    /// Where pictures are put that Discord does not take; none where nowhere.
    pub storage: Option<StorageSettings>,
}

/// What is looked at before a picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderation {
    /// Providers are asked to be as lenient as they can be.
    Off,
    /// Whoever makes the picture decides.
    Provider,
    /// `OpenAI`'s free moderation is asked first.
    OpenAi,
}

impl Moderation {
    /// Reads the setting.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "provider" => Some(Self::Provider),
            "openai" => Some(Self::OpenAi),
            _ => None,
        }
    }
}

/// An ask for pictures whose payers are known, and with none of whom
/// anything is reserved yet; or why nothing can be made.
pub struct PreparedPicture<'a> {
    pictures: &'a Pictures,
    considered: Result<ReadyPicture, Error>,
}

impl PreparedPicture<'_> {
    /// Reserves what a picture may use with the first payer that has room,
    /// once nothing is said against its words.
    pub async fn secure(self) -> Result<ReadyPicture, Error> {
        self.pictures.secure(self.considered?).await
    }
}

/// An ask for pictures whose payers are known, and of which one is reserved.
pub struct ReadyPicture {
    order: PlannedPicture,
    queue: PayerQueue,
    reserved: Option<Reservation<PictureDetails>>,
    /// No key can pay, and the operator wants a fixed reply then.
    demo: bool,
}

impl ReadyPicture {
    /// The picture that is changed, if there is one.
    pub fn source_picture(&self) -> Option<Picture> {
        self.order.spec.picture.clone()
    }

    /// Takes the picture that is changed, unless it is of a kind that whoever
    /// would be asked first does not take.
    pub fn take(&mut self, picture: Picture) -> Result<(), Refusal> {
        if let Some(reserved) = &mut self.reserved {
            let provider = &reserved.offer.provider;
            refuse_kind(&self.order.models, provider, &picture)?;
            reserved.details.spec.picture = Some(picture.clone());
        }
        self.order.spec.picture = Some(picture);
        Ok(())
    }
}

/// Everything that is drawn.
pub struct Pictures {
    store: Store,
    providers: Arc<Providers>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    payers: Arc<Payers>,
    asks: Arc<Asks>,
    people: Arc<People>,
    pending: PendingActions,
    settings: ImageSettings,
    storage: Option<Storage>,
    foreign_storage: Arc<ForeignStorage>,
    loras: Loras,
    tasks: Tasks,
    clock: Clock,
    started_at_ms: i64,
}

impl Pictures {
    /// Takes the parts of the foundation that pictures need.
    pub fn new(
        foundation: &Foundation,
        settings: ImageSettings,
        asks: &Arc<Asks>,
        people: &Arc<People>,
    ) -> Self {
        let (http, clock) = (foundation.http.clone(), foundation.clock.clone());
        let storage = settings.storage.clone();
        Self {
            storage: storage.and_then(|it| Storage::new(it, http, clock)),
            foreign_storage: Arc::default(),
            loras: Loras::default(),
            store: foundation.store.clone(),
            providers: Arc::clone(&foundation.providers),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            payers: Arc::clone(&foundation.payers),
            asks: Arc::clone(asks),
            people: Arc::clone(people),
            pending: foundation.pending.clone(),
            settings,
            tasks: foundation.tasks.clone(),
            clock: foundation.clock.clone(),
            started_at_ms: foundation.started_at_ms,
        }
    }

    /// Deletes what is kept of pictures once their buttons no longer work.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        let kept_ms = ANSWERS_KEPT_DAYS * DAY_MS;
        self.store.forget_pictures(now_ms - kept_ms).await
    }

    /// Whether there is a place for pictures that Discord does not take.
    pub fn has_storage(&self) -> bool {
        self.storage.is_some()
    }

    /// Puts pictures where the operator has a place for them; links to them, or
    /// none where that did not take them.
    pub async fn store_pictures(&self, pictures: &[Picture]) -> Option<Vec<PictureLink>> {
        match self.storage.as_ref()?.store(pictures).await {
            Ok(links) => Some(links),
            Err(trouble) => {
                tracing::warn!("could not put a picture into the bucket: {trouble:?}");
                None
            }
        }
    }

    /// How many unfinished pictures people see on the way to one.
    pub fn previews(&self) -> u8 {
        self.settings.previews
    }

    /// Whether the operator lets anybody make pictures.
    pub fn are_made(&self) -> bool {
        let read = self.models.read_picture_model(None, None);
        read.is_ok_and(|any| !any.provider_ids().is_empty())
    }

    /// Whether pictures are made in age-restricted channels and direct
    /// messages alone.
    pub fn are_for_adults_only(&self) -> bool {
        self.settings.age_restricted_only
    }

    /// Prepares an ask for pictures: finds who can pay for them. Quick, and
    /// asks no provider. What is prepared is then secured, and made.
    pub async fn prepare(&self, imagine: PictureAsk) -> PreparedPicture<'_> {
        PreparedPicture {
            pictures: self,
            considered: self.consider(imagine).await,
        }
    }

    async fn consider(&self, imagine: PictureAsk) -> Result<ReadyPicture, Error> {
        let PictureAsk {
            caller,
            choices,
            mut spec,
            age_restricted,
            request_key,
        } = imagine;
        if is_blank(&spec.prompt.0) {
            return Err(PictureRefusal::EmptyPrompt.into());
        }
        if self.settings.age_restricted_only && !age_restricted {
            return Err(PictureRefusal::AgeRestrictedOnly.into());
        }
        let policy = self.policies.read_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let plan = self.plan_picture(&choices, &spec)?;
        let first = plan.providers.first().filter(|_| request_key.is_some());
        let request = first.map(|id| Offer::unstored(Source::Request, id.clone()));
        let mut chosen = self
            .payers
            .choose_for(&policy, &plan.providers, request.as_ref());
        if let Some(lora) = &mut spec.lora
            && request.is_none()
            && !chosen.payers.is_empty()
        {
            *lora = self.keep_those_with(lora, &mut chosen.payers).await?;
        }
        let nobody = chosen.payers.is_empty() && !chosen.trace.passes_over_own_key();
        let demo = self.asks.replies_in_demo() && request.is_none() && nobody;
        Ok(ReadyPicture {
            order: PlannedPicture {
                policy,
                plan,
                spec,
                request_key,
                models: Arc::clone(&self.models),
                foreign_storage: Arc::clone(&self.foreign_storage),
                now_ms: self.clock.now_ms(),
            },
            queue: PayerQueue::new(chosen),
            reserved: None,
            demo,
        })
    }

    async fn secure(&self, mut ready: ReadyPicture) -> Result<ReadyPicture, Error> {
        if ready.demo {
            let ReadyPicture { order, .. } = &ready;
            let details = PictureDetails {
                workflow: None,
                spec: order.spec.clone(),
            };
            let caller = &order.policy.caller;
            let reserved = self.payers.reserve_demo(caller, details).await?;
            return Ok(ReadyPicture { reserved, ..ready });
        }
        if ready.queue.first().is_none() {
            return Err(ready.queue.refusal(&ready.order.policy).into());
        }
        self.moderate(&ready.order.spec.prompt.0).await?;
        let ReadyPicture { order, queue, .. } = &mut ready;
        let reserved = self.payers.reserve_next(order, queue).await?;
        if reserved.is_none() {
            return Err(ready.queue.refusal(&ready.order.policy).into());
        }
        Ok(ReadyPicture { reserved, ..ready })
    }
}
