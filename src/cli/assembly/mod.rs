//! Puts the program together from its settings.

pub(super) mod assemble;
pub(super) mod operator_files;
pub(super) mod operator_keys;
pub mod pages;
pub mod storage;
