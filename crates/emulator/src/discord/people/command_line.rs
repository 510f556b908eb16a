//! Parses a typed command line as Discord's client does, by the commands that
//! the bot has registered.

use serde_json::{Value, json};

use crate::discord::payload;
use crate::world::{Message, State};

const SUBCOMMAND: u64 = 1;
const SUBCOMMAND_GROUP: u64 = 2;
const STRING: u64 = 3;
const INTEGER: u64 = 4;
const BOOLEAN: u64 = 5;
const USER: u64 = 6;
const CHANNEL: u64 = 7;
const ROLE: u64 = 8;
const NUMBER: u64 = 10;
const ATTACHMENT: u64 = 11;

/// Turns `/keys add provider:openai` into an interaction's data. The option
/// `focused` is the one that is being typed, for completion.
pub fn parse_command(state: &State, line: &str, focused: Option<&str>) -> Result<Value, String> {
    let commands = &state.commands;
    let words = line
        .strip_prefix('/')
        .ok_or("a command begins with a slash")?;
    let (name, mut rest) = next_word(words);
    let command = find_by_name(commands, name).ok_or(format!("there is no command /{name}"))?;
    let mut path = Vec::new();
    let mut at = command;
    while is_group(at) {
        let (name, tail) = next_word(rest);
        at = find_by_name(&at["options"], name).ok_or(format!("there is no subcommand {name}"))?;
        path.push((name.to_owned(), at["type"].clone()));
        rest = tail;
    }
    let mut options = parse_options(state, &at["options"], rest, focused)?;
    let resolved = payload::resolved(state, &options);
    for (name, kind) in path.into_iter().rev() {
        options = json!([{"name": name, "type": kind, "options": options}]);
    }
    Ok(json!({
        "id": command.get("id").cloned().unwrap_or(json!("1")), "name": name, "type": 1, "options": options,
        "resolved": resolved,
    }))
}

fn is_group(command: &Value) -> bool {
    command["options"].as_array().is_some_and(|options| {
        options
            .iter()
            .any(|option| is_subcommand(option["type"].as_u64()))
    })
}

fn is_subcommand(kind: Option<u64>) -> bool {
    matches!(kind, Some(SUBCOMMAND | SUBCOMMAND_GROUP))
}

fn find_by_name<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    let mut all = list.as_array()?.iter();
    all.find(|item| item["name"] == name)
}

fn next_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(' ').unwrap_or((text, ""))
}

/// Which options a command has, to whoever typed none of them.
fn say_known(known: &[Value]) -> String {
    let names = known.iter().filter_map(|option| option["name"].as_str());
    let names: Vec<String> = names.map(|name| format!("`{name}:`")).collect();
    match names.as_slice() {
        [] => "this command has no options".to_owned(),
        names => format!(
            "write options as name:value; this command has {}",
            names.join(", ")
        ),
    }
}

/// Refuses what looks like an option that the command lacks, which would end up
/// in the value before it. Discord's client has a field for each option, and none
/// for others.
fn refuse_unknown(known: &[Value], padded: &str) -> Result<(), String> {
    let is_known = |name: &str| known.iter().any(|option| option["name"] == name);
    let words = padded.split(' ');
    let unknown = words.filter_map(|word| {
        let (name, value) = word.split_once(':')?;
        let is_name = name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_value = value.starts_with(|first: char| first.is_ascii_alphanumeric());
        (is_name && is_value && !is_known(name)).then_some(name)
    });
    let Some(name) = unknown.into_iter().next() else {
        return Ok(());
    };
    Err(format!(
        "there is no option `{name}:` ({}); where it is text, leave a blank behind the colon",
        say_known(known)
    ))
}

