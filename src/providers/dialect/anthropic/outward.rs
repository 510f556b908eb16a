//! Writes answers in Anthropic's dialect, whole or in the events of a stream;
//! `docs/providers.md` §9.

use crate::model::Usage;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::answer_piece::{
    AnswerPiece, Block, DraftAnswer, Finish, parse_arguments,
};
use crate::providers::dialect::translating::citation::{Citation, cut_by_source};
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::seal_tag::{UNSEALED, tag};
use crate::providers::dialect::translating::translation::{AnswerNames, AnswerWriter};

/// The kind of the block that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenBlock {
    Text,
    Thinking,
    /// A call, by its number.
    Call(usize),
}

/// A call that waits until the one before it has ended: blocks come one after
/// the other.
struct WaitingCall {
    at: usize,
    id: String,
    name: String,
    arguments: String,
}

/// Writes one answer.
pub struct MessageWriter {
    names: AnswerNames,
    id: String,
    began: bool,
    open: Option<OpenBlock>,
    /// How many blocks have been begun.
    blocks: u64,
    waiting: Vec<WaitingCall>,
    has_refused: bool,
    finish: Option<Finish>,
    usage: Usage,
}

impl MessageWriter {
    /// A writer for an answer with these names.
    pub fn new(names: AnswerNames) -> Self {
        Self {
            names,
            id: "msg_0".to_owned(),
            began: false,
            open: None,
            blocks: 0,
            waiting: Vec::new(),
            has_refused: false,
            finish: None,
            usage: Usage::default(),
        }
    }

    fn set_names(&mut self, id: Option<String>, model: Option<String>) {
        if let Some(id) = id {
            self.id = format!("msg_{id}");
        }
        if let Some(model) = model {
            self.names.model = model;
        }
    }

    fn head(&self, content: Vec<Json>) -> Json {
        object([
            ("id", self.id.as_str().into()),
            ("type", "message".into()),
            ("role", "assistant".into()),
            ("model", self.names.model.as_str().into()),
            ("content", content.into()),
            ("stop_reason", Json::Null),
            ("stop_sequence", Json::Null),
        ])
    }

    /// Writes the event that a stream begins with, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.began, true) {
            return;
        }
        let mut message = self.head(Vec::new());
        message.set("usage", usage_json(&self.usage));
        write_event("message_start", [("message", message)], out);
    }

    fn begin_block(&mut self, kind: OpenBlock, block: Json, out: &mut Vec<u8>) {
        self.begin(out);
        self.end_block(out);
        let index = self.blocks.into();
        write_event(
            "content_block_start",
            [("index", index), ("content_block", block)],
            out,
        );
        self.blocks += 1;
        self.open = Some(kind);
    }

    /// Ends the open block. A thought that nobody signed says so.
    fn end_block(&mut self, out: &mut Vec<u8>) {
        if self.open == Some(OpenBlock::Thinking) {
            self.write_signature(UNSEALED, out);
        }
        self.stop_block(out);
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            let index = (self.blocks - 1).into();
            write_event("content_block_stop", [("index", index)], out);
        }
    }

    fn write_signature(&self, signature: &str, out: &mut Vec<u8>) {
        let delta = object([
            ("type", "signature_delta".into()),
            ("signature", signature.into()),
        ]);
        self.write_delta(delta, out);
    }

    fn write_delta(&self, delta: Json, out: &mut Vec<u8>) {
        let index = self.blocks.saturating_sub(1).into();
        write_event(
            "content_block_delta",
            [("index", index), ("delta", delta)],
            out,
        );
    }

    /// Ends the open call and writes those that waited for it.
    fn end_calls(&mut self, out: &mut Vec<u8>) {
        for call in std::mem::take(&mut self.waiting) {
            self.begin_call(call.at, &call.id, &call.name, out);
            self.write_arguments(&call.arguments, out);
        }
    }

    fn begin_call(&mut self, at: usize, id: &str, name: &str, out: &mut Vec<u8>) {
        let block = object([
            ("type", "tool_use".into()),
            ("id", id.into()),
            ("name", name.into()),
            ("input", object([])),
        ]);
        self.begin_block(OpenBlock::Call(at), block, out);
        self.write_arguments("", out);
    }

    fn write_arguments(&self, json: &str, out: &mut Vec<u8>) {
        let delta = object([
            ("type", "input_json_delta".into()),
            ("partial_json", json.into()),
        ]);
        self.write_delta(delta, out);
    }

    fn write_text(&mut self, text: &str, out: &mut Vec<u8>) {
        self.end_calls(out);
        if self.open != Some(OpenBlock::Text) {
            self.begin_block(OpenBlock::Text, text_block(""), out);
        }
        let delta = object([("type", "text_delta".into()), ("text", text.into())]);
        self.write_delta(delta, out);
    }

    fn begin_thinking(&mut self, out: &mut Vec<u8>) {
        self.end_calls(out);
        if self.open != Some(OpenBlock::Thinking) {
            self.begin_block(OpenBlock::Thinking, thinking_block("", ""), out);
        }
    }

    fn write_call(&mut self, piece: AnswerPiece, out: &mut Vec<u8>) {
        match piece {
            AnswerPiece::CallBegin { at, id, name } => {
                if matches!(self.open, Some(OpenBlock::Call(_))) {
                    self.waiting.push(WaitingCall {
                        at,
                        id,
                        name,
                        arguments: String::new(),
                    });
                } else {
                    self.begin_call(at, &id, &name, out);
                }
            }
            AnswerPiece::CallArguments { at, json } => {
                let waiting = self.waiting.iter_mut().find(|call| call.at == at);
                match waiting {
                    Some(call) => call.arguments.push_str(&json),
                    None => self.write_arguments(&json, out),
                }
            }
            _ => {}
        }
    }
}

