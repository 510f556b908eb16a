//! Stored keys.

use std::sync::Arc;

use anyhow::Context;

use crate::model::{
    Health, Key, KeyId, Offer, Owner, PersonId, ProviderId, Scope, Sealed, ServerId, Source,
};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::{Row, Statement};
use crate::store::rules::{read_rules, select_rules};
use crate::store::rules_cache::{RulesAndOffers, RulesKey};

/// The columns of a key, in the order that [`read_key`] expects.
macro_rules! key_columns {
    () => {
        "key_id, scope, owner_id, provider, name, hint, health, paused, expires_at_ms, \
         added_by, added_at_ms, checked_at_ms, last_used_at_ms, master_kid"
    };
}

/// A key to be stored, with its ciphertext.
pub struct NewKey {
    pub key: Key,
    pub sealed: Vec<u8>,
}

impl Store {
    /// Everything that an ask must know of a person in a place: the rules that
    /// apply to them, and every stored key that could pay. `can_open` tells
    /// whether a master key is configured.
    pub async fn rules_and_offers(
        &self,
        key: RulesKey,
        can_open: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Arc<RulesAndOffers>> {
        match self.rules_cache.get(&key) {
            Some(found) => Ok(found),
            // Boxed, so that the future of a caller who finds it in the
            // cache stays small.
            None => Box::pin(self.load_rules_and_offers(key, can_open)).await,
        }
    }

    async fn load_rules_and_offers(
        &self,
        key: RulesKey,
        can_open: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Arc<RulesAndOffers>> {
        let changes = self.rules_cache.changes();
        let (person, server) = (key.person, key.place.server());
        let both = [
            select_rules(person, server, key.channel),
            select_keys(person, server),
        ];
        let [rules, keys] = self.query_both(both).await?;
        let offers = keys.iter().map(|row| read_offer(row, &can_open));
        let loaded = Arc::new(RulesAndOffers {
            rules: read_rules(&rules)?,
            offers: offers.collect::<anyhow::Result<_>>()?,
        });
        if self.is_ours_alone() {
            self.rules_cache.put(key, &loaded, changes);
        }
        Ok(loaded)
    }

    /// Stores a key, in place of its owner's old one for the same provider.
    pub async fn put_key(&self, new: NewKey) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "insert into provider_key (key_id, scope, owner_id, provider, name, hint, \
             health, paused, expires_at_ms, added_by, added_at_ms, checked_at_ms, \
             last_used_at_ms, master_kid, sealed) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
             on conflict (scope, owner_id, provider) do update set key_id = excluded.key_id, \
             name = excluded.name, hint = excluded.hint, health = excluded.health, \
             paused = excluded.paused, expires_at_ms = excluded.expires_at_ms, \
             added_by = excluded.added_by, added_at_ms = excluded.added_at_ms, \
             checked_at_ms = excluded.checked_at_ms, \
             last_used_at_ms = case when provider_key.key_id = excluded.key_id \
             then provider_key.last_used_at_ms end, \
             master_kid = excluded.master_kid, sealed = excluded.sealed",
        );
        let NewKey { key, sealed } = new;
        let values = [
            key.id.to_string().into(),
            key.owner.scope().as_str().into(),
            key.owner.id().into(),
            key.provider.as_str().into(),
            key.name.into(),
            key.hint.into(),
            key.health.as_str().into(),
            key.paused.into(),
            key.expires_at_ms.into(),
            key.added_by.0.into(),
            key.added_at_ms.into(),
            key.checked_at_ms.into(),
            key.last_used_at_ms.into(),
            key.master_kid.into(),
            sealed.as_slice().into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// An owner's keys, by provider.
    pub async fn keys_of(&self, owner: Owner) -> anyhow::Result<Vec<Key>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            " from provider_key where scope = $1 and owner_id = $2 order by provider"
        );
        let values = [owner.scope().as_str().into(), owner.id().into()];
        self.query(Statement::new(sql, values))
            .await?
            .iter()
            .map(read_key)
            .collect()
    }

