//! The neutral form of a chat request, between the dialect of a caller and
//! that of a provider. It has whatever two of the dialects can say.

use crate::providers::dialect::bodies::json::Json;

use super::untranslatable::Untranslatable;
use super::web_search::WebSearch;

/// What is said where JSON is asked for in words.
const JSON_IN_WORDS: &str =
    "Answer with one JSON object and nothing else: no words around it, and no code fence.";

/// What a model is asked.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a request may ask for by itself"
)]
#[derive(Debug, Default)]
pub struct NeutralRequest {
    /// Instructions before the conversation.
    pub system: Vec<Part>,
    pub turns: Vec<Turn>,
    pub max_tokens: Option<u64>,
    pub stop: Vec<String>,
    pub tools: Vec<Tool>,
    pub tool_choice: ToolChoice,
    /// A search of the web that the vendor does itself.
    pub search: Option<WebSearch>,
    /// Whether the model may call several tools at once.
    pub one_tool_at_a_time: bool,
    pub output: OutputFormat,
    /// Whether the answer is to be one of the words of its schema, and no JSON.
    pub answers_in_one_word: bool,
    /// Whether the model is asked for JSON in words alone: it may then put a code
    /// fence around it.
    pub may_be_fenced: bool,
    pub sampling: Sampling,
    pub reasoning: Reasoning,
    /// How many answers are wanted; none for one.
    pub answers: Option<u64>,
    /// How many of the likeliest tokens are told in the place of each token of
    /// the answer; none where nobody asks how likely it is.
    pub likely_tokens: Option<u64>,
    pub user: Option<String>,
    /// In OpenAI's word for it.
    pub service_tier: Option<String>,
    /// How long an answer is to be, in OpenAI's word for it.
    pub verbosity: Option<String>,
    /// Fields that OpenAI's chat and its Responses have by one name, as they
    /// came.
    pub openai_fields: Vec<(&'static str, Json)>,
    /// Whether the caller wants usage at the end of a stream.
    pub wants_usage: bool,
    /// Whether the provider is to choose itself what it keeps in its cache, and
    /// for how long.
    pub cache: Option<CacheMark>,
    /// Fields that change no answer and have no words elsewhere.
    pub ignored: Ignored,
}

impl NeutralRequest {
    /// Whether a tool gave back a picture or another file.
    pub fn has_shown_results(&self) -> bool {
        let has_file = |part: &Part| matches!(part.what, Content::File(_));
        let mut parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.any(|part| match &part.what {
            Content::Result(result) => result.parts.iter().any(has_file),
            _ => false,
        })
    }

    /// Refuses to tell how likely each token is, where the vendor does not.
    pub fn refuse_likely_tokens(&self) -> Result<(), Untranslatable> {
        match self.likely_tokens {
            Some(_) => Err(Untranslatable::new(
                "`logprobs`, which this model does not tell,",
            )),
            None => Ok(()),
        }
    }

    /// Asks in words for JSON.
    pub fn say_json(&mut self) {
        self.system.push(Part::text(JSON_IN_WORDS));
    }

    /// Asks in words for JSON by a schema.
    pub fn say_schema(&mut self, schema: &Json) {
        let asked = format!("{JSON_IN_WORDS} It must be valid by this JSON schema: {schema}");
        self.system.push(Part::text(asked));
    }

    /// Whether an instruction, a person or the model says this word, in letters
    /// of any case.
    pub fn says(&self, word: &str) -> bool {
        let said = self.turns.iter().flat_map(|turn| &turn.parts);
        let mut texts = self.system.iter().chain(said).filter_map(Part::as_text);
        texts.any(|text| text.to_ascii_lowercase().contains(word))
    }

    /// Ignores how closely pictures are to be looked at, where nobody can be
    /// told that.
    pub fn ignore_details(&mut self) {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        let parts = parts.flat_map(|part| match &part.what {
            Content::Result(result) => result.parts.as_slice(),
            _ => std::slice::from_ref(part),
        });
        let asked = parts.filter_map(|part| match &part.what {
            Content::File(file) => file.detail.as_deref(),
            _ => None,
        });
        if asked.into_iter().any(|detail| detail != "auto") {
            self.ignored.add("detail");
        }
    }

