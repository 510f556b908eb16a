//! The emulated world as plain data: people, servers, channels, messages,
//! interactions, the bot's connections, the providers, and faults.

mod connections;
mod gateway;
mod messages;
mod people;
mod population;
mod providers;
mod sign_in;
mod storage;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::watch;

pub use connections::{RestCall, RestFault, RestTrouble, Session, ToSocket};
pub use gateway::{GatewayRules, SessionStarts};
pub use messages::{Attachment, Interaction, InteractionKind, Message, Webhook};
pub use people::{
    Channel, ChannelRules, JOINED_AT, MANAGER, MEMBER, Overwrite, Person, PrivateThread, Role,
    Server, USUAL_LOCALE, permission,
};
pub use providers::{
    ConsentCode, ConsentHabit, EndlessStreams, HostJob, HostServer, KeptThing, Life, ProviderCall,
    ProviderFault, ProviderState, SocketHabit, Standing,
};

pub use storage::{StorageState, StoredObject};

pub use sign_in::{Authorization, Code, Issuer, SignIns, TOKEN_LIVES, Visitor};

/// Discord's epoch, in milliseconds since 1970.
pub const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// The data behind a lock, which is never held across an await.
pub struct World {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

/// All data of the world.
pub struct State {
    pub address: Option<SocketAddr>,
    pub bot_token: String,
    pub application: u64,
    pub people: Vec<Person>,
    pub servers: Vec<Server>,
    pub channels: Vec<Channel>,
    pub messages: Vec<Message>,
    pub interactions: Vec<Interaction>,
    pub commands: Value,
    pub command_writes: u32,
    pub sessions: Vec<Session>,
    pub identifies: u32,
    pub resumes: u32,
    pub connections_to_refuse: u32,
    /// How many close frames the gateway leaves unanswered from now on.
    pub closes_to_leave_unanswered: u32,
    /// The codes that clients have closed their connections with.
    pub close_codes: Vec<u16>,
    pub gateway: GatewayRules,
    pub ready_is_sent: bool,
    /// How long tokens of interactions are valid, where a test changes that.
    pub token_lifetime: Option<Duration>,
    /// The message of each nonce that the bot had enforced.
    pub nonces: HashMap<String, u64>,
    pub calls: VecDeque<RestCall>,
    pub keeps_calls: bool,
    pub rest_faults: Vec<RestFault>,
    /// The largest file that is taken; Discord has changed it several times.
    pub file_bytes_max: usize,
    /// The status and code with which every message with files is refused.
    pub files_refused: Option<(u16, u64)>,
    pub buckets: HashMap<(String, String), (u32, Instant)>,
    /// Where the buckets' clock stands, for a test that holds it.
    pub bucket_time: Option<Instant>,
    pub limits: bool,
    pub too_many: u32,
    /// How often the bot showed that it is typing.
    pub typing_calls: u32,
    /// People who take no direct messages from the bot.
    pub closed_to_bot: Vec<u64>,
    pub providers: ProviderState,
    pub sign_ins: SignIns,
    pub storage: StorageState,
    /// How often all addresses of files have expired.
    pub address_age: u64,
    next: u64,
}

/// How many REST calls are kept where `keeps_calls` is off.
const CALLS_KEPT: usize = 64;
/// How many interactions and messages are kept.
const HISTORY_KEPT: usize = 5_000;

impl World {
    /// Makes a world with a bot and nobody else. The token is made up.
    pub fn new() -> Self {
        let state = State {
            address: None,
            bot_token: "MTAwMDAwMDAwMDAwMDAwMDAw.madeup.emulated-token-of-no-use-anywhere".into(),
            application: 100_000_000_000_000_000,
            people: Vec::new(),
            servers: Vec::new(),
            channels: Vec::new(),
            messages: Vec::new(),
            interactions: Vec::new(),
            commands: Value::Array(Vec::new()),
            command_writes: 0,
            sessions: Vec::new(),
            identifies: 0,
            resumes: 0,
            connections_to_refuse: 0,
            closes_to_leave_unanswered: 0,
            close_codes: Vec::new(),
            gateway: GatewayRules::default(),
            ready_is_sent: false,
            token_lifetime: None,
            nonces: HashMap::new(),
            calls: VecDeque::new(),
            keeps_calls: false,
            rest_faults: Vec::new(),
            file_bytes_max: 10 * 1024 * 1024,
            files_refused: None,
            buckets: HashMap::new(),
            bucket_time: None,
            limits: true,
            too_many: 0,
            typing_calls: 0,
            closed_to_bot: Vec::new(),
            providers: ProviderState::default(),
            sign_ins: SignIns::default(),
            storage: StorageState::default(),
            address_age: 0,
            next: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        }
    }

    /// Reads or changes the data.
    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = work(&mut state);
        drop(state);
        self.changed.send_modify(|version| *version += 1);
        done
    }

    /// Reads the data without telling anybody that it may have changed.
    pub fn look<T>(&self, work: impl FnOnce(&State) -> T) -> T {
        work(&self.lock())
    }

    /// Subscribes to changes.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until `found` finds something, and returns that.
    pub async fn until<T>(&self, mut found: impl FnMut(&State) -> Option<T>) -> T {
        let mut changes = self.watch();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.look(&mut found) {
                return found;
            }
            // The sender lives as long as we do.
            let _ = changes.changed().await;
        }
    }

    pub(crate) fn serve_at(&self, address: SocketAddr) {
        self.with(|state| state.address = Some(address));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// Makes a new id, of Discord's form.
    pub fn snowflake(&mut self) -> u64 {
        self.next += 1;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let since = u64::try_from(now.as_millis())
            .unwrap_or(0)
            .saturating_sub(DISCORD_EPOCH_MS);
        (since << 22) | (self.next & 0x3f_ffff)
    }

    /// Sends an event to the shard that serves a server, or to shard 0.
    pub fn emit(&mut self, server: Option<u64>, name: &str, data: &Value) {
        for session in &mut self.sessions {
            let (shard, total) = session.shard;
            if server.map_or(0, |id| (id >> 22) % total) == shard {
                session.emit(name, data);
            }
        }
    }

    /// Drops the oldest of everything that only grows.
    pub fn forget_old(&mut self) {
        let old = |length: usize| length.saturating_sub(HISTORY_KEPT);
        self.interactions.drain(..old(self.interactions.len()));
        self.messages.drain(..old(self.messages.len()));
        if !self.keeps_calls {
            let old = self.calls.len().saturating_sub(CALLS_KEPT);
            self.calls.drain(..old);
        }
        let now = Instant::now();
        if self.buckets.len() > HISTORY_KEPT {
            self.buckets.retain(|_, (_, resets)| *resets > now);
        }
    }

    /// Whether a bot is connected and has registered its commands.
    pub fn bot_is_ready(&self) -> bool {
        let connected = self.sessions.iter().any(|session| session.socket.is_some());
        let registered = self
            .commands
            .as_array()
            .is_some_and(|list| !list.is_empty());
        connected && registered && self.ready_is_sent
    }

    /// Finds a message by its id.
    pub fn message(&mut self, id: u64) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .rev()
            .find(|message| message.id == id)
    }

    /// Finds an interaction by its token.
    pub fn interaction_by_token(&mut self, token: &str) -> Option<&mut Interaction> {
        self.interactions
            .iter_mut()
            .rev()
            .find(|interaction| interaction.token == token)
    }
}
