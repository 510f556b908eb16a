//! What benches need of the inside of the program.

mod ledger;
mod programs;
mod release;

pub use programs::Programs;
pub use release::program;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use latchkey::internals::{
    Credential, Health, Key, KeyId, MasterKey, NewKey, Owner, PersonId, Place, ProviderId,
    Question, RulesKey, Scene, ServerId, Store, TotalScope, Vault, choose,
};
use latchkey_emulator::{MEMBER, World};
use rusqlite::Connection;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use crate::ledger::{LedgerBench, fill};

/// The row that is sealed and opened again and again.
const ROW: KeyId = KeyId([7; 16]);
const OWNER: Owner = Owner::Person(PersonId(7));
/// Hosts that the operator pays, and what their keys need.
const HOSTS: [(&str, &[(&str, &str)]); 3] = [
    ("comfyui", &[]),
    (
        "runpod",
        &[
            ("RUNPOD_API_KEY", "rpa_made-up-good-0123456789"),
            ("RUNPOD_ENDPOINT_ID", "made-up-id"),
        ],
    ),
    (
        "saladcloud",
        &[
            ("SALAD_API_KEY", "salad_cloud_made-up-good-0123456789"),
            ("SALAD_ORGANIZATION", "made-up-id"),
            ("SALAD_PROJECT", "default"),
            ("SALAD_QUEUE", "pictures"),
        ],
    ),
];
/// How many rows are written at once while filling.
const AT_ONCE: u64 = 512;
/// Time between two words of an answer that does not end.
const WORD_PACE: Duration = Duration::from_millis(100);
/// Milliseconds from 1970 to Discord's first id.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// A database and a vault.
pub struct Bench {
    store: Store,
    vault: Vault,
    file: PathBuf,
    provider: ProviderId,
    kid: String,
}

impl Bench {
    /// Makes them in a folder.
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

    /// Seals a key.
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

    /// Stores one key for each of as many people.
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

