//! Writes answers in OpenAI's chat dialect, whole or in the chunks of a
//! stream; `docs/providers.md` §7.2.

use crate::model::Usage;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::answer_piece::{
    AnswerPiece, Block, DraftAnswer, Finish, whole_arguments,
};
use crate::providers::dialect::translating::citation::Citation;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::translation::{AnswerNames, AnswerWriter};

use super::messages::FORMATS;

/// Writes one answer.
pub struct ChunkWriter {
    names: AnswerNames,
    id: String,
    /// Whether a chunk has been written: the first one names the role.
    began: bool,
    /// Google's seal, for what comes behind it.
    seal: Option<String>,
    /// How many thoughts have ended.
    thoughts: usize,
    /// For each call, whether it has arguments.
    calls: Vec<bool>,
    /// How many characters were said.
    said: usize,
    usage: Option<Usage>,
}

impl ChunkWriter {
    /// A writer for an answer with these names.
    pub fn new(names: AnswerNames) -> Self {
        Self {
            names,
            id: "chatcmpl-0".to_owned(),
            began: false,
            seal: None,
            thoughts: 0,
            calls: Vec::new(),
            said: 0,
            usage: None,
        }
    }

    fn set_names(&mut self, id: Option<String>, model: Option<String>) {
        if let Some(id) = id {
            self.id = format!("chatcmpl-{id}");
        }
        if let Some(model) = model {
            self.names.model = model;
        }
    }

    /// Writes the chunk that names the role, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.began, true) {
            let delta = object([
                ("role", "assistant".into()),
                ("content", "".into()),
                ("refusal", Json::Null),
            ]);
            self.write_choice(delta, Json::Null, out);
        }
    }

    /// Writes a chunk that adds to the message, with the seal that signs it.
    fn write_delta(&mut self, mut delta: Json, out: &mut Vec<u8>) {
        self.begin(out);
        if let Some(seal) = self.seal.take() {
            let holder = match delta.get_mut("tool_calls") {
                Some(Json::List(calls)) => calls.first_mut(),
                _ => Some(&mut delta),
            };
            if let Some(holder) = holder {
                holder.set("extra_content", google_seal(seal));
            }
        }
        self.write_choice(delta, Json::Null, out);
    }

    /// Writes a call, or more of one. Of older functions one is called at most.
    fn write_call_delta(&mut self, call: Json, out: &mut Vec<u8>) {
        if self.names.calls_are_functions {
            if call["index"].as_u64() == Some(0) {
                let function = call["function"].clone();
                self.write_delta(object([("function_call", function)]), out);
            }
            return;
        }
        self.write_delta(object([("tool_calls", vec![call].into())]), out);
    }

    /// Gives calls without arguments the empty ones: their text must be JSON.
    fn end_calls(&mut self, out: &mut Vec<u8>) {
        let calls = std::mem::take(&mut self.calls);
        for (at, _) in calls.iter().enumerate().filter(|(_, has)| !**has) {
            self.write_arguments(at, "{}", out);
        }
        self.calls = vec![true; calls.len()];
    }

    fn write_arguments(&mut self, at: usize, json: &str, out: &mut Vec<u8>) {
        let call = object([
            ("index", at.into()),
            ("function", object([("arguments", json.into())])),
        ]);
        self.write_call_delta(call, out);
    }

    fn write_choice(&self, delta: Json, finish: Json, out: &mut Vec<u8>) {
        let choice = object([
            ("index", 0_u64.into()),
            ("delta", delta),
            ("logprobs", Json::Null),
            ("finish_reason", finish),
        ]);
        self.write_chunk(vec![choice], None, out);
    }

    fn write_chunk(&self, choices: Vec<Json>, usage: Option<Usage>, out: &mut Vec<u8>) {
        let mut chunk = self.head("chat.completion.chunk");
        chunk.set("choices", choices);
        if self.names.wants_usage {
            chunk.set("usage", usage.map(usage_json));
        }
        out.extend_from_slice(b"data: ");
        chunk.write_to(out);
        out.extend_from_slice(b"\n\n");
    }

    fn finish_word(&self, finish: &Finish) -> &'static str {
        match finish {
            Finish::Calls if self.names.calls_are_functions => "function_call",
            Finish::Calls => "tool_calls",
            Finish::Length => "length",
            Finish::Filtered => "content_filter",
            Finish::Stop | Finish::StopSequence(_) | Finish::Failed => "stop",
        }
    }

    fn head(&self, kind: &str) -> Json {
        object([
            ("id", self.id.as_str().into()),
            ("object", kind.into()),
            ("created", self.names.created_s.into()),
            ("model", self.names.model.as_str().into()),
        ])
    }

    /// Writes a piece of what the model thinks, in the two fields in which
    /// clients look for it.
    fn write_thought(&mut self, text: &str, out: &mut Vec<u8>) {
        let detail = object([
            ("type", "reasoning.text".into()),
            ("text", text.into()),
            ("index", self.thoughts.into()),
        ]);
        let delta = object([
            ("reasoning", text.into()),
            ("reasoning_details", vec![detail].into()),
        ]);
        self.begin(out);
        self.write_choice(delta, Json::Null, out);
    }
}

