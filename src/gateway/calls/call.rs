//! A call that was let in: what was sent, and by whom.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_ENCODING;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, BodyStream};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::app::RequestKey;
use crate::model::{BodyBuffer, BodyOwner, ContentCoding, NoMemory, READ_CODINGS, UnknownCoding};

use crate::gateway::Gateway;
use crate::gateway::calls::request_key;
use crate::gateway::replies::problem::{ApiDialect, Problem};
use crate::gateway::session::Session;

/// How long a whole body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// How long each piece of a body may take to arrive.
const PIECE_TIMEOUT: Duration = Duration::from_secs(15);

/// When whoever found no memory may try again.
const NO_MEMORY_RETRY_AFTER_S: u64 = 5;
/// How long the rest of a body is taken that is refused while it comes.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest body that is copied out of its connection's buffer, so that
/// the buffer can be used again.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// A call that was let in. Boxed, since handlers pass it on by value.
pub type Call = Box<AdmittedCall>;

/// What handlers get.
pub struct AdmittedCall {
    pub gateway: Arc<Gateway>,
    pub session: Session,
    pub dialect: ApiDialect,
    /// What the address names, in order: a server's id, a key's id.
    pub path_values: Vec<String>,
    pub parts: Parts,
    /// None once it was read.
    pub body: Option<Incoming>,
    /// The name under which the caller wants this call to be made only once.
    pub idempotency_key: Option<String>,
    pub request_id: HeaderValue,
}

/// The parts of a call that are needed until its response has been sent.
pub struct CallContext {
    pub gateway: Arc<Gateway>,
    pub session: Session,
    pub dialect: ApiDialect,
    pub request_id: HeaderValue,
}

/// What a handler makes of a call.
pub type HandlerResult = Result<Response, Problem>;

impl AdmittedCall {
    /// The value at a position among those that the address names.
    pub fn path_value(&self, at: usize) -> &str {
        self.path_values.get(at).map_or("", String::as_str)
    }

    /// The last value that the address names.
    pub fn last_path_value(&self) -> &str {
        self.path_values.last().map_or("", String::as_str)
    }

    /// A header's value, if it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The provider key that came with the call, if one did.
    pub fn request_key(&self) -> Result<Option<RequestKey>, Problem> {
        request_key::find_request_key(&self.parts.headers, self.gateway.app.providers())
    }

    /// Keeps what is needed while a provider answers. The rest is dropped:
    /// it holds the buffer in which the call arrived.
    pub fn into_context(self: Box<Self>) -> CallContext {
        CallContext {
            gateway: self.gateway,
            session: self.session,
            dialect: self.dialect,
            request_id: self.request_id,
        }
    }

    /// Reads the whole body, if it is no larger than `limit` bytes and
    /// arrives in time.
    pub async fn read_body(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let announced = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        let coding = self.body_coding()?;
        if announced.is_some_and(|length| length > limit) {
            return Err(body_too_large(limit));
        }
        let Some(mut body) = self.body.take() else {
            return Ok(Bytes::new());
        };
        if let Some(coding) = coding {
            // In a box: otherwise the future of every call would have room
            // for this too.
            return Box::pin(self.read_compressed(body, coding, limit)).await;
        }
        let deadline = Instant::now() + BODY_TIMEOUT;
        let owner = BodyOwner::Caller(self.session.caller.person);
        let mut buffer = BodyBuffer::new(&self.gateway.app.memory, owner, announced);
        while let Some(piece) = next_piece(&mut body, deadline).await? {
            if buffer.len() + piece.len() > limit {
                return Err(body_too_large(limit));
            }
            if let Err(no_memory) = buffer.push(piece).await {
                // In a box: otherwise the future of every call would have room
                // for this wait too.
                Box::pin(drain(body, limit)).await;
                return Err(no_memory.into());
            }
        }
        let (body, permit) = buffer.finish();
        Ok(match permit {
            Some(permit) => permit.attach(body),
            None => copy_if_short(body),
        })
    }

    /// The coding that the body comes in; none where it is as it is.
    fn body_coding(&self) -> Result<Option<ContentCoding>, Problem> {
        let mut codings = self.parts.headers.get_all(CONTENT_ENCODING).iter();
        let coding = match (codings.next(), codings.next()) {
            (None, _) => Ok(None),
            (Some(coding), None) => ContentCoding::parse(coding.as_bytes()),
            (Some(_), Some(_)) => Err(UnknownCoding),
        };
        coding.map_err(|UnknownCoding| unknown_coding())
    }