    /// What an ask does before it calls anybody.
    pub async fn ask_to_opened_key(&self, person: u64) {
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

    /// The same lookup without threads, queues or anything of ours; times
    /// in microseconds.
    pub fn bare_lookups(&self, runs: usize, keys: u64) -> Vec<f64> {
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

/// A ledger over any database, and what the database does without it.
pub struct Accounts {
    store: Store,
    pub ledger: LedgerBench,
}

impl Accounts {
    /// Opens it over a database.
    pub async fn open(url: &str) -> Self {
        let store = Store::open(&SecretString::from(url)).await;
        let store = store.expect("the database opens");
        Self {
            ledger: LedgerBench::start(store.clone()),
            store,
        }
    }

    /// Fills it with settled attempts of a year that ends today.
    pub async fn fill(&self, rows: u64, today: i64) {
        fill(&self.store, rows, today).await;
    }

    /// What `/usage scope:guild` reads of the last days; how long it took.
    pub async fn usage(&self, days: i64, today: i64) -> Duration {
        let began = Instant::now();
        let days = today - days + 1..=today;
        let (totals, members) = tokio::join!(
            self.store
                .totals(TotalScope::Guild, 9, days.clone(), 50_000),
            self.store.totals_by_member(9, days, 10_000),
        );
        assert!(!totals.expect("it reads").is_empty());
        assert!(!members.expect("it reads").is_empty());
        began.elapsed()
    }

    /// Commits of one small row each, one after the other: times in
    /// microseconds.
    pub async fn single_commits(&self, runs: u64) -> Vec<f64> {
        let mut times = Vec::new();
        for run in 0..runs {
            let began = Instant::now();
            let id = format!("bench-{run}");
            let counted = self.store.count_check(&id, PersonId(run), None, 0);
            counted.await.expect("it writes").expect("it is the first");
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.ledger.close().await;
        self.store.close().await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a benchmark's figure")]
/// What this disk can do: rows a second in commits of so many rows, on a
/// bare connection with the same settings as ours, and the median of one
/// commit in microseconds.
pub fn bare_commits(file: &Path, commits: usize, rows: usize) -> (f64, f64) {
    let connection = Connection::open(file).expect("SQLite opens");
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; \
             create table if not exists bare (id integer primary key, text text not null)",
        )
        .expect("it is SQL");
    let mut insert = connection
        .prepare("insert into bare (text) values (?1)")
        .expect("it is SQL");
    let text = "x".repeat(150);
    let began = Instant::now();
    let mut times: Vec<f64> = (0..commits)
        .map(|_| {
            let began = Instant::now();
            connection
                .execute_batch("begin immediate")
                .expect("it begins");
            for _ in 0..rows {
                insert.execute([&text]).expect("it inserts");
            }
            connection.execute_batch("commit").expect("it commits");
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let rate = (commits * rows) as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    (rate, times.get(commits / 2).copied().unwrap_or_default())
}

/// An emulated world for a process of its own.
pub struct Stand {
    scene: Scene,
    channel: u64,
    folder: PathBuf,
    variables: Vec<(String, SecretString)>,
}

impl Stand {
    /// Sets it up, with more servers beside the scene's own.
    pub async fn open(servers: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let scene = Scene::start(listener).expect("the scene starts");
        let world = &scene.emulator.world;
        for number in 0..servers {
            let server = world.add_server(
                &format!("Server {number}"),
                true,
                &["a", "b", "c", "d", "e"],
            );
            world.join(server, scene.member, MEMBER);
        }
        let channel = world.look(|state| {
            state
                .channels
                .iter()
                .find(|c| c.name == "general")
                .map(|c| c.id)
        });
        let mut name = [0; 8];
        getrandom::fill(&mut name).expect("the system has random numbers");
        let folder =
            std::env::temp_dir().join(format!("latchkey-stand-{:x}", u64::from_be_bytes(name)));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let master = MasterKey::generate().expect("the system has random numbers");
        let mut variables = scene.variables(&folder, &master);
        // Limits that are counted, and that nobody reaches.
        let tiers = "[{ name = 'community', limits = [{ requests = 1000000, per = 'minute' }, \
             { requests = 100000000, per = 'day' }] }]";
        for (name, value) in [
            ("LATCHKEY_CHAT__ASKS_PER_PERSON", "1000"),
            ("LATCHKEY_CHAT__ASKS_PER_CHANNEL", "1000"),
        ] {
            variables.push((name.to_owned(), SecretString::from(value)));
        }
        for (id, more) in HOSTS {
            let setting = format!("LATCHKEY_PROVIDERS__{}__BASE_URL", id.to_uppercase());
            variables.push((setting, SecretString::from(scene.emulator.provider_url(id))));
            let more = more.iter().copied();
            variables.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
        }
        variables.push((
            "LATCHKEY_QUOTA__TIERS".to_owned(),
            SecretString::from(tiers),
        ));
        Self {
            scene,
            channel: channel.expect("the scene has a channel"),
            folder,
            variables,
        }
    }

    /// The environment of the process.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
    }

    /// Where the process runs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until the process is connected and has registered its commands.
    pub async fn ready(&self) {
        let world = &self.scene.emulator.world;
        world
            .until(|state| state.bot_is_ready().then_some(()))
            .await;
    }

    /// Runs a command; how long until it was acknowledged.
    pub async fn acknowledged(&self, line: &str) -> Duration {
        let world = &self.scene.emulator.world;
        let id = world
            .run(self.scene.member, self.channel, line)
            .expect("the command exists");
        world
            .until(|state| {
                let found = state.interactions.iter().rev().find(|i| i.id == id)?;
                Some(found.acknowledged? - found.created)
            })
            .await
    }

    /// Runs as many commands at once, and waits for all.
    pub async fn many(&self, line: &str, count: u32) {
        let all = (0..count).map(|_| self.acknowledged(line));
        futures_util::future::join_all(all).await;
    }
}

impl Stand {
    /// Begins conversations in direct messages, so many a second, whose
    /// answers are as good as endless; how long after the provider's first
    /// token each had its first words on screen.
    pub async fn conversations(&self, count: u32, a_second: u32) -> Vec<Duration> {
        let world = &self.scene.emulator.world;
        world.with(|state| state.providers.pace = WORD_PACE);
        let mut tick = tokio::time::interval(Duration::from_secs(1) / a_second);
        let mut said = Vec::new();
        for number in 0..count {
            tick.tick().await;
            let person = world.add_person(&format!("p{number}"));
            let channel = direct_channel(world, person);
            let prompt = format!("endless {number}.");
            let id = world.say(person, channel, &prompt, None, Vec::new());
            said.push((id, prompt));
        }
        let mut took = Vec::new();
        for (id, prompt) in said {
            let shown = world.until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.reference == Some(id)).map(|m| m.id)
            });
            let shown_at =
                UNIX_EPOCH + Duration::from_millis((shown.await >> 22) + DISCORD_EPOCH_MS);
            let asked_at = world.look(|state| {
                let mut all = state.providers.calls.iter();
                let call = all.find(|call| call.body.to_string().contains(&prompt));
                call.map(|call| call.at)
            });
            // The first piece has no words; the second has the first.
            let spoke_at = asked_at.expect("the provider was called") + WORD_PACE * 2;
            took.push(shown_at.duration_since(spoke_at).unwrap_or_default());
        }
        took
    }
}

impl Stand {
    /// Asks for pictures, each by somebody else and from the hosts in turn,
    /// that wait in line for good; how often the host of each was asked
    /// about it in the time after that.
    pub async fn pictures(&self, count: u32, watched: Duration) -> Vec<usize> {
        let world = &self.scene.emulator.world;
        world.with(|state| state.providers.life.queued = u32::MAX);
        for number in 0..count {
            let person = world.add_person(&format!("p{number}"));
            let (host, _) = HOSTS[number as usize % HOSTS.len()];
            let line = format!("/imagine prompt:a lighthouse provider:{host}");
            world
                .run(person, direct_channel(world, person), &line)
                .expect("the command exists");
        }
        let jobs = usize::try_from(count).unwrap_or(usize::MAX);
        world
            .until(|state| (state.providers.jobs.len() >= jobs).then_some(()))
            .await;
        world.with(|state| state.providers.calls.clear());
        tokio::time::sleep(watched).await;
        world.look(|state| {
            let calls = &state.providers.calls;
            let about = |id: &str| calls.iter().filter(|call| call.path.contains(id)).count();
            // The name of a job can begin another's.
            let jobs = state.providers.jobs.iter();
            jobs.map(|job| about(&format!("/{}?", job.id))).collect()
        })
    }
}

/// Somebody's direct messages with the bot.
fn direct_channel(world: &World, person: u64) -> u64 {
    world.look(|state| {
        let mut all = state.channels.iter();
        all.find(|c| c.person == Some(person)).map_or(0, |c| c.id)
    })
}

impl Drop for Stand {
    fn drop(&mut self) {
        // What cannot be deleted is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
