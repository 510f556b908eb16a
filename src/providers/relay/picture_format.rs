//! The form in which a program wants its pictures: `response_format`, of which
//! OpenAI's document says that its image models of today always answer in
//! base64 and do not take it (`docs/providers.md` §14.1).

use crate::model::Surface;
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::dialect::{Ignored, RawObject, Untranslatable};

const FORMAT: &str = "response_format";
/// The form in which they answer.
const BASE64: &str = "b64_json";

/// Leaves the form out where it is the only one that there is; whether it was
/// there. Another is refused by its name.
pub fn leave_format_out(
    (provider, surface): (&Provider, Surface),
    fields: &mut RawObject,
    left_out: &mut Ignored,
) -> Result<bool, Untranslatable> {
    let is_openais = provider.images.wire == Some(ImageWire::OpenAi);
    if surface != Surface::Images || !is_openais {
        return Ok(false);
    }
    if fields.raw(FORMAT).is_some() {
        if !fields.is(FORMAT, BASE64) {
            return Err(Untranslatable::new("`response_format` but for `b64_json`"));
        }
        left_out.add(FORMAT);
    }
    Ok(fields.remove(FORMAT))
}
