//! The only module that knows Discord.
//!
//! serenity keeps the gateway, poise reads commands, and everything that
//! is said to Discord goes through [`connection::calls::rest`]. serenity's own
//! limiter, its error texts and poise's modals are not used, for the reasons
//! that stand where their replacements are.

mod answers;
mod callers;
mod connection;
mod conversation;
mod interactions;
mod pictures;
mod sign_in;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

pub use connection::connect::{Connection, Introduction, Unheard};
pub use connection::settings::Settings;
pub use connection::shards::ShardRange;
pub use conversation::settings::ChatSettings;
pub use sign_in::{SignInDesk, SignInSettings, invite_address};

use crate::app::{App, ConcurrencyLimits, Error};
use crate::model::{Caller, PersonId, Place, ServerId};
use answers::running::deletions::Deletions;
use answers::running::running_answers::RunningAnswers;
use answers::writing::edit_pace::EditPace;
use callers::entitlements::Entitlements;
use callers::home_roles::HomeRoles;
use callers::installed_servers::InstalledServers;
use callers::locales::Locales;
use callers::member_names::MemberNames;
use callers::members::MemberCache;
use callers::server_facts::ServerFactsCache;
use connection::calls::rest::Rest;
use connection::channel_access::ChannelAccess;
use connection::command_links::CommandLinks;
use connection::renewals::ShardRenewals;
use connection::wire::card::Card;
use conversation::channel_kinds::{ChannelKind, ChannelKinds};
use conversation::names::ServerNames;
use conversation::seen_events::SeenEvents;
use words::{Lang, OwnKeys, Reader, Voice};

/// How many questions of one person wait behind those that are answered.
const PERSON_QUEUE: usize = 1;
/// How many questions wait in one channel.
const CHANNEL_QUEUE: usize = 20;
/// How many asks for pictures of one person wait.
const PICTURE_QUEUE: usize = 2;

/// How long it may take to find out what a caller's tier includes.
const TIER_WAIT: Duration = Duration::from_millis(300);

/// The bot's side of Discord.
pub struct Bot {
    app: Arc<App>,
    rest: Rest,
    api_url: String,
    /// Where somebody goes to add the bot to a server.
    invite_address: String,
    /// The bot's own user id; the application's until Discord has named it.
    user_id: AtomicU64,
    chat: ChatSettings,
    channel_kinds: ChannelKinds,
    channel_access: ChannelAccess,
    command_links: CommandLinks,
    edit_pace: EditPace,
    /// Whether Discord shows the bot what people say to each other.
    reads_messages: bool,
    running_answers: RunningAnswers,
    deletions: Deletions,
    seen_events: SeenEvents,
    server_names: ServerNames,
    /// Questions of one person, questions in one channel, and pictures of
    /// one person wait in line.
    person_queue: ConcurrencyLimits<PersonId>,
    channel_queue: ConcurrencyLimits<u64>,
    picture_queue: ConcurrencyLimits<PersonId>,
    shards: ShardRange,
    /// Roles in the operator's home server, if there is one.
    home_roles: Option<HomeRoles>,
    /// What people have bought, where a tier is sold.
    entitlements: Option<Entitlements>,
    /// Members that programs with tokens speak for.
    members: MemberCache,
    /// In which servers the bot is.
    installed_servers: InstalledServers,
    /// The languages of people and servers.
    locales: Locales,
    /// Servers that people ask about on the console.
    server_facts: ServerFactsCache,
    /// What members that it lists are called.
    member_names: MemberNames,
    /// How many interactions could not be read.
    dropped_interactions: AtomicU64,
    renewals: ShardRenewals,
}

