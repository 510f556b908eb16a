//! Emulates Discord and AI providers, for tests and for `latchkey demo`.
//!
//! The crate uses nothing of the program that is run against it. It answers
//! Discord's REST calls and serves Discord's gateway well enough for the real
//! serenity client, enforces Discord's limits, and imitates each provider's
//! key checks, chats and pictures, faults included.
//!
//! - [`world`]: people, servers, messages, jobs and faults as plain data,
//!   behind one lock. Tests read and change it.
//! - [`discord`]: Discord's REST API and gateway, and what people do there.
//! - [`providers`]: the providers' HTTP APIs.
//! - [`storage`]: buckets whose addresses are signed as S3's are.
//! - [`page`]: the page of the demo, and the calls that it makes.
//! - [`guard`]: keeps other pages of the same browser out.

mod discord;
mod guard;
mod page;
pub mod providers;
mod sent_files;
mod storage;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use discord::{ASKABLE, NOTICES, NewMessage, Notice};
pub use world::State as WorldState;
pub use world::{
    Attachment, Authorization, Channel, ChannelRules, DISCORD_EPOCH_MS, GatewayRules, Interaction,
    InteractionKind, Issuer, MANAGER, MEMBER, Message, Overwrite, Person, PrivateThread, RestCall,
    RestFault, RestTrouble, Role, Server, Session, SessionStarts, SignIns, StorageState,
    StoredObject, ToSocket, Visitor, Webhook, World, permission,
};

/// A running emulator. It stops when the last handle is dropped.
#[derive(Clone)]
pub struct Emulator {
    pub world: Arc<World>,
    address: SocketAddr,
    _stop: Arc<tokio_util::sync::DropGuard>,
}

impl Emulator {
    /// Starts to serve a world on a listener.
    pub fn start(world: World, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        world.serve_at(address);
        let world = Arc::new(world);
        let routes: Router = discord::routes(Arc::clone(&world))
            .merge(providers::routes(Arc::clone(&world)))
            .merge(storage::routes(Arc::clone(&world)))
            .merge(page::routes(Arc::clone(&world)))
            .layer(middleware::from_fn(guard::refuse_strange_hosts));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        #[expect(
            clippy::disallowed_methods,
            reason = "the emulator has tasks of its own, which end with it"
        )]
        tokio::task::spawn(async move {
            let serving = axum::serve(listener, routes);
            tokio::select! {
                _ = serving => {}
                () = stopped => {}
            }
        });
        Ok(Self {
            world,
            address,
            _stop: Arc::new(stop.drop_guard()),
        })
    }

    /// Returns the address that everything is served at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of Discord's REST API.
    pub fn discord_api(&self) -> String {
        format!("http://{}/api/v10", self.address)
    }

    /// Returns the address of the storage, below which buckets are.
    pub fn storage_url(&self) -> String {
        format!("http://{}/storage", self.address)
    }

    /// Returns the address of a provider's API.
    pub fn provider_url(&self, id: &str) -> String {
        format!("http://{}/providers/{id}", self.address)
    }
}
