//! The only module that knows HTTP as a server: lets any program use
//! people's keys.
//!
//! The table in [`routing::routes`] says what each call requires. The [`routing::router`]
//! finds a request's row there, opens a [`session`] for its sender and runs
//! the row's handler. What goes wrong becomes a [`replies::problem`] in the shape of
//! the API dialect that was called.

mod calls;
mod compatibility;
mod connection;
mod head;
mod messages;
mod native;
mod openai;
mod openapi;
mod operators;
mod pages;
mod pictures;
mod replies;
mod rest;
mod routing;
mod session;

pub use operators::metrics::start as start_counting;
pub use pages::Pages;

#[cfg(test)]
pub use openapi::documented;
#[cfg(test)]
pub use routing::requirement::Requirement;
#[cfg(test)]
pub use routing::routes::all_routes;

/// What a program is told of a refusal.
#[cfg(test)]
pub fn message_of(refusal: crate::model::Refusal) -> String {
    replies::problem::Problem::from(refusal).message
}

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use axum::http::HeaderValue;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, ConcurrencyLimits};
use crate::model::{AddressPace, Network, PersonId, ServerId, TokenId};
use head::KnownHosts;
use routing::router::Router;
use session::BadTokenThrottle;

/// How long a request's id is.
const REQUEST_ID_BYTES: usize = 22;
/// How many connections may wait to be accepted, where the system allows it.
/// A client that finds no room waits a second or more before it tries again.
const BACKLOG_MAX: u32 = 4_096;
/// How many calls without a token one address may make in a minute that get
/// demo replies, where the operator lets everybody have some.
const DEMO_CALLS_PER_MINUTE: u32 = 30;
/// Where the health page is.
pub const HEALTH_PATH: &str = "/healthz";
/// Where it says whether the process can do its work.
const READY_PATH: &str = "/readyz";

/// The operator's settings of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many connections there may be at once.
    pub connections: usize,
    /// How many calls of one token are worked on at once.
    pub per_token: usize,
    /// How many calls of one person are worked on at once, over all tokens.
    pub per_person: usize,
    /// How many calls in one server's context are worked on at once.
    pub per_server: usize,
    /// The largest body of a call to a model, in bytes.
    pub body_bytes: usize,
    /// The largest body with a sound that is to be written down, in bytes.
    pub sound_bytes: usize,
    /// Whether anybody may read the metrics.
    pub open_metrics: bool,
    /// Whether a call that brings a provider key needs no token.
    pub keys_without_token: bool,
    /// Whether a call without a token and without a key gets a demo reply,
    /// where those are given.
    pub demo_without_token: bool,
    /// Its address for everybody, where the operator has named one.
    pub public_url: Option<String>,
    /// Hosts that the gateway answers to, beside this machine's own names
    /// and addresses; `*` for every host.
    pub hosts: Vec<String>,
    /// The proxies that are believed when they say where a call comes from.
    pub trusted_proxies: Vec<Network>,
}

/// What all calls share.
pub struct Gateway {
    app: Arc<App>,
    settings: Settings,
    /// How many calls of each token, of each person, and in each server's
    /// context, are worked on at once.
    token_limits: ConcurrencyLimits<TokenId>,
    person_limits: ConcurrencyLimits<PersonId>,
    server_limits: ConcurrencyLimits<ServerId>,
    bad_tokens: BadTokenThrottle,
    demo_calls: AddressPace,
    hosts: KnownHosts,
    /// The first part of every request id: a random number of this process.
    process_id: u32,
    /// The second part: how many requests came before.
    requests: AtomicU64,
    stop: CancellationToken,
}

impl Gateway {
    fn new(
        app: Arc<App>,
        settings: Settings,
        stop: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let mut process_id = [0; 4];
        getrandom::fill(&mut process_id)?;
        Ok(Arc::new(Self {
            app,
            token_limits: ConcurrencyLimits::new(settings.per_token, 0),
            person_limits: ConcurrencyLimits::new(settings.per_person, 0),
            server_limits: ConcurrencyLimits::new(settings.per_server, 0),
            hosts: KnownHosts::new(&settings.hosts),
            settings,
            bad_tokens: BadTokenThrottle::default(),
            demo_calls: AddressPace::new(DEMO_CALLS_PER_MINUTE),
            process_id: u32::from_be_bytes(process_id),
            requests: AtomicU64::new(0),
            stop,
        }))
    }

    fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn next_request_id(&self) -> HeaderValue {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(REQUEST_ID_BYTES);
        // Writing to a string does not fail.
        let _ = write!(id, "req_{:08x}{number:010x}", self.process_id);
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Opens the port that the operator chose, if they chose one.
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
    let mut bound = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for address in tokio::net::lookup_host(address).await? {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        bound = match socket.bind(address) {
            Ok(()) => socket.listen(BACKLOG_MAX),
            Err(error) => Err(error),
        };
        if bound.is_ok() {
            break;
        }
    }
    bound
}

/// A gateway that runs.
pub struct Serving(TaskTracker);

impl Serving {
    /// Waits, after `stop`, until every connection has ended.
    pub async fn ended(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

/// An open port, and the pages that are served there beside the gateway.
pub struct Port {
    pub listener: TcpListener,
    pub pages: Option<Pages>,
}

/// Starts a gateway that serves until `stop`, and hands requests for pages
/// to those, if there are any.
pub fn serve(
    app: &Arc<App>,
    settings: Settings,
    port: Port,
    stop: CancellationToken,
) -> anyhow::Result<Serving> {
    let Port { listener, pages } = port;
    let gateway = Gateway::new(Arc::clone(app), settings, stop.clone())?;
    let router = Arc::new(Router::new(gateway, pages)?);
    let tasks = TaskTracker::new();
    tasks.spawn(operators::metrics::keep_up(stop.clone()));
    let serving = connection::serve(tasks.clone(), listener, router, stop);
    tasks.spawn(serving);
    Ok(Serving(tasks))
}
