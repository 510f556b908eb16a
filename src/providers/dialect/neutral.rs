//! The neutral form of a chat request, between the dialect of a caller and
//! that of a provider.

use serde_json::Value;

/// What a model is asked.
#[derive(Debug)]
pub struct NeutralRequest {
    /// Instructions before the conversation.
    pub system: Vec<String>,
    pub turns: Vec<NeutralTurn>,
    pub max_tokens: Option<u64>,
    pub stop: Vec<String>,
    pub tools: Vec<Tool>,
    pub tool_choice: ToolChoice,
    /// Whether the model may call several tools at once.
    pub parallel_tools: bool,
    pub output: OutputFormat,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub seed: Option<i64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub user: Option<String>,
    /// Whether the caller wants usage at the end of a stream.
    pub wants_usage: bool,
}

/// One message of a conversation.
#[derive(Debug)]
pub enum NeutralTurn {
    Person(Vec<Part>),
    Model {
        text: String,
        calls: Vec<ToolCall>,
    },
    /// The result of a tool.
    Tool {
        call: String,
        text: String,
    },
}

/// One part of a person's message.
#[derive(Debug)]
pub enum Part {
    Text(String),
    /// A picture's media type, and its bytes as base64.
    Picture(String, String),
    /// The address of a picture.
    PictureAt(String),
}

/// A tool call that the model asks for.
#[derive(Debug)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Value,
    /// Google's mark on the call, which Google wants back.
    pub signature: Option<String>,
}

/// A function that the model may ask to have called.
#[derive(Debug)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Value,
}

/// Which tools the model may choose.
#[derive(Debug, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    Any,
    One(String),
}

/// What the answer must be.
#[derive(Debug)]
pub enum OutputFormat {
    Text,
    Json,
    Schema(Value),
}

/// Something in a request that the provider's dialect cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    /// What it is, for the caller to read.
    pub what: String,
}

impl Untranslatable {
    /// Names what cannot be expressed.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}
