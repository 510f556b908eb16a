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
    (PREVIEWS_FIELD, &["0"]),
    ("quality", &["\"auto\"", "\"standard\""]),
    ("response_format", &["\"b64_json\""]),
    ("style", &["\"vivid\""]),
];
/// The number of previews while a picture is made, and the most that OpenAI
/// makes.
const PREVIEWS_FIELD: &str = "partial_images";
const PREVIEWS_MAX: u64 = 3;
/// A field that is ignored: it changes no picture.
const IGNORED_FIELD: &str = "user";

/// The request's body. OpenAI has no `seed` and no `negative_prompt`; hosts
/// of workflows understand both.
#[derive(Deserialize)]
pub struct ImageRequest {
    model: Option<String>,
    prompt: String,
    n: Option<u64>,
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
        let count = u8::try_from(self.n.unwrap_or(1)).ok();
        let count = count.filter(|count| (1..=PICTURES_MAX).contains(count));
        let count = count.ok_or_else(|| AskRefusal::Untranslatable {
            what: format!("`n` other than 1 to {PICTURES_MAX}"),
        })?;
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
        refuse_previews(name, value)?;
        let fixed = FIXED_FIELDS.iter().find(|(known, _)| known == name);
        let is_fixed = fixed.is_some_and(|(_, values)| values.contains(&&*value.to_string()));
        if !value.is_null() && !is_fixed && name != IGNORED_FIELD {
            let what = format!("`{name}`");
            return Err(AskRefusal::Untranslatable { what });
        }
    }
    Ok(())
}

/// Refuses a number of previews that OpenAI does not know either.
fn refuse_previews(name: &str, value: &Value) -> Result<(), AskRefusal> {
    let is_count = |value: &Value| value.as_u64().is_some_and(|count| count <= PREVIEWS_MAX);
    if name == PREVIEWS_FIELD && !value.is_null() && !is_count(value) {
        let what = format!("`{name}` must be a number from 0 to {PREVIEWS_MAX}");
        return Err(AskRefusal::MalformedField { what });
    }
    Ok(())
}
