//! The stage: the real bot in front of the emulator, and people to drive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use latchkey_emulator::World;
use latchkey_emulator::providers::{ProviderCall, ProviderFault, Standing};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Actor, ending};
use crate::app::App;
use crate::bot::{Bot, Connection};
use crate::cli::assembly::pages;
use crate::cli::{Assembled, RunOptions, Scene, assemble};
use crate::config::{Environment, Shards};
use crate::gateway::{self, Serving};
use crate::model::Clock;
use crate::providers::Timeouts;
use crate::vault::MasterKey;

/// How long a test may take: a busy machine needs a minute for what an idle one
/// does in seconds.
const PATIENCE: Duration = Duration::from_mins(3);
/// When the held clock stands at first: 2026-11-21T00:00:00Z.
const NOW_MS: i64 = 1_795_219_200_000;

/// What a test sets up otherwise than usual.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that a test leaves out"
)]
pub struct Setup {
    pub byok: bool,
    pub config: String,
    pub secrets: Vec<(String, SecretString)>,
    /// No bot default at all.
    pub no_defaults: bool,
    /// Nobody can sign in.
    pub no_client_secret: bool,
    /// Whether the operator has a ComfyUI.
    pub comfyui: bool,
    pub timeouts: Timeouts,
    pub shards: Shards,
    /// A database other than a fresh SQLite file.
    pub store: Option<SecretString>,
    /// How long the test may take.
    pub patience: Duration,
}

impl Setup {
    /// How many pictures of one person are made at once: many, unless it is
    /// written down.
    fn pictures_per_person(&self, written: u32) -> u32 {
        if self.config.contains("\nper_person") {
            written
        } else {
            100
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            byok: true,
            config: "[ask]\nedit_interval_ms = 100\n[chat]\nasks_per_person = 100\nasks_per_channel = 100\n".into(),
            secrets: Vec::new(),
            no_defaults: false,
            no_client_secret: false,
            comfyui: false,
            shards: Shards::default(),
            patience: PATIENCE,
            store: None,
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                first_byte: Duration::from_secs(4),
                first_byte_local: Duration::from_secs(4),
                idle: Duration::from_millis(1_500),
                progress: Duration::from_secs(2),
                total: Duration::from_secs(30),
                silence: Some(Duration::from_secs(4)),
                check: Duration::from_secs(5),
            },
        }
    }
}

/// A running bot and its world.
pub struct Stage {
    pub scene: Scene,
    pub clock: Clock,
    setup: Setup,
    master: MasterKey,
    folder: TempDir,
    pub(super) running: tokio::sync::Mutex<Option<RunningProgram>>,
    pub(super) expects_refusals: AtomicBool,
}

pub(super) struct RunningProgram {
    pub(super) app: Arc<App>,
    bot: Arc<Bot>,
    stop: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
    /// Where the gateway is.
    address: String,
    programs: Serving,
}

/// Runs a test on the usual stage.
pub async fn run(test: impl AsyncFnOnce(&Stage)) {
    run_with(Setup::default(), test).await;
}

/// Runs a test on a stage of its own making.
pub async fn run_with(setup: Setup, test: impl AsyncFnOnce(&Stage)) {
    let patience = setup.patience;
    let stage = Stage::build(setup).await;
    let ended = timeout(patience, async {
        stage.start().await;
        test(&stage).await;
        stage.stop().await;
    });
    let ended = ended.await.is_ok();
    assert!(ended, "no end: {}", ending::waits_for(&stage).await);
    ending::holds(&stage);
}

impl Stage {
    async fn build(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scene = Scene::start(listener).unwrap();
        scene.emulator.world.with(|state| state.keeps_calls = true);
        Self {
            scene,
            clock: Clock::held_at(NOW_MS),
            setup,
            master: MasterKey::generate().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            running: tokio::sync::Mutex::default(),
            expects_refusals: AtomicBool::new(false),
        }
    }

    /// Starts the bot, and waits until it is there.
    pub async fn start(&self) {
        self.start_with(self.setup.byok.then_some(&self.master))
            .await;
    }

    /// Starts the bot with another master key, or with none.
    pub async fn start_with(&self, master: Option<&MasterKey>) {
        self.start_as(master, &self.setup.config, None).await;
    }

    /// Starts the bot with a new master key, and the old one as previous.
    pub async fn start_rotated(&self, new: &MasterKey) {
        let previous = ("BYOK_MASTER_KEY_PREVIOUS".to_owned(), self.master.to_hex());
        self.start_as(Some(new), &self.setup.config, Some(previous))
            .await;
    }

