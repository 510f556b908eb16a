//! Writes a chat request in Google's dialect; `docs/providers.md` §10 and
//! §12.

use crate::providers::dialect::bodies::fields_reader::shorten;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::neutral::{
    Content, Effort, File, FilePlace, NeutralRequest, OutputFormat, SealMaker, Speaker, ToolCall,
    ToolChoice, ToolResult, Turn,
};
use crate::providers::dialect::translating::translation::WrittenRequest;
use crate::providers::dialect::translating::untranslatable::Untranslatable;

use super::answer::is_our_id;
use super::chat_path;
use super::models::{ModelFamily, Thinking, family_of, level_word};

/// The signature that Google accepts for a tool call which another model
/// asked for and Google has not signed: "Thought signatures", ai.google.dev.
pub const NO_SIGNATURE: &str = "skip_thought_signature_validator";
/// The most words that end an answer.
const STOPS_MAX: usize = 5;
/// The media types of files that Google reads.
const FILE_TYPES: [&str; 4] = ["image/", "audio/", "video/", "text/"];

/// Writes a request.
pub fn write_request(
    request: &mut NeutralRequest,
    model: &str,
    stream: bool,
) -> Result<WrittenRequest, Untranslatable> {
    request.refuse_likely_tokens()?;
    let path = chat_path(model, stream).ok_or_else(|| Untranslatable::new("That `model`"))?;
    let family = family_of(model);
    refuse_unsayable(request, family)?;
    let mut contents = write_contents(request, family)?;
    let system = write_system(request);
    let mut body = Json::Object(Vec::new());
    if !system.is_empty() && family.has_instructions {
        body.set("systemInstruction", object([("parts", system.into())]));
    } else if let Some(Json::List(parts)) = contents
        .first_mut()
        .and_then(|first| first.get_mut("parts"))
    {
        parts.splice(0..0, system);
    }
    if contents.is_empty() {
        return Err(unsayable("A call without anything that a person says"));
    }
    body.set("contents", contents);
    write_tools(request, &mut body)?;
    let config = write_config(request, family);
    if !config.fields().is_empty() {
        body.set("generationConfig", config);
    }
    match request.service_tier.as_deref() {
        Some("flex") => body.set("serviceTier", "FLEX"),
        Some("priority") => body.set("serviceTier", "PRIORITY"),
        Some("default") => body.set("serviceTier", "STANDARD"),
        None | Some("auto") => {}
        Some(_) => request.ignored.add("service_tier"),
    }
    Ok(WrittenRequest {
        path,
        body,
        asks_by_tool: false,
    })
}

fn unsayable(what: &str) -> Untranslatable {
    Untranslatable::new(format!("{what}, for a model of Google's,"))
}

/// Refuses what Google's dialect cannot express, and notes the hints that it
/// has no words for.
fn refuse_unsayable(
    request: &mut NeutralRequest,
    family: ModelFamily,
) -> Result<(), Untranslatable> {
    if request.answers.is_some() {
        return Err(unsayable("`n` other than 1"));
    }
    if request.stop.len() > STOPS_MAX {
        return Err(unsayable("More than 5 words to `stop` at"));
    }
    let wants_json = !matches!(request.output, OutputFormat::Text);
    let has_tools = !request.tools.is_empty() || request.search.is_some();
    if wants_json && has_tools && !family.is_since_3 {
        return Err(unsayable("`response_format` together with `tools`"));
    }
    if request.one_tool_at_a_time && !request.tools.is_empty() {
        request.ignored.add("parallel_tool_calls");
    }
    if request.user.is_some() {
        request.ignored.add("user");
    }
    request.ignore_cache_marks();
    // What Google's models thought comes without a seal too, and need not go back.
    request
        .ignore_thoughts(|thought| thought.seal.is_none() || thought.is_made_by(SealMaker::Google));
    request.ignore_details();
    request.ignore_openai_fields(&[]);
    Ok(())
}

fn write_config(request: &mut NeutralRequest, family: ModelFamily) -> Json {
    let mut config = Json::Object(Vec::new());
    let sampling = &request.sampling;
    config.set_some("maxOutputTokens", request.max_tokens);
    config.set_some("temperature", sampling.temperature.clone());
    config.set_some("topP", sampling.top_p.clone());
    config.set_some("topK", sampling.top_k.clone());
    config.set_some("seed", sampling.seed.clone());
    for (name, penalty) in [
        ("presence_penalty", &sampling.presence_penalty),
        ("frequency_penalty", &sampling.frequency_penalty),
    ] {
        if penalty.is_some() {
            request.ignored.add(name);
        }
    }
    if !request.stop.is_empty() {
        let stops: Vec<Json> = request.stop.iter().map(Json::from).collect();
        config.set("stopSequences", stops);
    }
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::Json => config.set("responseMimeType", "application/json"),
        OutputFormat::Schema { schema, .. } => {
            config.set("responseMimeType", "application/json");
            config.set("responseJsonSchema", write_schema(schema));
        }
    }
    if let Some(thinking) = write_thinking(request, family) {
        config.set("thinkingConfig", thinking);
    }
    config
}