    /// An owner's key for a provider, with its ciphertext.
    pub async fn key_of(
        &self,
        owner: Owner,
        provider: &ProviderId,
    ) -> anyhow::Result<Option<(Key, Sealed)>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            ", sealed from provider_key where scope = $1 and owner_id = $2 and provider = $3"
        );
        let values = [
            owner.scope().as_str().into(),
            owner.id().into(),
            provider.as_str().into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let with_seal = |row: &Row| Ok((read_key(row)?, Sealed(row.blob(14)?.into())));
        rows.first().map(with_seal).transpose()
    }

    /// Deletes an owner's key; whether there was one.
    pub async fn remove_key(&self, owner: Owner, provider: &ProviderId) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "delete from provider_key where scope = $1 and owner_id = $2 and provider = $3",
        );
        let values = [
            owner.scope().as_str().into(),
            owner.id().into(),
            provider.as_str().into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Pauses or resumes an owner's key; whether there is one.
    pub async fn set_paused(
        &self,
        owner: Owner,
        provider: &ProviderId,
        paused: bool,
    ) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "update provider_key set paused = $4 \
             where scope = $1 and owner_id = $2 and provider = $3",
        );
        let values = [
            owner.scope().as_str().into(),
            owner.id().into(),
            provider.as_str().into(),
            paused.into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Renames an owner's key.
    pub async fn rename_key(
        &self,
        owner: Owner,
        provider: &ProviderId,
        name: Option<&str>,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "update provider_key set name = $4 \
             where scope = $1 and owner_id = $2 and provider = $3",
        );
        let values = [
            owner.scope().as_str().into(),
            owner.id().into(),
            provider.as_str().into(),
            name.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Sets a key's health, as a check or a call found it; whether anything
    /// changed. A key that was replaced meanwhile has another id, so that it
    /// is left alone.
    pub async fn set_health(
        &self,
        key: KeyId,
        health: Health,
        now_ms: i64,
    ) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "update provider_key set health = $2, checked_at_ms = $3 \
             where key_id = $1 and (health <> $2 or checked_at_ms is null or checked_at_ms < $3)",
        );
        let values = [
            key.to_string().into(),
            health.as_str().into(),
            now_ms.into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Makes a key refused or out of credit. True for the one caller that
    /// changed it, so that its owner is told once.
    pub async fn demote(&self, key: KeyId, health: Health, now_ms: i64) -> anyhow::Result<bool> {
        const SQL: Change = Change::to(
            Table::ProviderKey,
            "update provider_key set health = $2, checked_at_ms = $3 \
             where key_id = $1 and health <> $2",
        );
        let values = [
            key.to_string().into(),
            health.as_str().into(),
            now_ms.into(),
        ];
        Ok(self.write(SQL.with(values)).await?.changed > 0)
    }

    /// Sets when a key paid last.
    pub async fn touch_key(&self, key: KeyId, now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to_last_use_of_key(
            "update provider_key set last_used_at_ms = $2 where key_id = $1",
        );
        self.write(SQL.with([key.to_string().into(), now_ms.into()]))
            .await?;
        Ok(())
    }

    /// The person who added a key, to tell them when it stops working.
    pub async fn adder_of(&self, key: KeyId) -> anyhow::Result<Option<PersonId>> {
        let sql = "select added_by from provider_key where key_id = $1";
        let rows = self
            .query(Statement::new(sql, [key.to_string().into()]))
            .await?;
        let adder = rows.first().map(|row| row.int(0)).transpose()?;
        // 0 stands for persons who were erased.
        let adder = adder.filter(|id| *id != 0);
        Ok(adder.map(|id| PersonId(id.cast_unsigned())))
    }
}

/// Selects the stored keys that could pay for a person in a place.
pub(in crate::store) fn select_keys(person: PersonId, server: Option<ServerId>) -> Statement {
    let sql = concat!(
        "select ",
        key_columns!(),
        ", sealed from provider_key \
         where (scope = 'user' and owner_id = $1) or (scope = 'guild' and owner_id = $2 \
         and not exists (select 1 from departed_server where server_id = $2)) \
         or (scope = 'system' and owner_id = 0)"
    );
    let server = server.map(|server| server.0);
    Statement::new(sql, [person.0.into(), server.into()])
}

impl Store {
    /// The offer of one stored key, if it is still there.
    pub async fn offer_of_key(
        &self,
        key: KeyId,
        can_open: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Option<Offer>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            ", sealed from provider_key where key_id = $1"
        );
        let rows = self.query(Statement::new(sql, [key.to_string().into()]));
        let found = rows.await?;
        found
            .first()
            .map(|row| read_offer(row, can_open))
            .transpose()
    }
}

impl Store {
    /// The offer of the system key for a provider, if there is one.
    pub async fn system_offer(
        &self,
        provider: &ProviderId,
        can_open: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Option<Offer>> {
        let sql = concat!(
            "select ",
            key_columns!(),
            ", sealed from provider_key where scope = 'system' and owner_id = 0 and provider = $1"
        );
        let rows = self.query(Statement::new(sql, [provider.as_str().into()]));
        let found = rows.await?;
        let offer = found.first().map(|row| read_offer(row, can_open));
        offer.transpose()
    }
}

fn read_offer(row: &Row, can_open: impl Fn(&str) -> bool) -> anyhow::Result<Offer> {
    let key = read_key(row)?;
    Ok(Offer {
        source: match key.owner {
            Owner::Person(_) => Source::Personal,
            Owner::Server(_) => Source::Server,
            Owner::Operator => Source::BotDefault,
        },
        locked: !can_open(&key.master_kid),
        sealed: Some(Sealed(row.blob(14)?.into())),
        key: Some(key.id),
        owner: Some(key.owner),
        provider: key.provider,
        health: key.health,
        paused: key.paused,
        expires_at_ms: key.expires_at_ms,
    })
}

fn read_key(row: &Row) -> anyhow::Result<Key> {
    let scope = Scope::parse(row.text(1)?).context("a row has an unknown scope")?;
    Ok(Key {
        id: KeyId::parse(row.text(0)?).context("a row has a malformed id")?,
        owner: Owner::from_parts(scope, row.int(2)?.cast_unsigned()),
        provider: ProviderId::from(row.text(3)?),
        name: row.maybe_text(4)?.map(str::to_owned),
        hint: row.maybe_text(5)?.map(str::to_owned),
        health: Health::parse(row.text(6)?).context("a row has an unknown health")?,
        paused: row.int(7)? != 0,
        expires_at_ms: row.maybe_int(8)?,
        added_by: PersonId(row.int(9)?.cast_unsigned()),
        added_at_ms: row.int(10)?,
        checked_at_ms: row.maybe_int(11)?,
        last_used_at_ms: row.maybe_int(12)?,
        master_kid: row.text(13)?.to_owned(),
    })
}
