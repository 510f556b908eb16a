//! Making more of a prompt, by an ask of its own.

use tokio_util::sync::CancellationToken;

use crate::app::pictures::Pictures;
use crate::app::{AnswerEvent, Error};
use crate::model::{
    Ask, Choices, ConversationRefusal, PictureAsk, PictureJob, PictureRefusal, ProviderId, is_blank,
};

/// The persona that rewrites.
const PERSONA: &str = "picture-prompt";
/// The longest prompt that is taken from it.
const PROMPT_CHARACTERS_MAX: usize = 1_500;

impl Pictures {
    /// Has a language model rewrite a picture's prompt, with whoever's key
    /// pays for words.
    pub async fn enhance_prompt(&self, imagine: &PictureAsk) -> Result<String, Error> {
        if is_blank(&imagine.spec.prompt.0) {
            return Err(PictureRefusal::EmptyPrompt.into());
        }
        let choices = Choices {
            persona: Some(PERSONA.to_owned()),
            ..Choices::default()
        };
        let ask = Ask::of(imagine.caller.clone(), &imagine.spec.prompt.0, choices);
        let ready = self.asks.prepare(ask).await.secure().await?;
        let mut text = String::new();
        let mut listener = |heard: AnswerEvent<'_>| match heard {
            AnswerEvent::Words(more) => text.push_str(more),
            AnswerEvent::TakenBack => text.clear(),
            AnswerEvent::Payer(_) => {}
        };
        let stop = CancellationToken::new();
        let outcome = self.asks.answer_ask(ready, &stop, &mut listener).await;
        // What is shown in the end is the picture's own.
        self.people.tell_owners(outcome.demoted, outcome.notices);
        outcome.result?;
        let better: String = text.trim().chars().take(PROMPT_CHARACTERS_MAX).collect();
        if is_blank(&better) {
            return Err(PictureRefusal::NotEnhanced.into());
        }
        Ok(better)
    }

    /// What a picture was chosen to be made with: by whom it was made, in
    /// the end.
    pub async fn choices_of(&self, job: &PictureJob) -> Result<Choices, Error> {
        let found = self.store.maker_of(job.attempt).await?;
        let (provider, model) = found.ok_or(ConversationRefusal::StaleAnswer)?;
        Ok(Choices {
            provider: Some(provider),
            model: Some(model),
            persona: None,
        })
    }

    /// The choices with which the same provider is asked to change a picture;
    /// none where it can't.
    pub fn vary_choices(&self, choices: &Choices) -> Option<Choices> {
        let provider: &ProviderId = choices.provider.as_ref()?;
        let wire = self.models.catalogue().get(provider)?.images.wire?;
        let model = choices.model.clone().filter(|_| !wire.runs_workflows());
        (wire.edits() || wire.runs_workflows()).then(|| Choices {
            model,
            ..choices.clone()
        })
    }
}
