//! What a program wishes for, in OpenAI's words.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::{AskRefusal, ImageSpec, PICTURES_MAX, PictureRefusal, Refusal, Size, Words};

/// Fields whose usual values mean that they are not there; `user` changes no
/// picture.
const USUAL: &[(&str, &[&str])] = &[
    ("background", &["\"auto\""]),
    ("moderation", &["\"auto\""]),
    ("partial_images", &["0"]),
    ("quality", &["\"auto\""]),
    ("response_format", &["\"b64_json\""]),
];
const NO_HINT: &str = "user";

/// What is wished for. `seed` and `negative_prompt` are ours: hosts of
/// workflows know them, and OpenAI does not.
#[derive(Deserialize)]
pub struct Wanted {
    model: Option<String>,
    prompt: String,
    n: Option<u8>,
    size: Option<String>,
    pub stream: Option<bool>,
    seed: Option<u32>,
    negative_prompt: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Wanted {
    /// The model, and the wish; what no host here could be told is refused.
    pub fn wish(self) -> Result<(Option<String>, ImageSpec), Refusal> {
        let no_words = |what: String| Refusal::Ask(AskRefusal::Untranslatable { what });
        for (name, value) in &self.others {
            let usual = USUAL.iter().find(|(known, _)| known == name);
            let is_usual = usual.is_some_and(|(_, usual)| usual.contains(&&*value.to_string()));
            if !value.is_null() && !is_usual && name != NO_HINT {
                return Err(no_words(format!("`{name}`")));
            }
        }
        let count = self.n.unwrap_or(1);
        if !(1..=PICTURES_MAX).contains(&count) {
            return Err(no_words(format!("`n` other than 1 to {PICTURES_MAX}")));
        }
        let size = self.size.filter(|size| size != "auto");
        let size =
            size.map(|size| Size::parse(&size).ok_or(Refusal::Picture(PictureRefusal::BadSize)));
        let wish = ImageSpec {
            prompt: Words(self.prompt),
            negative: Words(self.negative_prompt.unwrap_or_default()),
            size: size.transpose()?,
            count,
            seed: self.seed,
            ..ImageSpec::default()
        };
        Ok((self.model, wish))
    }
}
