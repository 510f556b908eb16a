//! Reads answers of those who speak OpenAI's chat in the neutral form.

use std::ops::Range;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::answer_piece::{AnswerPiece, Finish};
use crate::providers::dialect::translating::citation::Citation;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::translation::AnswerReader;

use super::thought_details::ThoughtDetails;

/// Reads answers, whole or chunk by chunk.
#[derive(Default)]
pub struct ChatReader {
    /// The index and the id of each call, in the order in which they came.
    calls: Vec<(u64, String)>,
    has_refused: bool,
    finished: bool,
    /// What is to be given back of the thought that is being told.
    details: ThoughtDetails,
    /// Whether it is told in the field whose text is to be given back.
    is_unsigned: bool,
}

impl AnswerReader for ChatReader {
    fn read(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        pieces.push(AnswerPiece::Names {
            id: event["id"].as_str().map(str::to_owned),
            model: event["model"].as_str().map(str::to_owned),
        });
        let choice = &event["choices"][0];
        let message = choice.get("delta").unwrap_or(&choice["message"]);
        let likely = choice["logprobs"]["content"].items();
        if !likely.is_empty() {
            pieces.push(AnswerPiece::Likely(likely.to_vec()));
        }
        self.read_message(message, pieces);
        if let Some(reason) = choice["finish_reason"].as_str()
            && !std::mem::replace(&mut self.finished, true)
        {
            self.seal_thought(pieces);
            pieces.push(AnswerPiece::Finish(self.read_finish(reason)));
        }
    }
}

impl ChatReader {
    fn read_message(&mut self, message: &Json, pieces: &mut Vec<AnswerPiece>) {
        let text = |name: &str| message[name].as_str().filter(|text| !text.is_empty());
        // Some vendors have one name for it, some the other, and some both.
        if let Some(thought) = text("reasoning_content").or(text("reasoning")) {
            pieces.push(AnswerPiece::Thought(thought.to_owned()));
            self.is_unsigned |= text("reasoning").is_none();
        }
        for detail in message["reasoning_details"].items() {
            self.details.add(detail);
        }
        let says = ["content", "refusal"].iter().any(|it| text(it).is_some());
        if says || !message["tool_calls"].items().is_empty() {
            self.seal_thought(pieces);
        }
        if let Some(said) = text("content") {
            pieces.push(AnswerPiece::Text(said.to_owned()));
        }
        for part in message["content"].items() {
            read_part(part, pieces);
        }
        if let Some(why) = text("refusal") {
            self.has_refused = true;
            pieces.push(AnswerPiece::Refusal(why.to_owned()));
        }
        for (place, call) in message["tool_calls"].items().iter().enumerate() {
            self.read_call(place, call, pieces);
        }
        for image in message["images"].items() {
            let url = image["image_url"]["url"].as_str().unwrap_or_default();
            let data = url.strip_prefix("data:");
            if let Some((media_type, data)) = data.and_then(|it| it.split_once(";base64,")) {
                pieces.push(AnswerPiece::Picture {
                    media_type: media_type.to_owned(),
                    data: data.to_owned(),
                });
            }
        }
        for annotation in message["annotations"].items() {
            let citation = &annotation["url_citation"];
            if let Some(url) = citation["url"].as_str() {
                pieces.push(AnswerPiece::Citation(Citation {
                    url: url.to_owned(),
                    title: citation["title"].as_str().unwrap_or_default().to_owned(),
                    place: read_place(citation),
                }));
            }
        }
    }

    /// Ends the thought that was told, with what is to be given back of it.
    fn seal_thought(&mut self, pieces: &mut Vec<AnswerPiece>) {
        let is_unsigned = std::mem::take(&mut self.is_unsigned);
        let unsigned = || Seal {
            maker: SealMaker::Unsigned,
            data: String::new(),
        };
        let seal = self.details.take_seal();
        let seal = seal.or_else(|| is_unsigned.then(unsigned));
        pieces.extend(seal.map(AnswerPiece::Sealed));
    }

    /// A call, or a piece of one. A new id opens a new call, even under the
    /// index of another: Google's own layer counts none.
    fn read_call(&mut self, place: usize, call: &Json, pieces: &mut Vec<AnswerPiece>) {
        let index = call["index"].as_u64().unwrap_or(place as u64);
        let id = call["id"].as_str().filter(|id| !id.is_empty());
        let is_known =
            |(of, known): &(u64, String)| *of == index && id.is_none_or(|id| id == known);
        let found = self.calls.iter().rposition(is_known);
        let at = found.unwrap_or(self.calls.len());
        if found.is_none() {
            let id = id.map_or_else(|| format!("call_{at}"), str::to_owned);
            self.calls.push((index, id.clone()));
            pieces.push(AnswerPiece::CallBegin {
                at,
                id,
                name: call["function"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            });
        }
        let json = match &call["function"]["arguments"] {
            Json::Text(more) => more.clone(),
            Json::Null => return,
            // Some models' servers give them as an object.
            whole => whole.to_string(),
        };
        if !json.is_empty() {
            pieces.push(AnswerPiece::CallArguments { at, json });
        }
    }

    fn read_finish(&self, reason: &str) -> Finish {
        match reason {
            "length" => Finish::Length,
            "content_filter" => Finish::Filtered,
            "error" => Finish::Failed,
            _ if self.has_refused => Finish::Filtered,
            _ if !self.calls.is_empty() => Finish::Calls,
            _ => Finish::Stop,
        }
    }
}

/// A part of Mistral's, whose answers are lists.
/// The words that an address is for, which OpenAI's two APIs write alike; none
/// where nothing is said of them.
pub fn read_place(citation: &Json) -> Option<Range<usize>> {
    let index = |name: &str| usize::try_from(citation[name].as_u64()?).ok();
    let (start, end) = (index("start_index")?, index("end_index")?);
    (start < end).then_some(start..end)
}

fn read_part(part: &Json, pieces: &mut Vec<AnswerPiece>) {
    let said = part["text"].as_str();
    match part["type"].as_str() {
        Some("thinking") => {
            for thought in part["thinking"].items() {
                let text = thought["text"].as_str().unwrap_or_default();
                pieces.push(AnswerPiece::Thought(text.to_owned()));
            }
        }
        _ => pieces.extend(said.map(|text| AnswerPiece::Text(text.to_owned()))),
    }
}
