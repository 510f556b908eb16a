//! Talks to providers: checks keys, calls language models, makes pictures,
//! and relays calls of programs.
//!
//! `dialect` has a file or folder for each dialect, `images` for each image
//! host. `outbound` is the one place where a key leaves the process. What a
//! provider says in an error is sorted into a class; its words, scrubbed, are
//! for the owner of the key alone: they can quote keys, organisations and
//! prompts. Wire facts:
//! `docs/providers.md`, whose sections the files name.

mod abilities;
mod by_model;
mod catalogue;
mod chat;
mod check;
mod dialect;
mod embeddings;
mod failures;
mod images;
mod key_consent;
mod list;
mod lone_surrogates;
mod pasted_key;
mod picture_tokens;
mod prompt_size;
mod ranking;
mod registry;
mod relay;
mod shared_key;
mod sound;
mod special_paths;
mod thinking_tags;
pub mod transport;

pub use abilities::Abilities;
pub use catalogue::{
    Catalogue, ImageWire, Override, Provider, glob, is_called_as_painter, last_day,
    makes_no_pictures, makes_pictures_alone, replacement, sees,
};
pub use chat::{AnswerPart, ChatCall, ChatReply, Delivery};
pub use dialect::{ChatRequest, MODERATION_MODEL, OPENAI_COMPLETIONS_PATH, has_completions};
pub use images::{
    FailedPictures, ImageRequest, JobNews, JobSocket, JobState, MadeSoFar, PictureResult,
    PictureStart, WatchedJob, Workflow, Workflows, tokens_of_pictures,
};
pub use list::ListedModel;
pub use pasted_key::{
    FoundKey, KeyTakers, PasteProblem, PastedKey, UnusedLine, WhyUnused, holds_secret, plain_extra,
    read_key_file, read_pasted_key, trim_secret, unquote, whose_key,
};
pub use picture_tokens::{PictureSpec, TOKENS_OF_UNFINISHED, tokens_of_picture};
pub use prompt_size::PromptSize;
pub use registry::Providers;
pub use relay::{
    AskedModel, Body, CostEstimate, ForwardedHeaders, PayerTerms, RelayFailure, RelayRequest,
    Relayed, WholeOrBegun, estimate_cost, estimate_transcript, measure_prompt,
};
pub use shared_key::{BoundedRequest, Refused, judge_chat_model, judge_request};
pub use sound::SoundKind;
pub use sound::transcripts::{owner_of_sound, voice_models};
pub use special_paths::answers_at;
pub use transport::clients::Clients;
pub use transport::http::is_plain;
pub use transport::timeouts::Timeouts;
