//! Whether the bot may write in a channel, by what the gateway has told of
//! roles, channels and threads. Nobody is asked to pay for an answer that
//! cannot be posted. What is not known counts as allowed: Discord says so when
//! it is tried.
//!
//! How Discord computes permissions stands in `docs/discord.md` §7.3.

use std::collections::HashMap;
use std::sync::Mutex;

use serenity::all::{
    FullEvent, Guild, GuildChannel, GuildMemberUpdateEvent, Member, Message, PermissionOverwrite,
    PermissionOverwriteType, Permissions, Role, RoleId, Timestamp, UserId,
};

use crate::model::lock;

/// The servers of this process's shards, as far as they matter here.
#[derive(Default)]
pub struct ChannelAccess(Mutex<HashMap<u64, ServerAccess>>);

/// What decides in one server what the bot may do.
#[derive(Default)]
struct ServerAccess {
    /// Also the id of the role that every member has.
    id: u64,
    owner: u64,
    roles: HashMap<u64, Permissions>,
    /// The bot as a member; none where that is not known.
    bot: Option<BotMember>,
    channels: HashMap<u64, Vec<PermissionOverwrite>>,
    threads: HashMap<u64, ThreadAccess>,
}

struct BotMember {
    id: UserId,
    roles: Vec<RoleId>,
    timed_out_until: Option<Timestamp>,
}

/// What keeps the bot from writing in a channel or a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It lacks a permission, or nothing is known.
    Permission,
    /// The thread is locked.
    Locked,
    /// A moderator has timed the bot out, until this second since 1970.
    TimedOut(i64),
    /// It is a direct message that is not there any more.
    Gone,
}

/// What decides in a thread.
#[derive(Clone, Copy)]
struct ThreadAccess {
    parent: u64,
    is_locked: bool,
}

impl ChannelAccess {
    /// Whether the bot may answer a message where it stands. In doubt, yes.
    pub fn may_write(&self, message: &Message) -> bool {
        let channel = message.channel_id.get();
        message
            .guild_id
            .is_none_or(|server| self.may_write_in(server.get(), channel))
    }

    /// Whether the bot may write in a channel of a server. In doubt, yes.
    pub fn may_write_in(&self, server: u64, channel: u64) -> bool {
        let all = lock(&self.0);
        let server = all.get(&server);
        server
            .and_then(|server| server.may_write(channel))
            .unwrap_or(true)
    }

    /// What keeps the bot from writing in a channel where it may not.
    pub fn obstacle(&self, channel: u64) -> Obstacle {
        let all = lock(&self.0);
        let knows = |server: &&ServerAccess| {
            server.channels.contains_key(&channel) || server.threads.contains_key(&channel)
        };
        let server = all.values().find(knows);
        server.map_or(Obstacle::Permission, |it| it.obstacle(channel))
    }

    /// Learns from an event of the gateway's. `bot` is the bot's own user.
    pub fn learn(&self, event: &FullEvent, bot: u64) {
        match event {
            FullEvent::GuildCreate { guild, .. } => {
                let known = ServerAccess::from_guild(guild, bot);
                lock(&self.0).insert(guild.id.get(), known);
            }
            FullEvent::GuildDelete { incomplete, .. } => {
                lock(&self.0).remove(&incomplete.id.get());
            }
            FullEvent::GuildUpdate { new_data, .. } => {
                self.change(new_data.id.get(), |server| {
                    server.owner = new_data.owner_id.get();
                });
            }
            FullEvent::GuildRoleCreate { new } | FullEvent::GuildRoleUpdate { new, .. } => {
                self.change(new.guild_id.get(), |server| server.add_role(new));
            }
            FullEvent::GuildRoleDelete {
                guild_id,
                removed_role_id,
                ..
            } => self.change(guild_id.get(), |server| {
                server.roles.remove(&removed_role_id.get());
            }),
            FullEvent::GuildMemberUpdate { event, .. } if event.user.id.get() == bot => {
                self.change(event.guild_id.get(), |server| {
                    server.bot = Some(BotMember::of_update(event));
                });
            }
            FullEvent::ChannelCreate { channel } => self.learn_channel(channel),
            FullEvent::ChannelUpdate { new, .. } => self.learn_channel(new),
            FullEvent::ChannelDelete { channel, .. } => {
                self.change(channel.guild_id.get(), |server| {
                    server.channels.remove(&channel.id.get());
                });
            }
            FullEvent::ThreadCreate { thread } => self.learn_channel(thread),
            FullEvent::ThreadUpdate { new, .. } => self.learn_channel(new),
            FullEvent::ThreadDelete { thread, .. } => {
                self.change(thread.guild_id.get(), |server| {
                    server.threads.remove(&thread.id.get());
                });
            }
            FullEvent::ThreadListSync { thread_list_sync } => {
                for thread in &thread_list_sync.threads {
                    self.learn_channel(thread);
                }
            }
            _ => {}
        }
    }