    /// Ignores what OpenAI's APIs alone have words for, but for these fields.
    pub fn ignore_openai_fields(&mut self, known: &[&str]) {
        for (name, _) in &self.openai_fields {
            if !known.contains(name) {
                self.ignored.add(name);
            }
        }
        if self.verbosity.is_some() {
            self.ignored.add("verbosity");
        }
    }
}

/// How the next word is drawn. The numbers are as they were written.
#[derive(Debug, Default)]
pub struct Sampling {
    pub temperature: Option<Json>,
    pub top_p: Option<Json>,
    pub top_k: Option<Json>,
    pub seed: Option<Json>,
    pub presence_penalty: Option<Json>,
    pub frequency_penalty: Option<Json>,
}

/// How much a model is to think, and whether its thoughts are shown.
#[derive(Debug, Default)]
pub struct Reasoning {
    pub effort: Option<Effort>,
    /// The most tokens that may go into thinking.
    pub budget: Option<u64>,
    pub shows_thoughts: bool,
}

impl Reasoning {
    /// How hard the model is to think, where anything says so.
    pub fn asked_effort(&self) -> Option<Effort> {
        self.effort.or(self.budget.map(Effort::of_budget))
    }
}

/// How hard a model is to think, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

/// What is said in one go.
#[derive(Debug)]
pub struct Turn {
    pub speaker: Speaker,
    pub parts: Vec<Part>,
}

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The person, and the person's tools.
    Person,
    Model,
    /// An instruction in the middle of a conversation.
    System,
}

/// One part of a turn.
#[derive(Debug)]
pub struct Part {
    pub what: Content,
    /// Up to where the prompt is to be kept in the provider's cache.
    pub cache: Option<CacheMark>,
}

/// The mark up to which a prompt is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheMark {
    pub is_for_an_hour: bool,
}

/// What a part holds.
#[derive(Debug)]
pub enum Content {
    Text(String),
    File(File),
    /// What a model thought, to be given back to it.
    Thought(Thought),
    Call(ToolCall),
    Result(ToolResult),
}

/// A picture, a document, or a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// In small letters and without parameters; empty where nobody says.
    pub media_type: String,
    pub name: Option<String>,
    pub at: FilePlace,
    /// How closely a picture is looked at, in OpenAI's word for it.
    pub detail: Option<String>,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq)]
pub enum FilePlace {
    Base64(String),
    Address(String),
    /// At its provider, under this id.
    Id(String),
}

/// What a model thought.
#[derive(Clone, Debug, PartialEq)]
pub struct Thought {
    pub text: String,
    pub seal: Option<Seal>,
}

/// What a provider signs a thought with, and wants back unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    pub maker: SealMaker,
    pub data: String,
}

/// Who can read a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealMaker {
    Anthropic,
    /// Anthropic's thinking that is shown to nobody.
    AnthropicRedacted,
    Google,
    OpenAi,
    /// OpenRouter, for whichever vendor is behind it: its details as they came.
    OpenRouter,
    /// Vendors who sign nothing and want the text back.
    Unsigned,
    /// Somebody else, named as it came.
    Other,
}

/// A tool call that the model asks for.
#[derive(Debug)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// An object.
    pub arguments: Json,
}

/// What a tool gave back.
#[derive(Debug)]
pub struct ToolResult {
    /// The call's id.
    pub id: String,
    /// The name of the function, where the caller says it.
    pub name: Option<String>,
    pub parts: Vec<Part>,
    pub is_error: bool,
}

/// A function that the model may ask to have called.
#[derive(Debug)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Json,
    pub is_strict: bool,
    pub cache: Option<CacheMark>,
}

/// Which tools the model may choose.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    #[default]
    Auto,
    None,
    Any,
    One(String),
}

