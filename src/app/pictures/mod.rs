//! Making pictures: who pays, what is asked of which host, and the job that
//! comes of it.

mod enhance;
mod follow;
mod moderate;
mod plan;
mod program;
mod resume;
mod run;

use std::time::Duration;

pub use run::{PictureOutcome, PicturePlace, Seen, UnsettledPictures, Waiter};

use crate::ledger::Order;
use crate::model::{
    AskRefusal, Credential, ImageSpec, Imagine, Offer, Picture, PictureRefusal, ProviderId,
    Refusal, Trace,
};
use crate::providers::Workflows;

use crate::app::asks::answer::request_offer;
use crate::app::payers::SkippedPayers;
use crate::app::programs::relay::RequestKey;
use crate::app::quotas::caller_policy::CallerPolicy;
use crate::app::{App, Error};
use plan::PicturePlan;
use run::ReservedPicture;

/// The most tokens that a model's picture is.
const PICTURE_TOKENS: u64 = 8_192;

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
    policy: CallerPolicy,
    plan: PicturePlan,
    wish: ImageSpec,
    request_key: Option<Credential>,
    payers: Vec<Offer>,
    trace: Trace,
    reserved: Option<ReservedPicture>,
    passed: SkippedPayers,
}

impl ReadyPicture {
    /// Takes the picture that is changed.
    pub fn take(&mut self, picture: Picture) {
        if let Some(reserved) = &mut self.reserved {
            reserved.wish.picture = Some(picture.clone());
        }
        self.wish.picture = Some(picture);
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
        let policy = self.caller_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        let plan = self.plan_picture(&choices, &wish)?;
        let first = plan.providers.first().filter(|_| request_key.is_some());
        let request = first.map(request_offer);
        let chosen = self.choose(&policy, &plan.providers, request.as_ref());
        Ok(ReadyPicture {
            policy,
            plan,
            wish,
            request_key,
            payers: chosen.payers,
            trace: chosen.trace,
            reserved: None,
            passed: SkippedPayers::default(),
        })
    }

    /// Reserves what a picture may use with the first payer that has room,
    /// once nothing is said against its words.
    pub async fn secure_picture(&self, mut ready: ReadyPicture) -> Result<ReadyPicture, Error> {
        if ready.payers.is_empty() {
            return Err(AskRefusal::NobodyPays { trace: ready.trace }.into());
        }
        self.moderate(&ready.wish.prompt.0).await?;
        self.reserve_picture(&mut ready).await?;
        if ready.reserved.is_some() {
            return Ok(ready);
        }
        let nobody = Refusal::Ask(AskRefusal::NobodyPays { trace: ready.trace });
        Err(ready.passed.refusal.unwrap_or(nobody).into())
    }

    /// Reserves room for the next payer that has any.
    async fn reserve_picture(&self, ask: &mut ReadyPicture) -> Result<(), Error> {
        while let Some(offer) = ask.passed.next(&ask.payers) {
            let provider = self.known(&offer.provider)?;
            let (model, workflow) = ask.plan.model_for(self, provider, &ask.wish)?;
            let mut wish = ask.wish.clone();
            if workflow.as_ref().is_some_and(|it| !it.makes_several()) {
                wish.count = 1;
            }
            let pictures = u64::from(wish.pictures());
            let caller = &ask.policy.caller;
            let order = Order {
                person: caller.person,
                server: caller.place.server(),
                source: offer.source,
                key: offer.key,
                provider: &offer.provider,
                model: &model,
                prompt_bytes: (wish.prompt.0.len() + wish.negative.0.len()) as u64,
                max_output_tokens: match workflow {
                    Some(_) => 0,
                    None => PICTURE_TOKENS * pictures,
                },
                images: pictures,
            };
            let limits = ask.policy.limits(offer.source);
            let hold = self.hold_or_pass(order, limits, &offer, &mut ask.passed);
            if let Some(hold) = hold.await? {
                ask.reserved = Some(ReservedPicture {
                    offer,
                    hold,
                    model,
                    workflow,
                    wish,
                });
                return Ok(());
            }
        }
        Ok(())
    }
}
