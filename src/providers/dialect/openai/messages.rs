//! Reads the messages of a chat in OpenAI's dialect; `docs/providers.md` §7.1.

use crate::providers::dialect::anthropic;
use crate::providers::dialect::bodies::fields_reader::{Fields, shorten, whole_object};
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{
    Content, File, FilePlace, Ignored, NeutralRequest, Part, Seal, SealMaker, Speaker, Thought,
    ToolCall, ToolResult, Turn,
};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

/// Blocks of Anthropic's that some clients put into a chat: `docs/providers.md`
/// §12.
const OF_ANTHROPIC: [&str; 6] = [
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "image",
    "document",
];
/// Google's seal, in a tool call or a message of its own layer's.
const GOOGLE_SEAL: [&str; 3] = ["extra_content", "google", "thought_signature"];
/// The tags of sealed thoughts in `reasoning_details`, as OpenRouter has them.
pub const FORMATS: [(&str, SealMaker); 3] = [
    ("anthropic-claude-v1", SealMaker::Anthropic),
    ("google-gemini-v1", SealMaker::Google),
    ("openai-responses-v1", SealMaker::OpenAi),
];

/// Adds a message to the conversation.
pub fn add_message(
    request: &mut NeutralRequest,
    message: Fields<'_>,
) -> Result<(), Untranslatable> {
    let role = message.text("role")?.unwrap_or_default();
    let (said, turns) = (request.system.len(), request.turns.len());
    match role {
        "system" | "developer" => {
            let parts = read_parts(message)?;
            if request.turns.is_empty() {
                request.system.extend(parts);
            } else {
                request.turns.push(Turn {
                    speaker: Speaker::System,
                    parts,
                });
            }
        }
        "user" => {
            let mut parts = read_parts(message)?;
            add_name(message, &mut parts)?;
            request.turns.push(Turn {
                speaker: Speaker::Person,
                parts,
            });
        }
        "assistant" => {
            let turn = read_answer(message, &mut request.ignored)?;
            request.turns.push(turn);
        }
        "tool" | "function" => request.turns.push(read_result(message, role)?),
        _ => {
            return Err(Untranslatable::malformed(format!(
                "`{}role` must be one of system, developer, user, assistant and tool",
                message.place
            )));
        }
    }
    if let Some(mark) = message.cache_mark() {
        let new = request.turns.get_mut(turns).map(|turn| &mut turn.parts);
        let new = new.and_then(|parts| parts.last_mut());
        let new = new.or_else(|| request.system.get_mut(said..)?.last_mut());
        if let Some(last) = new {
            last.cache.get_or_insert(mark);
        }
    }
    Ok(())
}

/// Says who speaks, where several people do: no other dialect has a field for
/// it.
fn add_name(message: Fields<'_>, parts: &mut [Part]) -> Result<(), Untranslatable> {
    let Some(name) = message.text("name")?.filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let text = parts.iter_mut().find_map(|part| match &mut part.what {
        Content::Text(text) => Some(text),
        _ => None,
    });
    match text {
        Some(text) => text.insert_str(0, &format!("{name}: ")),
        None => return Err(Untranslatable::new(format!("`{}name`", message.place))),
    }
    Ok(())
}

/// The content of a message: a text, or a list of parts.
fn read_parts(message: Fields<'_>) -> Result<Vec<Part>, Untranslatable> {
    match message.get("content") {
        None => Ok(Vec::new()),
        Some(Json::Text(text)) => Ok(vec![Part::text(text)]),
        Some(Json::List(parts)) => parts.iter().map(|part| read_part(part, message)).collect(),
        Some(_) => Err(Untranslatable::malformed(format!(
            "`{}content` must be a text or a list of parts",
            message.place
        ))),
    }
}

fn read_part(part: &Json, message: Fields<'_>) -> Result<Part, Untranslatable> {
    let place = format!("{}content[…].", message.place);
    let fields = Fields {
        json: part,
        place: &place,
    };
    let what = match fields.text("type")? {
        Some("text") => Content::Text(fields.text("text")?.unwrap_or_default().to_owned()),
        Some("refusal") => Content::Text(fields.text("refusal")?.unwrap_or_default().to_owned()),
        Some("image_url") => {
            let shown = &part["image_url"];
            let url = shown.as_str().or(shown["url"].as_str());
            Content::File(File {
                detail: shown["detail"].as_str().map(str::to_owned),
                ..File::at_url(url.unwrap_or_default(), "image_url.url")?
            })
        }
        Some("file") => Content::File(read_file(&part["file"])?),
        Some("input_audio") => {
            let audio = &part["input_audio"];
            let format = audio["format"].as_str().unwrap_or("wav");
            Content::File(File {
                media_type: format!("audio/{}", shorten(format)),
                name: None,
                at: FilePlace::Base64(audio["data"].as_str().unwrap_or_default().to_owned()),
                detail: None,
            })
        }
        Some(kind) if OF_ANTHROPIC.contains(&kind) => return anthropic::read_block(part, &place),
        Some(kind) => {
            let kind = shorten(kind);
            return Err(Untranslatable::new(format!("`{kind}` in a message")));
        }
        None => {
            return Err(Untranslatable::malformed(format!(
                "`{place}type` must say what the part is"
            )));
        }
    };
    Ok(Part {
        what,
        cache: fields.cache_mark(),
    })
}

