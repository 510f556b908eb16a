//! Connects to Discord's gateway and stays connected until told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serenity::all::{ApplicationId, ClientBuilder, GatewayIntents, HttpBuilder};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::{App, IdentityDesk, MemberDirectory, Notifier};
use crate::bot::Bot;
use crate::bot::connection::calls::rest::{Rest, number, status_of};
use crate::bot::connection::go_between::GoBetween;
use crate::bot::connection::register;
use crate::bot::connection::settings::Settings;
use crate::bot::connection::shards::ShardRange;
use crate::bot::interactions::dispatch::Dispatcher;
use crate::bot::interactions::unread_events::UnreadEvents;
use crate::bot::sign_in::{SignInDesk, invite_address};

/// The first wait before connecting is tried again; it doubles.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest wait.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);
/// How long serenity may keep the gateway's address to itself.
const ADDRESS_WITHIN: Duration = Duration::from_millis(100);

const TOKEN_REFUSED: &str = "Discord does not accept `DISCORD_TOKEN` (401): it was reset, belongs to no bot, or was not copied whole; \
                             copy it from https://discord.com/developers/applications (Bot, Reset Token)";

/// A bot that knows its application and is ready to connect.
pub struct Connection {
    bot: Arc<Bot>,
    settings: Settings,
    application: u64,
    gateway: String,
}

impl Connection {
    /// Asks Discord who we are and where its gateway is, until it answers
    /// or says that the token is wrong.
    pub async fn prepare(app: Arc<App>, mut settings: Settings) -> anyhow::Result<Self> {
        let rest = Rest::new(&settings.api_url, &settings.token, app.http())?;
        let rest = rest.end_with(app.tasks.clone());
        let Introduction {
            application,
            gateway,
            ..
        } = introduce(&rest, &settings.api_url).await?;
        let bot = Arc::new(Bot::new(app, rest, &settings, application));
        let directory: Arc<dyn MemberDirectory> = Arc::clone(&bot) as _;
        let notifier: Arc<dyn Notifier> = Arc::clone(&bot) as _;
        bot.app.people.set_directory(&directory);
        bot.app.people.set_notifier(&notifier);
        let sign_in = settings.sign_in.take();
        let http = bot.app.http();
        let desk = sign_in.map(|it| SignInDesk::new(&settings.api_url, application, it, http));
        let desk = desk.transpose()?;
        let desk = desk.map(|desk| Arc::new(desk) as Arc<dyn IdentityDesk>);
        bot.app.people.set_identity_desk(desk);
        Ok(Self {
            bot,
            settings,
            application,
            gateway,
        })
    }

    /// Where somebody goes to add the bot to a server.
    pub fn invite_address(&self) -> String {
        invite_address(&self.settings.api_url, self.application)
    }

    /// The bot that answers on this connection.
    #[cfg(test)]
    pub fn bot(&self) -> Arc<Bot> {
        Arc::clone(&self.bot)
    }

    /// Serves until `stop`, then closes the connections.
    pub async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        let between = GoBetween::open(Arc::clone(&self.bot), &self.gateway).await?;
        let mut client = self.client(between.address()).await?;
        let ShardRange { first, last, total } = self.settings.shards;
        let bot = Arc::clone(&self.bot);
        let registering = stop.clone();
        let application = self.application;
        self.bot.app.tasks.spawn(async move {
            registering
                .run_until_cancelled(register::register(&bot, application))
                .await;
        });
        let shards = Arc::clone(&client.shard_manager);
        self.bot.app.shards.expect(first..=last);
        let address = Arc::clone(&client.ws_url);
        // serenity's range includes its end.
        let connecting = client.start_shard_range(first..last, total);
        let running = async {
            tokio::select! {
                // serenity's error may quote a payload.
                ended = connecting => ended
                    .map_err(|_| anyhow::anyhow!("the connection to Discord ended for good")),
                reason = between.ended() => Err(reason.into()),
                never = self.bot.renewals.renew_when_due(&shards) => match never {},
            }
        };
        let running = async {
            let ended = stop.run_until_cancelled(running).await;
            take_address_away(address).await;
            between.close();
            ended.unwrap_or(Ok(()))
        };
        let (ended, ()) = tokio::join!(running, between.pass_on());
        ended
    }

    /// Sets serenity up to connect to an address.
    async fn client(&self, address: String) -> anyhow::Result<serenity::Client> {
        let api = self.settings.api_url.trim_end_matches('/');
        // serenity adds the path itself.
        let proxy = api.split_once("/api/").map_or(api, |(origin, _)| origin);
        let http = HttpBuilder::new(self.settings.token.expose_secret())
            .client(self.bot.rest.client())
            .proxy(proxy)
            .ratelimiter_disabled(true)
            .application_id(ApplicationId::new(self.application))
            .build();
        let dispatcher = Dispatcher::new(Arc::clone(&self.bot));
        let client = ClientBuilder::new_with_http(http, intents(self.settings.message_content))
            .framework(dispatcher.clone())
            .raw_event_handler(UnreadEvents(dispatcher))
            .await
            .context("could not set up the connection to Discord")?;
        // serenity asks Discord for the address, and falls back to a public
        // one in silence.
        *client.ws_url.lock().await = address;
        Ok(client)
    }
}

