//! Sound: who writes it down, in which form it is sent, and how long it lasts, as
//! its bytes tell for sure; `docs/providers.md` §14.13. A length that stands in a file is a claim:
//! where the bytes hold more, that counts, and where nobody can tell, there is
//! no length.
//!
//! - `transcripts`: who writes sound down, and what that is paid for by.
//! - `speech`: words that are read aloud.
//! - `google_speech`, `google_transcripts`: both by Google, in its own words.
//! - `form`: a form with a sound; `parts`: where its parts stand.
//! - `ogg`: Opus in Ogg, as Discord records it.
//! - `mp3`, `wav`: what else is counted frame by frame, or by its bytes.

pub mod form;
mod google_speech;
pub mod google_transcripts;
mod mp3;
mod ogg;
mod parts;
pub mod speech;
pub mod transcripts;
mod wav;

/// The longest sound that anybody is asked to write down with a key that others
/// pay for, in seconds: a day.
pub const SECONDS_MAX: u64 = 86_400;

/// What kind of file a sound is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundKind {
    Ogg,
    Mp3,
    Wav,
    Flac,
    M4a,
}

/// How long a sound lasts at the most, whoever decodes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundLength {
    pub kind: SoundKind,
    pub milliseconds: u64,
}

impl SoundKind {
    /// The kind of a file that begins so, if all who write sound down take it.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
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
                b'A',
                b'V',
                b'E',
                ..,
            ] => Some(Self::Wav),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // A frame of MPEG audio; where its layer is 0, it is AAC.
            [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Some(Self::Mp3),
            _ => matches!(mpeg_4_brand(head)?, b"M4A " | b"M4B ").then_some(Self::M4a),
        }
    }

    /// The kind of a file that begins so, and is a sound by its name or its type:
    /// recorders call their MPEG-4 as films are called.
    pub fn of_named_sound(head: &[u8]) -> Option<Self> {
        Self::of(head).or_else(|| {
            let brand = mpeg_4_brand(head)?;
            let is_any = matches!(brand, b"mp41" | b"mp42" | b"isom" | b"iso2");
            (is_any || brand.starts_with(b"3gp")).then_some(Self::M4a)
        })
    }

    /// A name for the file. Some providers decide by its ending, and one refuses
    /// Opus that is called so.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Ogg => "sound.ogg",
            Self::Mp3 => "sound.mp3",
            Self::Wav => "sound.wav",
            Self::Flac => "sound.flac",
            Self::M4a => "sound.m4a",
        }
    }

    /// The media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ogg => "audio/ogg",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
            Self::Flac => "audio/flac",
            Self::M4a => "audio/mp4",
        }
    }
}

impl SoundLength {
    /// The same in whole seconds, as they are paid for.
    pub fn seconds(self) -> u64 {
        self.milliseconds.div_ceil(1_000)
    }
}

/// Measures a sound; none where its bytes do not tell its length for sure.
pub fn measure_sound(bytes: &[u8]) -> Option<SoundLength> {
    let kind = SoundKind::of(bytes)?;
    let milliseconds = match kind {
        SoundKind::Ogg => ogg::milliseconds(bytes)?,
        SoundKind::Wav => wav::milliseconds(bytes)?,
        SoundKind::Mp3 => mp3::milliseconds(bytes)?,
        SoundKind::Flac | SoundKind::M4a => return None,
    };
    Some(SoundLength { kind, milliseconds })
}

/// The brand that a file of the family of MPEG-4 begins with (ISO/IEC 14496-12, 4.3).
fn mpeg_4_brand(head: &[u8]) -> Option<&[u8; 4]> {
    let (name, behind) = head.get(4..)?.split_first_chunk::<4>()?;
    behind.first_chunk().filter(|_| name == b"ftyp")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each file's brand, and whether it is a sound whatever it is called.
    #[test]
    fn mpeg_4_of_recorders_is_a_sound_where_it_is_called_one() {
        for (brand, is_sound, is_named_sound) in [
            ("M4A ", true, true),
            ("M4B ", true, true),
            ("mp41", false, true),
            ("mp42", false, true),
            ("isom", false, true),
            ("iso2", false, true),
            ("3gp4", false, true),
            ("3gp6", false, true),
            ("M4V ", false, false),
            ("qt  ", false, false),
            ("heic", false, false),
        ] {
            let head = format!("\0\0\0\x18ftyp{brand}\0\0\0\0isom");
            let kind = |is: bool| is.then_some(SoundKind::M4a);
            let head = head.as_bytes();
            assert_eq!(SoundKind::of(head), kind(is_sound), "{brand}");
            assert_eq!(
                SoundKind::of_named_sound(head),
                kind(is_named_sound),
                "{brand}"
            );
            assert_eq!(measure_sound(head), None, "{brand}");
            assert_eq!(SoundKind::of_named_sound(&head[..11]), None);
        }
    }
}
