//! Reads a chat request in Google's dialect; `docs/providers.md` §10.

use crate::providers::dialect::bodies::fields_reader::{
    Fields, parameters_of, shorten, whole_object,
};
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{
    Content, Effort, File, FilePlace, Ignored, NeutralRequest, OutputFormat, Part, Reasoning,
    Sampling, Speaker, Thought, Tool, ToolCall, ToolChoice, ToolResult, Turn, plain_media_type,
};
use crate::providers::dialect::translating::untranslatable::Untranslatable;
use crate::providers::dialect::translating::web_search::WebSearch;

use super::request::type_of_address;
use super::seal::read_seals;
use super::spelling::{json_schema, one_spelling};

/// Fields that are read below.
const READ: &[&str] = &[
    "contents",
    "systemInstruction",
    "generationConfig",
    "tools",
    "toolConfig",
    "model",
    "serviceTier",
];
/// Hints that change no answer elsewhere.
const HINTS: &[&str] = &["safetySettings", "labels", "store"];
/// Where Google keeps files of its callers, and films that it alone can watch.
const OF_GOOGLE: [&str; 5] = [
    "gs://",
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtube.com/",
    "https://youtu.be/",
];
/// What tools of Google's leave in an answer.
const DONE_ELSEWHERE: [&str; 4] = [
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];
/// The media type of an answer that is one of the words of its schema.
const ONE_WORD: &str = "text/x.enum";
const READ_CONFIG: &[&str] = &[
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "stopSequences",
    "candidateCount",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseModalities",
    "thinkingConfig",
    "responseLogprobs",
    "logprobs",
];
const HINTS_OF_CONFIG: &[&str] = &["mediaResolution", "audioTimestamp"];
/// What is read of a function, of a part, and of what a function gave back.
const READ_OF_FUNCTION: &[&str] = &["name", "description", "parameters", "parametersJsonSchema"];
const READ_OF_PART: &[&str] = &[
    "text",
    "thought",
    "thoughtSignature",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    // The caller's own.
    "partMetadata",
];
const READ_OF_RESULT: &[&str] = &["id", "name", "response", "parts"];

/// Reads the body of a request. What other dialects cannot express is
/// refused by its name.
pub fn read_request(body: &Json) -> Result<NeutralRequest, Untranslatable> {
    let body = one_spelling(body);
    let fields = Fields::of_body(&body);
    fields.refuse_others(&[READ, HINTS])?;
    let mut request = NeutralRequest {
        service_tier: fields.text("serviceTier")?.map(tier_word),
        wants_usage: true,
        ..NeutralRequest::default()
    };
    for hint in HINTS.iter().filter(|hint| body.get(hint).is_some()) {
        request.ignored.add(hint);
    }
    if let Some(config) = fields.object("generationConfig")? {
        let config = Fields {
            json: config,
            place: "generationConfig.",
        };
        read_config(config, &mut request)?;
    }
    read_instruction(fields, &mut request)?;
    read_tools(fields, &mut request)?;
    let config = Fields::of_body(&body["toolConfig"]);
    config.ignore_others(
        &["functionCallingConfig"],
        "of toolConfig",
        &mut request.ignored,
    );
    read_choice(&body["toolConfig"]["functionCallingConfig"], &mut request)?;
    let contents = fields.list("contents")?;
    if contents.is_empty() {
        return Err(Untranslatable::malformed(
            "`contents` must have at least one content",
        ));
    }
    let mut calls = OpenCalls::default();
    for content in contents {
        note_ignored(content, &mut request);
        let turn = read_content(content, &mut calls, &mut request.ignored)?;
        request.turns.push(turn);
    }
    Ok(request)
}

fn read_instruction(
    fields: Fields<'_>,
    request: &mut NeutralRequest,
) -> Result<(), Untranslatable> {
    let Some(instruction) = fields.get("systemInstruction") else {
        return Ok(());
    };
    if !instruction.is_object() {
        return Err(Untranslatable::malformed(
            "`systemInstruction` must be a content, with its text in `parts`",
        ));
    }
    for part in instruction["parts"].items() {
        let text = part["text"].as_str();
        let text = text
            .ok_or_else(|| Untranslatable::new("A part of `systemInstruction` that is no text"))?;
        request.system.push(Part::text(text));
    }
    Ok(())
}

