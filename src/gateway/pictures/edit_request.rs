//! A request to change a picture in OpenAI's dialect: a form with a file, as
//! its libraries send it, or JSON with the picture as a `data:` URL.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use serde_json::{Map, Value, json};

use crate::gateway::pictures::image_request::ImageRequest;
use crate::gateway::problem::Problem;
use crate::gateway::rest::parse_json;
use crate::gateway::unique_fields::field_twice;
use crate::model::{AskRefusal, PICTURE_MB_MAX, Picture, PictureKind, PictureRefusal, Refusal};

/// The largest body of such a request: the largest picture as base64, and its
/// words.
pub const EDIT_BYTES_MAX: usize = PICTURE_MB_MAX * 1_024 * 1_024 * 4 / 3 + 256 * 1_024;
/// The most fields of a form.
const FIELDS_MAX: usize = 50;
/// The fields of a form that are no text.
const NUMBERS: [&str; 3] = ["n", "seed", "partial_images"];
const SWITCHES: [&str; 1] = ["stream"];
/// The fields that hold the picture.
const PICTURE_FIELDS: [&str; 2] = ["image", "image[]"];

/// What is to be made, and the picture that it is made from.
pub struct EditRequest {
    pub request: ImageRequest,
    pub picture: Picture,
}

impl EditRequest {
    /// Reads a body by its media type.
    pub async fn read(media_type: &str, body: &Bytes) -> Result<Self, Problem> {
        let (fields, pictures) = match multer::parse_boundary(media_type) {
            Ok(boundary) => read_form(body.clone(), boundary).await?,
            Err(_) => read_json(body)?,
        };
        Ok(Self {
            request: parse_json(Value::Object(fields).to_string().as_bytes())?,
            picture: only_picture(pictures)?,
        })
    }
}

/// The fields of a body, and the bytes of the pictures in it.
type Parts = (Map<String, Value>, Vec<Vec<u8>>);

async fn read_form(body: Bytes, boundary: String) -> Result<Parts, Problem> {
    let body = stream::once(async { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(body, boundary);
    let (mut fields, mut pictures) = (Map::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let name = part.name().ok_or_else(malformed)?.to_owned();
        let bytes = part.bytes().await.map_err(|_| malformed())?;
        if fields.len() + pictures.len() >= FIELDS_MAX {
            return Err(malformed());
        }
        if PICTURE_FIELDS.contains(&name.as_str()) {
            pictures.push(bytes.to_vec());
        } else {
            // What is no text is refused by its name, as a mask is.
            let text = str::from_utf8(&bytes).unwrap_or_default();
            let before = fields.insert(name.clone(), typed_value(&name, text));
            if before.is_some() {
                return Err(field_twice(&name));
            }
        }
    }
    Ok((fields, pictures))
}

/// A field of a form as it stands in JSON.
fn typed_value(name: &str, text: &str) -> Value {
    let is_plain = NUMBERS.contains(&name) || SWITCHES.contains(&name);
    let plain = serde_json::from_str(text).ok().filter(|_| is_plain);
    plain.unwrap_or_else(|| json!(text))
}

fn read_json(body: &[u8]) -> Result<Parts, Problem> {
    let mut fields: Map<String, Value> = parse_json(body)?;
    let images = fields.remove("images").unwrap_or_default();
    let mut pictures = Vec::new();
    for image in images.as_array().into_iter().flatten() {
        // Some libraries write the address alone.
        let url = image["image_url"].as_str().or(image.as_str());
        let url = url.unwrap_or_default();
        let data = url.split_once("base64,");
        let data = data.filter(|(head, _)| head.starts_with("data:"));
        // An address is nothing that is fetched here.
        let (_, data) = data.ok_or_else(|| untranslatable("`images` but for `data:` URLs"))?;
        let bytes = STANDARD.decode(data);
        pictures.push(bytes.map_err(|_| Refusal::from(PictureRefusal::BadPicture))?);
    }
    Ok((fields, pictures))
}

fn only_picture(pictures: Vec<Vec<u8>>) -> Result<Picture, Problem> {
    let mut pictures = pictures.into_iter();
    let bytes = pictures.next().ok_or_else(missing)?;
    if pictures.next().is_some() {
        return Err(untranslatable("more than one picture").into());
    }
    let kind = PictureKind::of(&bytes).filter(|_| bytes.len() <= PICTURE_MB_MAX * 1_024 * 1_024);
    let kind = kind.ok_or(Refusal::from(PictureRefusal::BadPicture))?;
    Ok(Picture {
        kind,
        bytes: bytes.into(),
    })
}

fn untranslatable(what: &str) -> Refusal {
    let what = what.to_owned();
    AskRefusal::Untranslatable { what }.into()
}

fn missing() -> Problem {
    let message = "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL.";
    Problem::new(400, "picture_missing", message)
}

fn malformed() -> Problem {
    let message = "The form can't be read. Send `multipart/form-data` with `image`, `prompt` and `model`, or JSON with `images`.";
    Problem::new(400, "malformed_body", message)
}
