//! Words about files that were not read: which one, why, and what to do.

use std::fmt::Display;

use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::formats::count_of;
use crate::bot::words::speech::lang::{Lang, Plural};
use crate::bot::words::speech::voice::Voice;
use crate::model::{FileKind, LeftOut, UnreadFile, WhyUnread};

/// How many files are named one by one.
const NAMED_MAX: usize = 10;
/// How many files the small print names; more are counted.
const NAMED_IN_FOOTER_MAX: usize = 2;
/// How many reasons it names then.
const REASONS_IN_FOOTER_MAX: usize = 3;
/// The longest name of a file that is shown, in characters.
const NAME_CHARACTERS: usize = 60;
/// The longest name in small print.
const NAME_CHARACTERS_IN_FOOTER: usize = 30;

/// Nothing was asked, since the files could not be read and there was
/// nothing else.
pub fn unread_files(voice: Voice<'_>, files: &[UnreadFile]) -> Card {
    let lines = files.iter().take(NAMED_MAX).map(|file| {
        let name = shown_name(&file.name, NAME_CHARACTERS);
        voice.lang.say(
            "I can't read `{file}`: {why}.",
            &[("why", &reason(voice, &file.why)), ("file", &name)],
        )
    });
    let mut lines: Vec<String> = lines.collect();
    let more = files.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        let words = Plural(
            "The same goes for {n} more file.",
            "The same goes for {n} more files.",
        );
        lines.push(voice.lang.say_count(count_of(more), words, &[]));
    }
    let mut advice: Vec<&str> = Vec::new();
    for file in files {
        let one = voice.lang.words(advice_for(&file.why));
        if !advice.contains(&one) {
            advice.push(one);
        }
    }
    lines.push(voice.lang.sentences(&advice));
    Card::text(lines.join("\n"))
}

/// The files that a model was not told, in small print.
pub fn left_out_files(voice: Voice<'_>, left_out: &[LeftOut]) -> Vec<String> {
    let files = left_out.iter().filter_map(|what| match what {
        LeftOut::File(file) => Some(file),
        _ => None,
    });
    let files: Vec<&UnreadFile> = files.collect();
    let mut reasons: Vec<String> = Vec::new();
    for file in &files {
        let one = reason(voice, &file.why);
        if !reasons.contains(&one) {
            reasons.push(one);
        }
    }
    let is_one_reason = files.len() > 1 && reasons.len() == 1;
    if is_one_reason || files.len() > NAMED_IN_FOOTER_MAX {
        let are_more = reasons.len() > REASONS_IN_FOOTER_MAX;
        reasons.truncate(REASONS_IN_FOOTER_MAX);
        reasons.extend(are_more.then(|| "…".to_owned()));
        let why = voice.lang.clauses(&reasons);
        let words = Plural(
            "{n} file was not read: {why}",
            "{n} files were not read: {why}",
        );
        let said = voice
            .lang
            .say_count(count_of(files.len()), words, &[("why", &why)]);
        return vec![said];
    }
    let named = files.iter().map(|file| {
        let name = shown_name(&file.name, NAME_CHARACTERS_IN_FOOTER);
        voice.lang.say(
            "`{file}` was not read: {why}",
            &[("why", &reason(voice, &file.why)), ("file", &name)],
        )
    });
    named.collect()
}

/// Why a file was not read.
pub fn reason(voice: Voice<'_>, why: &WhyUnread) -> String {
    let lang = voice.lang;
    match why {
        WhyUnread::Kind(FileKind::Picture(format)) => {
            lang.say("I see no {format} pictures", &[("format", format)])
        }
        WhyUnread::Kind(kind) => lang.words(kind_reason(kind)).to_owned(),
        WhyUnread::Empty => lang.words("it is empty").to_owned(),
        WhyUnread::PictureTooLarge { bytes, bytes_max } => lang.say(
            "it has {size}, and pictures may have up to {most}",
            &[
                ("size", &size(lang, *bytes)),
                ("most", &size(lang, *bytes_max)),
            ],
        ),
        WhyUnread::TextTooLarge { bytes, bytes_max } => lang.say(
            "it has {size}, and text files may have up to {most}",
            &[
                ("size", &size(lang, *bytes)),
                ("most", &size(lang, *bytes_max)),
            ],
        ),
        WhyUnread::SoundTooLarge { bytes, bytes_max } => lang.say(
            "it has {size}, and audio may have up to {most}",
            &[
                ("size", &size(lang, *bytes)),
                ("most", &size(lang, *bytes_max)),
            ],
        ),
        WhyUnread::NotHeard | WhyUnread::NotTried => {
            lang.words("it was not written down").to_owned()
        }
        WhyUnread::OfUnknownLength => lang
            .words("its bytes don't tell how long it plays")
            .to_owned(),
        WhyUnread::TooManySounds { most } => {
            let most: &dyn Display = most;
            lang.say("I listen to up to {most} sounds at once", &[("most", most)])
        }
        WhyUnread::TooManyPictures { most } => {
            let most: &dyn Display = most;
            lang.say("I look at up to {most} pictures at once", &[("most", most)])
        }
        WhyUnread::TooManyTexts { most, bytes_max } => lang.say(
            "I read up to {most} text files at once, {bytes} together",
            &[("most", most), ("bytes", &size(lang, *bytes_max))],
        ),
        WhyUnread::Gone => lang.words("Discord doesn't have it any more").to_owned(),
        WhyUnread::NotFetched => lang.words("Discord didn't hand it out").to_owned(),
    }
}

