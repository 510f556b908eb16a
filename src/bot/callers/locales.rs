//! Which languages people and servers speak, as Discord told it. Commands,
//! buttons and forms tell of a person's language; a message does not
//! (`docs/discord.md` §2.4). Nothing of it is stored.

use std::sync::Mutex;

use serenity::all::{FullEvent, Interaction};

use crate::bot::words::known_locale;
use crate::model::{BoundedMap, PersonId, ServerId, lock};

/// How many people's languages are remembered at the most.
const PEOPLE_MAX: usize = 50_000;
/// How many servers' are: twice as many as one shard has.
const SERVERS_MAX: usize = 5_000;

/// The languages of people and servers.
pub struct Locales {
    people: Mutex<BoundedMap<PersonId, &'static str>>,
    servers: Mutex<BoundedMap<ServerId, &'static str>>,
}

impl Default for Locales {
    fn default() -> Self {
        Self {
            people: Mutex::new(BoundedMap::new(PEOPLE_MAX)),
            servers: Mutex::new(BoundedMap::new(SERVERS_MAX)),
        }
    }
}

impl Locales {
    /// Learns from an event of the gateway's.
    pub fn learn(&self, event: &FullEvent) {
        match event {
            FullEvent::InteractionCreate { interaction } => self.learn_of_person(interaction),
            FullEvent::GuildCreate { guild, .. } => {
                self.learn_of_server(guild.id.get(), &guild.preferred_locale);
            }
            FullEvent::GuildUpdate { new_data, .. } => {
                self.learn_of_server(new_data.id.get(), &new_data.preferred_locale);
            }
            _ => {}
        }
    }

    fn learn_of_person(&self, interaction: &Interaction) {
        let (user, locale) = match interaction {
            Interaction::Command(it) | Interaction::Autocomplete(it) => (&it.user, &it.locale),
            Interaction::Component(it) => (&it.user, &it.locale),
            Interaction::Modal(it) => (&it.user, &it.locale),
            _ => return,
        };
        let person = PersonId(user.id.get());
        lock(&self.people).put(person, known_locale(locale));
    }

    fn learn_of_server(&self, server: u64, locale: &str) {
        lock(&self.servers).put(ServerId(server), known_locale(locale));
    }

    /// The language of a person who reads something: the one that their app
    /// had when it last told, else that of the server where they read it.
    pub fn find(&self, person: PersonId, server: Option<ServerId>) -> &'static str {
        let own = lock(&self.people).get(&person).copied();
        let theirs = || lock(&self.servers).get(&server?).copied();
        own.or_else(theirs).unwrap_or(known_locale(""))
    }
}
