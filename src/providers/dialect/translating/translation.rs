//! Puts a chat of one dialect into another, and the answers back;
//! `docs/providers.md` §12.
//!
//! Each dialect has a reader and a writer of requests, and a reader and a
//! writer of answers; between them stands the neutral form. What the other
//! dialect cannot express is refused by its name, but for hints that the
//! vendors' own layers ignore: those are named in the response.

use bytes::Bytes;
use serde_json::Value;

use crate::model::{
    BYTES_IN_A_TOKEN, CallDialect, FailureClass, HeardBytes, PassedEvents, Surface, Usage,
};

use super::answer_piece::{AnswerPiece, DraftAnswer, Finish};
use super::neutral::{NeutralRequest, OutputFormat};
use super::settled_keys::SettledKeys;
use super::settled_names::SettledNames;
use super::untranslatable::Untranslatable;
use super::wrapped_answer::AnswerUnwrapper;
use crate::providers::dialect::answer_format::AnswerFormat;
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::bodies::json_fence::JsonFence;
use crate::providers::dialect::bodies::raw_object::RawObject;
use crate::providers::dialect::parsed_answer::ParsedAnswer;
use crate::providers::dialect::{Dialect, ResponsesUse, anthropic, google, openai, responses};

/// The tool whose input is the JSON that was asked for.
pub const JSON_TOOL: &str = "answer_in_json";

/// Who counts on the limit on the output of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputLimit {
    /// The caller alone.
    OfCaller,
    /// Whoever else pays for it, with what the body says.
    OfPayer,
    /// Somebody who allows so many tokens.
    AtMost(u64),
}

/// A chat request that is to be translated.
pub struct ChatToTranslate<'a> {
    pub dialect: CallDialect,
    /// Whether it is one of OpenAI's Responses.
    pub is_response: bool,
    pub body: &'a [u8],
    /// The fields of the body as it came, if they were read.
    pub fields: Option<&'a RawObject>,
    /// The provider's name for the model.
    pub model: &'a str,
    /// The caller's name for it, if the call has one.
    pub asked_model: Option<String>,
    pub output_limit: OutputLimit,
    /// The longest answer that a list says of the model, and the room that is left
    /// in it beside the prompt, in tokens.
    pub longest_answer: Option<u64>,
    pub room: Option<u64>,
    pub stream: bool,
    /// Whether a stream of Google's is wanted as events, and not as a list.
    pub as_events: bool,
    /// When the request came, in seconds since 1970, for its answer.
    pub at_s: i64,
}

/// A request in the provider's dialect.
pub struct Translation {
    pub path: String,
    pub surface: Surface,
    pub body: Bytes,
    pub answers: Box<AnswerTranslator>,
}

/// What a provider's dialect makes of a request.
pub struct WrittenRequest {
    pub path: String,
    pub body: Json,
    /// JSON was asked for as the input of a tool, [`JSON_TOOL`].
    pub asks_by_tool: bool,
}

/// Reads the answers of a provider, each event of a stream or a whole answer
/// by the same code.
pub trait AnswerReader: Send + Sync {
    fn read(&mut self, event: &Json, pieces: &mut Vec<AnswerPiece>);
}

/// Writes an answer in a caller's dialect.
pub trait AnswerWriter: Send + Sync {
    /// Writes what a piece of a stream says.
    fn write_piece(&mut self, piece: AnswerPiece, out: &mut Vec<u8>);

    /// Takes over what was used so far, as soon as something is known of it.
    fn set_usage(&mut self, usage: Usage);

    /// Writes the end of a stream.
    fn write_end(&mut self, out: &mut Vec<u8>);

    /// What it has written, where the events are numbered.
    fn passed_events(&self) -> PassedEvents {
        PassedEvents::default()
    }

    /// Makes a whole answer.
    fn whole(&mut self, draft: &DraftAnswer) -> Json;

    /// Whether a whole answer has the arguments of calls as objects, and no
    /// words for others.
    fn wants_objects(&self) -> bool {
        false
    }

    /// The media type of a stream that is none of events.
    fn media_type(&self) -> Option<&'static str> {
        None
    }
}

