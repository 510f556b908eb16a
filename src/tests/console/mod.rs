//! The console over HTTP: what people see in a browser, and what they do
//! there.

mod front;
mod html;
mod keys;
mod models;
mod operator;
mod playground;
mod playground_streams;
mod playground_visitors;
mod servers;
mod usage;
mod visitor;

pub use visitor::{ORIGIN, SeenPage, Visitor, parameter};
