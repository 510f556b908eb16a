//! Hands serenity's events to whoever handles them. Counts what is running,
//! so that shutdown can wait for it, and leaves poise only commands and
//! their completion.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serenity::all::{Client, Context, FullEvent, Interaction, Ready};
use serenity::framework::Framework;

use crate::model::ServerId;

use crate::bot::Bot;
use crate::bot::answers::last_words::keep_promise;
use crate::bot::answers::running::unfinished::close_unfinished;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::Card;
use crate::bot::conversation::incoming;
use crate::bot::interactions::buttons::handle_press;
use crate::bot::interactions::commands;
use crate::bot::interactions::forms::handle_form;
use crate::bot::interactions::greeting::greet_server;
use crate::bot::pictures::resume::resume_pictures;
use crate::bot::words;
use crate::bot::words::Voice;

type Poise = poise::Framework<Arc<Bot>, anyhow::Error>;

/// Hands commands and completion to poise, and forms and buttons to us. Every
/// clone is a handle on the same poise.
#[derive(Clone)]
pub struct Dispatcher {
    bot: Arc<Bot>,
    poise: Arc<OnceLock<Poise>>,
}

impl Dispatcher {
    /// Nothing is handed to poise before it is set up.
    pub fn new(bot: Arc<Bot>) -> Self {
        Self {
            bot,
            poise: Arc::default(),
        }
    }

    /// A poise whose data is ready before the first event: one whose setup
    /// fails never answers again.
    fn poise(&self) -> Poise {
        let options = poise::FrameworkOptions {
            commands: commands::all(),
            // Else it logs what people write after a mention.
            prefix_options: poise::PrefixFrameworkOptions {
                mention_as_prefix: false,
                ..Default::default()
            },
            on_error: |error| Box::pin(on_error(error)),
            ..Default::default()
        };
        let data = Arc::clone(&self.bot);
        poise::Framework::builder()
            .options(options)
            .initialize_owners(false)
            .setup(move |_, _, _| Box::pin(async move { Ok(data) }))
            .build()
    }

    /// The bot that answers.
    pub fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    async fn hand_to_poise(&self, context: Context, event: FullEvent) {
        if let Some(poise) = self.poise.get() {
            poise.dispatch(context, event).await;
        }
    }
}

// Written out, as `async_trait` would write it. Below its bounds on lifetimes
// the compiler proves anew, for every future that the bot has, that threads may
// share it: a quarter of the time that it takes to compile this crate.
impl Framework for Dispatcher {
    fn init<'s, 'c, 'f>(&'s mut self, client: &'c Client) -> BoxFuture<'f, ()>
    where
        's: 'f,
        'c: 'f,
        Self: 'f,
    {
        self.begin(client)
    }

    fn dispatch<'s, 'f>(&'s self, context: Context, event: FullEvent) -> BoxFuture<'f, ()>
    where
        's: 'f,
        Self: 'f,
    {
        self.dispatch_event(context, event)
    }
}

impl Dispatcher {
    fn begin<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut poise = self.poise();
            poise.init(client).await;
            let _ = self.poise.set(poise);
        })
    }

    /// Handles an event, and keeps what Discord was promised.
    pub fn dispatch_event(&self, context: Context, event: FullEvent) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let _running = self.bot.app.tasks.token();
            if let FullEvent::InteractionCreate { interaction } = &event
                && !self
                    .bot
                    .seen_events
                    .take_first(interaction.id().get(), true)
            {
                tracing::info!("an interaction came again");
                return;
            }
            self.bot.channel_access.learn(&event, self.bot.user_id());
            self.bot.installed_servers.learn(&event);
            self.bot.locales.learn(&event);
            let awaited = AwaitedInteraction::from_event(&event);
            if let Some(awaited) = &awaited {
                self.bot.rest.promises.begin(awaited.handle.interaction);
            }
            // On the heap: it is a large future, and every event has room for it.
            let handling = Box::pin(self.handle_event(context, event));
            let done = AssertUnwindSafe(handling).catch_unwind().await;
            let has_failed = !matches!(done, Ok(Ok(())));
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!("could not handle an event: {error:#}"),
                // The panic itself has said where.
                Err(_) => tracing::error!("what handled an event panicked"),
            }
            if let Some(AwaitedInteraction { handle, locale }) = awaited {
                let voice = self.bot.voice(&locale);
                let is_unheard = self.bot.rest.promises.is_unanswered(handle.interaction);
                let card = if is_unheard && !has_failed {
                    // Nothing of ours knew what to make of it.
                    words::old_command(voice)
                } else {
                    words::something_broke(voice)
                };
                keep_promise(&self.bot, &handle, card, has_failed).await;
            }
        })
    }
}

