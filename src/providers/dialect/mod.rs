//! The dialects that providers speak. What one of them has of its own stands
//! in its file or folder; [`Dialect`] asks the right one.

mod answer_format;
mod anthropic;
mod any_answer;
mod batches;
mod bodies;
mod chat_request;
mod free_calls;
mod google;
mod model_list;
mod ollama;
mod openai;
mod parsed_answer;
mod reported_usage;
mod request_fields;
mod responses;
#[cfg(test)]
mod stories;
mod surface;
mod transcript;
mod translating;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::model::{CallDialect, Check, Credential, FailureClass, Surface};

use super::abilities::Abilities;
use super::transport::sse::Framing;

pub use answer_format::AnswerFormat;
pub use batches::{BatchSum, read as read_batch};
pub use bodies::json_size::{JsonSize, parse_tree};
pub use bodies::raw_object::RawObject;
pub use chat_request::{ChatRequest, encode_picture, picture_data_url};
pub use free_calls::makes_nothing;
pub use google::{chat_path as google_chat_path, least_thinking};
pub use openai::{
    CHAT_PATH as OPENAI_CHAT_PATH, COMPLETION_TOKENS, COMPLETIONS_PATH as OPENAI_COMPLETIONS_PATH,
    EMBEDDINGS_PATH as OPENAI_EMBEDDINGS_PATH, IMAGES_PATH as OPENAI_IMAGES_PATH, MODERATION_MODEL,
    MODERATIONS_PATH as OPENAI_MODERATIONS_PATH, OpenAiQuirks, ResponsesUse, ThinkingWords,
    ask_for_usage, has_completions, is_only_usage,
};
pub use parsed_answer::ParsedAnswer;
pub use request_fields::{RequestFields, read_number};
pub use responses::PATH as OPENAI_RESPONSES_PATH;
pub use transcript::write_as_openai as write_transcript_event;
pub use translating::foreign_seals::leave_out as leave_foreign_seals_out;
pub use translating::neutral::Ignored;
pub use translating::settled_calls::CallIds;
pub use translating::translation::{AnswerTranslator, ChatToTranslate, OutputLimit, Translation};
pub use translating::untranslatable::{Untranslatable, refuse_fields};

use translating::settled_names::NameRule;

/// More answers to one request than anybody wants.
pub const ANSWERS_MAX: u64 = 16;

/// The fields that decide what a request may cost, of every dialect. Where
/// several dialects name a field for one thing, the first in this list
/// counts.
pub const REQUEST_FIELDS: [&RequestFields; 5] = [
    &openai::REQUEST_FIELDS,
    &responses::REQUEST_FIELDS,
    &anthropic::REQUEST_FIELDS,
    &google::REQUEST_FIELDS,
    &ollama::REQUEST_FIELDS,
];

/// How many answers a request asks for.
pub fn count_answers(surface: Surface, request: &RawObject) -> u64 {
    match surface {
        Surface::Completions => openai::count_answers(request),
        _ => request.get::<u64>("n").unwrap_or(1).clamp(1, ANSWERS_MAX),
    }
}

/// A chat of ours in a provider's dialect.
pub struct WrittenChat {
    pub path: String,
    pub body: Value,
    /// How the answer is read.
    pub format: AnswerFormat,
}

/// Which dialect a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi(OpenAiQuirks),
    Anthropic,
    Google,
    Ollama,
    /// An image host: it has no chat.
    ImageHost,
}

impl Dialect {
    /// Whether a provider of this dialect chats.
    pub fn chats(self) -> bool {
        self != Self::ImageHost
    }

    /// Whether the provider may have to load a model before it answers.
    pub fn loads_models(self) -> bool {
        self == Self::Ollama
    }

