//! How people, channels and roles are called in one conversation: one person
//! has one name in it, and nobody else has that name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use serenity::all::{ApplicationId, Guild, GuildId, Message, Permissions, Role, RoleId, User};

use crate::bot::Bot;
use crate::bot::connection::calls::rest::{Rest, number};
use crate::bot::conversation::distinct_names::{DistinctNames, WantedName, plain_name};
use crate::bot::conversation::markup::{self, Mark};
use crate::model::{BoundedMap, ServerId, TtlCache, lock};

/// How many channels and roles are remembered by name.
const REMEMBERED_MAX: usize = 10_000;
/// How long a channel's or a role's name is believed.
const BELIEVED_FOR: Duration = Duration::from_mins(10);
/// How many channels of one conversation Discord is asked about.
const CHANNELS_ASKED_MAX: usize = 10;
/// Whoever is not known by name.
pub const SOMEBODY: &str = "somebody";
/// Applications whose webhooks speak for people, under other names:
/// `PluralKit` and Tupperbox. <https://github.com/PluralKit/PluralKit>
const PROXIES: [u64; 2] = [466_378_653_216_014_359, 431_544_605_209_788_416];

/// The names of channels and roles that Discord was asked about, and the
/// role of the bot's own in each server.
pub struct ServerNames {
    channels: Mutex<TtlCache<u64, Option<String>>>,
    roles: Mutex<TtlCache<u64, String>>,
    /// When the roles of a server were asked for last.
    asked: Mutex<TtlCache<u64, ()>>,
    own_roles: Mutex<BoundedMap<ServerId, u64>>,
    /// The bot's own name, once Discord has said it.
    own_name: Mutex<Option<String>>,
}

impl Default for ServerNames {
    fn default() -> Self {
        Self {
            channels: Mutex::new(TtlCache::new(REMEMBERED_MAX, BELIEVED_FOR)),
            roles: Mutex::new(TtlCache::new(REMEMBERED_MAX, BELIEVED_FOR)),
            asked: Mutex::new(TtlCache::new(REMEMBERED_MAX, BELIEVED_FOR)),
            own_roles: Mutex::new(BoundedMap::new(REMEMBERED_MAX)),
            own_name: Mutex::default(),
        }
    }
}

impl ServerNames {
    /// Notes which role of a server Discord made for the bot. Discord's own
    /// client offers it under the bot's name: `docs/discord.md` §6.
    pub fn note_server(&self, server: &Guild, bot_user: u64) {
        for role in server.roles.values() {
            self.note_role(role, bot_user);
        }
    }

    /// Notes a role, if it is the bot's own.
    pub fn note_role(&self, role: &Role, bot_user: u64) {
        if role.tags.bot_id.is_some_and(|bot| bot.get() == bot_user) {
            lock(&self.own_roles).put(ServerId(role.guild_id.get()), role.id.get());
        }
    }

    /// The bot's own role in a server.
    pub fn own_role(&self, server: ServerId) -> Option<u64> {
        lock(&self.own_roles).get(&server).copied()
    }

    /// Notes what the bot itself is called.
    pub fn note_own_name(&self, name: &str) {
        *lock(&self.own_name) = Some(plain_name(name));
    }

    fn own_name(&self) -> Option<String> {
        lock(&self.own_name).clone()
    }

    /// What a channel of a server is called; none where not everybody in the
    /// server may know of it.
    async fn channel_name(&self, bot: &Bot, server: u64, channel: u64) -> Option<String> {
        let now_ms = bot.app.now_ms();
        if let Some(known) = lock(&self.channels).get(&channel, now_ms) {
            return known.clone();
        }
        let described = bot.rest.channel(channel).await.ok();
        let name = described.and_then(|channel| public_name(&channel, server));
        lock(&self.channels).put(channel, name.clone(), now_ms);
        name
    }

    /// Whether the bot's own role is among those that a message names. Where
    /// the event that tells of it has not been handled, Discord is asked.
    pub async fn is_own_role_among(&self, bot: &Bot, server: ServerId, roles: &[RoleId]) -> bool {
        if roles.is_empty() {
            return false;
        }
        if self.own_role(server).is_none() {
            self.learn_roles(bot, server.0).await;
        }
        let own = self.own_role(server);
        roles.iter().any(|role| Some(role.get()) == own)
    }

    /// Asks Discord for the roles of a server, unless it was asked just now.
    async fn learn_roles(&self, bot: &Bot, server: u64) {
        let now_ms = bot.app.now_ms();
        if lock(&self.asked).get(&server, now_ms).is_some() {
            return;
        }
        lock(&self.asked).put(server, (), now_ms);
        let Ok(described) = describe_server(&bot.rest, server).await else {
            return;
        };
        let mut known = lock(&self.roles);
        let bot_user = bot.user_id().to_string();
        for role in described["roles"].as_array().into_iter().flatten() {
            let id = number(&role["id"]);
            if let Some(id) = id
                && role["tags"]["bot_id"] == bot_user.as_str()
            {
                lock(&self.own_roles).put(ServerId(server), id);
            }
            if let (Some(id), Some(name)) = (id, role["name"].as_str()) {
                known.put(id, name.to_owned(), now_ms);
            }
        }
    }