impl AnswerWriter for ChunkWriter {
    fn write_piece(&mut self, piece: AnswerPiece, out: &mut Vec<u8>) {
        match piece {
            AnswerPiece::Names { id, model } => {
                self.set_names(id, model);
                self.begin(out);
            }
            // Nobody of another dialect tells how likely a token is.
            AnswerPiece::Likely(_) => {}
            AnswerPiece::Text(text) => {
                self.said += text.chars().count();
                self.write_delta(object([("content", text.into())]), out);
            }
            AnswerPiece::Thought(text) => self.write_thought(&text, out),
            AnswerPiece::Sealed(seal) if seal.maker == SealMaker::Google => {
                self.seal = Some(seal.data);
            }
            AnswerPiece::Sealed(seal) => {
                let detail = seal_detail(&seal, self.thoughts);
                self.thoughts += 1;
                self.begin(out);
                let delta = object([("reasoning_details", vec![detail].into())]);
                self.write_choice(delta, Json::Null, out);
            }
            AnswerPiece::CallBegin { at, id, name } => {
                self.calls.push(false);
                let function = object([("name", name.into()), ("arguments", "".into())]);
                let call = object([
                    ("index", at.into()),
                    ("id", id.into()),
                    ("type", "function".into()),
                    ("function", function),
                ]);
                self.write_call_delta(call, out);
            }
            AnswerPiece::CallArguments { at, json } => {
                if let Some(has) = self.calls.get_mut(at) {
                    *has |= !json.trim().is_empty();
                }
                self.write_arguments(at, &json, out);
            }
            AnswerPiece::Picture { media_type, data } => {
                let images = vec![picture(&media_type, &data)];
                self.write_delta(object([("images", images.into())]), out);
            }
            AnswerPiece::Refusal(why) => {
                self.write_delta(object([("refusal", why.into())]), out);
            }
            AnswerPiece::Citation(citation) => {
                let annotations = vec![annotation(&citation, self.said)];
                self.write_delta(object([("annotations", annotations.into())]), out);
            }
            AnswerPiece::Finish(finish) => {
                self.end_calls(out);
                if self.seal.is_some() {
                    self.write_delta(object([]), out);
                }
                self.begin(out);
                let word = self.finish_word(&finish);
                self.write_choice(object([]), word.into(), out);
            }
        }
    }

