//! What goes into a statement and what comes out, for both databases.

use std::sync::Arc;

use anyhow::{Context, bail};

use crate::model::{AttemptId, ProviderId};

/// A value of a statement, or of a column. Our tables hold numbers, texts and
/// bytes, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    /// A text that is a constant of the program.
    StaticText(&'static str),
    /// A text that others hold too, so that it is not copied.
    SharedText(Arc<str>),
    Blob(Vec<u8>),
    /// The bytes of an id.
    Id([u8; 16]),
}

/// One statement and its values; `$1` is the first. One that writes is made
/// from a [`Change`](crate::store::database::change::Change).
///
/// SQL is a constant of the program, so that nothing from outside can
/// become part of it.
#[derive(Clone)]
pub struct Statement {
    pub sql: &'static str,
    pub values: Vec<Value>,
    pub effect: Effect,
}

/// What a statement does to the database; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    Reads,
    Writes,
    /// Writes to a table that rules or offers are read from.
    WritesRules,
}

impl Statement {
    /// A statement that reads, with its values.
    pub fn new<const N: usize>(sql: &'static str, values: [Value; N]) -> Self {
        let writes = |verb: &&str| sql.starts_with(*verb);
        debug_assert!(
            !["insert ", "update ", "delete "].iter().any(writes),
            "it does not read: {sql}"
        );
        Self {
            sql,
            values: values.into(),
            effect: Effect::Reads,
        }
    }
}

/// Statements that are run in one transaction: first those that lock and
/// read, and then those that `decide` makes of what the first returned.
pub struct Transaction {
    /// Makes the first statements, and makes them again where PostgreSQL needs
    /// a second try.
    pub first: Box<dyn Fn() -> Statements + Send>,
    /// None where nothing follows.
    pub decide: Option<Decision>,
    /// Whether it writes to a table that rules or offers are read from.
    pub changes_rules: bool,
}

/// Statements, each made when it is run: a batch of the ledger has many, and
/// SQLite's writer holds only one of them in memory at a time. PostgreSQL is
/// sent all of them at once.
pub type Statements = Box<dyn Iterator<Item = Statement> + Send>;

/// Decides what to write. It runs inside the transaction, so that it must be
/// quick and must not wait for anything.
pub type Decision = Box<dyn FnOnce(Vec<StatementResult>) -> anyhow::Result<Statements> + Send>;

/// One row that a statement returned.
pub struct Row(pub Vec<Value>);

/// What came of a statement.
pub struct StatementResult {
    /// How many rows it changed; of a statement that returns rows, how many
    /// it returned.
    pub changed: u64,
    /// The rows that it returned.
    pub rows: Vec<Row>,
}

impl Row {
    /// A column that is a number.
    pub fn int(&self, at: usize) -> anyhow::Result<i64> {
        self.maybe_int(at)?
            .with_context(|| format!("column {at} is null"))
    }

    /// A column that is a number or null.
    pub fn maybe_int(&self, at: usize) -> anyhow::Result<Option<i64>> {
        match self.0.get(at) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => bail!("column {at} is not a number"),
        }
    }

    /// A column that is a text.
    pub fn text(&self, at: usize) -> anyhow::Result<&str> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Ok(text),
            _ => bail!("column {at} is not a text"),
        }
    }

    /// A column that is a text or null.
    pub fn maybe_text(&self, at: usize) -> anyhow::Result<Option<&str>> {
        match self.0.get(at) {
            Some(Value::Null) => Ok(None),
            _ => self.text(at).map(Some),
        }
    }

    /// A column of bytes or null.
    pub fn maybe_blob(&self, at: usize) -> anyhow::Result<Option<&[u8]>> {
        match self.0.get(at) {
            Some(Value::Null) => Ok(None),
            _ => self.blob(at).map(Some),
        }
    }

    /// A column of bytes.
    pub fn blob(&self, at: usize) -> anyhow::Result<&[u8]> {
        match self.0.get(at) {
            Some(Value::Blob(bytes)) => Ok(bytes),
            _ => bail!("column {at} is not bytes"),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Ids and counts. Those from 2^63 on become negative numbers, bit for bit.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(number.cast_signed())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(i64::from(yes))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Arc<str>> for Value {
    fn from(name: &Arc<str>) -> Self {
        Self::SharedText(Arc::clone(name))
    }
}

impl From<&ProviderId> for Value {
    fn from(provider: &ProviderId) -> Self {
        Self::SharedText(provider.shared())
    }
}

impl From<AttemptId> for Value {
    fn from(id: AttemptId) -> Self {
        Self::Id(id.0)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Null, Into::into)
    }
}
