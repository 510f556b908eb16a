//! SQL that writes, and which table it changes.
//!
//! The rules cache must forget what it knows when a table changes that rules
//! or offers are read from. So every statement that writes is a [`Change`],
//! which names its table; the compiler compares that name with the SQL. A
//! test reads the source of this module for SQL that is no [`Change`].

use crate::store::database::value::{Effect, Statement, Value};

/// A table of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    AccessToken,
    Answer,
    Attempt,
    Block,
    Choice,
    DepartedServer,
    ExemptRole,
    FlashMessage,
    Forgotten,
    GreetedServer,
    IdempotentCall,
    ImportedKey,
    KeyCheck,
    MasterKey,
    OngoingJob,
    PendingAction,
    PersonTier,
    Picture,
    ProcessLease,
    ProviderKey,
    QuotaCounter,
    QuotaLimit,
    Session,
    SignIn,
    UsageDay,
    UsageTotal,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::Answer => "answer",
            Self::Attempt => "attempt",
            Self::Block => "block",
            Self::Choice => "choice",
            Self::DepartedServer => "departed_server",
            Self::ExemptRole => "exempt_role",
            Self::FlashMessage => "flash_message",
            Self::Forgotten => "forgotten",
            Self::GreetedServer => "greeted_server",
            Self::IdempotentCall => "idempotent_call",
            Self::ImportedKey => "imported_key",
            Self::KeyCheck => "key_check",
            Self::MasterKey => "master_key",
            Self::OngoingJob => "ongoing_job",
            Self::PendingAction => "pending_action",
            Self::PersonTier => "person_tier",
            Self::Picture => "picture",
            Self::ProcessLease => "process_lease",
            Self::ProviderKey => "provider_key",
            Self::QuotaCounter => "quota_counter",
            Self::QuotaLimit => "quota_limit",
            Self::Session => "session",
            Self::SignIn => "sign_in",
            Self::UsageDay => "usage_day",
            Self::UsageTotal => "usage_total",
        }
    }

    /// Whether rules or offers are read from the table.
    const fn has_rules(self) -> bool {
        match self {
            Self::Block
            | Self::Choice
            | Self::DepartedServer
            | Self::ExemptRole
            | Self::PersonTier
            | Self::ProviderKey
            | Self::QuotaLimit => true,
            Self::AccessToken
            | Self::Answer
            | Self::Attempt
            | Self::FlashMessage
            | Self::Forgotten
            | Self::GreetedServer
            | Self::IdempotentCall
            | Self::ImportedKey
            | Self::KeyCheck
            | Self::MasterKey
            | Self::OngoingJob
            | Self::PendingAction
            | Self::Picture
            | Self::ProcessLease
            | Self::QuotaCounter
            | Self::Session
            | Self::SignIn
            | Self::UsageDay
            | Self::UsageTotal => false,
        }
    }
}

/// SQL that writes to one table. To be made in a constant, so that SQL which
/// writes to another table does not compile.
#[derive(Clone, Copy)]
pub struct Change {
    sql: &'static str,
    effect: Effect,
}

impl Change {
    /// SQL that writes to a table.
    pub const fn to(table: Table, sql: &'static str) -> Self {
        assert!(
            writes_to(sql, table.name()),
            "the SQL does not write to the table that is named"
        );
        let effect = if table.has_rules() {
            Effect::WritesRules
        } else {
            Effect::Writes
        };
        Self { sql, effect }
    }

    /// SQL that writes down when a key was used last. Neither rules nor
    /// offers have that, so that they stay in the cache.
    pub const fn to_last_use_of_key(sql: &'static str) -> Self {
        let only_last_use = b"update provider_key set last_used_at_ms = $2 where ";
        assert!(
            after(sql.as_bytes(), only_last_use).is_some(),
            "the SQL writes something else than when a key was used last"
        );
        Self {
            sql,
            effect: Effect::Writes,
        }
    }

    /// The statement with its values; `$1` is the first.
    pub fn with<const N: usize>(self, values: [Value; N]) -> Statement {
        self.with_all(values.into())
    }

    /// The statement with its values in a list; `$1` is the first.
    pub fn with_all(self, values: Vec<Value>) -> Statement {
        let Self { sql, effect } = self;
        Statement {
            sql,
            values,
            effect,
        }
    }
}

