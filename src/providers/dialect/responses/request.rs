//! Writes a chat as a call of OpenAI's Responses, for models that take it
//! there alone; `docs/providers.md` §7.6, §8 and §12.
//!
//! OpenAI keeps nothing of it: what a model thought comes sealed, and goes
//! back to it in the next call.

use crate::providers::dialect::bodies::fields_reader::shorten;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::openai::{
    DETAIL, PICTURES, SCHEMA_NAME, family_of, hash_user, is_closed, name_json, refuse_unsayable,
    write_tools,
};
use crate::providers::dialect::translating::neutral::{
    CacheMark, Content, Effort, File, FilePlace, NeutralRequest, OutputFormat, Part, SealMaker,
    Speaker, Thought, Tool, ToolResult, Turn,
};
use crate::providers::dialect::translating::translation::{
    ChatToTranslate, OutputLimit, WrittenRequest,
};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

use super::inward::SEALED_REASONING;
use super::{LIMIT, OUTPUT_TOKENS_MIN, PATH};

/// What marks a part as the end of what is kept in the cache; `docs/providers.md`
/// §12.
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// Writes a request.
pub fn write_request(
    request: &mut NeutralRequest,
    chat: &ChatToTranslate<'_>,
) -> Result<WrittenRequest, Untranslatable> {
    let family = family_of(chat.model);
    refuse_unsayable(request, family)?;
    request.refuse_likely_tokens()?;
    if family.takes_breakpoints {
        request.ignore_other_marks();
    } else {
        request.ignore_cache_marks();
    }
    request.ignore_thoughts(|thought| thought.is_made_by(SealMaker::OpenAi));
    name_json(request);
    raise_limit(request, chat)?;
    let input = write_input(request)?;
    if input.is_empty() {
        return Err(Untranslatable::new(
            "A call without anything that a person says",
        ));
    }
    let mut body = object([("model", chat.model.into()), ("input", input.into())]);
    body.set_some(LIMIT, request.max_tokens);
    let efforts = [family.efforts, family.efforts_in_responses].concat();
    body.set("reasoning", write_reasoning(request, &efforts));
    write_tools(request, &mut body, write_tool, write_name);
    add_search(request, &mut body)?;
    body.set_some("text", write_text(request));
    for (name, value) in &request.openai_fields {
        body.set(name, value.clone());
    }
    ignore_sampling(request);
    body.set_some("safety_identifier", request.user.as_deref().map(hash_user));
    body.set_some("service_tier", request.service_tier.as_deref());
    body.set("include", vec![SEALED_REASONING.into()]);
    body.set("store", false);
    body.set("stream", chat.stream);
    Ok(WrittenRequest {
        path: PATH.to_owned(),
        body,
        asks_by_tool: false,
    })
}

/// Offers OpenAI's own search, beside the functions of the caller.
fn add_search(request: &mut NeutralRequest, body: &mut Json) -> Result<(), Untranslatable> {
    let Some(search) = request.search.take() else {
        return Ok(());
    };
    let tool = search.for_responses(&mut request.ignored)?;
    match body.get_mut("tools") {
        Some(Json::List(tools)) => tools.push(tool),
        _ => body.set("tools", vec![tool]),
    }
    Ok(())
}

/// Raises a limit that is too low for OpenAI, where nobody but the caller
/// counts on it.
fn raise_limit(
    request: &mut NeutralRequest,
    chat: &ChatToTranslate<'_>,
) -> Result<(), Untranslatable> {
    if request.max_tokens.is_none_or(|it| it >= OUTPUT_TOKENS_MIN) {
        return Ok(());
    }
    if chat.output_limit != OutputLimit::OfCaller {
        return Err(Untranslatable::new(format!(
            "A limit below {OUTPUT_TOKENS_MIN} tokens, the least that this model takes,"
        )));
    }
    request.max_tokens = Some(OUTPUT_TOKENS_MIN);
    request.ignored.add("max_tokens");
    Ok(())
}

/// How long the answer is to be, and of what form.
fn write_text(request: &NeutralRequest) -> Option<Json> {
    let mut text = object([]);
    text.set_some("format", write_format(&request.output));
    text.set_some("verbosity", request.verbosity.as_deref());
    (!text.fields().is_empty()).then_some(text)
}

/// How hard the model is to think, and whether it sums up its thoughts.
fn write_reasoning(request: &mut NeutralRequest, efforts: &[Effort]) -> Json {
    let asked = request.reasoning.asked_effort();
    let mut reasoning = object([]);
    match asked.map(|effort| effort.nearest(efforts)) {
        Some(Some(effort)) => reasoning.set("effort", effort.word()),
        Some(None) => request.ignored.add("reasoning_effort"),
        None => {}
    }
    if request.reasoning.shows_thoughts {
        reasoning.set("summary", "auto");
    }
    reasoning
}

