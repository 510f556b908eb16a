//! Reads Anthropic's answers in the neutral form.

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::answer_piece::{AnswerPiece, Finish};
use crate::providers::dialect::translating::citation::Citation;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::translation::AnswerReader;

/// Reads messages, whole or event by event.
#[derive(Default)]
pub struct MessageReader {
    /// The indices of the blocks that are tool calls; a call's place in this
    /// list is its number.
    calls: Vec<u64>,
    /// How many characters were said, and how many before the block that is open.
    said: usize,
    before: usize,
    /// Sources of the block that is open: they are for all of it.
    cited: Vec<Citation>,
}

impl AnswerReader for MessageReader {
    fn read(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.read_message(&event["message"], pieces),
            "content_block_start" => {
                let index = event["index"].as_u64().unwrap_or(0);
                self.read_block(index, &event["content_block"], pieces);
            }
            "content_block_delta" => self.read_delta(event, pieces),
            "content_block_stop" => self.tell_sources(pieces),
            "message_delta" => read_stop(&event["delta"], pieces),
            "message" | "" => self.read_message(event, pieces),
            _ => {}
        }
    }
}

impl MessageReader {
    /// A whole message, or the one that a stream begins with, which has no
    /// content yet.
    fn read_message(&mut self, message: &Json, pieces: &mut Vec<AnswerPiece>) {
        pieces.push(AnswerPiece::Names {
            id: message["id"].as_str().map(str::to_owned),
            model: message["model"].as_str().map(str::to_owned),
        });
        for (index, block) in message["content"].items().iter().enumerate() {
            self.read_block(index as u64, block, pieces);
            self.tell_sources(pieces);
        }
        read_stop(message, pieces);
    }

    /// A block with what it has from its beginning: all of it, in a whole
    /// message and at some services that speak this dialect.
    fn read_block(&mut self, index: u64, block: &Json, pieces: &mut Vec<AnswerPiece>) {
        let text = |name: &str| block[name].as_str().unwrap_or_default();
        match text("type") {
            "text" => {
                self.before = self.said;
                if !text("text").is_empty() {
                    self.say(text("text"), pieces);
                }
                for citation in block["citations"].items() {
                    self.read_citation(citation);
                }
            }
            "thinking" => {
                if !text("thinking").is_empty() {
                    pieces.push(AnswerPiece::Thought(text("thinking").to_owned()));
                }
                if !text("signature").is_empty() {
                    pieces.push(sealed(SealMaker::Anthropic, text("signature")));
                }
            }
            "redacted_thinking" => {
                pieces.push(sealed(SealMaker::AnthropicRedacted, text("data")));
            }
            "tool_use" => {
                let at = self.calls.len();
                self.calls.push(index);
                // Some services that speak this dialect give none.
                let id = match text("id") {
                    "" => format!("call_{at}"),
                    id => id.to_owned(),
                };
                pieces.push(AnswerPiece::CallBegin {
                    at,
                    id,
                    name: text("name").to_owned(),
                });
                let input = &block["input"];
                if !input.fields().is_empty() {
                    let json = input.to_string();
                    pieces.push(AnswerPiece::CallArguments { at, json });
                }
            }
            _ => {}
        }
    }

    fn read_delta(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        let delta = &event["delta"];
        let text = |name: &str| delta[name].as_str().filter(|text| !text.is_empty());
        if let Some(said) = text("text") {
            self.say(said, pieces);
        }
        if let Some(thought) = text("thinking") {
            pieces.push(AnswerPiece::Thought(thought.to_owned()));
        }
        if let Some(signature) = text("signature") {
            pieces.push(sealed(SealMaker::Anthropic, signature));
        }
        if delta.get("citation").is_some() {
            self.read_citation(&delta["citation"]);
        }
        if let Some(json) = text("partial_json") {
            let index = event["index"].as_u64();
            let at = self.calls.iter().position(|it| Some(*it) == index);
            if let Some(at) = at {
                let json = json.to_owned();
                pieces.push(AnswerPiece::CallArguments { at, json });
            }
        }
    }

    fn say(&mut self, text: &str, pieces: &mut Vec<AnswerPiece>) {
        self.said += text.chars().count();
        pieces.push(AnswerPiece::Text(text.to_owned()));
    }

    fn read_citation(&mut self, citation: &Json) {
        if let Some(url) = citation["url"].as_str() {
            self.cited.push(Citation {
                url: url.to_owned(),
                title: citation["title"].as_str().unwrap_or_default().to_owned(),
                place: None,
            });
        }
    }

    /// Tells the sources of a block that is whole.
    fn tell_sources(&mut self, pieces: &mut Vec<AnswerPiece>) {
        let place = (self.before < self.said).then_some(self.before..self.said);
        for cited in std::mem::take(&mut self.cited) {
            let place = place.clone();
            pieces.push(AnswerPiece::Citation(Citation { place, ..cited }));
        }
    }
}

fn sealed(maker: SealMaker, data: &str) -> AnswerPiece {
    AnswerPiece::Sealed(Seal {
        maker,
        data: data.to_owned(),
    })
}

/// Why a message stopped; a stream begins with one that has not.
fn read_stop(message: &Json, pieces: &mut Vec<AnswerPiece>) {
    let Some(reason) = message["stop_reason"].as_str() else {
        return;
    };
    let finish = match reason {
        "tool_use" => Finish::Calls,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" | "compaction" => {
            Finish::Length
        }
        "stop_sequence" => {
            Finish::StopSequence(message["stop_sequence"].as_str().map(str::to_owned))
        }
        "refusal" => {
            if let Some(why) = message["stop_details"]["explanation"].as_str() {
                pieces.push(AnswerPiece::Refusal(why.to_owned()));
            }
            Finish::Filtered
        }
        _ => Finish::Stop,
    };
    pieces.push(AnswerPiece::Finish(finish));
}
