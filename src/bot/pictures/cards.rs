//! The cards on which pictures stand in the channel.

use crate::bot::connection::card::{Card, File};
use crate::bot::words::{self, Voice};
use crate::model::{PictureAnswer, PictureKind, Source};

/// What is sent to Discord at once at the most; it takes 25 MiB.
const REQUEST_BYTES_MAX: usize = 24 * 1_024 * 1_024;
/// Shows pictures, and what stands under them.
pub fn picture_card(voice: Voice<'_>, made: &PictureAnswer, prompt: &str, id: &str) -> Card {
    let files = made.pictures.iter().enumerate().map(|(at, picture)| File {
        name: format!("picture-{}.{}", at + 1, extension(picture.kind)),
        kind: picture.kind.media_type(),
        description: words::pictures::alt_text(voice, made, prompt),
        bytes: picture.bytes.to_vec(),
    });
    // A demo's picture is no picture of the prompt: there is no other one.
    let (text, buttons) = match made.source {
        Source::Demo => (words::answers::demo_footer(voice), Vec::new()),
        _ => (
            words::pictures::footer(voice, made),
            words::pictures::buttons(voice, id, made.seed.is_some()),
        ),
    };
    Card {
        text,
        buttons,
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

/// Splits a card into as many messages as its files need.
pub fn split_files(mut card: Card) -> Vec<Card> {
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
        let parts = split_files(card);
        let counts: Vec<usize> = parts.iter().map(|part| part.files.len()).collect();
        assert_eq!(counts, [2, 2]);
        assert_eq!(
            (parts[0].text.as_str(), parts[1].text.as_str()),
            ("text", "")
        );
    }
}
