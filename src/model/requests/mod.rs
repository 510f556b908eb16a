//! Requests over HTTP: where they come from, and their bodies.

pub mod address_pace;
pub mod content_coding;
pub mod network;
pub mod origin;
pub mod pieces;
