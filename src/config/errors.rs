//! Wrong settings, which keep the program from starting. All are told at once,
//! so that nobody mends one to read of the next.

use std::fmt;

/// A wrong setting, or a wrong variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` {problem}")]
pub struct ConfigError {
    pub setting: String,
    pub problem: String,
}

impl ConfigError {
    /// Names a setting and says what it should be.
    pub fn new(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
        }
    }
}

/// Everything that is wrong, each once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

/// What was to be read is wrong: [`ConfigErrors`] have how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong;

impl ConfigErrors {
    /// What was read, or nothing, with what is wrong kept for later.
    pub fn keep<T>(&mut self, read: Result<T, impl Into<Self>>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.extend(wrong.into());
                None
            }
        }
    }

    /// Adds what is wrong elsewhere.
    pub fn extend(&mut self, others: Self) {
        for error in others.0 {
            if !self.0.contains(&error) {
                self.0.push(error);
            }
        }
    }

    /// What was read, if nothing is wrong.
    pub fn unless_wrong<T>(self, read: T) -> Result<T, Self> {
        if self.is_empty() { Ok(read) } else { Err(self) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&told.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}
