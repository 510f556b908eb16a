//! Reads the file of settings, and what the environment puts into it, as a table;
//! then as settings.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml::{Table, Value};

use crate::config::errors::{ConfigError, ConfigErrors};
use crate::config::{Config, EXAMPLE};

/// Joins the sections of a setting in the name of a variable.
const PATH_SEPARATOR: &str = "__";
/// The settings file of this folder.
const USUAL_FILE: &str = "latchkey.toml";
/// How many settings of a wrong type are told at once.
const WRONG_MAX: usize = 100;

/// The text of the settings file; nothing where none is named, and there is none
/// in this folder.
pub fn read_text(file: Option<&Path>) -> Result<String, ConfigError> {
    let path = file.unwrap_or(Path::new(USUAL_FILE));
    std::fs::read_to_string(path).or_else(|error| {
        if file.is_none() && error.kind() == std::io::ErrorKind::NotFound {
            return Ok(String::new());
        }
        let problem = format!("cannot be read: {error}");
        Err(ConfigError::new(path.display().to_string(), problem))
    })
}

/// Settings as variables of the environment have them, by their paths.
pub type TypedSettings = BTreeMap<String, SecretString>;

/// Makes settings of a table. What is wrong is taken out of it, so that whatever
/// else is wrong is found too. What the environment typed is read once more as
/// what its setting takes: a text needs no quotes there, and a list has commas.
pub fn read_table(mut table: Table, mut typed: TypedSettings, errors: &mut ConfigErrors) -> Config {
    let mut lists = Vec::new();
    for _ in 0..WRONG_MAX {
        let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let path = error.path().to_string();
        let anew = typed.remove(&path).and_then(|text| {
            let anew = read_as(expected(&error)?, text.expose_secret())?;
            put_at(&mut table, error.path(), anew)
        });
        if anew.is_some() {
            lists.push(path);
            continue;
        }
        let list = path.split('[').next().unwrap_or_default();
        errors.extend(if lists.iter().any(|it| *it == list) {
            ConfigError::new(list, "must be a list as `latchkey default-config` shows it").into()
        } else {
            type_error(&error).into()
        });
        if remove_at(&mut table, error.path()).is_none() {
            break;
        }
    }
    Config::default()
}

/// A text as another kind of value; none where it can be none.
fn read_as(expected: &str, text: &str) -> Option<Value> {
    match expected {
        "a string" => Some(Value::String(text.to_owned())),
        "a sequence" => {
            let parts = text.split(',').map(str::trim);
            let parts = parts.filter(|part| !part.is_empty());
            let parts = parts.map(|part| Value::String(part.to_owned()));
            Some(Value::Array(parts.collect()))
        }
        _ => None,
    }
}

/// Puts another value at a path.
fn put_at(table: &mut Table, path: &serde_path_to_error::Path, value: Value) -> Option<Value> {
    let (table, last) = find_at(table, path)?;
    table.insert(last, value)
}

/// Takes out of a table what stands at a path, or the list that it stands in.
fn remove_at(table: &mut Table, path: &serde_path_to_error::Path) -> Option<Value> {
    let (table, last) = find_at(table, path)?;
    table.remove(&last)
}

/// The section that a path leads to, and the name of the setting in it.
fn find_at<'a>(
    table: &'a mut Table,
    path: &serde_path_to_error::Path,
) -> Option<(&'a mut Table, String)> {
    let mut keys = Vec::new();
    for segment in path {
        let serde_path_to_error::Segment::Map { key } = segment else {
            break;
        };
        keys.push(key.as_str());
    }
    let (last, sections) = keys.split_last()?;
    let mut table = table;
    for section in sections {
        table = table.get_mut(*section)?.as_table_mut()?;
    }
    Some((table, (*last).to_owned()))
}

/// Puts a value from the environment into the table, at its path.
pub fn set_value(
    table: &mut Table,
    variable: &str,
    path: &str,
    value: Value,
) -> Result<(), ConfigError> {
    let mut steps = path.split(PATH_SEPARATOR).peekable();
    let mut table = table;
    while let Some(step) = steps.next() {
        if steps.peek().is_none() {
            table.insert(step.to_owned(), value);
            return Ok(());
        }
        let next = table
            .entry(step.to_owned())
            .or_insert_with(|| Value::Table(Table::new()));
        table = next.as_table_mut().ok_or_else(|| {
            ConfigError::new(
                variable,
                "names no setting; sections are joined by two underscores",
            )
        })?;
    }
    Ok(())
}

/// Parses a number, a truth value or a list as TOML; all else is a text.
pub fn parse_scalar(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok();
    let parsed = parsed.and_then(|mut table| table.remove("value"));
    match parsed {
        Some(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Array(_))) => value,
        Some(Value::Float(number)) if number.is_finite() => Value::Float(number),
        _ => Value::String(text.to_owned()),
    }
}

/// The error for a file that is no TOML: the line, but nothing of its text.
pub fn syntax_error(text: &str, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    ConfigError::new(
        format!("line {line}"),
        "of the configuration file is not TOML",
    )
}

/// The error for a setting of the wrong type, without its value. serde's
/// messages quote the value before they say what was expected.
fn type_error(error: &serde_path_to_error::Error<toml::de::Error>) -> ConfigError {
    let path = error.path().to_string();
    let message = error.inner().message();
    if let Some((_, rest)) = message.split_once("unknown field ") {
        return match rest.split_once(", expected ") {
            Some((_, known)) => {
                ConfigError::new(path, format!("is not a setting; expected {known}"))
            }
            None => ConfigError::new(
                path,
                "is not a setting; `latchkey default-config` shows all",
            ),
        };
    }
    if let Some((_, field)) = message.split_once("missing field ") {
        return ConfigError::new(path, format!("lacks {}", field.trim_end()));
    }
    let expected = match expected(error) {
        Some("u8" | "u16" | "u32" | "u64") if message.contains("integer `-") => {
            "a whole number of 0 or more"
        }
        Some("u8" | "u16" | "u32" | "u64") => "a whole number",
        Some("f64") => "a number",
        Some("a map") => "a section with settings",
        Some(record) if record.starts_with("struct ") => "a section with settings",
        Some("a boolean") => "true or false",
        Some("a sequence") => "a list",
        Some("a string") => "a text in quotes",
        Some(other) => other,
        None => "another value",
    };
    let such_as = example_of(&path).map_or_else(String::new, |value| format!(", such as {value}"));
    ConfigError::new(path, format!("must be {expected}{such_as}"))
}

/// What a setting takes, in serde's words.
fn expected(error: &serde_path_to_error::Error<toml::de::Error>) -> Option<&str> {
    let (_, rest) = error.inner().message().rsplit_once("expected ")?;
    Some(rest.trim_end())
}

/// A setting as the example has it; none where that is empty or a section.
fn example_of(path: &str) -> Option<String> {
    let is_default = |rest: &&str| !rest.starts_with(' ');
    let lines = EXAMPLE.lines().map(|line| {
        let shown = line.strip_prefix('#').filter(is_default);
        shown.unwrap_or(line)
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut value = &Value::Table(text.parse().ok()?);
    for step in path.split('.') {
        value = value.as_table()?.get(step)?;
    }
    show(value)
}

/// A value as the file has it; none where it tells nothing.
fn show(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| format!("\"{text}\"")),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Array(all) => {
            let shown: Option<Vec<String>> = all.iter().map(show).collect();
            let shown = shown.filter(|shown| !shown.is_empty())?;
            Some(format!("[{}]", shown.join(", ")))
        }
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
