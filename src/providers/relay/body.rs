//! The body of a call, parsed once.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{BadBody, MemoryBudget, MemoryPermit, MemoryUse, NoMemory};
use crate::providers::dialect::{JsonSize, RawObject};

/// A tree that takes more than this waits for memory.
pub const FREE_TREE_BYTES_MAX: usize = 1024 * 1024;

/// The body of a call as it came, and what was parsed of it.
pub struct Body {
    bytes: Bytes,
    fields: Option<RawObject>,
    /// All of it, parsed when somebody asks for it.
    value: OnceLock<Value>,
    /// How much memory the value takes, in bytes.
    tree_bytes: usize,
    /// The memory that was found for it.
    tree_permit: Option<MemoryPermit>,
}

impl Body {
    /// Parses a body that must be a JSON object.
    pub fn object(bytes: Bytes) -> Result<Self, BadBody> {
        let size = JsonSize::measure(&bytes);
        let fields = RawObject::parse_measured(&bytes, size)?;
        Ok(Self {
            fields: Some(fields),
            tree_bytes: size.tree_bytes(&bytes),
            ..Self::unread(bytes)
        })
    }

    /// A body that nobody parses: none at all, or a form with files.
    pub fn unread(bytes: Bytes) -> Self {
        Self {
            bytes,
            fields: None,
            value: OnceLock::new(),
            tree_bytes: 0,
            tree_permit: None,
        }
    }

    /// Waits for the memory that the whole value takes, until it is
    /// forgotten.
    pub async fn reserve_tree(&mut self, memory: &MemoryBudget) -> Result<(), NoMemory> {
        if self.tree_bytes > FREE_TREE_BYTES_MAX {
            let reserving = memory.reserve(MemoryUse::Tree, self.tree_bytes);
            self.tree_permit = Some(Box::pin(reserving).await?);
        }
        Ok(())
    }

    /// Drops the whole value. Whoever asks for it again has it parsed again.
    pub fn drop_value(&mut self) {
        self.value = OnceLock::new();
    }

    /// Gives back the memory of the whole value, once nobody will ask for it.
    pub fn release_tree(&mut self) {
        self.drop_value();
        self.tree_permit = None;
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
