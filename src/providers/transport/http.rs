//! What every call to a provider needs: addresses, bodies of a limited size,
//! and failures.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum::http::{Response, Uri};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, BodyStream};
use hyper_util::client::legacy;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Position, Url};

use crate::model::{
    BodyBuffer, BodyOwner, ContentCoding, FailureClass, MemoryBudget, MemoryPermit, NoMemory,
    Pieces, ProviderError, ProviderFailure, ProviderId, UnknownCoding,
};

use crate::providers::catalogue::Provider;
use crate::providers::dialect::parse_tree;
use crate::providers::failures::failure;
use crate::providers::failures::provider_error::{Scrubber, read_error};

/// The largest answer that is read, streamed or not.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest error body that is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;
/// How much of a body is looked at to tell what it is, at the most.
const LOOKED_AT_BYTES_MAX: usize = 4 * 1024;
/// The longest path that is put below a provider's base.
const PATH_BYTES_MAX: usize = 512;

/// Puts a path, and perhaps a query, below a base URL.
pub fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// The address of a path below a base URL. None where they make none.
pub fn address_below(base: &Url, path: &str) -> Option<Uri> {
    if !is_plain(path) {
        return address_of(&join(base, path));
    }
    // Nothing in it has to be escaped.
    let base = base[..Position::AfterPath].trim_end_matches('/');
    Uri::try_from([base, path].concat()).ok()
}

/// The address of a URL, as a call takes it.
pub fn address_of(url: &Url) -> Option<Uri> {
    Uri::try_from(url.as_str()).ok()
}

/// Whether a path below a provider's base may be put into an address as it
/// is: plain segments, none of which leads out.
pub fn is_plain(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/,=~".contains(c);
    path.starts_with('/')
        && path.len() <= PATH_BYTES_MAX
        && path.chars().all(allowed)
        && !path
            .split('/')
            .skip(1)
            .any(|part| part.is_empty() || part == "." || part == "..")
}

/// An answer whose body is still to come.
pub struct Incoming {
    pub status: u16,
    headers: HeaderMap,
    rest: Rest,
    /// What was looked at, and comes again.
    unread: Option<Bytes>,
    /// How long it may be silent.
    silence_max: Option<Duration>,
    received: usize,
    bytes_max: usize,
    memory: Arc<MemoryBudget>,
}

/// The rest of a body.
enum Rest {
    AsItIs(hyper::body::Incoming),
    /// It comes compressed, and is read as what it holds.
    Decoded(Pieces),
    /// It comes in a coding that is not read.
    Unreadable,
}

