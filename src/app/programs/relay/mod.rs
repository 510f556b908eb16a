//! Passing on a call that a program makes in a provider's own dialect, or
//! in OpenAI's, with whoever's key pays.

mod answer;
mod call;
mod content;

use std::sync::Arc;

use crate::ledger::{CallEnd, Hold};
use crate::model::{
    AskRefusal, CallDialect, Caller, KeyRefusal, NO_MODEL, Offer, PictureRefusal, ProviderError,
    ProviderId, ProviderKind, Source, Surface,
};
use crate::providers::{OPENAI_COMPLETIONS_PATH, has_completions};

use crate::app::Error;
use crate::app::keys::RequestKey;
use crate::app::models::refuse_pictures_alone;
use crate::app::payers::{Payer, PayerQueue};
use crate::app::policy::CallerPolicy;
use crate::app::programs::Programs;

pub use answer::{Relay, RelayReceipt, RelayedAnswer};
use call::{RelayCall, RelayOrder};
pub use content::{RelayBody, RelayContent, RelayHeaders};

/// A call that is to be passed on.
pub struct RelayAsk {
    pub caller: Caller,
    /// The provider that the address names; none where the model tells it.
    pub provider: Option<ProviderId>,
    /// As it was written; none where the call names no model.
    pub model: Option<String>,
    pub content: Box<RelayContent>,
    /// A key that came with the call. No other pays when it fails.
    pub request_key: Option<RequestKey>,
    /// Whether there are words for a reply that no model gives.
    pub takes_demo: bool,
}

/// A prompt whose tokens are to be estimated.
pub struct PromptToEstimate<'a> {
    /// The provider that the address or the dialect names.
    pub provider: Option<&'a ProviderId>,
    pub model: Option<&'a str>,
    pub dialect: CallDialect,
    /// Where a provider of this dialect would count them.
    pub path: &'a str,
    pub body: &'a RelayBody,
}

/// How a call was answered.
pub enum RelayStart {
    /// It was passed on, and its answer begins.
    Passed(Box<Relay>),
    /// No key can pay, and the operator wants a fixed reply then.
    Demo(Payer),
}

/// A call that was not passed on, or failed.
#[derive(Debug)]
pub struct RelayError {
    pub error: Error,
    /// What the provider said, where the caller's own key paid.
    pub said: Option<Box<ProviderError>>,
    /// Who would have paid, where it came so far.
    pub payer: Option<Payer>,
}

impl<E: Into<Error>> From<E> for RelayError {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            said: None,
            payer: None,
        }
    }
}

impl Programs {
    /// Passes a call on, and returns when its answer begins.
    pub async fn relay(self: &Arc<Self>, ask: RelayAsk) -> Result<RelayStart, RelayError> {
        let busy = self.tasks.token();
        let takes_demo = ask.takes_demo && self.demo_replies && ask.request_key.is_none();
        let (mut order, mut queue) = self.prepare_relay(ask).await?;
        if takes_demo
            && queue.first().is_none()
            && !queue.trace.passes_over_own_key()
            && let Some(payer) = self.payers.book_demo(&order.policy.caller).await?
        {
            return Ok(RelayStart::Demo(payer));
        }
        let mut call = RelayCall {
            programs: self,
            order: &mut order,
        };
        let begun = tokio::select! {
            biased;
            begun = self.payers.pay(&mut call, &mut queue, None) => begun,
            () = self.tasks.cut_off() => Err(AskRefusal::Stopping.into()),
        };
        self.people.tell_owners(queue.demoted, Vec::new());
        let begun = begun?;
        Ok(RelayStart::Passed(Box::new(Relay {
            payer: begun.payer,
            programs: Arc::clone(self),
            policy: order.policy,
            relayed: begun.relayed,
            hold: Some(begun.hold),
            receipt: None,
            tells_cost: false,
            _busy: busy,
        })))
    }