impl AnswerWriter for MessageWriter {
    fn write_piece(&mut self, piece: AnswerPiece, out: &mut Vec<u8>) {
        match piece {
            AnswerPiece::Names { id, model } => {
                self.set_names(id, model);
                self.begin(out);
            }
            AnswerPiece::Text(text) => self.write_text(&text, out),
            AnswerPiece::Thought(text) => {
                self.begin_thinking(out);
                let delta = object([("type", "thinking_delta".into()), ("thinking", text.into())]);
                self.write_delta(delta, out);
            }
            AnswerPiece::Sealed(seal) => {
                self.begin_thinking(out);
                self.write_signature(&written_seal(&seal), out);
                self.stop_block(out);
            }
            AnswerPiece::CallBegin { .. } | AnswerPiece::CallArguments { .. } => {
                self.write_call(piece, out);
            }
            AnswerPiece::Picture { media_type, data } => {
                self.write_text(&picture_text(&media_type, &data), out);
            }
            AnswerPiece::Refusal(why) => {
                self.has_refused = true;
                self.write_text(&why, out);
            }
            AnswerPiece::Likely(_) => {}
            AnswerPiece::Citation(source) => {
                if self.open == Some(OpenBlock::Text) {
                    let citation = citation(&source);
                    let delta =
                        object([("type", "citations_delta".into()), ("citation", citation)]);
                    self.write_delta(delta, out);
                }
            }
            AnswerPiece::Finish(finish) => {
                self.end_calls(out);
                self.begin(out);
                self.end_block(out);
                self.finish = Some(finish);
            }
        }
    }

    fn set_usage(&mut self, usage: Usage) {
        self.usage = usage;
    }

    /// Writes why the model stopped, with the usage, which some providers say
    /// behind it.
    fn write_end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        self.end_calls(out);
        self.end_block(out);
        let finish = self.finish.take().unwrap_or(Finish::Stop);
        let (reason, sequence) = stop_reason(&finish, self.has_refused);
        let delta = object([("stop_reason", reason.into()), ("stop_sequence", sequence)]);
        write_event(
            "message_delta",
            [("delta", delta), ("usage", usage_json(&self.usage))],
            out,
        );
        write_event("message_stop", [], out);
    }

    fn wants_objects(&self) -> bool {
        true
    }

    fn whole(&mut self, draft: &DraftAnswer) -> Json {
        self.set_names(draft.id.clone(), draft.model.clone());
        let has_refused = draft
            .blocks
            .iter()
            .any(|it| matches!(it, Block::Refusal(_)));
        let mut said = 0;
        let blocks = draft.blocks.iter();
        let content = blocks
            .flat_map(|block| write_blocks(block, &mut said))
            .collect();
        let finish = draft.finish.as_ref().unwrap_or(&Finish::Stop);
        let (reason, sequence) = stop_reason(finish, has_refused);
        let mut message = self.head(content);
        message.set("stop_reason", reason);
        message.set("stop_sequence", sequence);
        message.set("usage", usage_json(&self.usage));
        message
    }
}