/// An interaction for whose answer somebody waits.
struct AwaitedInteraction {
    handle: InteractionHandle,
    locale: String,
}

impl AwaitedInteraction {
    /// The interaction of an event; none of a completion, which serenity answers.
    fn from_event(event: &FullEvent) -> Option<Self> {
        let FullEvent::InteractionCreate { interaction } = event else {
            return None;
        };
        let (handle, locale) = match interaction {
            Interaction::Command(command) => (command.into(), &command.locale),
            Interaction::Component(press) => (press.into(), &press.locale),
            Interaction::Modal(form) => (form.into(), &form.locale),
            _ => return None,
        };
        let locale = locale.clone();
        Some(Self { handle, locale })
    }
}

impl Dispatcher {
    async fn handle_event(&self, context: Context, event: FullEvent) -> anyhow::Result<()> {
        match event {
            FullEvent::InteractionCreate {
                interaction: Interaction::Modal(form),
            } => {
                self.bot.renewals.note_form(context.shard_id);
                handle_form(&self.bot, form).await
            }
            FullEvent::InteractionCreate {
                interaction: Interaction::Component(press),
            } => Box::pin(handle_press(&self.bot, &press)).await,
            FullEvent::GuildDelete { incomplete, .. } if !incomplete.unavailable => {
                let server = ServerId(incomplete.id.get());
                self.bot.deletions.stop_for_server(server);
                self.bot.app.keys.server_left(server).await
            }
            FullEvent::GuildCreate { guild, .. } => {
                let server = ServerId(guild.id.get());
                self.bot
                    .server_names
                    .note_server(&guild, self.bot.user_id());
                self.bot.app.keys.server_is_here(server).await?;
                Box::pin(greet_server(&self.bot, &guild)).await
            }
            FullEvent::GuildRoleCreate { new } | FullEvent::GuildRoleUpdate { new, .. } => {
                self.bot.server_names.note_role(&new, self.bot.user_id());
                Ok(())
            }
            FullEvent::Resume { .. } => {
                self.bot.renewals.note_resumed(context.shard_id);
                Ok(())
            }
            FullEvent::Ready { ref data_about_bot } => {
                self.bot.renewals.note_new_session(context.shard_id);
                let welcomed = welcome(&self.bot, data_about_bot).await;
                self.hand_to_poise(context, event).await;
                welcomed
            }
            FullEvent::InteractionCreate { .. } => {
                self.hand_to_poise(context, event).await;
                Ok(())
            }
            event => Box::pin(handle_message_event(&self.bot, event)).await,
        }
    }
}

/// Handles what happens to messages, and to the channels that they stand in.
async fn handle_message_event(bot: &Bot, event: FullEvent) -> anyhow::Result<()> {
    match event {
        FullEvent::Message { new_message } => {
            Box::pin(incoming::handle_message(bot, new_message)).await?;
        }
        FullEvent::MessageUpdate { event, .. } => {
            Box::pin(incoming::handle_change(bot, &event)).await?;
        }
        FullEvent::MessageDelete {
            deleted_message_id: id,
            ..
        } => bot.deletions.stop_for_messages(&[id.get()]).await,
        FullEvent::MessageDeleteBulk {
            multiple_deleted_messages_ids: ids,
            ..
        } => {
            let deleted: Vec<u64> = ids.iter().map(|id| id.get()).collect();
            bot.deletions.stop_for_messages(&deleted).await;
        }
        FullEvent::ChannelDelete { channel, .. } => {
            bot.deletions.stop_for_channel(channel.id.get());
        }
        FullEvent::ThreadDelete { thread, .. } => {
            bot.deletions.stop_for_channel(thread.id.get());
        }
        _ => {}
    }
    Ok(())
}

