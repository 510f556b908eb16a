//! Making pictures: who pays, what is asked of which host, and the job that
//! comes of it.

mod call;
mod enhance;
mod follow;
mod moderate;
mod plan;
mod program;
mod resume;
mod run;

use std::sync::Arc;
use std::time::Duration;

pub use run::{PictureOutcome, PicturePlace, Seen, UnsettledPictures, Waiter};

use crate::model::{AskRefusal, Imagine, Offer, Picture, PictureRefusal, ProviderId, Source};
use crate::providers::Workflows;

use crate::app::payers::{PayerQueue, Reservation};
use crate::app::{App, Error};
use call::{PictureDetails, PlannedPicture};

/// What the operator settled of pictures.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    pub provider_order: Vec<ProviderId>,
    pub workflows: Workflows,
    pub moderation: Moderation,
    /// How long a picture may take.
    pub deadline: Duration,
    /// Between the first two looks at a job; later it is up to five times as
    /// long.
    pub poll: Duration,
    /// Nowhere but in age-restricted channels and direct messages.
    pub age_restricted_only: bool,
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

/// An ask for pictures whose payers are known, and of which one is reserved.
pub struct ReadyPicture {
    order: PlannedPicture,
    queue: PayerQueue,
    reserved: Option<Reservation<PictureDetails>>,
}

impl ReadyPicture {
    /// Takes the picture that is changed.
    pub fn take(&mut self, picture: Picture) {
        if let Some(reserved) = &mut self.reserved {
            reserved.details.wish.picture = Some(picture.clone());
        }
        self.order.wish.picture = Some(picture);
    }
}

impl App {
    /// Whether pictures are made in age-restricted channels and direct
    /// messages alone.
    pub fn pictures_for_adults_only(&self) -> bool {
        self.settings.images.age_restricted_only
    }

    /// Finds who can pay for a picture. Quick, and asks no provider but for
    /// the moderation that the operator wants.
    pub async fn consider_picture(&self, imagine: Imagine) -> Result<ReadyPicture, Error> {
        let Imagine {
            caller,
            choices,
            wish,
            age_restricted,
            request_key,
        } = imagine;
        if wish.prompt.0.trim().is_empty() {
            return Err(AskRefusal::EmptyPrompt.into());
        }
        if self.settings.images.age_restricted_only && !age_restricted {
            return Err(PictureRefusal::AgeRestrictedOnly.into());
        }
        let policy = self.policies.read_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let plan = self.plan_picture(&choices, &wish)?;
        let first = plan.providers.first().filter(|_| request_key.is_some());
        let request = first.map(|id| Offer::unstored(Source::Request, id.clone()));
        let chosen = self
            .payers
            .choose(&policy, &plan.providers, request.as_ref());
        Ok(ReadyPicture {
            order: PlannedPicture {
                policy,
                plan,
                wish,
                request_key,
                models: Arc::clone(&self.models),
            },
            queue: PayerQueue::new(chosen),
            reserved: None,
        })
    }

    /// Reserves what a picture may use with the first payer that has room,
    /// once nothing is said against its words.
    pub async fn secure_picture(&self, mut ready: ReadyPicture) -> Result<ReadyPicture, Error> {
        if ready.queue.first().is_none() {
            return Err(ready.queue.refusal().into());
        }
        self.moderate(&ready.order.wish.prompt.0).await?;
        let ReadyPicture { order, queue, .. } = &mut ready;
        let reserved = self.payers.reserve_next(order, queue).await?;
        if reserved.is_none() {
            return Err(ready.queue.refusal().into());
        }
        Ok(ReadyPicture { reserved, ..ready })
    }
}
