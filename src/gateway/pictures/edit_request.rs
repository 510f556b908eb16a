//! A request to change a picture in OpenAI's dialect: a form with a file, as
//! its libraries send it, or JSON with the picture as a `data:` URL.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use serde_json::{Map, Value, json};

use crate::gateway::calls::unique_fields::field_twice;
use crate::gateway::pictures::image_request::ImageRequest;
use crate::gateway::replies::problem::Problem;
use crate::gateway::rest::parse_json;
use crate::model::{AskRefusal, PICTURE_MB_MAX, Picture, PictureKind, PictureRefusal, Refusal};

/// The largest body of such a request: the largest picture as base64, and its
/// words.
pub const EDIT_BYTES_MAX: usize = PICTURE_MB_MAX * 1_024 * 1_024 * 4 / 3 + 256 * 1_024;
/// The most fields of a form.
const FIELDS_MAX: usize = 50;
/// The fields of a form that are no text.
const NUMBERS: [&str; 4] = ["n", "seed", "partial_images", "output_compression"];
const SWITCHES: [&str; 1] = ["stream"];
/// The fields that hold pictures.
const PICTURE_FIELDS: [&str; 3] = ["image", "image[]", "images"];
const MASK_FIELDS: [&str; 2] = ["mask", "mask[]"];
/// The most pictures that one is made from.
const PICTURES_MAX: usize = 16;

/// What is to be made, and what it is made from.
pub struct EditRequest {
    pub request: ImageRequest,
    pub sources: EditSources,
}

/// The pictures that another is made from.
pub struct EditSources {
    pub picture: Picture,
    pub others: Vec<Picture>,
    pub mask: Option<Picture>,
}

impl EditRequest {
    /// Reads a body by its media type.
    pub async fn read(media_type: &str, body: &Bytes) -> Result<Self, Problem> {
        let (fields, files) = match multer::parse_boundary(media_type) {
            Ok(boundary) => read_form(body.clone(), boundary).await?,
            Err(_) => read_json(body)?,
        };
        Ok(Self {
            request: parse_json(Value::Object(fields).to_string().as_bytes())?,
            sources: files.into_sources()?,
        })
    }
}

/// The fields of a body, and the files in it.
type Parts = (Map<String, Value>, Files);

/// The bytes of the pictures in a body.
#[derive(Default)]
struct Files {
    pictures: Vec<Vec<u8>>,
    masks: Vec<Vec<u8>>,
}

impl Files {
    fn count(&self) -> usize {
        self.pictures.len() + self.masks.len()
    }

    /// Keeps a file by the name of its field, unless it is empty.
    fn keep(&mut self, name: &str, bytes: Vec<u8>) {
        match name {
            _ if bytes.is_empty() => {}
            name if MASK_FIELDS.contains(&name) => self.masks.push(bytes),
            _ => self.pictures.push(bytes),
        }
    }

    fn into_sources(self) -> Result<EditSources, Problem> {
        if self.pictures.len() > PICTURES_MAX {
            return Err(too_many_pictures());
        }
        let mut pictures = self.pictures.into_iter();
        let first = pictures.next().ok_or_else(missing)?;
        let masks: Result<Vec<Picture>, Problem> = self.masks.into_iter().map(read_mask).collect();
        let mut masks = masks?.into_iter();
        let mask = masks.next();
        if masks.next().is_some() {
            return Err(untranslatable("more than one `mask`").into());
        }
        Ok(EditSources {
            picture: read_picture(first)?,
            others: pictures.map(read_picture).collect::<Result<_, _>>()?,
            mask,
        })
    }
}