/// Keeps serenity from connecting again: nobody gets the address any more.
/// Its own shutdown is not used: it waits for an answer without ever yielding,
/// for good if Discord hangs up instead, and the whole process with it.
async fn take_address_away(address: Arc<Mutex<String>>) {
    if let Ok(address) = timeout(ADDRESS_WITHIN, address.lock_owned()).await {
        std::mem::forget(address);
    }
}

/// No privileged intent unless the operator wants it: interactions,
/// mentions and direct messages need none.
fn intents(message_content: bool) -> GatewayIntents {
    let plain =
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
    if message_content {
        plain | GatewayIntents::MESSAGE_CONTENT
    } else {
        plain
    }
}

/// What Discord says when we come in.
pub struct Introduction {
    /// Our application's id.
    pub application: u64,
    /// The gateway's address.
    pub gateway: String,
    /// Whether Discord lets it read what is said to others.
    pub reads_messages: bool,
}

/// Flags of an application that was granted the message content intent:
/// by Discord, and while it is in few servers.
const READS_MESSAGES: u64 = 1 << 18 | 1 << 19;

impl Introduction {
    /// Asks once.
    pub async fn ask(api_url: &str, token: &SecretString, client: Client) -> anyhow::Result<Self> {
        let asked = try_introduce(&Rest::new(api_url, token, client)?).await;
        asked.map_err(|error| explain_silence(error, api_url))
    }
}

/// Discord was not heard, so that nothing is known of the token.
#[derive(Debug, thiserror::Error)]
#[error(
    "{api_url} can't be reached ({why}); look whether this machine has a network, and whether a firewall or \
         `discord.api_url` keeps it from there. The token was not checked"
)]
pub struct Unheard {
    api_url: String,
    why: String,
}

/// Why Discord did not say who the bot is, and what to do.
fn explain_silence(error: anyhow::Error, api_url: &str) -> anyhow::Error {
    if let Some(unsent) = error.downcast_ref::<reqwest::Error>() {
        let why = if unsent.is_timeout() {
            "no answer in time".to_owned()
        } else {
            error.root_cause().to_string()
        };
        let api_url = api_url.to_owned();
        return Unheard { api_url, why }.into();
    }
    match status_of(&error) {
        Some(401 | 403) => anyhow!(TOKEN_REFUSED),
        Some(500..) => error.context("Discord has trouble of its own; try again in a while"),
        _ => error.context("is `discord.api_url` right?"),
    }
}

async fn introduce(rest: &Rest, api_url: &str) -> anyhow::Result<Introduction> {
    let mut wait = RETRY_AFTER;
    loop {
        match try_introduce(rest).await {
            Ok(known) => return Ok(known),
            Err(error) if matches!(status_of(&error), Some(401 | 403)) => {
                return Err(anyhow!(TOKEN_REFUSED));
            }
            Err(error) => {
                let why = explain_silence(error, api_url);
                tracing::warn!("trying again in {} s: {why:#}", wait.as_secs());
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_AFTER_MAX);
    }
}

async fn try_introduce(rest: &Rest) -> anyhow::Result<Introduction> {
    let application = rest.get("GET application", "/applications/@me").await?;
    let id = number(&application["id"]);
    let gateway = match rest.get("GET gateway of bot", "/gateway/bot").await {
        // Who stands in for Discord may know the shorter address only.
        Err(error) if status_of(&error) == Some(404) => rest.get("GET gateway", "/gateway").await?,
        asked => asked?,
    };
    let url = gateway["url"]
        .as_str()
        .context("Discord named no gateway")?;
    Ok(Introduction {
        application: id.context("Discord did not say who we are")?,
        gateway: url.to_owned(),
        reads_messages: application["flags"].as_u64().unwrap_or(0) & READS_MESSAGES != 0,
    })
}
