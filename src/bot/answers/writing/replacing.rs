//! Messages that take no edit any more: they are taken away, so that nothing
//! stays that is not true, and what belongs there is posted anew.

use crate::bot::answers::writing::message_renderer::{MessageRenderer, PromiseState};
use crate::bot::answers::writing::target::{Insistence, StandingMessage, Target};
use crate::bot::answers::writing::whole_answer::refuses_files;
use crate::bot::connection::calls::channel_calls::count_left;
use crate::bot::connection::calls::interaction_calls::ORIGINAL;
use crate::bot::connection::calls::rest::{MESSAGE_GONE, code_of, refuses_edit};
use crate::bot::connection::wire::card::Card;

impl MessageRenderer<'_> {
    /// Takes the message away that promised an answer, where no word of it
    /// stands there yet. Says whether nothing is left of it.
    pub async fn withdraw(&mut self) -> bool {
        let Target::Interaction(handle) = self.target else {
            return false;
        };
        if self.shown.len() > 1 {
            return false;
        }
        match self.bot.rest.delete_original(handle).await {
            Ok(()) => {
                self.shown.clear();
                self.promised_message = None;
                self.promise = PromiseState::Withdrawn;
                true
            }
            Err(error) => {
                tracing::info!("could not take a promise back: {error:#}");
                false
            }
        }
    }

    /// Posts a card anew that a message does not take as its last word, for the
    /// reason that comes along.
    pub(super) async fn replace(
        &mut self,
        at: usize,
        card: Card,
        refusal: anyhow::Error,
    ) -> anyhow::Result<()> {
        let is_growing = self.insistence == Insistence::Growing;
        let is_about_files = !card.files.is_empty() && refuses_files(&refusal);
        if is_growing || is_about_files || !refuses_edit(&refusal) {
            return Err(refusal);
        }
        tracing::info!("posts anew what a message does not take: {refusal:#}");
        self.make_room(at, refusal).await?;
        let card = Card {
            drops_files: false,
            ..card
        };
        self.add_message(&card).await.map(drop)
    }

    /// Takes away a message that takes no edit, for the reason that comes
    /// along, and those below it: they come anew. One that somebody took away
    /// is not put there again.
    async fn make_room(&mut self, at: usize, refusal: anyhow::Error) -> anyhow::Result<()> {
        let below = self.shown.split_off((at + 1).min(self.shown.len()));
        let Some(refused) = self.shown.pop() else {
            return Err(refusal);
        };
        let stood = self.take_away(&refused.message).await;
        if code_of(&refusal) == Some(MESSAGE_GONE) && !stood {
            self.shown.push(refused);
            self.shown.extend(below);
            return Err(refusal);
        }
        for shown in below {
            self.take_away(&shown.message).await;
        }
        Ok(())
    }

    /// Leaves no sign that more of the answer comes here: what grew last, or
    /// promised it, is taken away.
    pub async fn clear_unfinished(&mut self) {
        if let Some(last) = self.shown.pop() {
            self.take_away(&last.message).await;
        } else if self.promise == PromiseState::Made {
            let promise = StandingMessage {
                name: ORIGINAL.to_owned(),
                id: self.promised_message(),
                text: None,
            };
            if !matches!(self.target, Target::Channel { .. }) {
                self.take_away(&promise).await;
            }
        }
        if let Target::Interaction(handle) | Target::Private(handle) = self.target {
            self.bot.rest.promises.note_answered(handle.interaction);
        }
    }

    /// Takes away all that stands of an answer to a message. Says whether nothing
    /// is left of it.
    pub async fn take_all_away(&mut self) -> bool {
        while let Some(last) = self.shown.pop() {
            if !self.take_away(&last.message).await {
                self.shown.push(last);
                return false;
            }
        }
        true
    }

    /// Takes a message away, or counts that it stays. Says whether it stood
    /// there until now.
    async fn take_away(&mut self, message: &StandingMessage) -> bool {
        if let Some(id) = message.id {
            self.watched.remove_message(id);
        }
        // By the old one Discord would find what was just taken away.
        self.nonce = None;
        let rest = &self.bot.rest;
        let deleted = self.target.delete_message(rest, message).await;
        let is_gone = match &deleted {
            Ok(()) => true,
            Err(error) => code_of(error) == Some(MESSAGE_GONE),
        };
        let is_promised_one = message.id.is_some() && message.id == self.promised_message;
        if is_gone && (message.name == ORIGINAL || is_promised_one) {
            self.promise = PromiseState::Withdrawn;
            self.promised_message = None;
        }
        match deleted {
            Ok(()) => true,
            Err(error) => {
                if !is_gone {
                    count_left(&error);
                }
                false
            }
        }
    }
}
