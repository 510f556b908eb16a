//! Reads answers of OpenAI's Responses in the neutral form;
//! `docs/providers.md` §8.

use std::collections::HashSet;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::openai::read_place;
use crate::providers::dialect::translating::answer_piece::{AnswerPiece, Finish};
use crate::providers::dialect::translating::citation::Citation;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};
use crate::providers::dialect::translating::translation::AnswerReader;

use super::BETWEEN_MESSAGES;
use super::json_so_far::JsonSoFar;

/// How the ids of responses begin.
const ID_START: &str = "resp_";

/// Reads responses, whole or event by event. Of an item that did not come in
/// pieces the whole is read, where it ends or where the response does.
#[derive(Default)]
pub struct ResponseReader {
    /// The places of the items that are calls; a call's place in this list is
    /// its number.
    calls: Vec<u64>,
    /// The places of the items that came in pieces.
    begun: HashSet<u64>,
    /// The places of the items that have ended.
    ended: HashSet<u64>,
    /// The place of the message whose text came last.
    speaking: Option<u64>,
    /// How many characters were said, and how many before the message that is
    /// speaking.
    said: usize,
    before: usize,
    /// What was said so far, where JSON is asked for.
    json: Option<JsonSoFar>,
    has_refused: bool,
}

impl AnswerReader for ResponseReader {
    fn read(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>) {
        let place = event["output_index"].as_u64().unwrap_or(0);
        let kind = event["type"].as_str().unwrap_or_default();
        match kind {
            "response.created" => pieces.push(names_of(&event["response"])),
            "response.output_item.added" => {
                if event["item"]["type"].is("function_call") {
                    self.begin_call(place, &event["item"], pieces);
                }
            }
            "response.reasoning_summary_part.added" => {
                if event["summary_index"].as_u64().unwrap_or(0) > 0 {
                    pieces.push(AnswerPiece::Thought("\n\n".to_owned()));
                }
            }
            "response.output_text.annotation.added" => {
                self.read_citation(place, &event["annotation"], pieces);
            }
            "response.output_item.done" => self.end_item(place, &event["item"], pieces),
            // Some servers tell arguments whole, and in no piece before that.
            "response.function_call_arguments.done" if !self.begun.contains(&place) => {
                let kind = "response.function_call_arguments.delta";
                self.read_delta(kind, place, &event["arguments"], pieces);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.read_response(&event["response"], pieces);
            }
            "" => self.read_response(event, pieces),
            _ => self.read_delta(kind, place, &event["delta"], pieces),
        }
    }
}

impl ResponseReader {
    /// A reader of answers in JSON.
    pub fn of_json() -> Self {
        Self {
            json: Some(JsonSoFar::default()),
            ..Self::default()
        }
    }

    fn read_delta(&mut self, kind: &str, place: u64, delta: &Json, pieces: &mut Vec<AnswerPiece>) {
        let Some(more) = delta.as_str().filter(|it| !it.is_empty()) else {
            return;
        };
        let more = more.to_owned();
        pieces.push(match kind {
            "response.output_text.delta" => match self.say(place, more) {
                Some(said) => said,
                None => return,
            },
            "response.refusal.delta" => {
                self.has_refused = true;
                AnswerPiece::Refusal(more)
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                AnswerPiece::Thought(more)
            }
            "response.function_call_arguments.delta" => {
                let Some(at) = self.calls.iter().position(|it| *it == place) else {
                    return;
                };
                AnswerPiece::CallArguments { at, json: more }
            }
            _ => return,
        });
        self.begun.insert(place);
    }

