//! Adds people, servers, members and roles to a world.

use std::collections::HashMap;

use super::World;
use super::people::{
    Channel, ChannelRules, JOINED_AT, MANAGER, MEMBER, Person, Role, Server, USUAL_LOCALE,
};

impl World {
    /// Adds another bot.
    pub fn add_app(&self, name: &str) -> u64 {
        self.with(|state| {
            let id = state.snowflake();
            state.people.push(Person {
                id,
                name: name.into(),
                skus: Vec::new(),
                is_app: true,
                locale: USUAL_LOCALE.into(),
            });
            id
        })
    }

    /// Adds a person, and their channel of direct messages with the bot.
    pub fn add_person(&self, name: &str) -> u64 {
        self.with(|state| {
            let (id, channel) = (state.snowflake(), state.snowflake());
            state.people.push(Person {
                id,
                name: name.into(),
                skus: Vec::new(),
                is_app: false,
                locale: USUAL_LOCALE.into(),
            });
            let name = "direct message".to_owned();
            state.channels.push(Channel {
                id: channel,
                name,
                server: None,
                person: Some(id),
                parent: None,
                rules: ChannelRules::default(),
            });
            id
        })
    }

    /// Adds a server with channels.
    pub fn add_server(&self, name: &str, installed: bool, channels: &[&str]) -> u64 {
        self.with(|state| {
            let id = state.snowflake();
            let everyone = Role {
                id,
                name: "@everyone".into(),
                permissions: MEMBER,
                is_bots: false,
            };
            let bots = Role {
                id: state.snowflake(),
                name: "Latchkey".into(),
                permissions: MEMBER,
                is_bots: true,
            };
            // Discord makes it where a server installs a bot.
            let roles = [everyone, bots]
                .into_iter()
                .take(1 + usize::from(installed));
            let (name, roles) = (name.to_owned(), roles.collect());
            state.servers.push(Server {
                id,
                name,
                installed,
                roles,
                members: HashMap::new(),
                nicks: HashMap::new(),
                timed_out: Vec::new(),
                locale: USUAL_LOCALE.into(),
                joined_at: JOINED_AT.into(),
                system_channel: None,
            });
            for name in channels {
                let channel = state.snowflake();
                let name = (*name).to_owned();
                state.channels.push(Channel {
                    id: channel,
                    name,
                    server: Some(id),
                    person: None,
                    parent: None,
                    rules: ChannelRules::default(),
                });
            }
            id
        })
    }

    /// Makes a person a member, with a role that has these permissions.
    pub fn join(&self, server: u64, person: u64, permissions: u64) {
        self.with(|state| {
            let fresh = state.snowflake();
            let Some(server) = state.servers.iter_mut().find(|s| s.id == server) else {
                return;
            };
            let found = server
                .roles
                .iter()
                .find(|role| role.permissions == permissions && !role.is_bots);
            let role = found.map_or(fresh, |role| role.id);
            if role == fresh {
                server.roles.push(Role {
                    id: fresh,
                    name: role_name(permissions).into(),
                    permissions,
                    is_bots: false,
                });
            }
            server.members.insert(person, vec![role]);
        });
    }

    /// Gives a member a new role of this name, which adds no permission.
    pub fn give_role(&self, server: u64, person: u64, name: &str) {
        self.with(|state| {
            let id = state.snowflake();
            let Some(server) = state.servers.iter_mut().find(|s| s.id == server) else {
                return;
            };
            server.roles.push(Role {
                id,
                name: name.into(),
                permissions: MEMBER,
                is_bots: false,
            });
            server.members.entry(person).or_default().push(id);
        });
    }
}

/// What a role is called that people are made members with.
fn role_name(permissions: u64) -> &'static str {
    if permissions & (MANAGER & !MEMBER) == 0 {
        "Members"
    } else {
        "Moderators"
    }
}
