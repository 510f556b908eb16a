//! What the process settles for itself: its memory, files, signals, log.

pub mod files;
pub mod harden;
pub mod log;
pub mod signals;