    /// Starts the bot with other settings.
    pub async fn start_configured(&self, config: &str) {
        self.start_as(self.setup.byok.then_some(&self.master), config, None)
            .await;
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one program, from its settings to its words"
    )]
    async fn start_as(
        &self,
        master: Option<&MasterKey>,
        more: &str,
        secret: Option<(String, SecretString)>,
    ) {
        let store = format!("sqlite:{}", self.database().display());
        let more = if self.setup.comfyui {
            self.scene.with_comfyui(more)
        } else {
            more.to_owned()
        };
        let mut config = self.scene.config(&store, &more).unwrap();
        config.images.poll_ms = 10;
        config.images.per_person = self.setup.pictures_per_person(config.images.per_person);
        let programs = TcpListener::bind("127.0.0.1:0").await.unwrap();
        config.gateway.listen = programs.local_addr().unwrap().to_string();
        config.gateway.public_url = "https://latchkey.example".into();
        // Whoever starts again comes back to the same address.
        let back = config.sign_in_back().ok();
        self.world().with(|state| {
            let known = &mut state.sign_ins.redirects;
            let new = back.filter(|back| !known.contains(back));
            known.extend(new);
        });
        if let Some(store) = &self.setup.store {
            config.store.url = store.clone();
            config.store.spool_folder.clear();
        }
        let mut secrets = self.scene.secrets(master);
        if self.setup.no_defaults {
            secrets.retain(|(name, _)| name != "GROQ_API_KEY");
        }
        if self.setup.no_client_secret {
            secrets.retain(|(name, _)| name != "DISCORD_CLIENT_SECRET");
        }
        secrets.extend(self.setup.secrets.iter().cloned().chain(secret));
        let environment = Environment::of(secrets);
        let options = RunOptions {
            shards: self.setup.shards,
            timeouts: self.setup.timeouts,
            clock: self.clock.clone(),
        };
        let assembled = assemble(&config, &environment, options).await;
        let Assembled {
            app,
            gateway: settings,
            discord,
        } = assembled.unwrap();
        app.take_lease().await.unwrap();
        let connection = Connection::prepare(Arc::clone(&app), discord)
            .await
            .unwrap();
        let bot = connection.bot();
        let stop = CancellationToken::new();
        let address = config.gateway.listen.clone();
        let pages = pages::prepare(&app, &config, &programs).unwrap();
        let port = gateway::Port {
            listener: programs,
            pages,
        };
        let programs = gateway::serve(&app, settings, port, stop.clone());
        let programs = programs.unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test itself waits for it")]
        let serving = tokio::task::spawn(connection.serve(stop.clone()));
        self.world()
            .until(|state| state.bot_is_ready().then_some(()))
            .await;
        *self.running.lock().await = Some(RunningProgram {
            app,
            bot,
            stop,
            serving,
            address,
            programs,
        });
    }

    /// Stops the bot as a signal does.
    pub async fn stop(&self) {
        let Some(running) = self.running.lock().await.take() else {
            return;
        };
        running.stop.cancel();
        running
            .serving
            .await
            .expect("the bot does not panic")
            .unwrap();
        running
            .app
            .shut_down(Duration::from_secs(2), Duration::from_secs(2))
            .await;
        running.programs.ended().await;
        self.world().with(|state| {
            state.sessions.clear();
            state.ready_is_sent = false;
        });
    }

    /// Waits until the bot ends by itself, and returns what it says of that.
    pub async fn ends(&self) -> String {
        let running = self.running.lock().await.take().expect("the bot runs");
        let ended = running.serving.await.expect("the bot does not panic");
        let words = ended.expect_err("nobody stopped it").to_string();
        let (app, stop) = (running.app, running.stop);
        stop.cancel();
        app.shut_down(Duration::ZERO, Duration::ZERO).await;
        running.programs.ended().await;
        self.world().with(|state| {
            state.sessions.clear();
            state.ready_is_sent = false;
        });
        words
    }

    /// Stops and starts the bot.
    pub async fn restart(&self) {
        self.stop().await;
        self.start().await;
    }

    /// This test makes calls that Discord refuses.
    pub fn expects_refusals(&self) {
        self.expects_refusals.store(true, Ordering::Relaxed);
    }

    /// The program behind the bot.
    pub async fn app(&self) -> Arc<App> {
        Arc::clone(
            &self
                .running
                .lock()
                .await
                .as_ref()
                .expect("the bot runs")
                .app,
        )
    }

    /// Where programs reach the gateway.
    pub async fn gateway(&self) -> String {
        let running = self.running.lock().await;
        format!("http://{}", running.as_ref().expect("the bot runs").address)
    }

    /// How many interactions the bot could not read.
    pub async fn dropped(&self) -> u64 {
        self.running
            .lock()
            .await
            .as_ref()
            .expect("the bot runs")
            .bot
            .dropped_interactions()
    }

    /// The file that everything is in.
    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("test.db")
    }

    /// The emulated world.
    pub fn world(&self) -> &World {
        &self.scene.emulator.world
    }

    /// A member of the server, in its first channel.
    pub fn mia(&self) -> Actor<'_> {
        self.actor(self.scene.member, "general")
    }

    /// Whether the bot answers when a member asks it something.
    pub async fn is_answering(&self) -> bool {
        let answer = self.mia().runs("/ask prompt:count").await;
        answer.contains("\none two")
    }

    /// Who manages the server.
    pub fn omar(&self) -> Actor<'_> {
        self.actor(self.scene.manager, "general")
    }

    /// A stranger, in a server that never added the bot.
    pub fn zoe(&self) -> Actor<'_> {
        self.actor(self.scene.stranger, "lobby")
    }

    /// Somebody in a channel of this name.
    pub fn actor(&self, person: u64, channel: &str) -> Actor<'_> {
        let channel = self.world().look(|state| {
            let found = state
                .channels
                .iter()
                .find(|c| c.name == channel && (c.person.is_none() || c.person == Some(person)));
            found.expect("the channel exists").id
        });
        Actor::new(self, person, channel)
    }

    /// Changes what an emulated provider thinks of a key.
    pub fn key_stands(&self, key: &str, standing: Standing) {
        self.world()
            .with(|state| state.providers.standings.insert(key.to_owned(), standing));
    }

    /// Lets every model answer in these words.
    pub fn models_say(&self, words: &str) {
        let words = words.to_owned();
        self.world()
            .with(|state| state.providers.said = Some(words));
    }

    /// Lets something go wrong at a provider.
    pub fn fails(&self, provider: &str, fault: ProviderFault) {
        self.world().with(|state| {
            state.providers.image_calls.remove(provider);
            state.providers.faults.insert(provider.to_owned(), fault)
        });
    }

    /// Lets everything go right again.
    pub fn recovers(&self, provider: &str) {
        self.world()
            .with(|state| state.providers.faults.remove(provider));
    }

    /// The keys that a provider has seen on chat calls, in order.
    pub fn keys_that_paid(&self, provider: &str) -> Vec<String> {
        self.world().look(|state| {
            let calls = state.providers.calls.iter();
            let chats = calls.filter(|call| call.provider == provider && !call.body.is_null());
            chats.filter_map(|call| call.key.clone()).collect()
        })
    }

    /// How many calls all providers have received.
    pub fn calls(&self) -> usize {
        self.world().look(|state| state.providers.calls.len())
    }

    /// What a provider was asked to make last, without the pictures in it.
    pub fn asked(&self, provider: &str) -> String {
        let call = self.world().look(|state| {
            let mut calls = state.providers.calls.iter().rev();
            let paid = |call: &&ProviderCall| call.provider == provider && call.body.is_object();
            calls.find(paid).cloned().unwrap()
        });
        let mut body = call.body;
        hide_pictures(&mut body);
        format!("{} {body}", call.path.trim_end_matches('?'))
    }

    /// What a provider's model was told last, one line a turn.
    pub fn told(&self, provider: &str) -> String {
        let body = self.world().look(|state| {
            let mut calls = state.providers.calls.iter().rev();
            let chat = calls.find(|call| call.provider == provider && !call.body.is_null());
            chat.expect("the provider was called").body.clone()
        });
        let turns = body["messages"].as_array().or(body["contents"].as_array());
        let lines = turns.into_iter().flatten().map(|turn| {
            let text = turn["content"].as_str().map(str::to_owned);
            let parts = turn["content"].as_array().or(turn["parts"].as_array());
            let part = |part: &Value| match part["text"].as_str() {
                Some(text) => text.to_owned(),
                None => "[a picture]".to_owned(),
            };
            let text =
                text.or(parts.map(|parts| parts.iter().map(part).collect::<Vec<_>>().join(" ")));
            format!(
                "{}: {}",
                turn["role"].as_str().unwrap_or_default(),
                text.unwrap_or_default()
            )
        });
        self.readable(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Replaces ids by names and hides what changes from run to run.
    pub fn readable(&self, text: &str) -> String {
        self.world().look(|state| {
            let people = state.people.iter().map(|p| (p.id, &p.name));
            let servers = state.servers.iter().map(|s| (s.id, &s.name));
            let roles = state.servers.iter().flat_map(|s| &s.roles);
            let channels = state.channels.iter().map(|c| (c.id, &c.name));
            let roles = roles.map(|r| (r.id, &r.name));
            let named = people.chain(servers).chain(roles).chain(channels);
            named.fold(text.to_owned(), |text, (id, name)| {
                text.replace(&id.to_string(), name)
            })
        })
    }
}

/// Puts its length in the place of each long text.
fn hide_pictures(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 200 => *text = "[a picture]".to_owned(),
        Value::Array(all) => all.iter_mut().for_each(hide_pictures),
        Value::Object(all) => all.values_mut().for_each(hide_pictures),
        _ => {}
    }
}