async fn read_form(body: Bytes, boundary: String) -> Result<Parts, Problem> {
    let body = stream::once(async { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(body, boundary);
    let (mut fields, mut files) = (Map::new(), Files::default());
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let name = part.name().ok_or_else(malformed)?.to_owned();
        let bytes = part.bytes().await.map_err(|_| malformed())?;
        if fields.len() + files.count() >= FIELDS_MAX {
            return Err(malformed());
        }
        if holds_picture(&name) {
            // Some programs write a `data:` URL into the field of the file.
            let text = str::from_utf8(&bytes).ok();
            let url = text.filter(|text| text.starts_with("data:"));
            let bytes = url.map_or_else(|| Ok(bytes.to_vec()), |url| decode(&name, url));
            files.keep(&name, bytes?);
        } else {
            let text = str::from_utf8(&bytes).unwrap_or_default();
            let before = fields.insert(name.clone(), typed_value(&name, text));
            if before.is_some() {
                return Err(field_twice(&name));
            }
        }
    }
    Ok((fields, files))
}

fn holds_picture(field: &str) -> bool {
    PICTURE_FIELDS.contains(&field) || MASK_FIELDS.contains(&field)
}

/// A field of a form as it stands in JSON.
fn typed_value(name: &str, text: &str) -> Value {
    let is_plain = NUMBERS.contains(&name) || SWITCHES.contains(&name);
    let plain = serde_json::from_str(text).ok().filter(|_| is_plain);
    plain.unwrap_or_else(|| json!(text))
}

fn read_json(body: &[u8]) -> Result<Parts, Problem> {
    let mut fields: Map<String, Value> = parse_json(body)?;
    let mut files = Files::default();
    for name in PICTURE_FIELDS.into_iter().chain(MASK_FIELDS) {
        let held = match fields.remove(name).unwrap_or_default() {
            Value::Null => continue,
            Value::Array(all) => all,
            one => vec![one],
        };
        for picture in held {
            // Some libraries write the address alone.
            let url = &picture["image_url"];
            let url = url.as_str().or(url["url"].as_str());
            let url = url.or(picture.as_str()).unwrap_or_default();
            files.keep(name, decode(name, url)?);
        }
    }
    Ok((fields, files))
}

/// The bytes in a `data:` URL. Another address is nothing that is fetched here.
fn decode(name: &str, url: &str) -> Result<Vec<u8>, Problem> {
    if url.is_empty() {
        return Ok(Vec::new());
    }
    let data = url.split_once("base64,");
    let data = data.filter(|(head, _)| head.starts_with("data:"));
    let (_, data) =
        data.ok_or_else(|| untranslatable(&format!("`{name}` but for `data:` URLs")))?;
    let bytes = STANDARD.decode(data);
    Ok(bytes.map_err(|_| Refusal::from(PictureRefusal::BadPicture))?)
}

fn read_picture(bytes: Vec<u8>) -> Result<Picture, Problem> {
    let kind = PictureKind::of(&bytes).filter(|_| bytes.len() <= PICTURE_MB_MAX * 1_024 * 1_024);
    let kind = kind.ok_or(Refusal::from(PictureRefusal::BadPicture))?;
    Ok(Picture {
        kind,
        bytes: bytes.into(),
    })
}

/// Reads a mask, of which OpenAI takes PNGs alone.
fn read_mask(bytes: Vec<u8>) -> Result<Picture, Problem> {
    let mask = read_picture(bytes)?;
    match mask.kind {
        PictureKind::Png => Ok(mask),
        _ => Err(mask_is_no_png()),
    }
}

fn untranslatable(what: &str) -> Refusal {
    let what = what.to_owned();
    AskRefusal::Untranslatable { what }.into()
}

fn missing() -> Problem {
    let message = "There is no picture to change. Put it in `image` of a form, or in `images` of JSON as a `data:` URL.";
    Problem::new(400, "picture_missing", message)
}

fn too_many_pictures() -> Problem {
    let message = format!(
        "A picture is made from at most {PICTURES_MAX} others. Send fewer in `image` or `images`."
    );
    Problem::new(400, "too_many_pictures", message)
}

fn mask_is_no_png() -> Problem {
    let message =
        "`mask` must be a PNG that is clear where the picture is to be changed. Send it as a PNG.";
    Problem::new(400, "malformed_picture", message)
}

fn malformed() -> Problem {
    let message = "The form can't be read. Send `multipart/form-data` with `image`, `prompt` and `model`, or JSON with `images`.";
    Problem::new(400, "malformed_body", message)
}
