//! One ask for pictures as the loop over payers sees it: what it needs of a
//! payer, and how a host is asked with a payer's key.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::ledger::{AppliedLimit, CallEnd, Hold};
use crate::model::{
    AskRefusal, Credential, ImageSpec, NanoDollars, Offer, PictureAnswer, PictureJob, SoundAmount,
    Source,
};
use crate::providers::{
    ImageRequest, MadeSoFar, PromptSize, TOKENS_OF_UNFINISHED, Workflow, tokens_of_pictures,
};

use crate::app::Error;
use crate::app::models::Models;
use crate::app::payers::{
    CallOutcome, CannotPay, FailedCall, Needs, PaidCall, Payable, Reservation, free_usage,
};
use crate::app::pictures::Moderation;
use crate::app::pictures::Pictures;
use crate::app::pictures::demo::made_demo_picture;
use crate::app::pictures::job::follow::JobEnd;
use crate::app::pictures::job::foreign_storage::ForeignStorage;
use crate::app::pictures::job::run::{
    EndedJob, HostCall, PayingKey, PictureOutcome, PictureProgress, Waiter, Watcher, estimate_price,
};
use crate::app::pictures::plan::{PicturePlan, refuse_kind};
use crate::app::policy::CallerPolicy;

/// An ask for pictures for which it is decided who may make them.
pub struct PlannedPicture {
    pub policy: CallerPolicy,
    pub plan: PicturePlan,
    pub spec: ImageSpec,
    pub request_key: Option<Credential>,
    pub models: Arc<Models>,
    pub foreign_storage: Arc<ForeignStorage>,
    pub now_ms: i64,
}

/// What one payer's host is asked for.
pub struct PictureDetails {
    pub workflow: Option<Arc<Workflow>>,
    pub spec: ImageSpec,
}

impl Payable for PlannedPicture {
    type Details = PictureDetails;

    fn policy(&self) -> &CallerPolicy {
        &self.policy
    }

    fn names_target(&self) -> bool {
        self.plan.names_target
    }

    fn needs(
        &mut self,
        offer: &Offer,
        _: &[AppliedLimit],
    ) -> Result<Needs<PictureDetails>, CannotPay> {
        let provider = self.models.provider(&offer.provider)?;
        let (model, workflow) = self.plan.model_for(&self.models, provider, &self.spec)?;
        let checked = self.foreign_storage.check(offer, &model, self.now_ms);
        checked.map_err(CannotPay::This)?;
        let mut spec = self.spec.clone();
        if workflow.as_ref().is_some_and(|it| !it.makes_several()) {
            spec.count = 1;
        }
        let words = (spec.prompt.0.len() + spec.negative.0.len()) as u64;
        let shown = match workflow {
            Some(_) => 0,
            // The first is read once it is known who pays.
            None => usize::from(spec.is_edit) + spec.others.len() + spec.mask.iter().len(),
        };
        let prompt = PromptSize {
            bytes: words,
            pictures: shown as u64,
            ..PromptSize::default()
        };
        let prompt = prompt.tokens(provider.id.as_str(), &model);
        let max_output_tokens = match workflow {
            Some(_) => 0,
            None => tokens_of_pictures(provider, &model, &spec),
        };
        let pictures = u64::from(spec.pictures());
        Ok(Needs {
            model,
            // Each picture is paid for with the prompt that it is made from.
            prompt: prompt.times(pictures),
            max_output_tokens,
            images: pictures,
            sound: SoundAmount::default(),
            details: PictureDetails { workflow, spec },
        })
    }
}

/// An ask for pictures that is being answered.
pub struct PictureCall<'a> {
    pub pictures: &'a Pictures,
    pub order: PlannedPicture,
    pub waiter: Waiter<'a>,
    pub stop: &'a CancellationToken,
    pub watch: Watcher<'a>,
    pub outcome: &'a mut PictureOutcome,
}

