//! The data of the emulated providers: keys, calls, jobs and faults.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use serde_json::Value;

/// The data of all emulated providers.
#[derive(Default)]
pub struct ProviderState {
    /// Keys whose standing was changed after they were made.
    pub standings: HashMap<String, Standing>,
    /// Providers of one's own before which a proxy stands that wants a good key
    /// with every call. Without it a ComfyUI answers everybody: it has no keys
    /// (<https://github.com/comfyanonymous/ComfyUI/blob/master/server.py>).
    pub guarded: HashSet<String>,
    /// The fault of each provider that has one, until a test removes it.
    pub faults: HashMap<String, ProviderFault>,
    pub calls: VecDeque<ProviderCall>,
    /// Time between two words of a streamed answer.
    pub pace: Duration,
    pub endless: Arc<EndlessStreams>,
    /// What every chat answers, in the place of a text about its prompt.
    pub said: Option<String>,
    /// How many calls for pictures each provider was sent since its last fault
    /// began.
    pub image_calls: HashMap<String, u64>,
    /// The jobs of all image hosts.
    pub jobs: Vec<HostJob>,
    pub servers: Vec<HostServer>,
    pub life: Life,
    /// Counts calls of which only every other is answered well.
    pub turns: u64,
    /// Files, batches and jobs of training that accounts keep.
    pub kept: Vec<KeptThing>,
    /// How ComfyUI's WebSocket speaks.
    pub socket: SocketHabit,
    /// What whoever comes to `OpenRouter`'s page of consent does there.
    pub consent: ConsentHabit,
    /// The codes that were handed out there.
    pub consent_codes: Vec<ConsentCode>,
    /// Whether the accounts of those keys have no credit.
    pub makes_empty_keys: bool,
}

/// Streams that stop half-way until their readers leave.
#[derive(Debug, Default)]
pub struct EndlessStreams {
    /// How many have stopped.
    pub stopped: AtomicU64,
    /// How many readers have left.
    pub left: AtomicU64,
}

/// A file, a batch or a job of training that an account keeps.
#[derive(Clone, Debug)]
pub struct KeptThing {
    pub provider: &'static str,
    /// Whose it is: nobody else finds it.
    pub key: Option<String>,
    /// What it is: `file`, `batch` or `job`.
    pub kind: &'static str,
    pub id: String,
    /// What the account is told of it.
    pub shown: Value,
    /// What is in it: the text of a file, or how many calls a batch has.
    pub content: String,
    /// How many times it was looked at. At the second look it is done.
    pub looks: u64,
}

/// What somebody does on a page on which they are to agree to something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsentHabit {
    /// They look at it, until they press a button.
    #[default]
    Reads,
    Agrees,
    Declines,
}

/// A code that is exchanged for a key.
#[derive(Clone, Debug)]
pub struct ConsentCode {
    pub code: String,
    /// The SHA-256 of what it is exchanged with.
    pub challenge: String,
    pub is_used: bool,
    pub is_expired: bool,
}

/// How the WebSocket of a ComfyUI speaks, and what becomes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SocketHabit {
    /// As releases since July 2025 do.
    #[default]
    Modern,
    /// As releases before that do, started with `--preview-method auto`.
    Old,
    /// As [`Self::Modern`]; the jobs of others run there too, and whoever queued
    /// them named no client, so that everybody is told of them.
    Shared,
    /// A proxy stands before it that lets no WebSocket through.
    Refused,
    /// It closes once it has said how long its queue is.
    Closing,
    /// It is open, and nothing comes over it.
    Silent,
    /// A message comes that is larger than any.
    Huge,
    /// What comes can't be read.
    Garbled,
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
    /// What stood in `anthropic-beta`.
    pub beta: Option<String>,
    pub at: SystemTime,
}

impl ProviderCall {
    /// A look at a path, which comes now and without a key.
    pub(crate) fn look(provider: &str, path: String, headers: &HeaderMap) -> Self {
        Self {
            provider: provider.to_owned(),
            method: "GET".to_owned(),
            path,
            key: None,
            body: Value::Null,
            headers: headers.keys().map(ToString::to_string).collect(),
            beta: headers
                .get("anthropic-beta")
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            at: SystemTime::now(),
        }
    }
}

