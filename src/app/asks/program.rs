//! Asks of programs, which send a key along, and hear nothing of what owners
//! are told.

use crate::model::{Answer, Choices, Credential, KeyRefusal};

use crate::app::asks::answer::AskOutcome;
use crate::app::keys::RequestKey;
use crate::app::{App, Error};

impl App {
    /// A key that came with an ask, for the one provider that the ask names.
    pub fn key_for_ask(&self, choices: &Choices, key: RequestKey) -> Result<Credential, Error> {
        let named = self
            .models
            .read_chat_model(choices.provider.as_ref(), choices.model.as_deref())?;
        let provider = named.only_provider().ok_or(KeyRefusal::OnceNeedsProvider)?;
        Ok(key.into_credential(provider, named.names_provider)?)
    }

    /// What came of an ask. Owners of keys and budgets are told what they
    /// should know.
    pub fn told(&self, asked: AskOutcome) -> Result<Answer, Error> {
        self.people.tell_owners(asked.demoted, asked.notices);
        asked.result
    }
}