/// Translates a chat. The provider's dialect is another than the caller's.
pub fn translate(
    chat: &ChatToTranslate<'_>,
    dialect: Dialect,
) -> Result<Translation, Untranslatable> {
    let body = Json::parse(chat.body).filter(Json::is_object);
    let body = body.ok_or_else(|| Untranslatable::malformed("The body must be a JSON object"))?;
    let mut request = match chat.dialect {
        CallDialect::Anthropic => anthropic::read_request(&body)?,
        CallDialect::Google => google::read_request(&body)?,
        _ if chat.is_response => responses::read_request(&body)?,
        _ => openai::read_request(&body)?,
    };
    request.settle_limit(chat, dialect);
    request.lift_cache_marks();
    request.settle_media_types();
    request.settle_calls(dialect.call_ids())?;
    let calls_before = request.count_calls();
    let argument_names = request.settle_keys(dialect);
    let function_names = request.settle_names(dialect);
    let unwrapper = request.wrap_answer(dialect);
    let surface = surface_for(&request, chat.model, dialect);
    let wants_json = !matches!(request.output, OutputFormat::Text);
    let written = match dialect {
        _ if surface == Surface::Responses => responses::write_request(&mut request, chat)?,
        Dialect::Anthropic => anthropic::write_request(&mut request, chat.model, chat.stream)?,
        Dialect::Google => google::write_request(&mut request, chat.model, chat.stream)?,
        _ => openai::write_request(&mut request, chat, dialect)?,
    };
    let asked_model = chat.asked_model.as_deref();
    let names = AnswerNames {
        created_s: chat.at_s,
        model: asked_model.unwrap_or(chat.model).to_owned(),
        wants_usage: request.wants_usage,
        calls_are_functions: body.get("tools").is_none() && body.get("functions").is_some(),
    };
    let answers = AnswerTranslator {
        reader: match surface {
            Surface::Responses if wants_json => Box::new(responses::ResponseReader::of_json()),
            Surface::Responses => Box::new(responses::ResponseReader::default()),
            _ => reader_for(dialect, calls_before),
        },
        writer: writer_for(chat, names, &body),
        format: dialect.answer_format(surface, &written.path),
        json_tool: JsonTool {
            is_on: written.asks_by_tool,
            ..JsonTool::default()
        },
        names: function_names,
        keys: argument_names,
        keeps_asked_model: asked_model.is_some(),
        fence: request.may_be_fenced.then(JsonFence::default),
        unwrapper,
        answer: ParsedAnswer::default(),
        prompt_tokens: 0,
        heard: HeardBytes::default(),
        pieces: Vec::new(),
        has_calls: false,
        finish: None,
        ignored: request.ignored.written(),
    };
    Ok(Translation {
        path: written.path,
        surface,
        body: written.body.to_string().into(),
        answers: Box::new(answers),
    })
}

/// Reads the answers of a chat in a provider's own dialect.
fn reader_for(dialect: Dialect, calls_before: usize) -> Box<dyn AnswerReader> {
    match dialect {
        Dialect::Anthropic => Box::new(anthropic::MessageReader::default()),
        Dialect::Google => Box::new(google::ContentReader::new(calls_before)),
        _ => Box::<openai::ChatReader>::default(),
    }
}

/// Writes answers in the dialect of a caller with this body.
fn writer_for(
    chat: &ChatToTranslate<'_>,
    names: AnswerNames,
    body: &Json,
) -> Box<dyn AnswerWriter> {
    match chat.dialect {
        CallDialect::Anthropic => Box::new(anthropic::MessageWriter::new(names)),
        CallDialect::Google => Box::new(google::ContentWriter::new(names, chat.as_events)),
        _ if chat.is_response => Box::new(responses::ResponseWriter::new(names, body)),
        _ => Box::new(openai::ChunkWriter::new(names)),
    }
}

/// Which API of its provider a chat goes to.
fn surface_for(request: &NeutralRequest, model: &str, dialect: Dialect) -> Surface {
    match dialect {
        Dialect::OpenAi(quirks) if quirks.responses == ResponsesUse::Only => Surface::Responses,
        Dialect::OpenAi(quirks)
            if quirks.responses == ResponsesUse::ForSomeModels
                && openai::needs_responses(model, request) =>
        {
            Surface::Responses
        }
        _ => Surface::Chat,
    }
}

/// What an answer says of itself unless the provider names it.
pub struct AnswerNames {
    pub created_s: i64,
    pub model: String,
    /// Whether the caller wants usage at the end of a stream.
    pub wants_usage: bool,
    /// Whether calls are told in the words of OpenAI's older functions.
    pub calls_are_functions: bool,
}