/// How much the model is to think: by a level, or by a budget.
fn write_thinking(request: &mut NeutralRequest, family: ModelFamily) -> Option<Json> {
    let reasoning = &request.reasoning;
    let effort = reasoning.effort.or(reasoning.budget.map(Effort::of_budget));
    let mut thinking = Json::Object(Vec::new());
    match (family.thinking, effort) {
        (_, None) => {}
        (Thinking::Level(levels), Some(effort)) => {
            let level = effort.nearest(levels).map(level_word);
            thinking.set_some("thinkingLevel", level);
        }
        (Thinking::Budget(least, most), Some(effort)) => {
            let budget = reasoning.budget.unwrap_or_else(|| effort.budget());
            thinking.set("thinkingBudget", budget.clamp(least, most));
        }
        (Thinking::None, Some(_)) => request.ignored.add("reasoning_effort"),
    }
    if reasoning.shows_thoughts && family.thinking != Thinking::None {
        thinking.set("includeThoughts", true);
    }
    Some(thinking).filter(|it| !it.fields().is_empty())
}

/// A JSON schema without what Google does not know: a `const` is a list of
/// one.
pub fn write_schema(schema: &Json) -> Json {
    let mut written = schema.clone();
    if let Some(definitions) = written.remove("definitions") {
        written.set("$defs", definitions);
    }
    if let Some(place) = written["$ref"].as_str() {
        let place = place.replacen("#/definitions/", "#/$defs/", 1);
        written = refer_alone(&written, &place);
    }
    written.remove("$schema");
    written.remove("strict");
    if let Some(constant) = written.remove("const") {
        written.set("enum", vec![constant]);
    }
    for word in ["properties", "$defs"] {
        if let Some(Json::Object(fields)) = written.get_mut(word) {
            for (_, inner) in fields {
                *inner = write_schema(inner);
            }
        }
    }
    for word in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Json::List(items)) = written.get_mut(word) {
            for inner in items {
                *inner = write_schema(inner);
            }
        }
    }
    if let Some(items) = written.get_mut("items") {
        *items = write_schema(items);
    }
    written
}

/// A reference, beside which Google takes nothing but words with a `$`: the
/// rest stands around it.
fn refer_alone(schema: &Json, place: &str) -> Json {
    let is_own = |(name, _): &&(String, Json)| name.starts_with('$');
    let (own, around): (Vec<_>, Vec<_>) = schema.fields().iter().partition(is_own);
    let mut alone = Json::Object(own.into_iter().cloned().collect());
    alone.set("$ref", place);
    if around.is_empty() {
        return alone;
    }
    let definitions = alone.remove("$defs");
    let mut written = Json::Object(around.into_iter().cloned().collect());
    written.set("anyOf", vec![alone]);
    written.set_some("$defs", definitions);
    written
}

fn write_tools(request: &mut NeutralRequest, body: &mut Json) -> Result<(), Untranslatable> {
    if let Some(search) = request.search.take() {
        if !request.tools.is_empty() {
            return Err(unsayable("A search of the web beside functions"));
        }
        body.set("tools", vec![search.for_google(&mut request.ignored)?]);
    }
    if request.tools.is_empty() {
        return Ok(());
    }
    let is_strict = request.tools.iter().all(|tool| tool.is_strict);
    if !is_strict && request.tools.iter().any(|tool| tool.is_strict) {
        request.ignored.add("strict");
    }
    let tools = request.tools.iter().map(|tool| {
        let mut written = object([("name", tool.name.as_str().into())]);
        written.set_some("description", tool.description.as_deref());
        written.set("parametersJsonSchema", write_schema(&tool.parameters));
        written
    });
    let tools: Vec<Json> = tools.collect();
    let calling = match &request.tool_choice {
        // What a model validates, it keeps to.
        ToolChoice::Auto if is_strict => object([("mode", "VALIDATED".into())]),
        ToolChoice::Auto => object([("mode", "AUTO".into())]),
        ToolChoice::None => object([("mode", "NONE".into())]),
        ToolChoice::Any => object([("mode", "ANY".into())]),
        ToolChoice::One(name) => object([
            ("mode", "ANY".into()),
            ("allowedFunctionNames", vec![name.into()].into()),
        ]),
    };
    let declared = object([("functionDeclarations", tools.into())]);
    body.set("tools", vec![declared]);
    body.set("toolConfig", object([("functionCallingConfig", calling)]));
    Ok(())
}

fn write_system(request: &NeutralRequest) -> Vec<Json> {
    let texts = request.system.iter().filter(|part| !part.is_empty());
    let texts = texts.filter_map(|part| match &part.what {
        Content::Text(text) => Some(object([("text", text.as_str().into())])),
        _ => None,
    });
    texts.collect()
}

