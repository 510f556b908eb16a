//! Writes a chat request in Anthropic's dialect; `docs/providers.md` §9 and
//! §12.

use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::neutral::{
    Content, Effort, NeutralRequest, OutputFormat, Part, SealMaker, Speaker, Thought, ToolChoice,
    Turn,
};
use crate::providers::dialect::translating::translation::{JSON_TOOL, WrittenRequest};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

use super::CHAT_PATH;
use super::KEY_RULE;
use super::blocks::{text_block, unsayable, write_file, write_result, write_thought};
use super::kept_schemas::can_be_kept;
use super::marks::{set_mark, settle_marks};
use super::models::{ForcedTools, ModelFamily, Thinking, family_of};
use super::schema::{is_strict, write_parameters, write_strict};

/// The least that a model thinks with that is told a budget, in tokens.
const BUDGET_MIN: u64 = 1_024;

/// How many tools of one call may be strict.
const STRICT_TOOLS_MAX: usize = 20;

/// Writes a request.
pub fn write_request(
    request: &mut NeutralRequest,
    model: &str,
    stream: bool,
) -> Result<WrittenRequest, Untranslatable> {
    request.refuse_likely_tokens()?;
    let family = family_of(model);
    refuse_unsayable(request)?;
    request.ignore_details();
    request.ignore_openai_fields(&[]);
    let max_tokens = request.max_tokens.unwrap_or(family.output_tokens);
    let mut body = object([("model", model.into()), ("max_tokens", max_tokens.into())]);
    let thinks = write_reasoning(request, family, max_tokens, &mut body);
    let (forces, asks_by_tool) = write_output(request, family, thinks, &mut body)?;
    let mut tools = write_tools(request);
    if let Some(search) = request.search.take() {
        tools.push(search.for_anthropic(&mut request.ignored));
    }
    let system = write_system(request);
    let messages = write_messages(request, family)?;
    if messages.is_empty() {
        return Err(unsayable("A call without anything that a person says"));
    }
    if !system.is_empty() {
        body.set("system", system);
    }
    body.set("messages", messages);
    if !tools.is_empty() || asks_by_tool {
        let refused = (!forces).then(|| refused_choice(family.forced_tools));
        write_choice(request, refused, tools, &mut body)?;
    }
    set_mark(request.cache, &mut body);
    if settle_marks(&mut body) {
        request.ignored.add("cache_control (of more than 4)");
    }
    write_stop(request, &mut body);
    write_sampling(request, family, thinks, &mut body);
    if let Some(user) = &request.user {
        body.set("metadata", object([("user_id", user.into())]));
    }
    match request.service_tier.as_deref() {
        Some("default") => body.set("service_tier", "standard_only"),
        None | Some("auto") => {}
        Some(_) => request.ignored.add("service_tier"),
    }
    body.set("stream", stream);
    Ok(WrittenRequest {
        path: CHAT_PATH.to_owned(),
        body,
        asks_by_tool,
    })
}

/// Refuses what Anthropic's dialect cannot express, and notes the hints that
/// its own layer ignores.
fn refuse_unsayable(request: &mut NeutralRequest) -> Result<(), Untranslatable> {
    if request.answers.is_some() {
        return Err(unsayable("`n` other than 1"));
    }
    for (name, is_there) in [
        ("seed", request.sampling.seed.is_some()),
        (
            "presence_penalty",
            request.sampling.presence_penalty.is_some(),
        ),
        (
            "frequency_penalty",
            request.sampling.frequency_penalty.is_some(),
        ),
    ] {
        if is_there {
            request.ignored.add(name);
        }
    }
    Ok(())
}

/// Whether the last answer calls tools without what the model thought before:
/// whoever is told a budget must then begin with it (`docs/providers.md` §9.5).
fn has_lost_its_thought(request: &NeutralRequest) -> bool {
    let mut answers = request.turns.iter().rev();
    let last = answers.find(|turn| turn.speaker == Speaker::Model);
    let parts = last.map_or(&[][..], |turn| &turn.parts);
    let makers = [SealMaker::Anthropic, SealMaker::AnthropicRedacted];
    let is_own = |thought: &Thought| makers.iter().any(|maker| thought.is_made_by(*maker));
    let is_sent = |part: &&Part| match &part.what {
        Content::Thought(thought) => is_own(thought),
        _ => !part.is_empty(),
    };
    let first = parts.iter().find(is_sent);
    let begins = first.is_some_and(|part| matches!(part.what, Content::Thought(_)));
    let mut all = parts.iter();
    !begins && all.any(|part| matches!(part.what, Content::Call(_)))
}

