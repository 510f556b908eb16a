//! Writes answers in Google's dialect, whole or in the chunks of a stream;
//! `docs/providers.md` §10.

use crate::model::Usage;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::answer_piece::{
    AnswerPiece, DraftAnswer, Finish, is_object, parse_arguments,
};
use crate::providers::dialect::translating::neutral::Seal;
use crate::providers::dialect::translating::translation::{AnswerNames, AnswerWriter};

use super::grounding::Sources;
use super::request::NO_SIGNATURE;
use super::seal::write_seals;

/// A call whose arguments have not come whole.
struct OpenCall {
    id: String,
    name: String,
    arguments: String,
    seal: Option<String>,
}

/// Writes one answer.
pub struct ContentWriter {
    names: AnswerNames,
    id: Option<String>,
    /// Whether a stream is one of events, and not a list.
    as_events: bool,
    /// How many chunks have been written.
    chunks: usize,
    calls: Vec<OpenCall>,
    /// The thought since the last seal.
    thought: String,
    /// Seals, with their thoughts, that no part has signed yet.
    sealed: Vec<(String, Seal)>,
    /// The same as one seal, for what comes behind it.
    seal: Option<String>,
    finish: Option<Finish>,
    /// Whether a call was left out whose arguments are no object.
    has_broken_call: bool,
    sources: Sources,
    /// How likely each token is that was not told yet.
    likely: Vec<Json>,
    usage: Option<Usage>,
}

impl ContentWriter {
    /// A writer for an answer with these names.
    pub fn new(names: AnswerNames, as_events: bool) -> Self {
        Self {
            names,
            id: None,
            as_events,
            chunks: 0,
            calls: Vec::new(),
            thought: String::new(),
            sealed: Vec::new(),
            seal: None,
            finish: None,
            has_broken_call: false,
            sources: Sources::default(),
            likely: Vec::new(),
            usage: None,
        }
    }

    fn set_names(&mut self, id: Option<String>, model: Option<String>) {
        self.id = id.or(self.id.take());
        if let Some(model) = model {
            self.names.model = model;
        }
    }

    /// Seals the thought that was told, beside those that no part has signed.
    fn seal_thought(&mut self, seal: Seal) {
        if self.seal.is_none() {
            self.sealed.clear();
        }
        let thought = std::mem::take(&mut self.thought);
        self.sealed.push((thought, seal));
        self.seal = write_seals(&self.sealed);
    }

    /// A part, with the seal that signs it.
    fn signed(&mut self, mut part: Json) -> Json {
        part.set_some("thoughtSignature", self.seal.take());
        part
    }

    /// The parts of what was held back until the end.
    fn last_parts(&mut self) -> Vec<Json> {
        let mut calls = std::mem::take(&mut self.calls);
        // A call that was cut off is none that anybody could make.
        let all = calls.len();
        calls.retain(|call| is_object(&call.arguments));
        self.has_broken_call = calls.len() < all;
        // A call of another model's has none, which Google would miss if the
        // conversation went on with a model of its own.
        if let Some(first) = calls.first_mut() {
            first.seal.get_or_insert_with(|| NO_SIGNATURE.to_owned());
        }
        let mut parts: Vec<Json> = calls.into_iter().map(write_call).collect();
        if let Some(seal) = self.seal.take() {
            parts.push(object([
                ("text", "".into()),
                ("thoughtSignature", seal.into()),
            ]));
        }
        parts
    }

