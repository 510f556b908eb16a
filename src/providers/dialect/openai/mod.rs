//! OpenAI's chat dialect, as eight vendors speak it; `docs/providers.md` §7.
//!
//! - `answer`: answers, and what was used.
//! - `completions`: the older API, in which a text is gone on with.
//! - `chunks`: answers written for a caller who speaks this dialect.
//! - `request`, `messages`: a chat of such a caller's, in the neutral form.
//! - `models`, `longest_answers`: what each model takes.
//! - `outward`: a chat, written from the neutral form.
//! - `chat_reader`: answers, read in the neutral form.
//! - `extras`: what an answer of ours has that other vendors refuse.
//! - `missing_thoughts`: what others miss in an answer.
//! - `thinking`: thoughts and efforts in the words of each vendor.
//! - `thought_details`: OpenRouter's details of what a model thought.
//! - `unread_marks`: marks for a cache that a vendor does not have.

mod answer;
mod chat_reader;
mod chunks;
mod completions;
mod extras;
mod longest_answers;
mod messages;
mod missing_thoughts;
mod models;
mod outward;
mod request;
mod thinking;
mod thought_details;
mod unread_marks;

use reqwest::Method;
use serde_json::{Value, json};

use crate::model::{
    RERANK_PATH, Role, SPEECH_PATH, Surface, TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, Turn,
};
use crate::providers::ranking::COHERES_RERANK_PATH;

use super::bodies::raw_object::RawObject;
use super::chat_request::{ChatRequest, picture_data_url};
use super::request_fields::{NO_PICTURE_FIELDS, PictureFields, RequestFields};
use super::responses;
use super::surface::is_list;
use super::translating::settled_calls::CallIds;
use super::translating::settled_names::NameRule;

pub use answer::{read_embeddings, read_event, read_images, skim_answer, take_usage};
pub use chat_reader::{ChatReader, read_place};
pub use chunks::ChunkWriter;
pub use completions::{
    PATH as COMPLETIONS_PATH, USUAL_TOKENS as COMPLETION_TOKENS, count_answers, has_completions,
    limit_output as limit_completions,
};
pub use extras::leave_extras_out;
pub use longest_answers::longest_answer;
pub use messages::read_call;
pub use missing_thoughts::fill_in_thoughts;
pub use models::{abilities_of, family_of, has_no_chat, is_refused_in_chat, needs_responses};
pub use outward::{
    DETAIL, PICTURES, SCHEMA_NAME, hash_user, is_closed, name_json, refuse_unsayable,
    write_request, write_tools,
};
pub use request::{
    ALLOWED_TOOLS, SHARED_FIELDS, allow_tools, read_format, read_function, read_request,
    read_sampling, read_shared_fields,
};
pub use thinking::{OF_QWEN, ThinkingWords};
pub use unread_marks::leave_marks_out;

pub const CHAT_PATH: &str = "/chat/completions";
pub const EMBEDDINGS_PATH: &str = "/embeddings";
pub const IMAGES_PATH: &str = "/images/generations";
pub const MODERATIONS_PATH: &str = "/moderations";
/// What OpenAI moderates with where a call names no model.
pub const MODERATION_MODEL: &str = "omni-moderation-latest";
pub const MODELS_PATH: &str = "/models";

/// The names that vendors have for the limit on the output.
const OUTPUT_LIMITS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// Which names of functions OpenAI takes, and those who speak as it does;
/// `docs/providers.md` §7.6.
pub const NAME_RULE: NameRule = NameRule {
    characters_max: 64,
    more_letters: "",
    begins_with_letter: false,
};

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&[OUTPUT_LIMITS[0]], &[OUTPUT_LIMITS[1]]],
    answer_counts: &[&["n"]],
    pictures: PictureFields {
        types: &["image_url"],
        urls: &["url"],
        ..NO_PICTURE_FIELDS
    },
};

/// What the vendors of this dialect disagree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAiQuirks {
    pub thinking: ThinkingWords,
    /// The field that limits the output.
    pub output_limit: &'static str,
    /// Whether usage in a stream must be asked for.
    pub asks_for_usage: bool,
    /// Whether the vendor has dearer tiers of service, and looks at pictures
    /// more closely than has a bound, unless a call says otherwise.
    pub has_dearer_ways: bool,
    pub responses: ResponsesUse,
    /// Whether the vendor refuses fields that it does not know, in messages and
    /// tools too.
    pub refuses_unknown: bool,
    /// What the vendor calls the number that draws words again.
    pub seed: &'static str,
    pub call_ids: CallIds,
    /// Which of the fields that OpenAI's Responses have too the vendor reads in
    /// a chat.
    pub shared_fields: &'static [&'static str],
}

