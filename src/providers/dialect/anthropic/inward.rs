//! Reads a chat request in Anthropic's dialect; `docs/providers.md` §9.

use crate::providers::dialect::bodies::fields_reader::{
    Fields, parameters_of, shorten, whole_object,
};
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{
    Content, Effort, File, FilePlace, NeutralRequest, OutputFormat, Part, Reasoning, Sampling,
    SealMaker, Speaker, Thought, Tool, ToolCall, ToolChoice, ToolResult, Turn, plain_media_type,
};
use crate::providers::dialect::translating::seal_tag::{UNSEALED, untag};
use crate::providers::dialect::translating::untranslatable::Untranslatable;
use crate::providers::dialect::translating::web_search::WebSearch;

/// Fields that are read below.
const READ: &[&str] = &[
    "model",
    "messages",
    "system",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "metadata",
    "thinking",
    "tools",
    "tool_choice",
    "output_config",
    "output_format",
    "service_tier",
    "cache_control",
];
/// What is read of a tool, and of the rest of what is asked of an answer.
const READ_OF_TOOL: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
];
const READ_OF_OUTPUT: &[&str] = &["effort", "format"];
/// What asks Anthropic for something that changes no answer elsewhere.
const HINTS: &[&str] = &[
    "context_management",
    "diagnostics",
    "inference_geo",
    "speed",
    "safeguards",
    "fallbacks",
    "user_profile_id",
    "workspace_id",
];
/// What Claude Code says to Anthropic in the place of an instruction, another
/// one in each call.
const BILLING: &str = "x-anthropic-billing-header:";

/// Reads the body of a request. What other dialects cannot express is
/// refused by its name.
pub fn read_request(body: &Json) -> Result<NeutralRequest, Untranslatable> {
    let fields = Fields::of_body(body);
    let lists_nothing = |name: &str| body[name].items().is_empty() && body[name].is_list();
    let empty: &[&str] = if lists_nothing("mcp_servers") {
        &["mcp_servers"]
    } else {
        &[]
    };
    fields.refuse_others(&[READ, HINTS, empty])?;
    let mut request = NeutralRequest {
        max_tokens: fields.count("max_tokens")?.filter(|it| *it > 0),
        stop: fields.texts("stop_sequences")?,
        tools: read_tools(fields)?,
        search: fields.list("tools")?.iter().find_map(WebSearch::of_tool),
        sampling: Sampling {
            temperature: fields.number("temperature", 0.0, 1.0)?,
            top_p: fields.number("top_p", 0.0, 1.0)?,
            top_k: fields.number("top_k", 0.0, 1e9)?,
            ..Sampling::default()
        },
        reasoning: read_reasoning(fields)?,
        output: read_output(fields)?,
        user: body["metadata"]["user_id"].as_str().map(str::to_owned),
        service_tier: read_tier(fields)?,
        wants_usage: true,
        cache: fields.cache_mark(),
        ..NeutralRequest::default()
    };
    if request.max_tokens.is_none() {
        return Err(Untranslatable::malformed(
            "`max_tokens` must be a whole number above 0",
        ));
    }
    let is_asked = |name: &&&str| body.get(name).is_some();
    for hint in HINTS.iter().filter(is_asked) {
        request.ignored.add(hint);
    }
    ignore_insides(body, &mut request);
    read_choice(fields, &mut request)?;
    read_system(body, &mut request)?;
    read_messages(fields, &mut request)?;
    Ok(request)
}

/// Ignores what other fields hold that no other dialect has words for.
fn ignore_insides(body: &Json, request: &mut NeutralRequest) {
    let ignored = &mut request.ignored;
    let is_own = |tool: &&Json| WebSearch::of_tool(tool).is_none();
    for tool in body["tools"].items().iter().filter(is_own) {
        Fields::of_body(tool).ignore_others(READ_OF_TOOL, "of tools", ignored);
    }
    let output = Fields::of_body(&body["output_config"]);
    output.ignore_others(READ_OF_OUTPUT, "of output_config", ignored);
}

fn read_tier(fields: Fields<'_>) -> Result<Option<String>, Untranslatable> {
    let tier = fields.text("service_tier")?;
    let tier = tier.map(|tier| {
        if tier == "standard_only" {
            "default"
        } else {
            tier
        }
    });
    Ok(tier.map(str::to_owned))
}

/// How a model is to think: by an effort, or within a budget.
fn read_reasoning(fields: Fields<'_>) -> Result<Reasoning, Untranslatable> {
    let mut reasoning = Reasoning::default();
    if let Some(config) = fields.object("output_config")? {
        let config = Fields {
            json: config,
            place: "output_config.",
        };
        reasoning.effort = config.effort("effort")?;
    }
    let Some(thinking) = fields.object("thinking")? else {
        return Ok(reasoning);
    };
    let inner = Fields {
        json: thinking,
        place: "thinking.",
    };
    match inner.text("type")? {
        Some("enabled") => reasoning.budget = inner.count("budget_tokens")?,
        Some("disabled" | "between_tools") => {
            reasoning.effort = Some(Effort::None);
        }
        _ => {}
    }
    reasoning.shows_thoughts = match inner.text("display")? {
        Some(display) => display == "summarized",
        None => thinking["type"].is("enabled"),
    };
    Ok(reasoning)
}

