//! How a picture stands in the channel.

use crate::app::PicturePlace;
use crate::bot::Bot;
use crate::bot::connection::card::{Card, File};
use crate::bot::words::{self, Voice};
use crate::model::{ImageSpec, Made, PictureKind};

/// What is sent to Discord at once at the most; it takes 25 MiB.
const REQUEST_BYTES_MAX: usize = 24 * 1_024 * 1_024;
/// Stands before what should not be in a picture.
const NOT: &str = "-# not: ";

/// A wish as it stands above its picture.
pub fn written(wish: &ImageSpec) -> String {
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
        description: words::alt_text(voice, made, prompt),
        bytes: picture.bytes.to_vec(),
    });
    Card {
        text: words::picture_footer(voice, made),
        buttons: words::under_picture(voice, id, made.seed.is_some()),
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
    spot: &PicturePlace,
    late: Late<'_>,
    card: Card,
) -> anyhow::Result<()> {
    let card = Card {
        text: format!("{}{}", late.head, card.text),
        ..card
    };
    let parts = parts(card);
    let in_channel = !late.is_private && post(bot, spot, late.person, &parts).await.is_ok();
    if !in_channel {
        for card in &parts {
            bot.rest.direct_message(late.person, card).await?;
        }
    }
    if let Some(message) = spot.message {
        let card = words::shown_below(voice, late.head, in_channel);
        let edited = bot.rest.edit_message(spot.channel, message, &card).await;
        if let Err(error) = edited {
            tracing::info!("could not mark where a picture was promised: {error:#}");
        }
    }
    Ok(())
}

async fn post(bot: &Bot, spot: &PicturePlace, person: u64, parts: &[Card]) -> anyhow::Result<()> {
    for (at, card) in parts.iter().enumerate() {
        let card = Card {
            reply_to: spot.message,
            mention: Some(person).filter(|_| at == 0),
            nonce: Some(nonce(&spot.id, at)),
            ..card.clone()
        };
        bot.rest.post(spot.channel, &card).await?;
    }
    Ok(())
}

/// By which Discord knows that it has a message already: 25 characters.
fn nonce(id: &str, part: usize) -> String {
    id.chars()
        .take(23)
        .chain([char::from(b'a' + u8::try_from(part % 26).unwrap_or(0))])
        .collect()
}

/// A card in as many messages as its files need.
pub fn parts(mut card: Card) -> Vec<Card> {
    let files = std::mem::take(&mut card.files);
    let mut parts = vec![card];
    let mut bytes = 0;
    for file in files {
        bytes += file.bytes.len();
        if bytes > REQUEST_BYTES_MAX {
            bytes = file.bytes.len();
            parts.push(Card::default());
        }
        if let Some(last) = parts.last_mut() {
            last.files.push(file);
        }
    }
    parts
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
            let wish = ImageSpec {
                prompt: Words(prompt.into()),
                negative: Words(negative.into()),
                ..ImageSpec::default()
            };
            assert_eq!(read(&written(&wish)), (prompt.into(), negative.into()));
        }
    }

    #[test]
    fn pictures_that_are_too_much_for_one_message_fill_several() {
        let file = |megabytes: usize| File {
            name: String::new(),
            kind: "image/png",
            description: String::new(),
            bytes: vec![0; megabytes << 20],
        };
        let card = Card {
            text: "text".into(),
            files: [9, 9, 9, 2].map(file).into(),
            ..Card::default()
        };
        let parts = parts(card);
        let counts: Vec<usize> = parts.iter().map(|part| part.files.len()).collect();
        assert_eq!(counts, [2, 2]);
        assert_eq!(
            (parts[0].text.as_str(), parts[1].text.as_str()),
            ("text", "")
        );
    }
}
