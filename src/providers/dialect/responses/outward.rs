//! Writes answers as OpenAI's Responses, whole or in the events of a stream;
//! `docs/providers.md` §8.

use crate::model::{PassedEvents, Usage};
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::answer_piece::{AnswerPiece, DraftAnswer, Finish};
use crate::providers::dialect::translating::neutral::Seal;
use crate::providers::dialect::translating::seal_tag::tag;
use crate::providers::dialect::translating::translation::{AnswerNames, AnswerWriter};

use super::items::{OpenItem, OpenKind};
use super::tool_names::ToolNames;

/// The fields of a call that its response says again, and what they are where
/// the call has none.
const ECHOED: [(&str, &str); 14] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("reasoning", "{\"effort\":null,\"summary\":null}"),
    ("service_tier", "\"auto\""),
    ("temperature", "1.0"),
    ("text", "{\"format\":{\"type\":\"text\"}}"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "1.0"),
    ("truncation", "\"disabled\""),
    ("previous_response_id", "null"),
    ("user", "null"),
];

/// The status of what is whole.
const COMPLETED: &str = "completed";

/// Writes one answer.
pub struct ResponseWriter {
    names: AnswerNames,
    id: String,
    tools: ToolNames,
    echo: Json,
    began: bool,
    events: u64,
    /// Items that have begun and not ended.
    open: Vec<OpenItem>,
    /// Items that have ended, by their place.
    output: Vec<Json>,
    /// How likely each token is of the text that comes next.
    likely: Vec<Json>,
    /// How many characters were said.
    said: usize,
    has_refused: bool,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

impl ResponseWriter {
    /// A writer for the answer to this call.
    pub fn new(names: AnswerNames, body: &Json) -> Self {
        let mut echo = Json::Object(Vec::new());
        for (name, usual) in ECHOED {
            let usual = || Json::parse(usual.as_bytes());
            let value = body.get(name).cloned().or_else(usual);
            echo.set(name, value);
        }
        echo.set("store", false);
        Self {
            names,
            id: "0".to_owned(),
            tools: ToolNames::of_body(body),
            echo,
            began: false,
            events: 0,
            open: Vec::new(),
            output: Vec::new(),
            likely: Vec::new(),
            said: 0,
            has_refused: false,
            finish: None,
            usage: None,
        }
    }

    fn set_names(&mut self, id: Option<String>, model: Option<String>) {
        if let Some(id) = id.filter(|_| !self.began) {
            self.id = id;
        }
        if let Some(model) = model {
            self.names.model = model;
        }
    }

    fn response_id(&self) -> String {
        format!("resp_{}", self.id)
    }

    /// The response so far.
    fn response(&self, status: &str) -> Json {
        let is_done = status != "in_progress";
        let why = match self.finish {
            Some(Finish::Length) => Some("max_output_tokens"),
            Some(Finish::Filtered) => Some("content_filter"),
            _ => None,
        };
        let why = why.filter(|_| status == "incomplete");
        let completed_at = is_done.then_some(self.names.created_s);
        let mut response = object([
            ("id", self.response_id().into()),
            ("object", "response".into()),
            ("created_at", self.names.created_s.into()),
            ("status", status.into()),
            ("completed_at", completed_at.into()),
            ("error", Json::Null),
            (
                "incomplete_details",
                why.map(|why| object([("reason", why.into())])).into(),
            ),
            ("model", self.names.model.as_str().into()),
            ("output", self.output.clone().into()),
        ]);
        for (name, value) in self.echo.fields() {
            response.set(name, value.clone());
        }
        let usage = self.usage.as_ref().filter(|_| is_done);
        response.set("usage", usage.map(usage_json));
        response
    }

    fn write_event(&mut self, kind: &str, fields: &Json, out: &mut Vec<u8>) {
        let mut event = object([
            ("type", kind.into()),
            ("sequence_number", self.events.into()),
        ]);
        self.events += 1;
        for (name, value) in fields.fields() {
            event.set(name, value.clone());
        }
        out.extend_from_slice(format!("event: {kind}\ndata: ").as_bytes());
        event.write_to(out);
        out.extend_from_slice(b"\n\n");
    }