    /// Estimates how many tokens a prompt has; none where its provider counts
    /// them itself in the caller's dialect.
    pub fn estimate_prompt(&self, prompt: &PromptToEstimate<'_>) -> Result<Option<u64>, Error> {
        let named = self
            .models
            .read_relayed_model(prompt.provider, prompt.model)?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        let model = named.model.unwrap_or_default();
        let dialect = provider.dialect;
        let counts = dialect.native_path(prompt.dialect, prompt.path, &model);
        if counts.is_some() {
            return Ok(None);
        }
        let size = prompt.body.prompt_size();
        Ok(Some(size.tokens(provider.id.as_str(), &model).likely))
    }

    /// Whether a model chats and does not go on with texts. Of one that is
    /// unknown here the caller is told so where the call is passed on.
    pub fn only_chats(&self, model: &str) -> bool {
        let Ok(named) = self.models.read_relayed_model(None, Some(model)) else {
            return false;
        };
        let provider = named.only_provider();
        let (Some(provider), Some(model)) = (provider, &named.model) else {
            return false;
        };
        let speaks = provider.dialect.openai_path(OPENAI_COMPLETIONS_PATH);
        let completes = speaks.is_some() && has_completions(provider.id.as_str(), model);
        provider.kind == ProviderKind::Chat && !completes
    }

    /// Finds who could pay for a call.
    async fn prepare_relay(&self, ask: RelayAsk) -> Result<(RelayOrder, PayerQueue), Error> {
        let RelayAsk {
            caller,
            provider,
            model,
            content,
            request_key,
            takes_demo: _,
        } = ask;
        let request = Box::new(content.into_request(self.clock.now_ms() / 1_000));
        let named = self
            .models
            .read_relayed_model(provider.as_ref(), model.as_deref())?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        let request_key = match request_key {
            Some(key) => Some(key.into_credential(
                self.models.catalogue(),
                provider,
                named.names_provider,
            )?),
            None => None,
        };
        let in_openais = request.dialect == CallDialect::OpenAi;
        if in_openais && request.surface == Surface::Images && provider.images.wire.is_none() {
            let provider = provider.id.clone();
            return Err(PictureRefusal::NotAnImageProvider { provider }.into());
        }
        let chats = matches!(
            request.surface,
            Surface::Chat | Surface::Responses | Surface::Completions
        );
        if let Some(model) = named.model.as_deref().filter(|_| chats) {
            refuse_pictures_alone(provider, model)?;
        }
        let (provider, model) = (provider.id.clone(), named.model);
        let shown = model.as_deref().unwrap_or(NO_MODEL);
        // A list of models, say, is of no model.
        let has_model = model.is_some() || request.surface != Surface::Free;
        if has_model && !self.models.may_use(&provider, shown) {
            let model = shown.to_owned();
            return Err(AskRefusal::ModelNotAllowed { provider, model }.into());
        }
        let policy = self.policies.read_policy(caller).await?;
        policy.refuse_blocked(self.clock.now_ms())?;
        if request.surface == Surface::Images {
            let prompt = request.body.fields().and_then(|it| it.get("prompt"));
            let prompt: String = prompt.unwrap_or_default();
            // Boxed, so that the future of every other call stays small.
            Box::pin(self.pictures.moderate(&prompt)).await?;
        }
        let of_request = |_: &_| Offer::unstored(Source::Request, provider.clone());
        let offer = request_key.as_ref().map(of_request);
        let choice = self.payers.choose_for(&policy, &[provider], offer.as_ref());
        let order = RelayOrder {
            policy,
            request,
            model,
            most: self.max_output_tokens,
            request_key,
            bounded: None,
            models: Arc::clone(&self.models),
        };
        Ok((order, PayerQueue::new(choice)))
    }

    /// Settles a relayed call, and tells owners of budgets that are almost
    /// used up.
    async fn settle_relay(&self, policy: &CallerPolicy, hold: Hold, ended: &CallEnd<'_>) {
        if let Some(settled) = self.payers.settle(hold, ended).await {
            self.people
                .tell_owners(Vec::new(), policy.notices(&settled.warnings));
        }
    }
}
