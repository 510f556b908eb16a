//! Reads Google's answers in the neutral form.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::answer_piece::{AnswerPiece, Finish};
use crate::providers::dialect::translating::citation::{Citation, SaidText};
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::settled_calls::write_hex;
use crate::providers::dialect::translating::translation::AnswerReader;

use super::grounding::read_sources;

/// What the id of a call begins with that Google gave none.
const OUR_ID: &str = "call_unnamed_";

/// Whether the id of a call is one that Google never gave.
pub fn is_our_id(id: &str) -> bool {
    id.starts_with(OUR_ID)
}

/// Reads chunks of a stream and whole answers, which have one shape.
pub struct ContentReader {
    /// How many calls the conversation had before.
    calls_before: usize,
    /// How many calls this answer has so far.
    calls: usize,
    finished: bool,
    said: SaidText,
    cited: HashSet<Citation>,
}

impl ContentReader {
    /// A reader for the next answer of a conversation with so many calls.
    pub fn new(calls_before: usize) -> Self {
        Self {
            calls_before,
            calls: 0,
            finished: false,
            said: SaidText::default(),
            cited: HashSet::new(),
        }
    }
}

impl AnswerReader for ContentReader {
    fn read(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        for chunk in event.items() {
            self.read(chunk, pieces);
        }
        if !event.is_object() {
            return;
        }
        pieces.push(AnswerPiece::Names {
            id: event["responseId"].as_str().map(str::to_owned),
            model: event["modelVersion"].as_str().map(str::to_owned),
        });
        let candidate = &event["candidates"][0];
        let mut starts = Vec::new();
        let is_first = self.said.bytes() == 0;
        for part in candidate["content"]["parts"].items() {
            starts.push(self.said.bytes());
            self.read_part(part, event, pieces);
        }
        // What a stream says of its places is of all that it has said.
        let starts = if is_first { starts } else { Vec::new() };
        for citation in read_sources(&candidate["groundingMetadata"], &self.said, &starts) {
            // Later chunks of a stream may say it again.
            if self.cited.insert(citation.clone()) {
                pieces.push(AnswerPiece::Citation(citation));
            }
        }
        if let Some(finish) = self.read_finish(event).filter(|_| !self.finished) {
            self.finished = true;
            pieces.push(AnswerPiece::Finish(finish));
        }
    }
}

impl ContentReader {
    /// A part, behind the seal that signs it.
    fn read_part(&mut self, part: &Json, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        let is_thought = part["thought"].as_bool() == Some(true);
        let text = part["text"].as_str().filter(|text| !text.is_empty());
        if let Some(thought) = text.filter(|_| is_thought) {
            pieces.push(AnswerPiece::Thought(thought.to_owned()));
        }
        if let Some(seal) = part["thoughtSignature"].as_str() {
            pieces.push(AnswerPiece::Sealed(Seal {
                maker: SealMaker::Google,
                data: seal.to_owned(),
            }));
        }
        if let Some(text) = text.filter(|_| !is_thought) {
            self.said.add(text);
            pieces.push(AnswerPiece::Text(text.to_owned()));
        }
        let data = &part["inlineData"];
        if let Some(picture) = data["data"].as_str() {
            pieces.push(AnswerPiece::Picture {
                media_type: data["mimeType"].as_str().unwrap_or_default().to_owned(),
                data: picture.to_owned(),
            });
        }
        let call = &part["functionCall"];
        if call.is_object() {
            let at = self.calls;
            let id = call["id"].as_str().map(str::to_owned);
            let id = id.unwrap_or_else(|| self.name_call(call, event));
            self.calls += 1;
            pieces.push(AnswerPiece::CallBegin {
                at,
                id,
                name: call["name"].as_str().unwrap_or_default().to_owned(),
            });
            let args = &call["args"];
            if args.is_object() {
                let json = args.to_string();
                pieces.push(AnswerPiece::CallArguments { at, json });
            }
        }
    }

    /// An id for a call that Google gave none: no other call of the
    /// conversation has it.
    fn name_call(&self, call: &Json, event: &Json) -> String {
        let number = self.calls_before + self.calls;
        let digest = Sha256::digest(format!("{number} {} {call}", event["responseId"]));
        let hex = write_hex(digest.iter().take(6));
        format!("{OUR_ID}{number}_{hex}")
    }

    fn read_finish(&self, event: &Json) -> Option<Finish> {
        if event["promptFeedback"].get("blockReason").is_some() {
            return Some(Finish::Filtered);
        }
        Some(match event["candidates"][0]["finishReason"].as_str()? {
            "MAX_TOKENS" | "CONTINUATION" => Finish::Length,
            "STOP" | "FINISH_REASON_UNSPECIFIED" if self.calls > 0 => Finish::Calls,
            "STOP" | "FINISH_REASON_UNSPECIFIED" => Finish::Stop,
            // To ask again may help.
            "MALFORMED_FUNCTION_CALL"
            | "MALFORMED_RESPONSE"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MISSING_THOUGHT_SIGNATURE"
            | "NO_IMAGE"
            | "IMAGE_OTHER"
            | "OTHER" => Finish::Failed,
            _ => Finish::Filtered,
        })
    }
}