/// Writes how much the model is to think; whether it does.
fn write_reasoning(
    request: &mut NeutralRequest,
    family: ModelFamily,
    max_tokens: u64,
    body: &mut Json,
) -> bool {
    let reasoning = &request.reasoning;
    let shows = reasoning.shows_thoughts.then_some("summarized");
    let effort = reasoning.effort.or(reasoning.budget.map(Effort::of_budget));
    let asked = effort.filter(|it| *it != Effort::None);
    let thinking = match (family.thinking, effort) {
        (Thinking::Budget, Some(_)) if asked.is_some() && has_lost_its_thought(request) => {
            request.ignored.add("reasoning_effort");
            None
        }
        (Thinking::Budget, _) => {
            let wanted = reasoning.budget.or(asked.map(Effort::budget));
            let budget = wanted.map(|it| it.max(BUDGET_MIN).min(max_tokens.saturating_sub(1)));
            let budget = budget.filter(|it| *it >= BUDGET_MIN);
            if wanted.is_some_and(|it| it > 0) && budget.is_none() {
                request.ignored.add("reasoning_effort");
            }
            budget.filter(|_| wanted != Some(0)).map(|budget| {
                object([("type", "enabled".into()), ("budget_tokens", budget.into())])
            })
        }
        (Thinking::Unless, Some(Effort::None)) => Some(object([("type", "disabled".into())])),
        (Thinking::Asked, Some(_)) if asked.is_some() => {
            Some(object([("type", "adaptive".into())]))
        }
        (Thinking::Always | Thinking::Unless, _) if shows.is_some() => {
            Some(object([("type", "adaptive".into())]))
        }
        _ => None,
    };
    let is_off = thinking
        .as_ref()
        .is_some_and(|it| it["type"].is("disabled"));
    let thinks = !is_off
        && (thinking.is_some() || matches!(family.thinking, Thinking::Always | Thinking::Unless));
    if let Some(mut thinking) = thinking {
        if !is_off {
            thinking.set_some("display", shows);
        }
        body.set("thinking", thinking);
    }
    // One that cannot stop thinking is told to think little.
    let wanted = match family.thinking {
        Thinking::Always => effort,
        _ => asked,
    };
    match wanted.and_then(|it| it.nearest(family.efforts)) {
        Some(effort) => body.set("output_config", object([("effort", effort.word().into())])),
        None if asked.is_some() && !matches!(family.thinking, Thinking::Budget) => {
            request.ignored.add("reasoning_effort");
        }
        None => {}
    }
    thinks
}

/// Writes what the answer must be: by the grammar of its schema, or as the
/// input of a tool where the model may be made to call one, or in words.
/// Returns whether a tool may be forced, and whether ours is.
fn write_output(
    request: &mut NeutralRequest,
    family: ModelFamily,
    thinks: bool,
    body: &mut Json,
) -> Result<(bool, bool), Untranslatable> {
    let may_force = match family.forced_tools {
        ForcedTools::Yes => !(thinks && family.thinking == Thinking::Budget),
        ForcedTools::Unthinking => !thinks,
        ForcedTools::No => false,
    };
    let (schema, is_strict) = match &request.output {
        OutputFormat::Text => return Ok((may_force, false)),
        OutputFormat::Json => (None, false),
        OutputFormat::Schema {
            schema, is_strict, ..
        } => (Some(schema), *is_strict),
    };
    let may_be_tool = may_force && request.tools.is_empty() && request.search.is_none();
    let may_ask_by_tool = may_be_tool && schema.is_none_or(has_plain_keys);
    let can_be_kept = family.has_schemas && schema.is_some_and(can_be_kept);
    match schema {
        Some(schema) if can_be_kept && (is_strict || !may_ask_by_tool) => {
            let format = object([
                ("type", "json_schema".into()),
                ("schema", write_strict(schema)),
            ]);
            if body.get("output_config").is_none() {
                body.set("output_config", Json::Object(Vec::new()));
            }
            if let Some(config) = body.get_mut("output_config") {
                config.set("format", format);
            }
            Ok((may_force, false))
        }
        _ if may_ask_by_tool => Ok((may_force, true)),
        Some(_) if !family.has_schemas && !request.tools.is_empty() => {
            Err(unsayable("`response_format` together with `tools`"))
        }
        _ => {
            ask_in_words(request, is_strict);
            Ok((may_force, false))
        }
    }
}

