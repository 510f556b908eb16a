//! Pending actions: what a form or a button that was handed out will do, once,
//! before it expires, for one person.

use anyhow::Context;

use crate::model::{PersonId, ProviderId, Scope, ServerId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};

/// What a pending action does when it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingKind {
    AddKey,
    RemoveKey,
    /// Has a key that can't pay take the place of one that works.
    ReplaceKey,
    Erase,
    AskOnce,
    MakePicture,
    /// Takes a file of keys.
    ImportKeys,
    /// Clears all limits of a server's key.
    ClearBudget,
    /// Stops everybody from asking.
    StopEverybody,
}

/// What a form or a button does that was handed out to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAction {
    pub kind: PendingKind,
    pub person: PersonId,
    /// Where it was handed out; none in a direct message.
    pub server: Option<ServerId>,
    pub scope: Scope,
    pub provider: ProviderId,
    pub name: Option<String>,
}

impl PendingKind {
    const ALL: [Self; 9] = [
        Self::AddKey,
        Self::RemoveKey,
        Self::ReplaceKey,
        Self::Erase,
        Self::AskOnce,
        Self::MakePicture,
        Self::ImportKeys,
        Self::ClearBudget,
        Self::StopEverybody,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::AddKey => "add_key",
            Self::RemoveKey => "remove_key",
            Self::ReplaceKey => "replace_key",
            Self::Erase => "erase",
            Self::AskOnce => "ask_once",
            Self::MakePicture => "make_picture",
            Self::ImportKeys => "import_keys",
            Self::ClearBudget => "clear_budget",
            Self::StopEverybody => "stop_everybody",
        }
    }
}

impl Store {
    /// Stores an action under an id that only its person will learn.
    pub async fn add_pending(
        &self,
        id: &str,
        action: &PendingAction,
        expires_at_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::PendingAction,
            "insert into pending_action (pending_id, kind, person_id, server_id, scope, \
             provider, name, expires_at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        let values = [
            id.into(),
            action.kind.as_str().into(),
            action.person.0.into(),
            action.server.map(|server| server.0).into(),
            action.scope.as_str().into(),
            action.provider.as_str().into(),
            action.name.clone().into(),
            expires_at_ms.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// An action that waits, for the person it was made for, in the place where
    /// it was made, before it expires.
    pub async fn find_pending(
        &self,
        id: &str,
        person: PersonId,
        server: Option<ServerId>,
        now_ms: i64,
    ) -> anyhow::Result<Option<PendingAction>> {
        let sql = "select kind, person_id, server_id, scope, provider, name \
             from pending_action where pending_id = $1 and person_id = $2 \
             and coalesce(server_id, 0) = $3 and expires_at_ms > $4";
        let place = server.map_or(0, |server| server.0);
        let values = [id.into(), person.0.into(), place.into(), now_ms.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.first().map(read_action).transpose()
    }

    /// Takes an action, once: for the person it was made for, in the place
    /// where it was made, before it expires.
    pub async fn take_pending(
        &self,
        id: &str,
        person: PersonId,
        server: Option<ServerId>,
        now_ms: i64,
    ) -> anyhow::Result<Option<PendingAction>> {
        const SQL: Change = Change::to(
            Table::PendingAction,
            "delete from pending_action where pending_id = $1 and person_id = $2 \
             and coalesce(server_id, 0) = $3 and expires_at_ms > $4 \
             returning kind, person_id, server_id, scope, provider, name",
        );
        let place = server.map_or(0, |server| server.0);
        let values = [id.into(), person.0.into(), place.into(), now_ms.into()];
        self.write(SQL.with(values))
            .await?
            .rows
            .first()
            .map(read_action)
            .transpose()
    }

    /// Deletes actions that have expired; how many.
    pub async fn expire_pending(&self, now_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::PendingAction,
            "delete from pending_action where pending_id in (select pending_id \
             from pending_action where expires_at_ms <= $1 order by expires_at_ms limit $2)",
        );
        let batch = SQL.with([now_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await
    }
}

fn read_action(row: &Row) -> anyhow::Result<PendingAction> {
    let word = row.text(0)?;
    let kind = PendingKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word);
    Ok(PendingAction {
        kind: kind.context("a row has an unknown kind")?,
        person: PersonId(row.int(1)?.cast_unsigned()),
        server: row.maybe_int(2)?.map(|id| ServerId(id.cast_unsigned())),
        scope: Scope::parse(row.text(3)?).context("a row has an unknown scope")?,
        provider: ProviderId::from(row.text(4)?),
        name: row.maybe_text(5)?.map(str::to_owned),
    })
}
