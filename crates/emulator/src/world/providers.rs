//! What the emulated providers know: keys, calls, jobs, and what goes wrong.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// What the emulated providers know.
#[derive(Default)]
pub struct ProviderState {
    /// Keys whose standing was changed after they were made.
    pub standings: HashMap<String, Standing>,
    /// What goes wrong, by provider, until it is taken back.
    pub faults: HashMap<String, ProviderFault>,
    pub calls: VecDeque<ProviderCall>,
    /// Time between two words of a streamed answer.
    pub pace: Duration,
    /// Jobs that image hosts have taken, and machines that were started.
    pub jobs: Vec<HostJob>,
    pub servers: Vec<HostServer>,
    pub life: Life,
}

/// A call that a provider received.
#[derive(Clone, Debug)]
pub struct ProviderCall {
    pub provider: String,
    pub method: String,
    pub path: String,
    pub key: Option<String>,
    pub body: Value,
    pub headers: Vec<String>,
    pub at: SystemTime,
}

/// What goes wrong at a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderFault {
    /// The answer begins late.
    SlowFirstByte(Duration),
    /// The answer begins and then nothing more comes.
    Stall,
    /// The same, but comments keep coming.
    StallWithComments,
    /// The connection breaks off in mid-answer.
    Cut,
    /// The stream ends early, as if that were all.
    EndEarly,
    /// An error comes inside the stream.
    ErrorInStream,
    /// A web page instead of JSON, with this status.
    Html(u16),
    /// A line that never ends.
    HugeLine,
    /// A body that is far too large, whatever was asked.
    HugeBody,
    /// Counts of tokens that cannot be.
    WrongUsage,
    /// No usage at all.
    NoUsage,
    /// More tokens than the answer can have.
    AbsurdUsage,
    /// Part of the prompt was read from a cache; OpenAI's dialect only.
    CachedInput,
    /// A bare status.
    Status(u16),
    /// A status that asks to come back at once, so many times.
    Busy(u16, u32),
    /// A refusal that quotes the key in full, as OpenAI's do for short ones.
    EchoKey,
    /// A redirect to another address.
    Redirect(String),
    /// A picture is declined.
    Blocked,
    /// It is done, and there is no picture.
    NoPicture,
    /// A node of the graph fails.
    NodeError,
    /// The machine fails.
    MachineError,
    /// The result is gone.
    Expired,
    /// What comes is no picture.
    WrongType,
    /// What comes is larger than anybody takes.
    HugePicture,
    /// The picture is said to be elsewhere.
    RedirectPicture(String),
    /// Status 200 with an error in it.
    HiddenError,
    /// The gateway in front of the host gives up.
    GatewayCut,
}

/// How a key stands with its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Bad,
    /// Real, but without credit.
    Empty,
    /// Real, but may not do everything.
    Restricted,
    /// Real, but too busy.
    Limited,
}

/// How many looks a job waits, starts and runs for.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub queued: u32,
    pub starting: u32,
    pub running: u32,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            queued: 2,
            starting: 1,
            running: 1,
        }
    }
}

/// A job at a host.
#[derive(Clone, Debug)]
pub struct HostJob {
    pub provider: String,
    pub id: String,
    /// What was sent.
    pub input: Value,
    /// How often it was looked at.
    pub looks: u32,
    pub cancelled: bool,
    /// It ended with a picture.
    pub done: bool,
}

/// A machine that was started.
#[derive(Clone, Debug)]
pub struct HostServer {
    pub id: String,
    pub workflow: String,
    pub duration: u64,
    pub looks: u32,
    pub running: bool,
}
