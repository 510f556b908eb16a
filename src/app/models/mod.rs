//! Models: which of them a call names, and whose they are.

pub mod name;