/// Parses `name:value` pairs. A value ends where the next option's name
/// begins.
fn parse_options(
    state: &State,
    known: &Value,
    text: &str,
    focused: Option<&str>,
) -> Result<Value, String> {
    let known = known.as_array().map(Vec::as_slice).unwrap_or_default();
    let padded = format!(" {text}");
    let mut found: Vec<(usize, usize, &Value)> = known
        .iter()
        .filter_map(|option| {
            let mark = format!(" {}:", option["name"].as_str()?);
            padded.find(&mark).map(|at| (at, at + mark.len(), option))
        })
        .collect();
    found.sort_by_key(|(at, _, _)| *at);
    if found.is_empty() && !text.trim().is_empty() {
        return Err(say_known(known));
    }
    if focused.is_none() {
        refuse_unknown(known, &padded)?;
    }
    let ends = found
        .iter()
        .skip(1)
        .map(|(at, _, _)| *at)
        .chain([padded.len()]);
    let mut options = Vec::new();
    for ((_, start, option), end) in found.iter().zip(ends) {
        let typed = padded.get(*start..end).unwrap_or_default().trim();
        let name = option["name"].as_str().unwrap_or_default();
        let value = parse_value(state, option, typed)?;
        if focused.is_none() {
            refuse_beyond_bounds(option, &value)?;
        }
        let mut filled = json!({"name": name, "type": option["type"], "value": value});
        if focused == Some(name) {
            filled["focused"] = json!(true);
        }
        options.push(filled);
    }
    if focused.is_none() {
        let given = |name: &Value| options.iter().any(|option| option["name"] == *name);
        if let Some(missing) = known
            .iter()
            .find(|o| o["required"] == true && !given(&o["name"]))
        {
            return Err(format!(
                "the option `{}` is required",
                missing["name"].as_str().unwrap_or_default()
            ));
        }
    }
    Ok(Value::Array(options))
}

/// Refuses a value beyond what its option takes. Discord's client does so
/// before the bot hears of it: `min_value`, `max_value`, `min_length` and
/// `max_length` in
/// <https://discord.com/developers/docs/interactions/application-commands>.
fn refuse_beyond_bounds(option: &Value, value: &Value) -> Result<(), String> {
    let name = option["name"].as_str().unwrap_or_default();
    let beyond = |size: f64, low: &str, high: &str, unit: &str| {
        let (low, high) = (option[low].as_f64(), option[high].as_f64());
        match (low, high) {
            (Some(low), _) if size < low => Err(format!("`{name}` must be at least {low}{unit}")),
            (_, Some(high)) if size > high => Err(format!("`{name}` must be at most {high}{unit}")),
            _ => Ok(()),
        }
    };
    match (value.as_f64(), value.as_str()) {
        (Some(number), _) => beyond(number, "min_value", "max_value", ""),
        (_, Some(text)) => {
            let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            let unit = " characters long";
            beyond(f64::from(characters), "min_length", "max_length", unit)
        }
        _ => Ok(()),
    }
}

fn parse_value(state: &State, option: &Value, typed: &str) -> Result<Value, String> {
    if let Some(choices) = option["choices"]
        .as_array()
        .filter(|choices| !choices.is_empty())
    {
        let chosen = choices.iter().find(|choice| choice["name"] == typed);
        return chosen
            .map(|choice| choice["value"].clone())
            .ok_or(format!("`{typed}` is not a choice"));
    }
    match option["type"].as_u64() {
        Some(STRING) => Ok(json!(typed)),
        Some(INTEGER) => typed
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| "write a number".into()),
        // Discord shows True and False, and takes nothing else.
        Some(BOOLEAN) => match typed.to_ascii_lowercase().as_str() {
            "true" => Ok(json!(true)),
            "false" => Ok(json!(false)),
            _ => Err(format!("`{typed}` is neither True nor False")),
        },
        Some(NUMBER) => typed
            .parse::<f64>()
            .map(Value::from)
            .map_err(|_| "write a number".into()),
        Some(USER) => find_id(state.people.iter().map(|p| (p.id, p.name.as_str())), typed)
            .ok_or(format!("there is nobody called {typed}")),
        Some(CHANNEL) => {
            let typed = typed.trim_start_matches('#');
            find_id(
                state.channels.iter().map(|c| (c.id, c.name.as_str())),
                typed,
            )
            .ok_or(format!("there is no channel called {typed}"))
        }
        Some(ROLE) => {
            let roles = state.servers.iter().flat_map(|server| &server.roles);
            find_id(roles.map(|role| (role.id, role.name.as_str())), typed)
                .ok_or(format!("there is no role called {typed}"))
        }
        // A file is named by the id of the message that has it.
        Some(ATTACHMENT) => {
            let holds = |m: &&Message| m.id.to_string() == typed && !m.files.is_empty();
            let found = state.messages.iter().find(holds);
            found
                .map(|_| json!(typed))
                .ok_or("there is no such file".into())
        }
        _ => Err("the emulator does not know this kind of option".into()),
    }
}

