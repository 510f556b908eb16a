//! One key that is sealed and opened, and the one that pays found among
//! many.

use std::path::{Path, PathBuf};
use std::time::Instant;

use latchkey::internals::{
    Credential, Health, Key, KeyId, MasterKey, NewKey, Owner, PersonId, Place, ProviderId,
    Question, RulesKey, ServerId, Store, Vault, choose,
};
use rusqlite::Connection;
use secrecy::SecretString;

/// The row that is sealed and opened again and again.
const ROW: KeyId = KeyId([7; 16]);
const OWNER: Owner = Owner::Person(PersonId(7));
/// How many rows are written at once while the database is filled.
const AT_ONCE: u64 = 512;

/// A database and a vault, for what an ask needs of keys.
pub struct KeyBench {
    store: Store,
    vault: Vault,
    file: PathBuf,
    provider: ProviderId,
    kid: String,
}

impl KeyBench {
    /// Creates the database in a folder, and a vault with a fresh master key.
    pub async fn open(folder: &Path) -> Self {
        let file = folder.join("bench.db");
        let url = SecretString::from(format!("sqlite:{}", file.display()));
        let store = Store::open(&url).await.expect("SQLite opens");
        let master = MasterKey::generate().expect("the system has random numbers");
        let kid = master.kid().to_string();
        let vault = Vault::unlock(vec![master], &store, 0)
            .await
            .expect("the vault unlocks");
        Self {
            store,
            vault,
            file,
            provider: ProviderId::from("openai"),
            kid,
        }
    }

    /// Seals the key of [`ROW`].
    pub fn seal(&self) -> Vec<u8> {
        self.seal_for(ROW, OWNER)
    }

    fn seal_for(&self, row: KeyId, owner: Owner) -> Vec<u8> {
        let credential = Credential {
            secret: SecretString::from("sk-made-up-0123456789012345678901234567890123456789"),
            origins: vec!["https://api.openai.com".into()],
            extras: std::collections::BTreeMap::new(),
        };
        self.vault
            .seal(row, owner, &self.provider, &credential)
            .expect("it seals")
    }

    /// Opens what [`Self::seal`] made.
    pub fn open_sealed(&self, sealed: &[u8]) {
        let key = self.key(ROW, OWNER);
        drop(self.vault.open_key(&key, sealed).expect("it opens"));
    }

    /// Stores one key for each of so many people.
    pub async fn fill(&self, keys: u64) {
        for start in (0..keys).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
            let rows = (start..keys.min(start + AT_ONCE)).map(|person| {
                let row = KeyId(u128::from(person).to_be_bytes());
                let owner = Owner::Person(PersonId(person));
                let sealed = self.seal_for(row, owner);
                self.store.put_key(NewKey {
                    key: self.key(row, owner),
                    sealed,
                })
            });
            for stored in futures_util::future::join_all(rows).await {
                stored.expect("it stores");
            }
        }
    }

    /// Finds the key that pays for a person's ask and opens it, as an ask
    /// does before it calls its provider.
    pub async fn find_and_open_key(&self, person: u64) {
        let (person, place) = (PersonId(person), Place::Server(ServerId(1)));
        let key = RulesKey {
            person,
            place,
            channel: Some(2),
        };
        let found = self
            .store
            .rules_and_offers(key, |kid| self.vault.can_open(kid))
            .await;
        let found = found.expect("it reads");
        std::hint::black_box(&found.rules);
        let providers = std::slice::from_ref(&self.provider);
        let question = Question {
            person,
            place,
            byok: true,
            now_ms: 0,
        };
        let choice = choose(&question, providers, &found.offers.iter());
        let payer = choice.payers.first().expect("everybody has a key");
        drop(self.vault.open(payer).expect("it opens"));
    }

    /// Looks sealed keys up on a bare connection, without our threads and
    /// queues. Returns how long each lookup took, in microseconds.
    pub fn time_bare_lookups(&self, runs: usize, keys: u64) -> Vec<f64> {
        let connection = Connection::open(&self.file).expect("SQLite opens");
        let sql = "select key_id, sealed from provider_key where scope = 'user' and owner_id = ?1";
        let mut statement = connection.prepare(sql).expect("it is SQL");
        (0..runs)
            .map(|run| {
                let person = (run as u64 * 7_919 % keys).cast_signed();
                let began = Instant::now();
                let sealed: Vec<u8> = statement
                    .query_row([person], |row| row.get(1))
                    .expect("it is there");
                std::hint::black_box(sealed);
                began.elapsed().as_secs_f64() * 1e6
            })
            .collect()
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    fn key(&self, id: KeyId, owner: Owner) -> Key {
        Key {
            id,
            owner,
            provider: self.provider.clone(),
            name: None,
            hint: None,
            health: Health::Valid,
            paused: false,
            expires_at_ms: None,
            added_by: PersonId(1),
            added_at_ms: 0,
            checked_at_ms: None,
            last_used_at_ms: None,
            master_kid: self.kid.clone(),
        }
    }
}