    fn learn_channel(&self, channel: &GuildChannel) {
        self.change(channel.guild_id.get(), |server| server.add_channel(channel));
    }

    fn change(&self, server: u64, change: impl FnOnce(&mut ServerAccess)) {
        if let Some(known) = lock(&self.0).get_mut(&server) {
            change(known);
        }
    }
}

impl ServerAccess {
    fn from_guild(guild: &Guild, bot: u64) -> Self {
        let member = guild.members.get(&UserId::new(bot));
        let mut known = Self {
            id: guild.id.get(),
            owner: guild.owner_id.get(),
            bot: member.map(BotMember::from_member),
            ..Self::default()
        };
        guild.roles.values().for_each(|role| known.add_role(role));
        guild.channels.values().for_each(|it| known.add_channel(it));
        guild.threads.iter().for_each(|it| known.add_channel(it));
        known
    }

    fn add_role(&mut self, role: &Role) {
        self.roles.insert(role.id.get(), role.permissions);
    }

    fn add_channel(&mut self, channel: &GuildChannel) {
        let id = channel.id.get();
        let (Some(thread), Some(parent)) = (&channel.thread_metadata, channel.parent_id) else {
            let overwrites = channel.permission_overwrites.clone();
            self.channels.insert(id, overwrites);
            return;
        };
        let access = ThreadAccess {
            parent: parent.get(),
            is_locked: thread.locked,
        };
        // Servers have any number of threads that are put away; whoever
        // writes in one takes it out again.
        if thread.archived && !thread.locked {
            self.threads.remove(&id);
        } else {
            self.threads.insert(id, access);
        }
    }

    /// Whether the bot may write in a channel or a thread; none where that is
    /// not known.
    fn may_write(&self, channel: u64) -> Option<bool> {
        let thread = self.threads.get(&channel);
        let ruling = thread.map_or(channel, |thread| thread.parent);
        let all = self.permissions(self.channels.get(&ruling)?)?;
        let needed = match thread {
            Some(_) => Permissions::SEND_MESSAGES_IN_THREADS,
            None => Permissions::SEND_MESSAGES,
        };
        let is_shut = thread.is_some_and(|thread| thread.is_locked)
            && !all.contains(Permissions::MANAGE_THREADS);
        Some(all.contains(Permissions::VIEW_CHANNEL | needed) && !is_shut)
    }

    fn obstacle(&self, channel: u64) -> Obstacle {
        let timed_out = self.bot.as_ref().and_then(BotMember::time_out_ends);
        let thread = self.threads.get(&channel);
        match timed_out {
            Some(until) => Obstacle::TimedOut(until.unix_timestamp()),
            None if thread.is_some_and(|it| it.is_locked) => Obstacle::Locked,
            None => Obstacle::Permission,
        }
    }

    /// The bot's permissions where these overwrites rule: the server's roles,
    /// then the overwrites for everyone, for the bot's roles, and for the bot.
    fn permissions(&self, overwrites: &[PermissionOverwrite]) -> Option<Permissions> {
        let bot = self.bot.as_ref()?;
        let everyone = *self.roles.get(&self.id)?;
        let own = bot.roles.iter();
        let own = own.filter_map(|role| self.roles.get(&role.get()));
        let base = own.fold(everyone, |sum, role| sum | *role);
        if self.owner == bot.id.get() || base.contains(Permissions::ADMINISTRATOR) {
            return Some(Permissions::all());
        }
        let whose = |it: &PermissionOverwrite| match it.kind {
            PermissionOverwriteType::Role(role) if role.get() == self.id => Some(0),
            PermissionOverwriteType::Role(role) => bot.roles.contains(&role).then_some(1),
            PermissionOverwriteType::Member(member) => (member == bot.id).then_some(2),
            _ => None,
        };
        let mut all = base;
        for step in 0..3 {
            let these = overwrites.iter().filter(|it| whose(it) == Some(step));
            let (denied, allowed) = these.fold(
                (Permissions::empty(), Permissions::empty()),
                |(denied, allowed), it| (denied | it.deny, allowed | it.allow),
            );
            all = (all - denied) | allowed;
        }
        if bot.time_out_ends().is_some() {
            all &= Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
        }
        Some(all)
    }
}

impl BotMember {
    fn from_member(member: &Member) -> Self {
        Self {
            id: member.user.id,
            roles: member.roles.clone(),
            timed_out_until: member.communication_disabled_until,
        }
    }

    /// When its time-out ends; none where it is not timed out.
    fn time_out_ends(&self) -> Option<Timestamp> {
        self.timed_out_until
            .filter(|until| *until > Timestamp::now())
    }

