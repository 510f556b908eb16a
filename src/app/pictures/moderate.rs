//! What is looked at before a picture is made.

use crate::app::Error;
use crate::app::pictures::Pictures;
use crate::model::{PictureRefusal, ProviderId};

use crate::app::pictures::Moderation;

impl Pictures {
    /// Asks `OpenAI`'s free moderation about the words, where the operator
    /// wants that. A key of the operator's pays, and no other. What cannot be
    /// asked about is not made.
    pub(in crate::app) async fn moderate(&self, prompt: &str) -> Result<(), Error> {
        if self.settings.moderation != Moderation::OpenAi {
            return Ok(());
        }
        let openai = ProviderId::from("openai");
        let provider = self.models.provider(&openai)?;
        let Some(offer) = self.payers.operators_offer(&openai).await? else {
            tracing::error!("no key of the operator's for OpenAI can pay for moderation");
            return Err(PictureRefusal::NotModerated.into());
        };
        let asked = match self.payers.open_key(&offer, None) {
            Ok(key) => {
                let flagged = self
                    .providers
                    .is_flagged(provider, prompt, key.credential());
                flagged.await
            }
            Err(failure) => Err(failure),
        };
        match asked {
            Ok(is_flagged) => {
                self.payers.note_use(offer.key);
                let verdict = (!is_flagged).then_some(());
                Ok(verdict.ok_or(PictureRefusal::Flagged)?)
            }
            Err(failure) => {
                tracing::warn!("moderation could not be asked: {:?}", failure.class);
                let demoted = self.payers.demote(&offer, &failure).await?;
                self.people
                    .tell_owners(demoted.into_iter().collect(), Vec::new());
                Err(PictureRefusal::NotModerated.into())
            }
        }
    }
}
