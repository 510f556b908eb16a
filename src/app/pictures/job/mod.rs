//! A picture from its first payer to its end, and its job at a host, over a
//! restart too.

pub mod call;
pub mod follow;
pub mod foreign_storage;
mod listen;
pub mod resume;
pub mod run;
