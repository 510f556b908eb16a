//! The calls about channels and their messages, with the bot's own token.

use anyhow::Context;
use metrics::counter;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::Message;

use crate::app::random_id;
use crate::bot::connection::calls::limiter::Route;
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::rest::{
    Call, MESSAGE_GONE, Rest, code_of, is_gone, number, refuses_edit, status_of,
};
use crate::bot::connection::wire::card::Card;
use crate::bot::connection::wire::received_message::parse_message;

/// How many messages Discord hands out at once at the most.
pub const PAGE_MAX: usize = 100;

/// How long nonces are, of the 25 characters that Discord takes.
const NONCE_CHARACTERS: usize = 24;

/// What is called of a channel.
struct Endpoint {
    method: Method,
    /// The name of its route.
    name: &'static str,
    /// Below the channel's own path.
    path: String,
    patience: Patience,
}

impl Endpoint {
    fn new(method: Method, name: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            name,
            path: path.into(),
            patience: Patience::reading(),
        }
    }

    fn with(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }
}

impl Rest {
    /// Writes to a person directly.
    pub async fn direct_message(&self, person: u64, card: &Card) -> anyhow::Result<()> {
        let cards = std::slice::from_ref(card);
        self.direct_messages(person, cards).await
    }

    /// Writes several messages to a person directly, up to the first that
    /// Discord does not take.
    pub async fn direct_messages(&self, person: u64, cards: &[Card]) -> anyhow::Result<()> {
        let route = Route {
            name: "POST dm",
            major: "",
            of_interaction: false,
        };
        let call = Call {
            method: Method::POST,
            route,
            path: "/users/@me/channels".to_owned(),
            body: Some(json!({"recipient_id": person.to_string()})),
            files: &[],
            patience: Patience::last_post(),
            // Discord opens one channel for each person.
            is_repeatable: true,
        };
        let channel = id_of(&self.send(call).await?)?;
        for card in cards {
            self.post(channel, card, Patience::last_post()).await?;
        }
        Ok(())
    }