fn kind_reason(kind: &FileKind) -> &'static str {
    match kind {
        FileKind::Picture(_) => "I don't see pictures of its kind",
        FileKind::EmbeddedPicture => "I see no pictures in embeds",
        FileKind::VoiceMessage { .. } => "it was not written down",
        FileKind::Audio => "I can't hear audio of its kind",
        FileKind::Video => "I can't watch videos",
        FileKind::Pdf => "I read no PDFs",
        FileKind::Document => "I read no office documents",
        FileKind::Archive => "I open no archives",
        FileKind::Program => "I read no programs",
        FileKind::Unknown => "it is neither text nor a picture",
    }
}

/// What a person can do about it.
fn advice_for(why: &WhyUnread) -> &'static str {
    match why {
        WhyUnread::Kind(FileKind::Picture(_)) => "Send it as a PNG, JPEG, GIF or WebP picture.",
        WhyUnread::Kind(FileKind::EmbeddedPicture) => "Save it, and send it as a file.",
        WhyUnread::NotTried | WhyUnread::Kind(FileKind::VoiceMessage { .. }) => {
            "Reply to it and mention me, or write what you want to know."
        }
        WhyUnread::Kind(FileKind::Video) => "Write what you want to know.",
        WhyUnread::Kind(FileKind::Audio) => "Send it as MP3, M4A, WAV, FLAC or Ogg.",
        WhyUnread::NotHeard => {
            "Add a key for Groq, OpenAI, Mistral or Google with `/keys add`, which have audio written down, or \
             write what you want to know."
        }
        WhyUnread::OfUnknownLength => {
            "Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or \
             Google with `/keys add`."
        }
        WhyUnread::Kind(FileKind::Pdf | FileKind::Document) => {
            "Copy its text into a message or a text file, or send pages as pictures."
        }
        WhyUnread::Kind(FileKind::Archive) => "Send the files in it one by one.",
        WhyUnread::Kind(FileKind::Program | FileKind::Unknown) => {
            "I read text files, and PNG, JPEG, GIF and WebP pictures."
        }
        WhyUnread::Empty => "Send one with something in it.",
        WhyUnread::PictureTooLarge { .. } => "Send a smaller copy.",
        WhyUnread::TextTooLarge { .. } | WhyUnread::SoundTooLarge { .. } => {
            "Send the part that matters."
        }
        WhyUnread::TooManyPictures { .. }
        | WhyUnread::TooManyTexts { .. }
        | WhyUnread::TooManySounds { .. } => "Send fewer at once.",
        WhyUnread::Gone | WhyUnread::NotFetched => "Send it once more.",
    }
}

/// A size as people read it.
fn size(lang: Lang, bytes: u64) -> String {
    const KB: u64 = 1_024;
    const MB: u64 = KB * KB;
    match bytes {
        0..KB => lang.say_count(bytes, Plural("{n} byte", "{n} bytes"), &[]),
        KB..MB => format!("{} kB", bytes.div_ceil(KB)),
        _ => {
            let tenths = (bytes * 10).div_ceil(MB);
            match (tenths / 10, tenths % 10) {
                (whole, 0) => format!("{whole} MB"),
                (whole, tenth) => lang.decimal(&format!("{whole}.{tenth} MB")),
            }
        }
    }
}

/// The name of a file as it stands between back-ticks in small print.
pub fn name_in_footer(name: &str) -> String {
    shown_name(name, NAME_CHARACTERS_IN_FOOTER)
}

/// A name as it stands between back-ticks.
fn shown_name(name: &str, characters: usize) -> String {
    let plain = name.chars().filter(|c| !c.is_control() && *c != '`');
    let plain: String = plain.collect();
    if plain.chars().count() <= characters {
        return plain;
    }
    let start: String = plain.chars().take(characters - 1).collect();
    start + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_never_shown_smaller_than_they_are() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1,023 bytes"),
            (1_024, "1 kB"),
            (131_072, "128 kB"),
            (131_073, "129 kB"),
            (4_194_304, "4 MB"),
            (4_194_305, "4.1 MB"),
            (6_000_004, "5.8 MB"),
        ] {
            assert_eq!(size(Lang::default(), bytes), shown);
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        assert_eq!(
            shown_name("a`b\n**@everyone**.txt", 60),
            "ab**@everyone**.txt"
        );
        assert_eq!(shown_name("отчёт.txt", 5), "отчё…");
    }
}