fn read_output(fields: Fields<'_>) -> Result<OutputFormat, Untranslatable> {
    let of_config = fields
        .object("output_config")?
        .and_then(|it| it.get("format"));
    let older = fields.object("output_format")?;
    let Some(format) = of_config.or(older) else {
        return Ok(OutputFormat::Text);
    };
    Ok(OutputFormat::Schema {
        schema: format["schema"].clone(),
        name: None,
        is_strict: true,
    })
}

fn read_tools(fields: Fields<'_>) -> Result<Vec<Tool>, Untranslatable> {
    let mut tools = Vec::new();
    let is_own = |tool: &&Json| WebSearch::of_tool(tool).is_none();
    for tool in fields.list("tools")?.iter().filter(is_own) {
        tools.push(read_tool(tool)?);
    }
    Ok(tools)
}

/// Reads a tool of the caller's.
pub fn read_tool(tool: &Json) -> Result<Tool, Untranslatable> {
    if let Some(kind) = tool["type"].as_str().filter(|kind| *kind != "custom") {
        let kind = shorten(kind);
        return Err(Untranslatable::new(format!(
            "The tool `{kind}`, which is Anthropic's own,"
        )));
    }
    Ok(Tool {
        name: tool["name"].as_str().unwrap_or_default().to_owned(),
        description: tool["description"].as_str().map(str::to_owned),
        parameters: parameters_of(tool.get("input_schema")),
        is_strict: tool["strict"].as_bool() == Some(true),
        cache: Fields::of_body(tool).cache_mark(),
    })
}

fn read_choice(fields: Fields<'_>, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    let Some(choice) = fields.object("tool_choice")? else {
        return Ok(());
    };
    request.one_tool_at_a_time = choice["disable_parallel_tool_use"].as_bool() == Some(true);
    request.tool_choice = match choice["type"].as_str() {
        Some("auto") => ToolChoice::Auto,
        Some("none") => ToolChoice::None,
        Some("any") => ToolChoice::Any,
        Some("tool") => ToolChoice::One(choice["name"].as_str().unwrap_or_default().to_owned()),
        _ => {
            return Err(Untranslatable::malformed(
                "`tool_choice.type` must be one of auto, any, tool and none",
            ));
        }
    };
    Ok(())
}

fn read_system(body: &Json, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    match &body["system"] {
        Json::Null => {}
        Json::Text(text) => request.system.push(Part::text(text)),
        Json::List(blocks) => {
            for block in blocks {
                let part = read_block(block, "system[…].")?;
                let is_billing =
                    matches!(&part.what, Content::Text(text) if text.starts_with(BILLING));
                if is_billing {
                    request.ignored.add("x-anthropic-billing-header");
                } else {
                    request.system.push(part);
                }
            }
        }
        _ => {
            return Err(Untranslatable::malformed(
                "`system` must be a text or a list of blocks",
            ));
        }
    }
    Ok(())
}

fn read_messages(fields: Fields<'_>, request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    for (at, message) in fields.messages()?.iter().enumerate() {
        let place = format!("messages[{at}].");
        let speaker = match message["role"].as_str() {
            Some("user") => Speaker::Person,
            Some("assistant") => Speaker::Model,
            Some("system") => Speaker::System,
            _ => {
                return Err(Untranslatable::malformed(format!(
                    "`{place}role` must be one of user, assistant and system"
                )));
            }
        };
        let parts = match &message["content"] {
            Json::Text(text) => vec![Part::text(text)],
            Json::List(blocks) => {
                for block in blocks {
                    note_ignored(block, request);
                }
                let blocks = blocks
                    .iter()
                    .filter(|block| done_elsewhere(block).is_none());
                let blocks = blocks.map(|block| read_block(block, &place));
                blocks.collect::<Result<_, _>>()?
            }
            _ => {
                return Err(Untranslatable::malformed(format!(
                    "`{place}content` must be a text or a list of blocks"
                )));
            }
        };
        let mut turn = Turn { speaker, parts };
        for part in &mut turn.parts {
            if let Content::Call(call) = &mut part.what {
                call.arguments = whole_object(&call.arguments, &mut request.ignored);
            }
        }
        request.turns.push(turn);
    }
    Ok(())
}

/// What a tool of Anthropic's did in an answer, which says what came of it.
fn done_elsewhere(block: &Json) -> Option<&str> {
    let kind = block["type"].as_str()?;
    let is_done =
        matches!(kind, "server_tool_use" | "mcp_tool_use") || kind.ends_with("_tool_result");
    is_done.then_some(kind)
}

