//! What the tools of a response are called in other dialects, which know
//! functions alone: no namespaces, and no tools that take a text.

use crate::providers::dialect::bodies::fields_reader::shorten;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::openai::read_function;
use crate::providers::dialect::translating::neutral::Tool;
use crate::providers::dialect::translating::untranslatable::Untranslatable;
use crate::providers::dialect::translating::web_search::WebSearch;

/// What stands between a namespace and the name of a function in it.
const BETWEEN: &str = "__";
/// Tools that run at OpenAI, which a client may offer with its own.
const HOSTED: [&str; 4] = [
    "web_search",
    "image_generation",
    "tool_search",
    "file_search",
];
/// The one parameter of a tool that takes a text.
pub const INPUT: &str = "input";

/// How a tool is called in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolName {
    pub name: String,
    pub namespace: Option<String>,
    /// Whether it takes a text, and no JSON.
    pub is_custom: bool,
}

/// The tools of a call, by their names in other dialects.
#[derive(Debug, Default)]
pub struct ToolNames(Vec<(String, ToolName)>);

impl ToolNames {
    /// How the function of this name is called in a response.
    pub fn find(&self, name: &str) -> ToolName {
        let found = self.0.iter().find(|(written, _)| written == name);
        found.map_or_else(
            || ToolName {
                name: name.to_owned(),
                namespace: None,
                is_custom: false,
            },
            |(_, known)| known.clone(),
        )
    }

    /// The names of the tools of a body.
    pub fn of_body(body: &Json) -> Self {
        let mut names = Self::default();
        for (tool, _) in tools_of(body) {
            // What is refused was refused before.
            let _ = names.add(tool, None);
        }
        names
    }

    /// Adds a tool; returns it as functions.
    fn add(&mut self, tool: &Json, namespace: Option<&str>) -> Result<Vec<Tool>, Untranslatable> {
        let kind = tool["type"].as_str().unwrap_or_default();
        // Some clients write a function as they do in a chat.
        let tool = tool.get("function").unwrap_or(tool);
        let name = tool["name"].as_str().unwrap_or_default();
        let is_custom = kind == "custom";
        let mut function = match kind {
            "function" => read_function(tool),
            "custom" => read_custom(tool),
            "namespace" if namespace.is_none() => {
                let mut all = Vec::new();
                for inner in tool["tools"].items() {
                    all.extend(self.add(inner, Some(name))?);
                }
                return Ok(all);
            }
            _ => {
                let kind = shorten(kind);
                return Err(Untranslatable::new(format!("The tool `{kind}`")));
            }
        };
        function.name = written_name(name, namespace);
        let known = ToolName {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            is_custom,
        };
        self.0.push((function.name.clone(), known));
        Ok(vec![function])
    }
}

/// What a tool is called in other dialects.
pub fn written_name(name: &str, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}{BETWEEN}{name}"),
        None => name.to_owned(),
    }
}

/// All tools of a call, and whether they stand among the items: Codex gives
/// all of its own there.
fn tools_of(body: &Json) -> impl Iterator<Item = (&Json, bool)> {
    let items = body["input"].items().iter();
    let added = items.filter(|item| item["type"].is("additional_tools"));
    let added = added.flat_map(|item| item["tools"].items());
    let own = body["tools"].items().iter().map(|tool| (tool, false));
    own.chain(added.map(|tool| (tool, true)))
}

/// The search of the web that a call is about: one beside tools of the caller's
/// is ignored, as others that run at OpenAI are.
pub fn read_search(body: &Json) -> Option<WebSearch> {
    let own = body["tools"].items();
    let is_all = own.len() == tools_of(body).count();
    let searches = own.iter().map(WebSearch::of_tool);
    let searches: Option<Vec<WebSearch>> = searches.collect();
    searches.filter(|_| is_all)?.into_iter().next()
}

/// Reads the tools of a call. Those that run at OpenAI are ignored where a
/// program offers them beside tools of its own, as Codex does, and returned by
/// their names. A call with no other tool is about them.
pub fn read_tools(body: &Json) -> Result<(Vec<Tool>, Vec<String>), Untranslatable> {
    let (mut names, mut all, mut ignored) = (ToolNames::default(), Vec::new(), Vec::new());
    let is_hosted = |tool: &Json| {
        let kind = tool["type"].as_str().unwrap_or_default();
        HOSTED.iter().any(|hosted| kind.starts_with(hosted))
    };
    let has_own = tools_of(body).any(|(tool, _)| !is_hosted(tool));
    for (tool, is_added) in tools_of(body) {
        let kind = tool["type"].as_str().unwrap_or_default();
        if !has_own && !is_added && WebSearch::of_tool(tool).is_some() {
            continue;
        }
        if (is_added || has_own) && is_hosted(tool) {
            ignored.push(shorten(kind));
        } else {
            all.extend(names.add(tool, None)?);
        }
    }
    Ok((all, ignored))
}

/// A tool that takes a text, as a function with one parameter.
fn read_custom(tool: &Json) -> Tool {
    let mut description = tool["description"].as_str().unwrap_or_default().to_owned();
    let format = &tool["format"];
    if let Some(grammar) = format["definition"].as_str() {
        let syntax = format["syntax"].as_str().unwrap_or_default();
        for more in [
            "\n\nThe input must follow this ",
            syntax,
            " grammar:\n",
            grammar,
        ] {
            description.push_str(more);
        }
    }
    let input = object([(INPUT, object([("type", "string".into())]))]);
    Tool {
        name: String::new(),
        description: Some(description),
        parameters: object([
            ("type", "object".into()),
            ("properties", input),
            ("required", vec![INPUT.into()].into()),
        ]),
        is_strict: false,
        cache: None,
    }
}
