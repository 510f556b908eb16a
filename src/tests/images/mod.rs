//! Pictures: asked for in Discord and by programs, at every host.

mod host_specs;
mod lost_pictures;
mod odd_answers;
mod picture_apis;
mod picture_confirmations;
mod picture_edits;
mod picture_hosts;
pub mod picture_jobs;
mod picture_kills;
mod picture_kinds;
mod picture_loras;
mod picture_models;
mod picture_restarts;
mod picture_sockets;
mod picture_spending;
mod picture_storage;
pub mod pictures;
mod program_pictures;
mod refused_pictures;
mod shown_pictures;
