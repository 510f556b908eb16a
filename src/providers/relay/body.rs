//! The body of a call, parsed once.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::model::BadBody;
use crate::providers::dialect::RawObject;

/// The body of a call as it came, and what was parsed of it.
pub struct Body {
    bytes: Bytes,
    fields: Option<RawObject>,
    /// All of it, parsed when somebody asks for it.
    value: OnceLock<Value>,
}

impl Body {
    /// Parses a body that must be a JSON object.
    pub fn object(bytes: Bytes) -> Result<Self, BadBody> {
        let fields = RawObject::parse(&bytes)?;
        Ok(Self {
            fields: Some(fields),
            ..Self::unread(bytes)
        })
    }

    /// A body that nobody parses: none at all, or a form with files.
    pub fn unread(bytes: Bytes) -> Self {
        Self {
            bytes,
            fields: None,
            value: OnceLock::new(),
        }
    }

    /// The bytes that came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The fields, where it is an object that was parsed.
    pub fn fields(&self) -> Option<&RawObject> {
        self.fields.as_ref()
    }

    /// Whether it asks for a stream.
    pub fn wants_stream(&self) -> bool {
        let asks = |fields: &RawObject| fields.raw("stream") == Some("true");
        self.fields().is_some_and(asks)
    }

    /// The whole value; null where the body is no JSON.
    pub fn value(&self) -> &Value {
        self.value
            .get_or_init(|| serde_json::from_slice(&self.bytes).unwrap_or_default())
    }
}
