//! A conversation: what people and the model said, in order.

use std::fmt;
use std::sync::Arc;

use super::ask::Words;
use super::unread_file::UnreadFile;
use crate::model::text::invisible::is_blank;

/// Who said a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Person,
    Model,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    pub text: Words,
    pub pictures: Vec<Picture>,
    /// How many of the pictures, from the first on, came with earlier messages
    /// than the last one that was joined to the turn.
    pub earlier_pictures: usize,
}

/// A picture that a person showed. Its `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub kind: PictureKind,
    pub bytes: Arc<[u8]>,
}

/// The formats that every model that sees can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    Png,
    Jpeg,
    Gif,
    Webp,
}

/// What was not sent to the model, so that the answer can say so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The oldest messages.
    Older,
    /// Pictures, since the model sees none.
    Pictures,
    /// Pictures of earlier messages, since the provider can't read one.
    RefusedPictures,
    /// A file that was not read.
    File(UnreadFile),
    /// Messages that Discord does not show to the bot.
    Hidden,
    /// Earlier messages, since Discord could not be read at the time.
    Unread,
    /// What the question replies to, since it was deleted.
    Deleted,
}

impl Turn {
    /// Something that a person said in words alone.
    pub fn person(text: impl Into<String>) -> Self {
        Self {
            role: Role::Person,
            text: Words(text.into()),
            pictures: Vec::new(),
            earlier_pictures: 0,
        }
    }

    /// Something that the model said.
    pub fn model(text: impl Into<String>) -> Self {
        Self {
            role: Role::Model,
            ..Self::person(text)
        }
    }

    /// Whether it says and shows nothing.
    pub fn is_empty(&self) -> bool {
        is_blank(&self.text.0) && self.pictures.is_empty()
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?} of {} bytes]", self.kind, self.bytes.len())
    }
}

impl PictureKind {
    /// The format by its first bytes; what a file says of itself is not
    /// believed.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// How the name of a file of it ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}
