//! Puts the program together from its settings.

pub(super) mod assemble;
pub(super) mod operator_keys;
pub mod pages;
pub(super) mod readings;
pub(super) mod settings;
pub mod storage;