/// Finds an id by the name or the mention that was typed, or as it was typed.
fn find_id<'a>(all: impl Iterator<Item = (u64, &'a str)>, typed: &str) -> Option<Value> {
    let bare = typed
        .trim_start_matches(['<', '@', '&'])
        .trim_end_matches('>');
    let mut all = all;
    let found = all.find(|(id, name)| [typed, bare].contains(name) || id.to_string() == bare);
    found.map(|(id, _)| json!(id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn a_value_reaches_to_the_next_option() {
        let commands = json!([{"name": "ask", "options": [
            {"name": "prompt", "type": 3, "required": true}, {"name": "model", "type": 3},
        ]}]);
        let world = World::new();
        world.with(|state| state.commands = commands);
        let parse = |line| world.look(|state| parse_command(state, line, None));
        let data = parse("/ask prompt:why: because model:x").unwrap();
        assert_eq!(data["options"][0]["value"], "why: because");
        assert_eq!(data["options"][1]["value"], "x");
        assert!(parse("/ask model:x").unwrap_err().contains("prompt"));
        let unknown = parse("/ask prompt:a cat sizes:huge").unwrap_err();
        assert!(unknown.contains("no option `sizes:`"), "{unknown}");
        for line in [
            "/ask prompt:see https://example.com/a model:x",
            "/ask prompt:sizes: huge model:x",
            "/ask prompt:at 12:30, a Note:x model:x",
        ] {
            let data = parse(line).unwrap();
            assert_eq!(data["options"][1]["value"], "x", "{line}");
        }
    }

    #[test]
    fn a_value_beyond_its_bounds_is_refused_before_the_bot_hears_of_it() {
        let commands = json!([{"name": "imagine", "options": [
            {"name": "prompt", "type": 3, "required": true, "min_length": 2, "max_length": 5},
            {"name": "count", "type": 4, "min_value": 1, "max_value": 4},
            {"name": "price", "type": 10, "min_value": 0.5},
        ]}]);
        let world = World::new();
        world.with(|state| state.commands = commands);
        let parse = |line, focused| world.look(|state| parse_command(state, line, focused));
        for (line, why) in [
            (
                "/imagine prompt:x",
                "`prompt` must be at least 2 characters long",
            ),
            (
                "/imagine prompt:abcdef",
                "`prompt` must be at most 5 characters long",
            ),
            ("/imagine prompt:ab count:0", "`count` must be at least 1"),
            ("/imagine prompt:ab count:9", "`count` must be at most 4"),
            (
                "/imagine prompt:ab price:0.25",
                "`price` must be at least 0.5",
            ),
        ] {
            assert_eq!(parse(line, None).unwrap_err(), why);
        }
        assert!(parse("/imagine prompt:äöüßé count:4 price:9", None).is_ok());
        // While it is typed, nothing is refused.
        assert!(parse("/imagine prompt:x count:9", Some("prompt")).is_ok());
    }
}
