//! The environment, which is read once: secrets and settings.
//!
//! A secret `NAME` may come from the variable `NAME`, from a `.env` file,
//! or from a file that `NAME_FILE` names. The process's own environment
//! wins over `.env`.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;

/// A file of variables in the working folder.
const DOTENV: &str = ".env";
const FILE_SUFFIX: &str = "_FILE";
/// A setting whose own name ends so: it names a file, and is not in one.
const NAMES_A_FILE: &str = "QUOTA__PRICES_FILE";
/// Permission bits that let anyone but the owner read a file.
const OTHERS: u32 = 0o077;
/// A shorter secret is taken for a placeholder, and refused.
const SECRET_CHARACTERS_MIN: usize = 8;
/// Where a bot's token is.
pub const HOW_TO_GET_A_TOKEN: &str =
    "copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)";
const HAS_BOT_BEFORE: &str =
    "has `Bot ` before the token, which is no part of it; leave that word and the blank out";

/// Whether there is a `.env` in the working folder that anybody but its
/// owner can read.
pub fn others_can_read_dotenv() -> bool {
    let found = std::fs::metadata(DOTENV);
    found.is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}

/// Where a secret is made or copied, by its variable.
fn place_of(name: &str) -> Option<&'static str> {
    match name {
        "DISCORD_TOKEN" => Some(HOW_TO_GET_A_TOKEN),
        "DISCORD_CLIENT_SECRET" => {
            Some("copy it from https://discord.com/developers/applications (OAuth2, Client Secret)")
        }
        "BYOK_MASTER_KEY" => {
            Some("it is 32 bytes, as 64 hex digits or as base64, and `latchkey keygen` makes one")
        }
        _ => None,
    }
}

/// What is around a secret and is no part of it; none where nothing is.
fn around_it(text: &str) -> Option<&'static str> {
    let is_in = |mark: char| text.len() > 1 && text.starts_with(mark) && text.ends_with(mark);
    if is_in('"') || is_in('\'') {
        Some("has quotation marks around it, which Docker takes for a part of it; leave them out")
    } else if text.starts_with("Bot ") {
        Some(HAS_BOT_BEFORE)
    } else if text.contains(" #") {
        Some(
            "has a comment after its value, which Docker takes for a part of it; put the comment on a line of its own",
        )
    } else {
        None
    }
}

/// What a text looks like that can be no secret; none where it may be one.
fn looks_like(text: &str) -> Option<&'static str> {
    if text.contains('…') || text.contains("...") {
        Some("is still a placeholder, or was copied where only a part of it is shown")
    } else if text.contains(char::is_whitespace) {
        Some("has a blank or a line break in it, which no secret has")
    } else if text.len() < SECRET_CHARACTERS_MIN {
        Some("is too short for a secret")
    } else {
        None
    }
}

/// The number of the line of `.env` from which on nothing can be read. A value
/// between quotation marks may go on over several lines: then it is the line that
/// it begins in.
fn find_wrong_line(text: &str) -> usize {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let ends: Vec<usize> = std::iter::once(0).chain(ends).collect();
    let is_well = |end: &usize| {
        let read = text.as_bytes().get(..*end).unwrap_or_default();
        dotenvy::from_read_iter(read).all(|pair| pair.is_ok())
    };
    ends.iter().rposition(is_well).unwrap_or(0) + 1
}

/// Names the line of `.env` that is no setting by its number, and quotes
/// nothing of it.
fn explain_line(error: &dotenvy::Error, text: &SecretString) -> ConfigError {
    let dotenvy::Error::LineParse(..) = error else {
        return ConfigError::new(DOTENV, "can't be read, or is no text");
    };
    let number = find_wrong_line(text.expose_secret());
    let line = text.expose_secret().lines().nth(number - 1);
    let pair = line.and_then(|line| line.split_once('='));
    let value = pair.map_or("", |(_, value)| value.trim());
    let problem = if value.starts_with("Bot ") {
        HAS_BOT_BEFORE
    } else if !value.starts_with(['"', '\'']) && value.contains(char::is_whitespace) {
        "has a blank in its value, which must then stand between quotation marks; a secret has none"
    } else {
        "is not NAME=value, or lacks a quotation mark at its end"
    };
    ConfigError::new(DOTENV, format!("line {number} {problem}"))
}

/// All variables. None of them is ever printed.
#[derive(Default)]
pub struct Environment {
    variables: BTreeMap<String, SecretString>,
    /// Where a `.env` was looked for, and whether there was one.
    dotenv: Option<(PathBuf, bool)>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}

