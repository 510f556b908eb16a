//! What is relayed: a call's headers, as far as they may be passed on, and
//! its body.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;

use crate::model::{BadBody, CallDialect, MemoryBudget, NoMemory, Surface, is_blank};
use crate::providers::{Body, ForwardedHeaders, PromptSize, RelayRequest, measure_prompt};

/// Headers of a call that may reach a provider. They are copies: the headers
/// that came share the buffer of their connection, and would keep it.
pub struct RelayHeaders(ForwardedHeaders);

/// The body of a call.
pub struct RelayBody(Body);

/// A call as its caller made it. It has no `Debug`: nobody may print its
/// headers or its body.
pub struct RelayContent {
    pub surface: Surface,
    /// In whose dialect the call is.
    pub dialect: CallDialect,
    pub method: Method,
    /// Below the provider's base; not read where the surface tells it.
    pub path: String,
    pub query: Option<String>,
    pub headers: RelayHeaders,
    pub body: RelayBody,
    /// Whether the answer is wanted as it comes.
    pub stream: bool,
}

impl RelayHeaders {
    /// Copies those that may be passed on, of all that came.
    pub fn copy_from(headers: &HeaderMap) -> Self {
        Self(ForwardedHeaders::copy_from(headers))
    }
}

/// Fields for pictures that OpenAI alone knows; xAI refuses calls with them.
const OPENAIS_FIELDS: [&str; 9] = [
    "background",
    "moderation",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "size",
    "stream",
    "style",
];

impl RelayBody {
    /// Parses a body that must be a JSON object.
    pub fn parse(bytes: Bytes) -> Result<Self, BadBody> {
        Body::object(bytes).map(Self)
    }

    /// Takes a body that nobody parses: none at all, or a form with files.
    pub fn unread(bytes: Bytes) -> Self {
        Self(Body::unread(bytes))
    }

    /// Reads a body that may be a form with a file; none where it is none.
    pub async fn read_form(media_type: &str, bytes: Bytes) -> Option<Self> {
        Body::form(media_type, bytes).await.map(Self)
    }

    /// A form with a sound that is at hand.
    pub(in crate::app) async fn of_sound(sound: Bytes) -> anyhow::Result<Self> {
        Ok(Self(Body::of_sound(sound).await?))
    }

    /// Waits for the memory that the body takes while it is looked at as a
    /// whole.
    pub async fn reserve_tree(&mut self, memory: &MemoryBudget) -> Result<(), NoMemory> {
        self.0.reserve_tree(memory).await
    }

    /// The bytes that came.
    pub fn bytes(&self) -> &Bytes {
        self.0.bytes()
    }

    /// The model that the body names.
    pub fn model(&self) -> Option<String> {
        if let Some(form) = self.0.as_form() {
            return form.text("model").map(str::to_owned);
        }
        self.0.fields()?.get("model")
    }

    /// How many answers the body asks for, if it says.
    pub fn count(&self) -> Option<usize> {
        self.0.fields()?.get("n")
    }

    /// Whether the body has a field for pictures that OpenAI alone knows.
    pub fn has_field_of_openais(&self) -> bool {
        let Some(fields) = self.0.fields() else {
            return false;
        };
        let mut names = OPENAIS_FIELDS.iter();
        names.any(|name| fields.raw(name).is_some())
    }

    /// Whether the body has words of which a picture could be made.
    pub fn says_what_to_make(&self) -> bool {
        let Some(fields) = self.0.fields() else {
            return false;
        };
        match fields.raw("prompt") {
            None | Some("null") => false,
            // What is no text is refused for that.
            Some(_) => fields
                .get::<String>("prompt")
                .is_none_or(|prompt| !is_blank(&prompt)),
        }
    }

    /// Whether the body asks for no word at all: Anthropic then keeps the prompt in
    /// its cache.
    pub fn asks_for_no_word(&self) -> bool {
        let fields = self.0.fields();
        fields.is_some_and(|fields| fields.get::<u64>("max_tokens") == Some(0))
    }

    /// What a model is told by it.
    pub(in crate::app) fn prompt_size(&self) -> PromptSize {
        measure_prompt(&self.0)
    }

    /// Whether the body asks for a stream.
    pub fn wants_stream(&self) -> bool {
        self.0.wants_stream()
    }
}

impl RelayContent {
    /// The content as a request to its provider; `at_s` is when it came, in
    /// seconds since 1970.
    pub(in crate::app) fn into_request(self, at_s: i64) -> RelayRequest {
        RelayRequest {
            surface: self.surface,
            dialect: self.dialect,
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers.0,
            body: self.body.0,
            stream: self.stream,
            at_s,
        }
    }
}
