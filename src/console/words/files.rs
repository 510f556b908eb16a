//! Words for files that were not read, and for what a model was not told.

use crate::model::{FileKind, LeftOut, UnreadFile, WhyUnread};

/// What was left out of what a model was told.
pub fn describe_left_out(left_out: &LeftOut) -> String {
    match left_out {
        LeftOut::Older => "The oldest part of the conversation was left out.".to_owned(),
        LeftOut::Pictures => "The model sees no pictures.".to_owned(),
        LeftOut::RefusedPictures => "Earlier pictures were left out.".to_owned(),
        LeftOut::File(file) => describe_unread(file),
        LeftOut::Hidden | LeftOut::Unread | LeftOut::Deleted => {
            "Earlier messages were left out.".to_owned()
        }
    }
}

/// Why a file was not read.
pub fn describe_unread(file: &UnreadFile) -> String {
    format!("{} was not read: {}.", file.name, describe_why(&file.why))
}

fn describe_why(why: &WhyUnread) -> String {
    let kilobytes = |bytes: &u64| bytes.div_ceil(1_024);
    match why {
        WhyUnread::Kind(kind) => describe_kind(kind),
        WhyUnread::Empty => "it is empty".to_owned(),
        WhyUnread::PictureTooLarge { bytes_max, .. } => {
            format!("a picture may have {} kB", kilobytes(bytes_max))
        }
        WhyUnread::SoundTooLarge { .. }
        | WhyUnread::NotHeard
        | WhyUnread::NotTried
        | WhyUnread::OfUnknownLength
        | WhyUnread::TooManySounds { .. } => describe_kind(&FileKind::Audio),
        WhyUnread::TextTooLarge { bytes_max, .. } => {
            format!("a text may have {} kB", kilobytes(bytes_max))
        }
        WhyUnread::TooManyPictures { most } => {
            format!(
                "a conversation takes {most} pictures, the newest first, and this is one too many"
            )
        }
        WhyUnread::TooManyTexts { most, bytes_max } => format!(
            "a conversation takes {most} text files and {} kB of them, the newest first, and this \
             is too much",
            kilobytes(bytes_max)
        ),
        WhyUnread::Gone | WhyUnread::NotFetched => "it did not come".to_owned(),
    }
}

fn describe_kind(kind: &FileKind) -> String {
    match kind {
        FileKind::Picture(format) => {
            format!("not every model sees {format} pictures; save it as PNG or JPEG")
        }
        FileKind::EmbeddedPicture => {
            "it stands in an embed; save it, and add it as a file".to_owned()
        }
        FileKind::VoiceMessage { .. } | FileKind::Audio => "models here hear no sound".to_owned(),
        FileKind::Video => "models here see no video".to_owned(),
        FileKind::Pdf => "it is a PDF; copy its text out".to_owned(),
        FileKind::Document => "save it as plain text".to_owned(),
        FileKind::Archive => "take the files out of the archive".to_owned(),
        FileKind::Program | FileKind::Unknown => "it is neither text nor a picture".to_owned(),
    }
}