fn tier_word(tier: &str) -> String {
    match tier.to_ascii_lowercase().as_str() {
        "standard" => "default".to_owned(),
        "service_tier_unspecified" | "unspecified" => "auto".to_owned(),
        other => other.to_owned(),
    }
}

fn read_config(config: Fields<'_>, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    config.refuse_others(&[READ_CONFIG, HINTS_OF_CONFIG])?;
    let alternatives = config.count("logprobs")?;
    request.likely_tokens = match config.flag("responseLogprobs")? {
        Some(true) => Some(alternatives.unwrap_or(0)),
        _ if alternatives.is_none() => None,
        _ => {
            return Err(Untranslatable::malformed(
                "`generationConfig.logprobs` needs `responseLogprobs: true` beside it",
            ));
        }
    };
    let modalities = config.texts("responseModalities")?;
    if modalities.iter().any(|it| !it.eq_ignore_ascii_case("text")) {
        return Err(Untranslatable::new(
            "`generationConfig.responseModalities` other than text",
        ));
    }
    for hint in HINTS_OF_CONFIG.iter().filter(|it| config.get(it).is_some()) {
        request.ignored.add(hint);
    }
    request.max_tokens = config.count("maxOutputTokens")?;
    request.answers = config.count("candidateCount")?.filter(|it| *it != 1);
    request.stop = config.texts("stopSequences")?;
    request.sampling = Sampling {
        temperature: config.number("temperature", 0.0, 2.0)?,
        top_p: config.number("topP", 0.0, 1.0)?,
        top_k: config.number("topK", 0.0, 1e9)?,
        seed: config.number("seed", -1e19, 1e19)?,
        presence_penalty: config.number("presencePenalty", -2.0, 2.0)?,
        frequency_penalty: config.number("frequencyPenalty", -2.0, 2.0)?,
    };
    if let Some(thinking) = config.object("thinkingConfig")? {
        let thinking = Fields {
            json: thinking,
            place: "thinkingConfig.",
        };
        request.reasoning = Reasoning {
            effort: thinking.text("thinkingLevel")?.and_then(Effort::of_word),
            // -1 leaves it to the model.
            budget: thinking.json["thinkingBudget"].as_u64(),
            shows_thoughts: thinking.flag("includeThoughts")? == Some(true),
        };
    }
    request.output = read_output(config)?;
    request.answers_in_one_word = config.text("responseMimeType")? == Some(ONE_WORD);
    Ok(())
}

fn read_output(config: Fields<'_>) -> Result<OutputFormat, Untranslatable> {
    let older = config.object("responseSchema")?;
    if let Some(schema) = config.object("responseJsonSchema")?.or(older) {
        return Ok(OutputFormat::Schema {
            schema: json_schema(schema),
            name: None,
            is_strict: false,
        });
    }
    match config.text("responseMimeType")? {
        None | Some("" | "text/plain") => Ok(OutputFormat::Text),
        Some("application/json") => Ok(OutputFormat::Json),
        Some(kind) => {
            let kind = shorten(kind);
            Err(Untranslatable::new(format!("An answer as `{kind}`")))
        }
    }
}

/// Google's own search.
const SEARCH: &str = "googleSearch";

fn read_tools(fields: Fields<'_>, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    for tool in fields.list("tools")? {
        for (name, value) in tool.fields() {
            if name == SEARCH && value.is_object() {
                request.search = Some(WebSearch::plain());
                let inside = Fields::of_body(value);
                inside.ignore_others(&[], "of a search", &mut request.ignored);
            } else if name != "functionDeclarations" && !value.is_null() {
                let name = shorten(name);
                return Err(Untranslatable::new(format!(
                    "The tool `{name}`, which is Google's own,"
                )));
            }
        }
        for declared in tool["functionDeclarations"].items() {
            let inside = Fields::of_body(declared);
            inside.ignore_others(READ_OF_FUNCTION, "of functions", &mut request.ignored);
            let schema = declared.get("parametersJsonSchema");
            let schema = schema.or(declared.get("parameters")).map(json_schema);
            request.tools.push(Tool {
                name: declared["name"].as_str().unwrap_or_default().to_owned(),
                description: declared["description"].as_str().map(str::to_owned),
                parameters: parameters_of(schema.as_ref()),
                is_strict: false,
                cache: None,
            });
        }
    }
    Ok(())
}

