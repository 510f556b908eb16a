//! The model that a form with files names, as transcripts and pictures that are
//! changed are asked for.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::{Multipart, parse_boundary};

/// The longest name of a model, in bytes.
const MODEL_BYTES_MAX: usize = 256;
/// The most fields of a form that are looked at.
const FIELDS_MAX: usize = 50;

/// Finds the model in a form. None where the body is no form, or names none.
pub async fn find_model_in_form(content_type: Option<&str>, body: &Bytes) -> Option<String> {
    let boundary = parse_boundary(content_type?).ok()?;
    let body = body.clone();
    let body = stream::once(async { Ok::<_, Infallible>(body) });
    let mut form = Multipart::new(body, boundary);
    for _ in 0..FIELDS_MAX {
        let field = form.next_field().await.ok()??;
        if field.name() == Some("model") {
            let model = field.bytes().await.ok()?;
            let model = str::from_utf8(&model).ok()?;
            return (model.len() <= MODEL_BYTES_MAX).then(|| model.to_owned());
        }
    }
    None
}