/// A file that comes with a call, or one that OpenAI keeps.
fn read_file(file: &Json) -> Result<File, Untranslatable> {
    let data = file["file_data"].as_str();
    if let (None, Some(id)) = (data, file["file_id"].as_str()) {
        return Ok(File::of_id(id, false));
    }
    let data = data.ok_or_else(|| Untranslatable::new("A file without `file_data`"))?;
    Ok(File {
        name: file["filename"].as_str().map(str::to_owned),
        ..File::at_url(data, "file.file_data")?
    })
}

/// What a model has said before.
fn read_answer(message: Fields<'_>, ignored: &mut Ignored) -> Result<Turn, Untranslatable> {
    if message.get("audio").is_some() {
        return Err(Untranslatable::new("`audio` in a message"));
    }
    let mut parts = read_thoughts(message.json);
    if let Some(seal) = google_seal(message.json) {
        parts.push(seal);
    }
    parts.extend(read_parts(message)?);
    for part in &mut parts {
        if let Content::Call(call) = &mut part.what {
            call.arguments = whole_object(&call.arguments, ignored);
        }
    }
    if let Some(refusal) = message.text("refusal")? {
        parts.push(Part::text(refusal));
    }
    for call in message.list("tool_calls")? {
        parts.extend(google_seal(call));
        parts.push(read_tool_call(call, ignored)?);
    }
    if let Some(call) = message.object("function_call")? {
        let name = call["name"].as_str().unwrap_or_default();
        parts.push(read_call(name, name, call, ignored));
    }
    Ok(Turn {
        speaker: Speaker::Model,
        parts,
    })
}

/// What a model thought before, as OpenRouter's `reasoning_details` carry it.
fn read_thoughts(message: &Json) -> Vec<Part> {
    let details = message["reasoning_details"].items().iter();
    let mut thoughts: Vec<Thought> = Vec::new();
    let mut last_index = None;
    for detail in details {
        let text = |name: &str| detail[name].as_str().map(str::to_owned);
        let format = detail["format"].as_str();
        let known = FORMATS.iter().find(|(name, _)| format == Some(name));
        let maker = known.map_or(SealMaker::Other, |(_, maker)| *maker);
        let (maker, data) = match (detail["type"].as_str(), maker) {
            (Some("reasoning.encrypted"), SealMaker::Anthropic) => {
                (SealMaker::AnthropicRedacted, text("data"))
            }
            (Some("reasoning.encrypted"), maker) => (maker, text("data")),
            (_, maker) => (maker, text("signature")),
        };
        let seal = data.map(|data| Seal { maker, data });
        let said = text("text").or_else(|| text("summary")).unwrap_or_default();
        let index = detail["index"].as_u64();
        match thoughts.last_mut() {
            Some(last) if index.is_some() && index == last_index && last.seal.is_none() => {
                last.text.push_str(&said);
                last.seal = seal;
            }
            _ => thoughts.push(Thought { text: said, seal }),
        }
        last_index = index;
    }
    thoughts
        .into_iter()
        .map(|thought| Part::of(Content::Thought(thought)))
        .collect()
}

/// Google's seal in an object, for what comes behind it.
fn google_seal(object: &Json) -> Option<Part> {
    let data = GOOGLE_SEAL.iter().fold(object, |inner, name| &inner[*name]);
    let seal = Seal {
        maker: SealMaker::Google,
        data: data.as_str()?.to_owned(),
    };
    Some(Part::of(Content::Thought(Thought {
        text: String::new(),
        seal: Some(seal),
    })))
}

fn read_tool_call(call: &Json, ignored: &mut Ignored) -> Result<Part, Untranslatable> {
    let id = call["id"].as_str().unwrap_or_default();
    match call["type"].as_str() {
        None | Some("function") => {
            let function = &call["function"];
            let name = function["name"].as_str().unwrap_or_default();
            Ok(read_call(id, name, function, ignored))
        }
        Some(kind) => Err(Untranslatable::new(format!(
            "A tool call of the type `{}`",
            shorten(kind)
        ))),
    }
}

/// A call whose arguments are JSON in a text. `null`, which some models write
/// where there are none, is none.
pub fn read_call(id: &str, name: &str, function: &Json, ignored: &mut Ignored) -> Part {
    let written = &function["arguments"];
    let parsed = match written {
        Json::Text(text) if text.trim().is_empty() => Some(Json::Null),
        Json::Text(text) => Json::parse(text.as_bytes()),
        other => Some(other.clone()),
    };
    let arguments = parsed.as_ref().unwrap_or(written);
    Part::of(Content::Call(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: whole_object(arguments, ignored),
    }))
}

/// What a tool gave back. OpenAI's older functions have names for ids.
fn read_result(message: Fields<'_>, role: &str) -> Result<Turn, Untranslatable> {
    let field = if role == "tool" {
        "tool_call_id"
    } else {
        "name"
    };
    let result = ToolResult {
        id: message.text(field)?.unwrap_or_default().to_owned(),
        name: message.text("name")?.map(str::to_owned),
        parts: read_parts(message)?,
        is_error: false,
    };
    Ok(Turn {
        speaker: Speaker::Person,
        parts: vec![Part::of(Content::Result(result))],
    })
}
