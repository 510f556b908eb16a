//! Writes a chat request in OpenAI's dialect, for OpenAI and for others who
//! speak it; `docs/providers.md` §7 and §12.

use sha2::{Digest, Sha256};

use crate::providers::dialect::Dialect;
use crate::providers::dialect::bodies::fields_reader::shorten;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::ollama;
use crate::providers::dialect::translating::neutral::{
    CacheMark, Content, File, FilePlace, NeutralRequest, OutputFormat, Part, Speaker, Tool,
    ToolChoice, ToolResult, Turn,
};
use crate::providers::dialect::translating::settled_calls::write_hex;
use crate::providers::dialect::translating::translation::{ChatToTranslate, WrittenRequest};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

use super::models::{ModelFamily, family_of};
use super::{CHAT_PATH, OpenAiQuirks};

/// The most words that end an answer.
const STOPS_MAX: usize = 4;
/// The pictures that are looked at.
pub const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// How closely a picture is looked at of which nobody says it.
pub const DETAIL: &str = "high";
/// What the schema of an answer is called that its caller gave no name.
pub const SCHEMA_NAME: &str = "output";
/// Writes a request.
pub fn write_request(
    request: &mut NeutralRequest,
    chat: &ChatToTranslate<'_>,
    dialect: Dialect,
) -> Result<WrittenRequest, Untranslatable> {
    let (quirks, path) = if let Dialect::OpenAi(quirks) = dialect {
        (quirks, CHAT_PATH.to_owned())
    } else {
        let path = [ollama::OPENAI_BASE, CHAT_PATH].concat();
        (OpenAiQuirks::COMMON, path)
    };
    let family = family_of(chat.model);
    refuse_unsayable(request, family)?;
    request.refuse_search()?;
    name_json(request);
    if !quirks.takes_instructions_anywhere() {
        request.tell_later_instructions_as_person();
    }
    quirks.thinking.ignore_lost_thoughts(request);
    quirks.thinking.settle_cache_marks(request, chat.model);
    let talk = TalkWriter { quirks };
    if family.reasons {
        request.refuse_likely_tokens()?;
    }
    let messages = talk.write_messages(request)?;
    if messages.is_empty() {
        return Err(Untranslatable::new(
            "A call without anything that a person says",
        ));
    }
    let mut body = object([("model", chat.model.into()), ("messages", messages.into())]);
    body.set_some(quirks.output_limit, request.max_tokens);
    quirks.thinking.write_effort(request, family, &mut body);
    body.set_some("cache_control", request.cache.map(CacheMark::written));
    write_tools(request, &mut body, write_tool, write_name);
    write_format(request, &mut body);
    write_sampling(request, family, quirks, &mut body);
    if !request.stop.is_empty() {
        let stops: Vec<Json> = request.stop.iter().map(Json::from).collect();
        body.set("stop", stops);
    }
    write_user_and_tier(request, quirks, &mut body);
    write_shared_fields(request, quirks, &mut body);
    if let Some(alternatives) = request.likely_tokens {
        body.set("logprobs", true);
        body.set_some("top_logprobs", Some(alternatives).filter(|it| *it > 0));
    }
    body.set("stream", chat.stream);
    if chat.stream && quirks.asks_for_usage {
        body.set("stream_options", object([("include_usage", true.into())]));
    }
    Ok(WrittenRequest {
        path,
        body,
        asks_by_tool: false,
    })
}

/// Writes for whom the call is and how it is to be served, where the provider
/// has fields for that; elsewhere the caller is told that nobody reads them.
fn write_user_and_tier(request: &mut NeutralRequest, quirks: OpenAiQuirks, body: &mut Json) {
    if quirks.has_dearer_ways {
        body.set_some("safety_identifier", request.user.as_deref().map(hash_user));
        body.set_some("service_tier", request.service_tier.as_deref());
        return;
    }
    request.ignore_details();
    if request.user.is_some() {
        request.ignored.add("user");
    }
    let tier = request.service_tier.as_deref();
    if tier.is_some_and(|it| it != "auto") {
        request.ignored.add("service_tier");
    }
}

/// Writes the fields of the Responses that the vendor's chat has too.
fn write_shared_fields(request: &mut NeutralRequest, quirks: OpenAiQuirks, body: &mut Json) {
    request.ignore_openai_fields(quirks.shared_fields);
    for (name, value) in &request.openai_fields {
        if quirks.shared_fields.contains(name) {
            body.set(name, value.clone());
        }
    }
}

