//! What is looked at before a picture is made.

use crate::app::Error;
use crate::app::pictures::Pictures;
use crate::model::{PictureRefusal, ProviderId};

use crate::app::pictures::Moderation;

impl Pictures {
    /// Asks `OpenAI`'s free moderation about the words, where the operator
    /// wants that. What cannot be asked about is not made.
    pub(in crate::app) async fn moderate(&self, prompt: &str) -> Result<(), Error> {
        if self.settings.moderation != Moderation::OpenAi {
            return Ok(());
        }
        let openai = ProviderId::from("openai");
        let provider = self.models.provider(&openai)?;
        let credential = self.payers.bot_default(&openai);
        let flagged = self
            .providers
            .is_flagged(provider, prompt, credential)
            .await;
        match flagged {
            Ok(false) => Ok(()),
            Ok(true) => Err(PictureRefusal::Flagged.into()),
            Err(failure) => {
                tracing::warn!("moderation could not be asked: {:?}", failure.class);
                Err(PictureRefusal::NotModerated.into())
            }
        }
    }
}
