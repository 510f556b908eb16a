//! Pictures that come when the interaction that asked for them is over.

use crate::app::PicturePlace;
use crate::bot::Bot;
use crate::bot::answers::writing::target::{Insistence, Part, post_reply};
use crate::bot::connection::calls::channel_calls::count_left;
use crate::bot::connection::calls::rest::{
    MESSAGE_GONE, code_of, refusal_of_files, refuses_content, refuses_edit, refuses_words,
};
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::words::{self, Voice};

/// Where pictures were promised that come when the interaction is over, and
/// for whom.
#[derive(Clone, Copy)]
pub struct LatePicture<'a> {
    pub place: &'a PicturePlace,
    pub person: u64,
    /// The text that stands above the picture.
    pub heading: &'a str,
    /// The whole prompt, where only an excerpt of it stands above.
    pub question: Option<&'a File>,
    /// What came of it is nobody else's business.
    pub is_private: bool,
}

/// Shows what came of a picture when the interaction is over: as a reply in
/// the channel, or directly where the bot may not write or nobody else
/// should read it. The message that it was promised with says so.
pub async fn show_late(
    bot: &Bot,
    voice: Voice<'_>,
    late: LatePicture<'_>,
    cards: &[Card],
) -> anyhow::Result<()> {
    let shown = show_below(bot, voice, &late, cards).await;
    match shown {
        // What Discord does not take may stand in the prompt.
        Err(error) if refuses_words(&error) && !late.heading.is_empty() => {
            let bare = LatePicture {
                heading: "",
                ..late
            };
            show_below(bot, voice, &bare, cards).await
        }
        shown => shown,
    }
}

/// Shows what came of a picture, and the prompt above it.
async fn show_below(
    bot: &Bot,
    voice: Voice<'_>,
    late: &LatePicture<'_>,
    cards: &[Card],
) -> anyhow::Result<()> {
    let mut parts = cards.to_vec();
    if let Some(first) = parts.first_mut() {
        first.text.insert_str(0, late.heading);
        first.files.extend(late.question.cloned());
    }
    let posted = if late.is_private {
        None
    } else {
        Some(post_parts(bot, late, &parts).await)
    };
    let in_channel = match posted {
        Some(Ok(())) => true,
        // No other place takes the file either.
        Some(Err(error)) if refusal_of_files(&error).is_some() => return Err(error),
        Some(Err(_)) | None => {
            for (at, part) in parts.iter_mut().enumerate() {
                part.nonce = Some(nonce(&late.place.id, 'A', at));
            }
            bot.rest.direct_messages(late.person, &parts).await?;
            false
        }
    };
    mark_shown_elsewhere(bot, voice, late, in_channel).await;
    Ok(())
}

/// Says where a picture was promised that it stands elsewhere.
pub async fn mark_shown_elsewhere(
    bot: &Bot,
    voice: Voice<'_>,
    late: &LatePicture<'_>,
    in_channel: bool,
) {
    let place = late.place;
    let Some(message) = place.message else {
        return;
    };
    let card = words::pictures::shown_elsewhere(voice, late.heading, in_channel);
    let mut edited = bot.rest.edit_message(place.channel, message, &card).await;
    if edited.as_ref().is_err_and(refuses_content) {
        let card = words::pictures::shown_elsewhere(voice, "", in_channel);
        edited = bot.rest.edit_message(place.channel, message, &card).await;
    }
    let Err(error) = edited else { return };
    tracing::info!("could not mark where a picture was promised: {error:#}");
    if refuses_edit(&error)
        && code_of(&error) != Some(MESSAGE_GONE)
        && let Err(error) = bot.rest.delete_message(place.channel, message).await
    {
        count_left(&error);
    }
}

/// Posts cards in the channel; the first pings whoever asked.
async fn post_parts(bot: &Bot, late: &LatePicture<'_>, parts: &[Card]) -> anyhow::Result<()> {
    let place = late.place;
    for (at, card) in parts.iter().enumerate() {
        let card = Card {
            reply_to: place.message,
            mention: Some(late.person).filter(|_| at == 0),
            nonce: Some(nonce(&place.id, 'a', at)),
            ..card.clone()
        };
        post_as_reply(bot, place.channel, card).await?;
    }
    Ok(())
}

/// Posts a card as a reply, or plainly where the bot may not reply.
async fn post_as_reply(bot: &Bot, channel: u64, card: Card) -> anyhow::Result<()> {
    let part = Part {
        card: &card,
        insistence: Insistence::Last,
    };
    post_reply(&bot.rest, channel, card.reply_to, part)
        .await
        .map(drop)
}

/// By which Discord knows that it has a message already: 25 characters at
/// the most. Parts are counted from a letter on, which is another one for
/// direct messages.
fn nonce(id: &str, first: char, part: usize) -> String {
    let parts = first..='\u{7f}';
    id.chars()
        .take(23)
        .chain(parts.into_iter().nth(part % 26))
        .collect()
}
