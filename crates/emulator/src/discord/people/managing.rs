//! What who manages a server does to it, as methods of the world: they give
//! the bot permissions in a channel and take them, time it out, and change
//! channels and threads.

use crate::discord::events::announce_channel;
use crate::discord::payload;
use crate::world::{ChannelRules, Overwrite, World};

impl World {
    /// Takes permissions from the bot in one channel.
    pub fn deny_bot(&self, channel: u64, permissions: u64) {
        self.set_bot_permissions(channel, |it| {
            it.denied |= permissions;
            it.allowed &= !permissions;
        });
    }

    /// Gives permissions back to the bot in one channel.
    pub fn allow_bot(&self, channel: u64, permissions: u64) {
        self.set_bot_permissions(channel, |it| {
            it.denied &= !permissions;
            it.allowed |= permissions;
        });
    }

    fn set_bot_permissions(&self, channel: u64, change: impl FnOnce(&mut Overwrite)) {
        let bot = self.look(|state| state.application);
        self.change_channel(channel, |rules| {
            let found = rules.overwrites.iter().position(|it| it.whose == bot);
            let at = found.unwrap_or_else(|| {
                rules.overwrites.push(Overwrite {
                    whose: bot,
                    is_role: false,
                    allowed: 0,
                    denied: 0,
                });
                rules.overwrites.len() - 1
            });
            change(&mut rules.overwrites[at]);
        });
    }

    /// Changes what is set for a channel or a thread, and tells the bot.
    pub fn change_channel(&self, channel: u64, change: impl FnOnce(&mut ChannelRules)) {
        self.with(|state| {
            let Some(found) = state.channels.iter_mut().find(|c| c.id == channel) else {
                return;
            };
            change(&mut found.rules);
            let event = match found.parent {
                Some(_) => "THREAD_UPDATE",
                None => "CHANNEL_UPDATE",
            };
            announce_channel(state, event, channel);
        });
    }

    /// Sets the language of a server, and tells the bot.
    pub fn set_server_locale(&self, server: u64, locale: &str) {
        self.with(|state| {
            let Some(found) = state.servers.iter_mut().find(|it| it.id == server) else {
                return;
            };
            locale.clone_into(&mut found.locale);
            let found = found.clone();
            let server = payload::guild(state, &found);
            state.emit(Some(found.id), "GUILD_UPDATE", &server);
        });
    }

    /// Times the bot out in a server, or ends that.
    pub fn time_out_bot(&self, server: u64, is_timed_out: bool) {
        self.with(|state| {
            let bot = state.application;
            let Some(found) = state.servers.iter_mut().find(|s| s.id == server) else {
                return;
            };
            found.timed_out.retain(|member| *member != bot);
            if is_timed_out {
                found.timed_out.push(bot);
            }
            let found = found.clone();
            let mut shown = payload::bot_member(state, &found);
            shown["guild_id"] = server.to_string().into();
            state.emit(Some(server), "GUILD_MEMBER_UPDATE", &shown);
        });
    }
}
