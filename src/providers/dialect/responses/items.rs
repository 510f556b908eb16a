//! The items of a response, each with the events of its beginning, its pieces
//! and its end; `docs/providers.md` §8.

use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::answer_piece::{parse_arguments, whole_arguments};
use crate::providers::dialect::translating::citation::Citation;
use crate::providers::dialect::translating::seal_tag::UNSEALED;

use super::tool_names::{INPUT, ToolName};

/// The status of an item that has not ended.
const IN_PROGRESS: &str = "in_progress";

/// What kind of item it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenKind {
    Message,
    /// Why the model does not answer.
    Refusal,
    Reasoning,
    /// A call, by its number.
    Call(usize),
    Picture,
}

/// An item that has begun.
pub struct OpenItem {
    pub kind: OpenKind,
    /// Its place among the items.
    pub place: usize,
    id: String,
    text: String,
    annotations: Vec<Json>,
    /// How likely each token of the text is.
    likely: Vec<Json>,
    pub seal: Option<String>,
    call_id: String,
    tool: Option<ToolName>,
    /// Whether its summary has begun.
    has_summary: bool,
}

type Events = Vec<(&'static str, Json)>;

impl OpenItem {
    /// An item at this place of a response.
    pub fn new(kind: OpenKind, place: usize, response: &str) -> Self {
        let start = match kind {
            OpenKind::Message | OpenKind::Refusal => "msg",
            OpenKind::Reasoning => "rs",
            OpenKind::Call(_) => "fc",
            OpenKind::Picture => "ig",
        };
        Self {
            kind,
            place,
            id: format!("{start}_{response}_{place}"),
            text: String::new(),
            annotations: Vec::new(),
            likely: Vec::new(),
            // Without one OpenAI would look a thought up by its id.
            seal: (kind == OpenKind::Reasoning).then(|| UNSEALED.to_owned()),
            call_id: String::new(),
            tool: None,
            has_summary: false,
        }
    }

    /// Makes it a call of this tool. `OpenAI` refuses an id that does not tell
    /// what the item is.
    pub fn set_call(&mut self, call_id: String, tool: ToolName) {
        if tool.is_custom {
            self.id = self.id.replacen("fc_", "ctc_", 1);
        }
        self.call_id = call_id;
        self.tool = Some(tool);
    }

    /// Whether the model calls a tool with it.
    pub fn is_call(&self) -> bool {
        matches!(self.kind, OpenKind::Call(_))
    }

    fn is_custom(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.is_custom)
    }

    /// The item, as it is now.
    fn item(&self, status: &'static str) -> Json {
        let is_done = status != IN_PROGRESS;
        let mut item = match self.kind {
            OpenKind::Message | OpenKind::Refusal => {
                let content = if is_done {
                    vec![self.part()]
                } else {
                    Vec::new()
                };
                object([
                    ("id", self.id.as_str().into()),
                    ("type", "message".into()),
                    ("status", status.into()),
                    ("role", "assistant".into()),
                    ("content", content.into()),
                ])
            }
            OpenKind::Reasoning => {
                let summary = self.has_summary.then(|| summary_part(&self.text));
                let summary: Vec<Json> = summary.into_iter().filter(|_| is_done).collect();
                object([
                    ("id", self.id.as_str().into()),
                    ("type", "reasoning".into()),
                    ("summary", summary.into()),
                ])
            }
            OpenKind::Call(_) => self.call(status),
            OpenKind::Picture => object([
                ("id", self.id.as_str().into()),
                ("type", "image_generation_call".into()),
                ("status", status.into()),
                ("result", is_done.then_some(&self.text).into()),
            ]),
        };
        item.set_some(
            "encrypted_content",
            self.seal.as_deref().filter(|_| is_done),
        );
        item
    }

    fn call(&self, status: &'static str) -> Json {
        let is_done = status != IN_PROGRESS;
        let name = self.tool.as_ref().map(|tool| tool.name.as_str());
        let (kind, field) = if self.is_custom() {
            ("custom_tool_call", "input")
        } else {
            ("function_call", "arguments")
        };
        let written = if is_done { self.input() } else { String::new() };
        let mut call = object([
            ("id", self.id.as_str().into()),
            ("type", kind.into()),
            ("status", status.into()),
            ("call_id", self.call_id.as_str().into()),
            ("name", name.into()),
            (field, written.into()),
        ]);
        let namespace = self
            .tool
            .as_ref()
            .and_then(|tool| tool.namespace.as_deref());
        call.set_some("namespace", namespace);
        call
    }

    /// What a call is given: JSON, or the text of a tool that takes one.
    fn input(&self) -> String {
        if !self.is_custom() {
            return whole_arguments(&self.text).to_owned();
        }
        let arguments = parse_arguments(&self.text);
        let input = arguments.as_ref().and_then(|it| it[INPUT].as_str());
        // A model may write the text alone.
        input.unwrap_or(&self.text).to_owned()
    }

    /// The part of a message.
    fn part(&self) -> Json {
        if self.kind == OpenKind::Refusal {
            return object([
                ("type", "refusal".into()),
                ("refusal", self.text.as_str().into()),
            ]);
        }
        object([
            ("type", "output_text".into()),
            ("annotations", self.annotations.clone().into()),
            ("logprobs", self.likely.clone().into()),
            ("text", self.text.as_str().into()),
        ])
    }

    /// Where an event of the item's belongs.
    fn here(&self) -> Json {
        object([
            ("item_id", self.id.as_str().into()),
            ("output_index", self.place.into()),
        ])
    }

    fn in_part(&self, name: &str, value: impl Into<Json>) -> Json {
        let mut fields = self.here();
        let index = match self.kind {
            OpenKind::Reasoning => Some("summary_index"),
            OpenKind::Message | OpenKind::Refusal => Some("content_index"),
            OpenKind::Call(_) | OpenKind::Picture => None,
        };
        if let Some(index) = index {
            fields.set(index, 0_u64);
        }
        fields.set(name, value);
        if self.kind == OpenKind::Message && matches!(name, "delta" | "text") {
            fields.set("logprobs", self.likely.clone());
        }
        fields
    }

    fn with_item(&self, status: &'static str) -> Json {
        object([
            ("output_index", self.place.into()),
            ("item", self.item(status)),
        ])
    }

    /// The events of its beginning.
    pub fn begin(&self) -> Events {
        let mut events = vec![("response.output_item.added", self.with_item(IN_PROGRESS))];
        if matches!(self.kind, OpenKind::Message | OpenKind::Refusal) {
            let part = self.in_part("part", self.part());
            events.push(("response.content_part.added", part));
        }
        events
    }

    /// Adds to it; the events of that.
    pub fn add(&mut self, more: &str) -> Events {
        let mut events = Vec::new();
        if self.kind == OpenKind::Reasoning && !std::mem::replace(&mut self.has_summary, true) {
            let part = self.in_part("part", summary_part(""));
            events.push(("response.reasoning_summary_part.added", part));
        }
        self.text.push_str(more);
        let kind = match self.kind {
            OpenKind::Message => "response.output_text.delta",
            OpenKind::Refusal => "response.refusal.delta",
            OpenKind::Reasoning => "response.reasoning_summary_text.delta",
            OpenKind::Call(_) if !self.is_custom() => "response.function_call_arguments.delta",
            // The text of a custom tool is known once its JSON is whole.
            OpenKind::Call(_) | OpenKind::Picture => return events,
        };
        events.push((kind, self.in_part("delta", more)));
        events
    }

    /// Adds to a message, with how likely its tokens are; the events of that.
    pub fn add_likely(&mut self, more: &str, likely: Vec<Json>) -> Events {
        // A delta tells of its own tokens alone.
        let mut before = std::mem::replace(&mut self.likely, likely);
        let events = self.add(more);
        before.append(&mut self.likely);
        self.likely = before;
        events
    }

    /// Adds where what was said stands, behind its end where the place is not
    /// known; the event of that. `said` is how many characters the whole answer
    /// has so far.
    pub fn cite(&mut self, citation: &Citation, said: usize) -> Events {
        let end = self.text.chars().count();
        let before = said.saturating_sub(end);
        let place = citation.place.clone();
        let place = place.filter(|it| before <= it.start && it.end <= said);
        let place = place.map_or(end..end, |it| it.start - before..it.end - before);
        let annotation = object([
            ("type", "url_citation".into()),
            ("start_index", place.start.into()),
            ("end_index", place.end.into()),
            ("url", citation.url.as_str().into()),
            ("title", citation.title.as_str().into()),
        ]);
        let mut fields = self.in_part("annotation_index", self.annotations.len());
        fields.set("annotation", annotation.clone());
        self.annotations.push(annotation);
        vec![("response.output_text.annotation.added", fields)]
    }

    /// The events of its end, and the whole item: completed, or incomplete.
    pub fn end(&self, status: &'static str) -> (Events, Json) {
        let mut events = Vec::new();
        let text = self.text.as_str();
        match self.kind {
            OpenKind::Message => {
                events.push(("response.output_text.done", self.in_part("text", text)));
                let part = self.in_part("part", self.part());
                events.push(("response.content_part.done", part));
            }
            OpenKind::Refusal => {
                events.push(("response.refusal.done", self.in_part("refusal", text)));
                let part = self.in_part("part", self.part());
                events.push(("response.content_part.done", part));
            }
            OpenKind::Reasoning if self.has_summary => {
                let done = self.in_part("text", text);
                events.push(("response.reasoning_summary_text.done", done));
                let part = self.in_part("part", summary_part(text));
                events.push(("response.reasoning_summary_part.done", part));
            }
            OpenKind::Call(_) if self.is_custom() => {
                let delta = self.in_part("delta", self.input());
                events.push(("response.custom_tool_call_input.delta", delta));
                let done = self.in_part("input", self.input());
                events.push(("response.custom_tool_call_input.done", done));
            }
            OpenKind::Call(_) => {
                if text.trim().is_empty() {
                    let delta = self.in_part("delta", "{}");
                    events.push(("response.function_call_arguments.delta", delta));
                }
                let done = self.in_part("arguments", self.input());
                events.push(("response.function_call_arguments.done", done));
            }
            OpenKind::Reasoning | OpenKind::Picture => {}
        }
        events.push(("response.output_item.done", self.with_item(status)));
        (events, self.item(status))
    }
}

fn summary_part(text: &str) -> Json {
    object([("type", "summary_text".into()), ("text", text.into())])
}