/// Whether Anthropic takes the names of a schema's properties in a tool's.
fn has_plain_keys(schema: &Json) -> bool {
    let fields = schema["properties"].fields();
    fields.iter().all(|(name, _)| KEY_RULE.takes_name(name))
}

/// Asks in words for JSON, by the schema if there is one.
fn ask_in_words(request: &mut NeutralRequest, is_strict: bool) {
    match std::mem::take(&mut request.output) {
        OutputFormat::Schema { schema, .. } => request.say_schema(&schema),
        _ => request.say_json(),
    }
    if is_strict {
        request.ignored.add("strict");
    }
    request.may_be_fenced = true;
}

fn write_tools(request: &mut NeutralRequest) -> Vec<Json> {
    let mut tools = Vec::new();
    let mut strict_tools = 0;
    for tool in &request.tools {
        let mut written = object([("name", tool.name.as_str().into())]);
        written.set_some("description", tool.description.as_deref());
        let can_be_strict =
            tool.is_strict && can_be_kept(&tool.parameters) && is_strict(&tool.parameters);
        strict_tools += usize::from(can_be_strict);
        if can_be_strict && strict_tools <= STRICT_TOOLS_MAX {
            written.set("input_schema", tool.parameters.clone());
            written.set("strict", true);
        } else {
            written.set("input_schema", write_parameters(&tool.parameters));
            if can_be_strict {
                request.ignored.add("strict (of more than 20 tools)");
            } else if tool.is_strict {
                request.ignored.add("strict");
            }
        }
        set_mark(tool.cache, &mut written);
        tools.push(written);
    }
    tools
}

fn write_choice(
    request: &NeutralRequest,
    refused: Option<&'static str>,
    mut tools: Vec<Json>,
    body: &mut Json,
) -> Result<(), Untranslatable> {
    let schema = match &request.output {
        OutputFormat::Schema { schema, .. } => write_parameters(schema),
        _ => object([
            ("type", "object".into()),
            ("additionalProperties", true.into()),
        ]),
    };
    let named = |name: &str| object([("type", "tool".into()), ("name", name.into())]);
    let mut choice = if tools.is_empty() {
        tools.push(object([
            ("name", JSON_TOOL.into()),
            (
                "description",
                "Give your answer as the input of this tool.".into(),
            ),
            ("input_schema", schema),
        ]));
        named(JSON_TOOL)
    } else {
        let forced = matches!(&request.tool_choice, ToolChoice::Any | ToolChoice::One(_));
        if let Some(refused) = refused.filter(|_| forced) {
            return Err(Untranslatable::new(refused));
        }
        match &request.tool_choice {
            ToolChoice::Auto => object([("type", "auto".into())]),
            ToolChoice::None => object([("type", "none".into())]),
            ToolChoice::Any => object([("type", "any".into())]),
            ToolChoice::One(name) => named(name),
        }
    };
    let is_none = choice["type"].is("none");
    if request.one_tool_at_a_time && !is_none {
        choice.set("disable_parallel_tool_use", true);
    }
    body.set("tools", tools);
    body.set("tool_choice", choice);
    Ok(())
}

/// Why a model is not made to call a tool.
fn refused_choice(forced_tools: ForcedTools) -> &'static str {
    match forced_tools {
        ForcedTools::No => {
            "A `tool_choice` that makes the model call a tool, which this model refuses,"
        }
        ForcedTools::Yes | ForcedTools::Unthinking => {
            "A `tool_choice` that makes the model call a tool, which this model refuses while it thinks,"
        }
    }
}

