//! Files that people show to a model: what each of them is, how much of them is
//! read, and what the model is told of them. Where they come from is for the
//! edges to know.

mod kind;
mod text;
mod told;

use std::sync::Arc;

use crate::model::{FileKind, Picture, PictureKind, UnreadFile, WhyUnread};
use crate::providers::SoundKind;

pub use kind::kind_of;
pub use told::tell_files;

/// How many text files of a conversation are read: two messages full.
const TEXTS_MAX: usize = 20;
/// How much the text files of a conversation may hold together, in files of
/// the largest size.
const TEXTS_OF_LARGEST_SIZE: usize = 8;

/// How much of people's files is read.
#[derive(Clone, Debug, Default)]
pub struct FileLimits {
    /// The largest picture, in bytes.
    pub picture_bytes: usize,
    /// The most pictures of a conversation; the newest count.
    pub pictures: usize,
    /// The largest text file, in bytes.
    pub text_bytes: usize,
}

/// What is said of a file by whoever sent it.
#[derive(Clone, Copy, Debug)]
pub struct FileLabel<'a> {
    pub name: &'a str,
    pub media_type: Option<&'a str>,
}

/// What a file turned out to be.
#[derive(Clone)]
pub enum FileContent {
    Text(String),
    /// What was said in a sound, as a model is told it.
    Said(String),
    Picture(Picture),
    Unread(WhyUnread),
}

/// A file that came with a message.
#[derive(Clone)]
pub struct MessageFile {
    pub name: String,
    /// What its sender wrote for those who can't see it.
    pub description: Option<String>,
    pub content: FileContent,
}

/// What a file is by its first bytes.
pub enum FileNature {
    Picture(PictureKind),
    Text,
    Other(FileKind),
}

/// The files of one conversation that were read so far, of as many as are
/// read.
#[derive(Clone, Debug)]
pub struct FileCount<'a> {
    limits: &'a FileLimits,
    pictures: usize,
    texts: usize,
    text_bytes: usize,
}

impl MessageFile {
    /// Whether something of it can be told or shown.
    pub fn is_read(&self) -> bool {
        !matches!(self.content, FileContent::Unread(_))
    }

    /// Why it was not read, if it was not.
    pub fn unread(&self) -> Option<UnreadFile> {
        match &self.content {
            FileContent::Unread(why) => Some(UnreadFile {
                name: self.name.clone(),
                why: why.clone(),
            }),
            _ => None,
        }
    }
}

/// Whether a file that begins so is a sound that can be written down.
pub fn can_be_heard(head: &[u8], label: FileLabel<'_>) -> bool {
    let kind = if label.may_be_sound() {
        SoundKind::of_named_sound(head)
    } else {
        SoundKind::of(head)
    };
    kind.is_some()
}

impl FileNature {
    /// What a file is that begins so.
    pub fn of(head: &[u8], label: FileLabel<'_>) -> Self {
        if let Some(kind) = PictureKind::of(head) {
            return Self::Picture(kind);
        }
        if !head.starts_with(b"%PDF-") && text::can_begin_text(head) {
            return Self::Text;
        }
        Self::Other(kind_of(head, label))
    }
}

impl<'a> FileCount<'a> {
    /// Begins to count the files of one message, of which none was read yet.
    pub fn new(limits: &'a FileLimits) -> Self {
        Self {
            limits,
            pictures: 0,
            texts: 0,
            text_bytes: 0,
        }
    }

