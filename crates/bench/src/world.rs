//! An emulated Discord and emulated providers in front of the program,
//! which runs as a process of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use latchkey::internals::{MasterKey, Scene};
use latchkey_emulator::{DISCORD_EPOCH_MS, MEMBER, NewMessage, World};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

/// Image hosts that the operator pays, and the variables that their keys need.
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
/// Time between two words of an answer that does not end.
const WORD_PACE: Duration = Duration::from_millis(100);

/// An emulated world, and the environment that leads a process into it.
pub struct EmulatedWorld {
    pub(crate) scene: Scene,
    channel: u64,
    folder: PathBuf,
    pub(crate) variables: Vec<(String, SecretString)>,
}

impl EmulatedWorld {
    /// Starts it, with so many servers beside the scene's own.
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
            std::env::temp_dir().join(format!("latchkey-world-{:x}", u64::from_be_bytes(name)));
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
    pub async fn wait_until_ready(&self) {
        let world = &self.scene.emulator.world;
        world
            .until(|state| state.bot_is_ready().then_some(()))
            .await;
    }

    /// Runs a command. Returns how long it took to be acknowledged.
    pub async fn time_acknowledgement(&self, line: &str) -> Duration {
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

    /// Runs so many commands at once, and waits until all are acknowledged.
    pub async fn run_at_once(&self, line: &str, count: u32) {
        let all = (0..count).map(|_| self.time_acknowledgement(line));
        futures_util::future::join_all(all).await;
    }
}

impl EmulatedWorld {
    /// Begins conversations in direct messages, so many a second, whose
    /// answers are as good as endless. Returns how long after the provider's
    /// first token each had its first words on screen.
    pub async fn time_first_words(&self, count: u32, a_second: u32) -> Vec<Duration> {
        let world = &self.scene.emulator.world;
        world.with(|state| state.providers.pace = WORD_PACE);
        let mut tick = tokio::time::interval(Duration::from_secs(1) / a_second);
        let mut said = Vec::new();
        for number in 0..count {
            tick.tick().await;
            let person = world.add_person(&format!("p{number}"));
            let channel = direct_channel(world, person);
            let prompt = format!("endless {number}.");
            let id = world.post(NewMessage {
                person,
                channel,
                text: &prompt,
                ..NewMessage::default()
            });
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

impl EmulatedWorld {
    /// Has people ask for one picture each, from the hosts in turn, whose jobs
    /// never leave the host's queue. Returns how often the host of each was
    /// asked about its job in the time after that.
    pub async fn count_looks_at_jobs(&self, count: u32, watched: Duration) -> Vec<usize> {
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

/// The channel of a person's direct messages with the bot.
fn direct_channel(world: &World, person: u64) -> u64 {
    world.look(|state| {
        let mut all = state.channels.iter();
        all.find(|c| c.person == Some(person)).map_or(0, |c| c.id)
    })
}

impl Drop for EmulatedWorld {
    fn drop(&mut self) {
        // What cannot be deleted is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
