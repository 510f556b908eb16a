//! The emulated world as plain data: people, servers, channels, messages,
//! interactions, and what goes wrong on request.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::discord::MEMBER;
use crate::providers::ProviderState;

/// Discord's epoch, in milliseconds since 1970.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Everything there is. Locked for moments only, never across an await.
pub struct World {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: u64,
    pub name: String,
    /// SKUs that they have bought.
    pub skus: Vec<u64>,
}

/// A server and who is in it.
#[derive(Clone, Debug)]
pub struct Server {
    pub id: u64,
    pub name: String,
    /// Whether the server itself installed the bot.
    pub installed: bool,
    /// The first is everybody's.
    pub roles: Vec<Role>,
    /// The roles of each member, beside everybody's.
    pub members: HashMap<u64, Vec<u64>>,
}

/// What members of a role may do.
#[derive(Clone, Debug)]
pub struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: u64,
}

impl Server {
    /// Everything that somebody may do here, as Discord adds it up; nothing
    /// for whoever is not a member.
    pub fn permissions_of(&self, person: u64) -> u64 {
        let Some(roles) = self.members.get(&person) else {
            return 0;
        };
        let everybodys = self.roles.first().map_or(0, |role| role.permissions);
        let own = self.roles.iter().filter(|role| roles.contains(&role.id));
        own.fold(everybodys, |sum, role| sum | role.permissions)
    }
}

/// A channel of a server, or a direct message with the bot.
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: u64,
    pub name: String,
    pub server: Option<u64>,
    /// Whose direct message it is.
    pub person: Option<u64>,
    /// The channel that it is a thread of.
    pub parent: Option<u64>,
}

/// A message in a channel.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    /// None: the bot.
    pub author: Option<u64>,
    pub content: String,
    pub components: Value,
    /// Only this person sees it.
    pub only_for: Option<u64>,
    /// "Thinking": promised, not there yet.
    pub loading: bool,
    pub edits: u32,
    /// The interaction that it answers.
    pub interaction: Option<u64>,
    /// The command that was typed, as shown above the answer.
    pub command: Option<String>,
    pub allowed_mentions: Value,
    pub files: Vec<Attachment>,
    /// The message that it answers.
    pub reference: Option<u64>,
    /// Whoever wrote that one is pinged.
    pub pings: bool,
}

/// A file under a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub name: String,
    pub kind: String,
    pub description: String,
    pub bytes: Vec<u8>,
}

/// What an interaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Command = 2,
    Component = 3,
    Autocomplete = 4,
    ModalSubmit = 5,
}

/// Something that a person did and that the bot may answer.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: Kind,
    pub person: u64,
    pub channel: u64,
    pub line: String,
    pub created: Instant,
    pub acknowledged: Option<Instant>,
    /// The message that `@original` means.
    pub original: Option<u64>,
    /// A form that the bot opened.
    pub modal: Option<Value>,
    pub choices: Option<Value>,
    pub follow_ups: u32,
    /// The app is not in this server; only the person has it.
    pub visiting: bool,
}

/// A REST call that was received.
#[derive(Clone, Debug)]
pub struct RestCall {
    pub method: String,
    pub path: String,
    pub body: Option<Value>,
    pub status: u16,
}

/// What goes wrong with REST calls, on request.
#[derive(Clone, Debug)]
pub struct RestFault {
    pub method: &'static str,
    /// A part of the path.
    pub path: &'static str,
    pub status: u16,
    /// How many calls it lets pass first.
    pub after: u32,
    pub times: u32,
    pub delay: Duration,
}

/// The data behind the lock.
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
    pub gateway_refuses: u32,
    /// On how many who say goodbye it hangs up, without an answer.
    pub gateway_hangs_up: u32,
    /// The codes with which clients have left.
    pub goodbyes: Vec<u16>,
    pub ready_is_sent: bool,
    /// How long the token of an interaction lives, where not as usual.
    pub token_lives: Option<Duration>,
    /// Messages by the nonce that was enforced for them.
    pub nonces: HashMap<String, u64>,
    pub calls: VecDeque<RestCall>,
    pub keeps_calls: bool,
    pub rest_faults: Vec<RestFault>,
    pub buckets: HashMap<(String, String), (u32, Instant)>,
    pub limits: bool,
    pub too_many: u32,
    /// How often the bot showed that it is writing.
    pub typings: u32,
    pub providers: ProviderState,
    next: u64,
}

/// One shard's connection to the gateway.
pub struct Session {
    pub id: String,
    pub shard: (u64, u64),
    pub sequence: u64,
    /// Events that a resumed connection gets again.
    pub sent: VecDeque<(u64, String)>,
    pub socket: Option<mpsc::UnboundedSender<ToSocket>>,
    /// What it asked to be told of.
    pub intents: u64,
}

