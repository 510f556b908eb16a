//! How a picture stands in the channel.

use crate::app::Spot;
use crate::bot::Bot;
use crate::bot::card::{Card, File};
use crate::bot::reply::{self, Voice};
use crate::model::{Made, PictureKind, Wish};

/// Stands before what should not be in a picture.
const NOT: &str = "-# not: ";

/// A wish as it stands above its picture.
pub fn written(wish: &Wish) -> String {
    let negative = wish.negative.0.replace('\n', " ");
    if negative.trim().is_empty() {
        wish.prompt.0.clone()
    } else {
        format!("{}\n{NOT}{negative}", wish.prompt.0)
    }
}

/// The prompt and what should not be there, of what [`written`] wrote.
pub fn read(text: &str) -> (String, String) {
    match text.rsplit_once('\n') {
        Some((prompt, last)) if last.starts_with(NOT) => {
            let negative = last.strip_prefix(NOT).unwrap_or_default();
            (prompt.to_owned(), negative.to_owned())
        }
        _ => (text.to_owned(), String::new()),
    }
}

/// Pictures, and what stands under them.
pub fn card(voice: Voice<'_>, made: &Made, prompt: &str, id: &str) -> Card {
    let files = made.pictures.iter().enumerate().map(|(at, picture)| File {
        name: format!("picture-{}.{}", at + 1, extension(picture.kind)),
        kind: picture.kind.media_type(),
        description: reply::alt_text(voice, made, prompt),
        bytes: picture.bytes.to_vec(),
    });
    Card {
        text: reply::picture_footer(voice, made),
        buttons: reply::under_picture(voice, id, made.seed.is_some()),
        files: files.collect(),
        ..Card::default()
    }
}

fn extension(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Png => "png",
        PictureKind::Jpeg => "jpg",
        PictureKind::Gif => "gif",
        PictureKind::Webp => "webp",
    }
}

/// What came of a picture when its interaction was over.
pub struct Late<'a> {
    pub person: u64,
    /// What stands above it.
    pub head: &'a str,
    /// Nobody else's business.
    pub is_private: bool,
}

/// Shows what came of a picture when the interaction is over: as a reply in
/// the channel, or directly where the bot may not write or nobody else
/// should read it. The message that it was promised with says so.
pub async fn later(
    bot: &Bot,
    voice: Voice<'_>,
    spot: &Spot,
    late: Late<'_>,
    card: Card,
) -> anyhow::Result<()> {
    let card = Card {
        text: format!("{}{}", late.head, card.text),
        ..card
    };
    let in_channel = Card {
        reply_to: spot.message,
        mention: Some(late.person),
        nonce: Some(nonce(&spot.id)),
        ..card.clone()
    };
    let posted = if late.is_private {
        None
    } else {
        bot.rest.post(spot.channel, &in_channel).await.ok()
    };
    if posted.is_none() {
        bot.rest.direct_message(late.person, &card).await?;
    }
    if let Some(message) = spot.message {
        let card = reply::shown_below(voice, late.head, posted.is_some());
        let edited = bot.rest.edit_message(spot.channel, message, &card).await;
        if let Err(error) = edited {
            tracing::info!("could not mark where a picture was promised: {error:#}");
        }
    }
    Ok(())
}

/// By which Discord knows that it has a message already: 25 characters.
fn nonce(id: &str) -> String {
    id.chars().take(25).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Words;

    #[test]
    fn a_wish_reads_as_it_was_written() {
        for (prompt, negative) in [
            ("a lighthouse", ""),
            ("a lighthouse", "people, boats"),
            ("two\nlines", "people"),
        ] {
            let wish = Wish {
                prompt: Words(prompt.into()),
                negative: Words(negative.into()),
                ..Wish::default()
            };
            assert_eq!(read(&written(&wish)), (prompt.into(), negative.into()));
        }
    }
}
