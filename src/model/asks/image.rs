//! A picture that is asked for, what is known while it is made, and what
//! came of it.

use serde_json::Value;

use super::ask::{Caller, Words};
use super::chat::FellBack;
use super::record::Choices;
use super::turn::Picture;
use crate::model::access::key::Credential;
use crate::model::calls::check::{FailureClass, ForeignFile};
use crate::model::calls::usage::Usage;
use crate::model::ids::ProviderId;
use crate::model::payment::money::NanoDollars;
use crate::model::payment::offer::Source;
use crate::model::refusal::PictureRefusal;

/// The most pictures that one ask is answered with.
pub const PICTURES_MAX: u8 = 4;

/// The most unfinished pictures that are shown on the way to one.
pub const PREVIEWS_MAX: u8 = 3;

/// The largest picture that is changed, in megabytes.
pub const PICTURE_MB_MAX: usize = 8;

/// One request to a model or a workflow that paints.
#[derive(Debug)]
pub struct PictureAsk {
    pub caller: Caller,
    /// `model` is a model's name or a workflow's.
    pub choices: Choices,
    pub spec: ImageSpec,
    /// Whether only adults, or nobody else, can see what is made.
    pub age_restricted: bool,
    /// A key that came with the request. It is never stored, and no other
    /// key pays when it fails.
    pub request_key: Option<Credential>,
}

/// What a picture should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSpec {
    pub prompt: Words,
    /// What should not be in it. Empty: nothing.
    pub negative: Words,
    pub size: Option<Size>,
    /// How many pictures; 0 stands for one.
    pub count: u8,
    /// Files of the host's that change how a workflow paints, as they are typed.
    pub lora: Option<String>,
    /// What a workflow begins its noise with: the same seed, the same
    /// picture.
    pub seed: Option<u64>,
    /// Whether a picture is changed.
    pub is_edit: bool,
    /// That picture, once it was read.
    pub picture: Option<Picture>,
    /// Further ones that it is made from.
    pub others: Vec<Picture>,
    /// Where it is clear, the picture is changed, and nowhere else.
    pub mask: Option<Picture>,
    pub wishes: Vec<OutputWish>,
    /// How many unfinished pictures are shown on the way, where the provider
    /// shows any.
    pub previews: u8,
}

/// Something else that is wished of a picture, in OpenAI's words, such as its
/// quality. Who does not know it is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputWish {
    pub name: &'static str,
    pub value: Value,
}

/// Width and height, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// Where a picture is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting; with so many before it, where the host tells.
    Queued(Option<u64>),
    /// A machine starts for it.
    Starting,
    /// Being made.
    Running,
}

/// How much of a picture is made, as its host counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    pub done: u32,
    pub all: u32,
}

/// Why a picture that was asked for did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingPicture {
    /// The provider's moderation refused it.
    Refused,
    /// Another file came in its place.
    NotAPicture(ForeignFile),
    /// It is larger than what is read, or than Discord takes and there is no
    /// smaller copy of it.
    TooLarge,
    /// It is kept at an address from which nothing is taken: that of this
    /// host, or one that names none.
    Untrusted(Option<String>),
    /// Its host no longer has it.
    Gone,
    /// Its host has it, and did not give it out: from the address that is named,
    /// where the host named one.
    NotFetched(Option<String>),
    /// It was not made: the call for it failed.
    NotMade(FailureClass),
    /// The model answered in words.
    InWords(Words),
}

/// What pictures may cost, as far as that is known before they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceEstimate {
    pub cost: NanoDollars,
    pub pictures: u8,
    /// Whether that is the most that they can cost, where what they use is seen
    /// afterwards.
    pub is_most: bool,
}

/// What came of an ask for pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureAnswer {
    pub provider: ProviderId,
    /// The model's name, or the workflow's.
    pub model: String,
    pub source: Source,
    pub pictures: Vec<Picture>,
    /// Those that were asked for and did not come, each with its reason.
    pub missing: Vec<MissingPicture>,
    /// None where the host takes no seed.
    pub seed: Option<u64>,
    /// Tokens, as far as the host reports them.
    pub usage: Option<Usage>,
    /// None when nobody knows the price.
    pub cost: Option<NanoDollars>,
    /// What was known of the price before they were made.
    pub estimate: Option<PriceEstimate>,
    /// Payers that came before this one and could not pay.
    pub fell_back_from: Vec<FellBack>,
}

impl ImageSpec {
    /// How many pictures.
    pub fn pictures(&self) -> u8 {
        self.count.clamp(1, PICTURES_MAX)
    }

    /// How many unfinished pictures are shown: of one picture alone, since hosts
    /// don't say which one they belong to.
    pub fn shown_previews(&self) -> u8 {
        match self.pictures() {
            1 => self.previews.min(PREVIEWS_MAX),
            _ => 0,
        }
    }

    /// All pictures that a model is shown, the mask last.
    pub fn shown_pictures(&self) -> impl Iterator<Item = &Picture> {
        let first = self.picture.iter();
        first.chain(&self.others).chain(&self.mask)
    }

    /// A wish of this name, where it is a word.
    pub fn wish(&self, name: &str) -> Option<&str> {
        let wish = self.wishes.iter().find(|wish| wish.name == name);
        wish?.value.as_str()
    }
}

impl Size {
    const SIDE_MIN: u32 = 256;
    const SIDE_MAX: u32 = 2_048;

    /// Reads a size such as 1024x768. Sides are between 256 and 2,048, and
    /// multiples of 8, which is what image models work in.
    pub fn parse(typed: &str) -> Option<Self> {
        let (width, height) = typed.trim().split_once(['x', 'X', '×'])?;
        let side = |text: &str| {
            let side = text.trim().parse().ok()?;
            let fits = (Self::SIDE_MIN..=Self::SIDE_MAX).contains(&side) && side % 8 == 0;
            fits.then_some(side)
        };
        Some(Self {
            width: side(width)?,
            height: side(height)?,
        })
    }
}

/// Reads a seed as people and programs write it: a whole number of 64 bits.
/// −1, `random` and nothing at all stand for any.
pub fn parse_seed(typed: &str) -> Result<Option<u64>, PictureRefusal> {
    match typed.trim() {
        "" | "-1" | "−1" => Ok(None),
        word if word.eq_ignore_ascii_case("random") => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| PictureRefusal::BadSeed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_people_type_them() {
        for (typed, expected) in [
            ("7", Ok(Some(7))),
            (" 156680208700286 ", Ok(Some(156_680_208_700_286))),
            ("18446744073709551615", Ok(Some(u64::MAX))),
            ("-1", Ok(None)),
            ("Random", Ok(None)),
            ("", Ok(None)),
            ("18446744073709551616", Err(PictureRefusal::BadSeed)),
            ("-2", Err(PictureRefusal::BadSeed)),
            ("1.5", Err(PictureRefusal::BadSeed)),
            ("seven", Err(PictureRefusal::BadSeed)),
        ] {
            assert_eq!(parse_seed(typed), expected, "{typed}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_type_them() {
        for (typed, expected) in [
            ("1024x768", Some((1_024, 768))),
            (" 512 × 512 ", Some((512, 512))),
            ("2048X256", Some((2_048, 256))),
            ("100x100", None),
            ("4096x4096", None),
            ("1023x768", None),
            ("1024", None),
            ("bigxbig", None),
        ] {
            let size = Size::parse(typed).map(|size| (size.width, size.height));
            assert_eq!(size, expected, "{typed}");
        }
    }
}