/// What the answer must be.
#[derive(Debug, Default)]
pub enum OutputFormat {
    #[default]
    Text,
    Json,
    Schema {
        schema: Json,
        name: Option<String>,
        is_strict: bool,
    },
}

/// Fields of a request that are ignored, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// Notes a field, once.
    pub fn add(&mut self, name: &str) {
        if !self.0.iter().any(|it| it == name) {
            self.0.push(name.to_owned());
        }
    }

    /// The names, with commas between them; none where nothing is ignored.
    pub fn written(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(", "))
    }
}

impl Part {
    /// A part that is text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    /// A part without a mark.
    pub fn of(what: Content) -> Self {
        Self { what, cache: None }
    }

    /// Its text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.what {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is text with nothing in it.
    pub fn is_empty(&self) -> bool {
        matches!(&self.what, Content::Text(text) if text.is_empty())
    }
}

impl File {
    /// Reads the address of a file, or the file itself where it is a `data:`
    /// address: its media type may have parameters (RFC 2397), and is written
    /// in letters of any case (RFC 9110).
    pub fn at_url(url: &str, field: &str) -> Result<Self, Untranslatable> {
        let Some(data) = url.strip_prefix("data:") else {
            return Ok(Self {
                media_type: String::new(),
                name: None,
                at: FilePlace::Address(url.to_owned()),
                detail: None,
            });
        };
        let (kind, data) = data
            .split_once(',')
            .filter(|(kind, _)| kind.to_ascii_lowercase().ends_with(";base64"))
            .ok_or_else(|| {
                Untranslatable::malformed(format!(
                    "`{field}` must be an `https:` address, or `data:<media type>;base64,…`"
                ))
            })?;
        Ok(Self {
            media_type: plain_media_type(kind),
            name: None,
            at: FilePlace::Base64(data.to_owned()),
            detail: None,
        })
    }

    /// A file that its provider keeps. Of a picture nobody knows the type.
    pub fn of_id(id: &str, is_picture: bool) -> Self {
        let media_type = if is_picture { "image/*" } else { "" };
        Self {
            media_type: media_type.to_owned(),
            name: None,
            at: FilePlace::Id(id.to_owned()),
            detail: None,
        }
    }

    /// Whether its media type is a picture's; nobody has looked at its bytes.
    pub fn is_picture(&self) -> bool {
        self.media_type.starts_with("image/")
    }
}

/// A media type without its parameters, in the letters that vendors compare it
/// with.
pub fn plain_media_type(written: &str) -> String {
    let kind = written.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    if kind == "image/jpg" {
        return "image/jpeg".to_owned();
    }
    kind
}

impl Effort {
    const WORDS: [(&'static str, Self); 7] = [
        ("none", Self::None),
        ("minimal", Self::Minimal),
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
        ("xhigh", Self::XHigh),
        ("max", Self::Max),
    ];

    /// The effort of a word, in letters of any case.
    pub fn of_word(word: &str) -> Option<Self> {
        let found = Self::WORDS
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(word));
        found.map(|(_, effort)| *effort)
    }

    /// The word that callers use for it.
    pub fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, effort)| *effort == self);
        found.map_or("medium", |(word, _)| word)
    }

    /// The effort that a budget of so many tokens stands for.
    pub fn of_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::None,
            1..4_096 => Self::Low,
            4_096..16_384 => Self::Medium,
            _ => Self::High,
        }
    }

    /// How many tokens a model may think with that is told a budget.
    pub fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal | Self::Low => 1_024,
            Self::Medium => 8_192,
            Self::High => 24_576,
            Self::XHigh | Self::Max => 32_000,
        }
    }

    /// The nearest of these that asks for no more, or else the least of them.
    pub fn nearest(self, known: &[Self]) -> Option<Self> {
        let at_most = known.iter().filter(|it| **it <= self).max();
        at_most.or_else(|| known.iter().min()).copied()
    }
}