    fn role_name(&self, bot: &Bot, role: u64) -> Option<String> {
        let now_ms = bot.app.now_ms();
        lock(&self.roles).get(&role, now_ms).cloned()
    }
}

async fn describe_server(rest: &Rest, server: u64) -> anyhow::Result<Value> {
    rest.get("GET guild", &format!("/guilds/{server}")).await
}

/// A channel's name, if it is in the server and everybody there can see it.
fn public_name(channel: &Value, server: u64) -> Option<String> {
    let server = server.to_string();
    let overwrites = channel["permission_overwrites"].as_array();
    let is_hidden = overwrites.into_iter().flatten().any(|overwrite| {
        let denied = number(&overwrite["deny"]).unwrap_or(0);
        let denied = Permissions::from_bits_truncate(denied);
        overwrite["id"] == server.as_str() && denied.contains(Permissions::VIEW_CHANNEL)
    });
    let name = channel["name"].as_str().map(str::to_owned);
    name.filter(|_| !is_hidden && channel["guild_id"] == server.as_str())
}

/// Who said something: an account, or one of the names of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speaker {
    id: u64,
    /// The name of a webhook, which has a new one with each message.
    webhook: Option<String>,
}

impl Speaker {
    /// Who wrote a message.
    pub fn of_message(message: &Message) -> Self {
        let webhook = message.webhook_id.map(|_| message.author.name.clone());
        Self {
            id: message.author.id.get(),
            webhook,
        }
    }

    /// A person with an account.
    pub fn of_user(user: &User) -> Self {
        Self {
            id: user.id.get(),
            webhook: None,
        }
    }
}

/// The names in one conversation.
#[derive(Default)]
pub struct Names {
    bot_user: u64,
    own_role: Option<u64>,
    people: HashMap<u64, PersonName>,
    speakers: BTreeMap<Speaker, String>,
    channels: HashMap<u64, String>,
    roles: HashMap<u64, String>,
}

/// How one person is called.
#[derive(Clone)]
struct PersonName {
    shown: String,
    /// The name of their account.
    account: String,
    /// It is what they call themselves in this server.
    is_nick: bool,
}

impl Names {
    /// Gathers the names of everybody and everything in a conversation;
    /// Discord is asked about channels and roles that are not known.
    pub async fn gather(bot: &Bot, messages: &[&Message]) -> Self {
        let server = messages.iter().find_map(|message| message.guild_id);
        let server = server.map(GuildId::get);
        let mut names = Self {
            bot_user: bot.user_id(),
            own_role: server.and_then(|server| bot.server_names.own_role(ServerId(server))),
            ..Self::default()
        };
        for message in messages {
            names.note_people(message);
        }
        names.name_everybody(bot, messages);
        if let Some(server) = server {
            names.ask_discord(bot, server, messages).await;
        }
        names
    }

    fn note_people(&mut self, message: &Message) {
        let nick = message.member.as_ref().and_then(|it| it.nick.as_deref());
        if message.webhook_id.is_none() {
            self.note_person(&message.author, nick);
        }
        for user in &message.mentions {
            let nick = user.member.as_ref().and_then(|it| it.nick.as_deref());
            self.note_person(user, nick);
        }
        let forwarded = message.message_snapshots.iter();
        for user in forwarded.flat_map(|snapshot| &snapshot.mentions) {
            self.note_person(user, None);
        }
        let metadata = message.interaction_metadata.as_deref();
        if let Some(user) = metadata.and_then(asker) {
            self.note_person(user, None);
        }
    }

    /// Notes a person. Discord tells what they call themselves in a server
    /// with events alone, and not with what was said before.
    fn note_person(&mut self, user: &User, nick: Option<&str>) {
        let known = self.people.get(&user.id.get());
        if known.is_some_and(|known| known.is_nick || nick.is_none()) {
            return;
        }
        let shown = nick.or(user.global_name.as_deref()).unwrap_or(&user.name);
        let name = PersonName {
            shown: shown.to_owned(),
            account: user.name.clone(),
            is_nick: nick.is_some(),
        };
        self.people.insert(user.id.get(), name);
    }