fn read_choice(calling: &Json, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    let allowed: Vec<&str> = calling["allowedFunctionNames"]
        .items()
        .iter()
        .filter_map(Json::as_str)
        .collect();
    if !allowed.is_empty() {
        request
            .tools
            .retain(|tool| allowed.contains(&tool.name.as_str()));
    }
    request.tool_choice = match calling["mode"].as_str() {
        None | Some("AUTO" | "VALIDATED" | "MODE_UNSPECIFIED") => ToolChoice::Auto,
        Some("NONE") => ToolChoice::None,
        Some("ANY") => match allowed.as_slice() {
            [only] => ToolChoice::One((*only).to_owned()),
            _ => ToolChoice::Any,
        },
        Some(_) => {
            return Err(Untranslatable::malformed(
                "`toolConfig.functionCallingConfig.mode` must be one of AUTO, ANY, NONE and VALIDATED",
            ));
        }
    };
    Ok(())
}

/// Calls that have no result yet: Google's may have no ids, and are known by
/// their names then.
#[derive(Default)]
struct OpenCalls {
    open: Vec<(String, String)>,
    /// How many calls there have been.
    count: usize,
}

impl OpenCalls {
    fn begin(&mut self, call: &Json) -> (String, String) {
        let name = call["name"].as_str().unwrap_or_default().to_owned();
        let id = call["id"].as_str().map(str::to_owned);
        let id = id.unwrap_or_else(|| format!("call_{}_{name}", self.count));
        self.count += 1;
        self.open.push((id.clone(), name.clone()));
        (id, name)
    }

    /// The id of the call that a result belongs to.
    fn end(&mut self, result: &Json) -> String {
        let name = result["name"].as_str().unwrap_or_default();
        let id = result["id"].as_str().unwrap_or_default();
        let by_id = self.open.iter().position(|(open, _)| open == id);
        let found = by_id.or_else(|| self.open.iter().position(|(_, open)| open == name));
        match found {
            Some(at) => self.open.remove(at).0,
            None => id.to_owned(),
        }
    }
}

fn read_content(
    content: &Json,
    calls: &mut OpenCalls,
    ignored: &mut Ignored,
) -> Result<Turn, Untranslatable> {
    let speaker = match content["role"].as_str() {
        Some("model") => Speaker::Model,
        None | Some("user" | "function" | "") => Speaker::Person,
        Some(_) => {
            return Err(Untranslatable::malformed(
                "`role` of a content must be one of user and model",
            ));
        }
    };
    let mut parts = Vec::new();
    let said = content["parts"].items().iter();
    for part in said.filter(|part| done_elsewhere(part).is_none()) {
        let args = &part["functionCall"]["args"];
        let args = whole_object(args, ignored);
        read_part(part, args, calls, &mut parts)?;
    }
    Ok(Turn { speaker, parts })
}

/// Notes what no other dialect has words for, such as what tools of Google's
/// did.
fn note_ignored(content: &Json, request: &mut NeutralRequest) {
    let ignored = &mut request.ignored;
    for part in content["parts"].items() {
        if let Some(kind) = done_elsewhere(part) {
            ignored.add(kind);
        }
        Fields::of_body(part).ignore_others(READ_OF_PART, "of parts", ignored);
        let result = Fields::of_body(&part["functionResponse"]);
        result.ignore_others(READ_OF_RESULT, "of results", ignored);
    }
}

/// What a tool of Google's did in an answer, which says what came of it.
fn done_elsewhere(part: &Json) -> Option<&'static str> {
    let kinds = DONE_ELSEWHERE.iter().copied();
    kinds.into_iter().find(|kind| part.get(kind).is_some())
}