/// Who asks, without saying it: OpenAI takes 64 characters.
pub fn hash_user(user: &str) -> String {
    write_hex(Sha256::digest(user).iter())
}

/// Refuses what no model of a family can be told by OpenAI's means, and notes
/// that a tool's schema is none that OpenAI keeps to.
pub fn refuse_unsayable(
    request: &mut NeutralRequest,
    family: ModelFamily,
) -> Result<(), Untranslatable> {
    if request.answers.is_some() {
        return Err(Untranslatable::new("More than one answer"));
    }
    if request.stop.len() > STOPS_MAX {
        return Err(Untranslatable::new("More than 4 texts to stop at"));
    }
    if family.reasons && !request.stop.is_empty() {
        return Err(Untranslatable::new(
            "A text to stop at, which this model does not read,",
        ));
    }
    let is_loose = |tool: &Tool| tool.is_strict && !is_closed(&tool.parameters);
    if request.tools.iter().any(is_loose) {
        request.ignored.add("strict");
    }
    Ok(())
}

/// Asks for JSON in words too: OpenAI and DeepSeek refuse `json_object` otherwise.
pub fn name_json(request: &mut NeutralRequest) {
    if matches!(request.output, OutputFormat::Json) && !request.says("json") {
        request.say_json();
    }
}

/// Offers functions to the model, and says which it is to call. A function, and
/// the name of the one that must be called, are written as the API has them.
pub fn write_tools(
    request: &NeutralRequest,
    body: &mut Json,
    write_tool: fn(&Tool) -> Json,
    write_name: fn(&str) -> Json,
) {
    if request.tools.is_empty() {
        return;
    }
    let tools: Vec<Json> = request.tools.iter().map(write_tool).collect();
    body.set("tools", tools);
    let choice = match &request.tool_choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Any => "required".into(),
        ToolChoice::One(name) => write_name(name),
    };
    body.set("tool_choice", choice);
    if request.one_tool_at_a_time {
        body.set("parallel_tool_calls", false);
    }
}

fn write_tool(tool: &Tool) -> Json {
    let mut function = object([("name", tool.name.as_str().into())]);
    function.set_some("description", tool.description.as_deref());
    function.set("parameters", tool.parameters.clone());
    if tool.is_strict && is_closed(&tool.parameters) {
        function.set("strict", true);
    }
    object([("type", "function".into()), ("function", function)])
}

fn write_name(name: &str) -> Json {
    object([
        ("type", "function".into()),
        ("function", object([("name", name.into())])),
    ])
}

fn write_format(request: &NeutralRequest, body: &mut Json) {
    let format = match &request.output {
        OutputFormat::Text => return,
        OutputFormat::Json => object([("type", "json_object".into())]),
        OutputFormat::Schema {
            schema,
            name,
            is_strict,
        } => {
            let can_be_strict = *is_strict && is_closed(schema);
            let described = object([
                ("name", name.as_deref().unwrap_or(SCHEMA_NAME).into()),
                ("schema", schema.clone()),
                ("strict", can_be_strict.into()),
            ]);
            object([("type", "json_schema".into()), ("json_schema", described)])
        }
    };
    body.set("response_format", format);
}

/// Whether each object of a schema is closed and asks for all it has: OpenAI's rule.
pub fn is_closed(schema: &Json) -> bool {
    let properties = schema["properties"].fields();
    let required = schema["required"].items();
    let is_object = schema["type"].is("object") || !properties.is_empty();
    let asks_for_all = properties
        .iter()
        .all(|(name, _)| required.iter().any(|it| it.is(name)));
    let is_open = schema["additionalProperties"].as_bool() != Some(false);
    if is_object && (is_open || !asks_for_all) {
        return false;
    }
    let inner = properties.iter().chain(schema["$defs"].fields());
    let items = schema.get("items").into_iter();
    let joined = schema["anyOf"].items().iter();
    inner
        .map(|(_, it)| it)
        .chain(items)
        .chain(joined)
        .all(is_closed)
}

