//! Reads a chat request in OpenAI's dialect; `docs/providers.md` §7.1.

use crate::providers::dialect::anthropic;
use crate::providers::dialect::bodies::fields_reader::{Fields, parameters_of, shorten};
use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{
    Effort, NeutralRequest, OutputFormat, Reasoning, Sampling, Tool, ToolChoice,
};
use crate::providers::dialect::translating::untranslatable::Untranslatable;
use crate::providers::dialect::translating::web_search::WebSearch;

use super::messages::add_message;

/// Fields that are read below.
const READ: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "response_format",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "user",
    "safety_identifier",
    "reasoning_effort",
    "reasoning",
    "include_reasoning",
    "thinking",
    "extra_body",
    "service_tier",
    "modalities",
    "logprobs",
    "top_logprobs",
    "verbosity",
    "cache_control",
    "web_search_options",
];
/// Fields that the Responses have by the same names.
pub const SHARED_FIELDS: &[&str] = &[
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
];
/// Hints that change no answer, or none that anybody could tell: the vendors'
/// own layers ignore them too.
const HINTS: &[&str] = &["logit_bias", "store", "prediction", "plugins", "transforms"];
/// The choice among some of the tools.
pub const ALLOWED_TOOLS: &str = "allowed_tools";
/// Values of hints that ask for nothing.
const NOTHING: [&str; 5] = ["false", "0", "{}", "[]", "\"\""];
/// Reads the body of a request. What other dialects cannot express is
/// refused by its name.
pub fn read_request(body: &Json) -> Result<NeutralRequest, Untranslatable> {
    let fields = Fields::of_body(body);
    fields.refuse_others(&[READ, HINTS, SHARED_FIELDS])?;
    let mut request = NeutralRequest {
        max_tokens: read_limit(fields)?,
        stop: read_stop(fields)?,
        tools: read_tools(fields)?,
        search: read_search(fields)?,
        tool_choice: read_tool_choice(fields)?,
        one_tool_at_a_time: fields.flag("parallel_tool_calls")? == Some(false),
        output: read_output_format(fields)?,
        sampling: read_sampling(fields)?,
        reasoning: read_reasoning(fields)?,
        answers: fields.count("n")?.filter(|n| *n != 1),
        likely_tokens: read_likely_tokens(fields)?,
        user: read_user(fields)?,
        service_tier: fields.text("service_tier")?.map(str::to_owned),
        verbosity: fields.text("verbosity")?.map(str::to_owned),
        openai_fields: read_shared_fields(fields),
        cache: fields.cache_mark(),
        wants_usage: read_wants_usage(fields)?,
        ..NeutralRequest::default()
    };
    if body["tool_choice"]["type"].is(ALLOWED_TOOLS) {
        let allowed = &body["tool_choice"]["allowed_tools"];
        request.tool_choice = allow_tools(allowed, &mut request.tools)?;
    }
    refuse_unsayable(fields)?;
    if fields.texts("modalities")?.iter().any(|it| it == "image") {
        request.ignored.add("modalities");
    }
    for hint in HINTS {
        if fields.get(hint).is_some_and(asks) {
            request.ignored.add(hint);
        }
    }
    for (at, message) in fields.messages()?.iter().enumerate() {
        let place = format!("messages[{at}].");
        let message = Fields {
            json: message,
            place: &place,
        };
        add_message(&mut request, message)?;
    }
    Ok(request)
}

/// Whether a hint asks for anything.
fn asks(value: &Json) -> bool {
    !NOTHING.contains(&value.to_string().as_str())
}

/// The fields of a call that a chat and the Responses have by one name.
pub fn read_shared_fields(fields: Fields<'_>) -> Vec<(&'static str, Json)> {
    let named = SHARED_FIELDS.iter();
    let asked = named.filter_map(|name| Some((*name, fields.get(name)?)));
    let asked = asked.filter(|(_, value)| asks(value));
    asked.map(|(name, value)| (name, value.clone())).collect()
}

fn read_limit(fields: Fields<'_>) -> Result<Option<u64>, Untranslatable> {
    let older = fields.count("max_tokens")?;
    Ok(fields.count("max_completion_tokens")?.or(older))
}

fn read_user(fields: Fields<'_>) -> Result<Option<String>, Untranslatable> {
    let user = fields.text("user")?;
    let user = fields.text("safety_identifier")?.or(user);
    Ok(user.map(str::to_owned))
}

fn read_wants_usage(fields: Fields<'_>) -> Result<bool, Untranslatable> {
    let options = fields.object("stream_options")?;
    Ok(options.is_some_and(|it| it["include_usage"].as_bool() == Some(true)))
}

