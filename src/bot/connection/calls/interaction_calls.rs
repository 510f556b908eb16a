//! The calls that the bot makes, by name.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::{CommandInteraction, ComponentInteraction, ModalInteraction};

use crate::bot::connection::calls::limiter::Route;
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::promises::PromiseState;
use crate::bot::connection::calls::rest::{Call, INVALID_FORM, Rest, code_of, is_gone, status_of};
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::connection::wire::form::Modal;

/// An interaction that can be answered for 15 minutes. Has no `Debug`: its
/// token is a secret.
#[derive(Clone)]
pub struct InteractionHandle {
    pub application: u64,
    pub interaction: u64,
    /// Where it was.
    pub channel: u64,
    pub token: String,
    /// When this was read from its event. [`Rest::heard_at`] tells when the
    /// bot heard of it, which may be seconds before.
    pub received_at: Instant,
}

impl From<&CommandInteraction> for InteractionHandle {
    fn from(command: &CommandInteraction) -> Self {
        Self {
            application: command.application_id.get(),
            interaction: command.id.get(),
            channel: command.channel_id.get(),
            token: command.token.clone(),
            received_at: Instant::now(),
        }
    }
}

impl From<&ComponentInteraction> for InteractionHandle {
    fn from(press: &ComponentInteraction) -> Self {
        Self {
            application: press.application_id.get(),
            interaction: press.id.get(),
            channel: press.channel_id.get(),
            token: press.token.clone(),
            received_at: Instant::now(),
        }
    }
}

impl From<&ModalInteraction> for InteractionHandle {
    fn from(form: &ModalInteraction) -> Self {
        Self {
            application: form.application_id.get(),
            interaction: form.id.get(),
            channel: form.channel_id.get(),
            token: form.token.clone(),
            received_at: Instant::now(),
        }
    }
}

/// The message of an interaction's own.
pub const ORIGINAL: &str = "@original";

/// Response types; Discord's documentation calls them interaction callback
/// types.
const REPLY: u8 = 4;
const DEFER_REPLY: u8 = 5;
const DEFER_UPDATE: u8 = 6;
const UPDATE: u8 = 7;
const MODAL: u8 = 9;
const EPHEMERAL: u64 = 1 << 6;

impl Rest {
    /// Answers an interaction at once, for its person's eyes only.
    pub async fn reply(&self, to: &InteractionHandle, card: &Card) -> anyhow::Result<()> {
        let data = ephemeral(card);
        self.respond(to, json!({"type": REPLY, "data": data})).await
    }

    /// Says that an answer for everyone will come.
    /// The id of its message, where Discord names it.
    pub async fn defer(&self, to: &InteractionHandle) -> anyhow::Result<Option<u64>> {
        let path = callback(to) + "?with_response=true";
        let done = self
            .call_back(to, path, json!({"type": DEFER_REPLY}))
            .await?;
        // Discord promises the first; others have seen the second.
        let named = done.pointer("/interaction/response_message_id");
        let shown = done.pointer("/resource/message/id");
        let ids = [named, shown].into_iter().flatten();
        Ok(ids.filter_map(Value::as_str).find_map(|id| id.parse().ok()))
    }

    /// Says that an answer for the person's eyes only will come.
    pub async fn defer_ephemeral(&self, to: &InteractionHandle) -> anyhow::Result<()> {
        self.respond(
            to,
            json!({"type": DEFER_REPLY, "data": {"flags": EPHEMERAL}}),
        )
        .await
    }

    /// Says that the message with the button will change.
    pub async fn defer_update(&self, to: &InteractionHandle) -> anyhow::Result<()> {
        self.respond(to, json!({"type": DEFER_UPDATE})).await
    }

    /// Changes the message with the button at once.
    pub async fn update(&self, to: &InteractionHandle, card: &Card) -> anyhow::Result<()> {
        self.respond(to, json!({"type": UPDATE, "data": card.to_json()}))
            .await
    }

