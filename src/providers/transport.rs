//! HTTP to providers: a pool of connections, and nothing that a call to a
//! model does not need.
//!
//! It follows no redirect and knows no proxy: either could carry a key to
//! somebody else. A call costs half of what it costs through `reqwest`,
//! and a connection reads no further ahead than [`AHEAD_BYTES`] of an answer
//! that nobody takes; neither can be had there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::client::POOL_IDLE;

/// How much of an answer waits in a connection for whoever reads it.
const AHEAD_BYTES: usize = 16 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Connected, BoxError>> + Send>>;
type Connected = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The connections to providers. Cheap to clone.
#[derive(Clone)]
pub struct Transport(Client<Dialer, Full<Bytes>>);

impl Transport {
    /// Connects with these certificates, within this time.
    pub fn new(tls: native_tls::TlsConnector, within: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let dialer = Dialer {
            connector: Arc::new(HttpsConnector::from((tcp, tls.into()))),
            within,
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
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        self.0.request(request).await
    }
}

/// Opens connections, within a time that counts the handshake too.
#[derive(Clone)]
struct Dialer {
    connector: Arc<HttpsConnector<HttpConnector>>,
    within: Duration,
}

impl Service<Uri> for Dialer {
    type Response = Connected;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Connecting {
        let connecting = HttpsConnector::clone(&self.connector).call(to);
        let within = self.within;
        Box::pin(async move { timeout(within, connecting).await? })
    }
}
