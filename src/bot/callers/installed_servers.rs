//! In which servers the bot is, by what the gateway tells of them, so that
//! nobody has to ask Discord about servers that it is not in: Discord counts
//! such calls, and shuts out who makes too many (`docs/discord.md` §4).

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use serenity::all::FullEvent;

use crate::bot::connection::shards::ShardRange;
use crate::model::{ServerId, TtlCache, lock};

/// How long Discord's word is believed that the bot is not in a server of
/// another process's shards.
const ABSENT_FOR: Duration = Duration::from_mins(10);
/// How many such servers are remembered at the most.
const ABSENT_MAX: usize = 20_000;

/// What is known of whether the bot is in a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is; with what the server is called, as far as that was told.
    Here(Option<String>),
    Away,
    Unknown,
}

/// The servers of this process's shards that the bot is in.
pub struct InstalledServers(Mutex<KnownServers>);

struct KnownServers {
    /// Each server, with its name once that was told.
    names: HashMap<ServerId, Option<String>>,
    /// The shards that have told of all their servers.
    told: HashSet<u32>,
    /// Servers that Discord said the bot is not in.
    absent: TtlCache<ServerId, ()>,
}

impl Default for InstalledServers {
    fn default() -> Self {
        Self(Mutex::new(KnownServers {
            names: HashMap::new(),
            told: HashSet::new(),
            absent: TtlCache::new(ABSENT_MAX, ABSENT_FOR),
        }))
    }
}

impl InstalledServers {
    /// Learns from an event of the gateway's.
    pub fn learn(&self, event: &FullEvent) {
        match event {
            FullEvent::Ready { data_about_bot } => {
                let shard = data_about_bot.shard.map_or(0, |shard| shard.id.get());
                let total = data_about_bot.shard.map_or(1, |shard| shard.total);
                let all = data_about_bot.guilds.iter();
                let all = all.map(|guild| ServerId(guild.id.get())).collect();
                self.learn_all(shard, total, &all);
            }
            FullEvent::GuildCreate { guild, .. } => {
                self.name(ServerId(guild.id.get()), &guild.name);
            }
            FullEvent::GuildUpdate { new_data, .. } => {
                self.name(ServerId(new_data.id.get()), &new_data.name);
            }
            FullEvent::GuildDelete { incomplete, .. } if !incomplete.unavailable => {
                lock(&self.0).names.remove(&ServerId(incomplete.id.get()));
            }
            _ => {}
        }
    }

    /// Learns which servers a shard has, all of them.
    fn learn_all(&self, shard: u32, total: u32, all: &HashSet<ServerId>) {
        let mut known = lock(&self.0);
        let stays = |server: &ServerId| server.shard(total) != shard || all.contains(server);
        known.names.retain(|server, _| stays(server));
        for server in all {
            known.names.entry(*server).or_default();
        }
        known.told.insert(shard);
    }

    fn name(&self, server: ServerId, name: &str) {
        let mut known = lock(&self.0);
        known.names.insert(server, Some(name.to_owned()));
    }

    /// Notes that the bot is in a server, whatever it is called.
    pub fn note_here(&self, server: ServerId) {
        lock(&self.0).names.entry(server).or_default();
    }

    /// Remembers that Discord said that the bot is not in a server.
    pub fn note_absent(&self, server: ServerId, now_ms: i64) {
        lock(&self.0).absent.put(server, (), now_ms);
    }

    /// Whether the bot is in a server.
    pub fn find(&self, server: ServerId, shards: ShardRange, now_ms: i64) -> Presence {
        let known = lock(&self.0);
        if let Some(name) = known.names.get(&server) {
            return Presence::Here(name.clone());
        }
        let is_told =
            shards.serves(Some(server)) && known.told.contains(&server.shard(shards.total));
        if is_told || known.absent.get(&server, now_ms).is_some() {
            return Presence::Away;
        }
        Presence::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_here_away_or_unknown() {
        let shards = ShardRange {
            first: 0,
            last: 0,
            total: 2,
        };
        let [own, missing, elsewhere] = [ServerId(2 << 22), ServerId(4 << 22), ServerId(1 << 22)];
        let known = InstalledServers::default();
        let find = |server| known.find(server, shards, 1_000_000);
        assert_eq!(find(own), Presence::Unknown, "nothing was told yet");
        known.learn_all(0, 2, &HashSet::from([own]));
        assert_eq!(find(own), Presence::Here(None));
        assert_eq!(find(missing), Presence::Away);
        assert_eq!(find(elsewhere), Presence::Unknown);
        known.name(own, "Team");
        assert_eq!(find(own), Presence::Here(Some("Team".to_owned())));
        known.note_absent(elsewhere, 1_000_000);
        assert_eq!(find(elsewhere), Presence::Away);
        let later = known.find(elsewhere, shards, 1_600_001);
        assert_eq!(later, Presence::Unknown, "ten minutes later");
        known.learn_all(0, 2, &HashSet::from([missing]));
        assert_eq!(find(own), Presence::Away, "it removed the bot meanwhile");
    }
}