    /// How much is read.
    pub fn limits(&self) -> &'a FileLimits {
        self.limits
    }

    /// Why a picture of so many bytes is too large, if it is.
    pub fn picture_too_large(&self, bytes: u64) -> Option<WhyUnread> {
        let bytes_max = self.limits.picture_bytes as u64;
        (bytes > bytes_max).then_some(WhyUnread::PictureTooLarge { bytes, bytes_max })
    }

    /// Why a text file of so many bytes is too large, if it is.
    pub fn text_too_large(&self, bytes: u64) -> Option<WhyUnread> {
        let bytes_max = self.limits.text_bytes as u64;
        (bytes > bytes_max).then_some(WhyUnread::TextTooLarge { bytes, bytes_max })
    }

    /// Counts one more picture.
    pub fn add_picture(&mut self) -> Result<(), WhyUnread> {
        let most = self.limits.pictures;
        if self.pictures >= most {
            return Err(WhyUnread::TooManyPictures { most });
        }
        self.pictures += 1;
        Ok(())
    }

    /// Counts one more text file of so many bytes.
    pub fn add_text(&mut self, bytes: usize) -> Result<(), WhyUnread> {
        let bytes_of_all = self.limits.text_bytes * TEXTS_OF_LARGEST_SIZE;
        if self.texts >= TEXTS_MAX || self.text_bytes.saturating_add(bytes) > bytes_of_all {
            return Err(WhyUnread::TooManyTexts {
                most: TEXTS_MAX,
                bytes_max: bytes_of_all as u64,
            });
        }
        self.texts += 1;
        self.text_bytes += bytes;
        Ok(())
    }

    /// Reads a whole file that is at hand, or says why it cannot be read.
    pub fn read(&mut self, label: FileLabel<'_>, bytes: &[u8]) -> FileContent {
        self.read_whole(label, bytes)
            .unwrap_or_else(FileContent::Unread)
    }

    fn read_whole(&mut self, label: FileLabel<'_>, bytes: &[u8]) -> Result<FileContent, WhyUnread> {
        let size = bytes.len() as u64;
        if size == 0 {
            return Err(WhyUnread::Empty);
        }
        match FileNature::of(bytes, label) {
            FileNature::Picture(kind) => {
                self.picture_too_large(size).map_or(Ok(()), Err)?;
                self.add_picture()?;
                let bytes = Arc::from(bytes);
                Ok(FileContent::Picture(Picture { kind, bytes }))
            }
            FileNature::Text => {
                self.text_too_large(size).map_or(Ok(()), Err)?;
                self.add_text(bytes.len())?;
                read_text(label, bytes)
            }
            FileNature::Other(kind) => Err(WhyUnread::Kind(kind)),
        }
    }
}

/// Reads a text file that is no larger than allowed.
pub fn read_text(label: FileLabel<'_>, bytes: &[u8]) -> Result<FileContent, WhyUnread> {
    match text::decode_text(bytes) {
        Some(text) if text.trim().is_empty() => Err(WhyUnread::Empty),
        Some(text) => Ok(FileContent::Text(text)),
        None => Err(WhyUnread::Kind(kind_of(bytes, label))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FileLimits = FileLimits {
        picture_bytes: 100,
        pictures: 1,
        text_bytes: 10,
    };
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n made up";

    fn label(name: &str) -> FileLabel<'_> {
        FileLabel {
            name,
            media_type: None,
        }
    }

    #[test]
    fn what_is_at_hand_is_read_up_to_its_limits() {
        let mut count = FileCount::new(&LIMITS);
        let mut read = |bytes: &[u8]| match count.read(label("a"), bytes) {
            FileContent::Text(text) | FileContent::Said(text) => text,
            FileContent::Picture(picture) => format!("{picture:?}"),
            FileContent::Unread(why) => format!("{why:?}"),
        };
        assert_eq!(read(b"words"), "words");
        assert_eq!(read(PNG), "[Png of 16 bytes]");
        assert_eq!(read(PNG), "TooManyPictures { most: 1 }");
        assert_eq!(read(b""), "Empty");
        assert_eq!(read(b"  \n"), "Empty");
        assert_eq!(read(b"%PDF-1.7"), "Kind(Pdf)");
        let long = "TextTooLarge { bytes: 11, bytes_max: 10 }";
        assert_eq!(read(b"eleven char"), long);
        let mut large = PNG.to_vec();
        large.resize(101, 0);
        let too_large = "PictureTooLarge { bytes: 101, bytes_max: 100 }";
        assert_eq!(read(&large), too_large);
        for _ in 0..8 {
            read(b"ten chars.");
        }
        let many = "TooManyTexts { most: 20, bytes_max: 80 }";
        assert_eq!(read(b"ten chars."), many);
    }
}
