//! The body of a call, parsed once.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{BadBody, MemoryBudget, MemoryPermit, MemoryUse, NoMemory};
use crate::providers::dialect::{JsonSize, RawObject};
use crate::providers::sound::form::Form;

/// A tree that takes more than this waits for memory.
pub const FREE_TREE_BYTES_MAX: usize = 1024 * 1024;

/// The body of a call as it came, and what was parsed of it.
pub struct Body {
    bytes: Bytes,
    fields: Option<RawObject>,
    /// The same of a form with a file.
    form: Option<Form>,
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
            form: None,
            value: OnceLock::new(),
            tree_bytes: 0,
            tree_permit: None,
        }
    }

    /// Reads a body that may be a form with a file; none where it is none. Its
    /// parts stay where they are, and the memory of a large body is enough for the
    /// form as it is sent.
    pub async fn form(media_type: &str, bytes: Bytes) -> Option<Self> {
        let form = Form::read(media_type, &bytes).await?;
        Some(Self {
            form: Some(form),
            ..Self::unread(bytes)
        })
    }

    /// A form with a sound that is at hand.
    pub async fn of_sound(sound: Bytes) -> anyhow::Result<Self> {
        Ok(Self {
            form: Some(Form::of_sound(sound).await?),
            ..Self::unread(Bytes::new())
        })
    }

    /// Waits for the memory that the whole value takes, until it is
    /// forgotten.
    pub async fn reserve_tree(&mut self, memory: &MemoryBudget) -> Result<(), NoMemory> {
        if self.tree_bytes > FREE_TREE_BYTES_MAX && self.tree_permit.is_none() {
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

    /// The fields of a form, where it is one that was read.
    pub fn as_form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// Whether it asks for a stream.
    pub fn wants_stream(&self) -> bool {
        let asks = |fields: &RawObject| fields.raw("stream") == Some("true");
        let asks_in_form = |form: &Form| form.text("stream") == Some("true");
        self.fields().is_some_and(asks) || self.as_form().is_some_and(asks_in_form)
    }

    /// The whole value; null where the body is no JSON.
    pub fn value(&self) -> &Value {
        self.value
            .get_or_init(|| serde_json::from_slice(&self.bytes).unwrap_or_default())
    }
}
