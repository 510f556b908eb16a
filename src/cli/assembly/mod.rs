//! Puts the program together from its settings.

pub(super) mod assemble;
pub mod pages;
pub mod storage;
