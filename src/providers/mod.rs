//! Talks to providers: checks keys, calls language models.
//!
//! One file per wire format; `outbound` is the one place where a key
//! leaves the process. What a provider says in an error is sorted into a
//! class and then dropped: error texts can quote keys, organisations and
//! prompts. Wire facts: `providers.md`, whose sections the files name.

mod catalogue;
mod chat;
mod check;
mod client;
mod dialect;
mod entries;
mod failure;
mod images;
mod list;
mod outbound;
mod relay;
mod retired;
mod sight;
pub mod sse;
mod transport;

pub use catalogue::{Catalogue, ImageWire, Kind, Override, Provider};
pub use chat::{ChatReply, ChatRequest, Delivery};
pub use client::Clients;
pub use dialect::raw_object::BadBody;
pub use dialect::surface::{Surface, is_plain};
pub use images::{Begun, ImageRequest, Looked, Painted, Workflow, Workflows};
pub use outbound::Timeouts;
pub use relay::{
    Body, CostEstimate, ForwardedHeaders, RelayFailure, RelayRequest, Relayed, estimate_cost,
    only_for_owners,
};
pub use retired::replacement;
pub use sight::{glob, sees};

use crate::model::ProviderId;
use outbound::Outbound;

/// The catalogue and the one client that calls it. Cheap to share.
pub struct Providers {
    catalogue: Catalogue,
    outbound: Outbound,
}

impl Providers {
    /// Joins a catalogue and the clients with these timeouts.
    pub fn new(catalogue: Catalogue, clients: Clients, timeouts: Timeouts) -> Self {
        Self {
            catalogue,
            outbound: Outbound::new(clients, timeouts),
        }
    }

    /// All providers.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// One provider.
    pub fn get(&self, id: &ProviderId) -> Option<&Provider> {
        self.catalogue.get(id)
    }
}
