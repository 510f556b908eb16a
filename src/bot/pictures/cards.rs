//! The cards on which pictures stand in the channel.

use crate::bot::connection::wire::card::{Card, File};
use crate::bot::words::{self, Voice};
use crate::model::{Picture, PictureAnswer, Source};

/// What is sent to Discord at once at the most; it takes 25 MiB.
const REQUEST_BYTES_MAX: usize = 24 * 1_024 * 1_024;
/// How many pictures a message has at the most: Discord takes ten files, and a
/// long prompt is one of them (`docs/discord.md` §3.1).
const PICTURES_MAX: usize = 9;

/// How the names of files begin that Discord hides: `docs/discord.md` §3.1.
pub const HIDDEN: &str = "SPOILER_";
/// How the names of pictures begin that were made.
pub const MADE: &str = "picture-";

/// Pictures that are to be shown, and what belongs to them.
#[derive(Clone, Copy)]
pub struct ShownPictures<'a> {
    pub made: &'a PictureAnswer,
    pub prompt: &'a str,
    /// Their answer's id.
    pub id: &'a str,
    /// Whether nobody sees them before they press on them.
    pub is_spoiler: bool,
}

/// Shows pictures, and what stands under them.
pub fn picture_card(voice: Voice<'_>, shown: ShownPictures<'_>) -> Card {
    let ShownPictures {
        made,
        prompt,
        id,
        is_spoiler,
    } = shown;
    let hidden = if is_spoiler { HIDDEN } else { "" };
    let files = made.pictures.iter().enumerate().map(|(at, picture)| File {
        name: format!("{hidden}{MADE}{}.{}", at + 1, picture.kind.extension()),
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

/// What a picture looks like on the way, hidden where the picture will be.
pub fn preview_file(preview: &Picture, is_spoiler: bool, description: String) -> File {
    let hidden = if is_spoiler { HIDDEN } else { "" };
    File {
        name: format!("{hidden}preview.{}", preview.kind.extension()),
        kind: preview.kind.media_type(),
        description,
        bytes: preview.bytes.to_vec(),
    }
}

/// Splits a card into as many messages as its files need.
pub fn split_files(mut card: Card) -> Vec<Card> {
    let files = std::mem::take(&mut card.files);
    let mut parts = vec![card];
    let (mut bytes, mut count) = (0, 0);
    for file in files {
        bytes += file.bytes.len();
        count += 1;
        if bytes > REQUEST_BYTES_MAX || count > PICTURES_MAX {
            (bytes, count) = (file.bytes.len(), 1);
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
        let many = Card {
            files: std::iter::repeat_with(|| file(0)).take(20).collect(),
            ..Card::default()
        };
        let parts = split_files(many);
        let counts: Vec<usize> = parts.iter().map(|part| part.files.len()).collect();
        assert_eq!(counts, [9, 9, 2]);
    }
}