/// Writes the answers of a provider in the caller's dialect.
pub struct AnswerTranslator {
    reader: Box<dyn AnswerReader>,
    writer: Box<dyn AnswerWriter>,
    format: AnswerFormat,
    json_tool: JsonTool,
    names: SettledNames,
    keys: SettledKeys,
    /// Whether the answer has the caller's name for the model: Claude Code leaves
    /// out what a model thought that has another name than it asked for.
    keeps_asked_model: bool,
    /// Takes a code fence off the answer.
    fence: Option<JsonFence>,
    /// Takes off what was put around the schema of the answer.
    unwrapper: Option<AnswerUnwrapper>,
    answer: ParsedAnswer,
    /// What the prompt is likely to come to.
    prompt_tokens: u64,
    heard: HeardBytes,
    pieces: Vec<AnswerPiece>,
    /// Whether the model asks for a tool.
    has_calls: bool,
    /// Why the model stopped, once that is known.
    finish: Option<Finish>,
    ignored: Option<String>,
}

impl AnswerTranslator {
    /// The fields of the request that were ignored, with commas between them.
    pub fn ignored(&self) -> Option<&str> {
        self.ignored.as_deref()
    }

    /// Takes over how many tokens the prompt is likely to have, for an answer
    /// whose provider counts none.
    pub fn expect_prompt(&mut self, tokens: u64) {
        self.prompt_tokens = tokens;
    }

    /// What was used: by the provider's word, and by an estimate where it says
    /// nothing, as in the receipt.
    fn used(&self) -> Usage {
        if let Some(usage) = self.answer.usage {
            return usage;
        }
        let known = self.answer.known_usage().unwrap_or_default();
        let heard = self.heard.all().div_ceil(BYTES_IN_A_TOKEN);
        let input_tokens = match known.input_tokens {
            0 => self.prompt_tokens,
            counted => counted,
        };
        Usage {
            input_tokens,
            output_tokens: known.output_tokens.max(heard),
            ..known
        }
    }