/// What a socket is told to do.
pub enum ToSocket {
    Send(String),
    Close(u16),
    /// Break off without a word.
    Drop,
}

/// How many events are kept for a resume.
const REPLAY_MAX: usize = 256;
/// How many REST calls are kept where nobody asked for them.
const CALLS_KEPT: usize = 64;
/// How many interactions and messages are kept.
const HISTORY_KEPT: usize = 5_000;

impl World {
    /// A world with a bot and nobody else. The token is made up.
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
            gateway_refuses: 0,
            gateway_hangs_up: 0,
            goodbyes: Vec::new(),
            ready_is_sent: false,
            token_lives: None,
            nonces: HashMap::new(),
            calls: VecDeque::new(),
            keeps_calls: false,
            rest_faults: Vec::new(),
            buckets: HashMap::new(),
            limits: true,
            too_many: 0,
            typings: 0,
            providers: ProviderState::default(),
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

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until something is so.
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

    /// Adds somebody, and their direct message channel with the bot.
    pub fn add_person(&self, name: &str) -> u64 {
        self.with(|state| {
            let (id, channel) = (state.snowflake(), state.snowflake());
            state.people.push(Person {
                id,
                name: name.into(),
                skus: Vec::new(),
            });
            let name = "direct message".to_owned();
            state.channels.push(Channel {
                id: channel,
                name,
                server: None,
                person: Some(id),
                parent: None,
            });
            id
        })
    }

    /// Adds a server with channels.
    pub fn add_server(&self, name: &str, installed: bool, channels: &[&str]) -> u64 {
        self.with(|state| {
            let id = state.snowflake();
            let everyone = Role {
                id,
                name: "@everyone".into(),
                permissions: MEMBER,
            };
            let (name, roles) = (name.to_owned(), vec![everyone]);
            state.servers.push(Server {
                id,
                name,
                installed,
                roles,
                members: HashMap::new(),
            });
            for name in channels {
                let channel = state.snowflake();
                let name = (*name).to_owned();
                state.channels.push(Channel {
                    id: channel,
                    name,
                    server: Some(id),
                    person: None,
                    parent: None,
                });
            }
            id
        })
    }

    /// Makes somebody a member, with a role for what not everybody may do.
    pub fn join(&self, server: u64, person: u64, permissions: u64) {
        self.with(|state| {
            let fresh = state.snowflake();
            let Some(server) = state.servers.iter_mut().find(|s| s.id == server) else {
                return;
            };
            let found = server
                .roles
                .iter()
                .find(|role| role.permissions == permissions);
            let role = found.map_or(fresh, |role| role.id);
            if role == fresh {
                server.roles.push(Role {
                    id: fresh,
                    name: format!("role {fresh}"),
                    permissions,
                });
            }
            server.members.insert(person, vec![role]);
        });
    }

    /// Gives a member a role of a name that allows nothing more.
    pub fn give_role(&self, server: u64, person: u64, name: &str) {
        self.with(|state| {
            let id = state.snowflake();
            let Some(server) = state.servers.iter_mut().find(|s| s.id == server) else {
                return;
            };
            server.roles.push(Role {
                id,
                name: name.into(),
                permissions: MEMBER,
            });
            server.members.entry(person).or_default().push(id);
        });
    }

    pub(super) fn serve_at(&self, address: SocketAddr) {
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
    /// A new id in Discord's form.
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

    /// Keeps the last of everything that only grows.
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

    /// A message by its id.
    pub fn message(&mut self, id: u64) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .rev()
            .find(|message| message.id == id)
    }

    /// An interaction by its token.
    pub fn by_token(&mut self, token: &str) -> Option<&mut Interaction> {
        self.interactions
            .iter_mut()
            .rev()
            .find(|interaction| interaction.token == token)
    }
}

impl Session {
    /// Sends an event, and keeps it in case the connection is resumed.
    pub fn emit(&mut self, name: &str, data: &Value) {
        self.sequence += 1;
        let text =
            serde_json::json!({"op": 0, "t": name, "s": self.sequence, "d": data}).to_string();
        self.sent.push_back((self.sequence, text.clone()));
        if self.sent.len() > REPLAY_MAX {
            self.sent.pop_front();
        }
        self.push(ToSocket::Send(text));
    }

    /// Tells the socket something, if there is one.
    pub fn push(&mut self, message: ToSocket) {
        if self
            .socket
            .as_ref()
            .is_some_and(|socket| socket.send(message).is_err())
        {
            self.socket = None;
        }
    }
}