    /// Opens a form; in its older shape, where Discord does not take the newer.
    pub async fn open_modal(&self, to: &InteractionHandle, modal: &Modal) -> anyhow::Result<()> {
        let body = |form: Value| json!({"type": MODAL, "data": form});
        match self.respond(to, body(modal.to_json())).await {
            Err(error) if code_of(&error) == Some(INVALID_FORM) => {
                tracing::warn!(
                    "Discord takes no form with labels, so one with rows is opened: {error:#}"
                );
                self.respond(to, body(modal.in_rows())).await
            }
            opened => opened,
        }
    }

    /// Changes the answer, or another message of the interaction, and insists
    /// on it for as long as its token lives. Returns the message's id.
    pub async fn edit(
        &self,
        of: &InteractionHandle,
        message: &str,
        card: &Card,
    ) -> anyhow::Result<Option<u64>> {
        let patience = Patience::last_word(self.heard_at(of));
        self.change_message(of, message, card, patience).await
    }

    /// Edits a message of an interaction, where another change can stand in its
    /// place.
    pub async fn try_edit(
        &self,
        of: &InteractionHandle,
        message: &str,
        card: &Card,
    ) -> anyhow::Result<Option<u64>> {
        let patience = Patience::twice();
        self.change_message(of, message, card, patience).await
    }

    /// Edits a message of an interaction, where the next edit makes up for a lost
    /// one.
    pub async fn edit_growing(
        &self,
        of: &InteractionHandle,
        message: &str,
        card: &Card,
    ) -> anyhow::Result<Option<u64>> {
        let patience = Patience::growing();
        self.change_message(of, message, card, patience).await
    }

