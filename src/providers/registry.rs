//! All providers together, with what calls them. Each kind of call has its
//! methods in its own file.

use std::sync::Arc;

use crate::model::{MemoryBudget, ProviderId};

use super::catalogue::{Catalogue, Provider};
use super::transport::clients::Clients;
use super::transport::outbound::Outbound;
use super::transport::timeouts::Timeouts;

/// The providers of the catalogue, and what calls them.
pub struct Providers {
    catalogue: Catalogue,
    pub(super) outbound: Outbound,
}

impl Providers {
    /// Providers of this catalogue, called with these clients, whose answers
    /// are read into this memory.
    pub fn new(
        catalogue: Catalogue,
        clients: Clients,
        timeouts: Timeouts,
        memory: Arc<MemoryBudget>,
    ) -> Self {
        Self {
            catalogue,
            outbound: Outbound::new(clients, timeouts, memory),
        }
    }

    /// The memory for bodies.
    pub fn memory(&self) -> &Arc<MemoryBudget> {
        &self.outbound.memory
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