/// Whether a part is a thought without a seal that stands in one with a seal.
fn is_told_by(part: &Part, sealed: &[Thought]) -> bool {
    match &part.what {
        Content::Thought(Thought { text, seal: None }) => {
            sealed.iter().any(|thought| thought.text.contains(text))
        }
        _ => false,
    }
}

/// Reads a part, behind the thought whose seal signs it. The arguments are those
/// of its call, if it is one.
fn read_part(
    part: &Json,
    arguments: Json,
    calls: &mut OpenCalls,
    parts: &mut Vec<Part>,
) -> Result<(), Untranslatable> {
    let seals = part["thoughtSignature"].as_str().map(read_seals);
    let thoughts = seals.unwrap_or_default();
    // What they say may stand before them too, as words to be seen.
    parts.retain(|part| !is_told_by(part, &thoughts));
    let thoughts = thoughts.into_iter();
    parts.extend(thoughts.map(|thought| Part::of(Content::Thought(thought))));
    let text = part["text"].as_str();
    if part["thought"].as_bool() == Some(true) {
        parts.extend(text.map(|text| {
            Part::of(Content::Thought(Thought {
                text: text.to_owned(),
                seal: None,
            }))
        }));
        return Ok(());
    }
    if let Some(text) = text {
        parts.push(Part::text(text));
        return Ok(());
    }
    let file = read_file(part)?;
    let call = &part["functionCall"];
    let result = &part["functionResponse"];
    let what = if let Some(file) = file {
        Content::File(file)
    } else if call.is_object() {
        let (id, name) = calls.begin(call);
        Content::Call(ToolCall {
            id,
            name,
            arguments,
        })
    } else if result.is_object() {
        Content::Result(read_result(result, calls)?)
    } else {
        let (name, _) = part
            .fields()
            .iter()
            .find(|(name, _)| !matches!(name.as_str(), "thoughtSignature" | "partMetadata"))
            .ok_or_else(|| Untranslatable::malformed("A part must have something in it"))?;
        let name = shorten(name);
        return Err(Untranslatable::new(format!("`{name}` in a part")));
    };
    parts.push(Part::of(what));
    Ok(())
}

/// A file that comes with the call, or stands at an address.
fn read_file(part: &Json) -> Result<Option<File>, Untranslatable> {
    let (inline, address) = (&part["inlineData"], &part["fileData"]);
    let (kind, at) = if inline.is_object() {
        let data = inline["data"].as_str().unwrap_or_default();
        (&inline["mimeType"], FilePlace::Base64(data.to_owned()))
    } else if address.is_object() {
        let url = address["fileUri"].as_str().unwrap_or_default();
        if OF_GOOGLE.iter().any(|start| url.starts_with(start)) {
            return Err(Untranslatable::new("A file by its address at Google"));
        }
        (&address["mimeType"], FilePlace::Address(url.to_owned()))
    } else {
        return Ok(None);
    };
    let said = plain_media_type(kind.as_str().unwrap_or_default());
    let media_type = match &at {
        FilePlace::Address(url) => type_of_address(&said, url).unwrap_or_default().to_owned(),
        FilePlace::Base64(_) | FilePlace::Id(_) => said,
    };
    if media_type.is_empty() {
        return Err(Untranslatable::malformed(
            "`mimeType` of a file must say what the file is",
        ));
    }
    Ok(Some(File {
        media_type,
        name: inline["displayName"].as_str().map(str::to_owned),
        at,
        detail: None,
    }))
}

/// What a function gave back: `output` and `error` have a meaning.
fn read_result(result: &Json, calls: &mut OpenCalls) -> Result<ToolResult, Untranslatable> {
    let response = &result["response"];
    let only = |name: &str| match response.fields() {
        [(field, value)] if field == name => Some(value),
        _ => None,
    };
    let said = only("output").or(only("result")).or(only("error"));
    let text = match said.unwrap_or(response) {
        Json::Text(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    let mut parts = vec![Part::text(text)];
    for part in result["parts"].items() {
        parts.extend(read_file(part)?.map(|file| Part::of(Content::File(file))));
    }
    Ok(ToolResult {
        id: calls.end(result),
        name: result["name"].as_str().map(str::to_owned),
        parts,
        is_error: only("error").is_some(),
    })
}