    /// Whether no item has come: nobody can use such an answer.
    fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.ended.is_empty() && self.calls.is_empty()
    }

    /// A text of the message at this place, apart from those of others; none
    /// where it is behind the JSON that was asked for.
    fn say(&mut self, place: u64, mut text: String) -> Option<AnswerPiece> {
        let is_next = self.speaking.replace(place).is_some_and(|it| it != place);
        if let Some(json) = &mut self.json {
            let is_behind = json.is_behind(&text, is_next);
            return (!is_behind).then_some(AnswerPiece::Text(text));
        }
        if is_next {
            self.said += BETWEEN_MESSAGES.chars().count();
            self.before = self.said;
        }
        self.said += text.chars().count();
        if is_next {
            text.insert_str(0, BETWEEN_MESSAGES);
        }
        Some(AnswerPiece::Text(text))
    }

    fn begin_call(&mut self, place: u64, item: &Json, pieces: &mut Vec<AnswerPiece>) -> usize {
        if let Some(at) = self.calls.iter().position(|it| *it == place) {
            return at;
        }
        let at = self.calls.len();
        self.calls.push(place);
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        pieces.push(AnswerPiece::CallBegin {
            at,
            id: text("call_id"),
            name: text("name"),
        });
        at
    }

    /// Reads what an item has that did not come in pieces. The seal comes with
    /// the end.
    fn end_item(&mut self, place: u64, item: &Json, pieces: &mut Vec<AnswerPiece>) {
        if !self.ended.insert(place) {
            return;
        }
        let is_new = !self.begun.contains(&place);
        match item["type"].as_str().unwrap_or_default() {
            "message" if is_new => {
                for part in item["content"].items() {
                    self.read_part(place, part, pieces);
                }
            }
            "reasoning" => {
                let summary = item["summary"]
                    .items()
                    .iter()
                    .chain(item["content"].items());
                let texts = summary.filter_map(|part| part["text"].as_str());
                let text = texts.collect::<Vec<_>>().join("\n\n");
                if is_new && !text.is_empty() {
                    pieces.push(AnswerPiece::Thought(text));
                }
                if let Some(data) = item["encrypted_content"].as_str() {
                    pieces.push(AnswerPiece::Sealed(Seal {
                        maker: SealMaker::OpenAi,
                        data: data.to_owned(),
                    }));
                }
            }
            "function_call" => {
                let at = self.begin_call(place, item, pieces);
                let arguments = item["arguments"].as_str().filter(|it| !it.is_empty());
                if let Some(json) = arguments.filter(|_| is_new) {
                    let json = json.to_owned();
                    pieces.push(AnswerPiece::CallArguments { at, json });
                }
            }
            "image_generation_call" => {
                if let Some(data) = item["result"].as_str() {
                    let format = item["output_format"].as_str().unwrap_or("png");
                    pieces.push(AnswerPiece::Picture {
                        media_type: format!("image/{format}"),
                        data: data.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }

    fn read_part(&mut self, place: u64, part: &Json, pieces: &mut Vec<AnswerPiece>) {
        if let Some(why) = part["refusal"].as_str() {
            self.has_refused = true;
            pieces.push(AnswerPiece::Refusal(why.to_owned()));
        }
        let said = part["text"].as_str().filter(|it| !it.is_empty());
        pieces.extend(said.and_then(|text| self.say(place, text.to_owned())));
        for annotation in part["annotations"].items() {
            self.read_citation(place, annotation, pieces);
        }
    }

    /// A source, with its place in the message that is speaking: of the others
    /// it is not known where they begin.
    fn read_citation(&self, message: u64, annotation: &Json, pieces: &mut Vec<AnswerPiece>) {
        let Some(url) = annotation["url"].as_str() else {
            return;
        };
        let place = read_place(annotation).map(|it| it.start + self.before..it.end + self.before);
        let is_known = self.speaking == Some(message) && self.json.is_none();
        pieces.push(AnswerPiece::Citation(Citation {
            url: url.to_owned(),
            title: annotation["title"].as_str().unwrap_or_default().to_owned(),
            place: place.filter(|place| is_known && place.end <= self.said),
        }));
    }

    /// A whole response, or the one that a stream ends with.
    fn read_response(&mut self, response: &Json, pieces: &mut Vec<AnswerPiece>) {
        pieces.push(names_of(response));
        for (place, item) in response["output"].items().iter().enumerate() {
            self.end_item(place as u64, item, pieces);
        }
        let finish = match response["status"].as_str().unwrap_or_default() {
            "incomplete" if response["incomplete_details"]["reason"].is("content_filter") => {
                Finish::Filtered
            }
            "incomplete" => Finish::Length,
            "failed" | "cancelled" => Finish::Failed,
            _ if self.is_empty() => Finish::Failed,
            _ if self.has_refused => Finish::Filtered,
            _ if !self.calls.is_empty() => Finish::Calls,
            _ => Finish::Stop,
        };
        pieces.push(AnswerPiece::Finish(finish));
    }
}

fn names_of(response: &Json) -> AnswerPiece {
    let id = response["id"].as_str();
    AnswerPiece::Names {
        id: id.map(|id| id.strip_prefix(ID_START).unwrap_or(id).to_owned()),
        model: response["model"].as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::providers::dialect::parsed_answer::ParsedAnswer;
    use crate::providers::dialect::responses::read_event;
    use crate::providers::dialect::translating::answer_piece::{Block, DraftAnswer};

    fn draft(events: &[Value]) -> DraftAnswer {
        draft_by(ResponseReader::default(), events)
    }

    fn draft_by(mut reader: ResponseReader, events: &[Value]) -> DraftAnswer {
        let mut draft = DraftAnswer::default();
        for event in events {
            let mut pieces = Vec::new();
            reader.read(
                &Json::parse(event.to_string().as_bytes()).unwrap(),
                &mut pieces,
            );
            for piece in pieces {
                draft.add(piece);
            }
        }
        draft
    }

    fn response() -> Value {
        json!({"id": "resp_7", "object": "response", "model": "gpt-6-luna", "status": "completed", "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"},
                {"type": "summary_text", "text": "b"}], "encrypted_content": "seal"},
            {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Sun.",
                "annotations": [{"type": "url_citation", "url": "https://a.example", "title": "A"}]}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "g", "arguments": "{\"x\":1}"}]})
    }

    /// The same response as OpenAI streams it, whose calls overlap.
    fn streamed() -> Vec<Value> {
        let of = |kind: &str, place: u64, more: Value| {
            let mut event = json!({"type": format!("response.{kind}"), "output_index": place});
            for (name, value) in more.as_object().unwrap() {
                event[name] = value.clone();
            }
            event
        };
        let done = |place: usize| {
            of(
                "output_item.done",
                place as u64,
                json!({"item": response()["output"][place]}),
            )
        };
        let call = |place: u64, id: &str, name: &str| {
            let item =
                json!({"type": "function_call", "call_id": id, "name": name, "arguments": ""});
            of("output_item.added", place, json!({"item": item}))
        };
        let written = |place: u64, json: &str| {
            of(
                "function_call_arguments.delta",
                place,
                json!({"delta": json}),
            )
        };
        let cited = &response()["output"][1]["content"][0]["annotations"][0];
        vec![
            of(
                "created",
                0,
                json!({"response": {"id": "resp_7", "model": "gpt-6-luna", "output": []}}),
            ),
            of(
                "output_item.added",
                0,
                json!({"item": {"type": "reasoning", "encrypted_content": "early"}}),
            ),
            of(
                "reasoning_summary_part.added",
                0,
                json!({"summary_index": 0}),
            ),
            of("reasoning_summary_text.delta", 0, json!({"delta": "a"})),
            of(
                "reasoning_summary_part.added",
                0,
                json!({"summary_index": 1}),
            ),
            of("reasoning_summary_text.delta", 0, json!({"delta": "b"})),
            done(0),
            of("output_text.delta", 1, json!({"delta": "Su"})),
            of("output_text.delta", 1, json!({"delta": "n."})),
            of(
                "output_text.annotation.added",
                1,
                json!({"annotation": cited}),
            ),
            done(1),
            call(2, "c1", "f"),
            call(3, "c2", "g"),
            written(3, "{\"x\""),
            written(2, "{}"),
            written(3, ":1}"),
            done(2),
            done(3),
            of("completed", 0, json!({"response": response()})),
        ]
    }

    #[test]
    fn a_response_means_the_same_whole_streamed_and_without_its_pieces() {
        let whole = draft(&[response()]);
        assert_eq!(
            (whole.id.as_deref(), whole.finish.clone()),
            (Some("7"), Some(Finish::Calls))
        );
        let kinds = whole.blocks.iter().map(|block| match block {
            Block::Thought(thought) => format!(
                "{:?} {:?}",
                thought.text,
                thought.seal.as_ref().map(|it| &it.data)
            ),
            Block::Text { text, citations } => format!("{text:?} {citations:?}"),
            Block::Call {
                id,
                name,
                arguments,
            } => format!("{id} {name} {arguments}"),
            other => format!("{other:?}"),
        });
        insta::assert_snapshot!(kinds.collect::<Vec<_>>().join("\n"), @r#"
        "a\n\nb" Some("seal")
        "Sun." [Citation { url: "https://a.example", title: "A", place: None }]
        c1 f {}
        c2 g {"x":1}
        "#);
        let events = streamed();
        let without_pieces = events.iter().filter(|event| {
            !event["type"].as_str().unwrap().contains("delta")
                && !event["type"].as_str().unwrap().contains("part")
                && !event["type"].as_str().unwrap().contains("annotation")
        });
        let without_pieces: Vec<Value> = without_pieces.cloned().collect();
        let only_the_end = &events[events.len() - 1..];
        for events in [events.as_slice(), &without_pieces, only_the_end] {
            let read = draft(events);
            assert_eq!(
                (read.blocks, read.finish),
                (whole.blocks.clone(), whole.finish.clone())
            );
        }
    }

    #[test]
    fn two_messages_of_a_response_stand_apart() {
        let message = |texts: &[&str]| {
            let parts = texts
                .iter()
                .map(|it| json!({"type": "output_text", "text": it}));
            json!({"type": "message", "content": parts.collect::<Vec<_>>()})
        };
        let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"});
        let items = json!([message(&["I will ", "look."]), call, message(&["Sun."])]);
        let whole = json!({"object": "response", "status": "completed", "output": items});
        let said = |place: u64, more: &str| json!({"type": "response.output_text.delta", "output_index": place, "delta": more});
        let end = json!({"type": "response.completed", "response": whole});
        let streamed = [
            said(0, "I will "),
            said(0, "look."),
            said(2, "Su"),
            said(2, "n."),
            end,
        ];
        for events in [&[whole][..], &streamed] {
            assert_eq!(draft(events).text(), "I will look.\n\nSun.");
            let mut heard = ParsedAnswer::default();
            for event in events {
                read_event(event, &mut heard);
            }
            assert_eq!(heard.text, "I will look.\n\nSun.");
        }
    }

    /// A line break in the middle of a text in JSON is none.
    #[test]
    fn json_in_two_messages_stays_json() {
        let said = |place: usize, more: &str| json!({"type": "response.output_text.delta", "output_index": place, "delta": more});
        for (messages, whole) in [
            (vec!["{\"a\": \"b", " c\"}"], "{\"a\": \"b c\"}"),
            (vec!["{\"a\":1}", "{\"a\":1}"], "{\"a\":1}"),
            (vec!["{\"a\":1}", "Done", "."], "{\"a\":1}"),
            (vec!["{\"a\":", "{}", "}", "{}"], "{\"a\":{}}"),
        ] {
            let items = messages.iter().map(|text| {
                json!({"type": "message", "content": [{"type": "output_text", "text": text}]})
            });
            let items: Vec<Value> = items.collect();
            let response = json!({"object": "response", "status": "completed", "output": items});
            // Each message comes in two pieces.
            let pieces = messages.iter().enumerate().flat_map(|(place, text)| {
                let (begin, rest) = text.split_at(1);
                [said(place, begin), said(place, rest)]
            });
            let end = json!({"type": "response.completed", "response": response.clone()});
            let streamed: Vec<Value> = pieces.chain([end]).collect();
            for events in [&[response][..], &streamed] {
                let read = draft_by(ResponseReader::of_json(), events);
                assert_eq!(read.text(), whole, "{events:?}");
            }
        }
    }

    #[test]
    fn a_response_ends_in_one_way() {
        let end = |more: Value| {
            let mut response = json!({"object": "response", "output": []});
            for (name, value) in more.as_object().unwrap() {
                response[name] = value.clone();
            }
            draft(&[response]).finish.unwrap()
        };
        let cut =
            |why: &str| json!({"status": "incomplete", "incomplete_details": {"reason": why}});
        let said = json!({"type": "message", "content": []});
        let silent = json!({"status": "completed", "output": [said]});
        assert_eq!(end(silent), Finish::Stop);
        assert_eq!(end(json!({"status": "completed"})), Finish::Failed);
        assert_eq!(end(cut("max_output_tokens")), Finish::Length);
        assert_eq!(end(cut("content_filter")), Finish::Filtered);
        assert_eq!(end(json!({"status": "failed"})), Finish::Failed);
        let refusal = json!({"status": "completed", "output": [
            {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]});
        assert_eq!(end(refusal), Finish::Filtered);
    }
}
