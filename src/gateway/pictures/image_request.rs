//! A request for pictures in OpenAI's dialect.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::{
    AskRefusal, ImageSpec, PICTURES_MAX, PictureRefusal, Refusal, Size, Words, parse_seed,
};

/// Fields that are accepted with these values only, which ask for what
/// happens anyway. Older clients send some of them by habit.
const FIXED_FIELDS: &[(&str, &[&str])] = &[
    ("background", &["\"auto\"", "\"opaque\""]),
    ("moderation", &["\"auto\""]),
    ("output_format", &["\"png\""]),
    ("partial_images", &["0"]),
    ("quality", &["\"auto\"", "\"standard\""]),
    ("response_format", &["\"b64_json\""]),
    ("style", &["\"vivid\""]),
];
/// A field that is ignored: it changes no picture.
const IGNORED_FIELD: &str = "user";

/// The request's body. OpenAI has no `seed` and no `negative_prompt`; hosts
/// of workflows understand both.
#[derive(Deserialize)]
pub struct ImageRequest {
    model: Option<String>,
    prompt: String,
    n: Option<u8>,
    size: Option<String>,
    stream: Option<bool>,
    /// A number or text.
    seed: Option<Value>,
    negative_prompt: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl ImageRequest {
    /// The model that is to make the pictures; none where any may.
    pub fn model(&self) -> Option<String> {
        self.model.clone()
    }

    pub fn wants_stream(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    /// What is to be made. A field that no host here could be told is
    /// refused by name.
    pub fn into_image_spec(self) -> Result<ImageSpec, Refusal> {
        refuse_unknown_fields(&self.others)?;
        let count = self.n.unwrap_or(1);
        if !(1..=PICTURES_MAX).contains(&count) {
            let what = format!("`n` other than 1 to {PICTURES_MAX}");
            return Err(AskRefusal::Untranslatable { what }.into());
        }
        let size = self.size.filter(|size| size != "auto");
        let size = size.map(|size| Size::parse(&size).ok_or(PictureRefusal::BadSize));
        Ok(ImageSpec {
            prompt: Words(self.prompt),
            negative: Words(self.negative_prompt.unwrap_or_default()),
            size: size.transpose()?,
            count,
            seed: read_seed(self.seed.as_ref())?,
            ..ImageSpec::default()
        })
    }
}

/// Reads a seed as programs write it: a number, or text.
fn read_seed(seed: Option<&Value>) -> Result<Option<u64>, PictureRefusal> {
    match seed {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => parse_seed(&number.to_string()),
        Some(Value::String(text)) => parse_seed(text),
        Some(_) => Err(PictureRefusal::BadSeed),
    }
}

fn refuse_unknown_fields(fields: &Map<String, Value>) -> Result<(), AskRefusal> {
    for (name, value) in fields {
        let fixed = FIXED_FIELDS.iter().find(|(known, _)| known == name);
        let is_fixed = fixed.is_some_and(|(_, values)| values.contains(&&*value.to_string()));
        if !value.is_null() && !is_fixed && name != IGNORED_FIELD {
            let what = format!("`{name}`");
            return Err(AskRefusal::Untranslatable { what });
        }
    }
    Ok(())
}
