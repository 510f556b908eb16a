//! The only module that knows HTTP as a server: people's keys from any
//! program.
//!
//! Each request is one of [`routes`]'s table, which says what it needs; a
//! [`session`] is who speaks; what goes wrong becomes a [`problem`] in the
//! shape of the dialect that was called.

mod call;
mod connection;
mod idempotency;
mod messages;
mod native;
mod openai;
mod openapi;
mod operators;
mod pictures;
mod problem;
mod proxy;
mod request_key;
mod rest;
mod routes;
mod session;

pub use operators::metrics::start as start_counting;

#[cfg(test)]
pub use openapi::documented;
#[cfg(test)]
pub use routes::{Needs, all as routes};

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use axum::http::HeaderValue;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use session::{Crowds, Strangers};

/// How long a request's id is.
const ID_BYTES: usize = 22;
/// How many connections may wait to be taken, where the system allows it.
/// Whoever finds no room waits a second or more before the next try.
const WAITING_MAX: u32 = 4_096;
/// Where the health page is.
pub const HEALTH_PATH: &str = "/healthz";

/// What the operator settled of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many connections there may be at once.
    pub connections: usize,
    /// How many calls of one token, and with one server's context, are
    /// worked on at once.
    pub per_token: usize,
    pub per_server: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// Whether anybody may read what is counted.
    pub open_metrics: bool,
    /// Whether a key that comes with a call needs no token beside it.
    pub keys_without_token: bool,
}

/// Everything that a call can reach.
pub struct Gateway {
    app: Arc<App>,
    settings: Settings,
    crowds: Arc<Crowds>,
    strangers: Strangers,
    /// Request ids: who we are, and a number.
    name: u32,
    calls: AtomicU64,
    stop: CancellationToken,
}

impl Gateway {
    fn new(
        app: Arc<App>,
        settings: Settings,
        stop: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let mut name = [0; 4];
        getrandom::fill(&mut name)?;
        Ok(Arc::new(Self {
            app,
            settings,
            crowds: Arc::default(),
            strangers: Strangers::default(),
            name: u32::from_be_bytes(name),
            calls: AtomicU64::new(0),
            stop,
        }))
    }

    fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn next_id(&self) -> HeaderValue {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(ID_BYTES);
        // A text never runs out of room.
        let _ = write!(id, "req_{:08x}{number:010x}", self.name);
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Opens the port that the operator chose; none when they chose none.
pub async fn listen(address: &str) -> anyhow::Result<Option<TcpListener>> {
    if address.is_empty() {
        return Ok(None);
    }
    let listener = bind(address).await;
    listener.map(Some).with_context(|| {
        format!(
            "could not listen on `gateway.listen` ({address}); choose another port, or \"\" for none"
        )
    })
}

async fn bind(address: &str) -> std::io::Result<TcpListener> {
    let mut tried = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for address in tokio::net::lookup_host(address).await? {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        tried = match socket.bind(address) {
            Ok(()) => socket.listen(WAITING_MAX),
            Err(error) => Err(error),
        };
        if tried.is_ok() {
            break;
        }
    }
    tried
}

/// The gateway while it runs.
pub struct Serving(TaskTracker);

impl Serving {
    /// Ends when every connection has; after `stop`.
    pub async fn ended(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

/// Serves until `stop`.
pub fn serve(
    app: &Arc<App>,
    settings: Settings,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<Serving> {
    let connections = settings.connections;
    let gateway = Gateway::new(Arc::clone(app), settings, stop.clone())?;
    let routes = Arc::new(routes::Routes::new(gateway)?);
    let tasks = TaskTracker::new();
    tasks.spawn(operators::metrics::keep_up(stop.clone()));
    let serving = connection::serve(tasks.clone(), listener, routes, connections, stop);
    tasks.spawn(serving);
    Ok(Serving(tasks))
}