    /// Bases that the provider's own libraries write into a path, beside the
    /// path of its base address.
    pub fn other_bases(self) -> &'static [&'static str] {
        match self {
            Self::Google => google::OTHER_BASES,
            _ => &[],
        }
    }

    /// The base below which a path of the provider's lies that is not below
    /// its usual one: Google takes files beside its API.
    pub fn uploads_base(self, base: &Url, path: &str) -> Option<Url> {
        match self {
            Self::Google => google::uploads_base(base, path),
            _ => None,
        }
    }

    /// Headers of every call, beside the key's own.
    pub fn headers(self, credential: Option<&Credential>) -> Vec<(&'static str, &str)> {
        match self {
            Self::Anthropic => anthropic::headers(credential),
            _ => Vec::new(),
        }
    }

    /// How the events of a stream are told apart.
    pub fn framing(self) -> Framing {
        match self {
            Self::Ollama => Framing::JsonLines,
            _ => Framing::ServerSentEvents,
        }
    }

    /// Whether a model is asked in OpenAI's Responses, since it has no chat.
    fn asks_in_responses(self, model: &str) -> bool {
        match self {
            Self::OpenAi(quirks) => {
                quirks.responses == ResponsesUse::Only
                    || quirks.responses == ResponsesUse::ForSomeModels && openai::has_no_chat(model)
            }
            _ => false,
        }
    }

    /// The least that an answer of a model may be limited to, in tokens.
    pub fn output_tokens_min(self, model: &str) -> u64 {
        if self.asks_in_responses(model) {
            responses::OUTPUT_TOKENS_MIN
        } else {
            1
        }
    }

    /// What a model can do by its name, as far as its family is known.
    pub fn abilities_of(self, model: &str) -> Abilities {
        match self {
            Self::OpenAi(_) => openai::abilities_of(model),
            Self::Anthropic => anthropic::abilities_of(model),
            Self::Google => google::abilities_of(model),
            Self::Ollama | Self::ImageHost => Abilities::default(),
        }
    }

    /// Writes a chat request. None where the model's name is none that can be
    /// asked.
    pub fn write_chat(self, request: &ChatRequest, stream: bool) -> Option<WrittenChat> {
        if self.asks_in_responses(&request.model) {
            return Some(WrittenChat {
                path: responses::PATH.into(),
                body: responses::write_chat(request, stream),
                format: AnswerFormat::Responses,
            });
        }
        let (path, body) = match self {
            Self::OpenAi(quirks) => (
                openai::CHAT_PATH.into(),
                openai::write_chat(request, quirks, stream),
            ),
            Self::Anthropic => (
                anthropic::CHAT_PATH.into(),
                anthropic::write_chat(request, stream),
            ),
            Self::Google => (
                google::chat_path(&request.model, stream)?,
                google::write_chat(request),
            ),
            Self::Ollama => (
                ollama::CHAT_PATH.into(),
                ollama::write_chat(request, stream),
            ),
            Self::ImageHost => return None,
        };
        Some(WrittenChat {
            path,
            body,
            format: self.chat_format(),
        })
    }

    /// What a call asks for, by its method and its path below the base.
    pub fn surface_of(self, method: &Method, path: &str) -> Surface {
        match self {
            Self::OpenAi(_) => openai::surface_of(method, path),
            Self::Anthropic => anthropic::surface_of(method, path),
            Self::Google => google::surface_of(method, path),
            Self::Ollama => ollama::surface_of(method, path),
            Self::ImageHost => Surface::Other,
        }
    }

    /// How the answer of a call is read.
    pub fn answer_format(self, surface: Surface, path: &str) -> AnswerFormat {
        match surface {
            Surface::Chat if self.speaks_openai_at(path) => AnswerFormat::OpenAi,
            Surface::Completions => AnswerFormat::OpenAi,
            Surface::Chat => self.chat_format(),
            Surface::Responses => AnswerFormat::Responses,
            Surface::Embeddings | Surface::Moderations | Surface::Ranking => {
                AnswerFormat::Embeddings
            }
            Surface::Images => AnswerFormat::Images,
            Surface::Transcripts => AnswerFormat::Transcript,
            Surface::Speech | Surface::Other => AnswerFormat::Any,
            Surface::Free => AnswerFormat::Unread,
        }
    }

    /// How the answer of a chat in the native dialect is read.
    pub fn chat_format(self) -> AnswerFormat {
        match self {
            Self::OpenAi(_) => AnswerFormat::OpenAi,
            Self::Anthropic => AnswerFormat::Anthropic,
            Self::Google => AnswerFormat::Google,
            Self::Ollama => AnswerFormat::Ollama,
            Self::ImageHost => AnswerFormat::Unread,
        }
    }

    /// Whether requests and answers at a path of the provider's are in
    /// OpenAI's dialect.
    fn speaks_openai_at(self, path: &str) -> bool {
        match self {
            Self::OpenAi(_) => true,
            Self::Ollama => path.starts_with("/v1/"),
            _ => false,
        }
    }

    /// Whether usage at the end of a stream must be asked for, at a path of
    /// the provider's. Where others than OpenAI answer a chat of OpenAI's, that
    /// holds for them too; in their own dialects the field is unknown.
    pub fn asks_for_usage(self, path: &str) -> bool {
        if let Self::OpenAi(quirks) = self {
            return quirks.asks_for_usage;
        }
        let paths = [openai::CHAT_PATH, openai::COMPLETIONS_PATH];
        path.starts_with("/v1/") && paths.iter().any(|end| path.ends_with(*end))
    }

    /// Where the provider answers a call in Anthropic's or Google's dialect;
    /// none where it speaks another.
    pub fn native_path(self, call: CallDialect, path: &str, model: &str) -> Option<String> {
        match (self, call) {
            (Self::Anthropic, CallDialect::Anthropic) => Some(path.to_owned()),
            (Self::Google, CallDialect::Google) => {
                let (_, verb) = path.rsplit_once(':')?;
                google::path_of(model, verb)
            }
            _ => None,
        }
    }

    /// Where the provider answers what OpenAI answers at this path; none
    /// where it does not.
    pub fn openai_path(self, path: &str) -> Option<String> {
        match self {
            Self::OpenAi(_) => Some(path.to_owned()),
            Self::Ollama => Some(format!("{}{path}", ollama::OPENAI_BASE)),
            Self::Anthropic | Self::Google | Self::ImageHost => None,
        }
    }

    /// Puts the limit on the output of a chat in OpenAI's dialect under the name
    /// that this vendor reads, where it speaks that dialect; whether anything
    /// was changed.
    pub fn name_output_limit(self, surface: Surface, request: &mut RawObject) -> bool {
        match (surface, self) {
            (Surface::Chat, Self::OpenAi(quirks)) => openai::name_output_limit(request, quirks),
            _ => false,
        }
    }

    /// Leaves out of a chat in OpenAI's dialect what this program added to the
    /// answers before, and marks for a cache, where this vendor does not read
    /// that, and names it; whether anything was changed.
    pub fn leave_extras_out(
        self,
        surface: Surface,
        request: &mut RawObject,
        left_out: &mut Ignored,
    ) -> bool {
        match (surface, self) {
            (Surface::Chat, Self::OpenAi(quirks)) => {
                let has_extras = openai::leave_extras_out(request, quirks, left_out);
                openai::leave_marks_out(request, quirks, left_out) || has_extras
            }
            _ => false,
        }
    }

    /// Fills in what a vendor of OpenAI's dialect misses of the thoughts in a
    /// conversation; whether anything was changed.
    pub fn fill_in_thoughts(self, surface: Surface, request: &mut RawObject) -> bool {
        match (surface, self) {
            (Surface::Chat, Self::OpenAi(quirks)) => {
                openai::fill_in_thoughts(request, quirks.thinking)
            }
            _ => false,
        }
    }

    /// Lowers the limit on the output of a request to `tokens` for all
    /// answers together; whether anything was changed.
    pub fn limit_output(self, surface: Surface, request: &mut RawObject, tokens: u64) -> bool {
        let answers = count_answers(surface, request);
        let each = (tokens / answers).max(1);
        match (surface, self) {
            (Surface::Responses, _) => responses::limit_output(request, each),
            (Surface::Completions, _) => openai::limit_completions(request, each),
            (Surface::Chat, Self::OpenAi(quirks)) => openai::limit_output(request, quirks, each),
            (Surface::Chat, Self::Anthropic) => anthropic::limit_output(request, each),
            (Surface::Chat, Self::Google) => google::limit_output(request, each),
            (Surface::Chat, Self::Ollama) => ollama::limit_output(request, each),
            _ => false,
        }
    }

    /// Translates a chat of a caller's. None where the provider takes it as it
    /// is. A chat that its model takes in OpenAI's Responses alone goes there.
    pub fn translate_chat(
        self,
        chat: &ChatToTranslate<'_>,
    ) -> Option<Result<Translation, Untranslatable>> {
        let takes_it = match (self, chat.dialect) {
            (Self::ImageHost, _) | (_, CallDialect::Native) => true,
            (Self::OpenAi(quirks), CallDialect::OpenAi) if chat.is_response => {
                quirks.responses != ResponsesUse::None
            }
            (Self::OpenAi(quirks), CallDialect::OpenAi)
                if quirks.responses == ResponsesUse::Only =>
            {
                false
            }
            (Self::OpenAi(quirks), CallDialect::OpenAi) => {
                let fields = chat
                    .fields
                    .filter(|_| quirks.responses == ResponsesUse::ForSomeModels);
                !fields.is_some_and(|fields| openai::is_refused_in_chat(chat.model, fields))
            }
            (Self::Ollama, CallDialect::OpenAi) => true,
            (Self::Anthropic, CallDialect::Anthropic) => true,
            (Self::Google, CallDialect::Google) => true,
            _ => false,
        };
        (!takes_it).then(|| translating::translation::translate(chat, self))
    }

    /// A field without which what the model thinks has no limit, and its value
    /// that forbids thinking.
    pub fn thinking_forbidden(self) -> Option<(&'static str, Value)> {
        match self {
            Self::OpenAi(quirks) if quirks.thinking == ThinkingWords::Qwen => {
                Some((openai::OF_QWEN, false.into()))
            }
            _ => None,
        }
    }

    /// The longest answer of a model by its name, in tokens.
    fn longest_answer(self, model: &str) -> Option<u64> {
        match self {
            Self::Anthropic => Some(anthropic::longest_answer(model)),
            Self::Google => Some(google::longest_answer(model)),
            Self::OpenAi(_) => openai::longest_answer(model),
            Self::Ollama | Self::ImageHost => None,
        }
    }

    /// Which ids of tool calls the provider takes.
    fn call_ids(self) -> CallIds {
        match self {
            Self::OpenAi(quirks) => quirks.call_ids,
            _ => CallIds::Plain,
        }
    }

    /// Which names of functions the provider takes.
    fn name_rule(self) -> NameRule {
        match self {
            Self::Anthropic => anthropic::NAME_RULE,
            Self::Google => google::NAME_RULE,
            _ => openai::NAME_RULE,
        }
    }

    /// Which names of properties the provider takes in the schema of a tool; none
    /// where it takes any.
    fn key_rule(self) -> Option<NameRule> {
        (self == Self::Anthropic).then_some(anthropic::KEY_RULE)
    }

    /// Whether an answer may follow a schema of anything but an object.
    fn takes_any_schema(self) -> bool {
        self == Self::Google
    }

    /// Whether headers of Anthropic's say something to the provider.
    pub fn reads_anthropic_headers(self) -> bool {
        self == Self::Anthropic
    }

    /// In whose dialect the body of a call to a path is; none where it is a
    /// host's own.
    pub fn spoken_in(self, call: CallDialect, path: &str) -> Option<CallDialect> {
        match (call, self) {
            (CallDialect::Native, _) if self.speaks_openai_at(path) => Some(CallDialect::OpenAi),
            (CallDialect::Native, Self::Anthropic) => Some(CallDialect::Anthropic),
            (CallDialect::Native, Self::Google) => Some(CallDialect::Google),
            (CallDialect::Native, _) => None,
            (named, _) => Some(named),
        }
    }

    /// The name under which a provider reads the greatest length of an answer
    /// in OpenAI's chat. Anthropic's and Google's is translated.
    pub fn output_limit_name(self) -> &'static str {
        match self {
            Self::OpenAi(quirks) => quirks.output_limit,
            Self::Ollama => "max_tokens",
            _ => "max_completion_tokens",
        }
    }

    /// Where the models are listed that a key can use.
    pub fn models_path(self) -> &'static str {
        match self {
            Self::OpenAi(_) | Self::ImageHost => openai::MODELS_PATH,
            Self::Anthropic => anthropic::MODELS_PAGE,
            Self::Google => google::MODELS_PAGE,
            Self::Ollama => ollama::MODELS_PATH,
        }
    }

    /// The models in a list that can be asked for text, as far as the list
    /// tells: each name, with what the list says of it.
    pub fn listed_models(self, list: &Value) -> impl Iterator<Item = (&str, &Value)> {
        let name_of: fn(&Value) -> Option<&str> = match self {
            Self::Anthropic => anthropic::listed_model,
            Self::Google => google::listed_model,
            Self::OpenAi(_) | Self::Ollama | Self::ImageHost => model_list::name_of,
        };
        let named = move |entry| Some((name_of(entry)?, entry));
        model_list::entries_of(list).filter_map(named)
    }

    /// What a failed check says of the key, where the dialect has a meaning
    /// of its own for it.
    pub fn judge_check(self, class: FailureClass) -> Option<Check> {
        match self {
            Self::Anthropic => anthropic::judge_check(class),
            _ => None,
        }
    }
}
