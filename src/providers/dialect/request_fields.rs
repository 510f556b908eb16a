//! Which fields of a request decide what it may cost, for each dialect to
//! name its own.

use serde_json::Value;

use super::bodies::raw_object::RawObject;

/// A place in a request: a field, or a field within a field.
pub type FieldPath = &'static [&'static str];

/// The fields of one dialect that decide what a request may cost.
pub struct RequestFields {
    /// Limits on the tokens of one answer; the first that is set counts.
    pub output_limits: &'static [FieldPath],
    /// How many answers are asked for; the first that is set counts.
    pub answer_counts: &'static [FieldPath],
    pub pictures: PictureFields,
}

/// How a dialect writes pictures into a conversation.
pub struct PictureFields {
    /// Values of `type` that mark a part as a picture.
    pub types: &'static [&'static str],
    /// Fields that mark the part that has them as a picture.
    pub markers: &'static [&'static str],
    /// Fields that hold the media type of the `data` beside them.
    pub media_types: &'static [&'static str],
    /// Fields that hold a picture's address, `data:` addresses among them.
    pub urls: &'static [&'static str],
}

/// A dialect that names nothing.
pub const NO_FIELDS: RequestFields = RequestFields {
    output_limits: &[],
    answer_counts: &[],
    pictures: NO_PICTURE_FIELDS,
};
pub const NO_PICTURE_FIELDS: PictureFields = PictureFields {
    types: &[],
    markers: &[],
    media_types: &[],
    urls: &[],
};

/// Reads a whole number at a place in a request.
pub fn read_number(request: &RawObject, path: FieldPath) -> Option<u64> {
    let (field, inner) = path.split_first()?;
    let value: Value = request.get(field)?;
    let found = inner.iter().try_fold(&value, |value, name| value.get(name));
    found?.as_u64()
}