    /// The media type of a stream that is none of events.
    pub fn media_type(&self) -> Option<&'static str> {
        self.writer.media_type()
    }

    /// What was written, where the caller's dialect numbers the events.
    pub fn passed_events(&self) -> PassedEvents {
        self.writer.passed_events()
    }

    /// Writes what one event of a stream says: `event` is what was parsed of
    /// `data`.
    pub fn write_event(
        &mut self,
        event: &Value,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), FailureClass> {
        self.read(event, data)?;
        // Some say at once how long the prompt is, and the rest at the end.
        if let Some(usage) = self.answer.known_usage() {
            self.writer.set_usage(usage);
        }
        for piece in std::mem::take(&mut self.pieces) {
            match piece {
                AnswerPiece::Finish(Finish::Failed) => return Err(FailureClass::Upstream),
                AnswerPiece::Finish(finish) => self.finish = Some(finish),
                piece => {
                    self.has_calls |= matches!(piece, AnswerPiece::CallBegin { .. });
                    self.writer.write_piece(piece, out);
                }
            }
        }
        Ok(())
    }

    /// Writes a whole answer as a stream. One that does not say why the model
    /// stopped is none.
    pub fn write_whole_as_stream(
        &mut self,
        answer: &Value,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), FailureClass> {
        // A whole answer is read as an event is.
        self.write_event(answer, data, out)?;
        if self.finish.is_none() {
            return Err(FailureClass::Upstream);
        }
        self.write_end(out);
        Ok(())
    }

    /// Writes the end of a stream that its provider has ended, and why the model
    /// stopped: some say `[DONE]` and not that, some ask for a tool behind it. One
    /// that asked for a tool waits for it.
    pub fn write_end(&mut self, out: &mut Vec<u8>) {
        if self.finish.is_none() {
            self.pass(AnswerPiece::Finish(Finish::Stop));
        }
        let mut finish = self.finish.take().unwrap_or(Finish::Stop);
        for piece in std::mem::take(&mut self.pieces) {
            match piece {
                AnswerPiece::Finish(found) => finish = found,
                piece => self.writer.write_piece(piece, out),
            }
        }
        if finish == Finish::Stop && self.has_calls {
            finish = Finish::Calls;
        }
        self.writer.write_piece(AnswerPiece::Finish(finish), out);
        self.writer.set_usage(self.used());
        self.writer.write_end(out);
    }

    /// Translates a whole answer: `answer` is what was parsed of `data`.
    pub fn translate_whole(&mut self, answer: &Value, data: &[u8]) -> Result<Bytes, FailureClass> {
        self.read(answer, data)?;
        let mut draft = DraftAnswer::default();
        for piece in std::mem::take(&mut self.pieces) {
            draft.add(piece);
        }
        if matches!(draft.finish, None | Some(Finish::Failed)) {
            return Err(FailureClass::Upstream);
        }
        let is_broken = self.writer.wants_objects() && draft.leave_broken_calls_out();
        if is_broken && draft.finish != Some(Finish::Length) {
            return Err(FailureClass::Upstream);
        }
        self.writer.set_usage(self.used());
        Ok(self.writer.whole(&draft).to_string().into())
    }

    fn read(&mut self, value: &Value, data: &[u8]) -> Result<(), FailureClass> {
        self.format.read_event(value, &mut self.answer);
        let text = std::mem::take(&mut self.answer.text).len();
        self.heard.add(self.answer.take_heard(text));
        let event = Json::parse(data).ok_or(FailureClass::Upstream)?;
        let mut read = Vec::new();
        self.reader.read(&event, &mut read);
        for piece in read {
            self.pass(piece);
        }
        Ok(())
    }

    /// Takes out of a piece what was put into the request for the provider's
    /// sake: a tool, an object around a schema, other names for functions.
    fn pass(&mut self, piece: AnswerPiece) {
        let mut passed = Vec::new();
        if self.json_tool.is_on {
            self.json_tool.pass(piece, &mut passed);
        } else {
            passed.push(piece);
        }
        for mut piece in passed {
            if let AnswerPiece::Names { model, .. } = &mut piece
                && self.keeps_asked_model
            {
                *model = None;
            }
            if let AnswerPiece::CallBegin { name, .. } = &mut piece {
                self.names.restore(name);
            }
            for piece in self.keys.pass(piece) {
                match piece {
                    AnswerPiece::Text(text) => self.pass_text(&text),
                    AnswerPiece::Finish(finish) => {
                        self.end_text();
                        self.pieces.push(AnswerPiece::Finish(finish));
                    }
                    piece => self.pieces.push(piece),
                }
            }
        }
    }

    /// Takes off a text what stands around the answer.
    fn pass_text(&mut self, text: &str) {
        let mut text = text.to_owned();
        if let Some(fence) = &mut self.fence {
            text = fence.pass(&text);
        }
        if let Some(unwrapper) = &mut self.unwrapper {
            text = unwrapper.pass(&text);
        }
        let is_whole = self.fence.is_none() && self.unwrapper.is_none();
        if is_whole || !text.is_empty() {
            self.pieces.push(AnswerPiece::Text(text));
        }
    }

    /// Says what was kept until the answer had ended.
    fn end_text(&mut self) {
        let kept = self.fence.as_mut().and_then(JsonFence::end);
        let kept = match &mut self.unwrapper {
            Some(unwrapper) => {
                let passed = kept.map(|kept| unwrapper.pass(&kept)).unwrap_or_default();
                let kept = passed + &unwrapper.end().unwrap_or_default();
                Some(kept).filter(|kept| !kept.is_empty())
            }
            None => kept,
        };
        self.pieces.extend(kept.map(AnswerPiece::Text));
    }
}

/// Makes text of the input of the tool that JSON was asked for with. Words
/// beside it are none of the answer; alone, they are all of it.
#[derive(Default)]
struct JsonTool {
    is_on: bool,
    is_called: bool,
    has_input: bool,
    words: String,
}

impl JsonTool {
    fn pass(&mut self, piece: AnswerPiece, pieces: &mut Vec<AnswerPiece>) {
        match piece {
            AnswerPiece::Text(words) => self.words.push_str(&words),
            AnswerPiece::CallBegin { .. } => self.is_called = true,
            AnswerPiece::CallArguments { json, .. } => {
                self.has_input |= !json.trim().is_empty();
                pieces.push(AnswerPiece::Text(json));
            }
            AnswerPiece::Finish(finish) => {
                let words = std::mem::take(&mut self.words);
                // An object with nothing in it is streamed as no input at all.
                if self.is_called && !self.has_input && finish == Finish::Calls {
                    pieces.push(AnswerPiece::Text("{}".to_owned()));
                } else if !self.is_called && !words.is_empty() {
                    pieces.push(AnswerPiece::Text(words));
                }
                let finish = match finish {
                    Finish::Calls => Finish::Stop,
                    other => other,
                };
                pieces.push(AnswerPiece::Finish(finish));
            }
            other => pieces.push(other),
        }
    }
}
