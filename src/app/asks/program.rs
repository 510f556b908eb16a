//! Asks of programs. A program may send a key along, and it is not the one
//! that hears what owners of keys and budgets are told.

use tokio_util::sync::CancellationToken;

use crate::model::{Answer, AttemptId, Choices, Credential, KeyRefusal};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::asks::answer::{AskOutcome, Listener, ReadyAsk};
use crate::app::keys::RequestKey;

impl Asks {
    /// Whether a fixed reply is given where no key can pay.
    pub fn replies_in_demo(&self) -> bool {
        self.settings.demo_replies
    }

    /// A key that came with an ask, for the one provider that the ask names.
    pub fn key_for_ask(&self, choices: &Choices, key: RequestKey) -> Result<Credential, Error> {
        let named = self
            .models
            .read_chat_model(choices.provider.as_ref(), choices.model.as_deref())?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        Ok(key.into_credential(self.models.catalogue(), provider, named.names_provider)?)
    }

    /// Answers an ask in a page. Owners of keys and budgets are told what they
    /// should know.
    pub async fn answer_in_page(
        &self,
        ready: ReadyAsk,
        stop: &CancellationToken,
        listener: Listener<'_>,
    ) -> AskOutcome {
        let mut outcome = self.answer_ask(ready, stop, listener).await;
        let demoted = std::mem::take(&mut outcome.demoted);
        let notices = std::mem::take(&mut outcome.notices);
        self.people.tell_owners(demoted, notices);
        outcome
    }

    /// Answers an ask of a program. Owners of keys and budgets are told what
    /// they should know.
    pub async fn answer_for_program(
        &self,
        ready: ReadyAsk,
        stop: &CancellationToken,
        listener: Listener<'_>,
    ) -> Result<(Answer, Option<AttemptId>), Error> {
        let outcome = self.answer_ask(ready, stop, listener).await;
        self.people.tell_owners(outcome.demoted, outcome.notices);
        Ok((outcome.result?, outcome.attempt))
    }
}
