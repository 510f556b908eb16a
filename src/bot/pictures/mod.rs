//! Pictures: asked for, followed while they are made, and shown.

pub mod buttons;
mod cards;
pub mod confirm;
mod forms;
mod late;
pub mod make;
mod progress;
pub mod resume;
mod shrink;

pub use progress::SeenProgress;
