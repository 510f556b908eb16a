//! Reads the file of settings, and what the environment puts into it, as a table;
//! then as settings.

use std::path::Path;

use toml::{Table, Value};

use crate::config::Config;
use crate::config::errors::{ConfigError, ConfigErrors};

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

/// Makes settings of a table. What is wrong is taken out of it, so that whatever
/// else is wrong is found too.
pub fn read_table(mut table: Table, errors: &mut ConfigErrors) -> Config {
    for _ in 0..WRONG_MAX {
        let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
            Ok(config) => return config,
            Err(error) => error,
        };
        errors.extend(type_error(&error).into());
        if remove_at(&mut table, error.path()).is_none() {
            break;
        }
    }
    Config::default()
}

/// Takes out of a table what stands at a path, or the list that it stands in.
fn remove_at(table: &mut Table, path: &serde_path_to_error::Path) -> Option<Value> {
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
    table.remove(*last)
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
    let expected = match message
        .rsplit_once("expected ")
        .map(|(_, rest)| rest.trim_end())
    {
        Some("u8" | "u32" | "u64") => "a whole number",
        Some("f64") => "a number",
        Some("a map") => "a section with settings",
        Some(record) if record.starts_with("struct ") => "a section with settings",
        Some("a boolean") => "true or false",
        Some("a sequence") => "a list",
        Some("a string") => "a text in quotes",
        Some(other) => other,
        None => "another value",
    };
    ConfigError::new(path, format!("must be {expected}"))
}