    /// Gives everybody who speaks, or is spoken of, a name of their own.
    fn name_everybody(&mut self, bot: &Bot, messages: &[&Message]) {
        let is_own = |message: &&&Message| message.author.id.get() == bot.user_id();
        let own = messages.iter().find(is_own);
        let own = own.map(|message| plain_name(&message.author.name));
        let known = bot.server_names.own_name();
        let mut given =
            DistinctNames::beside([&own, &known].into_iter().flatten().map(String::as_str));
        for message in messages {
            let speaker = Speaker::of_message(message);
            if is_own(&message) {
                let name = plain_name(&message.author.name);
                self.speakers.insert(speaker, name);
            } else if !self.speakers.contains_key(&speaker) {
                let name = given.give(&self.wanted_name(message));
                self.speakers.insert(speaker, name);
            }
            let metadata = message.interaction_metadata.as_deref();
            let asker = metadata.and_then(asker).map(Speaker::of_user);
            if let Some(speaker) = asker.filter(|it| !self.speakers.contains_key(it)) {
                self.name_person(speaker, &mut given);
            }
        }
        let silent: BTreeSet<u64> = self.people.keys().copied().collect();
        for id in silent {
            let speaker = Speaker { id, webhook: None };
            if !self.speakers.contains_key(&speaker) {
                self.name_person(speaker, &mut given);
            }
        }
    }

    fn name_person(&mut self, speaker: Speaker, given: &mut DistinctNames) {
        if let Some(person) = self.people.get(&speaker.id) {
            let name = given.give(&WantedName {
                shown: person.shown.clone(),
                account: person.account.clone(),
                is_app: false,
            });
            self.speakers.insert(speaker, name);
        }
    }

    /// How whoever wrote a message would be called if nobody else was.
    fn wanted_name(&self, message: &Message) -> WantedName {
        let person = self.people.get(&message.author.id.get());
        let shown = person.filter(|_| message.webhook_id.is_none());
        let shown = shown.map_or(&message.author.name, |person| &person.shown);
        let proxy = message.application_id.map(ApplicationId::get);
        WantedName {
            shown: shown.clone(),
            account: message.author.name.clone(),
            is_app: message.author.bot && !proxy.is_some_and(|id| PROXIES.contains(&id)),
        }
    }

    async fn ask_discord(&mut self, bot: &Bot, server: u64, messages: &[&Message]) {
        let (mut channels, mut roles) = (Vec::new(), Vec::new());
        for message in messages {
            let forwarded = message.message_snapshots.iter();
            let texts = forwarded.map(|snapshot| &snapshot.content);
            for text in texts.chain([&message.content]) {
                markup::replace_marks(text, |mark| {
                    match mark {
                        Mark::Channel(id) if !channels.contains(&id) => channels.push(id),
                        Mark::Role(id) => roles.push(id),
                        _ => {}
                    }
                    None
                });
            }
        }
        channels.truncate(CHANNELS_ASKED_MAX);
        let asked = channels.iter();
        let asked = asked.map(|channel| bot.server_names.channel_name(bot, server, *channel));
        for (channel, name) in channels.iter().zip(join_all(asked).await) {
            self.channels.extend(name.map(|name| (*channel, name)));
        }
        roles.retain(|role| Some(*role) != self.own_role);
        if roles
            .iter()
            .any(|role| bot.server_names.role_name(bot, *role).is_none())
        {
            bot.server_names.learn_roles(bot, server).await;
        }
        for role in roles {
            let name = bot.server_names.role_name(bot, role);
            self.roles.extend(name.map(|name| (role, name)));
        }
    }

    /// The name by which somebody speaks in this conversation.
    pub fn speaker_name(&self, speaker: &Speaker) -> &str {
        self.speakers.get(speaker).map_or(SOMEBODY, String::as_str)
    }

    /// A text with names in the place of Discord's marks. The bot's own name
    /// is left out: it is who is spoken to.
    pub fn readable(&self, text: &str) -> String {
        markup::replace_marks(text, |mark| match mark {
            Mark::Person(id) if id == self.bot_user => Some(String::new()),
            Mark::Role(id) if Some(id) == self.own_role => Some(String::new()),
            Mark::Person(id) => Some(self.mentioned_person(id)),
            Mark::Role(id) => Some(match self.roles.get(&id) {
                Some(name) => format!("@{}", name.trim_start_matches('@')),
                None => "@(a role)".to_owned(),
            }),
            Mark::Channel(id) => Some(match self.channels.get(&id) {
                Some(name) => format!("#{name}"),
                None => "#(a channel)".to_owned(),
            }),
            Mark::Emoji(name) => Some(format!(":{name}:")),
            Mark::Time(seconds) => markup::readable_time(seconds),
            Mark::Command(name) => Some(format!("/{name}")),
            Mark::Page(name) => Some(format!("#({name})")),
        })
    }

    /// How somebody is mentioned: by the name that they speak under.
    fn mentioned_person(&self, id: u64) -> String {
        let speaker = Speaker { id, webhook: None };
        match self.speakers.get(&speaker) {
            Some(name) => format!("@{name}"),
            None => "@(somebody)".to_owned(),
        }
    }
}

/// Who used the command, the button or the form that a message answers.
pub fn asker(metadata: &serenity::all::MessageInteractionMetadata) -> Option<&User> {
    use serenity::all::MessageInteractionMetadata as Metadata;
    match metadata {
        Metadata::Command(command) => Some(&command.user),
        Metadata::Component(press) => Some(&press.user),
        Metadata::ModalSubmit(form) => Some(&form.user),
        _ => None,
    }
}