    /// Reads what a compressed body holds, which is what the limit is for.
    async fn read_compressed(
        &self,
        body: Incoming,
        coding: ContentCoding,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        let deadline = Instant::now() + BODY_TIMEOUT;
        let owner = BodyOwner::Caller(self.session.caller.person);
        let mut buffer = BodyBuffer::new(&self.gateway.app.memory, owner, None);
        let data = BodyStream::new(body).try_filter_map(async |frame| Ok(frame.into_data().ok()));
        let mut pieces = coding.decode(data.map_err(io::Error::other));
        loop {
            let until = deadline.min(Instant::now() + PIECE_TIMEOUT);
            let next = timeout_at(until, pieces.next()).await;
            let Some(piece) = next.map_err(|_| body_too_slow())? else {
                break;
            };
            let piece = piece.map_err(|_| malformed_coding())?;
            if buffer.len() + piece.len() > limit {
                return Err(body_too_large(limit));
            }
            buffer.push(piece).await?;
        }
        let (body, permit) = buffer.finish();
        Ok(match permit {
            Some(permit) => permit.attach(body),
            None => body,
        })
    }
}

/// The next piece of a body; none at its end.
async fn next_piece(body: &mut Incoming, deadline: Instant) -> Result<Option<Bytes>, Problem> {
    loop {
        let until = deadline.min(Instant::now() + PIECE_TIMEOUT);
        let next = timeout_at(until, body.frame()).await;
        let frame = match next.map_err(|_| body_too_slow())? {
            Some(frame) => frame.map_err(|_| body_broken_off())?,
            None => return Ok(None),
        };
        // A frame without data holds trailers, which are not used.
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
}

/// Takes the rest of a body and keeps nothing of it: many clients hear a no
/// only once they have sent everything.
async fn drain(mut body: Incoming, limit: usize) {
    let (deadline, mut drained) = (Instant::now() + DRAIN_TIMEOUT, 0);
    while let Ok(Some(piece)) = next_piece(&mut body, deadline).await {
        drained += piece.len();
        if drained > limit {
            return;
        }
    }
}

/// A copy of a short body, so that it does not keep its connection's buffer.
fn copy_if_short(body: Bytes) -> Bytes {
    if body.len() > COPIED_BYTES_MAX {
        return body;
    }
    Bytes::copy_from_slice(&body)
}

impl From<NoMemory> for Problem {
    fn from(no_memory: NoMemory) -> Self {
        let (status, code, message) = match no_memory {
            NoMemory::InUse => (
                503,
                "no_memory",
                "The bodies of other calls take all the memory that there is for them. Try again in a few seconds.",
            ),
            NoMemory::ShareInUse => (
                429,
                "too_much_at_once",
                "The bodies of your own calls take all the memory that one person may have. Wait for one of these calls, or send smaller ones.",
            ),
        };
        Self {
            retry_after_s: Some(NO_MEMORY_RETRY_AFTER_S),
            ..Self::new(status, code, message)
        }
    }
}

/// The problem that a body is larger than so many bytes.
pub fn body_too_large(limit: usize) -> Problem {
    let message = format!(
        "The body is larger than {} KiB, which is the most here. Send less at once.",
        limit / 1024
    );
    Problem::new(413, "body_too_large", message)
}

/// The body comes in a coding that is not read (RFC 9110, section 15.5.16).
fn unknown_coding() -> Problem {
    let message = format!(
        "The body comes in a coding that is not read here. Send it as it is, or as one of: {READ_CODINGS}."
    );
    Problem::new(415, "unknown_coding", message)
}

fn malformed_coding() -> Problem {
    Problem::new(
        400,
        "malformed_coding",
        "The body is not what its `Content-Encoding` says, or broke off. Send it as it is, or compress it again.",
    )
}

fn body_too_slow() -> Problem {
    Problem::new(
        408,
        "body_too_slow",
        "The body took too long to come. Send it again.",
    )
}

fn body_broken_off() -> Problem {
    Problem::new(400, "body_broken_off", "The body broke off. Send it again.")
}