/// Learns who the bot is, and goes on with what an earlier process left.
async fn welcome(bot: &Arc<Bot>, ready: &Ready) -> anyhow::Result<()> {
    bot.user_id.store(ready.user.id.get(), Ordering::Relaxed);
    bot.server_names.note_own_name(&ready.user.name);
    tracing::info!(
        shard = ready.shard.map_or(0, |shard| shard.id.get()),
        servers = ready.guilds.len(),
        "ready: connected to Discord as {}, in {}",
        ready.user.name,
        count_servers(ready.guilds.len())
    );
    let resuming = Arc::clone(bot);
    bot.app.tasks.spawn(async move {
        if let Err(error) = close_unfinished(&resuming).await {
            tracing::warn!("could not close answers that were broken off: {error:#}");
        }
        if let Err(error) = resume_pictures(&resuming).await {
            tracing::warn!("could not go on with pictures: {error:#}");
        }
    });
    report_servers(bot, ready).await
}

fn count_servers(servers: usize) -> String {
    match servers {
        0 => "no server yet".to_owned(),
        1 => "1 server".to_owned(),
        many => format!("{many} servers"),
    }
}

/// Says in which servers of a shard the bot is, so that those that removed
/// it while it was away are found out. Discord lists those that are
/// unavailable too.
async fn report_servers(bot: &Bot, ready: &Ready) -> anyhow::Result<()> {
    let here = ready.guilds.iter().map(|guild| ServerId(guild.id.get()));
    let shard = ready
        .shard
        .map_or((0, 1), |shard| (shard.id.get(), shard.total));
    bot.app.keys.servers_are(&here.collect(), shard).await
}

/// Handles what poise could not do. Only errors of ours reach the log:
/// poise's own texts quote what people typed. Whoever waits for an answer
/// gets one.
async fn on_error(error: poise::FrameworkError<'_, Arc<Bot>, anyhow::Error>) {
    match error {
        poise::FrameworkError::Command { error, ctx, .. } => {
            tracing::warn!(command = %ctx.command().qualified_name, "could not answer a command: {error:#}");
            apologise(ctx, words::something_broke).await;
        }
        poise::FrameworkError::CommandPanic { ctx, .. } => {
            tracing::error!(command = %ctx.command().qualified_name, "a command panicked");
            apologise(ctx, words::something_broke).await;
        }
        poise::FrameworkError::ArgumentParse { ctx, .. } => {
            tracing::warn!(command = %ctx.command().qualified_name, "a command came with unknown arguments");
            apologise(ctx, words::old_command).await;
        }
        poise::FrameworkError::CommandStructureMismatch { ctx, .. } => {
            tracing::warn!(command = %ctx.command().qualified_name, "a command came in an old form");
            apologise(poise::Context::Application(ctx), words::old_command).await;
        }
        poise::FrameworkError::UnknownInteraction { .. } => {
            tracing::warn!("a command came that is not ours");
        }
        _ => tracing::warn!("poise could not handle an event"),
    }
}

/// Tells whoever typed a command that it failed, unless something stands
/// where the answer belongs.
async fn apologise(
    ctx: poise::Context<'_, Arc<Bot>, anyhow::Error>,
    sentence: fn(Voice<'_>) -> Card,
) {
    let poise::Context::Application(app) = ctx else {
        return;
    };
    let bot = app.framework.user_data;
    let handle = InteractionHandle::from(app.interaction);
    let card = sentence(bot.voice(&app.interaction.locale));
    keep_promise(bot, &handle, card, true).await;
}