impl OpenAiQuirks {
    /// What most vendors agree on.
    pub const COMMON: Self = Self {
        thinking: ThinkingWords::Effort,
        output_limit: "max_tokens",
        asks_for_usage: true,
        has_dearer_ways: false,
        responses: ResponsesUse::Beside,
        refuses_unknown: false,
        seed: "seed",
        call_ids: CallIds::Plain,
        shared_fields: &[],
    };

    /// Whether every model takes instructions anywhere in a conversation, and
    /// several of them: those of `OpenAI`'s do. Templates of other models refuse
    /// any but one at the beginning, whoever serves them.
    pub fn takes_instructions_anywhere(self) -> bool {
        self.responses == ResponsesUse::ForSomeModels
    }
}

/// Whether a vendor has OpenAI's Responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponsesUse {
    None,
    /// Beside its chat.
    Beside,
    /// In place of a chat.
    Only,
    /// Beside its chat, and some of its models take some calls there alone.
    ForSomeModels,
}

/// What a call asks for, by its address.
pub fn surface_of(method: &Method, path: &str) -> Surface {
    match (method, path) {
        (&Method::POST, CHAT_PATH) => Surface::Chat,
        (&Method::POST, responses::PATH) => Surface::Responses,
        (&Method::POST, completions::PATH) => Surface::Completions,
        (&Method::POST, EMBEDDINGS_PATH) => Surface::Embeddings,
        (&Method::POST, IMAGES_PATH) => Surface::Images,
        (&Method::POST, MODERATIONS_PATH) => Surface::Moderations,
        (&Method::POST, TRANSCRIPTIONS_PATH | TRANSLATIONS_PATH) => Surface::Transcripts,
        (&Method::POST, SPEECH_PATH) => Surface::Speech,
        (&Method::POST, RERANK_PATH | COHERES_RERANK_PATH) => Surface::Ranking,
        (&Method::GET, _) if is_list(path, MODELS_PATH) => Surface::Free,
        _ => Surface::Other,
    }
}

/// Writes the body of a chat request.
pub fn write_chat(request: &ChatRequest, quirks: OpenAiQuirks, stream: bool) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    let is_bounded = request.is_bounded && quirks.has_dearer_ways;
    let detail = is_bounded.then_some("high");
    let turns = request.turns.iter();
    messages.extend(turns.map(|turn| write_message(turn, detail)));
    let mut body = json!({"model": request.model, "messages": messages, "stream": stream});
    body[quirks.output_limit] = json!(request.max_output_tokens);
    if request.is_bounded && quirks.thinking == ThinkingWords::Qwen {
        body[OF_QWEN] = json!(false);
    }
    if stream && quirks.asks_for_usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    if is_bounded {
        body["service_tier"] = json!("default");
    }
    body
}

fn write_message(turn: &Turn, detail: Option<&str>) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let text = json!({"type": "text", "text": turn.text.0});
    let pictures = turn.pictures.iter().map(|picture| {
        let mut shown = json!({"url": picture_data_url(picture)});
        if let Some(detail) = detail {
            shown["detail"] = json!(detail);
        }
        json!({"type": "image_url", "image_url": shown})
    });
    let parts: Vec<Value> = pictures.chain([text]).collect();
    json!({"role": role, "content": parts})
}

/// Puts the limit on the output of a chat under the name that the vendor
/// reads; whether anything was changed.
pub fn name_output_limit(request: &mut RawObject, quirks: OpenAiQuirks) -> bool {
    let mut is_changed = false;
    for name in OUTPUT_LIMITS {
        is_changed |= name != quirks.output_limit && request.rename(name, quirks.output_limit);
    }
    is_changed
}

/// Lowers the limit on the output of a chat; whether anything was changed.
pub fn limit_output(request: &mut RawObject, quirks: OpenAiQuirks, tokens: u64) -> bool {
    // Whichever name the caller used is the one that the model knows.
    let used = OUTPUT_LIMITS
        .into_iter()
        .find(|name| request.raw(name).is_some());
    request.set_at_most(used.unwrap_or(quirks.output_limit), tokens)
}

/// Whether an event holds usage and no text: the one that we asked for.
/// Vendors that put usage beside text are left as they are.
pub fn is_only_usage(event: &Value) -> bool {
    let has_no_text = event["choices"].as_array().is_some_and(Vec::is_empty);
    has_no_text && event["usage"].is_object()
}

/// Asks for usage at the end of a stream. Whether that changed the request:
/// a caller who asked already wants to see the usage too.
pub fn ask_for_usage(request: &mut RawObject) -> bool {
    let mut options = request.get("stream_options").unwrap_or_else(|| json!({}));
    if options["include_usage"] == true || !options.is_object() {
        return false;
    }
    options["include_usage"] = json!(true);
    request.set("stream_options", &options);
    true
}
