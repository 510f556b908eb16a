//! Reads a call of OpenAI's Responses as a chat; `docs/providers.md` §8.
//!
//! Nothing is kept between calls: whatever came before must stand in the
//! call.

use crate::providers::dialect::bodies::fields_reader::{Fields, shorten};
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::openai::{
    ALLOWED_TOOLS, SHARED_FIELDS, allow_tools, read_call, read_format, read_sampling,
    read_shared_fields,
};
use crate::providers::dialect::translating::neutral::{
    Content, File, NeutralRequest, OutputFormat, Part, Reasoning, SealMaker, Speaker, Thought,
    ToolCall, ToolChoice, ToolResult, Turn,
};
use crate::providers::dialect::translating::seal_tag::{UNSEALED, untag};
use crate::providers::dialect::translating::untranslatable::Untranslatable;
use crate::providers::dialect::translating::web_search::{SEARCH_TOOL, WebSearch};

use super::tool_names::{INPUT, read_search, read_tools, written_name};

/// Fields that are read below.
const READ: &[&str] = &[
    "model",
    "input",
    "instructions",
    "max_output_tokens",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "stream",
    "user",
    "safety_identifier",
    "service_tier",
    "include",
    "background",
    "top_logprobs",
    "cache_control",
    // What these ask for is so in any case.
    "store",
    "truncation",
];
/// Hints that change no answer.
const HINTS: &[&str] = &[
    "client_metadata",
    "stream_options",
    "max_tool_calls",
    "plugins",
];
/// Hints inside other fields.
const HINTS_INSIDE: &[(&str, &str)] = &[("reasoning", "context"), ("reasoning", "mode")];
/// What tools of OpenAI's did in an answer, which says what came of it.
const DONE_ELSEWHERE: &[&str] = &[
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "tool_search_call",
    "tool_search_output",
    "mcp_list_tools",
    "mcp_call",
];
/// What must be asked for to be told, and is told here in any case.
pub const SEALED_REASONING: &str = "reasoning.encrypted_content";

/// What asks how likely each token is.
const LIKELY_TOKENS: &str = "message.output_text.logprobs";

/// Reads the body of a call. What other dialects cannot express is refused by
/// its name.
pub fn read_request(body: &Json) -> Result<NeutralRequest, Untranslatable> {
    let fields = Fields::of_body(body);
    for name in ["previous_response_id", "conversation", "prompt"] {
        if fields.get(name).is_some() {
            return Err(Untranslatable::new(format!(
                "`{name}`, which needs a provider that keeps responses,"
            )));
        }
    }
    fields.refuse_others(&[READ, HINTS, SHARED_FIELDS])?;
    if fields.flag("background")? == Some(true) {
        return Err(Untranslatable::new(
            "`background`, which needs a provider that keeps responses,",
        ));
    }
    let (tools, ignored) = read_tools(body)?;
    let user = fields.text("user")?;
    let mut request = NeutralRequest {
        max_tokens: fields.count("max_output_tokens")?,
        tools,
        search: read_search(body),
        tool_choice: read_choice(fields)?,
        one_tool_at_a_time: fields.flag("parallel_tool_calls")? == Some(false),
        output: read_output(fields)?,
        sampling: read_sampling(fields)?,
        reasoning: read_reasoning(fields)?,
        likely_tokens: read_likely_tokens(fields)?,
        user: fields
            .text("safety_identifier")?
            .or(user)
            .map(str::to_owned),
        service_tier: fields.text("service_tier")?.map(str::to_owned),
        verbosity: read_verbosity(fields)?,
        openai_fields: read_shared_fields(fields),
        cache: fields.cache_mark(),
        wants_usage: true,
        ..NeutralRequest::default()
    };
    if body["tool_choice"]["type"].is(ALLOWED_TOOLS) {
        request.tool_choice = allow_tools(&body["tool_choice"], &mut request.tools)?;
    }
    for hint in HINTS.iter().filter(|hint| body.get(hint).is_some()) {
        request.ignored.add(hint);
    }
    for tool in &ignored {
        request.ignored.add(tool);
    }
    for asked in fields.texts("include")? {
        if asked != SEALED_REASONING && asked != LIKELY_TOKENS {
            request.ignored.add("include");
        }
    }
    for (object, name) in HINTS_INSIDE {
        let value = body[*object].get(name);
        // What is so without a word is ignored without one.
        if value.is_some_and(|value| !value.is("auto") && !value.is("standard")) {
            request.ignored.add(&format!("{object}.{name}"));
        }
    }
    if fields.flag("store")? == Some(true) {
        request.ignored.add("store");
    }
    if let Some(text) = fields.text("instructions")? {
        request.system.push(Part::text(text));
    }
    read_input(body, &mut request)?;
    Ok(request)
}