/// Reads how an answer is to be sampled.
pub fn read_sampling(fields: Fields<'_>) -> Result<Sampling, Untranslatable> {
    Ok(Sampling {
        temperature: fields.number("temperature", 0.0, 2.0)?,
        top_p: fields.number("top_p", 0.0, 1.0)?,
        top_k: fields.number("top_k", 0.0, 1e9)?,
        seed: fields.number("seed", -1e19, 1e19)?,
        presence_penalty: read_penalty(fields, "presence_penalty")?,
        frequency_penalty: read_penalty(fields, "frequency_penalty")?,
    })
}

/// A penalty; none where it is 0, which is the usual one.
fn read_penalty(fields: Fields<'_>, name: &str) -> Result<Option<Json>, Untranslatable> {
    let penalty = fields.number(name, -2.0, 2.0)?;
    Ok(penalty.filter(|it| it.as_f64() != Some(0.0)))
}

/// How a model is to think, in OpenAI's words and in OpenRouter's.
fn read_reasoning(fields: Fields<'_>) -> Result<Reasoning, Untranslatable> {
    let mut reasoning = Reasoning {
        effort: fields.effort("reasoning_effort")?,
        shows_thoughts: fields.flag("include_reasoning")? == Some(true),
        ..Reasoning::default()
    };
    if let Some(of_openrouter) = fields.object("reasoning")? {
        let inner = Fields {
            json: of_openrouter,
            place: "reasoning.",
        };
        reasoning.effort = inner.effort("effort")?.or(reasoning.effort);
        reasoning.budget = inner.count("max_tokens")?;
        reasoning.shows_thoughts = inner.flag("exclude")? != Some(true);
    }
    if let Some(of_anthropic) = fields.object("thinking")? {
        read_anthropics(of_anthropic, &mut reasoning)?;
    }
    if let Some(of_google) = fields.object("extra_body")? {
        read_googles(of_google, &mut reasoning)?;
    }
    Ok(reasoning)
}

/// Reads whether the caller asks how likely each token is.
fn read_likely_tokens(fields: Fields<'_>) -> Result<Option<u64>, Untranslatable> {
    let alternatives = fields.count("top_logprobs")?;
    match fields.flag("logprobs")? {
        Some(true) => Ok(Some(alternatives.unwrap_or(0))),
        _ if alternatives.unwrap_or(0) == 0 => Ok(None),
        _ => Err(Untranslatable::malformed(
            "`top_logprobs` needs `logprobs: true` beside it",
        )),
    }
}

/// How a model is to think, in the words of Anthropic's own layer.
fn read_anthropics(thinking: &Json, reasoning: &mut Reasoning) -> Result<(), Untranslatable> {
    let inner = Fields {
        json: thinking,
        place: "thinking.",
    };
    match inner.text("type")? {
        Some("enabled") => {
            reasoning.budget = inner.count("budget_tokens")?.or(reasoning.budget);
            reasoning.shows_thoughts = true;
        }
        Some("disabled") => reasoning.effort = Some(Effort::None),
        _ => {}
    }
    Ok(())
}

/// The same in the words of Google's own layer; it has nothing else there that
/// is known elsewhere.
fn read_googles(extra: &Json, reasoning: &mut Reasoning) -> Result<(), Untranslatable> {
    let outer = Fields {
        json: extra,
        place: "extra_body.",
    };
    outer.refuse_others(&[&["google"]])?;
    let Some(google) = outer.object("google")? else {
        return Ok(());
    };
    let google = Fields {
        json: google,
        place: "extra_body.google.",
    };
    google.refuse_others(&[&["thinking_config"]])?;
    let Some(thinking) = google.object("thinking_config")? else {
        return Ok(());
    };
    let inner = Fields {
        json: thinking,
        place: "thinking_config.",
    };
    reasoning.effort = inner
        .text("thinking_level")?
        .and_then(Effort::of_word)
        .or(reasoning.effort);
    // -1 leaves it to the model.
    reasoning.budget = thinking["thinking_budget"].as_u64().or(reasoning.budget);
    reasoning.shows_thoughts |= inner.flag("include_thoughts")? == Some(true);
    Ok(())
}

/// Refuses what changes the meaning of a call and has no words elsewhere.
fn refuse_unsayable(fields: Fields<'_>) -> Result<(), Untranslatable> {
    let modalities = fields.texts("modalities")?;
    if modalities.iter().any(|it| it != "text" && it != "image") {
        return Err(Untranslatable::new("`modalities` other than text"));
    }
    Ok(())
}