    fn finish_word(&self) -> &'static str {
        match &self.finish {
            Some(Finish::Length) => "MAX_TOKENS",
            Some(Finish::Filtered) => "SAFETY",
            Some(Finish::Failed) => "OTHER",
            _ if self.has_broken_call => "MALFORMED_FUNCTION_CALL",
            _ => "STOP",
        }
    }

    /// An answer, or a chunk of one. It has a part in any case: Google's
    /// libraries take a content without one for invalid, and leave the turn
    /// out of the next call.
    fn answer(&mut self, mut parts: Vec<Json>, is_last: bool) -> Json {
        if parts.is_empty() {
            parts.push(object([("text", "".into())]));
        }
        let content = object([("parts", parts.into()), ("role", "model".into())]);
        let mut candidate = object([("content", content)]);
        if is_last {
            candidate.set("finishReason", self.finish_word());
        }
        candidate.set("index", 0_u64);
        let likely = std::mem::take(&mut self.likely);
        candidate.set_some("logprobsResult", write_likely(&likely));
        if is_last {
            candidate.set_some("groundingMetadata", self.sources.write());
        }
        let mut answer = object([("candidates", vec![candidate].into())]);
        let usage = self.usage.as_ref().filter(|_| is_last);
        answer.set_some("usageMetadata", usage.map(usage_json));
        answer.set("modelVersion", self.names.model.as_str());
        answer.set_some("responseId", self.id.as_deref());
        answer
    }

    fn write_chunk(&mut self, parts: Vec<Json>, is_last: bool, out: &mut Vec<u8>) {
        let between: &[u8] = match (self.as_events, self.chunks) {
            (true, _) => b"data: ",
            (false, 0) => b"[",
            (false, _) => b",\r\n",
        };
        out.extend_from_slice(between);
        self.chunks += 1;
        self.answer(parts, is_last).write_to(out);
        out.extend_from_slice(match (self.as_events, is_last) {
            (true, _) => b"\r\n\r\n",
            (false, true) => b"]",
            (false, false) => b"\n",
        });
    }

    /// Adds a piece; returns the part of it that can be told at once.
    fn add(&mut self, piece: AnswerPiece) -> Option<Json> {
        match piece {
            AnswerPiece::Names { id, model } => self.set_names(id, model),
            AnswerPiece::Text(text) | AnswerPiece::Refusal(text) => {
                self.sources.said.add(&text);
                return Some(self.signed(object([("text", text.into())])));
            }
            AnswerPiece::Likely(more) => self.likely.extend(more),
            AnswerPiece::Thought(text) => {
                self.thought.push_str(&text);
                return Some(object([("text", text.into()), ("thought", true.into())]));
            }
            AnswerPiece::Sealed(seal) => self.seal_thought(seal),
            AnswerPiece::CallBegin { id, name, .. } => {
                let seal = self.seal.take();
                self.calls.push(OpenCall {
                    id,
                    name,
                    arguments: String::new(),
                    seal,
                });
            }
            AnswerPiece::CallArguments { at, json } => {
                if let Some(call) = self.calls.get_mut(at) {
                    call.arguments.push_str(&json);
                }
            }
            AnswerPiece::Picture { media_type, data } => {
                let inline = object([("mimeType", media_type.into()), ("data", data.into())]);
                return Some(self.signed(object([("inlineData", inline)])));
            }
            AnswerPiece::Citation(citation) => self.sources.add(citation),
            AnswerPiece::Finish(finish) => self.finish = Some(finish),
        }
        None
    }
}

impl AnswerWriter for ContentWriter {
    fn write_piece(&mut self, piece: AnswerPiece, out: &mut Vec<u8>) {
        if let Some(part) = self.add(piece) {
            self.write_chunk(vec![part], false, out);
        }
    }

    fn set_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Writes the last chunk: calls whole, why the model stopped, and the
    /// usage, which some providers say last.
    fn write_end(&mut self, out: &mut Vec<u8>) {
        let parts = self.last_parts();
        self.write_chunk(parts, true, out);
    }

    fn whole(&mut self, draft: &DraftAnswer) -> Json {
        let mut parts = Vec::new();
        for piece in draft.pieces() {
            self.sources.begin_part(parts.len());
            parts.extend(self.add(piece));
        }
        parts.extend(self.last_parts());
        self.answer(parts, true)
    }

    fn media_type(&self) -> Option<&'static str> {
        (!self.as_events).then_some("application/json")
    }
}

fn write_call(call: OpenCall) -> Json {
    let function = object([
        ("id", call.id.into()),
        ("name", call.name.into()),
        ("args", parse_arguments(&call.arguments).into()),
    ]);
    let mut part = object([("functionCall", function)]);
    part.set_some("thoughtSignature", call.seal);
    part
}

/// How likely each token is, in Google's words, but for its number, which
/// nobody else tells; none where nothing is known.
fn write_likely(tokens: &[Json]) -> Option<Json> {
    let write = |token: &Json| {
        let mut written = object([("token", token["token"].clone())]);
        written.set("logProbability", token["logprob"].clone());
        written
    };
    let chosen: Vec<Json> = tokens.iter().map(write).collect();
    let others = tokens.iter().map(|token| {
        let others: Vec<Json> = token["top_logprobs"].items().iter().map(write).collect();
        object([("candidates", others.into())])
    });
    let others: Vec<Json> = others.collect();
    (!chosen.is_empty()).then(|| {
        object([
            ("chosenCandidates", chosen.into()),
            ("topCandidates", others.into()),
        ])
    })
}

/// Usage as Google counts it: thoughts beside the candidates.
fn usage_json(usage: &Usage) -> Json {
    let thoughts = usage.reasoning_tokens.min(usage.output_tokens);
    let mut written = object([
        ("promptTokenCount", usage.input_tokens.into()),
        (
            "candidatesTokenCount",
            (usage.output_tokens - thoughts).into(),
        ),
        (
            "totalTokenCount",
            (usage.input_tokens + usage.output_tokens).into(),
        ),
    ]);
    if usage.cached_tokens > 0 {
        written.set("cachedContentTokenCount", usage.cached_tokens);
    }
    if thoughts > 0 {
        written.set("thoughtsTokenCount", thoughts);
    }
    written
}