fn read_verbosity(fields: Fields<'_>) -> Result<Option<String>, Untranslatable> {
    let Some(text) = fields.object("text")? else {
        return Ok(None);
    };
    let inner = Fields {
        json: text,
        place: "text.",
    };
    Ok(inner.text("verbosity")?.map(str::to_owned))
}

fn read_reasoning(fields: Fields<'_>) -> Result<Reasoning, Untranslatable> {
    let Some(reasoning) = fields.object("reasoning")? else {
        return Ok(Reasoning::default());
    };
    let inner = Fields {
        json: reasoning,
        place: "reasoning.",
    };
    Ok(Reasoning {
        effort: inner.effort("effort")?,
        budget: None,
        shows_thoughts: inner.text("summary")?.is_some()
            || inner.text("generate_summary")?.is_some(),
    })
}

fn read_output(fields: Fields<'_>) -> Result<OutputFormat, Untranslatable> {
    let text = fields.object("text")?;
    let Some(format) = text.and_then(|text| text.get("format")) else {
        return Ok(OutputFormat::Text);
    };
    read_format(format, format).ok_or_else(|| {
        Untranslatable::new("A `text.format` other than text, json_object and json_schema")
    })
}

fn read_choice(fields: Fields<'_>) -> Result<ToolChoice, Untranslatable> {
    let Some(choice) = fields.get("tool_choice") else {
        return Ok(ToolChoice::Auto);
    };
    match (choice.as_str(), choice["type"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("required"), _) => Ok(ToolChoice::Any),
        (_, Some("function" | "custom")) => {
            let name = choice["name"].as_str().unwrap_or_default();
            Ok(ToolChoice::One(written_name(
                name,
                choice["namespace"].as_str(),
            )))
        }
        (_, Some(_)) if WebSearch::of_tool(choice).is_some() => {
            Ok(ToolChoice::One(SEARCH_TOOL.to_owned()))
        }
        // Its list cuts the tools down.
        (_, Some(ALLOWED_TOOLS)) => Ok(ToolChoice::Auto),
        _ => Err(Untranslatable::new("That `tool_choice`")),
    }
}

fn read_input(body: &Json, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    match &body["input"] {
        Json::Text(text) => add(request, Speaker::Person, vec![Part::text(text)]),
        Json::List(items) => {
            for item in items {
                read_item(item, request)?;
            }
        }
        _ => {
            return Err(Untranslatable::malformed(
                "`input` must be a text or a list of items",
            ));
        }
    }
    Ok(())
}

fn add(request: &mut NeutralRequest, speaker: Speaker, parts: Vec<Part>) {
    if speaker == Speaker::System && request.turns.is_empty() {
        request.system.extend(parts);
    } else {
        request.turns.push(Turn { speaker, parts });
    }
}