fn write_contents(
    request: &NeutralRequest,
    family: ModelFamily,
) -> Result<Vec<Json>, Untranslatable> {
    let mut contents: Vec<Json> = Vec::new();
    for turn in &request.turns {
        let role = match turn.speaker {
            Speaker::Model => "model",
            Speaker::Person | Speaker::System => "user",
        };
        let parts = write_parts(turn, family)?;
        if parts.is_empty() {
            continue;
        }
        match contents.last_mut() {
            Some(last) if last["role"].is(role) => {
                if let Some(Json::List(all)) = last.get_mut("parts") {
                    all.extend(parts);
                }
            }
            _ => contents.push(object([("role", role.into()), ("parts", parts.into())])),
        }
    }
    Ok(contents)
}

/// The parts of a turn, without empty texts, which are refused. A seal of
/// Google's signs the part behind it; the first of several calls must have
/// one.
fn write_parts(turn: &Turn, family: ModelFamily) -> Result<Vec<Json>, Untranslatable> {
    let mut parts = Vec::new();
    let mut seal: Option<&str> = None;
    let mut has_calls = false;
    for part in &turn.parts {
        let mut written = match &part.what {
            Content::Thought(thought) => {
                let ours = thought.seal.as_ref();
                let ours = ours.filter(|it| it.maker == SealMaker::Google);
                seal = ours.map(|it| it.data.as_str()).or(seal);
                continue;
            }
            Content::Text(text) if text.is_empty() => continue,
            Content::Text(text) => object([("text", text.as_str().into())]),
            Content::File(file) => write_file(file)?,
            Content::Call(call) => {
                let is_first = !std::mem::replace(&mut has_calls, true);
                if is_first && family.is_since_3 {
                    seal = seal.or(Some(NO_SIGNATURE));
                }
                write_call(call)
            }
            Content::Result(result) => write_result(result, family)?,
        };
        written.set_some("thoughtSignature", seal.take());
        parts.push(written);
    }
    Ok(parts)
}

/// A call, with its id where Google may have given it.
fn write_call(call: &ToolCall) -> Json {
    let mut written = object([]);
    if !is_our_id(&call.id) {
        written.set("id", call.id.as_str());
    }
    written.set("name", call.name.as_str());
    written.set("args", call.arguments.clone());
    object([("functionCall", written)])
}

/// Whether a value has a reference anywhere. In what a function gave back Google
/// takes one for the name of a file beside it, and refuses every other.
fn refers(value: &Json) -> bool {
    let mut fields = value.fields().iter();
    fields.any(|(name, inner)| name == "$ref" || refers(inner)) || value.items().iter().any(refers)
}

/// The result of a tool. An object is given as it is; anything else, and one with
/// a reference in it, under the name that Google has for it.
fn write_result(result: &ToolResult, family: ModelFamily) -> Result<Json, Untranslatable> {
    let (mut text, mut files) = (String::new(), Vec::new());
    for part in &result.parts {
        match &part.what {
            Content::Text(more) => text.push_str(more),
            Content::File(file) => files.push(write_file(file)?),
            _ => {}
        }
    }
    if !files.is_empty() && !family.is_since_3 {
        return Err(unsayable("A picture in the result of a tool"));
    }
    let name = if result.is_error { "error" } else { "output" };
    let response = Json::parse(text.as_bytes())
        .filter(|it| it.is_object() && !result.is_error && !refers(it))
        .unwrap_or_else(|| object([(name, text.into())]));
    let mut written = object([]);
    if !is_our_id(&result.id) {
        written.set("id", result.id.as_str());
    }
    written.set("name", result.name.as_deref().unwrap_or_default());
    written.set("response", response);
    if !files.is_empty() {
        written.set("parts", files);
    }
    Ok(object([("functionResponse", written)]))
}

/// A file that Google reads; one at an address is Google's to fetch.
fn write_file(file: &File) -> Result<Json, Untranslatable> {
    let kind = file.media_type.as_str();
    let is_read = kind == "application/pdf" || FILE_TYPES.iter().any(|it| kind.starts_with(it));
    match &file.at {
        FilePlace::Base64(_) if !is_read => {
            let kind = shorten(kind);
            Err(unsayable(&format!("A file of the type `{kind}`")))
        }
        FilePlace::Base64(data) => Ok(object([(
            "inlineData",
            object([("mimeType", kind.into()), ("data", data.as_str().into())]),
        )])),
        FilePlace::Address(url) if url.starts_with("https://") => {
            let mut written = object([("fileUri", url.as_str().into())]);
            written.set_some("mimeType", type_of_address(kind, url));
            Ok(object([("fileData", written)]))
        }
        FilePlace::Address(_) => Err(unsayable("A file at an address that is not `https:`")),
        FilePlace::Id(_) => Err(Untranslatable::file_id()),
    }
}

/// The media type of a file at an address: as it is said, or by its ending.
pub fn type_of_address<'a>(said: &'a str, url: &str) -> Option<&'a str> {
    if !said.is_empty() {
        return Some(said);
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit('.').next().unwrap_or_default();
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        _ => return None,
    })
}
