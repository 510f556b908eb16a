//! A Discord and providers of our own: for tests, and for `latchkey demo`.
//!
//! Knows nothing of the program that is run against it. It speaks Discord's REST and gateway well enough that
//! serenity cannot tell, enforces Discord's limits, and imitates every
//! provider's checks and chat, faults included.
//!
//! State is apart from wire: [`World`] is plain data that tests read and
//! change, `discord` and `providers` are the wire in front of it.

mod discord;
mod page;
pub mod providers;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use discord::{MANAGER, MEMBER};
pub use world::State as WorldState;
pub use world::{
    Attachment, Channel, Interaction, Kind, Message, Person, RestCall, RestFault, Role, Server,
    Session, ToSocket, World,
};

/// A running emulator. It stops when the last handle is dropped.
#[derive(Clone)]
pub struct Emulator {
    pub world: Arc<World>,
    address: SocketAddr,
    _stop: Arc<tokio_util::sync::DropGuard>,
}

impl Emulator {
    /// Serves a world on a listener of the caller's.
    pub fn start(world: World, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        world.serve_at(address);
        let world = Arc::new(world);
        let routes: Router = discord::routes(Arc::clone(&world))
            .merge(providers::routes(Arc::clone(&world)))
            .merge(page::routes(Arc::clone(&world)));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        #[expect(
            clippy::disallowed_methods,
            reason = "the emulator stands apart from the program it tests"
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

    /// Where everything is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the bot is told as Discord's API.
    pub fn discord_api(&self) -> String {
        format!("http://{}/api/v10", self.address)
    }

    /// What the bot is told as a provider's address.
    pub fn provider_url(&self, id: &str) -> String {
        format!("http://{}/providers/{id}", self.address)
    }
}
