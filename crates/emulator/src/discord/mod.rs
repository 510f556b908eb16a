//! Discord's REST API and gateway, and what people do in Discord.

mod actions;
mod attachments;
mod command_line;
mod commands;
mod components;
mod errors;
mod events;
mod faults;
mod forms;
mod gateway;
mod gateway_faults;
mod interactions;
mod kinds;
mod limits;
mod managing;
mod message_body;
mod message_payload;
mod messages;
mod multipart;
mod payload;
mod permissions;
mod rest;
mod sign_in;

use std::sync::Arc;

use axum::Router;

pub use actions::NewMessage;
pub use forms::shown_form;
pub use kinds::{NOTICES, Notice};
pub use permissions::ASKABLE;

use crate::world::World;

/// Returns the routes of the REST API and of the gateway.
pub fn routes(world: Arc<World>) -> Router {
    rest::routes(Arc::clone(&world))
        .merge(attachments::routes(Arc::clone(&world)))
        .merge(sign_in::routes(Arc::clone(&world)))
        .merge(gateway::routes(world))
}