    async fn change_message(
        &self,
        of: &InteractionHandle,
        message: &str,
        card: &Card,
        patience: Patience,
    ) -> anyhow::Result<Option<u64>> {
        let call = Call {
            body: Some(card.to_json()),
            files: &card.files,
            patience,
            ..webhook_change(Method::PATCH, of, message)
        };
        let changed = self.send(call).await?;
        if message == ORIGINAL {
            self.promises.note(of.interaction, PromiseState::Answered);
        }
        let id = changed["id"].as_str();
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// Takes the message away that promises an answer, so that nobody but
    /// whoever asked need see that there is none.
    pub async fn delete_original(&self, of: &InteractionHandle) -> anyhow::Result<()> {
        match self.delete_answer(of, ORIGINAL).await {
            // Where the first attempt was heard, the second finds nothing.
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
        self.promises.note(of.interaction, PromiseState::Answered);
        Ok(())
    }

    /// Whether a message of the interaction stands there.
    pub async fn has_answer(&self, of: &InteractionHandle, message: &str) -> anyhow::Result<bool> {
        let call = Call {
            patience: Patience::reading(),
            ..webhook_change(Method::GET, of, message)
        };
        match self.send(call).await {
            Err(error) if status_of(&error) == Some(404) => Ok(false),
            found => found.map(|_| true),
        }
    }

    /// Takes a message of the interaction away.
    pub async fn delete_answer(&self, of: &InteractionHandle, message: &str) -> anyhow::Result<()> {
        let call = Call {
            patience: Patience::twice(),
            ..webhook_change(Method::DELETE, of, message)
        };
        self.send(call).await.map(drop)
    }

    /// Adds a message for everyone; returns its id.
    pub async fn follow_up(&self, to: &InteractionHandle, card: &Card) -> anyhow::Result<String> {
        self.post_follow_up(to, card.to_json(), &card.files).await
    }

    /// Adds a message for the person's eyes only.
    pub async fn follow_up_ephemeral(
        &self,
        to: &InteractionHandle,
        card: &Card,
    ) -> anyhow::Result<String> {
        self.post_follow_up(to, ephemeral(card), &card.files).await
    }

    /// When the bot heard of an interaction: its time runs from then on, and
    /// not from when somebody got round to answering it.
    fn heard_at(&self, of: &InteractionHandle) -> Instant {
        let heard_at = self.promises.heard_at(of.interaction);
        heard_at.unwrap_or(of.received_at)
    }

    /// Reads something about the bot itself.
    pub async fn get(&self, name: &'static str, path: &str) -> anyhow::Result<Value> {
        self.send(get_call(name, path, Patience::usual())).await
    }

    /// Replaces all commands; returns them as Discord has them now.
    pub async fn put_commands(&self, application: u64, commands: Value) -> anyhow::Result<Value> {
        let route = Route {
            name: "PUT commands",
            major: "",
            of_interaction: false,
        };
        let path = format!("/applications/{application}/commands");
        self.send(Call {
            method: Method::PUT,
            route,
            path,
            body: Some(commands),
            files: &[],
            patience: Patience::usual(),
            is_repeatable: true,
        })
        .await
    }

    async fn respond(&self, to: &InteractionHandle, body: Value) -> anyhow::Result<()> {
        self.call_back(to, callback(to), body).await.map(drop)
    }

    async fn call_back(
        &self,
        to: &InteractionHandle,
        path: String,
        body: Value,
    ) -> anyhow::Result<Value> {
        let route = Route {
            name: "POST callback",
            major: &to.token,
            of_interaction: true,
        };
        let state = match body["type"].as_u64() {
            Some(kind) if kind == u64::from(DEFER_REPLY) => PromiseState::Promised,
            Some(kind) if kind == u64::from(DEFER_UPDATE) => PromiseState::Acknowledged,
            _ => PromiseState::Answered,
        };
        self.promises.note_attempt(to.interaction);
        let answered = self
            .send(Call {
                method: Method::POST,
                route,
                path,
                body: Some(body),
                files: &[],
                patience: Patience::acknowledging(self.heard_at(to)),
                is_repeatable: true,
            })
            .await?;
        self.promises.note(to.interaction, state);
        Ok(answered)
    }

    async fn post_follow_up(
        &self,
        to: &InteractionHandle,
        body: Value,
        files: &[File],
    ) -> anyhow::Result<String> {
        let path = format!("/webhooks/{}/{}", to.application, to.token);
        let route = webhook("POST webhook", to);
        let sent = self
            .send(Call {
                method: Method::POST,
                route,
                path,
                body: Some(body),
                files,
                patience: Patience::last_word(self.heard_at(to)),
                // No nonce is known for it, so that it would stand there twice.
                is_repeatable: false,
            })
            .await?;
        // The first after a deferral fills its message.
        self.promises.note(to.interaction, PromiseState::Answered);
        Ok(sent["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// A message for one person's eyes only.
fn ephemeral(card: &Card) -> Value {
    let mut message = card.to_json();
    message["flags"] = json!(EPHEMERAL | message["flags"].as_u64().unwrap_or(0));
    message
}

fn callback(to: &InteractionHandle) -> String {
    format!("/interactions/{}/{}/callback", to.interaction, to.token)
}

/// A call about one message of an interaction.
fn webhook_change<'a>(method: Method, of: &'a InteractionHandle, message: &str) -> Call<'a> {
    let name = match method {
        Method::DELETE => "DELETE webhook message",
        Method::GET => "GET webhook message",
        _ => "PATCH webhook message",
    };
    let path = format!(
        "/webhooks/{}/{}/messages/{message}",
        of.application, of.token
    );
    Call {
        method,
        route: webhook(name, of),
        path,
        body: None,
        files: &[],
        patience: Patience::growing(),
        is_repeatable: true,
    }
}

fn get_call<'a>(name: &'static str, path: &str, patience: Patience) -> Call<'a> {
    Call {
        method: Method::GET,
        route: Route {
            name,
            major: "",
            of_interaction: false,
        },
        path: path.to_owned(),
        body: None,
        files: &[],
        patience,
        is_repeatable: true,
    }
}

fn webhook<'a>(name: &'static str, of: &'a InteractionHandle) -> Route<'a> {
    Route {
        name,
        major: &of.token,
        of_interaction: true,
    }
}