impl PaidCall for PictureCall<'_> {
    type Order = PlannedPicture;
    type Answer = PictureAnswer;
    type Refused = Error;

    fn order(&mut self) -> &mut PlannedPicture {
        &mut self.order
    }

    async fn call(
        &mut self,
        mut reservation: Reservation<PictureDetails>,
    ) -> Result<CallOutcome<PictureAnswer, Error>, Error> {
        self.outcome.attempt = Some(reservation.hold.id());
        let estimate = estimate_price(&reservation.hold);
        (self.watch)(PictureProgress::Payer(reservation.payer(), estimate));
        if reservation.offer.source == Source::Demo {
            return make_demo(self.pictures, reservation).await;
        }
        if let Some(picture) = &reservation.details.spec.picture {
            let provider = &reservation.offer.provider;
            refuse_kind(&self.order.models, provider, picture)?;
        }
        reservation.hold.begin().await?;
        let (request, mut job) = self.request(&reservation)?;
        let Reservation {
            offer, mut hold, ..
        } = reservation;
        let call = HostCall {
            request: &request,
            key: PayingKey {
                offer: &offer,
                request_key: self.order.request_key.as_ref(),
            },
            stop: self.stop,
        };
        let pictures = self.pictures;
        let end = pictures.call_host(call, &mut job, &mut *self.watch).await?;
        hear_unfinished(&mut hold, &request, &end);
        let ended = EndedJob {
            end,
            hold,
            seed: request.workflow.is_some().then_some(request.seed),
            policy: Some(&self.order.policy),
        };
        let concluded = pictures.conclude(ended, self.outcome).await?;
        Ok(match concluded {
            Ok(made) => CallOutcome::Answered(made),
            Err(failure) => {
                let now_ms = pictures.clock.now_ms();
                let asked = (&offer, request.model.as_str());
                pictures.foreign_storage.note(asked, &failure, now_ms);
                CallOutcome::Failed(FailedCall {
                    refused: AskRefusal::Provider {
                        failure: failure.clone(),
                        payer: offer.source,
                    }
                    .into(),
                    offer,
                    failure,
                    was_heard: false,
                })
            }
        })
    }
}

impl PictureCall<'_> {
    /// What one payer's host is asked for, and the row of it.
    fn request(
        &self,
        reservation: &Reservation<PictureDetails>,
    ) -> anyhow::Result<(ImageRequest, PictureJob)> {
        let spec = reservation.details.spec.clone();
        let mark = random()?;
        // Of 32 bits: every host takes it, and every language reads it exactly.
        let seed = match spec.seed {
            Some(seed) => seed,
            None => u64::from(random()?),
        };
        let (id, channel, message) = match self.waiter {
            Waiter::Here(spot) => (spot.id.as_str(), Some(spot.channel), spot.message),
            Waiter::Program(id) => (id, None, None),
        };
        let caller = &self.order.policy.caller;
        let job = PictureJob {
            id: id.to_owned(),
            person: caller.person,
            server: caller.place.server(),
            channel,
            message,
            attempt: reservation.hold.id(),
            size: spec.size,
            count: spec.pictures(),
            seed,
            is_edit: spec.is_edit,
            is_spoiler: matches!(self.waiter, Waiter::Here(spot) if spot.is_spoiler),
            mark,
            host_job: None,
            began_at_ms: self.pictures.clock.now_ms(),
            ended_at_ms: None,
        };
        let request = ImageRequest {
            model: reservation.model.clone(),
            spec,
            seed,
            mark,
            workflow: reservation.details.workflow.clone(),
            lenient: self.pictures.settings.moderation == Moderation::Off,
            made: MadeSoFar::default(),
            previews: None,
        };
        Ok((request, job))
    }
}

/// Counts unfinished pictures that came, where no finished one did.
fn hear_unfinished(hold: &mut Hold, request: &ImageRequest, end: &JobEnd) {
    let tokens = request.made.unfinished() * TOKENS_OF_UNFINISHED;
    if tokens == 0 || matches!(end, JobEnd::Made(_)) {
        return;
    }
    // Whoever refuses the rest makes no more of it.
    if matches!(end, JobEnd::NotAnswered(failure) if !failure.may_have_worked()) {
        hold.expect_stream();
    }
    hold.hear_pictures(tokens);
}

/// Answers with the picture that stands in for one.
async fn make_demo(
    pictures: &Pictures,
    reservation: Reservation<PictureDetails>,
) -> Result<CallOutcome<PictureAnswer, Error>, Error> {
    let count = usize::from(reservation.details.spec.pictures());
    let ended = CallEnd::Answered {
        usage: Some(free_usage()),
    };
    pictures.payers.settle(reservation.hold, &ended).await;
    Ok(CallOutcome::Answered(PictureAnswer {
        provider: reservation.offer.provider,
        model: reservation.model,
        source: Source::Demo,
        pictures: vec![made_demo_picture()?; count],
        missing: Vec::new(),
        seed: None,
        usage: None,
        cost: Some(NanoDollars(0)),
        estimate: None,
        fell_back_from: Vec::new(),
    }))
}

fn random() -> anyhow::Result<u32> {
    Ok(getrandom::u32()?)
}