/// Without a word OpenAI makes a function strict here where it can be, which
/// it does not in a chat.
fn write_tool(tool: &Tool) -> Json {
    let is_strict = tool.is_strict && is_closed(&tool.parameters);
    let mut function = object([
        ("type", "function".into()),
        ("name", tool.name.as_str().into()),
    ]);
    function.set_some("description", tool.description.as_deref());
    function.set("parameters", tool.parameters.clone());
    function.set("strict", is_strict);
    function
}

fn write_name(name: &str) -> Json {
    object([("type", "function".into()), ("name", name.into())])
}

fn write_format(output: &OutputFormat) -> Option<Json> {
    match output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some(object([("type", "json_object".into())])),
        OutputFormat::Schema {
            schema,
            name,
            is_strict,
        } => Some(object([
            ("type", "json_schema".into()),
            ("name", name.as_deref().unwrap_or(SCHEMA_NAME).into()),
            ("schema", schema.clone()),
            ("strict", (*is_strict && is_closed(schema)).into()),
        ])),
    }
}

/// Models that reason read none of it, and the Responses know no seed.
fn ignore_sampling(request: &mut NeutralRequest) {
    let sampling = &request.sampling;
    for (name, value) in [
        ("temperature", &sampling.temperature),
        ("top_p", &sampling.top_p),
        ("presence_penalty", &sampling.presence_penalty),
        ("frequency_penalty", &sampling.frequency_penalty),
    ] {
        if value.as_ref().is_some_and(|it| it.as_f64() != Some(1.0)) {
            request.ignored.add(name);
        }
    }
    for (name, value) in [("seed", &sampling.seed), ("top_k", &sampling.top_k)] {
        if value.is_some() {
            request.ignored.add(name);
        }
    }
}

/// The conversation, with its marks for the cache.
fn write_input(request: &NeutralRequest) -> Result<Vec<Json>, Untranslatable> {
    let mut items = Vec::new();
    for part in &request.system {
        if let Content::Text(text) = &part.what
            && !text.is_empty()
        {
            items.push(marked_message("developer", text, part.cache));
        }
    }
    for turn in &request.turns {
        match turn.speaker {
            Speaker::Model => add_answer(turn, &mut items),
            Speaker::System => {
                let texts = turn.parts.iter().filter_map(Part::as_text);
                let text = texts.collect::<Vec<_>>().join("\n\n");
                let mark = turn.parts.iter().rev().find_map(|part| part.cache);
                if !text.is_empty() {
                    items.push(marked_message("developer", &text, mark));
                }
            }
            Speaker::Person => add_person(turn, &mut items)?,
        }
    }
    Ok(items)
}

fn message(role: &str, content: impl Into<Json>) -> Json {
    object([("role", role.into()), ("content", content.into())])
}

/// A message of one text, as a part where it is marked.
fn marked_message(role: &str, text: &str, mark: Option<CacheMark>) -> Json {
    if mark.is_none() {
        return message(role, text);
    }
    let mut part = text_part(text);
    set_breakpoint(&mut part);
    message(role, vec![part])
}

/// Marks a part as the end of what is kept in OpenAI's cache.
fn set_breakpoint(part: &mut Json) {
    part.set(BREAKPOINT, object([("mode", "explicit".into())]));
}

fn text_part(text: &str) -> Json {
    object([("type", "input_text".into()), ("text", text.into())])
}

/// What a model has said and done, in its order. What it thought must stand
/// before something of it.
fn add_answer(turn: &Turn, items: &mut Vec<Json>) {
    let mut said = String::new();
    let mut thoughts = Vec::new();
    for part in &turn.parts {
        match &part.what {
            Content::Text(text) => {
                if !text.is_empty() {
                    items.append(&mut thoughts);
                }
                said.push_str(text);
            }
            Content::Call(call) => {
                end_words(&mut said, items);
                items.append(&mut thoughts);
                items.push(object([
                    ("type", "function_call".into()),
                    ("call_id", call.id.as_str().into()),
                    ("name", call.name.as_str().into()),
                    ("arguments", call.arguments.to_string().into()),
                ]));
            }
            Content::Thought(thought) => {
                if let Some(item) = write_thought(thought) {
                    end_words(&mut said, items);
                    thoughts.push(item);
                }
            }
            Content::File(_) | Content::Result(_) => {}
        }
    }
    end_words(&mut said, items);
}