    /// Writes the events that a stream begins with, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.began, true) {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            let response = self.response("in_progress");
            self.write_event(kind, &object([("response", response)]), out);
        }
    }

    /// The open item of this kind; another one that is open ends, unless both
    /// are calls.
    fn item(&mut self, kind: OpenKind, out: &mut Vec<u8>) -> usize {
        self.begin(out);
        if let Some(at) = self.open.iter().position(|item| item.kind == kind) {
            return at;
        }
        let is_call = matches!(kind, OpenKind::Call(_));
        if !(is_call && self.open.iter().all(OpenItem::is_call)) {
            self.end_items(out);
        }
        let place = self.output.len();
        self.output.push(Json::Null);
        self.open.push(OpenItem::new(kind, place, &self.id));
        self.open.len() - 1
    }

    fn begin_item(&mut self, kind: OpenKind, out: &mut Vec<u8>) -> usize {
        let was_open = self.open.iter().any(|item| item.kind == kind);
        let at = self.item(kind, out);
        if !was_open {
            let events = self.open[at].begin();
            self.write_all(events, out);
        }
        at
    }

    fn write_all(&mut self, events: Vec<(&'static str, Json)>, out: &mut Vec<u8>) {
        for (kind, fields) in events {
            self.write_event(kind, &fields, out);
        }
    }

    fn add_to(&mut self, kind: OpenKind, more: &str, out: &mut Vec<u8>) {
        let at = self.begin_item(kind, out);
        let events = self.open[at].add(more);
        self.write_all(events, out);
    }

    fn end_items(&mut self, out: &mut Vec<u8>) {
        self.end_items_with(COMPLETED, out);
    }

    /// Ends the open items, of which the last one is what was being said.
    fn end_items_with(&mut self, last: &'static str, out: &mut Vec<u8>) {
        let open = std::mem::take(&mut self.open);
        let end = open.len();
        for (at, item) in open.into_iter().enumerate() {
            let status = if at + 1 == end { last } else { COMPLETED };
            let (events, whole) = item.end(status);
            if let Some(place) = self.output.get_mut(item.place) {
                *place = whole;
            }
            self.write_all(events, out);
        }
    }

    /// Says nothing where the model did: clients look for a message.
    fn say_nothing(&mut self, out: &mut Vec<u8>) {
        let has_said = |item: &Json| !item["type"].is("reasoning");
        if self.status() == COMPLETED && !self.output.iter().any(has_said) {
            self.begin_item(OpenKind::Message, out);
            self.end_items(out);
        }
    }

    /// Ends the thought that is open, or begins one that has nothing but its
    /// seal.
    fn seal(&mut self, seal: &Seal, out: &mut Vec<u8>) {
        let at = self.begin_item(OpenKind::Reasoning, out);
        self.open[at].seal = Some(tag(seal));
        self.end_items(out);
    }

    fn begin_call(&mut self, at: usize, id: String, name: &str, out: &mut Vec<u8>) {
        let tool = self.tools.find(name);
        let index = self.item(OpenKind::Call(at), out);
        self.open[index].set_call(id, tool);
        let events = self.open[index].begin();
        self.write_all(events, out);
    }

    fn status(&self) -> &'static str {
        match self.finish {
            Some(Finish::Length) => "incomplete",
            Some(Finish::Filtered) if !self.has_refused => "incomplete",
            _ => COMPLETED,
        }
    }
}

impl AnswerWriter for ResponseWriter {
    fn write_piece(&mut self, piece: AnswerPiece, out: &mut Vec<u8>) {
        match piece {
            AnswerPiece::Names { id, model } => {
                self.set_names(id, model);
                self.begin(out);
            }
            AnswerPiece::Likely(more) => self.likely.extend(more),
            AnswerPiece::Text(text) => {
                self.said += text.chars().count();
                let at = self.begin_item(OpenKind::Message, out);
                let likely = std::mem::take(&mut self.likely);
                let events = self.open[at].add_likely(&text, likely);
                self.write_all(events, out);
            }
            AnswerPiece::Thought(text) => self.add_to(OpenKind::Reasoning, &text, out),
            AnswerPiece::Sealed(seal) => self.seal(&seal, out),
            AnswerPiece::CallBegin { at, id, name } => self.begin_call(at, id, &name, out),
            AnswerPiece::CallArguments { at, json } => {
                self.add_to(OpenKind::Call(at), &json, out);
            }
            AnswerPiece::Picture { data, .. } => {
                self.add_to(OpenKind::Picture, &data, out);
                self.end_items(out);
            }
            AnswerPiece::Refusal(why) => {
                self.has_refused = true;
                self.add_to(OpenKind::Refusal, &why, out);
            }
            AnswerPiece::Citation(citation) => {
                let at = self.open.iter().position(|it| it.kind == OpenKind::Message);
                if let Some(at) = at {
                    let events = self.open[at].cite(&citation, self.said);
                    self.write_all(events, out);
                }
            }
            AnswerPiece::Finish(finish) => {
                self.begin(out);
                self.finish = Some(finish);
                self.end_items_with(self.status(), out);
                self.say_nothing(out);
            }
        }
    }

    fn set_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    fn passed_events(&self) -> PassedEvents {
        PassedEvents {
            count: self.events,
            response_id: self.began.then(|| self.response_id()),
        }
    }

    /// Writes the whole response, with the usage, which some providers say
    /// last.
    fn write_end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        self.end_items(out);
        let status = self.status();
        let kind = format!("response.{status}");
        let response = self.response(status);
        self.write_event(&kind, &object([("response", response)]), out);
    }

    fn whole(&mut self, draft: &DraftAnswer) -> Json {
        let mut unread = Vec::new();
        for piece in draft.pieces() {
            self.write_piece(piece, &mut unread);
        }
        self.end_items(&mut unread);
        self.response(self.status())
    }
}

fn usage_json(usage: &Usage) -> Json {
    let details = &usage.details;
    let written = details.cache_write
        + details.cache_write_5m
        + details.cache_write_1h
        + details.cache_write_12h;
    object([
        ("input_tokens", usage.input_tokens.into()),
        (
            "input_tokens_details",
            object([
                ("cached_tokens", usage.cached_tokens.into()),
                ("cache_write_tokens", written.into()),
            ]),
        ),
        ("output_tokens", usage.output_tokens.into()),
        (
            "output_tokens_details",
            object([("reasoning_tokens", usage.reasoning_tokens.into())]),
        ),
        (
            "total_tokens",
            (usage.input_tokens + usage.output_tokens).into(),
        ),
    ])
}
