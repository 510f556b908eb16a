//! The environment, which is read once: secrets and settings.
//!
//! A secret `NAME` may come from the variable `NAME`, from a `.env` file,
//! or from a file that `NAME_FILE` names. The process's own environment
//! wins over `.env`.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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

/// Whether there is a `.env` in the working folder that anybody but its
/// owner can read.
pub fn others_can_read_dotenv() -> bool {
    let found = std::fs::metadata(DOTENV);
    found.is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}

/// Names the line of `.env` that is no setting by its number, and quotes
/// nothing of it.
fn explain_line(error: &dotenvy::Error, text: &SecretString) -> ConfigError {
    let dotenvy::Error::LineParse(wrong, _) = error else {
        return ConfigError::new(DOTENV, "can't be read, or is no text");
    };
    // A value between quotes may go on over several lines.
    let wrong = wrong.lines().next().unwrap_or_default();
    let mut lines = text.expose_secret().lines();
    let number = lines
        .position(|line| line == wrong)
        .map(|before| before + 1);
    let which = number.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
    ConfigError::new(
        DOTENV,
        format!("{which} is not NAME=value, or lacks a quotation mark at its end"),
    )
}

/// All variables. None of them is ever printed.
#[derive(Default)]
pub struct Environment {
    variables: BTreeMap<String, SecretString>,
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
        if dotenv.exists() {
            let unreadable = |_| ConfigError::new(DOTENV, "can't be read, or is no text");
            let text = std::fs::read_to_string(dotenv).map_err(unreadable)?;
            let text = SecretString::from(text);
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
        Ok(Self { variables })
    }

    /// An environment of other variables, for tests and the demo.
    #[cfg(any(test, feature = "demo"))]
    pub fn of(pairs: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self {
            variables: pairs.into_iter().collect(),
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
        if text.contains(" #") {
            return Err(ConfigError::new(
                name,
                "has a comment after its value, which Docker takes for a part of it; put the comment on a line of its own",
            ));
        }
        if text.len() < SECRET_CHARACTERS_MIN || text.contains(char::is_whitespace) {
            return Err(ConfigError::new(
                name,
                format!(
                    "is no secret: it must have {SECRET_CHARACTERS_MIN} characters or more and no spaces"
                ),
            ));
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