fn end_words(said: &mut String, items: &mut Vec<Json>) {
    if !said.is_empty() {
        items.push(message("assistant", std::mem::take(said)));
    }
}

/// What an OpenAI model thought, which OpenAI alone can read. It has no id:
/// nothing is kept there under one.
fn write_thought(thought: &Thought) -> Option<Json> {
    let seal = thought.seal.as_ref();
    let seal = seal.filter(|seal| seal.maker == SealMaker::OpenAi)?;
    let summary = object([
        ("type", "summary_text".into()),
        ("text", thought.text.as_str().into()),
    ]);
    let summary: Vec<Json> = (!thought.text.is_empty())
        .then_some(summary)
        .into_iter()
        .collect();
    Some(object([
        ("type", "reasoning".into()),
        ("summary", summary.into()),
        ("encrypted_content", seal.data.as_str().into()),
    ]))
}

/// What a person says, behind what the person's tools gave back.
fn add_person(turn: &Turn, items: &mut Vec<Json>) -> Result<(), Untranslatable> {
    let mut parts = Vec::new();
    for part in &turn.parts {
        let Content::Result(result) = &part.what else {
            let mut written = write_part(part)?;
            let marked = written.as_mut().filter(|_| part.cache.is_some());
            marked.into_iter().for_each(set_breakpoint);
            parts.extend(written);
            continue;
        };
        items.push(write_result(result)?);
    }
    match parts.as_slice() {
        [] => {}
        [only] if only["type"].is("input_text") && only.get(BREAKPOINT).is_none() => {
            items.push(message("user", only["text"].clone()));
        }
        _ => items.push(message("user", parts)),
    }
    Ok(())
}

fn write_result(result: &ToolResult) -> Result<Json, Untranslatable> {
    let has_file = result.parts.iter().any(|part| part.as_text().is_none());
    let texts = result.parts.iter().filter_map(Part::as_text);
    let text = texts.collect::<Vec<_>>().join("\n\n");
    let output = if has_file {
        let mut parts = Vec::new();
        if result.is_error {
            let error = object([("error", text.into())]).to_string();
            parts.extend(write_part(&Part::text(&error))?);
        }
        let is_told = |part: &&Part| result.is_error && part.as_text().is_some();
        for part in result.parts.iter().filter(|part| !is_told(part)) {
            parts.extend(write_part(part)?);
        }
        Json::List(parts)
    } else if result.is_error {
        object([("error", text.into())]).to_string().into()
    } else {
        text.into()
    };
    Ok(object([
        ("type", "function_call_output".into()),
        ("call_id", result.id.as_str().into()),
        ("output", output),
    ]))
}

/// A part of what is said to a model; none where there is nothing in it.
fn write_part(part: &Part) -> Result<Option<Json>, Untranslatable> {
    match &part.what {
        Content::Text(text) if text.is_empty() => Ok(None),
        Content::Text(text) => Ok(Some(text_part(text))),
        Content::File(file) => write_file(file).map(Some),
        Content::Thought(_) | Content::Call(_) | Content::Result(_) => Ok(None),
    }
}

/// A file that OpenAI keeps.
fn write_id(id: &str, file: &File) -> Json {
    let kind = if file.is_picture() {
        "input_image"
    } else {
        "input_file"
    };
    let mut written = object([("type", kind.into()), ("file_id", id.into())]);
    if file.is_picture() {
        written.set("detail", file.detail.as_deref().unwrap_or(DETAIL));
    }
    written
}

/// A picture, where nobody says it in the detail that has a bound, or a PDF.
fn write_file(file: &File) -> Result<Json, Untranslatable> {
    let kind = file.media_type.as_str();
    let (url, is_address) = match &file.at {
        FilePlace::Base64(data) => (format!("data:{kind};base64,{data}"), false),
        FilePlace::Address(url) => (url.clone(), true),
        FilePlace::Id(id) => return Ok(write_id(id, file)),
    };
    if PICTURES.contains(&kind) || (is_address && (kind.is_empty() || file.is_picture())) {
        return Ok(object([
            ("type", "input_image".into()),
            ("image_url", url.into()),
            ("detail", file.detail.as_deref().unwrap_or(DETAIL).into()),
        ]));
    }
    if kind == "application/pdf" {
        let mut written = object([("type", "input_file".into())]);
        if is_address {
            written.set("file_url", url);
        } else {
            let name = file.name.as_deref().unwrap_or("document.pdf");
            written.set("filename", name);
            written.set("file_data", url);
        }
        return Ok(written);
    }
    let kind = shorten(kind);
    Err(Untranslatable::new(format!(
        "A file of the type `{kind}` in OpenAI's Responses"
    )))
}