fn read_item(item: &Json, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    let name = || written_name(text("name"), item["namespace"].as_str());
    match item["type"].as_str() {
        None | Some("message") => {
            let speaker = match text("role") {
                "user" => Speaker::Person,
                "assistant" => Speaker::Model,
                "system" | "developer" => Speaker::System,
                _ => {
                    return Err(Untranslatable::malformed(
                        "`role` of an item must be one of user, assistant, system and developer",
                    ));
                }
            };
            add(request, speaker, read_parts(&item["content"])?);
        }
        Some("function_call") => {
            let call = read_call(text("call_id"), &name(), item, &mut request.ignored);
            add(request, Speaker::Model, vec![call]);
        }
        Some("custom_tool_call") => {
            let call = Content::Call(ToolCall {
                id: text("call_id").to_owned(),
                name: name(),
                arguments: object([(INPUT, text("input").into())]),
            });
            add(request, Speaker::Model, vec![Part::of(call)]);
        }
        Some("function_call_output" | "custom_tool_call_output") => {
            let result = Content::Result(ToolResult {
                id: text("call_id").to_owned(),
                name: None,
                parts: read_parts(&item["output"])?,
                is_error: false,
            });
            add(request, Speaker::Person, vec![Part::of(result)]);
        }
        Some("reasoning") => {
            let said = item["summary"].items().iter();
            let said: Vec<&str> = said.filter_map(|it| it["text"].as_str()).collect();
            let seal = item["encrypted_content"].as_str();
            let thought = Content::Thought(Thought {
                text: said.join("\n\n"),
                seal: seal
                    .filter(|seal| *seal != UNSEALED)
                    .map(|seal| untag(seal, SealMaker::OpenAi)),
            });
            add(request, Speaker::Model, vec![Part::of(thought)]);
        }
        Some("additional_tools") => {}
        Some(kind) if DONE_ELSEWHERE.contains(&kind) => request.ignored.add(kind),
        Some("item_reference") => {
            return Err(Untranslatable::new(
                "An `item_reference`, in whose place a client that is told `store: false` writes the item,",
            ));
        }
        Some(kind) => {
            let kind = shorten(kind);
            return Err(Untranslatable::new(format!("An item of the type `{kind}`")));
        }
    }
    Ok(())
}

/// A text, or a list of parts.
fn read_parts(content: &Json) -> Result<Vec<Part>, Untranslatable> {
    match content {
        Json::Null => Ok(Vec::new()),
        Json::Text(text) => Ok(vec![Part::text(text)]),
        Json::List(parts) => parts.iter().map(read_part).collect(),
        _ => Err(Untranslatable::malformed(
            "`content` of an item must be a text or a list of parts",
        )),
    }
}

fn read_part(part: &Json) -> Result<Part, Untranslatable> {
    let text = |name: &str| part[name].as_str().unwrap_or_default();
    let what = match text("type") {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            Content::Text(text("text").to_owned())
        }
        "refusal" => Content::Text(text("refusal").to_owned()),
        "input_image" if !text("image_url").is_empty() => Content::File(File {
            detail: part["detail"].as_str().map(str::to_owned),
            ..File::at_url(text("image_url"), "image_url")?
        }),
        "input_file" if !text("file_data").is_empty() => Content::File(File {
            name: part["filename"].as_str().map(str::to_owned),
            ..File::at_url(text("file_data"), "file_data")?
        }),
        "input_file" if !text("file_url").is_empty() => Content::File(File {
            media_type: "application/pdf".to_owned(),
            ..File::at_url(text("file_url"), "file_url")?
        }),
        kind @ ("input_image" | "input_file") if !text("file_id").is_empty() => {
            Content::File(File {
                detail: part["detail"].as_str().map(str::to_owned),
                ..File::of_id(text("file_id"), kind == "input_image")
            })
        }
        kind => {
            let kind = shorten(kind);
            return Err(Untranslatable::new(format!("`{kind}` in an item")));
        }
    };
    Ok(Part {
        what,
        cache: Fields::of_body(part).cache_mark(),
    })
}

/// Reads whether the caller asks how likely each token is.
fn read_likely_tokens(fields: Fields<'_>) -> Result<Option<u64>, Untranslatable> {
    let alternatives = fields.count("top_logprobs")?.filter(|it| *it > 0);
    let is_included = fields
        .texts("include")?
        .iter()
        .any(|it| it == LIKELY_TOKENS);
    Ok(alternatives.or(is_included.then_some(0)))
}