impl Rest {
    fn new(body: hyper::body::Incoming, headers: &HeaderMap) -> Self {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let coding = match (codings.next(), codings.next()) {
            (None, _) => Ok(None),
            (Some(coding), None) => ContentCoding::parse(coding.as_bytes()),
            (Some(_), Some(_)) => Err(UnknownCoding),
        };
        match coding {
            Ok(None) => Self::AsItIs(body),
            Ok(Some(coding)) => {
                let pieces = BodyStream::new(body).try_filter_map(async |frame| {
                    // Trailers say nothing that anybody asked for.
                    Ok(frame.into_data().ok())
                });
                Self::Decoded(coding.decode(pieces.map_err(io::Error::other)))
            }
            Err(UnknownCoding) => Self::Unreadable,
        }
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, FailureClass> {
        match self {
            Self::AsItIs(body) => {
                while let Some(frame) = body.frame().await {
                    let frame = frame.map_err(|_| FailureClass::CutOff)?;
                    // Trailers say nothing that anybody asked for.
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
                Ok(None)
            }
            Self::Decoded(pieces) => match pieces.next().await {
                None => Ok(None),
                Some(Ok(piece)) => Ok(Some(piece)),
                Some(Err(error)) => Err(match error.kind() {
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => FailureClass::CutOff,
                    _ => FailureClass::Upstream,
                }),
            },
            Self::Unreadable => Err(FailureClass::Upstream),
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[an answer, status {}]", self.status)
    }
}

/// An answer that was not read whole.
#[derive(Debug)]
pub struct PartlyRead {
    /// What came of it, where it was too large.
    pub begun: Bytes,
    pub class: FailureClass,
}

/// An answer that was read whole.
pub struct WholeAnswer {
    pub status: u16,
    pub body: Bytes,
    headers: HeaderMap,
}

impl Incoming {
    /// An answer that has begun, and the memory for it where it is read
    /// whole.
    pub fn new(response: Response<hyper::body::Incoming>, memory: Arc<MemoryBudget>) -> Self {
        let (head, rest) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            rest: Rest::new(rest, &head.headers),
            headers: head.headers,
            unread: None,
            silence_max: None,
            received: 0,
            bytes_max: ANSWER_BYTES_MAX,
            memory,
        }
    }

    /// What the provider says beside the body.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The memory for bodies.
    pub fn memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    /// The media type that the provider names; empty where it names none.
    pub fn content_type(&self) -> &str {
        let kind = self.headers.get(CONTENT_TYPE);
        kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
    }

    /// The next piece of the body; none at its end.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, FailureClass> {
        if let Some(unread) = self.unread.take() {
            return Ok(Some(unread));
        }
        let next = self.rest.next_piece();
        let piece = match self.silence_max {
            None => next.await?,
            Some(silence_max) => {
                let next = timeout(silence_max, next).await;
                next.map_err(|_| FailureClass::TimedOut)??
            }
        };
        self.received += piece.as_ref().map_or(0, Bytes::len);
        if self.received > self.bytes_max {
            return Err(FailureClass::TooLarge);
        }
        Ok(piece)
    }

    /// Looks at the beginning of the body, which comes all the same: as much
    /// as `is_enough` asks for, or all there is.
    pub async fn look_ahead(
        &mut self,
        is_enough: impl Fn(&[u8]) -> bool,
    ) -> Result<&[u8], FailureClass> {
        let mut begun = BytesMut::new();
        while !is_enough(&begun) && begun.len() < LOOKED_AT_BYTES_MAX {
            match self.next_piece().await? {
                Some(piece) => begun.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(self.unread.insert(begun.freeze()))
    }

    /// Gives up an answer that says nothing for so long.
    pub fn limit_silence(&mut self, silence_max: Duration) {
        self.silence_max = Some(silence_max);
    }

    /// Reads the whole body, if it has at most `limit` bytes and comes before
    /// the deadline. The memory that it takes is the reader's from then on.
    pub async fn read_body(
        &mut self,
        limit: usize,
        deadline: Instant,
    ) -> Result<Bytes, FailureClass> {
        if self.announced_length().is_some_and(|length| length > limit) {
            return Err(FailureClass::TooLarge);
        }
        let read = self.read_held_body(limit, deadline).await;
        let (body, _permit) = read.map_err(|unread| unread.class)?;
        Ok(body)
    }

    /// Reads the whole body under the same conditions, with the memory that
    /// it takes. What was read of a body that is too large is not lost.
    pub async fn read_held_body(
        &mut self,
        limit: usize,
        deadline: Instant,
    ) -> Result<(Bytes, Option<MemoryPermit>), PartlyRead> {
        let memory = Arc::clone(&self.memory);
        let announced = self.announced_length().map(|length| length.min(limit));
        let mut body = BodyBuffer::new(&memory, BodyOwner::Provider, announced);
        loop {
            let next = timeout_at(deadline, self.next_piece()).await;
            match next.map_err(|_| FailureClass::TimedOut)?? {
                None => return Ok(body.finish()),
                Some(piece) => {
                    let pushed = timeout_at(deadline, body.push(piece)).await;
                    pushed.map_err(|_| FailureClass::TimedOut)??;
                }
            }
            if body.len() > limit {
                let (begun, permit) = body.finish();
                return Err(PartlyRead {
                    begun: match permit {
                        Some(permit) => permit.attach(begun),
                        None => begun,
                    },
                    class: FailureClass::TooLarge,
                });
            }
        }
    }

    /// Lets more of the body come than is read otherwise.
    pub fn allow_bytes(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
    }

    /// The length that the provider announces.
    pub fn announced_length(&self) -> Option<usize> {
        // That of a compressed body tells nothing of what it holds.
        if !matches!(self.rest, Rest::AsItIs(_)) {
            return None;
        }
        let length = self.headers.get(CONTENT_LENGTH)?;
        length.to_str().ok()?.parse().ok()
    }

    /// Reads the whole answer under the same conditions. The failure has the
    /// answer's status.
    pub async fn read_whole(
        mut self,
        provider: &ProviderId,
        limit: usize,
        deadline: Instant,
    ) -> Result<WholeAnswer, ProviderFailure> {
        let body = self.read_body(limit, deadline).await;
        let body = body.map_err(|class| ProviderFailure {
            status: Some(self.status),
            ..failed(provider, class)
        })?;
        Ok(WholeAnswer {
            status: self.status,
            body,
            headers: self.headers,
        })
    }

    /// Reads an answer that is an error, as far as it comes.
    pub async fn read_error(mut self, deadline: Instant) -> WholeAnswer {
        let body = self.read_body(ERROR_BYTES_MAX, deadline).await;
        WholeAnswer {
            status: self.status,
            body: body.unwrap_or_default(),
            headers: self.headers,
        }
    }
}

impl WholeAnswer {
    /// Whether the body is empty but for white space.
    pub fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// Parses the body of an answer whose status is good. An answer that is
    /// no JSON is a failure, and so is one that reports an error.
    pub fn into_json(self, provider: &Provider, is_good: bool) -> Result<Value, ProviderFailure> {
        let value = parse_tree(self.body.trim_ascii());
        match value.map_err(|class| failed(&provider.id, class))? {
            Some(value) if is_good && !failure::has_hidden_error(&value) => Ok(value),
            _ => Err(self.failure(provider)),
        }
    }

    /// What the provider says in the answer, which is an error.
    pub fn said(&self, scrubber: &Scrubber) -> Option<ProviderError> {
        read_error(self.status, &self.headers, &self.body, scrubber)
    }

    /// Sorts the answer, which is an error.
    pub fn failure(&self, provider: &Provider) -> ProviderFailure {
        failure::classify(provider, self.status, &self.headers, &self.body)
    }
}

impl<C: Into<FailureClass>> From<C> for PartlyRead {
    fn from(class: C) -> Self {
        Self {
            begun: Bytes::new(),
            class: class.into(),
        }
    }
}

impl From<NoMemory> for FailureClass {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// A failure without a status.
pub fn failed(provider: &ProviderId, class: FailureClass) -> ProviderFailure {
    ProviderFailure {
        provider: provider.clone(),
        class,
        status: None,
        retry_after: None,
        subject: None,
    }
}

/// Sorts a transport error and drops its text, which may hold the URL.
pub fn class_of_transport(error: &legacy::Error) -> FailureClass {
    let source = std::error::Error::source(error);
    let transport: Option<&hyper::Error> = source.and_then(|source| source.downcast_ref());
    // Its connection was closed before anything of the call was written.
    let was_not_written = transport.is_some_and(hyper::Error::is_canceled);
    if error.is_connect() || was_not_written {
        FailureClass::Unreachable
    } else {
        FailureClass::Upstream
    }
}

/// Does the same with the error of an upload.
pub fn class_of_upload(error: &reqwest::Error) -> FailureClass {
    if error.is_connect() {
        FailureClass::Unreachable
    } else if error.is_timeout() {
        FailureClass::TimedOut
    } else {
        FailureClass::Upstream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_lead_out_of_its_base() {
        for path in ["/models", "/models/a:b", "/v1/x_1-2.3/~", "/a/b,c=d"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "models",
            "/",
            "//",
            "/a//b",
            "/..",
            "/a/../b",
            "/./a",
            "/a/",
            "/%2e%2e/a",
            "/a%2fb",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/a b",
            "/\u{e9}",
            "/a\r\nb",
            "/a;b",
            "/a@b",
            "http://x/",
        ] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(!is_plain(&format!("/{}", "a".repeat(600))));
    }
}
