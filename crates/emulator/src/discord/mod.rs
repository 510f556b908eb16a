//! Discord's wire.

mod act;
mod gateway;
mod limits;
mod line;
mod messages;
mod multipart;
mod payload;
mod rest;

use std::sync::Arc;

use axum::Router;

pub use payload::{MANAGER, MEMBER};

use crate::world::World;

/// The REST API and the gateway.
pub fn routes(world: Arc<World>) -> Router {
    rest::routes(Arc::clone(&world)).merge(gateway::routes(world))
}
