//! The console over HTTP: what people see in a browser, and what they do
//! there.

mod front;
mod html;
mod keys;
mod visitor;

pub use visitor::{ORIGIN, SeenPage, Visitor};