/// Words that end an answer must have something in them.
fn write_stop(request: &mut NeutralRequest, body: &mut Json) {
    let (read, empty): (Vec<_>, Vec<_>) = request
        .stop
        .iter()
        .partition(|stop| !stop.trim().is_empty());
    if !empty.is_empty() {
        request.ignored.add("stop (of whitespace alone)");
    }
    if !read.is_empty() {
        let read: Vec<Json> = read.into_iter().map(Json::from).collect();
        body.set("stop_sequences", read);
    }
}

/// Newer models refuse these even at their usual values, and older ones
/// refuse two at once.
fn write_sampling(
    request: &mut NeutralRequest,
    family: ModelFamily,
    thinks: bool,
    body: &mut Json,
) {
    let sampling = &request.sampling;
    let is_unusual = |it: &&Json| it.as_f64() != Some(1.0);
    let temperature = sampling.temperature.as_ref().filter(is_unusual);
    let top_p = sampling.top_p.as_ref().filter(is_unusual);
    let is_read = family.has_sampling && !thinks;
    for (name, value) in [
        ("temperature", temperature),
        ("top_p", top_p),
        ("top_k", sampling.top_k.as_ref()),
    ] {
        let Some(value) = value else {
            continue;
        };
        if !is_read || (name == "top_p" && temperature.is_some()) {
            request.ignored.add(name);
        } else if name == "temperature" && value.as_f64().is_some_and(|it| it > 1.0) {
            body.set(name, Json::Number("1".to_owned()));
        } else {
            body.set(name, value.clone());
        }
    }
}

fn write_system(request: &NeutralRequest) -> Vec<Json> {
    let mut blocks = Vec::new();
    for part in &request.system {
        if let Content::Text(text) = &part.what
            && !text.trim().is_empty()
        {
            let mut block = text_block(text);
            set_mark(part.cache, &mut block);
            blocks.push(block);
        }
    }
    blocks
}

/// The results of several tools stand in one message, before what a person
/// says.
fn write_messages(
    request: &NeutralRequest,
    family: ModelFamily,
) -> Result<Vec<Json>, Untranslatable> {
    let mut messages: Vec<Json> = Vec::new();
    for (at, turn) in request.turns.iter().enumerate() {
        let next = request.turns.get(at + 1).map(|turn| turn.speaker);
        let stands_well = matches!(next, None | Some(Speaker::Model));
        let last_role = messages.last().map(|it| it["role"].is("user"));
        let may_be_system = family.has_later_instructions && stands_well && last_role == Some(true);
        let role = match turn.speaker {
            Speaker::Model => "assistant",
            Speaker::System if may_be_system => "system",
            Speaker::Person | Speaker::System => "user",
        };
        let blocks = write_blocks(turn)?;
        if blocks.is_empty() {
            continue;
        }
        match messages.last_mut() {
            Some(last) if last["role"].is(role) => {
                if let Some(Json::List(all)) = last.get_mut("content") {
                    all.extend(blocks);
                }
            }
            _ => messages.push(object([("role", role.into()), ("content", blocks.into())])),
        }
    }
    Ok(messages)
}

/// The blocks of a turn, without empty texts, which are refused.
fn write_blocks(turn: &Turn) -> Result<Vec<Json>, Untranslatable> {
    let has_others = turn
        .parts
        .iter()
        .any(|part| !matches!(&part.what, Content::Text(text) if text.trim().is_empty()));
    let mut blocks = Vec::new();
    for part in &turn.parts {
        let block = match &part.what {
            Content::Text(text) if text.is_empty() => None,
            Content::Text(text) if text.trim().is_empty() && !has_others => None,
            Content::Text(text) => Some(text_block(text)),
            Content::File(file) => Some(write_file(file)?),
            Content::Thought(thought) => write_thought(thought),
            Content::Call(call) => Some(object([
                ("type", "tool_use".into()),
                ("id", call.id.as_str().into()),
                ("name", call.name.as_str().into()),
                ("input", call.arguments.clone()),
            ])),
            Content::Result(result) => Some(write_result(result)?),
        };
        if let Some(mut block) = block {
            if !matches!(part.what, Content::Thought(_)) {
                set_mark(part.cache, &mut block);
            }
            blocks.push(block);
        }
    }
    if blocks.is_empty() && turn.speaker == Speaker::Person {
        return Err(unsayable("A message of a person's with nothing in it"));
    }
    Ok(blocks)
}