fn write_event<const N: usize>(kind: &str, fields: [(&str, Json); N], out: &mut Vec<u8>) {
    let mut event = object([("type", kind.into())]);
    for (name, value) in fields {
        event.set(name, value);
    }
    out.extend_from_slice(format!("event: {kind}\ndata: ").as_bytes());
    event.write_to(out);
    out.extend_from_slice(b"\n\n");
}

/// Writes a block; a text with sources as one for each of its pieces. `said` is
/// how many characters were said before it.
fn write_blocks(block: &Block, said: &mut usize) -> Vec<Json> {
    let Block::Text { text, citations } = block else {
        return vec![write_block(block)];
    };
    let pieces = cut_by_source(text, *said, citations);
    *said += text.chars().count();
    let blocks = pieces.iter().map(|(text, sources)| {
        let mut written = text_block(text);
        if !sources.is_empty() {
            let all = sources.iter().map(citation);
            written.set("citations", all.collect::<Vec<_>>());
        }
        written
    });
    blocks.collect()
}

fn write_block(block: &Block) -> Json {
    match block {
        Block::Text { text, .. } => text_block(text),
        Block::Thought(thought) => {
            let signature = thought.seal.as_ref().map(written_seal);
            thinking_block(&thought.text, signature.as_deref().unwrap_or(UNSEALED))
        }
        Block::Call {
            id,
            name,
            arguments,
        } => object([
            ("type", "tool_use".into()),
            ("id", id.into()),
            ("name", name.into()),
            ("input", parse_arguments(arguments).into()),
        ]),
        Block::Picture { media_type, data } => text_block(&picture_text(media_type, data)),
        Block::Refusal(why) => text_block(why),
    }
}

/// A seal in the place of Anthropic's.
fn written_seal(seal: &Seal) -> String {
    if seal.maker == SealMaker::Anthropic {
        seal.data.clone()
    } else {
        tag(seal)
    }
}

fn text_block(text: &str) -> Json {
    object([("type", "text".into()), ("text", text.into())])
}

fn thinking_block(text: &str, signature: &str) -> Json {
    object([
        ("type", "thinking".into()),
        ("thinking", text.into()),
        ("signature", signature.into()),
    ])
}

/// Anthropic's answers have no pictures: one stands in the text.
fn picture_text(media_type: &str, data: &str) -> String {
    format!("![picture](data:{media_type};base64,{data})")
}

fn citation(source: &Citation) -> Json {
    object([
        ("type", "web_search_result_location".into()),
        ("url", source.url.as_str().into()),
        ("title", source.title.as_str().into()),
        ("cited_text", "".into()),
        ("encrypted_index", "".into()),
    ])
}

fn stop_reason(finish: &Finish, has_refused: bool) -> (&'static str, Json) {
    match finish {
        Finish::Filtered => ("refusal", Json::Null),
        Finish::Stop if has_refused => ("refusal", Json::Null),
        Finish::Calls => ("tool_use", Json::Null),
        Finish::Length => ("max_tokens", Json::Null),
        Finish::StopSequence(Some(at)) => ("stop_sequence", at.into()),
        Finish::Stop | Finish::StopSequence(None) | Finish::Failed => ("end_turn", Json::Null),
    }
}

/// Usage as Anthropic counts it: what was read from and written to a cache is
/// none of the input.
fn usage_json(usage: &Usage) -> Json {
    let details = &usage.details;
    let for_an_hour = details.cache_write_1h + details.cache_write_12h;
    let written = details.cache_write + details.cache_write_5m + for_an_hour;
    let plain = usage
        .input_tokens
        .saturating_sub(usage.cached_tokens + written);
    object([
        ("input_tokens", plain.into()),
        ("cache_creation_input_tokens", written.into()),
        ("cache_read_input_tokens", usage.cached_tokens.into()),
        (
            "cache_creation",
            object([
                ("ephemeral_5m_input_tokens", (written - for_an_hour).into()),
                ("ephemeral_1h_input_tokens", for_an_hour.into()),
            ]),
        ),
        ("output_tokens", usage.output_tokens.into()),
        (
            "output_tokens_details",
            object([("thinking_tokens", usage.reasoning_tokens.into())]),
        ),
    ])
}
