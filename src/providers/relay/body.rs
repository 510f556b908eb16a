//! A call's body, read once.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::providers::dialect::raw_object::{BadBody, RawObject};

/// A call's body as it came, and what was read of it.
pub struct Body {
    bytes: Bytes,
    fields: Option<RawObject>,
    /// All of it, where somebody looked that deep.
    value: OnceLock<Value>,
}

impl Body {
    /// One that must be an object.
    pub fn object(bytes: Bytes) -> Result<Self, BadBody> {
        let fields = RawObject::read(&bytes)?;
        Ok(Self {
            fields: Some(fields),
            ..Self::unread(bytes)
        })
    }

    /// One that nobody reads: none at all, or a form with files.
    pub fn unread(bytes: Bytes) -> Self {
        Self {
            bytes,
            fields: None,
            value: OnceLock::new(),
        }
    }

    /// As it came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its fields, where it is an object that was read.
    pub fn fields(&self) -> Option<&RawObject> {
        self.fields.as_ref()
    }

    /// Whether it asks for its answer as it comes.
    pub fn wants_stream(&self) -> bool {
        let asks = |fields: &RawObject| fields.raw("stream") == Some("true");
        self.fields().is_some_and(asks)
    }

    /// All of it; null where it is no JSON.
    pub fn value(&self) -> &Value {
        self.value
            .get_or_init(|| serde_json::from_slice(&self.bytes).unwrap_or_default())
    }
}
