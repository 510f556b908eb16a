//! The models and personas that were chosen for people, channels and
//! servers.

use crate::model::{Choice, ChoiceKind, ChoiceScope, PersonId, ServerId};

use super::Store;
use super::value::Statement;

impl Store {
    /// Sets what is chosen; none takes it back.
    pub async fn set_choice(
        &self,
        scope: ChoiceScope,
        kind: ChoiceKind,
        value: Option<&str>,
        by: PersonId,
    ) -> anyhow::Result<()> {
        let (name, owner) = parts(scope);
        let statement = match value {
            Some(value) => Statement::new(
                "insert into choice (scope, owner_id, kind, value, set_by) \
                 values ($1, $2, $3, $4, $5) on conflict (scope, owner_id, kind) \
                 do update set value = excluded.value, set_by = excluded.set_by",
                [
                    name.into(),
                    owner.into(),
                    kind.as_str().into(),
                    value.into(),
                    by.0.into(),
                ],
            ),
            None => Statement::new(
                "delete from choice where scope = $1 and owner_id = $2 and kind = $3",
                [name.into(), owner.into(), kind.as_str().into()],
            ),
        };
        self.write(statement).await?;
        Ok(())
    }

    /// What is chosen for a person, in a channel, in a server: in this
    /// order.
    pub async fn choices(
        &self,
        person: PersonId,
        channel: Option<u64>,
        server: Option<ServerId>,
    ) -> anyhow::Result<Vec<Choice>> {
        let sql = "select scope, owner_id, kind, value from choice \
             where (scope = 'user' and owner_id = $1) \
             or (scope = 'channel' and owner_id = $2) or (scope = 'guild' and owner_id = $3)";
        let values = [
            person.0.into(),
            channel.into(),
            server.map(|server| server.0).into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let mut choices = Vec::new();
        for row in &rows {
            let owner = row.int(1)?.cast_unsigned();
            let scope = match row.text(0)? {
                "user" => ChoiceScope::Person(PersonId(owner)),
                "channel" => ChoiceScope::Channel(owner),
                _ => ChoiceScope::Server(ServerId(owner)),
            };
            if let Some(kind) = ChoiceKind::parse(row.text(2)?) {
                let value = row.text(3)?.to_owned();
                choices.push(Choice { scope, kind, value });
            }
        }
        choices.sort_by_key(|choice| parts(choice.scope).0 == "guild");
        choices.sort_by_key(|choice| parts(choice.scope).0 != "user");
        Ok(choices)
    }
}

fn parts(scope: ChoiceScope) -> (&'static str, u64) {
    match scope {
        ChoiceScope::Person(person) => ("user", person.0),
        ChoiceScope::Channel(channel) => ("channel", channel),
        ChoiceScope::Server(server) => ("guild", server.0),
    }
}