/// Notes what no other dialect has words for: what Anthropic's tools did, and
/// what is asked of a document.
fn note_ignored(block: &Json, request: &mut NeutralRequest) {
    if let Some(kind) = done_elsewhere(block) {
        request.ignored.add(&shorten(kind));
    }
    if block["citations"]["enabled"].as_bool() == Some(true) {
        request.ignored.add("citations");
    }
    let is_words = matches!(block["source"]["type"].as_str(), Some("text" | "content"));
    if block.get("context").is_some() && !is_words {
        request.ignored.add("context");
    }
}

/// Reads a block of a message.
pub fn read_block(block: &Json, place: &str) -> Result<Part, Untranslatable> {
    let text = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
    let what = match block["type"].as_str() {
        Some("text") => Content::Text(text("text")),
        Some("image") => Content::File(read_source(&block["source"], "image")?),
        Some("document") => read_document(block)?,
        Some("thinking") => Content::Thought(Thought {
            text: text("thinking"),
            seal: Some(text("signature"))
                .filter(|it| !it.is_empty() && it != UNSEALED)
                .map(|it| untag(&it, SealMaker::Anthropic)),
        }),
        Some("redacted_thinking") => Content::Thought(Thought {
            text: String::new(),
            seal: Some(untag(&text("data"), SealMaker::AnthropicRedacted)),
        }),
        Some("tool_use") => Content::Call(ToolCall {
            id: text("id"),
            name: text("name"),
            arguments: block["input"].clone(),
        }),
        Some("tool_result") => Content::Result(ToolResult {
            id: text("tool_use_id"),
            name: None,
            parts: read_result(&block["content"], place)?,
            is_error: block["is_error"].as_bool() == Some(true),
        }),
        Some("tool_reference") => Content::Text(format!("Tool: {}", text("tool_name"))),
        Some("search_result") => {
            let texts = block["content"].items().iter();
            let texts: Vec<&str> = texts.filter_map(|it| it["text"].as_str()).collect();
            let said = texts.join("\n");
            Content::Text(format!("{} ({}):\n{said}", text("title"), text("source")))
        }
        Some(kind) => {
            let kind = shorten(kind);
            return Err(Untranslatable::new(format!("`{kind}` in a message")));
        }
        None => {
            return Err(Untranslatable::malformed(format!(
                "`{place}content[…].type` must say what the block is"
            )));
        }
    };
    Ok(Part {
        what,
        cache: Fields::of_body(block).cache_mark(),
    })
}

fn read_result(content: &Json, place: &str) -> Result<Vec<Part>, Untranslatable> {
    match content {
        Json::Text(text) => Ok(vec![Part::text(text)]),
        _ => content
            .items()
            .iter()
            .map(|it| read_block(it, place))
            .collect(),
    }
}

/// Where a picture or a PDF is.
fn read_source(source: &Json, kind: &str) -> Result<File, Untranslatable> {
    let named = if kind == "image" {
        "An image"
    } else {
        "A document"
    };
    let text = |name: &str| source[name].as_str().unwrap_or_default().to_owned();
    let at = match source["type"].as_str() {
        Some("base64") => FilePlace::Base64(text("data")),
        Some("url") => FilePlace::Address(text("url")),
        Some("file") => {
            return Err(Untranslatable::new(format!(
                "{named} by its id at Anthropic, which alone has the file,"
            )));
        }
        _ => {
            return Err(Untranslatable::malformed(format!(
                "`source.type` of a block of the type `{kind}` must be one of base64 and url"
            )));
        }
    };
    Ok(File {
        media_type: plain_media_type(&text("media_type")),
        name: None,
        at,
        detail: None,
    })
}

/// A document: a PDF is a file, and words are words.
fn read_document(block: &Json) -> Result<Content, Untranslatable> {
    let source = &block["source"];
    let title = block["title"].as_str();
    let words = match source["type"].as_str() {
        Some("text") => source["data"].as_str().unwrap_or_default().to_owned(),
        Some("content") => match &source["content"] {
            Json::Text(text) => text.clone(),
            blocks => {
                let is_text = |it: &Json| it["type"].is("text");
                if !blocks.items().iter().all(is_text) {
                    return Err(Untranslatable::new("A picture in a document's content"));
                }
                let texts = blocks.items().iter().filter_map(|it| it["text"].as_str());
                texts.collect::<Vec<_>>().join("\n")
            }
        },
        _ => {
            let mut file = read_source(source, "document")?;
            file.name = title.map(str::to_owned);
            if file.media_type.is_empty() {
                "application/pdf".clone_into(&mut file.media_type);
            }
            return Ok(Content::File(file));
        }
    };
    let about = [title, block["context"].as_str()];
    let about: Vec<&str> = about.into_iter().flatten().collect();
    Ok(Content::Text(if about.is_empty() {
        words
    } else {
        format!("{}:\n{words}", about.join("\n"))
    }))
}
