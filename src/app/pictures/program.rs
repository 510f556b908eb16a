//! Pictures for programs: who waits for one stays on the line, and gives it
//! up by leaving.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::keys::RequestKey;
use crate::app::models::runs_workflows;
use crate::app::pending::random_id;
use crate::app::pictures::Pictures;
use crate::app::{Error, ModelChoice};
use crate::model::{
    AttemptId, Choices, Credential, KeyRefusal, Offer, PictureAnswer, PictureJob, PictureRefusal,
    Refusal, Source,
};
use crate::providers::{ImageWire, Provider};

use crate::app::pictures::ReadyPicture;
use crate::app::pictures::job::follow::JobFollower;
use crate::app::pictures::job::resume::has_jobs;
use crate::app::pictures::job::run::{PayingKey, Waiter, Watcher};
use crate::ledger::CallEnd;

/// How many that an earlier process left are given up at once.
const LEFT_MAX: u32 = 500;
/// How much longer than its deadline a process may take to end a picture.
const ENDS_WITHIN: Duration = Duration::from_mins(5);

/// What is asked of a picture in OpenAI's words, as far as not every provider
/// understands it.
#[derive(Clone, Copy)]
pub struct OpenAiWish {
    pub is_streamed: bool,
    /// Whether it has a field that OpenAI alone knows.
    pub has_field_of_openais: bool,
}

impl Pictures {
    /// Whether a model's provider takes an ask as it is in OpenAI's words. None
    /// but OpenAI tells anything before it is done, and xAI refuses what
    /// only OpenAI knows. A model that makes no pictures is refused.
    pub fn takes_pictures_as_openai(&self, model: &str, wish: OpenAiWish) -> Result<bool, Refusal> {
        let named = match self.models.read_picture_model(None, Some(model)) {
            Err(Refusal::Picture(makes_none @ PictureRefusal::ModelMakesNone { .. })) => {
                return Err(makes_none.into());
            }
            // Whoever is unknown here is told so where calls are passed on.
            Err(_) => return Ok(true),
            Ok(named) => named,
        };
        let Some(model) = &named.model else {
            return Ok(true);
        };
        for provider in named.providers.iter().filter(|it| !runs_workflows(it)) {
            self.models.refuse_words_alone(provider, model)?;
        }
        let mut wires = named.providers.iter().filter_map(|it| it.images.wire);
        Ok(wires.all(|wire| match wire {
            ImageWire::OpenAi => true,
            ImageWire::Xai => !wish.is_streamed && !wish.has_field_of_openais,
            ImageWire::OpenRouter => !wish.is_streamed,
            _ => false,
        }))
    }

    /// What a program's ask is for: the provider of the key that came with
    /// it, unless the model names one; the model; and that key itself.
    pub fn choose_for_program(
        &self,
        model: Option<String>,
        key: Option<RequestKey>,
    ) -> Result<(Choices, Option<Credential>), Refusal> {
        let mut choices = Choices {
            model,
            ..Choices::default()
        };
        let Some(key) = key else {
            return Ok((choices, None));
        };
        let model = choices.model.as_deref();
        let of = key.provider.as_ref().filter(|_| model.is_none());
        let named = self.models.read_picture_model(of, model)?;
        let mut able = named.providers.iter().copied();
        let of_key = able.find(|it| key.provider.as_ref() == Some(&it.id));
        let provider = of_key.or(named.only_provider());
        let provider = provider.ok_or(KeyRefusal::OnceNeedsProvider)?;
        let names_provider = model.is_some() && named.names_provider;
        if !names_provider {
            choices.provider.clone_from(&key.provider);
        }
        let credential = key.into_credential(self.models.catalogue(), provider, names_provider)?;
        Ok((choices, Some(credential)))
    }

    /// Whether a model makes pictures from words alone.
    pub fn makes_from_words(&self, choice: &ModelChoice) -> bool {
        let workflow = self.models.workflows().find(&choice.model);
        workflow.is_none_or(|workflow| !workflow.takes_picture())
    }

    /// Makes pictures for a program, and settles them: it is answered with
    /// them at once. Owners of keys and budgets are told what they should
    /// know.
    pub async fn make_for_program(
        &self,
        ready: ReadyPicture,
        stop: &CancellationToken,
        watch: Watcher<'_>,
    ) -> Result<(PictureAnswer, Option<AttemptId>), Error> {
        let id = random_id()?;
        let waiter = Waiter::Program(&id);
        let mut outcome = Box::pin(self.make(ready, waiter, stop, watch)).await;
        let notices = match outcome.unsettled.take() {
            Some(unsettled) => self.settle_shown(unsettled).await,
            None => Vec::new(),
        };
        self.close_picture(&id).await?;
        self.people.tell_owners(outcome.demoted, notices);
        Ok((outcome.result?, outcome.attempt))
    }

    /// Gives up what programs waited for in a process that is gone: nobody
    /// is there any more to take it.
    pub async fn give_up_for_programs(&self) -> anyhow::Result<()> {
        let before_ms = self.programs_left_before();
        let left = self.store.left_pictures_of_programs(before_ms, LEFT_MAX);
        for job in left.await? {
            self.give_up_picture(&job).await?;
            self.close_picture(&job.id).await?;
        }
        Ok(())
    }

    /// Whatever began before this moment belongs to no process that runs, though
    /// its attempt is gone. All else is known by the lease of its process.
    fn programs_left_before(&self) -> i64 {
        if self.store.is_ours_alone() {
            return self.started_at_ms;
        }
        let longest = self.settings.deadline + ENDS_WITHIN;
        self.clock.now_ms() - i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)
    }

    async fn give_up_picture(&self, job: &PictureJob) -> anyhow::Result<()> {
        let Some(hold) = self.payers.take_up(job.attempt).await? else {
            return Ok(());
        };
        let (source, key) = (hold.attempt().source, hold.attempt().key);
        // Its host may have left the settings; and a key that came with the
        // call went with it.
        let host = self.models.provider(&hold.attempt().provider).ok();
        if let Some(host) = host.filter(|_| source != Source::Request)
            && let Some(offer) = self.payers.offer_of(&host.id, key).await?
        {
            self.give_up_at(host, &offer, job).await;
        }
        match host {
            // It may have been made, and counted, in the answer to that call.
            Some(host) if !has_jobs(host) => {
                self.payers.settle(hold, &CallEnd::Abandoned).await;
            }
            _ => self.payers.release(hold).await,
        }
        Ok(())
    }

    async fn give_up_at(&self, host: &Provider, offer: &Offer, job: &PictureJob) {
        let follower = JobFollower {
            pictures: self,
            provider: host,
            key: PayingKey {
                offer,
                request_key: None,
            },
            request: None,
            stop: &CancellationToken::new(),
        };
        follower.give_up(job).await;
        self.stop_leftovers(host, &[job.mark], offer).await;
    }
}