/// Models that reason read none of it.
fn write_sampling(
    request: &mut NeutralRequest,
    family: ModelFamily,
    quirks: OpenAiQuirks,
    body: &mut Json,
) {
    let sampling = &request.sampling;
    for (name, value) in [
        ("temperature", &sampling.temperature),
        ("top_p", &sampling.top_p),
        ("presence_penalty", &sampling.presence_penalty),
        ("frequency_penalty", &sampling.frequency_penalty),
        (quirks.seed, &sampling.seed),
    ] {
        match value {
            Some(value) if !family.reasons || name == quirks.seed => body.set(name, value.clone()),
            Some(value) if value.as_f64() != Some(1.0) => request.ignored.add(name),
            _ => {}
        }
    }
    if sampling.top_k.is_some() {
        request.ignored.add("top_k");
    }
}

/// Several texts as one content: parts where one of them is marked.
fn join_instructions(said: &[(&str, Option<CacheMark>)]) -> Json {
    if said.iter().all(|(_, mark)| mark.is_none()) {
        let texts: Vec<&str> = said.iter().map(|(text, _)| *text).collect();
        return texts.join("\n\n").into();
    }
    let parts = said.iter();
    let parts = parts.map(|(text, mark)| marked(vec![text_part(text)].into(), *mark));
    let parts: Vec<Json> = parts.flat_map(|part| part.items().to_vec()).collect();
    parts.into()
}

/// A content, with the mark that stands at its end: texts alone have one.
fn marked(content: Json, mark: Option<CacheMark>) -> Json {
    let Some(mark) = mark else {
        return content;
    };
    let mut parts = match content {
        Json::List(parts) => parts,
        text => vec![object([("type", "text".into()), ("text", text)])],
    };
    if let Some(last) = parts.last_mut().filter(|last| last["type"].is("text")) {
        last.set("cache_control", mark.written());
    }
    Json::List(parts)
}

/// Writes a conversation.
#[derive(Clone, Copy)]
struct TalkWriter {
    quirks: OpenAiQuirks,
}

impl TalkWriter {
    fn write_messages(self, request: &NeutralRequest) -> Result<Vec<Json>, Untranslatable> {
        let mut messages = self.write_instructions(&request.system);
        for turn in &request.turns {
            match turn.speaker {
                Speaker::Model => messages.extend(self.write_answer(turn)),
                Speaker::System => {
                    let text = texts_of(&turn.parts);
                    if !text.is_empty() {
                        let mark = turn.parts.iter().rev().find_map(|part| part.cache);
                        messages.push(message("system", marked(text.into(), mark)));
                    }
                }
                Speaker::Person => self.add_person(turn, &mut messages)?,
            }
        }
        Ok(messages)
    }

    /// The instructions before the conversation: each by itself, or all in one
    /// message.
    fn write_instructions(self, system: &[Part]) -> Vec<Json> {
        let said = system.iter().filter(|part| !part.is_empty());
        let said = said.filter_map(|part| Some((part.as_text()?, part.cache)));
        let said: Vec<(&str, Option<CacheMark>)> = said.collect();
        if self.quirks.takes_instructions_anywhere() {
            let each = said.iter();
            let each = each.map(|(text, mark)| marked((*text).into(), *mark));
            return each.map(|content| message("system", content)).collect();
        }
        if said.is_empty() {
            return Vec::new();
        }
        vec![message("system", join_instructions(&said))]
    }

    /// What a model has said; nothing where it has said nothing that can be said
    /// again.
    fn write_answer(self, turn: &Turn) -> Option<Json> {
        let mut mark = None;
        let mut text = String::new();
        for part in &turn.parts {
            if let Content::Text(more) = &part.what {
                text.push_str(more);
                mark = part.cache.or(mark);
            }
        }
        let calls = turn.parts.iter().filter_map(|part| match &part.what {
            Content::Call(call) => Some(object([
                ("id", call.id.as_str().into()),
                ("type", "function".into()),
                (
                    "function",
                    object([
                        ("name", call.name.as_str().into()),
                        ("arguments", call.arguments.to_string().into()),
                    ]),
                ),
            ])),
            _ => None,
        });
        let calls: Vec<Json> = calls.collect();
        if text.is_empty() && calls.is_empty() {
            return None;
        }
        let content = if text.is_empty() {
            Json::Null
        } else {
            marked(text.into(), mark)
        };
        let mut written = message("assistant", content);
        if !calls.is_empty() {
            written.set("tool_calls", calls);
        }
        self.quirks.thinking.write_thoughts(turn, &mut written);
        Some(written)
    }