impl Environment {
    /// Reads `.env` in the working folder, if there is one, then the
    /// process's variables.
    pub fn of_process() -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        let dotenv = Path::new(DOTENV);
        let is_there = dotenv.exists();
        if is_there {
            let unreadable = |_| ConfigError::new(DOTENV, "can't be read, or is no text");
            let text = std::fs::read_to_string(dotenv).map_err(unreadable)?;
            // Editors of Windows put a mark before the first line.
            let text = SecretString::from(text.trim_start_matches('\u{feff}'));
            for pair in dotenvy::from_read_iter(text.expose_secret().as_bytes()) {
                let (name, value) = pair.map_err(|error| explain_line(&error, &text))?;
                variables.insert(name, SecretString::from(value));
            }
        }
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                variables.insert(name, SecretString::from(value));
            }
        }
        let path = std::path::absolute(dotenv).ok();
        Ok(Self {
            variables,
            dotenv: path.map(|path| (path, is_there)),
        })
    }

    /// That a secret which must be there is not set: where it was looked for, and
    /// where it comes from.
    pub fn missing(&self, name: &str) -> ConfigError {
        let looked = match &self.dotenv {
            Some((path, true)) => format!(" in the environment, and not in {}", path.display()),
            Some((path, false)) => {
                format!(" in the environment, and {} is not there", path.display())
            }
            None => String::new(),
        };
        let way = place_of(name).map_or_else(String::new, |way| format!("; {way}"));
        ConfigError::new(name, format!("is not set{looked}{way}"))
    }

    /// An environment of other variables, for tests and the demo.
    #[cfg(any(test, feature = "demo"))]
    pub fn of(pairs: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self {
            variables: pairs.into_iter().collect(),
            dotenv: None,
        }
    }

    /// The secret of the first of `names` that is set, itself or by its
    /// `_FILE`.
    pub fn secret(&self, names: &[&str]) -> Result<Option<SecretString>, ConfigError> {
        let found = self.named_secret(names)?;
        Ok(found.map(|(_, secret)| secret))
    }

    /// The secret of the first of `names` that is set, with the name that it is
    /// set by.
    pub fn named_secret<'n>(
        &self,
        names: &[&'n str],
    ) -> Result<Option<(&'n str, SecretString)>, ConfigError> {
        for name in names {
            if let Some(secret) = self.one_secret(name)? {
                return Ok(Some((name, secret)));
            }
        }
        Ok(None)
    }

    /// A variable that is not checked as a secret is, such as the name of an
    /// organisation.
    pub fn plain(&self, name: &str) -> Option<SecretString> {
        self.variables
            .get(name)
            .filter(|value| !value.expose_secret().is_empty())
            .cloned()
    }

    /// The variables with a prefix; those with `_FILE` have what is in their
    /// files.
    pub(super) fn settings(
        &self,
        prefix: &str,
    ) -> impl Iterator<Item = Result<(String, SecretString), ConfigError>> {
        let all = self.variables.iter();
        let settings = all.filter(move |(name, _)| name.starts_with(prefix));
        settings.map(|(name, value)| match name.strip_suffix(FILE_SUFFIX) {
            Some(setting) if !name.ends_with(NAMES_A_FILE) => {
                Ok((setting.to_owned(), read_file(name, value)?))
            }
            _ => Ok((name.clone(), value.clone())),
        })
    }

    fn one_secret(&self, name: &str) -> Result<Option<SecretString>, ConfigError> {
        let file = format!("{name}{FILE_SUFFIX}");
        let secret = match (self.variables.get(name), self.variables.get(&file)) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(
                    name,
                    format!("is set, and so is {file}; keep one"),
                ));
            }
            (Some(value), None) => value.clone(),
            (None, Some(path)) => read_file(&file, path)?,
            (None, None) => return Ok(None),
        };
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(ConfigError::new(
                name,
                "is empty; give it a value or remove it",
            ));
        }
        if let Some(problem) = around_it(text) {
            return Err(ConfigError::new(name, problem));
        }
        if let Some(problem) = looks_like(text) {
            let way = place_of(name).map_or_else(String::new, |way| format!("; {way}"));
            return Err(ConfigError::new(name, format!("{problem}{way}")));
        }
        Ok(Some(secret))
    }
}

fn read_file(variable: &str, path: &SecretString) -> Result<SecretString, ConfigError> {
    let path = Path::new(path.expose_secret());
    let unreadable = |_| ConfigError::new(variable, "must name a file that can be read");
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & OTHERS != 0 {
        return Err(ConfigError::new(
            variable,
            "names a file that others may read; run `chmod 600` on it",
        ));
    }
    let text = SecretString::from(std::fs::read_to_string(path).map_err(unreadable)?);
    Ok(SecretString::from(
        text.expose_secret().trim_end_matches(['\r', '\n']),
    ))
}