/// Whether SQL begins as a statement does that writes to a table.
const fn writes_to(sql: &str, table: &str) -> bool {
    let sql = sql.as_bytes();
    let ((Some(rest), ..) | (_, Some(rest), _) | (_, _, Some(rest))) = (
        after(sql, b"insert into "),
        after(sql, b"update "),
        after(sql, b"delete from "),
    ) else {
        return false;
    };
    matches!(after(rest, table.as_bytes()), Some([b' ', ..]))
}

/// What comes after the start of a text; none if it starts otherwise.
const fn after<'t>(text: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    match (text, start) {
        (rest, []) => Some(rest),
        ([one, text @ ..], [other, start @ ..]) if *one == *other => after(text, start),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;

    use super::*;
    use crate::store::rules::select_rules;
    use crate::store::sealed::keys::select_keys;

    const ALL: [Table; 26] = [
        Table::AccessToken,
        Table::Answer,
        Table::Attempt,
        Table::Block,
        Table::Choice,
        Table::DepartedServer,
        Table::ExemptRole,
        Table::FlashMessage,
        Table::Forgotten,
        Table::GreetedServer,
        Table::IdempotentCall,
        Table::ImportedKey,
        Table::KeyCheck,
        Table::MasterKey,
        Table::OngoingJob,
        Table::PendingAction,
        Table::PersonTier,
        Table::Picture,
        Table::ProcessLease,
        Table::ProviderKey,
        Table::QuotaCounter,
        Table::QuotaLimit,
        Table::Session,
        Table::SignIn,
        Table::UsageDay,
        Table::UsageTotal,
    ];

    /// The texts of all files with an ending below a folder of the package.
    fn texts(folder: &str, ending: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_str().unwrap().ends_with(ending) {
                    texts.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
        texts
    }

    fn found(text: &str, pattern: &str) -> BTreeSet<String> {
        let pattern = Regex::new(pattern).unwrap();
        let found = pattern.captures_iter(text);
        found.map(|found| found[1].to_owned()).collect()
    }

    #[test]
    fn every_table_of_the_migrations_is_known() {
        let known: BTreeSet<String> = ALL.map(|table| table.name().to_owned()).into();
        for database in ["migrations/sqlite", "migrations/postgres"] {
            let migrations = texts(database, ".sql").join("\n");
            assert_eq!(found(&migrations, r"create table (\w+)"), known);
        }
    }

    #[test]
    fn rules_and_offers_are_read_from_the_tables_that_say_so() {
        let (person, server) = (crate::model::PersonId(7), None);
        let reading = [
            select_rules(person, server, None),
            select_keys(person, server),
        ];
        let reading = reading.map(|statement| statement.sql).join("\n");
        let read_from = found(&reading, r"\b(?:from|join) (\w+)");
        let said = ALL.into_iter().filter(|table| table.has_rules());
        assert_eq!(
            read_from,
            said.map(|table| table.name().to_owned()).collect()
        );
    }

    #[test]
    fn all_sql_that_writes_is_a_change_in_a_constant() {
        let sql = Regex::new(r#"[^b]"(?:insert into|update|delete from) \w"#).unwrap();
        let named = r"Change::to(?:_last_use_of_key\(|\(\s*Table::\w+,)\s*(?:concat!\(\s*)?$";
        let named = Regex::new(named).unwrap();
        let constant = r"const \w+: (?:Change|\[Change; \d+\]) =\s[^;{}]*$";
        let constant = Regex::new(constant).unwrap();
        let mut changes = 0;
        for text in texts("src/store", ".rs") {
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for start in sql.find_iter(text).map(|found| found.start() + 1) {
                let (before, sql) = text.split_at(start);
                let sql = sql.lines().next().unwrap();
                assert!(named.is_match(before), "{sql}");
                assert!(constant.is_match(before), "{sql}");
                changes += 1;
            }
        }
        assert!(changes > 60, "{changes}");
    }

    #[test]
    fn a_change_must_name_the_table_that_its_sql_writes_to() {
        for (sql, table, writes) in [
            ("insert into block (subject) values ($1)", "block", true),
            ("update block set until_ms = $1", "block", true),
            ("delete from block where subject = $1", "block", true),
            ("delete from blocks where subject = $1", "block", false),
            ("delete from choice where scope = $1", "block", false),
            ("select subject from block ", "block", false),
            (" delete from block where subject = $1", "block", false),
        ] {
            assert_eq!(writes_to(sql, table), writes, "{sql}");
        }
    }
}