    /// Writes in a channel; returns the message. Discord knows it by its
    /// nonce, so that it stands there once even if a response is lost.
    pub async fn post(
        &self,
        channel: u64,
        card: &Card,
        patience: Patience,
    ) -> anyhow::Result<PostedMessage> {
        let endpoint = Endpoint::new(Method::POST, "POST message", "/messages").with(patience);
        let nonce = match &card.nonce {
            Some(nonce) => nonce.clone(),
            None => random_nonce()?,
        };
        let card = Card {
            nonce: Some(nonce),
            ..card.clone()
        };
        let posted = self.call_channel(endpoint, channel, Some(&card)).await?;
        Ok(PostedMessage {
            id: id_of(&posted)?,
            text: posted["content"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// Changes a message of the bot's own, and insists on it.
    pub async fn edit_message(
        &self,
        channel: u64,
        message: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        let endpoint = edit_of(message).with(Patience::last_edit());
        self.call_channel(endpoint, channel, Some(card))
            .await
            .map(drop)
    }

    /// Edits a message of the bot's, where the next edit makes up for a lost one.
    pub async fn edit_message_growing(
        &self,
        channel: u64,
        message: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        let endpoint = edit_of(message).with(Patience::growing());
        self.call_channel(endpoint, channel, Some(card))
            .await
            .map(drop)
    }

    /// Takes a message of the bot's own away.
    pub async fn delete_message(&self, channel: u64, message: u64) -> anyhow::Result<()> {
        let path = format!("/messages/{message}");
        let endpoint = Endpoint::new(Method::DELETE, "DELETE message", path);
        let endpoint = endpoint.with(Patience::twice());
        self.call_channel(endpoint, channel, None).await.map(drop)
    }

    /// Changes a message of the bot's own; one that takes no edit is taken
    /// away, and what belongs there is posted anew, as the reply that the card
    /// says. Returns the id of the message that says it.
    pub async fn edit_or_replace(
        &self,
        channel: u64,
        message: u64,
        card: &Card,
    ) -> anyhow::Result<u64> {
        let plain = Card {
            reply_to: None,
            ..card.clone()
        };
        let Err(refusal) = self.edit_message(channel, message, &plain).await else {
            return Ok(message);
        };
        if !refuses_edit(&refusal) {
            return Err(refusal);
        }
        let deleted = self.delete_message(channel, message).await;
        if code_of(&refusal) == Some(MESSAGE_GONE) && deleted.is_err() {
            return Err(refusal);
        }
        if let Err(error) = deleted {
            count_left(&error);
        }
        let posted = self.post(channel, card, Patience::last_post()).await?;
        Ok(posted.id)
    }

    /// Shows for some seconds that the bot is writing.
    pub async fn show_typing(&self, channel: u64) -> anyhow::Result<()> {
        let endpoint = Endpoint::new(Method::POST, "POST typing", "/typing");
        let endpoint = endpoint.with(Patience::brief());
        self.call_channel(endpoint, channel, None).await.map(drop)
    }

    /// A channel, as Discord describes it.
    pub async fn channel(&self, channel: u64) -> anyhow::Result<Value> {
        let endpoint = Endpoint::new(Method::GET, "GET channel", "");
        self.call_channel(endpoint, channel, None).await
    }

    /// A message; none if it is gone or cannot be seen.
    pub async fn message(&self, channel: u64, message: u64) -> anyhow::Result<Option<Message>> {
        match self.existing_message(channel, message).await {
            Err(error) if is_gone(&error) => Ok(None),
            found => found,
        }
    }

    /// A message; none only where it does not exist, and an error where the bot
    /// may not read it.
    pub async fn existing_message(
        &self,
        channel: u64,
        message: u64,
    ) -> anyhow::Result<Option<Message>> {
        let endpoint = Endpoint::new(Method::GET, "GET message", format!("/messages/{message}"));
        match self.call_channel(endpoint, channel, None).await {
            Ok(found) => Ok(parse_message(found)),
            Err(error) if status_of(&error) == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The newest messages of a channel before one of them, oldest first.
    pub async fn messages_before(
        &self,
        channel: u64,
        before: u64,
        most: usize,
    ) -> anyhow::Result<Vec<Message>> {
        let path = format!("/messages?before={before}&limit={}", most.min(PAGE_MAX));
        let endpoint = Endpoint::new(Method::GET, "GET messages", path);
        let found = self.call_channel(endpoint, channel, None).await?;
        let Value::Array(found) = found else {
            return Ok(Vec::new());
        };
        // One that cannot be read is left out, not the rest.
        Ok(found.into_iter().rev().filter_map(parse_message).collect())
    }

    async fn call_channel(
        &self,
        endpoint: Endpoint,
        channel: u64,
        card: Option<&Card>,
    ) -> anyhow::Result<Value> {
        let major = channel.to_string();
        let call = Call {
            method: endpoint.method,
            route: Route {
                name: endpoint.name,
                major: &major,
                of_interaction: false,
            },
            path: format!("/channels/{channel}{}", endpoint.path),
            body: card.map(Card::to_json),
            files: card.map_or(&[], |card| &card.files),
            patience: endpoint.patience,
            // Posts have a nonce; what else is posted here is decoration.
            is_repeatable: true,
        };
        self.send(call).await
    }
}

/// A message as Discord has it once it is posted.
pub struct PostedMessage {
    pub id: u64,
    /// Its text: that of an earlier attempt, where one was heard and its
    /// response was lost.
    pub text: String,
}

/// Counts a message that takes neither an edit nor its removal: it says what is
/// not true any more, and its buttons do nothing.
pub fn count_left(error: &anyhow::Error) {
    counter!("latchkey_bot_left_total").increment(1);
    tracing::error!("a message of an answer stays that can't be changed: {error:#}");
}

/// A change to a message.
fn edit_of(message: u64) -> Endpoint {
    Endpoint::new(
        Method::PATCH,
        "PATCH message",
        format!("/messages/{message}"),
    )
}

/// A nonce that no other message has.
pub fn random_nonce() -> anyhow::Result<String> {
    let mut nonce = random_id()?;
    nonce.truncate(NONCE_CHARACTERS);
    Ok(nonce)
}

fn id_of(made: &Value) -> anyhow::Result<u64> {
    number(&made["id"]).context("Discord named no id")
}