    fn of_update(event: &GuildMemberUpdateEvent) -> Self {
        Self {
            id: event.user.id,
            roles: event.roles.clone(),
            timed_out_until: event.communication_disabled_until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: u64 = 1;
    const ROLE: u64 = 2;
    const BOT: u64 = 3;
    const CHANNEL: u64 = 4;
    const THREAD: u64 = 5;

    fn overwrite(
        kind: PermissionOverwriteType,
        allow: Permissions,
        deny: Permissions,
    ) -> PermissionOverwrite {
        PermissionOverwrite { allow, deny, kind }
    }

    fn server(overwrites: Vec<PermissionOverwrite>) -> ServerAccess {
        let base = Permissions::VIEW_CHANNEL
            | Permissions::SEND_MESSAGES
            | Permissions::SEND_MESSAGES_IN_THREADS;
        let bot = BotMember {
            id: UserId::new(BOT),
            roles: vec![RoleId::new(ROLE)],
            timed_out_until: None,
        };
        let thread = ThreadAccess {
            parent: CHANNEL,
            is_locked: false,
        };
        ServerAccess {
            id: SERVER,
            owner: 9,
            roles: HashMap::from([(SERVER, base), (ROLE, Permissions::empty())]),
            bot: Some(bot),
            channels: HashMap::from([(CHANNEL, overwrites)]),
            threads: HashMap::from([(THREAD, thread)]),
        }
    }

    #[test]
    fn overwrites_apply_in_discords_order() {
        use PermissionOverwriteType::{Member, Role};
        let none = Permissions::empty();
        let send = Permissions::SEND_MESSAGES;
        let (everyone, role) = (Role(RoleId::new(SERVER)), Role(RoleId::new(ROLE)));
        let (bot, other) = (Member(UserId::new(BOT)), Member(UserId::new(7)));
        let cases = [
            (vec![], true),
            (vec![overwrite(everyone, none, send)], false),
            (vec![overwrite(other, none, send)], true),
            (
                // The order in the list is nothing.
                vec![overwrite(role, send, none), overwrite(everyone, none, send)],
                true,
            ),
            (
                vec![overwrite(bot, none, send), overwrite(role, send, none)],
                false,
            ),
            (vec![overwrite(bot, none, Permissions::VIEW_CHANNEL)], false),
            (
                vec![overwrite(bot, none, Permissions::SEND_MESSAGES_IN_THREADS)],
                true,
            ),
        ];
        for (overwrites, may) in cases {
            let said = format!("{overwrites:?}");
            assert_eq!(server(overwrites).may_write(CHANNEL), Some(may), "{said}");
        }
    }

    #[test]
    fn threads_have_a_permission_of_their_own_and_can_be_locked() {
        let in_threads = Permissions::SEND_MESSAGES_IN_THREADS;
        let bot = PermissionOverwriteType::Member(UserId::new(BOT));
        let taken = server(vec![overwrite(bot, Permissions::empty(), in_threads)]);
        assert_eq!(taken.may_write(THREAD), Some(false));
        let silent = overwrite(bot, Permissions::empty(), Permissions::SEND_MESSAGES);
        assert_eq!(server(vec![silent]).may_write(THREAD), Some(true));
        let mut locked = server(Vec::new());
        locked.threads.insert(
            THREAD,
            ThreadAccess {
                parent: CHANNEL,
                is_locked: true,
            },
        );
        assert_eq!(locked.may_write(THREAD), Some(false));
        assert_eq!(locked.obstacle(THREAD), Obstacle::Locked);
        assert_eq!(locked.obstacle(CHANNEL), Obstacle::Permission);
    }

    #[test]
    fn administrators_and_owners_may_and_who_is_timed_out_may_not() {
        let bot = PermissionOverwriteType::Member(UserId::new(BOT));
        let denied = || vec![overwrite(bot, Permissions::empty(), Permissions::all())];
        let mut owner = server(denied());
        owner.owner = BOT;
        assert_eq!(owner.may_write(CHANNEL), Some(true));
        let mut administrator = server(denied());
        administrator.roles.insert(ROLE, Permissions::ADMINISTRATOR);
        assert_eq!(administrator.may_write(CHANNEL), Some(true));
        let mut timed_out = server(Vec::new());
        if let Some(bot) = &mut timed_out.bot {
            bot.timed_out_until = Timestamp::from_unix_timestamp(4_000_000_000).ok();
        }
        assert_eq!(timed_out.may_write(CHANNEL), Some(false));
        assert_eq!(
            timed_out.obstacle(CHANNEL),
            Obstacle::TimedOut(4_000_000_000)
        );
    }

    #[test]
    fn what_is_not_known_is_not_decided() {
        let mut strange = server(Vec::new());
        assert_eq!(strange.may_write(8), None);
        strange.bot = None;
        assert_eq!(strange.may_write(CHANNEL), None);
    }
}
