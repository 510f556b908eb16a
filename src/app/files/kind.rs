//! What kind of file it is that is neither text nor a picture that every
//! model sees. Its bytes count first; then its name, and only then what
//! Discord says of it, which it guesses from the name and often wrongly
//! (`docs/discord.md` §6.1).

use infer::MatcherType;

use crate::app::files::{FileLabel, can_be_heard};
use crate::model::FileKind;

/// Endings of names of what office programs write. Most are archives inside.
const DOCUMENTS: &[&str] = &[
    "doc", "docx", "docm", "dot", "dotx", "odt", "pages", "rtf", "xls", "xlsx", "xlsm", "ods",
    "numbers", "ppt", "pptx", "pptm", "odp", "key", "epub", "mobi", "hwp", "hwpx",
];
const ARCHIVES: &[&str] = &[
    "zip", "rar", "7z", "gz", "tgz", "bz2", "xz", "zst", "tar", "jar", "iso",
];
const PROGRAMS: &[&str] = &["exe", "dll", "msi", "apk", "dmg", "so", "wasm", "class"];
const AUDIO: &[&str] = &[
    "mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac", "mid",
];
const VIDEO: &[&str] = &["mp4", "mov", "mkv", "webm", "avi", "wmv", "m4v"];
const PICTURES: &[&str] = &[
    "heic", "heif", "avif", "tif", "tiff", "bmp", "ico", "psd", "jxl", "raw", "dng", "cr2",
];

/// The kind of a file by its first bytes, and by its name and type where
/// those say nothing.
pub fn kind_of(head: &[u8], label: FileLabel<'_>) -> FileKind {
    let named = kind_by_name(label.name);
    if label.may_be_sound() && can_be_heard(head, label) {
        return FileKind::Audio;
    }
    match infer::get(head).map(|found| (kind_by_bytes(found), named.clone())) {
        // Office programs' files are archives inside.
        Some((Some(FileKind::Archive), Some(FileKind::Document))) => FileKind::Document,
        Some((Some(kind), _)) => kind,
        _ => named
            .or_else(|| kind_by_type(label.media_type?))
            .unwrap_or(FileKind::Unknown),
    }
}

impl FileLabel<'_> {
    /// Whether a file is a sound by its name, or by what is said of it.
    pub fn may_be_sound(self) -> bool {
        let by_type = self.media_type.and_then(kind_by_type);
        [kind_by_name(self.name), by_type].contains(&Some(FileKind::Audio))
    }
}

fn kind_by_bytes(found: infer::Type) -> Option<FileKind> {
    match found.matcher_type() {
        _ if found.mime_type() == "application/pdf" => Some(FileKind::Pdf),
        MatcherType::Image => Some(FileKind::Picture(format_name(found.extension()))),
        MatcherType::Audio => Some(FileKind::Audio),
        MatcherType::Video => Some(FileKind::Video),
        MatcherType::Doc | MatcherType::Book => Some(FileKind::Document),
        MatcherType::Archive => Some(FileKind::Archive),
        MatcherType::App => Some(FileKind::Program),
        MatcherType::Font | MatcherType::Text | MatcherType::Custom => None,
    }
}

fn kind_by_name(name: &str) -> Option<FileKind> {
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let is_among = |list: &[&str]| list.contains(&ending.as_str());
    match ending.as_str() {
        "pdf" => Some(FileKind::Pdf),
        _ if is_among(DOCUMENTS) => Some(FileKind::Document),
        _ if is_among(ARCHIVES) => Some(FileKind::Archive),
        _ if is_among(PROGRAMS) => Some(FileKind::Program),
        _ if is_among(AUDIO) => Some(FileKind::Audio),
        _ if is_among(VIDEO) => Some(FileKind::Video),
        _ if is_among(PICTURES) => Some(FileKind::Picture(format_name(&ending))),
        _ => None,
    }
}

fn kind_by_type(media_type: &str) -> Option<FileKind> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let (class, format) = media_type.split_once('/')?;
    match (class, format) {
        (_, "pdf") => Some(FileKind::Pdf),
        ("audio", _) => Some(FileKind::Audio),
        ("video", _) => Some(FileKind::Video),
        // What calls itself one of these and is none.
        ("image", "png" | "jpeg" | "gif" | "webp") => None,
        ("image", _) => Some(FileKind::Picture(format_name(format))),
        (_, "zip" | "gzip" | "x-gzip" | "x-tar" | "x-7z-compressed" | "vnd.rar") => {
            Some(FileKind::Archive)
        }
        _ => None,
    }
}

/// A format of pictures as people write it.
fn format_name(ending: &str) -> String {
    match ending {
        "tif" => "TIFF".to_owned(),
        "heif" => "HEIC".to_owned(),
        _ => {
            let plain = ending.chars().filter(char::is_ascii_alphanumeric).take(8);
            plain.collect::<String>().to_ascii_uppercase()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_the_kind_then_the_name_then_the_type() {
        let picture = |format: &str| FileKind::Picture(format.to_owned());
        for (head, name, media_type, kind) in [
            (b"%PDF-1.7\n".as_slice(), "a.txt", None, FileKind::Pdf),
            (
                b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
                "IMG_1.jpg",
                Some("image/jpeg"),
                picture("HEIC"),
            ),
            (
                b"II*\0\x08\0\0\0\x0e\0\xfe\0",
                "scan",
                None,
                picture("TIFF"),
            ),
            (
                b"PK\x03\x04\x14\0\x06\0\x08\0",
                "a.zip",
                None,
                FileKind::Archive,
            ),
            (
                b"PK\x03\x04\x14\0\x06\0\x08\0",
                "a.docx",
                None,
                FileKind::Document,
            ),
            (
                b"\x1f\x8b\x08\0",
                "song.mp3.gz",
                Some("audio/mpeg"),
                FileKind::Archive,
            ),
            (b"OggS\0\x02", "a.ogg", Some("audio/ogg"), FileKind::Audio),
            (b"MZ\x90\0\x03\0\0\0", "a", None, FileKind::Program),
            (b"\0\x01\x02", "a.avif", None, picture("AVIF")),
            (b"\0\x01\x02", "a", Some("image/heic"), picture("HEIC")),
            (b"\0\x01\x02", "a.mp4", Some("image/png"), FileKind::Video),
            (
                b"\0\x01\x02",
                "a",
                Some("video/quicktime; x=y"),
                FileKind::Video,
            ),
            (
                b"\0\x01\x02",
                "fake.png",
                Some("image/png"),
                FileKind::Unknown,
            ),
            (b"\0\x01\x02", "a", None, FileKind::Unknown),
        ] {
            let label = FileLabel { name, media_type };
            assert_eq!(kind_of(head, label), kind, "{name} {media_type:?}");
        }
    }

    #[test]
    fn mpeg_4_is_a_sound_where_it_is_called_one() {
        for (brand, name, media_type, kind) in [
            ("mp42", "Recording 1.M4A", None, FileKind::Audio),
            ("mp42", "a.m4a", Some("video/mp4"), FileKind::Audio),
            ("3gp4", "memo", Some("audio/mp4"), FileKind::Audio),
            ("isom", "a.mp4", Some("audio/mp4"), FileKind::Audio),
            ("mp42", "a.mp4", Some("video/mp4"), FileKind::Video),
            ("mp42", "a", None, FileKind::Video),
        ] {
            let head = format!("\0\0\0\x18ftyp{brand}\0\0\0\0isommp42");
            let label = FileLabel { name, media_type };
            assert_eq!(kind_of(head.as_bytes(), label), kind, "{brand} {name}");
        }
    }
}
