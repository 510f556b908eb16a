//! Discord's REST API and gateway, and what people do in Discord.

mod commands;
mod content;
mod errors;
mod events;
mod faults;
mod forms;
mod gateway;
mod gateway_faults;
mod interactions;
mod limits;
mod messages;
mod payload;
mod people;
mod permissions;
mod rest;
mod sign_in;

use std::sync::Arc;

use axum::Router;

pub use content::kinds::{NOTICES, Notice};
pub use forms::shown_form;
pub use people::actions::NewMessage;
pub use permissions::ASKABLE;

use crate::world::World;

/// Returns the routes of the REST API and of the gateway.
pub fn routes(world: Arc<World>) -> Router {
    rest::routes(Arc::clone(&world))
        .merge(content::attachments::routes(Arc::clone(&world)))
        .merge(sign_in::routes(Arc::clone(&world)))
        .merge(gateway::routes(world))
}
