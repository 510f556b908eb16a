//! The calls about channels and their messages, with the bot's own token.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::Message;

use crate::bot::connection::card::Card;
use crate::bot::connection::limiter::Route;
use crate::bot::connection::rest::{Call, Rest, is_gone};
use crate::bot::conversation::files::restore_names;

/// How many messages Discord hands out at once at the most.
pub const PAGE_MAX: usize = 100;

/// What is called of a channel.
struct Endpoint {
    method: Method,
    /// The name of its route.
    name: &'static str,
    /// Below the channel's own path.
    path: String,
}

impl Endpoint {
    fn new(method: Method, name: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            name,
            path: path.into(),
        }
    }
}

impl Rest {
    /// Writes to a person directly.
    pub async fn direct_message(&self, person: u64, card: &Card) -> anyhow::Result<()> {
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
        };
        let channel = self.send(call).await?;
        self.post(id_of(&channel)?, card).await.map(drop)
    }

    /// Writes in a channel; returns the message's id.
    pub async fn post(&self, channel: u64, card: &Card) -> anyhow::Result<u64> {
        let endpoint = Endpoint::new(Method::POST, "POST message", "/messages");
        id_of(&self.call_channel(endpoint, channel, Some(card)).await?)
    }

    /// Changes a message of the bot's own.
    pub async fn edit_message(
        &self,
        channel: u64,
        message: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        let path = format!("/messages/{message}");
        let endpoint = Endpoint::new(Method::PATCH, "PATCH message", path);
        self.call_channel(endpoint, channel, Some(card))
            .await
            .map(drop)
    }

    /// Shows for some seconds that the bot is writing.
    pub async fn show_typing(&self, channel: u64) -> anyhow::Result<()> {
        let endpoint = Endpoint::new(Method::POST, "POST typing", "/typing");
        self.call_channel(endpoint, channel, None).await.map(drop)
    }

    /// A channel, as Discord describes it.
    pub async fn channel(&self, channel: u64) -> anyhow::Result<Value> {
        let endpoint = Endpoint::new(Method::GET, "GET channel", "");
        self.call_channel(endpoint, channel, None).await
    }

    /// A message; none if it is gone or cannot be seen.
    pub async fn message(&self, channel: u64, message: u64) -> anyhow::Result<Option<Message>> {
        let endpoint = Endpoint::new(Method::GET, "GET message", format!("/messages/{message}"));
        match self.call_channel(endpoint, channel, None).await {
            Ok(found) => Ok(read_message(found)),
            Err(error) if is_gone(&error) => Ok(None),
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
        let all = found.as_array().into_iter().flatten().rev();
        // One that serenity cannot read is left out, not the rest.
        let read = all.filter_map(|one| read_message(one.clone()));
        Ok(read.collect())
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
        };
        self.send(call).await
    }
}

fn read_message(mut message: Value) -> Option<Message> {
    restore_names(&mut message);
    serde_json::from_value(message).ok()
}

fn id_of(made: &Value) -> anyhow::Result<u64> {
    let id = made["id"].as_str().and_then(|id| id.parse().ok());
    id.context("Discord named no id")
}
