//! The models and personas that were chosen for people, channels and
//! servers.

use crate::model::{Choice, ChoiceKind, ChoiceScope, PersonId, ServerId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Row;

impl Store {
    /// Sets the model or persona that is chosen for a person, a channel or a
    /// server; none clears it.
    pub async fn set_choice(
        &self,
        scope: ChoiceScope,
        kind: ChoiceKind,
        value: Option<&str>,
        by: PersonId,
    ) -> anyhow::Result<()> {
        const SET: Change = Change::to(
            Table::Choice,
            "insert into choice (scope, owner_id, kind, value, set_by) \
             values ($1, $2, $3, $4, $5) on conflict (scope, owner_id, kind) \
             do update set value = excluded.value, set_by = excluded.set_by",
        );
        const CLEAR: Change = Change::to(
            Table::Choice,
            "delete from choice where scope = $1 and owner_id = $2 and kind = $3",
        );
        let (name, owner) = scope_columns(scope);
        let statement = match value {
            Some(value) => SET.with([
                name.into(),
                owner.into(),
                kind.as_str().into(),
                value.into(),
                by.0.into(),
            ]),
            None => CLEAR.with([name.into(), owner.into(), kind.as_str().into()]),
        };
        self.write(statement).await?;
        Ok(())
    }
}

/// Reads a choice, whose scope, owner, kind and value are in the columns from
/// `from` on. None if its kind is unknown.
pub(super) fn read_choice(row: &Row, from: usize) -> anyhow::Result<Option<Choice>> {
    let owner = row.int(from + 1)?.cast_unsigned();
    let scope = match row.text(from)? {
        "user" => ChoiceScope::Person(PersonId(owner)),
        "channel" => ChoiceScope::Channel(owner),
        _ => ChoiceScope::Server(ServerId(owner)),
    };
    let value = row.text(from + 3)?.to_owned();
    let kind = ChoiceKind::parse(row.text(from + 2)?);
    Ok(kind.map(|kind| Choice { scope, kind, value }))
}

fn scope_columns(scope: ChoiceScope) -> (&'static str, u64) {
    match scope {
        ChoiceScope::Person(person) => ("user", person.0),
        ChoiceScope::Channel(channel) => ("channel", channel),
        ChoiceScope::Server(server) => ("guild", server.0),
    }
}
