//! Keeps stolen keys from being tried here: whoever sends key after key that
//! providers refuse has no new ones passed on for a while.
//!
//! Only keys that come with a call or with one ask are counted, each once, and
//! only those that their provider refused. A key that worked for somebody goes on
//! working for them, whatever else they or others at their address send.
//!
//! What a person's keys come to is one counter for all surfaces and processes:
//! each refused key is written beside the checks of `/keys add` and `/keys test`
//! (`count_check` in `store/sealed/checks.rs`), whose limits hold for both. Addresses,
//! which have no person, are counted by each process for itself.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::app::Error;
use crate::app::foundation::Foundation;
use crate::app::keys::tried_keys::{KeyHash, KeySender, TrialOutcome, TriedKeys, Verdict};
use crate::app::pending::random_id;
use crate::app::tasks::Tasks;
use crate::model::{Clock, Credential, KeyRefusal, PersonId, lock};
use crate::store::Store;
use crate::vault::hash_credential;

/// How long a key waits for others that are being tried, and how often it is
/// looked whether it still must.
const WAIT_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All keys that are being tried, were refused, or worked.
pub struct KeyTrials {
    tried: Mutex<TriedKeys>,
    /// Tells that a trial has ended.
    ended: Notify,
    hashes: RandomState,
    store: Store,
    clock: Clock,
    tasks: Tasks,
}

/// One call with a key, until it is known what its provider says of the key.
pub struct KeyTrial {
    trials: Arc<KeyTrials>,
    senders: Vec<KeySender>,
    key: KeyHash,
    outcome: TrialOutcome,
}

impl KeyTrials {
    /// Takes the parts of the foundation that trials need.
    pub fn new(foundation: &Foundation) -> Self {
        Self {
            tried: Mutex::new(TriedKeys::default()),
            ended: Notify::new(),
            hashes: RandomState::new(),
            store: foundation.store.clone(),
            clock: foundation.clock.clone(),
            tasks: foundation.tasks.clone(),
        }
    }

    /// Begins the trial of a key that somebody gave for one ask.
    pub async fn begin(
        self: &Arc<Self>,
        person: PersonId,
        key: &Credential,
    ) -> Result<KeyTrial, Error> {
        let key = hash_credential(key, &self.hashes);
        self.begin_hashed(vec![KeySender::Person(person)], key)
            .await
    }

    /// Begins the trial of a key that comes with a call: its caller's, and that
    /// of the address that it came from; or refuses it, where too many were
    /// refused before.
    pub async fn begin_call(
        self: &Arc<Self>,
        senders: [KeySender; 2],
        key: &[u8],
    ) -> Result<KeyTrial, Error> {
        let key = self.hashes.hash_one(key);
        self.begin_hashed(senders.to_vec(), key).await
    }

    /// Begins the trial of a key that somebody gave in a page: theirs, and that
    /// of the address that they came from.
    pub async fn begin_in_page(
        self: &Arc<Self>,
        senders: [KeySender; 2],
        key: &Credential,
    ) -> Result<KeyTrial, Error> {
        let key = hash_credential(key, &self.hashes);
        self.begin_hashed(senders.to_vec(), key).await
    }

    async fn begin_hashed(
        self: &Arc<Self>,
        senders: Vec<KeySender>,
        key: KeyHash,
    ) -> Result<KeyTrial, Error> {
        let is_new = self.wait_for_trial(&senders, key).await?;
        let trial = KeyTrial {
            trials: Arc::clone(self),
            senders,
            key,
            outcome: TrialOutcome::Unknown,
        };
        // What other processes and other surfaces have counted.
        if let (true, Some(KeySender::Person(person))) = (is_new, trial.senders.first()) {
            let now_ms = self.clock.now_ms();
            if let Some(wait_ms) = self.store.wait_for_check(*person, now_ms).await? {
                return Err(too_many(wait_ms));
            }
        }
        Ok(trial)
    }

    /// Waits until a key may be tried; whether it was not known before.
    async fn wait_for_trial(&self, senders: &[KeySender], key: KeyHash) -> Result<bool, Error> {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let ended = self.ended.notified();
            let verdict = lock(&self.tried).begin(senders, key, self.clock.now_ms());
            match verdict {
                Verdict::Tried => return Ok(true),
                Verdict::Known => return Ok(false),
                Verdict::TooMany(wait_ms) => return Err(too_many(wait_ms)),
                Verdict::Later if Instant::now() >= deadline => return Err(too_many(0)),
                Verdict::Later => {
                    let look_by = deadline.min(Instant::now() + LOOK_EVERY);
                    // Either way it is looked again.
                    let _ = timeout_at(look_by, ended).await;
                }
            }
        }
    }

    /// Writes a refused key beside its person's checks, for all processes.
    fn note_refused(&self, person: PersonId) {
        let (store, now_ms) = (self.store.clone(), self.clock.now_ms());
        self.tasks.spawn(async move {
            let noting = async { store.note_check(&random_id()?, person, now_ms).await };
            if let Err(error) = noting.await {
                tracing::warn!("could not note that a key was refused: {error:#}");
            }
        });
    }
}

impl KeyTrial {
    /// Notes what the provider said of the key.
    pub fn note(&mut self, outcome: TrialOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for KeyTrial {
    fn drop(&mut self) {
        let (trials, now_ms) = (&self.trials, self.trials.clock.now_ms());
        let is_news = lock(&trials.tried).end(&self.senders, self.key, self.outcome, now_ms);
        trials.ended.notify_waiters();
        if let (true, Some(KeySender::Person(person))) = (is_news, self.senders.first()) {
            trials.note_refused(*person);
        }
    }
}

fn too_many(wait_ms: i64) -> Error {
    let retry_after_s = wait_ms.max(1_000).cast_unsigned().div_ceil(1_000);
    KeyRefusal::TooManyRefused { retry_after_s }.into()
}
