//! Files that came with messages and were not read, and why not.

use std::fmt;

/// A file that came with a message and was not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadFile {
    /// Its name. A person chose it, so that `Debug` never shows it.
    pub name: String,
    pub why: WhyUnread,
}

/// Why a file was not read. Sizes and limits are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyUnread {
    /// No model is told files of this kind.
    Kind(FileKind),
    /// It holds nothing.
    Empty,
    PictureTooLarge {
        bytes: u64,
        bytes_max: u64,
    },
    TextTooLarge {
        bytes: u64,
        bytes_max: u64,
    },
    SoundTooLarge {
        bytes: u64,
        bytes_max: u64,
    },
    /// It is a sound, and having it written down came to nothing.
    NotHeard,
    /// It is a sound that could be written down, and nobody has tried to.
    NotTried,
    /// It could be written down with a key of one's own alone: what it costs is not
    /// known beforehand.
    OfUnknownLength,
    /// Others of the question are all that is written down.
    TooManySounds {
        most: usize,
    },
    /// Newer pictures of the conversation are all that is shown.
    TooManyPictures {
        most: usize,
    },
    /// Newer text files of the conversation are all that is read.
    TooManyTexts {
        most: usize,
        bytes_max: u64,
    },
    /// Discord does not have it any more, or its address has expired.
    Gone,
    /// Discord did not hand it out, or not in time.
    NotFetched,
}

/// What kind of file it is that no model is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A picture in a format that not every model sees, such as `HEIC`.
    Picture(String),
    /// A picture that stands in an embed, and is no file of the message's.
    EmbeddedPicture,
    VoiceMessage {
        seconds: u64,
    },
    Audio,
    Video,
    Pdf,
    /// What a word processor, a spreadsheet or the like writes.
    Document,
    Archive,
    Program,
    /// Neither text nor anything that is known.
    Unknown,
}

impl WhyUnread {
    /// Whether the same file can be read at another time.
    pub fn can_change(&self) -> bool {
        match self {
            Self::TooManyPictures { .. } | Self::TooManyTexts { .. } => true,
            Self::Gone | Self::NotFetched => true,
            Self::NotHeard | Self::NotTried => false,
            Self::OfUnknownLength | Self::TooManySounds { .. } => false,
            Self::Kind(_) | Self::Empty => false,
            Self::PictureTooLarge { .. }
            | Self::TextTooLarge { .. }
            | Self::SoundTooLarge { .. } => false,
        }
    }
}

impl fmt::Debug for UnreadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[a file: {:?}]", self.why)
    }
}