impl Bot {
    /// Puts the bot together; nothing is sent yet.
    fn new(app: Arc<App>, rest: Rest, settings: &Settings, application: u64) -> Self {
        let chat = &settings.chat;
        let sells_tiers = app.people.sells_tiers();
        Self {
            app,
            rest,
            api_url: settings.api_url.clone(),
            invite_address: invite_address(&settings.api_url, application),
            user_id: AtomicU64::new(application),
            chat: chat.clone(),
            channel_kinds: ChannelKinds::default(),
            channel_access: ChannelAccess::default(),
            command_links: CommandLinks::default(),
            edit_pace: EditPace::new(settings.edit_interval),
            reads_messages: settings.message_content,
            running_answers: RunningAnswers::default(),
            deletions: Deletions::default(),
            seen_events: SeenEvents::default(),
            server_names: ServerNames::default(),
            person_queue: ConcurrencyLimits::new(chat.asks_per_person, PERSON_QUEUE),
            channel_queue: ConcurrencyLimits::new(chat.asks_per_channel, CHANNEL_QUEUE),
            picture_queue: ConcurrencyLimits::new(chat.pictures_per_person, PICTURE_QUEUE),
            shards: settings.shards,
            home_roles: settings.home_server.map(HomeRoles::new),
            entitlements: sells_tiers.then(|| Entitlements::new(application)),
            members: MemberCache::default(),
            installed_servers: InstalledServers::default(),
            locales: Locales::default(),
            server_facts: ServerFactsCache::default(),
            member_names: MemberNames::default(),
            dropped_interactions: AtomicU64::new(0),
            renewals: ShardRenewals::default(),
        }
    }

    /// How many interactions came that could not be read.
    #[cfg(test)]
    pub fn dropped_interactions(&self) -> u64 {
        self.dropped_interactions.load(Ordering::Relaxed)
    }

    /// The bot's own user id.
    fn user_id(&self) -> u64 {
        self.user_id.load(Ordering::Relaxed)
    }

    /// Whether only adults, or nobody else, read along. Discord is asked
    /// only where the operator wants to know.
    async fn is_age_restricted(&self, caller: &Caller) -> bool {
        if !self.app.pictures.are_for_adults_only() || caller.place == Place::Direct {
            return true;
        }
        let Some(channel) = caller.channel else {
            return false;
        };
        // A thread's own object does not say it: a thread is as its channel is.
        let channel = match self.channel_kinds.kind_of(&self.rest, channel).await {
            Ok(ChannelKind::Thread { parent }) => parent,
            Ok(ChannelKind::Channel) => channel,
            Err(_) => return false,
        };
        let channel = self.rest.channel(channel).await;
        channel.is_ok_and(|channel| channel["nsfw"] == true)
    }

    /// How the bot speaks to somebody.
    fn voice(&self, locale: &str) -> Voice<'_> {
        Voice {
            lang: Lang::from_locale(locale),
            providers: self.app.providers(),
            own_keys: if self.app.keys.byok_enabled() {
                OwnKeys::Stored
            } else {
                OwnKeys::Once
            },
            is_manager: false,
            servers: None,
            reader: Reader::Here,
        }
    }

    /// How the bot speaks to a person who reads it in a server or directly,
    /// where nothing tells of their language right now.
    fn voice_to(&self, person: PersonId, server: Option<ServerId>) -> Voice<'_> {
        self.voice(self.locales.find(person, server))
    }

    /// How the bot speaks to a caller, who is told of keys of their own only
    /// where their tier includes them.
    async fn voice_for(&self, caller: &Caller, locale: &str) -> Voice<'_> {
        let voice = self.voice(locale);
        // Nobody waits for that: whoever may not is refused in any case.
        let may = timeout(TIER_WAIT, self.app.keys.may_use_own_keys(caller)).await;
        Voice {
            own_keys: if may.unwrap_or(true) {
                voice.own_keys
            } else {
                OwnKeys::No
            },
            is_manager: caller.manages_server,
            ..voice
        }
    }
}

/// Turns an error into words, and what is no refusal into a line in the log.
fn explain_error(voice: Voice<'_>, error: &Error) -> Card {
    let kind = match error {
        Error::Refused(_) => "refused",
        Error::Troubled(..) => "troubled",
        Error::Failed(_) => "failed",
    };
    metrics::counter!("latchkey_bot_refusals_total", "kind" => kind).increment(1);
    match error {
        Error::Refused(_) => {}
        Error::Troubled(_, error) => tracing::warn!("could not do what was asked: {error:#}"),
        Error::Failed(failure) => tracing::error!("could not do what was asked: {failure:#}"),
    }
    words::error(voice, error)
}
