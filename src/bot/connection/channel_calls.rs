//! The calls about channels and their messages, with the bot's own token.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::Message;

use crate::bot::connection::card::Card;
use crate::bot::connection::limiter::Route;
use crate::bot::connection::rest::{Call, Rest, is_gone};

/// How many messages Discord hands out at once at the most.
pub const PAGE_MAX: usize = 100;

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
        let call = ChannelCall {
            method: Method::POST,
            name: "POST message",
            channel,
            path: "/messages".to_owned(),
            card: Some(card),
        };
        id_of(&self.channel_call(call).await?)
    }

    /// Changes a message of the bot's own.
    pub async fn edit_message(
        &self,
        channel: u64,
        message: u64,
        card: &Card,
    ) -> anyhow::Result<()> {
        let path = format!("/messages/{message}");
        let call = ChannelCall {
            method: Method::PATCH,
            name: "PATCH message",
            channel,
            path,
            card: Some(card),
        };
        self.channel_call(call).await.map(drop)
    }

    /// Shows for some seconds that the bot is writing.
    pub async fn show_typing(&self, channel: u64) -> anyhow::Result<()> {
        let call = ChannelCall {
            method: Method::POST,
            name: "POST typing",
            channel,
            path: "/typing".to_owned(),
            card: None,
        };
        self.channel_call(call).await.map(drop)
    }

    /// A channel, as Discord describes it.
    pub async fn channel(&self, channel: u64) -> anyhow::Result<Value> {
        let call = ChannelCall {
            method: Method::GET,
            name: "GET channel",
            channel,
            path: String::new(),
            card: None,
        };
        self.channel_call(call).await
    }

    /// A message; none if it is gone or cannot be seen.
    pub async fn message(&self, channel: u64, message: u64) -> anyhow::Result<Option<Message>> {
        let call = ChannelCall {
            method: Method::GET,
            name: "GET message",
            channel,
            path: format!("/messages/{message}"),
            card: None,
        };
        match self.channel_call(call).await {
            Ok(found) => Ok(serde_json::from_value(found).ok()),
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
        let call = ChannelCall {
            method: Method::GET,
            name: "GET messages",
            channel,
            path,
            card: None,
        };
        let found = self.channel_call(call).await?;
        let all = found.as_array().into_iter().flatten().rev();
        // One that serenity cannot read is left out, not the rest.
        let read = all.filter_map(|one| serde_json::from_value(one.clone()).ok());
        Ok(read.collect())
    }

    async fn channel_call(&self, call: ChannelCall<'_>) -> anyhow::Result<Value> {
        let ChannelCall {
            method,
            name,
            channel,
            path,
            card,
        } = call;
        let major = channel.to_string();
        let call = Call {
            method,
            route: Route {
                name,
                major: &major,
                of_interaction: false,
            },
            path: format!("/channels/{channel}{path}"),
            body: card.map(Card::to_json),
            files: card.map_or(&[], |card| &card.files),
        };
        self.send(call).await
    }
}

/// A call about a channel.
struct ChannelCall<'a> {
    method: Method,
    /// The name of the rate limit's bucket.
    name: &'static str,
    channel: u64,
    /// What follows the channel in the address.
    path: String,
    /// What is written, if anything is.
    card: Option<&'a Card>,
}

fn id_of(made: &Value) -> anyhow::Result<u64> {
    let id = made["id"].as_str().and_then(|id| id.parse().ok());
    id.context("Discord named no id")
}
