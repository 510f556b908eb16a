//! Imported keys: sealed, until their person says which of them are wanted.

use anyhow::Context;

use crate::model::{Health, KeyId, PersonId, ProviderId, Scope, Sealed, ServerId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement, Value};

/// A key of an import, with its ciphertext.
#[derive(Clone, Debug)]
pub struct ImportedKey {
    pub id: KeyId,
    pub scope: Scope,
    pub provider: ProviderId,
    /// What the file called it.
    pub variable: Option<String>,
    pub hint: Option<String>,
    pub sealed: Sealed,
    /// None while its provider has not been asked.
    pub health: Option<Health>,
    pub checked_at_ms: Option<i64>,
}

/// Which import: its id, and for whom and where it was made.
#[derive(Clone, Copy, Debug)]
pub struct ImportOf<'a> {
    pub id: &'a str,
    pub person: PersonId,
    pub server: Option<ServerId>,
}

impl ImportOf<'_> {
    /// What [`Store::imported_keys`] and [`Store::take_imported_keys`] look for.
    fn values(self, now_ms: i64) -> [Value; 4] {
        let place = self.server.map_or(0, |server| server.0);
        [
            self.id.into(),
            self.person.0.into(),
            place.into(),
            now_ms.into(),
        ]
    }
}

/// The columns that [`read_imported`] reads.
macro_rules! imported_columns {
    () => {
        "imported_key_id, scope, provider, variable, hint, sealed, health, checked_at_ms"
    };
}

impl Store {
    /// Keeps the keys of an import until it expires.
    pub async fn add_imported_keys(
        &self,
        of: ImportOf<'_>,
        keys: &[ImportedKey],
        expires_at_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::ImportedKey,
            "insert into imported_key (imported_key_id, import_id, person_id, server_id, scope, \
             provider, variable, hint, sealed, health, checked_at_ms, expires_at_ms) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        );
        let statements = keys.iter().map(|key| {
            SQL.with([
                key.id.to_string().into(),
                of.id.into(),
                of.person.0.into(),
                of.server.map(|server| server.0).into(),
                key.scope.as_str().into(),
                key.provider.as_str().into(),
                key.variable.clone().into(),
                key.hint.clone().into(),
                (&*key.sealed.0).into(),
                key.health.map(|health| health.as_str().to_owned()).into(),
                key.checked_at_ms.into(),
                expires_at_ms.into(),
            ])
        });
        self.write_all(statements.collect()).await
    }

    /// The keys of an import that are still there, for the person whom it was
    /// made for, in the place where it was made.
    pub async fn imported_keys(
        &self,
        of: ImportOf<'_>,
        now_ms: i64,
    ) -> anyhow::Result<Vec<ImportedKey>> {
        let sql = concat!(
            "select ",
            imported_columns!(),
            " from imported_key where import_id = $1 and person_id = $2 \
             and coalesce(server_id, 0) = $3 and expires_at_ms > $4 \
             order by imported_key_id"
        );
        let rows = self.query(Statement::new(sql, of.values(now_ms))).await?;
        rows.iter().map(read_imported).collect()
    }

    /// Takes all keys of an import, in their order. Of several who do so at once,
    /// one has them.
    pub async fn take_imported_keys(
        &self,
        of: ImportOf<'_>,
        now_ms: i64,
    ) -> anyhow::Result<Vec<ImportedKey>> {
        const SQL: Change = Change::to(
            Table::ImportedKey,
            concat!(
                "delete from imported_key where import_id = $1 and person_id = $2 \
                 and coalesce(server_id, 0) = $3 and expires_at_ms > $4 returning ",
                imported_columns!()
            ),
        );
        let taken = self.write(SQL.with(of.values(now_ms))).await?.rows;
        let taken: anyhow::Result<Vec<ImportedKey>> = taken.iter().map(read_imported).collect();
        let mut taken = taken?;
        taken.sort_by_key(|key| key.id.0);
        Ok(taken)
    }

    /// Deletes what is left of an import.
    pub async fn forget_import(&self, of: ImportOf<'_>) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::ImportedKey,
            "delete from imported_key where import_id = $1 and person_id = $2",
        );
        self.write(SQL.with([of.id.into(), of.person.0.into()]))
            .await?;
        Ok(())
    }

    /// Deletes imported keys that nobody came back for.
    pub async fn expire_imported_keys(&self, now_ms: i64) -> anyhow::Result<u64> {
        const SQL: Change = Change::to(
            Table::ImportedKey,
            "delete from imported_key where imported_key_id in (select imported_key_id \
             from imported_key where expires_at_ms <= $1 order by expires_at_ms limit $2)",
        );
        let batch = SQL.with([now_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await
    }
}

fn read_imported(row: &Row) -> anyhow::Result<ImportedKey> {
    let health = row.maybe_text(6)?.map(Health::parse);
    Ok(ImportedKey {
        id: KeyId::parse(row.text(0)?).context("an imported key's id is damaged")?,
        scope: Scope::parse(row.text(1)?).context("a row has an unknown scope")?,
        provider: ProviderId::from(row.text(2)?),
        variable: row.maybe_text(3)?.map(str::to_owned),
        hint: row.maybe_text(4)?.map(str::to_owned),
        sealed: Sealed(row.blob(5)?.into()),
        health: health
            .map(|health| health.context("a row has an unknown health"))
            .transpose()?,
        checked_at_ms: row.maybe_int(7)?,
    })
}

/// Tells either database of an import.
#[cfg(test)]
pub(in crate::store) async fn an_import_is_for_one_person_and_one_place(store: &Store) {
    const NOW_MS: i64 = 1_000_000_000;
    let of = ImportOf {
        id: "import",
        person: PersonId(7),
        server: Some(ServerId(9)),
    };
    let key = |number: u8, health| ImportedKey {
        id: KeyId([number; 16]),
        scope: Scope::User,
        provider: ProviderId::from("openai"),
        variable: Some("OPENAI_API_KEY".into()),
        hint: None,
        sealed: Sealed(vec![number].into()),
        health,
        checked_at_ms: None,
    };
    let keys = [key(1, Some(Health::Valid)), key(2, None), key(3, None)];
    store
        .add_imported_keys(of, &keys, NOW_MS + 10)
        .await
        .unwrap();
    let (nobody, nowhere) = (
        ImportOf {
            person: PersonId(8),
            ..of
        },
        ImportOf { server: None, ..of },
    );
    for (other, now_ms) in [(nobody, NOW_MS), (nowhere, NOW_MS), (of, NOW_MS + 10)] {
        assert!(store.imported_keys(other, now_ms).await.unwrap().is_empty());
    }
    let found = store.imported_keys(of, NOW_MS).await.unwrap();
    assert_eq!(format!("{found:?}"), format!("{keys:?}"));
    for (other, taken) in [(nobody, 0), (nowhere, 0), (of, keys.len()), (of, 0)] {
        let all = store.take_imported_keys(other, NOW_MS).await.unwrap();
        assert_eq!(all.len(), taken);
    }
    let left = &keys[1..];
    store
        .add_imported_keys(of, left, NOW_MS + 10)
        .await
        .unwrap();
    store.forget_import(nobody).await.unwrap();
    assert_eq!(store.imported_keys(of, NOW_MS).await.unwrap().len(), 2);
    assert_eq!(store.expire_imported_keys(NOW_MS + 9).await.unwrap(), 0);
    assert_eq!(store.expire_imported_keys(NOW_MS + 10).await.unwrap(), 2);
}
