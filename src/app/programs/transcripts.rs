//! Who writes down a sound that a program sends.

use crate::model::Caller;
use crate::providers::{Provider, answers_at, owner_of_sound};

use crate::app::Error;
use crate::app::programs::Programs;

/// The providers that write sound down, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundWriters {
    pub all: Vec<String>,
    /// Those of them for which a key can pay here.
    pub payable: Vec<String>,
}

/// A model that writes sound down, with its provider before it where it is named
/// alone and its name tells whose it is.
pub fn name_writer(model: &str) -> String {
    let owner = owner_of_sound(model);
    owner.map_or_else(|| model.to_owned(), |owner| format!("{owner}/{model}"))
}

impl Programs {
    /// Who else writes sound down, where the provider of a model does not; none
    /// where it does, or where nobody knows whose the model is.
    pub async fn other_writers(
        &self,
        caller: &Caller,
        model: Option<&str>,
        path: &str,
    ) -> Result<Option<SoundWriters>, Error> {
        let named = self.models.read_relayed_model(None, model)?;
        let writes = |provider: &&Provider| answers_at(provider, path);
        if named.only_provider().is_none_or(|it| writes(&it)) {
            return Ok(None);
        }
        let policy = self.policies.read_policy(caller.clone()).await?;
        let mut found = SoundWriters::default();
        for provider in self.models.catalogue().iter().filter(writes) {
            let one = std::slice::from_ref(&provider.id);
            let choice = self.payers.choose_for(&policy, one, None);
            if !choice.payers.is_empty() {
                found.payable.push(provider.name.clone());
            }
            found.all.push(provider.name.clone());
        }
        Ok(Some(found))
    }
}
