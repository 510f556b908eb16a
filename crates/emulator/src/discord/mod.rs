//! Discord's wire.

mod actions;
mod command_line;
mod errors;
mod events;
mod gateway;
mod interactions;
mod limits;
mod message_body;
mod messages;
mod multipart;
mod payload;
mod rest;

use std::sync::Arc;

use axum::Router;

use crate::world::World;

/// The REST API and the gateway.
pub fn routes(world: Arc<World>) -> Router {
    rest::routes(Arc::clone(&world)).merge(gateway::routes(world))
}
