//! Events that serenity cannot read, or not as a whole, and would drop without
//! a word. They are counted, and read here from their raw form where that can
//! be.

use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::future::BoxFuture;
use metrics::counter;
use serde_json::{Value, json};
use serenity::all::{Context, Event, FullEvent, Interaction, RawEventHandler};
use serenity::model::event::UnknownEvent;

use crate::bot::answers::last_words::count_unsaid;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::calls::rest::number;
use crate::bot::connection::go_between::FORM_SENT;
use crate::bot::connection::wire::sent_form::lay_out_in_rows;
use crate::bot::connection::wire::unread_message::{fill_in, mend_message};
use crate::bot::interactions::dispatch::Dispatcher;
use crate::bot::words;
use crate::model::ServerId;

/// Types of interactions that a message can answer: a command, a press, a form.
const ANSWERED_BY_MESSAGE: [u64; 3] = [2, 3, 5];
/// The largest file that a person may send to an app, where Discord does not
/// say.
const FILE_BYTES: u64 = 10 << 20;

/// Takes the events that serenity hands over as they came.
pub struct UnreadEvents(pub Dispatcher);

// Written out, as the dispatcher's are.
impl RawEventHandler for UnreadEvents {
    fn raw_event<'s, 'f>(&'s self, context: Context, event: Event) -> BoxFuture<'f, ()>
    where
        's: 'f,
        Self: 'f,
    {
        self.take_event(context, event)
    }
}

impl UnreadEvents {
    /// Reads an event that serenity could not read. Others are not its own.
    fn take_event(&self, context: Context, event: Event) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Event::Unknown(unknown) = event {
                self.take_unread(context, unknown).await;
            }
        })
    }

    async fn take_unread(&self, context: Context, unknown: UnknownEvent) {
        let _running = self.0.bot().app.tasks.token();
        match unknown.kind.as_str() {
            FORM_SENT => self.take_form(context, unknown.value).await,
            "INTERACTION_CREATE" => self.take_interaction(context, unknown.value).await,
            "MESSAGE_CREATE" => self.take_message(context, unknown.value).await,
            "GUILD_CREATE" => self.take_server(&unknown.value).await,
            "READY" => {
                count("session", "dropped");
                tracing::error!(
                    "what Discord said at the beginning of a session could not be read, so the bot hears nothing; update Latchkey"
                );
            }
            // Of no use to the bot, or unknown to Discord's documentation.
            _ => {}
        }
    }

    /// Handles a form, which comes this way since serenity would lose what is
    /// in it.
    async fn take_form(&self, context: Context, mut raw: Value) {
        lay_out_in_rows(&mut raw);
        match serde_json::from_value(raw.clone()) {
            Ok(interaction) => self.take_read(context, interaction).await,
            Err(_) => self.take_interaction(context, raw).await,
        }
    }

    async fn take_read(&self, context: Context, interaction: Interaction) {
        let event = FullEvent::InteractionCreate { interaction };
        self.0.dispatch_event(context, event).await;
    }

    /// Handles an interaction that lacks what serenity wants to have; tells
    /// whoever is behind it where that is not enough.
    async fn take_interaction(&self, context: Context, mut raw: Value) {
        fill_in(
            &mut raw,
            &[
                ("locale", json!(words::DEFAULT_LOCALE)),
                ("entitlements", json!([])),
                ("attachment_size_limit", json!(FILE_BYTES)),
            ],
        );
        if let Ok(interaction) = serde_json::from_value(raw.clone()) {
            count("interaction", "read");
            return self.take_read(context, interaction).await;
        }
        let bot = self.0.bot();
        let dropped = bot.dropped_interactions.fetch_add(1, Ordering::Relaxed) + 1;
        count("interaction", "dropped");
        tracing::error!(
            dropped,
            "an interaction could not be read and was dropped; update Latchkey"
        );
        let kind = raw["type"].as_u64().unwrap_or(0);
        if let Some(handle) = handle_of(&raw)
            && ANSWERED_BY_MESSAGE.contains(&kind)
        {
            let locale = raw["locale"].as_str().unwrap_or(words::DEFAULT_LOCALE);
            let card = words::unreadable_interaction(bot.voice(locale));
            if let Err(error) = bot.rest.reply(&handle, &card).await {
                tracing::warn!("could not say that an interaction was not read: {error:#}");
                count_unsaid("an interaction");
            }
        }
    }

    /// Handles a message, without those of its parts that can't be read.
    async fn take_message(&self, context: Context, raw: Value) {
        let Some(new_message) = mend_message(&raw) else {
            count("message", "dropped");
            tracing::warn!("a message could not be read and was dropped");
            return;
        };
        count("message", "read");
        tracing::warn!("a message could only be read in part");
        let event = FullEvent::Message { new_message };
        self.0.dispatch_event(context, event).await;
    }

    /// Notes that a server has the bot. Nothing else of it is needed.
    async fn take_server(&self, raw: &Value) {
        let Some(id) = number(&raw["id"]) else {
            return count("server", "dropped");
        };
        count("server", "read");
        self.0.bot().installed_servers.note_here(ServerId(id));
        if let Err(error) = self.0.bot().app.keys.server_is_here(ServerId(id)).await {
            tracing::warn!("could not handle an event: {error:#}");
        }
    }
}

/// Counts an event that serenity could not read, and what became of it.
fn count(what: &'static str, then: &'static str) {
    counter!("latchkey_discord_unread_total", "what" => what, "then" => then).increment(1);
}

/// What an interaction is answered with; none where it does not say.
fn handle_of(raw: &Value) -> Option<InteractionHandle> {
    Some(InteractionHandle {
        application: number(&raw["application_id"])?,
        interaction: number(&raw["id"])?,
        channel: number(&raw["channel_id"]).unwrap_or(0),
        token: raw["token"].as_str()?.to_owned(),
        received_at: Instant::now(),
    })
}
