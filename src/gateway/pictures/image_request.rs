//! A request for pictures in OpenAI's dialect.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::{
    AskRefusal, ImageSpec, OutputWish, PICTURES_MAX, PictureRefusal, Refusal, Size, Words,
    parse_seed,
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
/// Fields that are told to whoever understands them.
const WISHES: [&str; 6] = [
    "background",
    "input_fidelity",
    "moderation",
    "output_compression",
    "output_format",
    "quality",
];
/// The longest word of a wish.
const WISH_BYTES_MAX: usize = 40;
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
    lora: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl ImageRequest {
    /// The model that is to make the pictures; none where any may.
    pub fn model(&self) -> Option<String> {
        self.model.clone()
    }

    /// Whether the pictures are to come as events.
    pub fn wants_stream(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    /// What is to be made. A field that no host here could be told is
    /// refused by name.
    pub fn into_image_spec(self) -> Result<ImageSpec, Refusal> {
        let wishes = read_wishes(&self.others)?;
        let count = u8::try_from(self.n.unwrap_or(1)).ok();
        let count = count.filter(|count| (1..=PICTURES_MAX).contains(count));
        let count = count.ok_or_else(|| AskRefusal::MalformedField {
            what: format!(
                "`n` is how many pictures, from 1 to {PICTURES_MAX}; a model of OpenAI's that is named with its \
                 provider, such as `openai/gpt-image-2`, makes more"
            ),
        })?;
        let size = self.size.filter(|size| size != "auto");
        let size = size.map(|size| Size::parse(&size).ok_or(PictureRefusal::BadSize));
        Ok(ImageSpec {
            prompt: Words(self.prompt),
            negative: Words(self.negative_prompt.unwrap_or_default()),
            size: size.transpose()?,
            count,
            lora: self.lora.filter(|lora| !lora.is_empty()),
            seed: read_seed(self.seed.as_ref())?,
            wishes,
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

/// Reads what else is wished. What is the usual anyway, anybody understands.
fn read_wishes(fields: &Map<String, Value>) -> Result<Vec<OutputWish>, AskRefusal> {
    let mut wishes = Vec::new();
    for (name, value) in fields {
        refuse_previews(name, value)?;
        let fixed = FIXED_FIELDS.iter().find(|(known, _)| known == name);
        let is_usual = fixed.is_some_and(|(_, values)| values.contains(&&*value.to_string()));
        if value.is_null() || is_usual || name == IGNORED_FIELD {
            continue;
        }
        let known = WISHES.iter().find(|known| *known == name);
        let Some(name) = known.filter(|_| is_plain(value)) else {
            let what = format!("`{name}`");
            return Err(AskRefusal::Untranslatable { what });
        };
        wishes.push(OutputWish {
            name,
            value: value.clone(),
        });
    }
    Ok(wishes)
}

/// Whether a value is a word or a number, as those of wishes are.
fn is_plain(value: &Value) -> bool {
    let is_word = |word: &str| word.len() <= WISH_BYTES_MAX;
    value.as_str().is_some_and(is_word) || value.is_u64()
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
