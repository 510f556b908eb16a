//! The first words in a server that has added the bot: once, where it may
//! write.

use serenity::all::{ChannelId, ChannelType, Guild, GuildChannel};

use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::rest::refuses_place;
use crate::bot::{Bot, words};
use crate::model::ServerId;

/// In how many channels it is tried. Discord counts what it refuses, and shuts
/// out who is refused too often (`docs/discord.md` §4.2).
const TRIES: usize = 3;

/// Greets a server that has just added the bot, unless that was done.
pub async fn greet_server(bot: &Bot, guild: &Guild) -> anyhow::Result<()> {
    let server = ServerId(guild.id.get());
    let joined_at_ms = guild.joined_at.unix_timestamp() * 1_000;
    // Noted before it is written: nobody is greeted twice.
    if !bot.app.people.take_greeting(server, joined_at_ms).await? {
        return Ok(());
    }
    let voice = bot.voice(&guild.preferred_locale);
    let card = words::help::greeting(voice, &bot.command_links);
    for channel in find_places(bot, guild).into_iter().take(TRIES) {
        match bot.rest.post(channel, &card, Patience::last_post()).await {
            Ok(_) => return Ok(()),
            Err(error) if refuses_place(&error) => {
                tracing::info!("could not greet a server in a channel: {error:#}");
            }
            Err(error) => return Err(error.context("could not greet a server")),
        }
    }
    tracing::info!(
        server.id = server.0,
        "a server added the bot that lets it write nowhere"
    );
    Ok(())
}

/// Where the bot may write: where the server's notices come, else its first
/// channels that are for everybody's words.
fn find_places(bot: &Bot, guild: &Guild) -> Vec<u64> {
    let mut others: Vec<&GuildChannel> = guild.channels.values().collect();
    others.retain(|channel| {
        channel.kind == ChannelType::Text
            && !channel.nsfw
            && Some(channel.id) != guild.rules_channel_id
            && Some(channel.id) != guild.system_channel_id
    });
    others.sort_by_key(|channel| (channel.position, channel.id));
    let others = others.into_iter().map(|channel| channel.id);
    let all = guild.system_channel_id.into_iter().chain(others);
    let all = all.map(ChannelId::get);
    all.filter(|channel| bot.channel_access.may_write_in(guild.id.get(), *channel))
        .collect()
}
