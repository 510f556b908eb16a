//! The HTTP clients of the process: one for providers, one for everything
//! else.
//!
//! Both share the system's certificates: reading them takes longer and holds
//! more memory than anything else at the start. Neither client follows a
//! redirect or knows a proxy: either could carry a key or the bot's token to
//! somebody else.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use native_tls::{Protocol, TlsConnector};
use reqwest::redirect;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use crate::model::Departure;

/// How long idle connections stay open, or up to twice as long: the pool looks
/// for them once in this time. Their buffers may hold a key, or what was typed
/// into a form, which is to be gone within 30 s.
const POOL_IDLE: Duration = Duration::from_secs(12);
pub const USER_AGENT: &str = concat!("latchkey/", env!("CARGO_PKG_VERSION"));
/// How much of an answer a connection reads before somebody takes it.
const AHEAD_BYTES: usize = 16 * 1024;
/// How much of a body a connection is given at once.
const FRAME_BYTES_MAX: usize = 64 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<ConnectedStream, BoxError>> + Send>>;
type ConnectedStream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The clients that a process calls others with. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    /// For Discord, forms, and gateways.
    pub web: reqwest::Client,
    /// For providers.
    pub providers: Transport,
}

impl Clients {
    /// Builds both.
    pub fn new(connect_timeout: Duration) -> anyhow::Result<Self> {
        let certificates = TlsConnector::builder()
            .min_protocol_version(Some(Protocol::Tlsv12))
            .request_alpns(&["h2", "http/1.1"])
            .build()?;
        Ok(Self {
            web: web_client(connect_timeout, certificates.clone())?,
            providers: Transport::new(certificates, connect_timeout),
        })
    }
}

fn web_client(
    connect_timeout: Duration,
    certificates: TlsConnector,
) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(certificates)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE);
    Ok(builder.build()?)
}

/// A pool of connections to providers. Cheap to clone.
///
/// A call costs half of what it costs through `reqwest`, and a connection
/// reads no more than [`AHEAD_BYTES`] of an answer that nobody takes;
/// `reqwest` offers neither.
#[derive(Clone)]
pub struct Transport(Client<Dialer, OutgoingBody>);

impl Transport {
    /// A pool whose connections use these certificates, and must be open
    /// within `connect_timeout`.
    fn new(certificates: TlsConnector, connect_timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let dialer = Dialer {
            connector: Arc::new(HttpsConnector::from((tcp, certificates.into()))),
            connect_timeout,
        };
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http1_max_buf_size(AHEAD_BYTES)
            .build(dialer);
        Self(client)
    }

    /// Sends a request, and returns when the answer begins.
    pub async fn send(&self, request: Request<OutgoingBody>) -> Result<Response<Incoming>, Error> {
        self.0.request(request).await
    }
}

/// The body of a request. It is asked for its bytes once a connection has
/// been found and the head is written, and notes then that the call leaves. A
/// connection copies what it is given before it encrypts it, so that it is given
/// little at a time.
pub struct OutgoingBody {
    bytes: Bytes,
    /// None where nobody needs to know.
    departure: Option<Departure>,
}

impl OutgoingBody {
    /// A body of these bytes. Nobody asks for the bytes of an empty one, so
    /// that it may have left from the start.
    pub fn new(bytes: Bytes, departure: Option<Departure>) -> Self {
        if let Some(departure) = departure.as_ref().filter(|_| bytes.is_empty()) {
            departure.note();
        }
        Self { bytes, departure }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(departure) = &self.departure {
            departure.note();
        }
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let next = self.bytes.len().min(FRAME_BYTES_MAX);
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(next)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

/// Opens connections.
#[derive(Clone)]
struct Dialer {
    connector: Arc<HttpsConnector<HttpConnector>>,
    /// Counts the handshake too.
    connect_timeout: Duration,
}

impl Service<Uri> for Dialer {
    type Response = ConnectedStream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Connecting {
        let connecting = HttpsConnector::clone(&self.connector).call(to);
        let connect_timeout = self.connect_timeout;
        Box::pin(async move { timeout(connect_timeout, connecting).await? })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_connection_is_given_little_of_a_body_at_once() {
        for length in [0, 1, FRAME_BYTES_MAX, 3 * FRAME_BYTES_MAX + 7] {
            let all: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let mut body = OutgoingBody::new(all.clone().into(), None);
            assert_eq!(body.size_hint().exact(), Some(length as u64));
            let mut came = Vec::new();
            while let Some(frame) = body.frame().await {
                let piece = frame.unwrap().into_data().unwrap();
                assert!((1..=FRAME_BYTES_MAX).contains(&piece.len()));
                came.extend(piece);
            }
            assert!(came == all && body.is_end_stream());
        }
    }
}