    /// What a person says, behind what the person's tools gave back. Their
    /// pictures follow in a message of their own: a tool's holds text alone.
    fn add_person(self, turn: &Turn, messages: &mut Vec<Json>) -> Result<(), Untranslatable> {
        let mut parts = Vec::new();
        let mut is_marked = false;
        for part in &turn.parts {
            let mark = part.cache;
            match &part.what {
                Content::Result(result) => {
                    let mut written = write_result(result, self.quirks, &mut parts)?;
                    let content = marked(written["content"].clone(), mark);
                    written.set("content", content);
                    messages.push(written);
                    continue;
                }
                Content::Text(text) if text.is_empty() => continue,
                Content::Text(text) => parts.push(text_part(text)),
                Content::File(file) => parts.push(write_file(file, self.quirks)?),
                Content::Thought(_) | Content::Call(_) => continue,
            }
            if mark.is_some() {
                is_marked = true;
                parts = match marked(Json::List(parts), mark) {
                    Json::List(parts) => parts,
                    other => vec![other],
                };
            }
        }
        match parts.as_slice() {
            [] => {}
            [only] if only["type"].is("text") && !is_marked => {
                messages.push(message("user", only["text"].clone()));
            }
            _ => messages.push(message("user", parts)),
        }
        Ok(())
    }
}

fn message(role: &str, content: impl Into<Json>) -> Json {
    object([("role", role.into()), ("content", content.into())])
}

fn texts_of(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match &part.what {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

fn text_part(text: &str) -> Json {
    object([("type", "text".into()), ("text", text.into())])
}

fn write_result(
    result: &ToolResult,
    quirks: OpenAiQuirks,
    shown: &mut Vec<Json>,
) -> Result<Json, Untranslatable> {
    let mut text = texts_of(&result.parts);
    let name = result.name.as_deref().unwrap_or_default();
    for part in &result.parts {
        if let Content::File(file) = &part.what {
            shown.push(text_part(&format!("What `{name}` gave back:")));
            shown.push(write_file(file, quirks)?);
        }
    }
    if result.is_error {
        text = object([("error", text.into())]).to_string();
    }
    let mut written = object([
        ("role", "tool".into()),
        ("tool_call_id", result.id.as_str().into()),
    ]);
    written.set("content", text);
    Ok(written)
}

/// A picture, or a document. Without a word OpenAI looks at pictures in the
/// detail that has a bound; others know no such word.
fn write_file(file: &File, quirks: OpenAiQuirks) -> Result<Json, Untranslatable> {
    let kind = file.media_type.as_str();
    let url = match &file.at {
        FilePlace::Base64(data) => format!("data:{kind};base64,{data}"),
        FilePlace::Address(url) => url.clone(),
        FilePlace::Id(_) => return Err(Untranslatable::file_id()),
    };
    let is_address = matches!(file.at, FilePlace::Address(_));
    if PICTURES.contains(&kind) || (is_address && (kind.is_empty() || file.is_picture())) {
        let mut shown = object([("url", url.into())]);
        if quirks.has_dearer_ways {
            shown.set("detail", file.detail.as_deref().unwrap_or(DETAIL));
        }
        return Ok(object([("type", "image_url".into()), ("image_url", shown)]));
    }
    if let (Some(format), FilePlace::Base64(data)) = (kind.strip_prefix("audio/"), &file.at)
        && matches!(format, "wav" | "mp3" | "mpeg")
    {
        let format = if format == "wav" { "wav" } else { "mp3" };
        let audio = object([("data", data.as_str().into()), ("format", format.into())]);
        return Ok(object([
            ("type", "input_audio".into()),
            ("input_audio", audio),
        ]));
    }
    if kind == "application/pdf" && !is_address {
        let name = file.name.as_deref().unwrap_or("document.pdf");
        let written = object([("filename", name.into()), ("file_data", url.into())]);
        return Ok(object([("type", "file".into()), ("file", written)]));
    }
    let kind = shorten(kind);
    Err(Untranslatable::new(format!(
        "A file of the type `{kind}` in a chat of OpenAI's dialect"
    )))
}