/// A fault of a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderFault {
    /// The answer begins late.
    SlowFirstByte(Duration),
    /// The answer begins and then nothing more comes.
    Stall,
    /// The answer begins, and then only comments come.
    StallWithComments,
    /// The connection breaks off in mid-answer.
    Cut,
    /// The stream ends early, as if that were all.
    EndEarly,
    /// The answer ends half-way, at the limit on its output.
    AtLimit,
    /// An error comes inside the stream.
    ErrorInStream,
    /// One of OpenAI's Responses says of itself that it failed.
    FailedResponse,
    /// A web page instead of JSON, with this status.
    Html(u16),
    /// A line that never ends.
    HugeLine,
    /// A body that is far too large.
    HugeBody,
    /// A negative count of tokens.
    WrongUsage,
    /// No usage at all.
    NoUsage,
    /// The prompt is counted, and of the answer nothing.
    NoOutputCount,
    /// More tokens than the answer can have.
    AbsurdUsage,
    /// Part of the prompt was read from a cache, and at Anthropic written to
    /// one.
    CachedInput,
    /// This status, with an error in the vendor's own form.
    Status(u16),
    /// This status, with this body.
    Says(u16, String),
    /// An answer with these headers and bytes, as machines in between make
    /// them: compressed, or of another type than it is.
    Sends(Vec<(&'static str, String)>, Vec<u8>),
    /// This status with `retry-after-ms: 10`, for so many calls.
    Busy(u16, u32),
    /// A refusal that quotes the key in full, as OpenAI's do for short ones.
    EchoKey,
    /// A redirect to another address.
    Redirect(String),
    /// The provider declines to make the picture.
    Blocked,
    /// Of the pictures of an ask, the provider declines those from this one
    /// on, counted from 0. Hosts that make one a call are told by their calls.
    BlockedFrom(u64),
    /// The provider takes so many calls, and no more for now.
    LimitedAfter(u64),
    /// The provider takes so many calls, and does not end the next ones.
    HangsAfter(u64),
    /// The first unfinished picture comes, and nothing after it.
    HangsAfterPreview,
    /// The model answers in words where a picture was asked for.
    AnswersInWords,
    /// A workflow whose pictures are all shown by a node that saves none.
    PreviewAlone,
    /// The worker keeps its pictures in a bucket of its owner's.
    OwnBucket,
    /// Pictures are kept at addresses that answer with this status.
    KeptBehind(u16),
    /// In the place of each picture there are these bytes.
    Instead(Vec<u8>),
    /// A job of RunPod's or SaladCloud's ends with this output, in which `PICTURE` stands for one.
    Output(Value),
    /// An unfinished picture comes, and the connection breaks off after it.
    CutAfterPreview,
    /// An unfinished picture comes, and the next event refuses the rest.
    BlockedAfterPreview,
    /// Pictures come as `data:` addresses.
    DataUrls,
    /// The job ends well without a picture.
    NoPicture,
    /// A node of the workflow fails.
    NodeError,
    /// The machine fails.
    MachineError,
    /// The card is full at a node behind the one that has saved the pictures
    /// (<https://github.com/Comfy-Org/ComfyUI/issues/14918>).
    BreaksOff,
    /// Each look at a job is answered with this status.
    LooksRefused(u16),
    /// The graphics card of the machine has too little memory.
    OutOfMemory,
    /// A model's file is not there.
    ModelMissing,
    /// The endpoint's limit on the time of a job is over.
    TimeLimit,
    /// The job ends well, and its result was dropped.
    NoOutput,
    /// One of the pictures is none, or not there; or a video stands beside
    /// them.
    OneBad,
    /// The job is begun, and whatever stands before the host gives up.
    LostAnswer,
    /// The result has expired.
    Expired,
    /// The bytes of the picture are those of a web page.
    WrongType,
    /// The picture is larger than the bot accepts.
    HugePicture,
    /// The picture is larger than Discord takes, and not than the bot does.
    LargePicture,
    /// The picture has 512 pixels a side, and no two of them are alike.
    GrainyPicture,
    /// The address of the picture redirects to another one.
    RedirectPicture(String),
    /// Status 200 with an error in it.
    HiddenError,
    /// The gateway in front of the host gives up.
    GatewayCut,
}

/// What a provider thinks of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Bad,
    /// The account has no credit.
    Empty,
    /// The key may not do everything.
    Restricted,
    /// The key lists models, and may not use the one that is asked.
    NoModel,
    /// The key works from other addresses only.
    NoAddress,
    /// The key lists models, and may not call them.
    NoPermission,
    /// The key has used up its rate limit.
    Limited,
    /// The organisation was not verified, which `OpenAI` asks for before it
    /// makes pictures.
    Unverified,
    /// The account pays nothing, and Google makes no pictures for that.
    FreeTier,
}

/// For how many looks of the bot at its status a job is queued, starts and
/// runs.
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

/// A job of an image host.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is known of a job whatever the others are"
)]
pub struct HostJob {
    pub provider: String,
    pub id: String,
    /// The input that the job was sent with.
    pub input: Value,
    /// How often the bot asked for its status.
    pub looks: u32,
    pub cancelled: bool,
    /// Whether it ended with a picture.
    pub done: bool,
    /// By whom it was queued, as whoever queued it says.
    pub mark: String,
    /// Whether its host has been late to know it, or to have its result.
    pub was_late: bool,
    /// Whether ComfyUI is to show what it looks like on the way.
    pub shows_previews: bool,
}

/// A machine of RunComfy's that the bot started.
#[derive(Clone, Debug)]
pub struct HostServer {
    pub id: String,
    pub workflow: String,
    pub duration: u64,
    pub looks: u32,
    pub running: bool,
}
