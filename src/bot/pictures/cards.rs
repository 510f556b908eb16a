//! The cards on which pictures stand in the channel.

use crate::bot::connection::card::{Card, File};
use crate::bot::connection::rest::{FileRefusal, refusal_of_files};
use crate::bot::pictures::shrink;
use crate::bot::words::{self, Voice};
use crate::model::{PictureAnswer, PictureKind, Source};

/// What is sent to Discord at once at the most; it takes 25 MiB.
const REQUEST_BYTES_MAX: usize = 24 * 1_024 * 1_024;

/// How pictures are shown: each form where Discord does not take the one
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    SmallerCopies,
    Words(FileRefusal),
}

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

impl Form {
    /// The form that may be taken where this one was not; none where it is not
    /// the files that Discord refuses.
    pub fn after(self, error: &anyhow::Error) -> Option<Self> {
        match (self, refusal_of_files(error)?) {
            (Self::Words(_), _) => None,
            (Self::Whole, FileRefusal::TooLarge) => Some(Self::SmallerCopies),
            (_, refusal) => Some(Self::Words(refusal)),
        }
    }
}

/// Pictures in one of their forms.
pub async fn card_in(form: Form, voice: Voice<'_>, shown: ShownPictures<'_>) -> Card {
    match form {
        Form::Whole => picture_card(voice, shown),
        Form::SmallerCopies => {
            let copies = PictureAnswer {
                pictures: shrink::smaller_copies(shown.made.pictures.clone()).await,
                ..shown.made.clone()
            };
            let made = &copies;
            let mut card = picture_card(voice, ShownPictures { made, ..shown });
            card.text = format!("{}\n{}", card.text, words::pictures::smaller_copies(voice));
            card
        }
        Form::Words(refusal) => words::pictures::not_shown(voice, shown.made, refusal),
    }
}

/// Shows pictures, and what stands under them.
fn picture_card(voice: Voice<'_>, shown: ShownPictures<'_>) -> Card {
    let ShownPictures {
        made,
        prompt,
        id,
        is_spoiler,
    } = shown;
    // Discord hides a file whose name begins so: `docs/discord.md` §3.1.
    let hidden = if is_spoiler { "SPOILER_" } else { "" };
    let files = made.pictures.iter().enumerate().map(|(at, picture)| File {
        name: format!("{hidden}picture-{}.{}", at + 1, extension(picture.kind)),
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