    fn set_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Writes usage where it is wanted, and `[DONE]`.
    fn write_end(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.names.wants_usage) {
            self.write_chunk(Vec::new(), Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn whole(&mut self, draft: &DraftAnswer) -> Json {
        self.set_names(draft.id.clone(), draft.model.clone());
        let finish = draft.finish.as_ref();
        let finish = finish.map_or("stop", |finish| self.finish_word(finish));
        let mut message = write_message(draft);
        if self.names.calls_are_functions {
            tell_function(&mut message);
        }
        let choice = object([
            ("index", 0_u64.into()),
            ("message", message),
            ("logprobs", Json::Null),
            ("finish_reason", finish.into()),
        ]);
        let mut answer = self.head("chat.completion");
        answer.set("choices", vec![choice]);
        answer.set("usage", usage_json(self.usage.unwrap_or_default()));
        answer
    }
}

/// Tells the first call of a message in the words of OpenAI's older functions.
fn tell_function(message: &mut Json) {
    let calls = message.remove("tool_calls");
    if let Some(call) = calls.as_ref().and_then(|calls| calls.items().first()) {
        message.set("function_call", call["function"].clone());
        message.set_some("extra_content", call.get("extra_content").cloned());
    }
}

/// Makes the message of a whole answer. Its content is null where the model
/// only asks for tools.
fn write_message(draft: &DraftAnswer) -> Json {
    let mut parts = MessageParts::default();
    draft.blocks.iter().for_each(|block| parts.add(block));
    let text = draft.text();
    let is_silent = text.is_empty() && (draft.has_calls() || parts.refusal.is_some());
    let content = if is_silent { Json::Null } else { text.into() };
    let mut message = object([
        ("role", "assistant".into()),
        ("content", content),
        ("refusal", parts.refusal.into()),
    ]);
    if !parts.reasoning.is_empty() {
        message.set("reasoning", parts.reasoning);
    }
    for (name, list) in [
        ("reasoning_details", parts.details),
        ("tool_calls", parts.calls),
        ("images", parts.images),
        ("annotations", parts.annotations),
    ] {
        if !list.is_empty() {
            message.set(name, list);
        }
    }
    message.set_some(
        "extra_content",
        parts.seal_of_text.or(parts.seal).map(google_seal),
    );
    message
}

/// What a message has beside its text.
#[derive(Default)]
struct MessageParts {
    reasoning: String,
    /// How many thoughts there are.
    thoughts: usize,
    details: Vec<Json>,
    calls: Vec<Json>,
    images: Vec<Json>,
    annotations: Vec<Json>,
    /// How many characters were said.
    said: usize,
    refusal: Option<String>,
    /// Google's seal, for what comes behind it.
    seal: Option<String>,
    seal_of_text: Option<String>,
}

impl MessageParts {
    fn add(&mut self, block: &Block) {
        match block {
            Block::Text { text, citations } => {
                self.said += text.chars().count();
                let said = self.said;
                let written = citations.iter().map(|it| annotation(it, said));
                self.annotations.extend(written);
                self.seal_of_text = self.seal.take().or(self.seal_of_text.take());
            }
            Block::Thought(thought) => {
                self.reasoning.push_str(&thought.text);
                let index = self.thoughts;
                self.thoughts += 1;
                let mut detail = match &thought.seal {
                    Some(seal) if seal.maker == SealMaker::Google => {
                        self.seal = Some(seal.data.clone());
                        if thought.text.is_empty() {
                            return;
                        }
                        object([("type", "reasoning.text".into()), ("index", index.into())])
                    }
                    Some(seal) => seal_detail(seal, index),
                    None => object([("type", "reasoning.text".into()), ("index", index.into())]),
                };
                if detail["type"].is("reasoning.text") {
                    detail.set("text", thought.text.as_str());
                } else if !thought.text.is_empty() {
                    self.details.push(object([
                        ("type", "reasoning.summary".into()),
                        ("summary", thought.text.as_str().into()),
                        ("index", index.into()),
                    ]));
                }
                self.details.push(detail);
            }
            Block::Call {
                id,
                name,
                arguments,
            } => {
                let function = object([
                    ("name", name.into()),
                    ("arguments", whole_arguments(arguments).into()),
                ]);
                let mut call = object([
                    ("id", id.into()),
                    ("type", "function".into()),
                    ("function", function),
                ]);
                call.set_some("extra_content", self.seal.take().map(google_seal));
                self.calls.push(call);
            }
            Block::Picture { media_type, data } => self.images.push(picture(media_type, data)),
            Block::Refusal(why) => self.refusal = Some(why.clone()),
        }
    }
}

/// A seal as OpenRouter's `reasoning_details` carry it.
fn seal_detail(seal: &Seal, index: usize) -> Json {
    let is_redacted = seal.maker == SealMaker::AnthropicRedacted;
    let maker = if is_redacted {
        SealMaker::Anthropic
    } else {
        seal.maker
    };
    let format = FORMATS.iter().find(|(_, of)| *of == maker);
    let format = format.map_or("unknown", |(name, _)| name);
    let (kind, field) = match seal.maker {
        SealMaker::Anthropic => ("reasoning.text", "signature"),
        _ => ("reasoning.encrypted", "data"),
    };
    object([
        ("type", kind.into()),
        (field, seal.data.as_str().into()),
        ("format", format.into()),
        ("index", index.into()),
    ])
}

/// A seal as Google's own layer carries it.
fn google_seal(seal: String) -> Json {
    object([("google", object([("thought_signature", seal.into())]))])
}

fn picture(media_type: &str, data: &str) -> Json {
    let url = format!("data:{media_type};base64,{data}");
    object([
        ("type", "image_url".into()),
        ("image_url", object([("url", url.into())])),
    ])
}

/// A source; behind what was `said` so far, where its place is not known.
fn annotation(citation: &Citation, said: usize) -> Json {
    let place = citation.place.clone().unwrap_or(said..said);
    let citation = object([
        ("start_index", place.start.into()),
        ("end_index", place.end.into()),
        ("url", citation.url.as_str().into()),
        ("title", citation.title.as_str().into()),
    ]);
    object([("type", "url_citation".into()), ("url_citation", citation)])
}

fn usage_json(usage: Usage) -> Json {
    let details = usage.details;
    let written = [
        details.cache_write,
        details.cache_write_5m,
        details.cache_write_1h,
        details.cache_write_12h,
    ];
    let total = usage.input_tokens + usage.output_tokens;
    let prompt = object([
        ("cached_tokens", usage.cached_tokens.into()),
        ("cache_write_tokens", written.iter().sum::<u64>().into()),
        ("audio_tokens", details.input_audio.into()),
    ]);
    let completion = object([
        ("reasoning_tokens", usage.reasoning_tokens.into()),
        ("audio_tokens", details.output_audio.into()),
    ]);
    object([
        ("prompt_tokens", usage.input_tokens.into()),
        ("completion_tokens", usage.output_tokens.into()),
        ("total_tokens", total.into()),
        ("prompt_tokens_details", prompt),
        ("completion_tokens_details", completion),
    ])
}