fn read_tools(fields: Fields<'_>) -> Result<Vec<Tool>, Untranslatable> {
    let mut tools = Vec::new();
    let is_own = |tool: &&Json| WebSearch::of_tool(tool).is_none();
    for tool in fields.list("tools")?.iter().filter(is_own) {
        if tool.get("type").is_none() && tool["input_schema"].is_object() {
            tools.push(anthropic::read_tool(tool)?);
            continue;
        }
        if !tool["type"].is("function") {
            let kind = shorten(tool["type"].as_str().unwrap_or_default());
            return Err(Untranslatable::new(format!("A tool of the type `{kind}`")));
        }
        let function = read_function(&tool["function"]);
        tools.push(Tool {
            cache: Fields::of_body(tool).cache_mark().or(function.cache),
            ..function
        });
    }
    let functions = fields.list("functions")?.iter();
    tools.extend(functions.map(read_function));
    Ok(tools)
}

/// The search of the web that is asked for: by its options, or by a tool, which
/// some clients write as other APIs have it.
fn read_search(fields: Fields<'_>) -> Result<Option<WebSearch>, Untranslatable> {
    let options = fields.object("web_search_options")?;
    let mut tools = fields.list("tools")?.iter();
    let by_options = options.map(WebSearch::of_options);
    Ok(by_options.or_else(|| tools.find_map(WebSearch::of_tool)))
}

/// A function, as chats and Responses describe it.
pub fn read_function(function: &Json) -> Tool {
    Tool {
        name: function["name"].as_str().unwrap_or_default().to_owned(),
        description: function["description"].as_str().map(str::to_owned),
        parameters: parameters_of(function.get("parameters")),
        is_strict: function["strict"].as_bool() == Some(true),
        cache: Fields::of_body(function).cache_mark(),
    }
}

/// Cuts the tools down to those that may be called, where a choice names them;
/// the choice among those. `described` holds their list and the mode.
pub fn allow_tools(described: &Json, tools: &mut Vec<Tool>) -> Result<ToolChoice, Untranslatable> {
    let allowed = described["tools"].items().iter();
    let names: Vec<&str> = allowed
        .filter_map(|it| it["name"].as_str().or(it["function"]["name"].as_str()))
        .collect();
    tools.retain(|tool| names.contains(&tool.name.as_str()));
    match described["mode"].as_str() {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("required") => Ok(ToolChoice::Any),
        _ => Err(Untranslatable::malformed(
            "`mode` of the allowed tools must be one of auto and required",
        )),
    }
}

fn read_tool_choice(fields: Fields<'_>) -> Result<ToolChoice, Untranslatable> {
    let (name, choice) = match fields.get("tool_choice") {
        Some(choice) => ("tool_choice", choice),
        None => match fields.get("function_call") {
            Some(Json::Object(named)) => {
                let name = Json::Object(named.clone());
                let name = name["name"].as_str().unwrap_or_default();
                return Ok(ToolChoice::One(name.to_owned()));
            }
            Some(choice) => ("function_call", choice),
            None => return Ok(ToolChoice::Auto),
        },
    };
    match (choice.as_str(), choice["type"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("required" | "any"), _) => Ok(ToolChoice::Any),
        (_, Some("function")) => {
            let chosen = choice["function"]["name"].as_str();
            let chosen = chosen.or(choice["name"].as_str());
            Ok(ToolChoice::One(chosen.unwrap_or_default().to_owned()))
        }
        // Its list cuts the tools down.
        (_, Some(ALLOWED_TOOLS)) => Ok(ToolChoice::Auto),
        _ => Err(Untranslatable::new(format!("That `{name}`"))),
    }
}

fn read_output_format(fields: Fields<'_>) -> Result<OutputFormat, Untranslatable> {
    let Some(format) = fields.object("response_format")? else {
        return Ok(OutputFormat::Text);
    };
    read_format(format, &format["json_schema"]).ok_or_else(|| {
        Untranslatable::new("A `response_format` other than text, json_object and json_schema")
    })
}

/// The format of an output, whose schema stands in `described`.
pub fn read_format(format: &Json, described: &Json) -> Option<OutputFormat> {
    Some(match format["type"].as_str()? {
        "text" => OutputFormat::Text,
        "json_object" => OutputFormat::Json,
        "json_schema" if described["schema"].is_object() => OutputFormat::Schema {
            schema: described["schema"].clone(),
            name: described["name"].as_str().map(str::to_owned),
            is_strict: described["strict"].as_bool() == Some(true),
        },
        "json_schema" => OutputFormat::Json,
        _ => return None,
    })
}

/// Reads one text, or a list of texts.
fn read_stop(fields: Fields<'_>) -> Result<Vec<String>, Untranslatable> {
    match fields.get("stop") {
        Some(Json::Text(text)) => Ok(vec![text.clone()]),
        _ => fields.texts("stop"),
    }
}
